//! An executor claims: everything an approval rests on is checked once more, then it is used up.

use std::collections::BTreeSet;

use serde_json::json;

use super::draft::Draft;
use super::{
    Answer, Basis, ClaimIntent, Clearance, Execution, Refusal, TakeClaim, exceptions, ladder,
    report, timers,
};
use crate::action::{CancelReason, Denier, State};
use crate::assessment::Phrase;
use crate::digest::Digest;
use crate::event::EventKind;
use crate::fact::{Fact, Facts, PendingFact, Seal, first_change};
use crate::json::Json;
use crate::limits;
use crate::planted::{self, Bug};
use crate::policy::{Ruling, Verdict};
use crate::request::Request;
use crate::untrusted::Untrusted;

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
    let presented = presented(draft, claim)?;
    if execution.nonce() != claim.intent.nonce && !planted::is(Bug::ClaimTwice) {
        return Err(Refusal::ClaimedElsewhere);
    }
    if execution.started() && !planted::is(Bug::ClaimTwice) {
        return Err(Refusal::WrongState("started"));
    }
    if presented.is_some_and(|digest| digest != execution.clearance().call()) {
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
    if presented(draft, &claim)?.is_some_and(|digest| digest != effective) {
        return Err(Refusal::CallMismatch);
    }
    // INVARIANT: what is released is what was cleared.
    if clearance.call() != effective {
        let facts = draft.to_check();
        return Ok(ask_again(draft, Phrase::ours("the call is not the approved one"), facts));
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
        let facts = draft.to_check();
        return Ok(ask_again(draft, Phrase::ours(because), facts));
    }
    let pinned = draft.payload.effective_call().pins;
    match claim.pins {
        None if pinned == Untrusted::default() => {}
        None => return Ok(Answer::Refresh),
        Some(now) if now == pinned || planted::is(Bug::PinsNotCompared) => {}
        Some(now) => return pins_moved(draft, (pinned, now), clearance, claim.intent),
    }
    if draft.action.probed && matches!(clearance.basis(), Basis::People { .. }) {
        let mut facts = claim.facts.ok_or(Refusal::FactsNeeded)?;
        let gone = no_longer_read(draft, clearance.facts(), &facts);
        facts.extend(gone);
        if let Some(probe) = timers::forbids(draft.context.policy, &facts) {
            draft.deny(Denier::Policy(probe), "policy");
            return Ok(Answer::Replan { because: "a checked fact does not hold".into() });
        }
        let changed = first_change(clearance.facts(), &facts);
        if let Some(fact) = changed.filter(|_| !planted::is(Bug::FactsNotCompared)) {
            let because = Phrase::ours("a checked fact changed: ").with(&fact.claim);
            let because = because.and(" (").with(&fact.detail).and(")");
            return Ok(ask_again(draft, because, Facts::Read(facts)));
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

fn ask_again(draft: &mut Draft<'_>, because: Phrase, facts: Facts) -> Answer {
    if draft.action.asked >= limits::ASK_AGAIN_MAX {
        draft.cancel(CancelReason::NeverClaimed, "Holdshort");
        return Answer::Replan { because: because.render().to_plain() };
    }
    let said = because.render().to_plain();
    draft.payload.again = because;
    draft.ask(facts);
    Answer::AskAgain { because: said }
}

/// Digest of the call about to run, when the executor presents its arguments.
fn presented(draft: &Draft<'_>, claim: &TakeClaim) -> Result<Option<Digest>, Refusal> {
    let Some(arguments) = &claim.presented else { return Ok(None) };
    let call = draft.payload.effective_call().with_arguments(arguments.clone());
    Ok(Some(call.digest(draft.workspace())?))
}

/// What the call works on is not what it was: it is another call. Policy may allow that one too;
/// a person is asked again.
fn pins_moved(
    draft: &mut Draft<'_>,
    (then, now): (Untrusted, Untrusted),
    clearance: Clearance,
    intent: ClaimIntent,
) -> Result<Answer, Refusal> {
    let because = moved(&then, &now);
    draft.payload.pins_now = now;
    draft.action.effective = draft.payload.effective_call().digest(draft.workspace())?;
    let verdict = draft.judge();
    let allowed = matches!(clearance.basis(), Basis::Policy { .. });
    if let Some(clearance) =
        Clearance::by_policy(&verdict, draft.action.effective, draft.context.now)
            .filter(|_| allowed)
    {
        return Ok(open(draft, clearance, intent));
    }
    draft.set_verdict(verdict);
    let facts = draft.to_check();
    Ok(ask_again(draft, because, facts))
}

/// Which of the pins moved, in words.
fn moved(then: &Untrusted, now: &Untrusted) -> Phrase {
    let read = |pins: &Untrusted| Json::parse(pins.raw().as_bytes()).unwrap_or(Json::Null);
    let (then, now) = (read(then), read(now));
    let names: BTreeSet<&String> =
        then.members().iter().chain(now.members()).map(|(name, _)| name).collect();
    let mut changed = names.into_iter().filter(|name| then.get(name) != now.get(name));
    let Some(first) = changed.next() else { return Phrase::ours("what it works on changed") };
    let said = Phrase::ours("what it works on changed: ").theirs(first.clone());
    match changed.count() {
        0 => said,
        more => said.and(format!(" and {more} more")),
    }
}
