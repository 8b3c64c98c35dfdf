//! Someone votes. A vote counts when it is on what is held now, by someone who may.

use serde_json::json;

use super::draft::Draft;
use super::{Answer, Cast, Clearance, Execution, Judged, Refusal};
use crate::action::{Denier, State};
use crate::event::EventKind;
use crate::fact::{Fact, Facts, Truth};
use crate::limits;
use crate::notice;
use crate::policy::Ruling;
use crate::request::{Decision, Request, RequestState, Vote};
use crate::run::RunState;
use crate::untrusted::Untrusted;

pub(super) fn cast(draft: &mut Draft<'_>, cast: Cast) -> Result<Answer, Refusal> {
    let request = draft.request.as_ref().filter(|request| request.id == cast.request);
    let request = request.ok_or(Refusal::NotFound)?;
    if cast.binding != request.binding() {
        return Err(Refusal::Stale);
    }
    if request.votes.len() >= limits::VOTES_MAX {
        return Err(Refusal::TooManyVotes);
    }
    match request.state {
        RequestState::Decided(_) => return Err(Refusal::AlreadyDecided),
        RequestState::Superseded => return Err(Refusal::Stale),
        RequestState::Withdrawn => return late(draft, &cast),
        RequestState::Open | RequestState::Stalled => {}
    }
    if cast.version != request.version {
        return Err(Refusal::Stale);
    }
    if cast.decision == Decision::Deny {
        return deny(draft, cast);
    }
    check_approval(draft, request, &cast)?;
    match (cast.decision, cast.changed.clone()) {
        (Decision::Modify, None) => Err(Refusal::ChangeMissing),
        (Decision::Modify, Some((judged, facts))) => modify(draft, &cast, judged, facts),
        (Decision::Approve | Decision::Deny, _) => Ok(approve(draft, &cast)),
    }
}

fn check_approval(draft: &Draft<'_>, request: &Request, cast: &Cast) -> Result<(), Refusal> {
    let action = &draft.action;
    draft.context.people.may_approve(cast.voter.id, action.agent, action.owner)?;
    if let Some(reason) = &draft.payload.assessment.uninspectable {
        return Err(Refusal::Uninspectable(reason.clone()));
    }
    if let Facts::Checking { .. } = request.facts {
        return Err(Refusal::FactsPending);
    }
    let confirm = notice::confirm(&draft.payload, request);
    match confirm {
        Some(confirm) if cast.voter.proof.is_person() => {
            let typed = cast.confirm.as_deref().unwrap_or_default();
            if confirm.accepts(typed) { Ok(()) } else { Err(Refusal::ConfirmMismatch) }
        }
        _ => Ok(()),
    }
}

fn vote(draft: &Draft<'_>, cast: &Cast, counts: bool) -> Vote {
    Vote {
        by: cast.voter.clone(),
        decision: cast.decision,
        binding: cast.binding,
        at: draft.context.now,
        counts,
    }
}

/// Records the vote that decides the open request.
fn close(draft: &mut Draft<'_>, cast: &Cast) {
    let vote = vote(draft, cast, true);
    draft.give_reason(&cast.voter.describe(), cast.reason.clone());
    if let Some(request) = draft.request.as_mut() {
        request.votes.push(vote);
    }
    draft.close_request(RequestState::Decided(cast.decision));
    let detail = json!({
        "decision": cast.decision,
        "binding": cast.binding,
        "proof": cast.voter.proof,
        "person": cast.voter.proof.is_person(),
    });
    draft.event(EventKind::Decided, &cast.voter.describe(), detail);
}

fn deny(draft: &mut Draft<'_>, cast: Cast) -> Result<Answer, Refusal> {
    draft.context.people.may_deny(cast.voter.id)?;
    if cast.reason.raw().trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    close(draft, &cast);
    let name = cast.voter.describe();
    draft.deny(Denier::Voter(cast.voter), &name);
    Ok(Answer::Voted { counts: true, asked_again: None })
}

fn approve(draft: &mut Draft<'_>, cast: &Cast) -> Answer {
    close(draft, cast);
    release(draft, cast);
    Answer::Voted { counts: true, asked_again: None }
}

/// Turns the decided request into permission to run, and hands it to the executor that waits.
fn release(draft: &mut Draft<'_>, cast: &Cast) {
    let now = draft.context.now;
    let clearance = draft.request.as_ref().and_then(|request| Clearance::by_people(request, now));
    let Some(clearance) = clearance else { return };
    let name = cast.voter.describe();
    let call = clearance.call();
    draft.event(EventKind::Approved, &name, json!({ "call": call }));
    // With probes the facts are read once more between decision and release; a stopped run and a
    // policy that denies are met at the claim.
    let verdict = draft.context.policy.evaluate(&draft.payload.assessment);
    let at_once = !draft.action.probed
        && draft.run.state != RunState::Stopped
        && verdict.ruling != Ruling::Deny;
    match cast.waiting {
        Some(intent) if at_once => {
            draft.action.state = State::Executing(Execution::open(clearance, intent, now));
            draft.event(EventKind::Claimed, "the agent", json!({ "started": intent.start }));
        }
        _ => draft.approve(clearance),
    }
}

/// A change is a new call: judged, and asked again when it is worse than what was on the page.
fn modify(
    draft: &mut Draft<'_>,
    cast: &Cast,
    judged: Judged,
    facts: Vec<Fact>,
) -> Result<Answer, Refusal> {
    let digest = judged.call.digest(draft.workspace())?;
    let verdict = draft.context.policy.evaluate(&judged.assessment);
    if let Some(reason) = &judged.assessment.uninspectable {
        return Err(Refusal::Uninspectable(reason.clone()));
    }
    if verdict.ruling == Ruling::Deny {
        return Err(Refusal::NotAllowed(verdict.reason));
    }
    let worse = judged.assessment.level > draft.action.level
        || facts.iter().any(|fact| fact.truth != Truth::True);
    close(draft, cast);
    let name = cast.voter.describe();
    draft.revise(judged, digest);
    draft.event(EventKind::Modified, &name, json!({ "call": digest }));
    let known = if facts.is_empty() { Facts::None } else { Facts::Read(facts) };
    let asked = draft.ask(known);
    if worse {
        return Ok(Answer::Voted { counts: true, asked_again: Some(asked) });
    }
    // The same person stands behind the changed call: their vote counts on its own request.
    let now = draft.context.now;
    if let Some(request) = draft.request.as_mut() {
        let binding = request.binding();
        let by = cast.voter.clone();
        let decision = Decision::Approve;
        request.votes.push(Vote { by, decision, binding, at: now, counts: true });
    }
    draft.close_request(RequestState::Decided(Decision::Approve));
    release(draft, cast);
    Ok(Answer::Voted { counts: true, asked_again: None })
}

/// Too late: an approval is recorded and void, a denial stands as a denial. Nothing runs.
fn late(draft: &mut Draft<'_>, cast: &Cast) -> Result<Answer, Refusal> {
    draft.context.people.may_deny(cast.voter.id)?;
    let counts = cast.decision == Decision::Deny;
    if counts && cast.reason.raw().trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let vote = vote(draft, cast, counts);
    let reason = match counts {
        true => cast.reason.clone(),
        false => Untrusted::default(),
    };
    draft.give_reason(&cast.voter.describe(), reason);
    if let Some(request) = draft.request.as_mut() {
        request.votes.push(vote);
    }
    let kind = if counts { EventKind::Decided } else { EventKind::VoteVoid };
    let detail = json!({
        "decision": cast.decision,
        "late": true,
        "counts": counts,
        "state": draft.action.state.name(),
    });
    draft.event(kind, &cast.voter.describe(), detail);
    Ok(Answer::Voted { counts, asked_again: None })
}
