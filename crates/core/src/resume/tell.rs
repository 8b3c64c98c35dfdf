//! The words in which an agent that comes back, or its planner, is told how to go on.

use super::StepState;

/// A step that was decided, and what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The step.
    pub step: String,
    /// `denied`, `changed`, `approved` or `cancelled`.
    pub what: &'static str,
    /// By whom.
    pub by: String,
    /// Why, when something was said.
    pub because: Option<String>,
}

/// What there is to tell.
#[derive(Clone, Debug, Default)]
pub struct Told<'a> {
    /// The run's name.
    pub name: &'a str,
    /// Its task.
    pub goal: &'a str,
    /// Why nothing of it may begin now.
    pub held: Option<&'a str>,
    /// Seconds since it last did something.
    pub paused_secs: i64,
    /// The steps, and where each stands.
    pub steps: Vec<(&'a str, StepState)>,
    /// What was decided.
    pub decided: &'a [Decided],
    /// What changed meanwhile, a line each.
    pub changes: &'a [String],
    /// What a person told it.
    pub instructions: Option<(&'a str, &'a str)>,
}

/// Steps that are named one by one; more are counted.
const NAMED: usize = 12;

/// The text.
#[must_use]
pub fn tell(told: &Told<'_>) -> String {
    let mut lines = Vec::new();
    let done = told.steps.iter().filter(|(_, state)| *state == StepState::Done).count();
    let goal = if told.goal.is_empty() { String::new() } else { format!(" Goal: {}", told.goal) };
    lines.push(format!(
        "Run \"{}\": {done} of {} steps are done.{goal}",
        told.name,
        told.steps.len()
    ));
    if told.paused_secs >= 60 {
        lines.push(format!("It last did something {} ago.", ago(told.paused_secs)));
    }
    if let Some((text, by)) = told.instructions {
        lines.push(format!("{by} told this run: {text}"));
    }
    lines.extend(told.decided.iter().map(decision));
    lines.extend(told.changes.iter().map(|change| format!("Changed meanwhile: {change}")));
    for (state, says) in [
        (StepState::InDoubt, "It is not known whether this happened; do not run it again"),
        (StepState::Failed, "Failed"),
        (StepState::Waiting, "Waits for a person"),
        (StepState::Running, "Running elsewhere"),
        (StepState::Blocked, "Cannot be done any more, because of what was denied or failed"),
        (StepState::Cleared, "Go on with (approved)"),
        (StepState::Ready, "Go on with"),
    ] {
        let names: Vec<&str> =
            told.steps.iter().filter(|(_, at)| *at == state).map(|(id, _)| *id).collect();
        if !names.is_empty() {
            lines.push(format!("{says}: {}.", list(&names)));
        }
    }
    if let Some(held) = told.held {
        lines.push(format!("Nothing may begin now: {held}."));
    }
    lines.join("\n")
}

fn decision(decided: &Decided) -> String {
    let Decided { step, what, by, because } = decided;
    let why = because.as_ref().map(|why| format!(" because: {why}")).unwrap_or_default();
    match *what {
        "denied" => format!(
            "`{step}` was denied by {by}{why}. It is skipped; replan the remaining work without it."
        ),
        "changed" => format!("`{step}` was changed by {by}{why}. Run it as it was changed."),
        what => format!("`{step}` was {what} by {by}{why}."),
    }
}

fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn ago(secs: i64) -> String {
    match secs {
        0..3600 => format!("{} minutes", secs / 60),
        3600..172_800 => format!("{} hours", secs / 3600),
        _ => format!("{} days", secs / 86_400),
    }
}
