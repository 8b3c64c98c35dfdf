//! The log as the bytes that are stored, and the seals over it.

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Its place.
    pub seq: i64,
    /// Its id.
    pub id: Vec<u8>,
    /// Version of its shape.
    pub v: i64,
    /// Its kind.
    pub kind: String,
    /// When, in microseconds.
    pub at: i64,
    /// The action.
    pub action: Option<Vec<u8>>,
    /// The request.
    pub request: Option<Vec<u8>>,
    /// The run.
    pub run: Option<Vec<u8>>,
    /// Who.
    pub by: String,
    /// Codes and digests, as JSON text.
    pub detail: String,
}

/// A seal over events in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealRow {
    /// Its number, from 1.
    pub number: u64,
    /// Place of the first event.
    pub first: i64,
    /// Place of the last event.
    pub last: i64,
    /// Events in all seals up to this one.
    pub total: u64,
    /// A mark for each event.
    pub marks: Vec<u8>,
    /// The code over it and the seal before.
    pub mac: [u8; 32],
}
