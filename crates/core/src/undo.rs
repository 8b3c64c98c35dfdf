//! Undo: the call that takes an action back, and who may have it run.
//!
//! A compensating call is a claim of the executor that ran the action. It is judged when it is
//! registered and again when it is used, and goes through the gate as an action of its own.

use serde::{Deserialize, Serialize};

use crate::action::Call;
use crate::assessment::Assessment;
use crate::id::ActionId;
use crate::time::Timestamp;

/// The call that would take an action back, as its executor registered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compensation {
    /// The call.
    pub call: Call,
    /// What it would do, as judged when it was registered.
    pub assessment: Assessment,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// What an action takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoes {
    /// The action that is taken back.
    pub action: ActionId,
    /// Whether a person had it run. What an agent proposes asks a person, whatever policy allows.
    pub by_person: bool,
}
