//! The rules of Holdshort: what may run, when, and by whose word.
//!
//! Nothing here does I/O, reads a clock or draws a random number: time and random bytes come in
//! as arguments. One function changes things, [`decide`]; everything a person sees is built by
//! [`notice::notice`].
//!
//! ```
//! use holdshort_core::{Place, Untrusted};
//! // Text from outside has no `Display`; it is rendered for a place, and hides nothing.
//! let shown = Untrusted::new("rm -rf /\u{202e}data").render(Place::Code);
//! assert_eq!(shown.to_plain(), "rm -rf /<U+202E>data");
//! ```

mod action;
mod amount;
mod assessment;
mod denial;
mod digest;
mod event;
mod fact;
mod grant;
mod id;
mod json;
mod lifecycle;
pub mod limits;
mod look;
pub mod notice;
mod people;
#[doc(hidden)]
pub mod planted;
mod policy;
mod request;
pub mod resume;
mod run;
mod stop;
mod time;
mod undo;
mod untrusted;

pub use action::{
    Action, Call, CancelReason, Denier, Kind, Outcome, Payload, Reason, State, Words,
};
pub use amount::{Amount, BadAmount};
pub use assessment::{
    Alternative, ArgumentSpan, Assessment, Count, Evidence, Money, Outside, Part, Phrase, Reach,
    RiskLevel, Source, Target, WayBack,
};
pub use digest::{BadDigest, CallParts, Digest};
pub use event::{EVENT_VERSION, Effect, Event, EventKind};
pub use fact::{Fact, Facts, PendingFact, Seal, Truth, first_change};
pub use grant::{Grant, scope_of};
pub use id::{
    ActionId, BadId, EventId, GrantId, PrincipalId, RequestId, RunId, StopId, WorkspaceId,
};
pub use json::{Json, JsonError};
pub use lifecycle::{
    AgentAsks, Aggregate, Answer, Basis, Cast, Changes, ClaimIntent, Clearance, Command, Context,
    Execution, Judged, NewQuestion, Propose, Refusal, Reported, RunCommand, TakeClaim, Today,
    Transition, decide, decide_run, may_fill, next_run_wake, next_wake,
};
pub use look::{Bind, Look, PushedRef, Reads, Removal};
pub use people::{Mode, NotEligible, People, Proof, Voter};
pub use policy::{
    Ask, Asks, At, BuiltIn, CheckIn, Checkpoint, Considered, Database, Exceptions, Found, Glob,
    Judge, Ladder, Looked, Need, Place as RulePlace, Policy, Probe, Problem, Ruling,
    Source as PolicySource, Step, Subject, Verdict, Why,
};
pub use request::{Decision, Looking, Reply, Request, RequestState, Vote};
pub use run::{Denied, Hold, Paper, PaperKind, Progress, Run, RunState, Spending, Wake};
pub use stop::{Belongs, Stop, StopScope, Stops};
pub use time::Timestamp;
pub use undo::{Compensation, Undoes};
pub use untrusted::{Piece, Place, Shown, Untrusted, stored};
