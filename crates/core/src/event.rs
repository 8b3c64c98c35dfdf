//! Events: what happened, without anything that must be erasable.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{ActionId, EventId, RequestId, RunId};
use crate::time::Timestamp;

/// Version of the shape of events written now. Older ones are lifted when they are read.
pub const EVENT_VERSION: u32 = 1;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// An agent proposed an action.
    #[serde(rename = "action.proposed")]
    Proposed,
    /// Policy let it through.
    #[serde(rename = "action.allowed")]
    Allowed,
    /// A person or policy denied it.
    #[serde(rename = "action.denied")]
    Denied,
    /// A person (or a machine that may) approved it.
    #[serde(rename = "action.approved")]
    Approved,
    /// A person changed it and approved the change.
    #[serde(rename = "action.modified")]
    Modified,
    /// An executor claimed it.
    #[serde(rename = "action.claimed")]
    Claimed,
    /// The executor began.
    #[serde(rename = "action.started")]
    Started,
    /// A claim was lost before it began; the action can be claimed again.
    #[serde(rename = "action.released")]
    Released,
    /// The executor reported.
    #[serde(rename = "action.reported")]
    Reported,
    /// The executor began and was never heard of again.
    #[serde(rename = "action.unknown")]
    Unknown,
    /// A report came after the outcome was put down as unknown.
    #[serde(rename = "action.reported_late")]
    ReportedLate,
    /// The agent took it back, or its own expiry passed.
    #[serde(rename = "action.cancelled")]
    Cancelled,
    /// People are asked.
    #[serde(rename = "request.opened")]
    Opened,
    /// Facts were read.
    #[serde(rename = "request.facts")]
    FactsRead,
    /// Its time passed and nobody is left to ask.
    #[serde(rename = "request.stalled")]
    Stalled,
    /// It was answered.
    #[serde(rename = "request.decided")]
    Decided,
    /// A newer request took its place.
    #[serde(rename = "request.superseded")]
    Superseded,
    /// It was taken back.
    #[serde(rename = "request.withdrawn")]
    Withdrawn,
    /// A vote came too late to count.
    #[serde(rename = "vote.void")]
    VoteVoid,
    /// Someone voted, and more are needed.
    #[serde(rename = "request.voted")]
    Voted,
    /// The next step of the ladder is asked.
    #[serde(rename = "request.escalated")]
    Escalated,
    /// Half of the time is over.
    #[serde(rename = "request.reminded")]
    Reminded,
    /// Time that stood still while it was stopped was given back.
    #[serde(rename = "time.given_back")]
    GivenBack,
    /// Someone is looking at it.
    #[serde(rename = "request.looking")]
    Looking,
    /// Someone handed it to somebody else.
    #[serde(rename = "request.handed_over")]
    HandedOver,
    /// A person answered a question of a run.
    #[serde(rename = "question.answered")]
    Answered,
    /// An approval that was not used yet was taken back.
    #[serde(rename = "action.revoked")]
    Revoked,
    /// A run was paused.
    #[serde(rename = "run.paused")]
    RunPaused,
    /// A run goes on.
    #[serde(rename = "run.resumed")]
    RunResumed,
    /// A run was stopped.
    #[serde(rename = "run.stopped")]
    RunStopped,
    /// A run was told to go on differently.
    #[serde(rename = "run.redirected")]
    RunRedirected,
    /// A run ended.
    #[serde(rename = "run.finished")]
    RunFinished,
    /// An agent keeps something with its run.
    #[serde(rename = "run.kept")]
    RunKept,
    /// A person said how the agent of a run is woken, or that it is not.
    #[serde(rename = "run.wake_set")]
    WakeSet,
    /// The agent of a run was woken.
    #[serde(rename = "run.woken")]
    Woken,
    /// The agent of a run could not be woken.
    #[serde(rename = "run.wake_failed")]
    WakeFailed,
    /// An agent came back to its run.
    #[serde(rename = "run.went_on")]
    RunWentOn,
    /// What was denied in a run may be asked again.
    #[serde(rename = "run.denial_lifted")]
    DenialLifted,
    /// Cost of a model was counted.
    #[serde(rename = "run.usage")]
    Usage,
    /// Everything in a scope was stopped.
    #[serde(rename = "stop.made")]
    StopMade,
    /// A stop was lifted.
    #[serde(rename = "stop.lifted")]
    StopLifted,
    /// A standing permission was made.
    #[serde(rename = "grant.made")]
    GrantMade,
    /// A standing permission was taken back.
    #[serde(rename = "grant.revoked")]
    GrantRevoked,
    /// Another policy is in force.
    #[serde(rename = "policy.changed")]
    PolicyChanged,
    /// A changed policy file was refused; the last good one stays.
    #[serde(rename = "policy.refused")]
    PolicyRefused,
    /// People, groups, tokens, keys or settings changed.
    #[serde(rename = "directory.changed")]
    DirectoryChanged,
    /// Arguments, words, reasons and outputs of an action were erased.
    #[serde(rename = "payload.erased")]
    PayloadErased,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Id.
    pub id: EventId,
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// The action it is about.
    pub action: Option<ActionId>,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// The run it is about.
    pub run: Option<RunId>,
    /// Who caused it, in words.
    pub by: String,
    /// Codes and digests.
    pub detail: Value,
}

/// Work that follows from a change and must not be lost: written with it, done at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// Read the facts of a request.
    CollectFacts {
        /// The action.
        action: ActionId,
        /// The request.
        request: RequestId,
    },
    /// Wake the agent of a run: something it waits for was decided.
    WakeAgent {
        /// The run.
        run: RunId,
    },
}
