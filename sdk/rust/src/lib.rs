//! The Rust client of Holdshort: propose, wait, claim, report.
//!
//! [`Gate::run`] does all four around a function of yours: it proposes the action, waits for a
//! person where one is needed, claims it exactly once, runs your function with the arguments that
//! were approved, and reports what came of it. A denial, a change or a silence is a typed result.
//!
//! ```no_run
//! use holdshort_sdk::{Action, Client, Gate};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("http://127.0.0.1:8787", "hst_…")?;
//! let gate = Gate::new(client, "nightly cleanup");
//! let action = Action::new("delete_file", &serde_json::json!({"path": "/tmp/report.txt"}))?
//!     .reason("it is older than 30 days");
//! let removed = gate
//!     .run(action, |approved| async move {
//!         let path = approved.text("path").unwrap_or_default();
//!         std::fs::remove_file(&path).map(|()| path)
//!     })
//!     .await;
//! match removed {
//!     Ok(path) => println!("removed {path}"),
//!     Err(error) => println!("not removed: {error}"),
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod error;
mod eyes;
mod gate;
mod person;
mod pin;
mod trust;

pub use holdshort_api as api;
pub use reqwest::Method;

pub use client::{Client, Wait};
pub use error::Error;
pub use eyes::{Eyes, Taken, not_known};
pub use gate::{Action, Approved, Gate, RunError, Ticket};
pub use person::{PersonKey, public_bytes, signed_text};
pub use pin::Pin;
pub use trust::{NotTrusted, verify_server};

/// A random text for nonces and call ids: 128 bits in base64url.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn random_text() -> Result<String, Error> {
    use base64::Engine as _;
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
