//! Requests: what a person sees, and how they answer.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::action::{ActionState, RiskLevel};
use crate::question::{Kind, Reply};
use crate::text::Text;
use crate::vote::VoteSeen;
use crate::why::Why;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Waiting for a person.
    Open,
    /// Its time has passed and nobody else is left to ask. It can still be answered.
    Stalled,
    /// Answered.
    Decided,
    /// Replaced by a newer request for the same action.
    Superseded,
    /// Taken back by the agent, or past the agent's own expiry.
    Withdrawn,
}

/// What a person can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Let exactly this run, once.
    Approve,
    /// Let it run with changed arguments.
    Modify,
    /// Do not let it run.
    Deny,
    /// Answer a question of a run: see `reply`.
    Answer,
}

/// One line of the queue.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QueueItem {
    /// Id, `req_…`.
    pub id: String,
    /// Label, `HS-…`.
    pub label: String,
    /// Grows with every change.
    pub version: u64,
    /// Where it stands.
    pub state: RequestState,
    /// Risk.
    pub risk: RiskLevel,
    /// What it is about.
    #[serde(default)]
    pub kind: Kind,
    /// What will happen.
    pub sentence: Text,
    /// Who asks.
    pub agent: Text,
    /// When it was asked.
    pub asked_at: i64,
    /// When the next person is asked (or it stalls). Never a time at which it is approved.
    pub due_at: i64,
    /// How it was decided, in words ("Denied by Dana"), once decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// A page of the queue: open ones riskiest first then least time left; decided ones newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QueuePage {
    /// The lines.
    pub items: Vec<QueueItem>,
    /// Open requests in all, on every page.
    pub open: u64,
    /// Send as `cursor` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Server time of this answer.
    pub now_at: i64,
}

/// Everything a person needs to judge one request, in the order to show it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Id, `req_…`.
    pub id: String,
    /// Label, `HS-…`.
    pub label: String,
    /// Quote it in the vote: a vote on another version is refused.
    pub version: u64,
    /// Quote it in the vote: it binds the vote to exactly this call and request.
    pub binding: String,
    /// The action, `act_…`.
    pub action: String,
    /// Where the action stands.
    pub action_state: ActionState,
    /// The run, `run_…`.
    pub run: String,
    /// Where the request stands.
    pub state: RequestState,
    /// Risk.
    pub risk: RiskLevel,
    /// What it is about.
    #[serde(default)]
    pub kind: Kind,
    /// Answers it takes, for a question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<Reply>,
    /// Who was asked so far.
    #[serde(default)]
    pub asked: Vec<String>,
    /// Who must agree, in words.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Who says that they are looking at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looking: Option<String>,
    /// Why its run begins nothing now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Two tags such as "Cannot be undone" and "Affects the organization".
    pub tags: Vec<String>,
    /// What will happen.
    pub sentence: Text,
    /// Why it is asked again, when it was asked before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Text>,
    /// Who asks, for whom, on which task, when.
    pub who: Who,
    /// How the call and the task differ, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<Text>,
    /// What happens when approved, worst first, at most three.
    pub if_approved: Vec<Text>,
    /// What happens when denied, at most three.
    pub if_denied: Vec<Text>,
    /// Safer ways, as ready edits.
    pub safer: Vec<Alternative>,
    /// What has to be true, checked by Holdshort itself.
    pub facts: Vec<Fact>,
    /// Exactly what will run.
    pub exact: Exact,
    /// The agent's own words. Show them last, marked unchecked.
    pub agent_words: AgentWords,
    /// Remarks on the text, such as "3 invisible characters made visible".
    pub notes: Vec<String>,
    /// The four axes of the risk.
    pub axes: Axes,
    /// Why this was asked.
    pub why: Why,
    /// What must be typed to approve, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// When the next person is asked, or it stalls.
    pub due_at: i64,
    /// The agent's own expiry, if it set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// What happens at `due_at`, in words.
    pub at_deadline: String,
    /// Votes so far.
    pub votes: Vec<VoteSeen>,
    /// How it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// What the reader of this card may do.
    pub can: Can,
    /// The held arguments, raw, for an editor. Show them only as values of form fields.
    #[schema(value_type = Object)]
    pub arguments: Box<RawValue>,
    /// JSON schema of the arguments, if the tool gave one, for building a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<Box<RawValue>>,
    /// Server time of this answer.
    pub now_at: i64,
}

/// Who asks, for whom, on which task.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Who {
    /// The agent.
    pub agent: Text,
    /// The person it works for, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Text>,
    /// The task, as the agent states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Text>,
    /// When it asked.
    pub asked_at: i64,
}

/// A safer way to do it, ready to be put into the editor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Alternative {
    /// What it does, short.
    pub title: Text,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Text>,
    /// The level it becomes.
    pub becomes: RiskLevel,
    /// The whole changed arguments.
    #[schema(value_type = Object)]
    pub arguments: Box<RawValue>,
}

/// Whether a fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It could not be read.
    NotKnown,
    /// It is being read.
    Checking,
}

/// Something that has to be true, read by Holdshort rather than by the agent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// The claim, for example "No instance is a standby".
    pub claim: Text,
    /// Whether it holds.
    pub status: FactStatus,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Text>,
    /// Where it was read.
    pub source: Text,
    /// When it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<i64>,
}

/// Exactly what will run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Exact {
    /// The tool.
    pub tool: Text,
    /// Its server, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Text>,
    /// Directory it runs in, if the agent named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<Text>,
    /// For a command: one simple command a line, in order.
    pub command: Vec<Text>,
    /// Every argument, sorted by name.
    pub arguments: Vec<ExactArgument>,
    /// Set when the call cannot be shown in full; approving is off then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uninspectable: Option<String>,
}

/// One argument.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExactArgument {
    /// Its path, for example `env.PATH`.
    pub name: Text,
    /// Its value, in full. Show the first and last 1,500 characters of a long one and expand the
    /// rest on demand.
    pub value: Text,
    /// For a list of plain values: the elements, in order (then `value` is empty).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Text>,
    /// Characters of the value in all.
    pub chars: u64,
    /// `true` when the value was masked as a secret.
    pub secret: bool,
}

/// The agent's own words: not checked, written by a program that can be misled.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AgentWords {
    /// Why it wants this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// What it says it does when denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_denied: Option<Text>,
    /// Other ways it considered.
    pub alternatives: Vec<Text>,
    /// What the tool's server claims about the tool, unverified ("read-only claimed by the
    /// server, not verified").
    pub claims: Vec<Text>,
}

/// The four axes of the risk.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Axes {
    /// Can it be undone.
    pub way_back: Axis,
    /// How far it reaches.
    pub reach: Axis,
    /// Whether it is felt outside.
    pub outside_effect: Axis,
    /// Money.
    pub money: Axis,
}

/// One axis: a word, and 0 to 3 of three segments filled; more is worse.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Axis {
    /// The word.
    pub word: String,
    /// 0 to 3, or absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 3)]
    pub filled: Option<u8>,
}

/// A fact from the page that must be typed to approve a dangerous request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Confirm {
    /// For example "To approve, type how many instance ids".
    pub prompt: Text,
    /// The expected text; it stands on the page. Case, blanks and separators do not matter.
    pub expected: String,
    /// `true` when digits are expected.
    pub numeric: bool,
}

/// How a request ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    /// In words: "Denied by Dana", "Expired; a later approval is void".
    pub sentence: String,
    /// The decision, if a decision ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// When.
    pub at: i64,
    /// What came of it: "Not run yet", "Ran at …", "Failed; the approval is used".
    pub result: String,
}

/// What the reader of a card may do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Can {
    /// Approve or modify.
    pub approve: bool,
    /// Deny.
    pub deny: bool,
    /// Why not, if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}
