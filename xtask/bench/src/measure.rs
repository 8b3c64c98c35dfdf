//! Durations, and what is said about them.

use std::time::{Duration, SystemTime};

use crate::say;

/// A point in time that two processes of this machine share, in microseconds.
#[expect(clippy::disallowed_methods, reason = "this program measures time")]
pub(crate) fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Runs something and says how long it took, in microseconds.
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let before = now_micros();
    let result = run();
    (result, now_micros().saturating_sub(before))
}

fn millis(micros: u64) -> String {
    let duration = Duration::from_micros(micros);
    format!("{:.3} ms", duration.as_secs_f64() * 1000.0)
}

/// A line of the table from single durations.
pub(crate) fn latencies(name: &str, what: &str, mut micros: Vec<u64>) {
    micros.sort_unstable();
    let at = |share: usize| {
        let index = micros.len().saturating_sub(1) * share / 100;
        micros.get(index).copied().unwrap_or(0)
    };
    say(format!("| {name} | {what} | {} | {} | |", millis(at(50)), millis(at(99))));
}

/// A line of the table from a count in a time.
pub(crate) fn rate(name: &str, what: &str, count: u64, micros: u64) {
    let per_second = count.saturating_mul(1_000_000) / micros.max(1);
    say(format!("| {name} | {what} | | | {per_second} |"));
}

/// A line of the table with one figure.
pub(crate) fn figure(name: &str, what: &str, figure: &str) {
    say(format!("| {name} | {what} | {figure} | | |"));
}

/// Lets the server go on for a while.
#[expect(clippy::disallowed_methods, reason = "this program measures what happens by itself")]
pub(crate) fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}
