//! `cargo xtask bench`: builds the binary as it is released, then measures it from outside.

use std::process::{Command, ExitCode};

use crate::say;

/// Builds and measures; the table goes to standard output.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let cargo = |arguments: &[&str]| Command::new(env!("CARGO")).args(arguments).status();
    say("building the release (some minutes the first time)…");
    let built = cargo(&["build", "--release", "-p", "holdshort", "-p", "holdshort-bench"]);
    if !built.is_ok_and(|status| status.success()) {
        return ExitCode::FAILURE;
    }
    let extra: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = ["run", "--release", "--quiet", "-p", "holdshort-bench", "--"];
    match cargo(&[&run[..], &extra].concat()) {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
