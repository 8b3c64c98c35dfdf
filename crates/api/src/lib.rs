//! The contract of Holdshort: what travels over HTTP, and the stable code of every problem.
//!
//! Nothing but wire types lives here. The server turns them into domain types in one place, and
//! every client (the binary, the web inbox, the SDKs) speaks in them.
//!
//! Times are integers: UTC, microseconds since 1970-01-01, in fields that end in `_at`.
//! Ids are prefixed strings: `act_…`, `run_…`, `req_…`.

mod action;
mod admin;
mod control;
mod feed;
mod look;
mod problem;
mod question;
mod request;
mod resume;
mod run;
mod text;
mod undo;
mod vote;
mod why;

pub use action::{
    ActionState, ActionStatus, Cancel, Claim, ClaimAnswer, ClaimOptions, ClaimReply, Instructions,
    Nonce, Propose, Proposed, Report, ReportedOutcome, RiskLevel, RiskSummary,
};
pub use admin::{
    CreateGroup, CreateToken, CreatedToken, Enrolment, Group, Hello, HelloReply, InvitePerson, Me,
    Member, Mode, Person, PersonInvited, Principal, Redeem, Redeemed, SetSettings, Settings,
    Surface, TerminalKey, Token,
};
pub use control::{
    CheckPolicy, ExplainPolicy, Grant, GrantScope, Grants, HandOver, LiftStop, MakeGrant, MakeStop,
    PolicyChecked, PolicyExplained, PolicyFile, PolicyProblem, PolicyStatus, PolicyVersion,
    PolicyVersions, RuleConsidered, Ruling, StillRuns, Stop, StopScope, Stopped, Stops,
};
pub use feed::{Event, EventPage};
pub use look::{BringFacts, Look, LookAnswer};
pub use problem::{Code, Problem};
pub use question::{Kind, Reply};
pub use request::{
    AgentWords, Alternative, Axes, Axis, Can, Card, Confirm, Decided, Decision, Exact,
    ExactArgument, Fact, FactStatus, QueueItem, QueuePage, RequestState, Who,
};
pub use resume::{
    ChangedThing, ChangedWhat, GoOn, KeepPlan, KeepState, Kept, PlanStep, Resume, ResumeStep,
    State, StepDecided, StepState,
};
pub use run::{
    AgentAsks, AskPeople, Because, Redirect, Run, RunAction, RunPage, RunState, SetWake, StartRun,
    Usage, Wake, WakeSet,
};
pub use text::{Piece, Text};
pub use undo::{TakeBack, Undo, UndoPage, Undoable};
pub use vote::{Vote, VoteReply, VoteSeen};
pub use why::{Evidence, Looked, Why};
