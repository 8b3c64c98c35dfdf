//! The only place that reads the clock or draws random bytes.

use std::sync::atomic::{AtomicI64, Ordering};

use holdshort_core::Timestamp;

/// Time that never goes back, even when the system's does or the process restarts.
#[derive(Debug)]
pub struct Clock {
    /// The latest time handed out, in microseconds.
    high_water: AtomicI64,
    /// Added to the system's time; tests turn it.
    ahead: AtomicI64,
}

impl Clock {
    /// A clock that is never before `latest`, the latest time in the store.
    #[must_use]
    pub fn starting_at(latest: Timestamp) -> Self {
        Self { high_water: AtomicI64::new(latest.as_micros()), ahead: AtomicI64::new(0) }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = system_micros().saturating_add(self.ahead.load(Ordering::Relaxed));
        let before = self.high_water.fetch_max(now, Ordering::Relaxed);
        Timestamp::from_micros(now.max(before))
    }

    /// Moves time on by this many seconds, for tests and drills.
    pub fn advance(&self, secs: u32) {
        self.ahead.fetch_add(i64::from(secs) * 1_000_000, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
fn system_micros() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Random bytes from the operating system.
///
/// # Errors
/// When the system has none; then nothing that needs them can go on.
pub fn random<const N: usize>() -> Result<[u8; N], RandomFailed> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| RandomFailed)?;
    Ok(bytes)
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomFailed;
