//! Domain values become wire types here and nowhere else.

mod card;

use holdshort_api as api;
use holdshort_core::{
    Action, Aggregate, Answer, Basis, CancelReason, Denier, EventKind, Kind, Outcome, Payload,
    Reply, Request, RequestState, RiskLevel, Shown, State, Timestamp, notice,
};
use holdshort_store::{ActionRow, Principal, PrincipalKind, QueueRow, RunRow, StoredEvent, Token};
use serde_json::value::RawValue;

use crate::problem::Failure;

pub(crate) use card::{Rights, card, exact, needs};

/// Text for surfaces.
pub(crate) fn text(shown: &Shown) -> api::Text {
    let piece =
        |piece: &holdshort_core::Piece| api::Piece { text: piece.text.clone(), mark: piece.mark };
    shown.pieces.iter().map(piece).collect()
}

pub(crate) fn raw(json: &str) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(json.to_owned())
        .map_err(|_| Failure::new(api::Code::Internal, "stored JSON cannot be read"))
}

pub(crate) fn level(level: RiskLevel) -> api::RiskLevel {
    match level {
        RiskLevel::Safe => api::RiskLevel::Safe,
        RiskLevel::Risky => api::RiskLevel::Risky,
        RiskLevel::Dangerous => api::RiskLevel::Dangerous,
    }
}

pub(crate) fn action_state(state: &State) -> api::ActionState {
    match state {
        State::Pending { .. } => api::ActionState::Pending,
        State::Approved(_) => api::ActionState::Approved,
        State::Executing(execution) if execution.started() => api::ActionState::Started,
        State::Executing(_) => api::ActionState::Claimed,
        State::Completed { outcome: Outcome::Succeeded, .. } => api::ActionState::Succeeded,
        State::Completed { outcome: Outcome::Failed, .. } => api::ActionState::Failed,
        State::Completed { outcome: Outcome::Unknown, .. } => api::ActionState::Unknown,
        State::Denied { .. } => api::ActionState::Denied,
        State::Cancelled { .. } => api::ActionState::Cancelled,
        State::Answered { .. } => api::ActionState::Answered,
    }
}

/// Who decided an action, in words, and whether that was a person.
pub(crate) fn decided_by(state: &State) -> (Option<String>, bool) {
    let basis = |basis: &Basis| match basis {
        Basis::Policy { rule } => (Some(format!("policy ({rule})")), false),
        Basis::Grant { by, .. } => (Some(format!("a grant of {}", by.describe())), false),
        Basis::People { voters, .. } => {
            let names: Vec<String> = voters.iter().map(holdshort_core::Voter::describe).collect();
            let person = voters.iter().all(|voter| voter.proof.is_person());
            (Some(names.join(" and ")), person)
        }
    };
    match state {
        State::Pending { .. } => (None, false),
        State::Approved(clearance) => basis(clearance.basis()),
        State::Executing(execution) | State::Completed { execution, .. } => {
            basis(execution.clearance().basis())
        }
        State::Denied { by: Denier::Policy(rule) } => (Some(format!("policy ({rule})")), false),
        State::Denied { by: Denier::Voter(voter) } | State::Answered { by: voter, .. } => {
            (Some(voter.describe()), voter.proof.is_person())
        }
        State::Cancelled { reason } => {
            let why = match reason {
                CancelReason::Withdrawn => "the agent took it back",
                CancelReason::Expired => "expired",
                CancelReason::NeverClaimed => "approved and never claimed",
            };
            (Some(why.to_owned()), false)
        }
    }
}

fn label(request: Option<&Request>) -> Option<String> {
    request.map(|request| format!("HS-{}", request.number))
}

/// What a run says to its agent with every answer.
#[derive(Debug, Default)]
pub(crate) struct RunSays {
    pub(crate) held: Option<String>,
    pub(crate) instructions: Option<api::Instructions>,
}

/// An action as its agent sees it.
fn action(
    (action, payload): (&Action, &Payload),
    request: Option<&Request>,
    says: RunSays,
    now: Timestamp,
) -> Result<api::ActionStatus, Failure> {
    let cleared =
        matches!(action.state, State::Approved(_) | State::Executing(_) | State::Completed { .. });
    let effective = if cleared { Some(raw(payload.effective_arguments().raw())?) } else { None };
    let (decided_by, decided_by_person) = decided_by(&action.state);
    let lease_until_at = match &action.state {
        State::Executing(execution) => Some(execution.lease_until().as_micros()),
        _ => None,
    };
    Ok(api::ActionStatus {
        id: action.id.to_string(),
        run: action.run.to_string(),
        version: action.version,
        state: action_state(&action.state),
        tool: payload.call.tool.raw().to_owned(),
        risk: api::RiskSummary {
            level: level(action.level),
            sentence: notice::sentence(payload).to_plain(),
            rule: action.verdict.rule.clone(),
            reason: action.verdict.reason.clone(),
        },
        request: action.request.map(|id| id.to_string()),
        label: label(request),
        stalled: request.is_some_and(|request| request.state == RequestState::Stalled),
        decided_by,
        decided_by_person,
        reason: payload.reasons.last().map(|reason| reason.text.raw().to_owned()),
        effective_arguments: effective,
        modified: action.effective != action.proposed,
        kind: kind(action.kind),
        output: None,
        undoes: action.undoes.map(|undoes| undoes.action.to_string()),
        undo_until_at: action.undo_until.map(Timestamp::as_micros),
        answer: match &action.state {
            State::Answered { reply: given, .. } => Some(reply(*given)),
            _ => None,
        },
        looks: Vec::new(),
        held: says.held,
        instructions: says.instructions,
        lease_until_at,
        created_at: action.created_at.as_micros(),
        updated_at: action.updated_at.as_micros(),
        now_at: now.as_micros(),
    })
}

pub(crate) fn kind(kind: Kind) -> api::Kind {
    match kind {
        Kind::Action => api::Kind::Action,
        Kind::Checkpoint => api::Kind::Checkpoint,
        Kind::CheckIn => api::Kind::CheckIn,
        Kind::Exception => api::Kind::Exception,
        Kind::UnknownOutcome => api::Kind::UnknownOutcome,
        Kind::Question => api::Kind::Question,
        Kind::Blocked => api::Kind::Blocked,
    }
}

pub(crate) fn reply(reply: Reply) -> api::Reply {
    match reply {
        Reply::Continue => api::Reply::Continue,
        Reply::Pause => api::Reply::Pause,
        Reply::Stop => api::Reply::Stop,
        Reply::Redirect => api::Reply::Redirect,
        Reply::Happened => api::Reply::Happened,
        Reply::DidNotHappen => api::Reply::DidNotHappen,
        Reply::Reconsider => api::Reply::Reconsider,
        Reply::Text => api::Reply::Text,
    }
}

/// The action of an aggregate.
pub(crate) fn status(
    aggregate: &Aggregate,
    says: RunSays,
    now: Timestamp,
) -> Result<api::ActionStatus, Failure> {
    let (row, payload) = aggregate.action.as_ref().ok_or_else(Failure::not_found)?;
    action((row, payload), aggregate.request.as_ref(), says, now)
}

/// What a claimer is told.
pub(crate) fn claim_reply(
    aggregate: &Aggregate,
    answer: Answer,
    says: RunSays,
    now: Timestamp,
) -> Result<api::ClaimReply, Failure> {
    let action = status(aggregate, says, now)?;
    let reply = |answer, because| api::ClaimReply {
        answer,
        because,
        arguments: None,
        lease_until_at: None,
        looks: Vec::new(),
        pins_needed: false,
        action,
    };
    Ok(match answer {
        Answer::Proceed { lease_until } => {
            let (_, payload) = aggregate.action.as_ref().ok_or_else(Failure::not_found)?;
            api::ClaimReply {
                arguments: Some(raw(payload.effective_arguments().raw())?),
                lease_until_at: Some(lease_until.as_micros()),
                ..reply(api::ClaimAnswer::Proceed, None)
            }
        }
        Answer::Wait | Answer::Done | Answer::Voted { .. } | Answer::Asked { .. } => {
            reply(api::ClaimAnswer::Wait, None)
        }
        Answer::Refresh => reply(api::ClaimAnswer::Refresh, None),
        Answer::Held { because } => reply(api::ClaimAnswer::Wait, Some(because)),
        Answer::AskAgain { because } => reply(api::ClaimAnswer::AskAgain, Some(because)),
        Answer::Replan { because } => reply(api::ClaimAnswer::Replan, Some(because)),
    })
}

pub(crate) fn request_state(state: RequestState) -> api::RequestState {
    match state {
        RequestState::Open => api::RequestState::Open,
        RequestState::Stalled => api::RequestState::Stalled,
        RequestState::Decided(_) => api::RequestState::Decided,
        RequestState::Superseded => api::RequestState::Superseded,
        RequestState::Withdrawn => api::RequestState::Withdrawn,
    }
}

pub(crate) fn queue_item(request: &Request, payload: &Payload, agent: &str) -> api::QueueItem {
    let agent = holdshort_core::Untrusted::new(agent).render(holdshort_core::Place::Name);
    api::QueueItem {
        id: request.id.to_string(),
        label: format!("HS-{}", request.number),
        version: request.version,
        state: request_state(request.state),
        risk: level(request.level),
        kind: kind(request.kind),
        sentence: text(&notice::sentence(payload)),
        agent: text(&agent),
        asked_at: request.opened_at.as_micros(),
        due_at: request.due_at.as_micros(),
        outcome: notice::outcome(request),
    }
}

pub(crate) fn queue_row(row: &QueueRow, agent: &str) -> api::QueueItem {
    queue_item(&row.request, &row.payload, agent)
}

/// Where a run stands, read off its own state and its actions.
pub(crate) fn run_state(row: &RunRow) -> api::RunState {
    match row.run.state {
        holdshort_core::RunState::Paused => api::RunState::Paused,
        holdshort_core::RunState::Running if row.pending > 0 => api::RunState::Waiting,
        holdshort_core::RunState::Running => api::RunState::Running,
        holdshort_core::RunState::Finished => api::RunState::Finished,
        holdshort_core::RunState::Stopped => api::RunState::Stopped,
    }
}

pub(crate) fn run(row: &RunRow, agent: &str, says: RunSays, actions: &[ActionRow]) -> api::Run {
    let progress = &row.run.progress;
    api::Run {
        id: row.run.id.to_string(),
        name: row.run.name.clone(),
        agent: agent.to_owned(),
        goal: Some(row.goal.clone()).filter(|goal| !goal.is_empty()),
        state: run_state(row),
        wake: row.run.wake.as_ref().map(|wake| api::Wake {
            how: wake.how.clone(),
            by: wake.by.clone(),
            tried_at: wake.tried_at.map(Timestamp::as_micros),
            failed: wake.failed.clone(),
        }),
        held: says.held,
        steps: row.steps,
        denials: progress.denials,
        phase: Some(progress.phase.clone()).filter(|phase| !phase.is_empty()),
        spent: row.run.spending.amounts().iter().map(ToString::to_string).collect(),
        instructions: says.instructions,
        denied: row.run.denied.iter().map(|denied| denied.action.to_string()).collect(),
        actions: actions
            .iter()
            .map(|row| api::RunAction {
                id: row.action.id.to_string(),
                kind: kind(row.action.kind),
                sentence: notice::sentence(&row.payload).to_plain(),
                tool: row.payload.call.tool.raw().to_owned(),
                risk: level(row.action.level),
                state: action_state(&row.action.state),
                decided_by: decided_by(&row.action.state).0,
                updated_at: row.action.updated_at.as_micros(),
            })
            .collect(),
        created_at: row.run.created_at.as_micros(),
        updated_at: row.updated_at.as_micros(),
    }
}

/// The name of an event's kind.
pub(crate) fn event_kind(kind: EventKind) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

pub(crate) fn event(stored: &StoredEvent) -> api::Event {
    let event = &stored.event;
    api::Event {
        seq: stored.seq,
        v: stored.v,
        kind: event_kind(event.kind),
        at: event.at.as_micros(),
        action: event.action.map(|id| id.to_string()),
        request: event.request.map(|id| id.to_string()),
        run: event.run.map(|id| id.to_string()),
        by: event.by.clone(),
        detail: event.detail.clone(),
    }
}

pub(crate) fn principal_kind(kind: PrincipalKind) -> api::Principal {
    match kind {
        PrincipalKind::Person => api::Principal::Person,
        PrincipalKind::Agent => api::Principal::Agent,
        PrincipalKind::Machine => api::Principal::Machine,
    }
}

pub(crate) fn token(token: &Token, owner: &Principal) -> api::Token {
    api::Token {
        id: token.id.clone(),
        name: owner.name.clone(),
        kind: principal_kind(owner.kind),
        scopes: token.scopes.split(' ').map(str::to_owned).collect(),
        created_at: token.created_at.as_micros(),
        revoked_at: token.revoked_at.map(Timestamp::as_micros),
    }
}
