//! What makes a run stop and ask beside its actions: failures, unknown outcomes, denials, and
//! the check-ins and checkpoints of policy.

use serde_json::{Value, json};

use super::book::{Asking, Book};
use crate::action::{Kind, Outcome, Words};
use crate::assessment::{Phrase, RiskLevel};
use crate::fact::Facts;
use crate::id::ActionId;
use crate::planted::{self, Bug};
use crate::policy::{Asks, CheckIn, Checkpoint, Policy};
use crate::run::{Run, RunState};
use crate::time::Timestamp;

/// How far the run is, for a person who is asked about it.
fn progress(run: &Run, now: Timestamp) -> Value {
    let micros = now.as_micros().saturating_sub(run.created_at.as_micros());
    let spent: Vec<String> = run.spending.amounts().iter().map(ToString::to_string).collect();
    json!({
        "steps": run.progress.steps,
        "denials": run.progress.denials,
        "phase": run.progress.phase,
        "minutes": micros / 60_000_000,
        "spent": spent,
    })
}

fn about(run: &Run, now: Timestamp, more: Value) -> Value {
    let mut about = progress(run, now);
    if let (Value::Object(about), Value::Object(more)) = (&mut about, more) {
        about.extend(more);
    }
    about
}

fn waits_for(run: &Run, kind: Kind) -> bool {
    run.holds.iter().any(|hold| hold.kind == kind)
}

/// Asks about an exception, unless the run already waits for the answer to one.
fn exception(book: &mut Book<'_>, sentence: Phrase, rule: &'static str, more: Value) {
    if waits_for(&book.run, Kind::Exception) || book.run.state == RunState::Stopped {
        return;
    }
    let asks = book.context.policy.exceptions().asks.clone();
    book.ask(Asking {
        kind: Kind::Exception,
        about: about(&book.run, book.context.now, more),
        words: Words::default(),
        reason: sentence.render().to_plain(),
        sentence,
        asks,
        rule,
        holds: true,
        facts: Facts::None,
    });
}

/// An action was denied.
pub(super) fn denied(book: &mut Book<'_>, action: ActionId) {
    let progress = &mut book.run.progress;
    progress.denials = progress.denials.saturating_add(1);
    progress.denials_in_row = progress.denials_in_row.saturating_add(1);
    let (row, total) = (progress.denials_in_row, progress.denials);
    let exceptions = book.context.policy.exceptions();
    let reached = |count: u32, limit: Option<u32>| {
        limit.is_some_and(|n| count > 0 && count.is_multiple_of(n))
    };
    let more = json!({ "action": action });
    if reached(row, exceptions.denials_in_row) {
        let sentence = Phrase::ours(format!("{row} actions in a row were denied: go on?"));
        exception(book, sentence, "exception.denials", more);
    } else if reached(total, exceptions.denials_in_total) {
        let sentence = Phrase::ours(format!("{total} actions of this run were denied: go on?"));
        exception(book, sentence, "exception.denials", more);
    }
}

/// An action ended.
pub(super) fn ended(
    book: &mut Book<'_>,
    (action, level): (ActionId, RiskLevel),
    outcome: Outcome,
    sentence: &Phrase,
) {
    let exceptions = book.context.policy.exceptions();
    match outcome {
        Outcome::Succeeded => {}
        Outcome::Failed => {
            if exceptions.failed && (exceptions.any_failure || level == RiskLevel::Dangerous) {
                let said = Phrase::ours("It failed: ").with(sentence).and(". Go on?");
                exception(book, said, "exception.failed", json!({ "action": action }));
            }
        }
        // Told by `lost`, which knows what can be found out.
        Outcome::Unknown => {}
    }
}

/// An action was never heard of again. `facts` is what probes may find out about it.
pub(super) fn lost(book: &mut Book<'_>, action: ActionId, sentence: &Phrase, facts: Facts) {
    let exceptions = book.context.policy.exceptions();
    if !exceptions.unknown || planted::is(Bug::UnknownUnseen) {
        return;
    }
    let asks = exceptions.asks.clone();
    let now = book.context.now;
    book.ask(Asking {
        kind: Kind::UnknownOutcome,
        about: about(&book.run, now, json!({ "action": action })),
        words: Words::default(),
        reason: "It began and was never reported. It is not run again by itself.".to_owned(),
        sentence: Phrase::ours("Nobody knows whether it happened: ").with(sentence),
        asks,
        rule: "exception.unknown",
        holds: true,
        facts,
    });
}

/// A step began: it may be time to check in.
pub(super) fn stepped(book: &mut Book<'_>) {
    book.run.progress.steps = book.run.progress.steps.saturating_add(1);
    book.run.seen_at = Some(book.context.now);
    book.run.progress.denials_in_row = 0;
    let steps = book.run.progress.steps.saturating_sub(book.run.progress.checked_steps);
    let check_in = book.context.policy.check_in();
    if let Some(check_in) = check_in.filter(|one| one.steps.is_some_and(|most| steps >= most)) {
        self::check_in(book, check_in);
    }
}

/// When a run checks in by time: only one that did something since the last time.
pub(super) fn due(run: &Run, policy: &Policy) -> Option<Timestamp> {
    let every = policy.check_in()?.every_secs?;
    let active = run.state == RunState::Running && run.progress.steps > run.progress.checked_steps;
    let since = run.progress.checked_at.unwrap_or(run.created_at);
    (active && !waits_for(run, Kind::CheckIn)).then(|| since.plus_secs(every))
}

/// Time passed for a run.
pub(super) fn time_passed(book: &mut Book<'_>) {
    let check_in = book.context.policy.check_in();
    let due = due(&book.run, book.context.policy).is_some_and(|at| at <= book.context.now);
    if let Some(check_in) = check_in.filter(|_| due && !book.is_stopped()) {
        self::check_in(book, check_in);
    }
}

fn check_in(book: &mut Book<'_>, check_in: &CheckIn) {
    if waits_for(&book.run, Kind::CheckIn) {
        return;
    }
    let steps = book.run.progress.steps;
    let sentence = Phrase::ours(format!("Check in after {steps} steps: go on?"));
    let now = book.context.now;
    book.ask(Asking {
        kind: Kind::CheckIn,
        about: about(&book.run, now, json!({})),
        words: Words::default(),
        reason: "Policy wants this run to check in.".to_owned(),
        sentence,
        asks: check_in.asks.clone(),
        rule: "check-in",
        holds: true,
        facts: Facts::None,
    });
}

/// The agent says which phase an action belongs to: what lies between may have to be passed.
pub(super) fn phase(book: &mut Book<'_>, to: &str) {
    if to.is_empty() || to == book.run.progress.phase {
        return;
    }
    let from = std::mem::replace(&mut book.run.progress.phase, to.to_owned());
    let policy = book.context.policy;
    let required: Vec<&Checkpoint> = policy
        .checkpoints()
        .iter()
        .filter(|one| {
            one.after.as_deref().is_some_and(|after| after == from)
                || one.before.as_deref().is_some_and(|before| before == to)
        })
        .filter(|one| !book.run.progress.passed.contains(&one.name()))
        .filter(|one| !book.run.progress.asked.contains(&one.name()))
        .collect();
    let Some(first) = required.first() else { return };
    let names: Vec<String> = required.iter().map(|one| one.name()).collect();
    let reason = match first.reason.is_empty() {
        true => "Policy wants a person here.".to_owned(),
        false => first.reason.clone(),
    };
    checkpoint(book, names, (reason, Words::default(), first.asks.clone()));
}

/// Asks whether a run may pass checkpoints.
pub(super) fn checkpoint(
    book: &mut Book<'_>,
    names: Vec<String>,
    (reason, words, asks): (String, Words, Asks),
) -> Option<ActionId> {
    let sentence = Phrase::ours("Checkpoint ").theirs(names.join(" and ")).and(": go on?");
    let about = about(&book.run, book.context.now, json!({ "checkpoints": names }));
    let id = book.ask(Asking {
        kind: Kind::Checkpoint,
        about,
        words,
        reason,
        sentence,
        asks,
        rule: "checkpoint",
        holds: true,
        facts: Facts::None,
    })?;
    book.run.progress.asked.extend(names);
    Some(id)
}

/// Asks what the agent itself wants asked.
pub(super) fn of_agent(
    book: &mut Book<'_>,
    (kind, sentence): (Kind, Phrase),
    words: Words,
    more: Value,
) -> Option<ActionId> {
    let asks = book.context.policy.exceptions().asks.clone();
    let about = about(&book.run, book.context.now, more);
    let (rule, reason, holds) = match kind {
        Kind::Question => ("question", "The agent asks.", false),
        Kind::Blocked => ("exception.blocked", "All that is left needs what was denied.", true),
        _ => ("exception.stuck", "The agent says that it is stuck.", true),
    };
    let reason = reason.to_owned();
    let facts = Facts::None;
    book.ask(Asking { kind, sentence, about, words, asks, rule, reason, holds, facts })
}
