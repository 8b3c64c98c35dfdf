//! Actions: a call an agent proposed, and where it stands.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::assessment::{Assessment, Phrase, RiskLevel};
use crate::digest::{CallParts, Digest};
use crate::fact::PendingFact;
use crate::id::{ActionId, PrincipalId, RequestId, RunId, WorkspaceId};
use crate::json::{Json, JsonError};
use crate::lifecycle::{Clearance, Execution};
use crate::people::Voter;
use crate::policy::{Verdict, Why};
use crate::request::Reply;
use crate::time::Timestamp;
use crate::undo::{Compensation, Undoes};
use crate::untrusted::Untrusted;

/// A proposed call and everything claimed about it. Nothing in it is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Name of the tool.
    #[serde(with = "crate::untrusted::stored")]
    pub tool: Untrusted,
    /// Server or namespace of the tool; empty when there is none.
    #[serde(with = "crate::untrusted::stored")]
    pub server: Untrusted,
    /// The arguments, as the bytes that came and will be forwarded.
    #[serde(with = "crate::untrusted::stored")]
    pub arguments: Untrusted,
    /// Directory it runs in; empty when not named.
    #[serde(with = "crate::untrusted::stored")]
    pub cwd: Untrusted,
    /// Names of environment variables it sets, as a JSON list.
    #[serde(with = "crate::untrusted::stored")]
    pub env_names: Untrusted,
    /// The tool's definition (description, schema, annotations), canonical; empty when not given.
    #[serde(with = "crate::untrusted::stored")]
    pub definition: Untrusted,
    /// Hashes and versions named by the adapter, canonical; empty when not given.
    #[serde(with = "crate::untrusted::stored")]
    pub pins: Untrusted,
}

impl Call {
    /// What a person approves and an executor must present.
    ///
    /// # Errors
    /// When the arguments are not unambiguous JSON.
    pub fn digest(&self, workspace: WorkspaceId) -> Result<Digest, JsonError> {
        let arguments = Json::parse(self.arguments.raw().as_bytes())?.canonical();
        Ok(Digest::of_call(
            workspace,
            &CallParts {
                server: self.server.raw(),
                tool: self.tool.raw(),
                arguments: &arguments,
                cwd: self.cwd.raw(),
                env_names: self.env_names.raw(),
                definition: self.definition.raw(),
                pins: self.pins.raw(),
            },
        ))
    }

    /// The same call with other arguments.
    #[must_use]
    pub fn with_arguments(&self, arguments: Untrusted) -> Self {
        Self { arguments, ..self.clone() }
    }
}

/// The agent's own words about a call. Shown last, marked unchecked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Why it wants this.
    #[serde(with = "crate::untrusted::stored")]
    pub reason: Untrusted,
    /// The task it was given.
    #[serde(with = "crate::untrusted::stored")]
    pub goal: Untrusted,
    /// What it says it does when denied.
    #[serde(with = "crate::untrusted::stored")]
    pub if_denied: Untrusted,
    /// Other ways it considered, as a JSON list.
    #[serde(with = "crate::untrusted::stored")]
    pub alternatives: Untrusted,
    /// Phase of the run.
    #[serde(with = "crate::untrusted::stored")]
    pub phase: Untrusted,
    /// Its confidence as written; empty when it gave none.
    #[serde(with = "crate::untrusted::stored")]
    pub confidence: Untrusted,
}

/// What a request is about. All but the first are questions of a run: nothing executes by them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl Kind {
    /// The name in events and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Action => "action",
            Kind::Checkpoint => "checkpoint",
            Kind::CheckIn => "check_in",
            Kind::Exception => "exception",
            Kind::UnknownOutcome => "unknown_outcome",
            Kind::Question => "question",
            Kind::Blocked => "blocked",
        }
    }

    /// The answers a person can give.
    #[must_use]
    pub fn replies(self) -> &'static [Reply] {
        match self {
            Kind::Action => &[],
            Kind::Checkpoint | Kind::CheckIn | Kind::Exception => {
                &[Reply::Continue, Reply::Redirect, Reply::Pause, Reply::Stop]
            }
            Kind::UnknownOutcome => &[Reply::Happened, Reply::DidNotHappen, Reply::Stop],
            Kind::Question => &[Reply::Text, Reply::Stop],
            Kind::Blocked => &[Reply::Redirect, Reply::Reconsider, Reply::Pause, Reply::Stop],
        }
    }
}

/// Why an action was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The agent took it back.
    Withdrawn,
    /// The agent's own expiry passed.
    Expired,
    /// It was approved and never claimed, again and again.
    NeverClaimed,
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It worked.
    Succeeded,
    /// It failed.
    Failed,
    /// It began and was never reported. It is not run again.
    Unknown,
}

/// Who denied an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denier {
    /// A rule, by id.
    Policy(String),
    /// Someone, with proof.
    Voter(Voter),
}

/// Where an action stands. Only a [`Clearance`] opens `Executing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A person is asked.
    Pending {
        /// The open request.
        request: RequestId,
    },
    /// May be claimed, once.
    Approved(Clearance),
    /// Claimed.
    Executing(Execution),
    /// Over.
    Completed {
        /// How it ended.
        outcome: Outcome,
        /// The execution that ended.
        execution: Execution,
    },
    /// Will not run.
    Denied {
        /// Who said so.
        by: Denier,
    },
    /// A question of a run, answered.
    Answered {
        /// What.
        reply: Reply,
        /// By whom.
        by: Voter,
    },
    /// Will not run, though nobody denied it.
    Cancelled {
        /// Why.
        reason: CancelReason,
    },
}

impl State {
    /// Whether nothing can change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            State::Pending { .. } | State::Approved(_) | State::Executing(_) => false,
            State::Completed { .. }
            | State::Denied { .. }
            | State::Answered { .. }
            | State::Cancelled { .. } => true,
        }
    }

    /// The name in events, columns and problems.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            State::Pending { .. } => "pending",
            State::Approved(_) => "approved",
            State::Executing(execution) => {
                if execution.started() {
                    "started"
                } else {
                    "claimed"
                }
            }
            State::Completed { outcome: Outcome::Succeeded, .. } => "succeeded",
            State::Completed { outcome: Outcome::Failed, .. } => "failed",
            State::Completed { outcome: Outcome::Unknown, .. } => "unknown",
            State::Denied { .. } => "denied",
            State::Answered { .. } => "answered",
            State::Cancelled { .. } => "cancelled",
        }
    }
}

/// An action: the row, without what can be erased (see [`Payload`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Id.
    pub id: ActionId,
    /// Its run.
    pub run: RunId,
    /// What it is: an action, or a question of the run.
    #[serde(default)]
    pub kind: Kind,
    /// The agent that proposed it.
    pub agent: PrincipalId,
    /// The agent's name then.
    #[serde(default)]
    pub agent_name: String,
    /// The person the agent belongs to.
    pub owner: Option<PrincipalId>,
    /// The agent's own id of the call.
    pub call_id: Option<String>,
    /// Digest of the call as proposed; retries are recognised by it.
    pub proposed: Digest,
    /// Digest of the call as it may run: another one after a change by a person.
    pub effective: Digest,
    /// Level of the effective call.
    pub level: RiskLevel,
    /// The verdict on the effective call.
    pub verdict: Verdict,
    /// Whether probes read facts for this call.
    pub probed: bool,
    /// Where it stands.
    pub state: State,
    /// The open or last request.
    pub request: Option<RequestId>,
    /// Requests made for it so far.
    pub asked: u32,
    /// The agent's own expiry.
    pub expires_at: Option<Timestamp>,
    /// What the agent says it costs.
    #[serde(default)]
    pub cost: Option<Amount>,
    /// What of that is counted as spent.
    #[serde(default)]
    pub reserved: Option<Amount>,
    /// The action it takes back, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undoes>,
    /// Until when it can be taken back, if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_until: Option<Timestamp>,
    /// Grows with every change.
    pub version: u64,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What belongs to an action and can be erased: arguments, words, reasons, output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The call as proposed.
    pub call: Call,
    /// The arguments a person changed it to.
    #[serde(with = "crate::untrusted::stored", default)]
    pub changed: Untrusted,
    /// The pins as an executor found them last, when they are not those that were proposed.
    #[serde(with = "crate::untrusted::stored", default)]
    pub pins_now: Untrusted,
    /// The agent's words.
    pub words: Words,
    /// Claims that probes check for the effective call.
    #[serde(default)]
    pub probes: Vec<PendingFact>,
    /// Why a person is asked again; empty when this is the first time.
    #[serde(default)]
    pub again: Phrase,
    /// The assessment of the effective call.
    pub assessment: Assessment,
    /// Reasons given with votes and cancellations, oldest first.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// What the tool returned.
    #[serde(with = "crate::untrusted::stored", default)]
    pub output: Untrusted,
    /// Why the rule applied, as it was when it did.
    #[serde(default)]
    pub why: Option<Why>,
    /// The call that would take it back, if its executor registered one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Compensation>,
}

/// A reason, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Who.
    pub by: String,
    /// What they wrote.
    #[serde(with = "crate::untrusted::stored")]
    pub text: Untrusted,
}

impl Payload {
    /// The arguments that may run.
    #[must_use]
    pub fn effective_arguments(&self) -> &Untrusted {
        if self.changed == Untrusted::default() { &self.call.arguments } else { &self.changed }
    }

    /// The call that may run.
    #[must_use]
    pub fn effective_call(&self) -> Call {
        let mut call = self.call.with_arguments(self.effective_arguments().clone());
        if self.pins_now != Untrusted::default() {
            call.pins = self.pins_now.clone();
        }
        call
    }
}
