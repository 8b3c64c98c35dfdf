//! The process of Holdshort: engine, HTTP API, people and their keys, probes, the web inbox.
//!
//! Everything that happens becomes a command, goes through `holdshort_core::decide`, is committed,
//! and only then told to anyone. There is no second path.

pub mod audit;
mod auth;
mod clock;
mod config;
mod engine;
mod explain;
mod limits;
mod parse;
mod policy;
mod probes;
mod problem;
mod routes;
mod server;
mod setup;
#[cfg(feature = "sim")]
#[doc(hidden)]
pub mod sim;
mod state;
mod wake;
mod wire;
mod worker;

pub use auth::{Secret, signed_text};
pub use clock::{Clock, RandomFailed, random};
pub use config::{BadConfig, Config};
pub use explain::explain_files;
pub use policy::{FILE as POLICY_FILE, PolicyProblems, check_policy};
pub use problem::{Failure, status};
pub use routes::openapi;
pub use server::{Server, ServerError};
pub use setup::{Purpose, Setup, SetupError};
