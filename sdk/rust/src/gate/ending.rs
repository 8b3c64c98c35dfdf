//! Why an action did not run, or did not work.

use holdshort_api as api;
use holdshort_api::ActionState;

use crate::error::Error;

/// Where to come back to for an action that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Id of the action.
    pub action: String,
    /// Label of the request, `HS-…`.
    pub label: String,
}

/// Why an action did not run, or did not work.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E: std::error::Error + 'static> {
    /// A person or policy denied it. Plan on without it.
    #[error("denied by {by}: {reason}")]
    Denied {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Nobody answered in time. It still waits; come back with the same call id.
    #[error("nobody has answered {}; it still waits", .0.label)]
    Stalled(Ticket),
    /// It still waits, and this gate was told not to wait longer.
    #[error("{} waits for a person", .0.label)]
    Pending(Ticket),
    /// It was cancelled, or its own expiry passed.
    #[error("cancelled: {0}")]
    Expired(String),
    /// What was approved no longer held, and a person is asked again.
    #[error("asked again: {because}")]
    AskAgain {
        /// What changed.
        because: String,
        /// Where to come back to.
        ticket: Ticket,
    },
    /// It began before and was never reported; it is not run again.
    #[error("it began before and its outcome is unknown; it is not run again")]
    Unknown,
    /// It already began or ran (the same call id was used before): where it stands.
    #[error("it already ran: {:?}", .0.state)]
    AlreadyRan(Box<api::ActionStatus>),
    /// The gate refused or could not be reached; nothing ran.
    #[error(transparent)]
    Gate(#[from] Error),
    /// It ran and failed; the gate has been told.
    #[error("it ran and failed")]
    Failed(#[source] E),
}

pub(super) fn ticket(action: &api::ActionStatus) -> Ticket {
    Ticket { action: action.id.clone(), label: action.label.clone().unwrap_or_default() }
}

pub(super) fn over<E: std::error::Error + 'static>(
    action: &api::ActionStatus,
    because: String,
) -> RunError<E> {
    match action.state {
        ActionState::Denied => RunError::Denied {
            by: action.decided_by.clone().unwrap_or_default(),
            reason: action.reason.clone().unwrap_or(because),
        },
        ActionState::Unknown => RunError::Unknown,
        ActionState::Succeeded | ActionState::Failed => {
            RunError::AlreadyRan(Box::new(action.clone()))
        }
        _ => RunError::Expired(because),
    }
}
