//! An executor claims: everything an approval rests on is checked once more, then it is used up.

use serde_json::json;

use super::draft::Draft;
use super::{Answer, Basis, Clearance, Execution, Refusal, TakeClaim, report};
use crate::action::{Denier, State};
use crate::assessment::Phrase;
use crate::event::EventKind;
use crate::fact::{Fact, Facts, PendingFact, Seal, first_change};
use crate::policy::Ruling;
use crate::run::RunState;

pub(super) fn claim(draft: &mut Draft<'_>, claim: TakeClaim) -> Result<Answer, Refusal> {
    draft.must_belong_to(claim.agent)?;
    let replan = |because: String| Ok(Answer::Replan { because });
    match draft.action.state.clone() {
        State::Pending { .. } => Ok(Answer::Wait),
        State::Denied { .. } => replan(format!("denied: {}", last_reason(draft))),
        State::Cancelled { .. } => replan("it was cancelled".into()),
        State::Completed { .. } => replan(format!("it already ran: {}", draft.action.state.name())),
        State::Executing(execution) => repeat(draft, execution, &claim),
        State::Approved(clearance) => take(draft, clearance, claim),
    }
}

fn last_reason(draft: &Draft<'_>) -> String {
    match draft.payload.reasons.last() {
        Some(reason) => reason.text.raw().to_owned(),
        None => draft.action.verdict.reason.clone(),
    }
}

/// The same nonce gets the same answer until it says that it began; another one gets none.
fn repeat(
    draft: &mut Draft<'_>,
    execution: Execution,
    claim: &TakeClaim,
) -> Result<Answer, Refusal> {
    if execution.nonce() != claim.intent.nonce {
        return Err(Refusal::ClaimedElsewhere);
    }
    if execution.started() {
        return Err(Refusal::WrongState("started"));
    }
    if claim.presented.is_some_and(|digest| digest != execution.clearance().call()) {
        return Err(Refusal::CallMismatch);
    }
    if claim.intent.start {
        // The repeat says that it begins at once, whatever the first one said.
        return report::begin(draft, execution);
    }
    draft.must_not_be_stopped()?;
    Ok(Answer::Proceed { lease_until: execution.lease_until() })
}

fn take(draft: &mut Draft<'_>, clearance: Clearance, claim: TakeClaim) -> Result<Answer, Refusal> {
    let effective = draft.action.effective;
    if claim.presented.is_some_and(|digest| digest != effective) {
        return Err(Refusal::CallMismatch);
    }
    // INVARIANT: what is released is what was cleared.
    if clearance.call() != effective {
        return Ok(ask_again(draft, "the call is not the approved one", Facts::None));
    }
    if draft.run.state == RunState::Stopped {
        draft.deny(Denier::Policy("run.stopped".into()), "a stopped run");
        return Ok(Answer::Replan { because: "the run was stopped".into() });
    }
    let verdict = draft.context.policy.evaluate(&draft.payload.assessment);
    if verdict.ruling == Ruling::Deny {
        draft.deny(Denier::Policy(verdict.rule), "policy");
        return Ok(Answer::Replan { because: verdict.reason });
    }
    match clearance.basis() {
        Basis::Policy { .. } if verdict.ruling == Ruling::Ask => {
            draft.action.verdict = verdict;
            return Ok(ask_again(draft, "policy asks now", Facts::None));
        }
        Basis::Policy { .. } => {}
        Basis::People { voters, .. } => {
            let (agent, owner) = (draft.action.agent, draft.action.owner);
            let people = draft.context.people;
            let gone =
                voters.iter().find_map(|voter| people.may_approve(voter.id, agent, owner).err());
            if let Some(why) = gone {
                let because = format!("an approval no longer counts: {why}");
                return Ok(ask_again(draft, &because, Facts::None));
            }
        }
    }
    if draft.action.probed && matches!(clearance.basis(), Basis::People { .. }) {
        let mut facts = claim.facts.ok_or(Refusal::FactsNeeded)?;
        let gone = no_longer_read(draft, clearance.facts(), &facts);
        facts.extend(gone);
        if let Some(fact) = first_change(clearance.facts(), &facts) {
            let because = format!("a checked fact changed: {}", fact.claim.render().to_plain());
            return Ok(ask_again(draft, &because, Facts::Read(facts)));
        }
    }
    let execution = Execution::open(clearance, claim.intent, draft.context.now);
    let lease_until = execution.lease_until();
    draft.action.state = State::Executing(execution);
    draft.event(EventKind::Claimed, "the agent", json!({ "started": claim.intent.start }));
    Ok(Answer::Proceed { lease_until })
}

/// Facts the approval rests on that nobody reads any more: not known, which is a change.
fn no_longer_read(draft: &Draft<'_>, then: &[Seal], facts: &[Fact]) -> Vec<Fact> {
    let seen = draft.request.as_ref().map_or(&[][..], |request| request.facts.read());
    let gone = then.iter().filter(|seal| facts.iter().all(|fact| fact.probe != seal.probe));
    gone.map(|seal| {
        let seen = seen.iter().find(|fact| fact.probe == seal.probe);
        let claim = seen.map(|fact| fact.claim.clone()).unwrap_or_default();
        let source = seen.map(|fact| fact.source.clone()).unwrap_or_default();
        let pending = PendingFact { probe: seal.probe.clone(), claim, source };
        pending.not_known(Phrase::ours("it can no longer be read"), draft.context.now)
    })
    .collect()
}

fn ask_again(draft: &mut Draft<'_>, because: &str, facts: Facts) -> Answer {
    draft.ask(facts);
    Answer::AskAgain { because: because.to_owned() }
}
