//! What time does: it escalates, releases, cancels and asks again. It never permits.

use serde_json::{Value, json};

use super::draft::Draft;
use super::{Answer, Clearance, Context, Execution, answer, exceptions, ladder};
use crate::action::{Action, CancelReason, Denier, Kind, Outcome, State};
use crate::assessment::Phrase;
use crate::event::EventKind;
use crate::fact::{Fact, Facts, PendingFact, Truth};
use crate::id::RequestId;
use crate::limits;
use crate::planted::{self, Bug};
use crate::policy::{Ask, Policy, Probe, Ruling};
use crate::request::{Request, RequestState};
use crate::time::Timestamp;

/// When time next changes something about an action; the store wakes it then.
#[must_use]
pub fn next_wake(action: &Action, request: Option<&Request>) -> Option<Timestamp> {
    let of_state = match &action.state {
        State::Pending { .. } => request.and_then(request_wake),
        State::Approved(clearance) => clearance.valid_until(),
        State::Executing(execution) => return Some(execution.lease_until()),
        State::Completed { .. }
        | State::Denied { .. }
        | State::Answered { .. }
        | State::Cancelled { .. } => return None,
    };
    of_state.into_iter().chain(action.expires_at).min()
}

fn request_wake(request: &Request) -> Option<Timestamp> {
    let deadline = (request.state == RequestState::Open).then(|| match request.reminded {
        true => request.due_at,
        false => half_time(request),
    });
    let facts = match request.facts {
        Facts::Checking { until, .. } => Some(until),
        Facts::None | Facts::Read(_) => None,
    };
    deadline.into_iter().chain(facts).min()
}

/// The middle of a step: then those it asks are reminded.
fn half_time(request: &Request) -> Timestamp {
    let (from, to) = (request.step_at.as_micros(), request.due_at.as_micros());
    Timestamp::from_micros(from.saturating_add(to.saturating_sub(from) / 2))
}

/// Brings the rows up to now, before any command is looked at, so that a late timer changes
/// nothing about what is allowed.
pub(super) fn settle(draft: &mut Draft<'_>) {
    let now = draft.context.now;
    if let State::Executing(execution) = &draft.action.state {
        if execution.lease_until() <= now {
            lease_lost(draft, execution.clone());
        } else {
            return;
        }
    }
    let expired = draft.action.expires_at.is_some_and(|at| at <= now);
    let expired = expired && !planted::is(Bug::SkipExpiry);
    if expired && !draft.action.state.is_final() {
        draft.cancel(CancelReason::Expired, "the agent's own expiry");
    }
    // Deadlines stand still while it is stopped; they get that time back afterwards.
    if draft.book.is_stopped() {
        return;
    }
    match draft.action.state.clone() {
        State::Approved(clearance)
            if clearance.valid_until().is_some_and(|at| at <= now)
                && !planted::is(Bug::StaleApproval) =>
        {
            approval_due(draft, clearance);
        }
        State::Pending { .. } => pending(draft),
        State::Approved(_)
        | State::Executing(_)
        | State::Completed { .. }
        | State::Denied { .. }
        | State::Answered { .. }
        | State::Cancelled { .. } => {}
    }
}

/// Microseconds for which this stood still since `from`.
fn stood_still(draft: &Draft<'_>, from: Timestamp) -> i64 {
    let run = &draft.book.run;
    let mut own = run.stood_still.clone();
    own.extend(run.stopped_since.map(|since| (since, draft.context.now)));
    let now = draft.context.now;
    draft.context.stops.stood_still_beside(&own, &run.whose(), from, now)
}

fn lease_lost(draft: &mut Draft<'_>, execution: Execution) {
    if execution.started() && !planted::is(Bug::RunUnknownAgain) {
        draft.action.state = State::Completed { outcome: Outcome::Unknown, execution };
        draft.event(EventKind::Unknown, "the clock", json!({}));
        let sentence = draft.payload.assessment.sentence.clone();
        let facts = to_verify(draft);
        exceptions::lost(&mut draft.book, draft.action.id, &sentence, facts);
    } else {
        // What was reserved for it is free again: nothing of it began.
        if let Some(reserved) = draft.action.reserved.take() {
            draft.book.take_back(&reserved);
        }
        draft.action.state = State::Approved(execution.release());
        draft.event(EventKind::Released, "the clock", json!({}));
    }
}

/// What probes can find out about an action whose outcome is not known.
fn to_verify(draft: &Draft<'_>) -> Facts {
    let call = draft.payload.effective_call();
    let covers =
        |probe: &&Probe| probe.verifies() && probe.covers(&call, &draft.payload.assessment);
    let claims: Vec<PendingFact> =
        draft.context.policy.probes().iter().filter(covers).map(Probe::pending).collect();
    let until = draft.context.now.plus_secs(limits::FACTS_SECS);
    match claims.is_empty() {
        true => Facts::None,
        false => Facts::Checking { until, claims, read: Vec::new() },
    }
}

/// An approval was not claimed in time.
fn approval_due(draft: &mut Draft<'_>, clearance: Clearance) {
    let now = draft.context.now;
    let request = draft.request.as_ref();
    let credited = request.map(|request| request.credited_at);
    let since = credited.unwrap_or_default().max(clearance.granted_at());
    let still = stood_still(draft, since);
    let clearance = clearance.later(still);
    if still > 0 {
        if let Some(request) = draft.request.as_mut() {
            request.credited_at = now;
        }
        draft.event(EventKind::GivenBack, "the clock", json!({ "micros": still }));
        draft.action.state = State::Approved(clearance.clone());
    }
    if clearance.valid_until().is_some_and(|at| at > now) {
        return;
    }
    // While its run is held nobody could claim it: it is asked again when the run goes on.
    if draft.book.held().is_none() {
        approval_lapsed(draft);
    }
}

fn approval_lapsed(draft: &mut Draft<'_>) {
    if draft.action.asked >= limits::ASK_AGAIN_MAX {
        return draft.cancel(CancelReason::NeverClaimed, "the clock");
    }
    // Whom policy asks now, not whom it asked then.
    let verdict = draft.judge();
    if verdict.ruling == Ruling::Ask {
        draft.set_verdict(verdict);
    }
    draft.payload.again = Phrase::ours("it was approved, and nobody claimed it in time");
    // The facts are read again at release; until then the last ones stand on the card.
    let facts = draft.request.as_ref().map_or(Facts::None, |request| request.facts.clone());
    draft.ask(facts);
}

fn pending(draft: &mut Draft<'_>) {
    let now = draft.context.now;
    let Some(mut request) = draft.request.take() else {
        return;
    };
    let checked = matches!(request.facts, Facts::Checking { .. });
    request = facts_overdue(request, now);
    let gave_up = checked && matches!(request.facts, Facts::Read(_));
    let truths = truths(request.facts.read());
    let due = request.state == RequestState::Open
        && (request.due_at <= now || (!request.reminded && half_time(&request) <= now));
    let still = if due { stood_still(draft, request.credited_at) } else { 0 };
    draft.request = Some(later(request, still, now));
    draft.gave_up_facts = gave_up;
    if gave_up {
        draft.event(EventKind::FactsRead, "the clock", json!({ "facts": truths }));
    }
    if still > 0 {
        draft.event(EventKind::GivenBack, "the clock", json!({ "micros": still }));
    }
    if due {
        deadlines(draft);
    }
}

/// The same request, with the time that stood still given back.
fn later(mut request: Request, micros: i64, now: Timestamp) -> Request {
    if micros > 0 {
        request.due_at = request.due_at.plus_micros(micros);
        request.step_at = request.step_at.plus_micros(micros);
        request.credited_at = now;
    }
    request
}

/// Facts that took too long are not known.
fn facts_overdue(mut request: Request, now: Timestamp) -> Request {
    request.facts = match request.facts {
        Facts::Checking { until, claims, read } if until <= now => {
            let because = || Phrase::ours("it took too long");
            let unread = claims.into_iter().map(|claim| claim.not_known(because(), now));
            Facts::Read(read.into_iter().chain(unread).collect())
        }
        other => other,
    };
    request
}

/// Reminds, and goes on to the next step of the ladder for as long as its time has passed.
fn deadlines(draft: &mut Draft<'_>) {
    let Some(before) = draft.request.take() else { return };
    let (request, said) = on_deadline(before, draft.context);
    if request.state == RequestState::Stalled {
        draft.book.hold(&draft.action);
    }
    draft.request = Some(request);
    for (kind, detail) in said {
        draft.event(kind, "the clock", detail);
    }
    #[cfg(feature = "sim")]
    silence_is_consent(draft);
}

/// What must never be: planted for the simulation.
#[cfg(feature = "sim")]
fn silence_is_consent(draft: &mut Draft<'_>) {
    use crate::people::{Proof, Voter};
    use crate::request::{Decision, Vote};
    let people = draft.context.people;
    let Some(request) = draft.request.as_mut() else { return };
    let may = |id: &crate::id::PrincipalId| {
        people.may_approve(*id, draft.action.agent, draft.action.owner).is_ok()
    };
    let first = people.names.iter().find(|(_, id)| may(id));
    let (true, Some((name, id))) = (request.state == RequestState::Stalled, first) else { return };
    if planted::is(Bug::ApproveOnTimeout) {
        let by = Voter { id: *id, name: name.clone(), proof: Proof::Browser };
        let (binding, at) = (request.binding(), draft.context.now);
        let decision = Decision::Approve;
        request.votes.push(Vote { by, decision, binding, at, counts: true });
        draft.close_request(RequestState::Decided(decision));
        let request = draft.request.as_ref();
        if let Some(clearance) = request.and_then(|request| Clearance::by_people(request, at)) {
            draft.approve(clearance);
        }
    }
}

/// A passed deadline: someone is reminded, the next step is asked, or the request is stalled. A
/// request goes in and a request comes out, so this cannot approve or deny anything.
fn on_deadline(mut request: Request, context: &Context<'_>) -> (Request, Vec<(EventKind, Value)>) {
    let now = context.now;
    let mut said = Vec::new();
    if !request.reminded && half_time(&request) <= now {
        request.reminded = true;
        if now < request.due_at {
            said.push((EventKind::Reminded, json!({ "step": request.step })));
        }
    }
    if request.due_at > now {
        return (request, said);
    }
    match ladder::climb(context, &request.asks.ladder, Some(request.step)) {
        Some(rung) => {
            let names: Vec<String> = rung.asked.iter().map(Ask::text).collect();
            said.push((EventKind::Escalated, json!({ "step": rung.step, "asked": names })));
            request.step = rung.step;
            request.step_at = now;
            request.due_at = rung.due_at;
            request.reminded = false;
            for who in rung.asked {
                if !request.asked.contains(&who) {
                    request.asked.push(who);
                }
            }
        }
        None => {
            request.state = RequestState::Stalled;
            said.push((EventKind::Stalled, json!({})));
        }
    }
    (request, said)
}

/// Probes answered, all of them or some. Facts for a request that is over, or that has its facts,
/// change nothing; ones that come late take the place of "not known".
pub(super) fn facts(draft: &mut Draft<'_>, id: RequestId, facts: &[Fact]) -> Answer {
    let request = draft.request.as_mut();
    // What somebody said yes to stays as they saw it: what is found later shows at release.
    let seen = |request: &Request| {
        matches!(request.facts, Facts::Read(_)) && request.in_favour().next().is_some()
    };
    let waiting =
        request.filter(|request| request.id == id && request.state.is_open() && !seen(request));
    let Some(request) = waiting else { return Answer::Done };
    let Some(next) = request.facts.with(facts) else { return Answer::Done };
    let all = matches!(next, Facts::Read(_));
    let truths = truths(next.read());
    request.facts = next;
    if all {
        draft.event(EventKind::FactsRead, "Holdshort", json!({ "facts": truths }));
    }
    if draft.action.kind == Kind::UnknownOutcome {
        answer::verified(draft);
        return Answer::Done;
    }
    if let Some(probe) = forbids(draft.context.policy, facts) {
        draft.close_request(RequestState::Withdrawn);
        draft.event(EventKind::Withdrawn, "policy", json!({ "rule": probe }));
        draft.deny(Denier::Policy(probe), "policy");
    }
    Answer::Done
}

/// The probe whose fact does not hold, when policy denies an action for that.
pub(super) fn forbids(policy: &Policy, facts: &[Fact]) -> Option<String> {
    let denies = |fact: &&Fact| {
        fact.truth == Truth::False && policy.probe(&fact.probe).is_some_and(Probe::denies)
    };
    facts.iter().find(denies).map(|fact| format!("probe.{}", fact.probe))
}

/// What an event says about facts: their words are payload.
fn truths(facts: &[Fact]) -> Vec<(String, Truth)> {
    facts.iter().map(|fact| (fact.probe.clone(), fact.truth)).collect()
}
