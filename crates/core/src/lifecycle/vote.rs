//! Someone votes. A vote counts when it is on what is held now, by someone who may.

use serde_json::json;

use super::draft::Draft;
use super::{Answer, Cast, Clearance, Judged, Refusal, claim, ladder};
use crate::action::{Denier, Kind, State};
use crate::event::EventKind;
use crate::fact::{Fact, Facts, Truth};
use crate::id::RequestId;
use crate::limits;
use crate::notice;
use crate::people::{NotEligible, Voter};
use crate::planted::{self, Bug};
use crate::policy::{Ask, Ruling};
use crate::request::{Decision, Looking, Request, RequestState, Vote};
use crate::untrusted::Untrusted;

pub(super) fn cast(draft: &mut Draft<'_>, cast: Cast) -> Result<Answer, Refusal> {
    let request = draft.request.as_ref().filter(|request| request.id == cast.request);
    let request = request.ok_or(Refusal::NotFound)?;
    if cast.binding != request.binding() && !planted::is(Bug::IgnoreBinding) {
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
    // A denial is of the call, whatever was found out about it meanwhile.
    if cast.decision == Decision::Deny {
        return deny(draft, cast);
    }
    if cast.version != request.version {
        return Err(Refusal::Stale);
    }
    check_approval(draft, request, &cast)?;
    match (cast.decision, cast.changed.clone()) {
        (Decision::Modify, None) => Err(Refusal::ChangeMissing),
        (Decision::Modify, Some((judged, facts))) => modify(draft, &cast, judged, facts),
        (Decision::Approve, _) => Ok(approve(draft, &cast)),
        (Decision::Deny | Decision::Answer, _) => {
            Err(Refusal::WrongAnswer("approve, modify, deny".to_owned()))
        }
    }
}

fn check_approval(draft: &Draft<'_>, request: &Request, cast: &Cast) -> Result<(), Refusal> {
    let action = &draft.action;
    ladder::may_fill(cast.voter.id, request, action, draft.context.people)?;
    let voted = request.in_favour().any(|vote| vote.by.id == cast.voter.id);
    if voted && !planted::is(Bug::VoteTwice) {
        return Err(NotEligible::VotedAlready.into());
    }
    if let Some(reason) = &draft.payload.assessment.uninspectable {
        return Err(Refusal::Uninspectable(reason.clone()));
    }
    if draft.gave_up_facts {
        return Err(Refusal::Stale);
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
    if planted::is(Bug::DenialIgnored) {
        return Ok(Answer::Voted { counts: true, asked_again: None });
    }
    close(draft, &cast);
    let name = cast.voter.describe();
    draft.deny(Denier::Voter(cast.voter), &name);
    Ok(Answer::Voted { counts: true, asked_again: None })
}

/// One more in favour. It is decided when all seats are filled.
fn approve(draft: &mut Draft<'_>, cast: &Cast) -> Answer {
    let vote = vote(draft, cast, true);
    draft.give_reason(&cast.voter.describe(), cast.reason.clone());
    if let Some(request) = draft.request.as_mut() {
        request.votes.push(vote);
    }
    decide_if_filled(draft, cast);
    Answer::Voted { counts: true, asked_again: None }
}

fn decide_if_filled(draft: &mut Draft<'_>, cast: &Cast) {
    let people = draft.context.people;
    let filled = |request: &Request| ladder::filled(request, &draft.action, people);
    let filled = draft.request.as_ref().is_some_and(filled);
    let detail = json!({
        "decision": cast.decision,
        "binding": cast.binding,
        "proof": cast.voter.proof,
        "person": cast.voter.proof.is_person(),
    });
    if filled {
        draft.close_request(RequestState::Decided(Decision::Approve));
        draft.event(EventKind::Decided, &cast.voter.describe(), detail);
        release(draft, cast);
    } else {
        draft.event(EventKind::Voted, &cast.voter.describe(), detail);
    }
}

/// Turns the decided request into permission to run, and hands it to the executor that waits.
fn release(draft: &mut Draft<'_>, cast: &Cast) {
    let now = draft.context.now;
    let clearance = draft.request.as_ref().and_then(|request| Clearance::by_people(request, now));
    let Some(clearance) = clearance else { return };
    let name = cast.voter.describe();
    let call = clearance.call();
    draft.event(EventKind::Approved, &name, json!({ "call": call }));
    // Facts and pins are read once more between decision and release; a stopped run and a policy
    // that denies are met at the claim.
    let rests = draft.action.probed || draft.payload.effective_call().pins != Untrusted::default();
    let at_once = !rests && draft.book.held().is_none() && draft.judge().ruling != Ruling::Deny;
    match cast.waiting {
        Some(intent) if at_once => {
            claim::open(draft, clearance, intent);
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
    let verdict = draft.judge_call(&judged.call, &judged.assessment);
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
    let people = draft.context.people;
    let filled = |request: &Request| ladder::filled(request, &draft.action, people);
    if draft.request.as_ref().is_some_and(filled) {
        draft.close_request(RequestState::Decided(Decision::Approve));
        release(draft, cast);
        return Ok(Answer::Voted { counts: true, asked_again: None });
    }
    Ok(Answer::Voted { counts: true, asked_again: Some(asked) })
}

/// The open request with this id.
fn open_request<'a>(draft: &'a mut Draft<'_>, id: RequestId) -> Result<&'a mut Request, Refusal> {
    let request = draft.request.as_mut().filter(|request| request.id == id);
    let request = request.ok_or(Refusal::NotFound)?;
    if request.state.is_open() { Ok(request) } else { Err(Refusal::AlreadyDecided) }
}

/// Someone is looking: others see it, and nobody is kept from answering.
pub(super) fn look(draft: &mut Draft<'_>, voter: &Voter, id: RequestId) -> Result<Answer, Refusal> {
    draft.context.people.may_deny(voter.id)?;
    let now = draft.context.now;
    let request = open_request(draft, id)?;
    // The version stays: a look changes nothing about what is being decided.
    request.looking = Some(Looking { by: voter.name.clone(), since: now });
    draft.event(EventKind::Looking, &voter.describe(), json!({}));
    Ok(Answer::Done)
}

/// Someone else is asked as well, with the whole time of a step.
pub(super) fn hand_over(
    draft: &mut Draft<'_>,
    voter: &Voter,
    id: RequestId,
    (to, reason): (Ask, Untrusted),
) -> Result<Answer, Refusal> {
    let context = draft.context;
    let request = draft.request.as_ref().ok_or(Refusal::NotFound)?;
    // Who was not asked asks nobody in: that would be a way round the ladder.
    ladder::may_fill(voter.id, request, &draft.action, context.people)?;
    if !context.people.has_anyone(&to) {
        return Err(Refusal::NamesNobody(to.text()));
    }
    let now = context.now;
    let request = open_request(draft, id)?;
    if request.asked.len() >= limits::HANDOVERS_MAX {
        return Err(Refusal::TooMany("hand-overs of this request"));
    }
    if !request.asked.contains(&to) {
        request.asked.push(to.clone());
    }
    request.state = RequestState::Open;
    request.step_at = now;
    request.reminded = false;
    request.due_at = now.plus_secs(limits::DEADLINE_SECS).max(request.due_at);
    if draft.action.kind == Kind::Action {
        draft.book.let_go(draft.action.id);
    }
    draft.give_reason(&voter.describe(), reason);
    draft.event(EventKind::HandedOver, &voter.describe(), json!({ "to": to.text() }));
    Ok(Answer::Done)
}

/// A person stops one action: an open request is denied, an unused approval is taken back. What
/// began cannot be taken back, and is named so.
pub(super) fn revoke(
    draft: &mut Draft<'_>,
    voter: Voter,
    reason: Untrusted,
) -> Result<Answer, Refusal> {
    draft.must_be_an_action()?;
    draft.context.people.may_deny(voter.id)?;
    if reason.raw().trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    match &draft.action.state {
        State::Pending { .. } | State::Approved(_) => {}
        State::Executing(execution) if !execution.started() => {}
        State::Denied { .. } => return Ok(Answer::Done),
        other => return Err(Refusal::WrongState(other.name())),
    }
    let name = voter.describe();
    draft.give_reason(&name, reason);
    draft.close_request(RequestState::Withdrawn);
    draft.event(EventKind::Revoked, &name, json!({ "was": draft.action.state.name() }));
    if let Some(reserved) = draft.action.reserved.take() {
        draft.book.take_back(&reserved);
    }
    draft.deny(Denier::Voter(voter), &name);
    Ok(Answer::Done)
}

/// Too late: an approval is recorded and void, a denial stands as a denial. Nothing runs.
fn late(draft: &mut Draft<'_>, cast: &Cast) -> Result<Answer, Refusal> {
    draft.context.people.may_deny(cast.voter.id)?;
    let counts = cast.decision == Decision::Deny;
    if !counts && planted::is(Bug::LateApprovalCounts) {
        draft.request.iter_mut().for_each(|request| request.state = RequestState::Open);
        return Ok(approve(draft, cast));
    }
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
