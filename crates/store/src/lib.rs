//! The memory of Holdshort.
//!
//! One trait, [`Store`], which every backend implements and one story tests. A transition's row,
//! events and effects are written in one transaction, guarded by the version that was read, and
//! are on stable storage before the caller hears of it.

mod directory;
mod error;
mod log;
mod migrate;
mod record;
mod sqlite;
mod store;

pub use directory::{
    Cause, Change, Enrolment, Group, Key, PolicyVersion, Principal, PrincipalKind, Token,
};
pub use error::StoreError;
pub use log::{LogRow, SealRow};
#[cfg(feature = "sim")]
pub use sqlite::{Fault, Faults, Turn};
pub use sqlite::{Sqlite, Tuning};
pub use store::{
    ActionRow, Commit, Committed, OutboxItem, ProofUse, QueueCursor, QueueRow, RunRow, StepRow,
    Store, StoredEvent,
};

/// The backend in use.
pub type Db = Sqlite;
