//! The classifier over whole corpora: a coding session, real attacks, commands of every kind.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, says what it left out, and may look at the clock"
)]

mod attacks;
mod bash;
mod hostile;
mod session;

use holdshort_core::{Assessment, Json, RiskLevel};
use holdshort_risk::{Call, assess};

/// Judges a command of a shell.
fn command(text: &str) -> Assessment {
    let arguments = Json::Object(vec![("command".to_owned(), Json::String(text.to_owned()))]);
    assess(&Call::new("shell.exec", &arguments))
}

fn level(name: &str) -> RiskLevel {
    match name {
        "safe" => RiskLevel::Safe,
        "risky" => RiskLevel::Risky,
        "dangerous" => RiskLevel::Dangerous,
        other => panic!("`{other}` is no level"),
    }
}

/// Why a call got its level, for the message of a test.
fn reasons(made: &Assessment) -> String {
    let texts: Vec<String> = made.evidence.iter().map(|one| one.text.render().to_plain()).collect();
    texts.join(" | ")
}

/// The corpora beside the checkout, where they are.
fn shared(path: &str) -> Option<String> {
    let folder = std::env::var_os("HOLDSHORT_SHARED")?;
    Some(std::fs::read_to_string(std::path::Path::new(&folder).join(path)).unwrap())
}
