//! Runs: what an agent is working on, step by step.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::action::{ActionState, RiskLevel};

/// Start a run, or describe one that exists.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The agent's own name of the run; the same name is the same run.
    #[schema(min_length = 1, max_length = 200)]
    pub run: String,
    /// The task the run works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub goal: Option<String>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Working.
    Running,
    /// At least one of its actions waits for a person.
    Waiting,
    /// Ended by the agent.
    Finished,
    /// Stopped by a person: nothing more of it is let through.
    Stopped,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Id, `run_…`.
    pub id: String,
    /// The agent's own name of it.
    pub name: String,
    /// The agent.
    pub agent: String,
    /// The task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// Where it stands.
    pub state: RunState,
    /// Claims so far.
    pub steps: u64,
    /// Its actions, oldest first, the last 200.
    pub actions: Vec<RunAction>,
    /// When it began.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

/// One step of a run, in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunAction {
    /// Id, `act_…`.
    pub id: String,
    /// What it does, in one sentence.
    pub sentence: String,
    /// Tool.
    pub tool: String,
    /// Risk.
    pub risk: RiskLevel,
    /// Where it stands.
    pub state: ActionState,
    /// Who decided, once decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When it last changed.
    pub updated_at: i64,
}

/// A page of runs, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunPage {
    /// The runs, without their actions.
    pub items: Vec<Run>,
    /// Send as `cursor` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
