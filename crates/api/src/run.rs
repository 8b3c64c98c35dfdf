//! Runs: what an agent is working on, step by step, and what people say about it as a whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::action::{ActionState, Instructions, RiskLevel};
use crate::question::Kind;

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
    /// At least one of its actions or questions waits for a person.
    Waiting,
    /// Paused by a person: nothing of it begins until a person lets it go on.
    Paused,
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
    /// Why nothing of it may begin now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Claims so far.
    pub steps: u64,
    /// Denials so far.
    #[serde(default)]
    pub denials: u32,
    /// The phase it says it is in; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What it spent as far as that is known, one amount for each currency.
    #[serde(default)]
    pub spent: Vec<String>,
    /// What a person last told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Instructions>,
    /// How its agent is woken when something is decided, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<Wake>,
    /// Denied actions it cannot ask for again, `act_…`; a person can lift each.
    #[serde(default)]
    pub denied: Vec<String>,
    /// Its actions, oldest first, the last 200.
    pub actions: Vec<RunAction>,
    /// When it began.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

/// How the agent of a run is woken.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Wake {
    /// `webhook` or `command`.
    pub how: String,
    /// Who said so.
    pub by: String,
    /// When it was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<i64>,
    /// Why the last try failed, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Say how the agent of a run is woken: by one of these, or not at all.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetWake {
    /// An address that gets a POST, signed as Standard Webhooks has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub webhook: Option<String>,
    /// A program with its arguments, started on the gate's machine without a shell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub command: Vec<String>,
}

/// How the agent of a run is woken from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WakeSet {
    /// The run.
    pub run: Run,
    /// What webhooks are signed with, `whsec_…`: shown here and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// One step of a run, in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunAction {
    /// Id, `act_…`.
    pub id: String,
    /// What it is: an action, or a question of the run.
    #[serde(default)]
    pub kind: Kind,
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

/// What an agent asks people beside its actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentAsks {
    /// A milestone is reached: `text` names it. The run waits for the answer.
    Checkpoint,
    /// A question: `text`. The run goes on.
    Question,
    /// The agent cannot go on: `text` says on what. The run waits for the answer.
    Stuck,
    /// Nothing can go on without what was denied: `text` says what for. `without` names it. The run
    /// waits for the answer.
    Blocked,
}

/// A question of an agent to people.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskPeople {
    /// What it is.
    pub kind: AgentAsks,
    /// The name of the milestone; the question; what it is stuck on.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
    /// For a question: answers it offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub choices: Vec<String>,
    /// When it is blocked: the denied action, `act_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub without: Option<String>,
    /// When it is blocked: what happens if it stays denied, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub consequence: Option<String>,
    /// What was done so far, in its own words. Shown marked unchecked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 8000)]
    pub summary: Option<String>,
}

/// What the model of a run cost.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The amount, as `0.75 USD`; counted against budgets.
    #[schema(max_length = 60)]
    pub cost: String,
}

/// Why a person does something to a run, a stop or an action.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Why; the agent receives it where it concerns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
}

/// What a run does differently from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// Told to the agent with its next answer.
    #[schema(min_length = 1, max_length = 4000)]
    pub instructions: String,
}
