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
    /// The system's time in the simulation, which sets it.
    #[cfg(feature = "sim")]
    hand: Option<std::sync::Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that is never before `latest`, the latest time in the store.
    #[must_use]
    pub fn starting_at(latest: Timestamp) -> Self {
        Self {
            high_water: AtomicI64::new(latest.as_micros()),
            ahead: AtomicI64::new(0),
            #[cfg(feature = "sim")]
            hand: None,
        }
    }

    /// A clock whose system's time is set by hand, in microseconds.
    #[cfg(feature = "sim")]
    #[must_use]
    pub fn by_hand(latest: Timestamp, hand: std::sync::Arc<AtomicI64>) -> Self {
        Self { hand: Some(hand), ..Self::starting_at(latest) }
    }

    fn system(&self) -> i64 {
        #[cfg(feature = "sim")]
        if let Some(hand) = &self.hand {
            return hand.load(Ordering::Relaxed);
        }
        system_micros()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.system().saturating_add(self.ahead.load(Ordering::Relaxed));
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
    #[cfg(feature = "sim")]
    if let Some(bytes) = seeded::bytes() {
        return Ok(bytes);
    }
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| RandomFailed)?;
    Ok(bytes)
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomFailed;

/// Chance from a seed, in a thread of the simulation.
#[cfg(feature = "sim")]
pub(crate) mod seeded {
    use std::cell::Cell;

    use sha2::{Digest, Sha256};

    thread_local! {
        static DRAWN: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
    }

    /// All random bytes of this thread follow from this seed from now on.
    pub(crate) fn seed(seed: u64) {
        DRAWN.set(Some((seed, 0)));
    }

    pub(super) fn bytes<const N: usize>() -> Option<[u8; N]> {
        let (seed, drawn) = DRAWN.get()?;
        DRAWN.set(Some((seed, drawn.wrapping_add(1))));
        let block = Sha256::digest([seed.to_be_bytes(), drawn.to_be_bytes()].concat());
        let mut bytes = [0; N];
        bytes.iter_mut().zip(block.iter().cycle()).for_each(|(byte, from)| *byte = *from);
        Some(bytes)
    }
}
