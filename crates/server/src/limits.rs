//! Every bound of the server, named in one place.

/// Bytes of a request body: the arguments and what stands beside them.
pub(crate) const BODY_BYTES: usize = 320 * 1024;
/// Bytes of a tool's output that are kept.
pub(crate) const OUTPUT_BYTES: usize = 64 * 1024;
/// Bytes of a JSON schema.
pub(crate) const SCHEMA_BYTES: usize = 64 * 1024;
/// Bytes of a plan or a state with what stands around it.
pub(crate) const LARGE_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of the state an agent keeps with its run.
pub(crate) const STATE_BYTES: usize = 256 * 1024;
/// Files a run watches.
pub(crate) const WATCHED: usize = 1000;
/// Seconds a caller may wait for an answer to be ready.
pub(crate) const WAIT_SECS: u32 = 55;
/// Lines of a page, unless asked for fewer.
pub(crate) const PAGE: u32 = 50;
/// Lines of a page at most.
pub(crate) const PAGE_MAX: u32 = 200;
/// Actions shown with a run.
pub(crate) const RUN_ACTIONS: u32 = 200;
/// Requests a caller may make in a second, and at once.
pub(crate) const RATE_PER_SEC: u32 = 500;
/// Requests a caller may make at once.
pub(crate) const RATE_BURST: u32 = 1000;
/// Times a command is decided again because its row changed in between.
pub(crate) const RETRIES: u32 = 64;
/// Seconds a grant may last.
pub(crate) const GRANT_MAX_SECS: u32 = 30 * 24 * 60 * 60;
/// Seconds a sign-in code works.
pub(crate) const CODE_SECS: u32 = 10 * 60;
/// Seconds a browser session lasts.
pub(crate) const SESSION_SECS: u32 = 12 * 60 * 60;
/// Microseconds by which the time of a proof may differ from now.
pub(crate) const PROOF_WINDOW_MICROS: i64 = 5 * 60 * 1_000_000;
/// Seconds the drain of a shutdown may take.
pub(crate) const DRAIN_SECS: u64 = 5;
/// Seconds between two signs of life on an event stream.
pub(crate) const HEARTBEAT_SECS: u64 = 15;
/// Seconds one probe may take.
pub(crate) const PROBE_SECS: u64 = 5;
/// Times an agent is tried to be woken for one decision.
pub(crate) const WAKE_TRIES: u32 = 20;
/// Times one action may be tried to be taken back.
pub(crate) const UNDO_ATTEMPTS: u32 = 100;
/// Seconds for which an action can be taken back, unless its executor says.
pub(crate) const UNDO_SECS: u32 = 7 * 24 * 60 * 60;
/// Seconds for which an action can be taken back at most.
pub(crate) const UNDO_MAX_SECS: u32 = 90 * 24 * 60 * 60;
/// Facts an agent may bring at once.
pub(crate) const ANSWERS: usize = 50;
/// Seconds until unfinished work of the outbox is taken up again.
pub(crate) const WORK_LEASE_SECS: u32 = 30;
