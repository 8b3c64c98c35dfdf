//! The executor begins and reports.

use serde_json::json;

use super::draft::Draft;
use super::{Answer, Execution, Refusal, Reported, exceptions};
use crate::action::{Outcome, State};
use crate::digest::Digest;
use crate::event::EventKind;
use crate::id::PrincipalId;
use crate::undo::Compensation;

pub(super) fn started(
    draft: &mut Draft<'_>,
    agent: PrincipalId,
    nonce: Digest,
) -> Result<Answer, Refusal> {
    draft.must_belong_to(agent)?;
    match draft.action.state.clone() {
        State::Executing(execution) => {
            if execution.nonce() != nonce {
                return Err(Refusal::ClaimedElsewhere);
            }
            begin(draft, execution)
        }
        other => Err(Refusal::WrongState(other.name())),
    }
}

/// Marks the beginning, or extends the lease of what began. A stopped run begins nothing.
pub(super) fn begin(draft: &mut Draft<'_>, execution: Execution) -> Result<Answer, Refusal> {
    let first = !execution.started();
    if first {
        draft.must_not_be_stopped()?;
    }
    let execution = execution.begin(draft.context.now);
    let lease_until = execution.lease_until();
    draft.action.state = State::Executing(execution);
    if first {
        draft.event(EventKind::Started, "the agent", json!({}));
    }
    Ok(Answer::Proceed { lease_until })
}

pub(super) fn report(
    draft: &mut Draft<'_>,
    agent: PrincipalId,
    nonce: Digest,
    said: Reported,
) -> Result<Answer, Refusal> {
    draft.must_belong_to(agent)?;
    let outcome = if said.worked { Outcome::Succeeded } else { Outcome::Failed };
    match draft.action.state.clone() {
        State::Executing(execution) if execution.nonce() == nonce => {
            complete(draft, execution, outcome, said);
            Ok(Answer::Done)
        }
        // It ran without saying that it began, and its lease ran out: down as run, so that
        // nobody runs it a second time.
        State::Approved(clearance) if clearance.released() == Some(nonce) => {
            let intent = super::ClaimIntent { nonce, lease_secs: 1, start: true };
            let execution = Execution::open(clearance, intent, draft.context.now);
            complete(draft, execution, outcome, said);
            Ok(Answer::Done)
        }
        State::Completed { outcome: known, execution } if execution.nonce() == nonce => match known
        {
            Outcome::Unknown => {
                draft.event(EventKind::ReportedLate, "the agent", json!({ "says": outcome }));
                draft.payload.output = said.output;
                register(draft, said.undo);
                Ok(Answer::Done)
            }
            Outcome::Succeeded | Outcome::Failed if known == outcome => Ok(Answer::Done),
            Outcome::Succeeded | Outcome::Failed => {
                Err(Refusal::WrongState(draft.action.state.name()))
            }
        },
        State::Executing(_) | State::Completed { .. } => Err(Refusal::ClaimedElsewhere),
        other => Err(Refusal::WrongState(other.name())),
    }
}

fn complete(draft: &mut Draft<'_>, execution: Execution, outcome: Outcome, said: Reported) {
    draft.action.state = State::Completed { outcome, execution };
    draft.payload.output = said.output;
    register(draft, said.undo);
    if let Some(cost) = said.cost {
        if let Some(reserved) = draft.action.reserved.take() {
            draft.book.take_back(&reserved);
        }
        draft.book.spend(&cost);
        draft.action.reserved = Some(cost);
    }
    let cost = draft.action.reserved.clone();
    let undo_until = draft.action.undo_until;
    let detail = json!({ "outcome": outcome, "cost": cost, "undo_until": undo_until });
    draft.event(EventKind::Reported, "the agent", detail);
    let about = (draft.action.id, draft.action.level);
    exceptions::ended(&mut draft.book, about, outcome, &draft.payload.assessment.sentence);
}

/// Keeps the call that would take the action back.
fn register(draft: &mut Draft<'_>, undo: Option<Compensation>) {
    draft.action.undo_until = undo.as_ref().map(|undo| undo.until);
    draft.payload.undo = undo;
}
