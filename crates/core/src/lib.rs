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
mod assessment;
mod digest;
mod event;
mod fact;
mod id;
mod json;
mod lifecycle;
pub mod limits;
pub mod notice;
mod people;
mod policy;
mod request;
mod run;
mod time;
mod untrusted;

pub use action::{Action, Call, CancelReason, Denier, Outcome, Payload, Reason, State, Words};
pub use assessment::{
    Alternative, ArgumentSpan, Assessment, Count, Evidence, Money, Outside, Part, Phrase, Reach,
    RiskLevel, Source, Target, WayBack,
};
pub use digest::{BadDigest, CallParts, Digest};
pub use event::{EVENT_VERSION, Effect, Event, EventKind};
pub use fact::{Fact, Facts, PendingFact, Seal, Truth, first_change};
pub use id::{ActionId, BadId, EventId, PrincipalId, RequestId, RunId, WorkspaceId};
pub use json::{Json, JsonError};
pub use lifecycle::{
    Aggregate, Answer, Basis, Cast, Changes, ClaimIntent, Clearance, Command, Context, Execution,
    Judged, Propose, Refusal, TakeClaim, Transition, decide, next_wake,
};
pub use people::{Mode, NotEligible, People, Proof, Voter};
pub use policy::{Policy, Ruling, Verdict};
pub use request::{Decision, Request, RequestState, Vote};
pub use run::{Run, RunState};
pub use time::Timestamp;
pub use untrusted::{Piece, Place, Shown, Untrusted, stored};
