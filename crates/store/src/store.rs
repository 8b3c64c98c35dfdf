//! The trait every backend implements, and what goes in and out of it.

use std::future::Future;

use holdshort_core::{
    Action, ActionId, Aggregate, Changes, Effect, Event, Grant, Paper, PaperKind, Payload,
    PrincipalId, Request, RequestId, Run, RunId, Stop, Timestamp, Today, WorkspaceId,
};

use crate::directory::{Cause, Change, Enrolment, Group, Key, PolicyVersion, Principal, Token};
use crate::error::StoreError;
use crate::log::{LogRow, SealRow};

/// A nonce that must not have been used before, used up with the commit it stands in.
#[derive(Clone, Debug)]
pub struct ProofUse {
    /// Key that signed.
    pub key_id: String,
    /// The nonce.
    pub nonce: String,
    /// When.
    pub at: Timestamp,
}

/// A transition to write, all of it or none.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The run as it was read; written when it is new.
    pub run: Run,
    /// Version of the run as it was read; `None` for one that may be new.
    pub expected_run: Option<u64>,
    /// When time next changes something about the run; written when the run changes.
    pub run_wake: Option<Timestamp>,
    /// The run's task, for a new run.
    pub goal: String,
    /// Version of the action as it was read; `None` for a new one.
    pub expected: Option<u64>,
    /// Version of the stops and the directory as they were read.
    pub control: Option<u64>,
    /// Version of the policy it was decided under.
    pub policy: Option<u32>,
    /// What a repeat of a new action is recognised by.
    pub dedupe: Option<[u8; 32]>,
    /// Rows.
    pub changes: Option<Changes>,
    /// Events.
    pub events: Vec<Event>,
    /// Effects.
    pub effects: Vec<Effect>,
    /// Proof to use up.
    pub proof: Option<ProofUse>,
    /// Open requests the agent may have; `None` for no bound.
    pub open_cap: Option<u32>,
}

/// What was written.
#[derive(Clone, Copy, Debug)]
pub struct Committed {
    /// Position of the last event.
    pub last_seq: i64,
    /// Number of the request that was opened, if one was.
    pub number: Option<u64>,
}

/// An event and its place in the feed.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// Place in the feed.
    pub seq: i64,
    /// Version of its shape.
    pub v: u32,
    /// The event.
    pub event: Event,
}

/// One line of the queue.
#[derive(Clone, Debug)]
pub struct QueueRow {
    /// The request.
    pub request: Request,
    /// The action's payload.
    pub payload: Payload,
    /// The agent.
    pub agent: PrincipalId,
}

/// Where a page of the queue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueCursor {
    /// Rank (open) or 0 (closed).
    pub rank: i64,
    /// Due time (open) or closing time (closed), in microseconds.
    pub at: i64,
    /// Id.
    pub id: RequestId,
}

/// An action of a run, in short.
#[derive(Clone, Debug)]
pub struct ActionRow {
    /// The action.
    pub action: Action,
    /// Its payload.
    pub payload: Payload,
    /// Its last request.
    pub request: Option<Request>,
}

/// An action of a run by its call id, without its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// The agent's own id of the call, where it gave one.
    pub call_id: Option<String>,
    /// The action.
    pub action: ActionId,
    /// The name of its state.
    pub state: String,
}

/// A run and its task.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// The run.
    pub run: Run,
    /// The task.
    pub goal: String,
    /// Actions that were claimed.
    pub steps: u64,
    /// Actions that wait for a person.
    pub pending: u64,
    /// When one of its actions last changed.
    pub updated_at: Timestamp,
}

/// A leased piece of work.
#[derive(Clone, Debug)]
pub struct OutboxItem {
    /// Id, to mark it done.
    pub id: i64,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What to do.
    pub effect: Effect,
    /// How often it was tried before.
    pub attempts: u32,
}

type Result<T> = std::result::Result<T, StoreError>;

/// The memory. Writes are on stable storage when their future resolves.
///
/// Reads are synchronous: each is a few indexed rows from the page cache.
pub trait Store: Send + Sync + 'static {
    /// Writes a transition if the action still has the expected version.
    fn commit(&self, commit: Commit) -> impl Future<Output = Result<Committed>> + Send;

    /// Changes people, groups, tokens, keys or settings: all of the changes or none.
    fn change(
        &self,
        workspace: WorkspaceId,
        changes: Vec<Change>,
        cause: Cause,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Writes an event that comes with no change of rows.
    fn note(&self, workspace: WorkspaceId, event: Event)
    -> impl Future<Output = Result<()>> + Send;

    /// Puts off the timer of an action that is due at `now` and for which there is nothing to do.
    fn snooze(
        &self,
        workspace: WorkspaceId,
        action: ActionId,
        now_and_until: (Timestamp, Timestamp),
    ) -> impl Future<Output = Result<()>> + Send;

    /// Puts off the timer of a run that is due at `now` and for which there is nothing to do.
    fn snooze_run(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        now_and_until: (Timestamp, Option<Timestamp>),
    ) -> impl Future<Output = Result<()>> + Send;

    /// Has the timers of a run, or of all, looked at now: time that stood still goes on.
    fn rouse(
        &self,
        workspace: WorkspaceId,
        run: Option<RunId>,
        now: Timestamp,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Erases arguments, words, reasons and outputs of an action that is over, and the facts of
    /// its requests.
    fn erase(
        &self,
        workspace: WorkspaceId,
        action: ActionId,
        event: Event,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Grows with every [`Store::change`], once it is on stable storage: what was read from the
    /// directory before is good for as long as this stays the same.
    fn directory_version(&self) -> u64;

    /// Writes a run that is new, or the task of one that is not.
    fn put_run(
        &self,
        workspace: WorkspaceId,
        run: Run,
        goal: String,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Leases the oldest work that nobody holds, until `until`.
    fn take_work(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<Option<OutboxItem>>> + Send;

    /// Gives back all leases, for a server that has just begun and is the only one.
    fn release_work(&self) -> impl Future<Output = Result<()>> + Send;

    /// Removes work that is done.
    fn work_done(&self, id: i64) -> impl Future<Output = Result<()>> + Send;

    /// An action with its run and last request.
    fn aggregate(&self, workspace: WorkspaceId, action: ActionId) -> Result<Option<Aggregate>>;

    /// The action a request is about.
    fn action_of(&self, workspace: WorkspaceId, request: RequestId) -> Result<Option<ActionId>>;

    /// The action a repeat belongs to.
    fn find_repeat(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        dedupe: [u8; 32],
    ) -> Result<Option<ActionId>>;

    /// A request by its id, with its facts.
    fn request(&self, workspace: WorkspaceId, request: RequestId) -> Result<Option<Request>>;

    /// A page of open requests: riskiest first, then least time left.
    fn open_requests(
        &self,
        workspace: WorkspaceId,
        after: Option<QueueCursor>,
        limit: u32,
    ) -> Result<Vec<QueueRow>>;

    /// A page of closed requests, newest first.
    fn closed_requests(
        &self,
        workspace: WorkspaceId,
        after: Option<QueueCursor>,
        limit: u32,
    ) -> Result<Vec<QueueRow>>;

    /// How many requests are open.
    fn open_count(&self, workspace: WorkspaceId) -> Result<u64>;

    /// A run by the agent's name of it.
    fn run_named(
        &self,
        workspace: WorkspaceId,
        agent: PrincipalId,
        name: &str,
    ) -> Result<Option<(Run, String)>>;

    /// A run.
    fn run(&self, workspace: WorkspaceId, run: RunId) -> Result<Option<RunRow>>;

    /// Runs, newest first.
    fn runs(
        &self,
        workspace: WorkspaceId,
        before: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<RunRow>>;

    /// The last `limit` actions of a run, oldest first.
    fn actions_of(&self, workspace: WorkspaceId, run: RunId, limit: u32) -> Result<Vec<ActionRow>>;

    /// All actions of a run in short, oldest first.
    fn steps_of(&self, workspace: WorkspaceId, run: RunId) -> Result<Vec<StepRow>>;

    /// Actions that can be taken back at this time, newest first.
    fn undoable(
        &self,
        workspace: WorkspaceId,
        before: Option<ActionId>,
        now_and_limit: (Timestamp, u32),
    ) -> Result<Vec<ActionId>>;

    /// What an agent keeps with a run.
    fn paper(&self, workspace: WorkspaceId, run: RunId, kind: PaperKind) -> Result<Option<Paper>>;

    /// Events after a place in the feed.
    fn events_after(
        &self,
        workspace: WorkspaceId,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>>;

    /// Place of the last event, and the latest time in the feed.
    fn feed_end(&self) -> Result<(i64, Timestamp)>;

    /// Runs that time changes at or before `now`.
    fn due_runs(&self, now: Timestamp, limit: u32) -> Result<Vec<(WorkspaceId, RunId)>>;

    /// What an agent spent on a day.
    fn spending(&self, workspace: WorkspaceId, agent: PrincipalId, day: i64) -> Result<Today>;

    /// Grants of an agent that are neither revoked nor expired.
    fn grants_of(
        &self,
        workspace: WorkspaceId,
        agent: PrincipalId,
        now: Timestamp,
    ) -> Result<Vec<Grant>>;

    /// The last `limit` grants, newest first.
    fn grants(&self, workspace: WorkspaceId, limit: u32) -> Result<Vec<Grant>>;

    /// The version of the stops, and all of them.
    fn stops(&self, workspace: WorkspaceId) -> Result<(u64, Vec<Stop>)>;

    /// Actions of these states, by run: for what still runs in a scope.
    fn executing(&self, workspace: WorkspaceId, limit: u32) -> Result<Vec<(Run, Action, Payload)>>;

    /// Writes the next seal over the log.
    fn add_seal(
        &self,
        workspace: WorkspaceId,
        seal: SealRow,
        at: Timestamp,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Events after the first of two places up to the second, as the bytes that are stored.
    fn log_rows(
        &self,
        workspace: WorkspaceId,
        after_and_up_to: (i64, i64),
        limit: u32,
    ) -> Result<Vec<LogRow>>;

    /// Seals after a number, in order.
    fn seals(&self, workspace: WorkspaceId, after: u64, limit: u32) -> Result<Vec<SealRow>>;

    /// The last seal.
    fn last_seal(&self, workspace: WorkspaceId) -> Result<Option<SealRow>>;

    /// Policies that were in force, newest first.
    fn policies(&self, workspace: WorkspaceId, limit: u32) -> Result<Vec<PolicyVersion>>;

    /// Actions that time changes at or before `now`.
    fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<(WorkspaceId, ActionId)>>;

    /// When time next changes an action or a run.
    fn next_due(&self) -> Result<Option<Timestamp>>;

    /// A token by the hash of its secret.
    fn token(&self, workspace: WorkspaceId, hash: [u8; 32]) -> Result<Option<Token>>;

    /// Tokens (not browser sessions), newest first.
    fn tokens(&self, workspace: WorkspaceId) -> Result<Vec<Token>>;

    /// A principal.
    fn principal(&self, workspace: WorkspaceId, id: PrincipalId) -> Result<Option<Principal>>;

    /// All principals.
    fn principals(&self, workspace: WorkspaceId) -> Result<Vec<Principal>>;

    /// All groups with their members.
    fn groups(&self, workspace: WorkspaceId) -> Result<Vec<Group>>;

    /// A key.
    fn key(&self, workspace: WorkspaceId, id: &str) -> Result<Option<Key>>;

    /// The keys of all people.
    fn keys(&self, workspace: WorkspaceId) -> Result<Vec<Key>>;

    /// An enrolment code by its hash.
    fn enrolment(&self, workspace: WorkspaceId, hash: [u8; 32]) -> Result<Option<Enrolment>>;

    /// A setting.
    fn setting(&self, workspace: WorkspaceId, name: &str) -> Result<Option<String>>;
}
