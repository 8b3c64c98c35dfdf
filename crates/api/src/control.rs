//! Stops, grants and the policy: what applies to many actions at once.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::action::RiskLevel;
use crate::text::Text;
use crate::why::Looked;

/// What a stop covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopScope {
    /// Everything here.
    Everything,
    /// All agents of a person: `of` is their name.
    Owner,
    /// One agent: `of` is its name.
    Agent,
    /// One run: `of` is its id, `run_…`.
    Run,
}

/// Stop.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeStop {
    /// What it covers.
    pub scope: StopScope,
    /// Of whom or what; absent for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub of: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// Lift a stop.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftStop {
    /// Why it may go on.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// A stop.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stop {
    /// Id, `stop_…`.
    pub id: String,
    /// What it covers.
    pub scope: StopScope,
    /// Of whom or what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Who made it.
    pub by: String,
    /// Since when.
    pub since_at: i64,
    /// When it was lifted; absent while it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_at: Option<i64>,
}

/// Something that began before a stop. It cannot be taken back here.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StillRuns {
    /// Id, `act_…`.
    pub action: String,
    /// Id of its run, `run_…`.
    pub run: String,
    /// The agent.
    pub agent: String,
    /// What it does, in one sentence.
    pub sentence: String,
    /// Whether it said that it began. What did not begin yet does not begin any more.
    pub started: bool,
}

/// A stop was made: from now on nothing begins in its scope.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stopped {
    /// The stop.
    pub stop: Stop,
    /// What began before and may still run.
    pub still_running: Vec<StillRuns>,
}

/// All stops in force, and what runs under them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stops {
    /// The stops, the newest first; lifted ones after those in force.
    pub items: Vec<Stop>,
    /// What began before and may still run.
    pub still_running: Vec<StillRuns>,
}

/// Make a standing permission from a request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeGrant {
    /// The request it is made from, `req_…`: its agent, its call, the rules that asked.
    #[schema(max_length = 100)]
    pub request: String,
    /// The binding of that request, as it was seen.
    #[schema(max_length = 200)]
    pub binding: String,
    /// Only for the run of that request. Default: `true`.
    #[serde(default = "yes")]
    pub this_run: bool,
    /// Top-level arguments that may differ; everything else must be the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub free: Vec<String>,
    /// How often it may be used; absent: as often as wanted until it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10000)]
    pub uses: Option<u32>,
    /// Seconds until it ends, at most 30 days.
    #[schema(minimum = 60, maximum = 2_592_000)]
    pub for_s: u32,
    /// Only say what it would be and what else it would have let through.
    #[serde(default)]
    pub preview: bool,
}

fn yes() -> bool {
    true
}

/// A standing permission.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    /// Id, `grant_…`; absent in a preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who made it.
    pub by: String,
    /// The agent.
    pub agent: String,
    /// The run it is for, `run_…`; absent: all runs of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The rules it answers.
    pub rules: Vec<String>,
    /// Arguments that may differ.
    pub free: Vec<String>,
    /// The highest level it covers; never dangerous.
    pub level: RiskLevel,
    /// How often it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// How often it was used.
    pub used: u32,
    /// Until when.
    pub expires_at: i64,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
    /// Whether it can be used now.
    pub live: bool,
}

/// A grant, with its scope in words.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GrantScope {
    /// The grant.
    pub grant: Grant,
    /// What it lets through, in words.
    pub covers: Vec<Text>,
    /// Calls of the last actions of this agent that it would have let through, newest first.
    pub would_match: Vec<Text>,
    /// How many calls it was compared with.
    pub compared: u32,
}

/// Grants, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Grants {
    /// The grants.
    pub items: Vec<Grant>,
}

/// A file of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Its path, or a name for it.
    #[schema(min_length = 1, max_length = 4096)]
    pub file: String,
    /// Its text.
    #[schema(max_length = 262_144)]
    pub text: String,
    /// For a repository's file: the directory of that repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub workspace: Option<String>,
}

/// Something wrong in a policy file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyProblem {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// All of it as text, with the line underlined.
    pub shown: String,
}

/// The policy in force.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyStatus {
    /// Its version.
    pub version: u32,
    /// Where the organization's file is read.
    pub path: String,
    /// Its files; none means the built-in policy.
    pub files: Vec<PolicyFile>,
    /// How many rules there are.
    pub rules: u64,
    /// Why the files as they are now are refused, if they are; the version above stays in force.
    pub problems: Vec<PolicyProblem>,
}

/// A draft of a policy.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckPolicy {
    /// Its files.
    #[schema(max_items = 50)]
    pub files: Vec<PolicyFile>,
}

/// What is wrong with a draft.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyChecked {
    /// Whether it can be used.
    pub ok: bool,
    /// How many rules there are.
    pub rules: u64,
    /// What is wrong with it.
    pub problems: Vec<PolicyProblem>,
}

/// Ask what policy says about a call, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainPolicy {
    /// The policy to ask; absent: the one in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub files: Option<Vec<PolicyFile>>,
    /// A stored action to ask about, `act_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub action: Option<String>,
    /// Or a call: its tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub tool: Option<String>,
    /// Its server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub server: Option<String>,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Box<RawValue>>,
    /// Its directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub cwd: Option<String>,
    /// The name of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub agent: Option<String>,
    /// What it costs, as `0.75 USD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60)]
    pub cost: Option<String>,
}

/// What policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It may run.
    Allow,
    /// A person decides.
    Ask,
    /// It does not run.
    Deny,
}

/// A rule that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleConsidered {
    /// Its id.
    pub rule: String,
    /// `allow`, `ask` or `deny`.
    pub effect: String,
    /// The file and line it stands at.
    pub place: String,
    /// `applies`, `does not apply`, `other tool`, `other place`, or why its condition gave no
    /// answer.
    pub found: String,
    /// Whether it applies, or gave no answer so that a person is asked.
    pub applies: bool,
    /// Its condition, when that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What the condition looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<Looked>,
}

/// What policy says about a call, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyExplained {
    /// What it says.
    pub ruling: Ruling,
    /// The rule that decided.
    pub rule: String,
    /// Its reason.
    pub reason: String,
    /// The file and line it stands at; absent for what is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Other rules that ask as well.
    pub also: Vec<String>,
    /// Whom it asks, in words.
    pub asks: Vec<String>,
    /// The level of the call.
    pub level: RiskLevel,
    /// What the call would do.
    pub sentence: Text,
    /// Every rule that was considered, in order.
    pub considered: Vec<RuleConsidered>,
}

/// A policy that was in force.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyVersion {
    /// Its version.
    pub version: u32,
    /// Since when.
    pub at: i64,
    /// Who put it in force.
    pub by: String,
    /// Its files.
    pub files: Vec<PolicyFile>,
}

/// Policies that were in force, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyVersions {
    /// The versions.
    pub items: Vec<PolicyVersion>,
}

/// Someone to hand a request to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// `user:NAME` or `group:NAME`.
    #[schema(min_length = 1, max_length = 120)]
    pub to: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}
