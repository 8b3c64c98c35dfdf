//! An executor claims: everything an approval rests on is checked once more, then it is used up.

use serde_json::json;

use super::draft::Draft;
use super::{
    Answer, Basis, ClaimIntent, Clearance, Execution, Refusal, TakeClaim, exceptions, ladder,
    report,
};
use crate::action::{Denier, State};
use crate::assessment::Phrase;
use crate::event::EventKind;
use crate::fact::{Fact, Facts, PendingFact, Seal, first_change};
use crate::planted::{self, Bug};
use crate::policy::{Ruling, Verdict};
use crate::request::Request;

pub(super) fn claim(draft: &mut Draft<'_>, claim: TakeClaim) -> Result<Answer, Refusal> {
    draft.must_belong_to(claim.agent)?;
    draft.must_be_an_action()?;
    let replan = |because: String| Ok(Answer::Replan { because });
    match draft.action.state.clone() {
        State::Pending { .. } => Ok(Answer::Wait),
        State::Denied { .. } => replan(format!("denied: {}", last_reason(draft))),
        State::Cancelled { .. } | State::Answered { .. } => replan("it was cancelled".into()),
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
    if execution.nonce() != claim.intent.nonce && !planted::is(Bug::ClaimTwice) {
        return Err(Refusal::ClaimedElsewhere);
    }
    if execution.started() && !planted::is(Bug::ClaimTwice) {
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
    if let Some(because) = draft.book.held() {
        return Ok(Answer::Held { because });
    }
    let verdict = match planted::is(Bug::PolicyNotReadAgain) {
        true => draft.action.verdict.clone(),
        false => draft.judge(),
    };
    if verdict.ruling == Ruling::Deny {
        let because = verdict.reason.clone();
        draft.deny(Denier::Policy(verdict.rule), "policy");
        return Ok(Answer::Replan { because });
    }
    if let Some(because) = no_longer(draft, &clearance, verdict) {
        return Ok(ask_again(draft, &because, Facts::None));
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
    Ok(open(draft, clearance, claim.intent))
}

/// Why a permission does not hold any more, if so; then the verdict of now is kept.
fn no_longer(draft: &mut Draft<'_>, clearance: &Clearance, verdict: Verdict) -> Option<String> {
    let because = match clearance.basis() {
        Basis::Policy { .. } if verdict.ruling == Ruling::Ask => "policy asks now".to_owned(),
        Basis::Policy { .. } => return None,
        Basis::Grant { grant, .. } => {
            let whose = (draft.action.agent, draft.action.run, draft.workspace());
            let call = draft.payload.effective_call();
            let level = draft.action.level;
            let known = draft.grants.iter().find(|known| known.id == *grant);
            let holds = planted::is(Bug::GrantRevokedCounts)
                || verdict.ruling == Ruling::Allow
                || known.is_some_and(|known| {
                    known.is_in_force(draft.context.now)
                        && draft.may_be_granted(&verdict)
                        && known.covers(&call, level, &verdict.rules(), whose)
                });
            if holds {
                return None;
            }
            "the grant does not cover it any more".to_owned()
        }
        Basis::People { .. } => no_longer_approved(draft, &verdict)?.to_owned(),
    };
    if verdict.ruling == Ruling::Ask {
        draft.set_verdict(verdict);
    }
    Some(because)
}

/// Uses up a permission: the only place where something begins.
pub(super) fn open(draft: &mut Draft<'_>, clearance: Clearance, intent: ClaimIntent) -> Answer {
    let execution = Execution::open(clearance, intent, draft.context.now);
    let lease_until = execution.lease_until();
    draft.action.state = State::Executing(execution);
    if draft.action.reserved.is_none()
        && let Some(cost) = draft.action.cost.clone()
    {
        draft.book.spend(&cost);
        draft.action.reserved = Some(cost);
    }
    draft.event(EventKind::Claimed, "the agent", json!({ "started": intent.start }));
    exceptions::stepped(&mut draft.book);
    Answer::Proceed { lease_until }
}

/// Why the votes of people are not enough any more, if so: who may decide, and who must, are
/// read again.
fn no_longer_approved(draft: &Draft<'_>, verdict: &Verdict) -> Option<&'static str> {
    let filled = |request: &Request| ladder::filled(request, &draft.action, draft.context.people);
    let Some(request) = draft.request.as_ref().filter(|request| filled(request)) else {
        return Some("an approval no longer counts: its voter may not decide any more");
    };
    let asks = verdict.asks.as_ref().filter(|asks| **asks != request.asks)?;
    let as_now = Request { asks: asks.clone(), ..request.clone() };
    (verdict.ruling == Ruling::Ask && !filled(&as_now)).then_some("policy asks other people now")
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
