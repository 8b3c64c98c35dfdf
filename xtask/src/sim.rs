//! `cargo xtask sim`: simulated worlds, and the bugs planted in them.

use std::process::ExitCode;

use crate::say;
use crate::workspace::cargo;

/// Worlds that are played by `--full`.
const FULL: &str = "100000";

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let (mut profile, mut tests, mut runs, mut seed) = ("dev", "", None, None);
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        match argument {
            "--full" => (profile, runs) = ("sim", Some(FULL)),
            "--bugs" => tests = "planted_bug",
            "--runs" => (runs, tests) = (arguments.next(), "promises_hold"),
            "--seed" => (seed, tests) = (arguments.next(), "promises_hold"),
            other => {
                say(format!("there is no `{other}`; see `cargo xtask`"));
                return ExitCode::from(2);
            }
        }
    }
    match play(profile, tests, (runs, seed)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(error);
            ExitCode::FAILURE
        }
    }
}

/// Runs the tests of the simulation that have `tests` in their name.
pub(crate) fn play(
    profile: &str,
    tests: &str,
    (runs, seed): (Option<&str>, Option<&str>),
) -> Result<(), String> {
    let mut command = cargo();
    command.args(["test", "--profile", profile, "-p", "holdshort-server"]);
    command.args(["--features", "sim", "--test", "sim", tests]);
    command.args(["--", "--test-threads", "1", "--nocapture"]);
    for (name, value) in [("HOLDSHORT_SIM_RUNS", runs), ("HOLDSHORT_SIM_SEED", seed)] {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the simulation: {status}")),
        Err(error) => Err(format!("the simulation cannot run: {error}")),
    }
}
