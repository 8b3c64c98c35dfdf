//! The life of an action: commands in, changes, events and effects out.
//!
//! [`decide`] is the only function that changes anything. It is pure and total: time, random
//! bytes, policy and people are arguments, and every command on every state has one answer.

mod answer;
mod book;
mod claim;
mod clearance;
mod command;
mod draft;
mod exceptions;
mod ladder;
mod propose;
mod report;
mod run;
mod timers;
mod vote;

use crate::action::{Action, CancelReason, Kind, Payload, State};
use crate::event::{Effect, Event};
use crate::grant::Grant;
use crate::id::{ActionId, GrantId, PrincipalId, RequestId, WorkspaceId};
use crate::json::JsonError;
use crate::people::{NotEligible, People};
use crate::policy::Policy;
use crate::request::Request;
use crate::run::{Paper, Run, Spending};
use crate::stop::Stops;
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

pub use clearance::{Basis, ClaimIntent, Clearance, Execution};
pub use command::{Cast, Command, Judged, Propose, Reported, TakeClaim};
use draft::Draft;
pub use ladder::may_fill;
pub use run::{AgentAsks, RunCommand, decide_run, next_run_wake};
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
    /// What the agent spent today.
    pub today: Today,
    /// Grants that may cover the action.
    pub grants: Vec<Grant>,
}

impl Aggregate {
    /// A run, without an action yet.
    #[must_use]
    pub fn of_run(workspace: WorkspaceId, run: Run) -> Self {
        let (today, grants) = (Today::default(), Vec::new());
        Self { workspace, run, action: None, request: None, today, grants }
    }
}

/// What an agent spent on one day, in all its runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Today {
    /// Days since 1970, UTC.
    pub day: i64,
    /// Grows with every change; 0 before the first.
    pub version: u64,
    /// The amounts, reserved ones included.
    pub spending: Spending,
}

/// A question of a run, with its request: new rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuestion {
    /// The question.
    pub action: Action,
    /// Its words.
    pub payload: Payload,
    /// The request.
    pub request: Request,
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
    /// What is stopped, and was.
    pub stops: &'a Stops,
}

/// Rows to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The action, when the command was about one.
    pub action: Option<Action>,
    /// Its payload, when that changed.
    pub payload: Option<Payload>,
    /// Requests that changed, oldest first.
    pub requests: Vec<Request>,
    /// The run, when that changed.
    pub run: Option<Run>,
    /// New questions of the run.
    pub questions: Vec<NewQuestion>,
    /// Papers of the run that changed.
    pub papers: Vec<Paper>,
    /// What was spent today, when that changed.
    pub today: Option<Today>,
    /// A grant that was used once more.
    pub redeemed: Option<GrantId>,
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
    /// It may run, and its run may begin nothing now.
    Held {
        /// Why.
        because: String,
    },
    /// A question of a run was put to people.
    Asked {
        /// The question.
        question: ActionId,
    },
    /// What has to be read on the agent's machine is not there: pins, or facts. Read, and claim
    /// again with it.
    Refresh,
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
    /// It is a question of a run, and the answer is none of those it has.
    #[error("this is answered with one of: {0}")]
    WrongAnswer(String),
    /// An answer that says nothing without a text.
    #[error("this answer needs a text; the agent receives it")]
    TextMissing,
    /// Nobody is named by it.
    #[error("{0} names nobody who could decide")]
    NamesNobody(String),
    /// Too many of something on one request or run.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// The run is over.
    #[error("the run is over")]
    RunOver,
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
    let answer = act(&mut draft, propose)?;
    Ok(draft.finish(answer))
}

fn act(draft: &mut Draft<'_>, command: Command) -> Result<Answer, Refusal> {
    Ok(match command {
        Command::Propose(_) | Command::TimePassed => Answer::Done,
        Command::Decide(cast) => match draft.action.kind {
            Kind::Action => vote::cast(draft, *cast)?,
            _ => answer::answer(draft, *cast)?,
        },
        Command::FactsArrived { request, facts } => timers::facts(draft, request, &facts),
        Command::Claim(claim) => claim::claim(draft, *claim)?,
        Command::Started { agent, nonce } => report::started(draft, agent, nonce)?,
        Command::Report { agent, nonce, said } => report::report(draft, agent, nonce, *said)?,
        Command::Cancel { agent, reason } => cancel(draft, agent, reason)?,
        Command::Look { voter, request } => vote::look(draft, &voter, request)?,
        Command::HandOver { voter, request, to, reason } => {
            vote::hand_over(draft, &voter, request, (to, reason))?
        }
        Command::Revoke { voter, reason } => vote::revoke(draft, voter, reason)?,
    })
}

fn cancel(draft: &mut Draft<'_>, agent: PrincipalId, reason: Untrusted) -> Result<Answer, Refusal> {
    draft.must_belong_to(agent)?;
    let id = draft.action.id;
    let question = draft.action.kind != Kind::Action;
    if question && draft.book.run.holds.iter().any(|hold| hold.question == id) {
        // What holds the run is not the agent's to take back.
        return Err(Refusal::WrongState("a question that holds the run"));
    }
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
