//! The life of an action: commands in, changes, events and effects out.
//!
//! [`decide`] is the only function that changes anything. It is pure and total: time, random
//! bytes, policy and people are arguments, and every command on every state has one answer.

mod claim;
mod clearance;
mod draft;
mod propose;
mod report;
mod timers;
mod vote;

use crate::action::{Action, Call, CancelReason, Payload, State, Words};
use crate::assessment::Assessment;
use crate::digest::Digest;
use crate::event::{Effect, Event};
use crate::fact::{Fact, PendingFact};
use crate::id::{PrincipalId, RequestId, WorkspaceId};
use crate::json::JsonError;
use crate::people::{NotEligible, People, Voter};
use crate::policy::Policy;
use crate::request::{Decision, Request};
use crate::run::Run;
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

pub use clearance::{Basis, ClaimIntent, Clearance, Execution};
use draft::Draft;
pub use timers::next_wake;

/// Everything one command looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The run.
    pub run: Run,
    /// The action and its payload; `None` before it is proposed.
    pub action: Option<(Action, Payload)>,
    /// The open or last request of the action.
    pub request: Option<Request>,
}

/// What does not come from the rows: time, chance, and who and what applies now.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Now.
    pub now: Timestamp,
    /// 32 random bytes, fresh for each command.
    pub random: [u8; 32],
    /// The policy in force.
    pub policy: &'a Policy,
    /// The directory as it is now.
    pub people: &'a People,
}

/// A call, assessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The call.
    pub call: Call,
    /// What it would do.
    pub assessment: Assessment,
    /// Claims that probes can check for this call.
    pub probes: Vec<PendingFact>,
}

/// Propose an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Propose {
    /// The agent.
    pub agent: PrincipalId,
    /// Its name, for the events.
    pub agent_name: String,
    /// The person behind it.
    pub owner: Option<PrincipalId>,
    /// The agent's own id of the call.
    pub call_id: Option<String>,
    /// The call.
    pub judged: Judged,
    /// The agent's words.
    pub words: Words,
    /// The agent's own expiry.
    pub expires_at: Option<Timestamp>,
    /// Claim at once when allowed.
    pub claim: Option<ClaimIntent>,
}

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// Who, with proof.
    pub voter: Voter,
    /// What.
    pub decision: Decision,
    /// The request they voted on.
    pub request: RequestId,
    /// The binding they saw.
    pub binding: Digest,
    /// The version they saw.
    pub version: u64,
    /// Why.
    pub reason: Untrusted,
    /// What they typed to confirm.
    pub confirm: Option<String>,
    /// For a change: the changed call, and the facts read for it just now.
    pub changed: Option<(Judged, Vec<Fact>)>,
    /// An executor that waits for this very decision, to be given the claim in the same step.
    pub waiting: Option<ClaimIntent>,
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeClaim {
    /// The agent.
    pub agent: PrincipalId,
    /// Nonce and lease.
    pub intent: ClaimIntent,
    /// Digest of the call about to run, when the executor presents it.
    pub presented: Option<Digest>,
    /// The facts as they are now; needed when the action is probed.
    pub facts: Option<Vec<Fact>>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// An agent proposes.
    Propose(Box<Propose>),
    /// Someone votes.
    Decide(Box<Cast>),
    /// Probes answered.
    FactsArrived {
        /// The request they are for.
        request: RequestId,
        /// What they say.
        facts: Vec<Fact>,
    },
    /// An executor claims.
    Claim(Box<TakeClaim>),
    /// The executor begins, or says that it is still at it.
    Started {
        /// The agent.
        agent: PrincipalId,
        /// Digest of its nonce.
        nonce: Digest,
    },
    /// The executor is done.
    Report {
        /// The agent.
        agent: PrincipalId,
        /// Digest of its nonce.
        nonce: Digest,
        /// Whether it worked.
        worked: bool,
        /// What the tool returned.
        output: Untrusted,
    },
    /// The agent takes it back.
    Cancel {
        /// The agent.
        agent: PrincipalId,
        /// Why.
        reason: Untrusted,
    },
    /// Time went by: deadlines, leases, expiries.
    TimePassed,
}

/// Rows to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The action.
    pub action: Action,
    /// Its payload, when that changed.
    pub payload: Option<Payload>,
    /// Requests that changed, oldest first.
    pub requests: Vec<Request>,
}

/// What follows from a command. `next` is `None` when nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Rows to write.
    pub next: Option<Changes>,
    /// What happened.
    pub events: Vec<Event>,
    /// Work to do.
    pub effects: Vec<Effect>,
    /// For the caller.
    pub answer: Answer,
}

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done,
    /// A vote was recorded, and whether it counts.
    Voted {
        /// `false` for a vote that came too late.
        counts: bool,
        /// The new request, when a changed call must be asked about.
        asked_again: Option<RequestId>,
    },
    /// Run exactly the effective call, now, once.
    Proceed {
        /// Report before then.
        lease_until: Timestamp,
    },
    /// Still with a person.
    Wait,
    /// What was approved no longer holds; a person is asked again.
    AskAgain {
        /// What changed.
        because: String,
    },
    /// It will not run.
    Replan {
        /// Why.
        because: String,
    },
}

/// Why a command changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing, or it is not the caller's.
    #[error("there is no such thing here")]
    NotFound,
    /// The vote is not on what is held now.
    #[error("the request changed since it was read; read it again")]
    Stale,
    /// It is decided.
    #[error("the request is already decided")]
    AlreadyDecided,
    /// This person may not.
    #[error(transparent)]
    NotEligible(#[from] NotEligible),
    /// The facts are not in yet.
    #[error("the facts are still being checked; denying does not wait for them")]
    FactsPending,
    /// The typed text does not match.
    #[error("what was typed does not match the request")]
    ConfirmMismatch,
    /// It cannot be shown in full, so it cannot be approved.
    #[error("the call cannot be shown in full, so it cannot be approved: {0}")]
    Uninspectable(String),
    /// A denial without a reason tells the agent nothing.
    #[error("a denial needs a reason; the agent receives it")]
    ReasonMissing,
    /// A change without changed arguments.
    #[error("a change needs the changed arguments")]
    ChangeMissing,
    /// Someone else holds the claim.
    #[error("another executor holds the claim")]
    ClaimedElsewhere,
    /// The call about to run is not the approved one.
    #[error("the call about to run is not the approved one; propose it instead")]
    CallMismatch,
    /// The facts must be read before this can be released.
    #[error("the facts must be read again before release")]
    FactsNeeded,
    /// Not possible in this state.
    #[error("not possible while the action is {0}")]
    WrongState(&'static str),
    /// Policy denies the changed call.
    #[error("policy denies the changed call: {0}")]
    NotAllowed(String),
    /// Too many votes on one request.
    #[error("too many votes on this request")]
    TooManyVotes,
    /// The arguments cannot be read in one way only.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// Decides what follows from a command. The only place where anything changes.
///
/// # Errors
/// Says why nothing changes.
pub fn decide(
    aggregate: &Aggregate,
    command: Command,
    context: &Context<'_>,
) -> Result<Transition, Refusal> {
    let propose = match command {
        Command::Propose(propose) => return propose::propose(aggregate, *propose, context),
        other => other,
    };
    let mut draft = Draft::of(aggregate, context).ok_or(Refusal::NotFound)?;
    timers::settle(&mut draft);
    let answer = match propose {
        Command::Propose(_) | Command::TimePassed => Answer::Done,
        Command::Decide(cast) => vote::cast(&mut draft, *cast)?,
        Command::FactsArrived { request, facts } => timers::facts(&mut draft, request, facts),
        Command::Claim(claim) => claim::claim(&mut draft, *claim)?,
        Command::Started { agent, nonce } => report::started(&mut draft, agent, nonce)?,
        Command::Report { agent, nonce, worked, output } => {
            let outcome = if worked { crate::Outcome::Succeeded } else { crate::Outcome::Failed };
            report::report(&mut draft, agent, nonce, (outcome, output))?
        }
        Command::Cancel { agent, reason } => cancel(&mut draft, agent, reason)?,
    };
    Ok(draft.finish(answer))
}

fn cancel(draft: &mut Draft<'_>, agent: PrincipalId, reason: Untrusted) -> Result<Answer, Refusal> {
    draft.must_belong_to(agent)?;
    match &draft.action.state {
        State::Pending { .. } | State::Approved(_) => {
            draft.give_reason("the agent", reason);
            draft.cancel(CancelReason::Withdrawn, "the agent");
            Ok(Answer::Done)
        }
        State::Cancelled { .. } => Ok(Answer::Done),
        other => Err(Refusal::WrongState(other.name())),
    }
}
