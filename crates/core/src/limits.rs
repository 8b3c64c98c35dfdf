//! Every bound of the rules, named in one place.

/// Arguments sent inline, in bytes.
pub const ARGUMENTS_BYTES: usize = 256 * 1024;
/// Depth of a JSON document.
pub const JSON_DEPTH: usize = 24;
/// Depth above which a call cannot be judged by looking at it.
pub const INSPECTABLE_DEPTH: usize = 12;
/// Seconds a person has before a request goes to the next one, or stalls.
pub const DEADLINE_SECS: u32 = 60 * 60;
/// Seconds an approval waits to be claimed before it is asked again.
pub const APPROVAL_VALID_SECS: u32 = 15 * 60;
/// Seconds until an unreported claim counts as lost, unless the claimer asks for another.
pub const LEASE_SECS: u32 = 60;
/// The longest lease, in seconds.
pub const LEASE_MAX_SECS: u32 = 60 * 60;
/// Seconds the facts of a request may take; then they are "not known".
pub const FACTS_SECS: u32 = 10;
/// Open requests an agent may have at once; all agents of an owner together have five times that.
pub const OPEN_PER_AGENT: u32 = 100;
/// Times an approval may lapse and be asked again before the action is cancelled.
pub const ASK_AGAIN_MAX: u32 = 50;
/// Votes kept on one request, void ones included.
pub const VOTES_MAX: usize = 50;
/// Questions a run may wait for at once.
pub const HOLDS_MAX: usize = 10;
/// Denials a run remembers.
pub const DENIED_MAX: usize = 200;
/// Hand-overs of one request.
pub const HANDOVERS_MAX: usize = 20;
