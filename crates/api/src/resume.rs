//! How an agent goes on: what it keeps with its run, and what it is told when it comes back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::run::RunState;

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanStep {
    /// Its id: the `call_id` its action is proposed with. No `#` in it.
    #[schema(min_length = 1, max_length = 150)]
    pub id: String,
    /// The tool it calls.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 256)]
    pub tool: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 500)]
    pub title: String,
    /// Ids of steps that have to be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The phase it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 100)]
    pub phase: String,
}

/// A plan to keep with a run: at most 10,000 steps, without a cycle.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepPlan {
    /// The steps.
    pub steps: Vec<PlanStep>,
    /// The version it takes the place of, to be told when another one got there first; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// A state to keep with a run, in a form of the agent's own: at most 256 KiB.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepState {
    /// Whatever the agent wants to find again.
    #[schema(value_type = Object)]
    pub state: Box<RawValue>,
    /// The version it takes the place of, to be told when another one got there first; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// Something was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// Its version.
    pub version: u64,
}

/// A state that was kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct State {
    /// Its version.
    pub version: u64,
    /// The state.
    #[schema(value_type = Object)]
    pub state: Box<RawValue>,
}

/// The agent is back.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoOn {
    /// The files it watches, as they are now: path, and a digest of what is in it. Kept for the
    /// next time; what differs from the last time is among the `changes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<BTreeMap<String, String>>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It can be proposed now.
    Ready,
    /// A person is asked.
    Waiting,
    /// It was let through and can be claimed now.
    Cleared,
    /// It was claimed, and its lease has not run out.
    Running,
    /// It began and was never reported: a person or a probe says what came of it.
    InDoubt,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was denied or taken back: the plan goes on without it.
    Skipped,
    /// It needs a step that was skipped or failed, or one that is blocked itself.
    Blocked,
    /// It needs steps that are not done yet.
    Later,
}

/// A step, and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResumeStep {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: StepState,
    /// Its last action, `act_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The call id to propose it with, when that is not its id: an earlier attempt did not happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
}

/// What was decided about a step.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StepDecided {
    /// The step.
    pub step: String,
    /// `approved`, `changed`, `denied` or `cancelled`.
    pub what: String,
    /// By whom, in words.
    pub by: String,
    /// Whether a person did.
    pub by_person: bool,
    /// The reason that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// When.
    pub at: i64,
}

/// What a change is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedWhat {
    /// A file the run watches.
    File,
    /// A fact that an approval rests on: it is asked about again when it is claimed.
    Fact,
}

/// Something that is not what it was.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangedThing {
    /// What it is.
    pub what: ChangedWhat,
    /// Its name: the path, or the step whose fact it is.
    pub name: String,
    /// How it changed, in words.
    pub text: String,
}

/// How to go on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Resume {
    /// Id of the run, `run_…`.
    pub run: String,
    /// Its name.
    pub name: String,
    /// Its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// Where it stands.
    pub state: RunState,
    /// Why nothing of it may begin now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Seconds since it last did something.
    pub paused_s: i64,
    /// All of this in words, ready for a planner.
    pub text: String,
    /// Steps to go on with now, in the order of the plan.
    pub next: Vec<String>,
    /// Every step, in the order of the plan.
    pub steps: Vec<ResumeStep>,
    /// What was decided, oldest first; of the last 200 actions.
    pub decided: Vec<StepDecided>,
    /// What changed since it was last here.
    pub changes: Vec<ChangedThing>,
    /// Whether the pause was long: read what `watched` names again, and say so, before going on.
    pub refresh: bool,
    /// Files it watches.
    pub watched: Vec<String>,
    /// The denied steps that nothing can go on without: put it to a person as `blocked`.
    pub blocked_by: Vec<String>,
    /// Version of the plan; 0 when there is none, and the steps are its actions in their order.
    pub plan_version: u64,
    /// The plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<PlanStep>,
    /// The state the agent kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<State>,
}
