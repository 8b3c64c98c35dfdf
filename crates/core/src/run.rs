//! Runs: what an agent is working on.

use serde::{Deserialize, Serialize};

use crate::id::{PrincipalId, RunId};
use crate::time::Timestamp;

/// Where a run stands. Whether it waits for a person is read off its actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Working, or waiting.
    Running,
    /// Ended by the agent.
    Finished,
    /// Stopped by a person: nothing more of it is let through.
    Stopped,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Id.
    pub id: RunId,
    /// The agent.
    pub agent: PrincipalId,
    /// The agent's own name of it.
    pub name: String,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub created_at: Timestamp,
}
