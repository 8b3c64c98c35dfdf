//! Looks at real things: programs, servers, databases, repositories, and hostile ones of each.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and says what it left out"
)]

mod commands;
mod files;
mod http;
mod postgres;
mod pushes;
mod repository;
mod sqlite;

use std::time::Duration;

use holdshort_core::{Json, Look};
use holdshort_probe::{Prober, Settings};

fn settings() -> Settings {
    Settings { timeout: Duration::from_secs(2), bytes: 64 * 1024, ..Settings::default() }
}

/// What is seen, or in which words it is not known.
async fn look_with(settings: Settings, look: &Look) -> Result<Json, String> {
    let seen = Prober::new(settings).look(look).await;
    seen.map_err(|unknown| unknown.phrase().render().to_plain())
}

async fn look(look: &Look) -> Result<Json, String> {
    look_with(settings(), look).await
}

/// The text of a JSON answer.
fn text(seen: Result<Json, String>) -> String {
    seen.unwrap().to_text()
}
