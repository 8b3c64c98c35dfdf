//! `cargo xtask test`: installs what the tests need, then runs everything.

mod install;
mod steps;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::say;
use steps::STEPS;

/// How a step ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Done {
    Passed,
    Skipped(String),
}

/// One step. Its output streams as it runs.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Done, String>,
}

pub(crate) fn run(args: &[String]) -> ExitCode {
    if args.iter().any(|arg| arg == "--list") {
        for step in STEPS {
            say(format!("{:<8} {}", step.name, step.about));
        }
        return ExitCode::SUCCESS;
    }
    let chosen = match choose(args) {
        Ok(chosen) => chosen,
        Err(error) => {
            say(error);
            return ExitCode::from(2);
        }
    };
    let names: Vec<&str> = chosen.iter().map(|step| step.name).collect();
    install::announce(&names);
    let results: Vec<_> = chosen.into_iter().map(timed).collect();
    summary(&results)
}

fn choose(names: &[String]) -> Result<Vec<&'static Step>, String> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    if let Some(name) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        return Err(format!("there is no step `{name}`; `cargo xtask test --list` lists them"));
    }
    Ok(STEPS.iter().filter(|step| names.iter().any(|name| name == step.name)).collect())
}

type Ended = (&'static Step, Duration, Result<Done, String>);

#[expect(clippy::disallowed_methods, reason = "how long a step takes is what is measured")]
fn timed(step: &'static Step) -> Ended {
    say(format!("\n== {}: {}", step.name, step.about));
    let start = Instant::now();
    let result = (step.run)();
    if let Err(error) = &result {
        say(format!("{} failed: {error}", step.name));
    }
    (step, start.elapsed(), result)
}

fn summary(results: &[Ended]) -> ExitCode {
    say("\n== summary");
    for (step, took, result) in results {
        let seconds = took.as_secs_f64();
        let end = match result {
            Ok(Done::Passed) => "ok".to_owned(),
            Ok(Done::Skipped(why)) => format!("skipped: {why}"),
            Err(error) => format!("FAILED: {}", error.lines().next().unwrap_or_default()),
        };
        say(format!("{:<8} {seconds:>7.1} s  {end}", step.name));
    }
    let failed = results.iter().filter(|(_, _, result)| result.is_err()).count();
    if failed == 0 {
        say("All passed.");
        return ExitCode::SUCCESS;
    }
    say(format!("{failed} of {} failed.", results.len()));
    ExitCode::FAILURE
}

/// Runs a command whose output the person sees.
fn sh(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown}: {status}")),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

/// Runs a command for its output; `None` when it cannot run or fails.
fn read(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_name_and_run_in_their_own_order() {
        let names = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            choose(&args).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["fmt", "tidy"]), Ok(vec!["tidy", "fmt"]));
        assert_eq!(names(&[]).map(|all| all.len()), Ok(STEPS.len()));
        assert!(names(&["tidy", "nothing"]).is_err_and(|error| error.contains("`nothing`")));
    }

    #[test]
    fn a_command_that_fails_is_an_error() {
        assert_eq!(sh(&mut Command::new("true")), Ok(()));
        assert!(sh(&mut Command::new("false")).is_err());
        assert!(sh(&mut Command::new("there-is-no-such-program")).is_err());
        assert_eq!(read(&mut Command::new("false")), None);
    }
}
