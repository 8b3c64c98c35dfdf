//! The four verbs of an agent: propose, wait, claim, report.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::look::{Look, LookAnswer};
use crate::question::{Kind, Reply};
use crate::undo::Undo;

/// A proposed action. All of it is a claim: nothing here can lower the risk.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Propose {
    /// Name of the tool as its server gives it, for example `terminate_instances`.
    #[schema(min_length = 1, max_length = 256)]
    pub tool: String,
    /// Server or namespace the tool belongs to, for example the name of an MCP server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub server: Option<String>,
    /// The arguments exactly as they will be run. At most 256 KiB, nested at most 24 deep.
    #[schema(value_type = Object)]
    pub arguments: Box<RawValue>,
    /// Name of the run this step belongs to; made on first use. Default: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub run: Option<String>,
    /// The agent's own id of this call. The same id in the same run is the same action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub call_id: Option<String>,
    /// Why the agent wants this, in its own words. Shown last and marked unchecked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 8000)]
    pub reason: Option<String>,
    /// The task the agent was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub goal: Option<String>,
    /// Other ways the agent considered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub alternatives: Vec<String>,
    /// What the agent says it does when it is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub consequence_if_denied: Option<String>,
    /// The agent's confidence, 0 to 1. Absent means it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub confidence: Option<f64>,
    /// Phase of the run, for example `planning`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub phase: Option<String>,
    /// Directory the call runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub cwd: Option<String>,
    /// Names (never values) of environment variables the call sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub env_names: Vec<String>,
    /// The tool's description, as its server gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 16000)]
    pub description: Option<String>,
    /// JSON schema of the arguments; changed arguments are checked against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<Box<RawValue>>,
    /// Hints of the tool's server, such as `readOnlyHint`. They may raise the risk, never lower it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub annotations: Option<Box<RawValue>>,
    /// Risk the agent itself declares. It may raise the risk, never lower it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_risk: Option<RiskLevel>,
    /// Hashes or versions of what the call works on, by name; part of what is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub pins: Option<Box<RawValue>>,
    /// After this time the action is cancelled and a late approval is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// Claim in the same round trip when the action is allowed without a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimOptions>,
    /// What it costs, as `0.75 USD`: counted against budgets when it is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60)]
    pub cost: Option<String>,
}

/// How to claim: the claimer's own nonce makes it single use and safe to repeat.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimOptions {
    /// A random text of the claimer's own, 16 to 64 characters.
    #[schema(min_length = 16, max_length = 64)]
    pub nonce: String,
    /// Mark the action as started in the same step.
    #[serde(default)]
    pub start: bool,
    /// Seconds until an unreported claim counts as lost. Default 60, at most 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3600)]
    pub lease_s: Option<u32>,
}

/// Body of a claim.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// A random text of the claimer's own, 16 to 64 characters.
    #[schema(min_length = 16, max_length = 64)]
    pub nonce: String,
    /// Mark the action as started in the same step.
    #[serde(default)]
    pub start: bool,
    /// Seconds until an unreported claim counts as lost. Default 60, at most 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3600)]
    pub lease_s: Option<u32>,
    /// The call the executor is about to make. When given, it must be the approved call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Box<RawValue>>,
    /// The pins as they are now; needed when the call is pinned. Others than the approved ones
    /// make it another call, which is asked about again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub pins: Option<Box<RawValue>>,
    /// What was read just now on this machine, for the looks that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub facts: Vec<LookAnswer>,
}

/// Body that proves who holds the claim.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nonce {
    /// The nonce the action was claimed with.
    #[schema(min_length = 16, max_length = 64)]
    pub nonce: String,
}

/// What came of the execution.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The nonce the action was claimed with.
    #[schema(min_length = 16, max_length = 64)]
    pub nonce: String,
    /// Whether it worked.
    pub outcome: ReportedOutcome,
    /// What the tool returned, or the error. Kept with the action; at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 65536)]
    pub output: Option<String>,
    /// What it did cost, as `0.75 USD`; what was declared when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60)]
    pub cost: Option<String>,
    /// The call that would take it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
}

/// Body of a cancellation.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Why the agent no longer wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// What an executor may report. "Unknown" is not among them: that is for the gate to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportedOutcome {
    /// The tool did what it was asked.
    Succeeded,
    /// The tool failed.
    Failed,
}

/// How risky an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Runs, and is written down.
    Safe,
    /// Runs, is written down, and can be undone.
    Risky,
    /// Waits for a person.
    Dangerous,
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// A person is asked.
    Pending,
    /// May be claimed, once.
    Approved,
    /// Claimed; the executor has not said that it began.
    Claimed,
    /// Claimed and begun.
    Started,
    /// Reported as done.
    Succeeded,
    /// Reported as failed.
    Failed,
    /// Begun and never reported. It is not run again.
    Unknown,
    /// Denied by a person or by policy.
    Denied,
    /// Withdrawn, or past its own expiry.
    Cancelled,
    /// A question of the run, answered.
    Answered,
}

/// The risk of an action in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RiskSummary {
    /// The level.
    pub level: RiskLevel,
    /// What will happen, in one sentence built from the decoded call.
    pub sentence: String,
    /// The rule that decided.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
}

/// What a person told a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Instructions {
    /// What.
    pub text: String,
    /// Who.
    pub by: String,
    /// When: UTC, microseconds.
    pub at: i64,
}

/// An action as the agent sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ActionStatus {
    /// Id, `act_…`.
    pub id: String,
    /// Id of its run, `run_…`.
    pub run: String,
    /// Grows with every change; send it as `after` to wait for the next one.
    pub version: u64,
    /// Where it stands.
    pub state: ActionState,
    /// Name of the tool.
    pub tool: String,
    /// Risk and the reason for it.
    pub risk: RiskSummary,
    /// The open or last request for it, `req_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Label of that request, `HS-…`. Not a credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `true` when the last person to be asked let the time pass. It stays pending.
    pub stalled: bool,
    /// Who decided, in words, once decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// Whether a person (rather than policy or a machine) decided.
    pub decided_by_person: bool,
    /// The reason given with a denial or a change, or for a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What may run: the approved arguments, which differ from the proposed ones after a change.
    /// Present from approval on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub effective_arguments: Option<Box<RawValue>>,
    /// Whether the effective arguments differ from the proposed ones.
    pub modified: bool,
    /// What it is: an action, or a question of its run.
    #[serde(default)]
    pub kind: Kind,
    /// What its tool returned, as it was reported: in the answer to `GET` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The action it takes back, `act_…`, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// Until when it can be taken back, if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_until_at: Option<i64>,
    /// For a question: the answer; its text is `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Reply>,
    /// What its request wants read on the agent's machine; the answers go to `…/facts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<Look>,
    /// Why nothing of its run may begin now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// What a person last told this run to do differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Instructions>,
    /// Holder of the claim may go on: present only in the answer to the one who claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until_at: Option<i64>,
    /// When it was proposed.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// Server time of this answer.
    pub now_at: i64,
}

/// Answer to a proposal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Proposed {
    /// The action.
    pub action: ActionStatus,
    /// `true` when this proposal is one the gate already knew.
    pub reattached: bool,
    /// Present when the proposal asked to claim and was allowed at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimReply>,
}

/// What a claimer does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimAnswer {
    /// Run exactly `arguments`, now, once, and report before `lease_until_at`.
    Proceed,
    /// Still with a person, or its run may begin nothing now. Nothing may run.
    Wait,
    /// Read what `looks` names, and the pins when `pins_needed`, and claim again with both.
    Refresh,
    /// What was approved no longer holds (time, facts, policy); a person is asked again.
    AskAgain,
    /// It will not run: plan again without it.
    Replan,
}

/// What a claimer is told.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClaimReply {
    /// What to do now.
    pub answer: ClaimAnswer,
    /// Why, for `ask_again` and `replan`, and for `wait` when the run is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The arguments to run, for `proceed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Box<RawValue>>,
    /// Report before this time or the claim is lost, for `proceed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until_at: Option<i64>,
    /// For `refresh`: what to read on this machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<Look>,
    /// For `refresh`: whether the pins have to be presented.
    #[serde(default)]
    pub pins_needed: bool,
    /// The action as it stands.
    pub action: ActionStatus,
}
