//! Points in time: UTC, whole microseconds. Nothing here reads a clock.

use serde::{Deserialize, Serialize};

/// A point in time, microseconds since 1970-01-01 UTC.
///
/// ```
/// use holdshort_core::Timestamp;
/// let noon = Timestamp::from_micros(0);
/// assert_eq!(noon.plus_secs(2).as_micros(), 2_000_000);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// As ISO 8601 has it; empty for a time that is no date.
    ///
    /// ```
    /// use holdshort_core::Timestamp;
    /// assert_eq!(Timestamp::from_micros(1_500_000).iso(), "1970-01-01T00:00:01.5Z");
    /// ```
    #[must_use]
    pub fn iso(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).map_or(String::new(), |at| at.to_string())
    }

    /// The time with this many microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This many seconds later; stays at the end of time instead of wrapping.
    #[must_use]
    pub const fn plus_secs(self, secs: u32) -> Self {
        Self(self.0.saturating_add(secs as i64 * 1_000_000))
    }

    /// This many microseconds later; stays at the end of time instead of wrapping.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Days since 1970, UTC.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }
}
