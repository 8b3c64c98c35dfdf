//! What people are asked, and what they can answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An action an agent wants to take.
    #[default]
    Action,
    /// A milestone of a run.
    Checkpoint,
    /// So many steps, or so much time.
    CheckIn,
    /// Something failed, was denied again and again, or the agent is stuck.
    Exception,
    /// An action began and was never reported.
    UnknownOutcome,
    /// The agent asks something.
    Question,
    /// Nothing of a run can go on without what was denied.
    Blocked,
}

/// What a person answers to a question of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Go on.
    Continue,
    /// Begin nothing until told to go on.
    Pause,
    /// End here.
    Stop,
    /// Go on differently: the reason says how.
    Redirect,
    /// What was never reported did happen.
    Happened,
    /// What was never reported did not happen.
    DidNotHappen,
    /// An answer in words: the reason.
    Text,
    /// What was denied may be asked for once more.
    Reconsider,
}
