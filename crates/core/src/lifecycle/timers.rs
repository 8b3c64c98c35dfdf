//! What time does: it escalates, releases, cancels and asks again. It never permits.

use serde_json::json;

use super::draft::Draft;
use super::{Answer, Execution};
use crate::action::{Action, CancelReason, Outcome, State};
use crate::assessment::Phrase;
use crate::event::EventKind;
use crate::fact::{Fact, Facts, Truth};
use crate::id::RequestId;
use crate::limits;
use crate::request::{Request, RequestState};
use crate::time::Timestamp;

/// When time next changes something about an action; the store wakes it then.
#[must_use]
pub fn next_wake(action: &Action, request: Option<&Request>) -> Option<Timestamp> {
    let of_state = match &action.state {
        State::Pending { .. } => request.and_then(request_wake),
        State::Approved(clearance) => clearance.valid_until(),
        State::Executing(execution) => return Some(execution.lease_until()),
        State::Completed { .. } | State::Denied { .. } | State::Cancelled { .. } => return None,
    };
    of_state.into_iter().chain(action.expires_at).min()
}

fn request_wake(request: &Request) -> Option<Timestamp> {
    let deadline = (request.state == RequestState::Open).then_some(request.due_at);
    let facts = match request.facts {
        Facts::Checking { until, .. } => Some(until),
        Facts::None | Facts::Read(_) => None,
    };
    deadline.into_iter().chain(facts).min()
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
    if expired && !draft.action.state.is_final() {
        draft.cancel(CancelReason::Expired, "the agent's own expiry");
    }
    match &draft.action.state {
        State::Approved(clearance) if clearance.valid_until().is_some_and(|at| at <= now) => {
            approval_lapsed(draft);
        }
        State::Pending { .. } => pending(draft),
        State::Approved(_)
        | State::Executing(_)
        | State::Completed { .. }
        | State::Denied { .. }
        | State::Cancelled { .. } => {}
    }
}

fn lease_lost(draft: &mut Draft<'_>, execution: Execution) {
    if execution.started() {
        draft.action.state = State::Completed { outcome: Outcome::Unknown, execution };
        draft.event(EventKind::Unknown, "the clock", json!({}));
    } else {
        draft.action.state = State::Approved(execution.release());
        draft.event(EventKind::Released, "the clock", json!({}));
    }
}

fn approval_lapsed(draft: &mut Draft<'_>) {
    if draft.action.asked >= limits::ASK_AGAIN_MAX {
        return draft.cancel(CancelReason::NeverClaimed, "the clock");
    }
    // The facts are read again at release; until then the last ones stand on the card.
    let facts = draft.request.as_ref().map_or(Facts::None, |request| request.facts.clone());
    draft.ask(facts);
}

fn pending(draft: &mut Draft<'_>) {
    let now = draft.context.now;
    let Some(request) = draft.request.take() else {
        return;
    };
    let was_open = request.state == RequestState::Open;
    let checked = matches!(request.facts, Facts::Checking { .. });
    let request = on_deadline(request, now);
    let stalled = was_open && request.state == RequestState::Stalled;
    let gave_up = checked && matches!(request.facts, Facts::Read(_));
    let truths = truths(request.facts.read());
    draft.request = Some(request);
    if gave_up {
        draft.event(EventKind::FactsRead, "the clock", json!({ "facts": truths }));
    }
    if stalled {
        draft.event(EventKind::Stalled, "the clock", json!({}));
    }
}

/// A passed deadline: the request is stalled, or its facts are not known. A request goes in and
/// a request comes out, so this cannot approve or deny anything.
fn on_deadline(mut request: Request, now: Timestamp) -> Request {
    if request.state == RequestState::Open && request.due_at <= now {
        request.state = RequestState::Stalled;
    }
    request.facts = match request.facts {
        Facts::Checking { until, claims } if until <= now => {
            let because = || Phrase::ours("it took too long");
            Facts::Read(claims.into_iter().map(|claim| claim.not_known(because(), now)).collect())
        }
        other => other,
    };
    request
}

/// Probes answered. Facts for a request that is over, or that has its facts, change nothing; ones
/// that come late take the place of "not known".
pub(super) fn facts(draft: &mut Draft<'_>, id: RequestId, facts: Vec<Fact>) -> Answer {
    let request = draft.request.as_mut();
    let waiting = request.filter(|request| {
        let unknown = match &request.facts {
            Facts::None => false,
            Facts::Checking { .. } => true,
            Facts::Read(known) => {
                known.iter().all(|fact| fact.truth == Truth::NotKnown)
                    && facts.iter().any(|fact| fact.truth != Truth::NotKnown)
            }
        };
        request.id == id && request.state.is_open() && unknown
    });
    if let Some(request) = waiting {
        let truths = truths(&facts);
        request.facts = Facts::Read(facts);
        draft.event(EventKind::FactsRead, "Holdshort", json!({ "facts": truths }));
    }
    Answer::Done
}

/// What an event says about facts: their words are payload.
fn truths(facts: &[Fact]) -> Vec<(String, Truth)> {
    facts.iter().map(|fact| (fact.probe.clone(), fact.truth)).collect()
}
