//! SQLite: one writer thread that commits many changes per fsync, readers beside it.
//!
//! WAL, `synchronous=FULL`: a change is on stable storage before anyone hears of it. Jobs that
//! arrive while a commit is being written go together into the next one.

mod commit;
mod control;
mod directory;
mod feed;
#[cfg(feature = "sim")]
mod inline;
mod journal;
mod outbox;
mod papers;
mod place;
mod queue;
mod read;
mod readers;
mod runs;
mod seals;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use holdshort_core::{
    Action, ActionId, Aggregate, Event, Grant, Paper, PaperKind, Payload, PrincipalId, Request,
    RequestId, Run, RunId, Stop, Timestamp, Today, WorkspaceId,
};
use rusqlite::{Connection, OpenFlags};

use crate::directory::{Cause, Change, Enrolment, Group, Key, PolicyVersion, Principal, Token};
use crate::error::StoreError;
use crate::log::{LogRow, SealRow};
use crate::migrate;
use crate::store::{
    ActionRow, Commit, Committed, OutboxItem, QueueCursor, QueueRow, RunRow, StepRow, Store,
    StoredEvent,
};
#[cfg(feature = "sim")]
pub use inline::{Fault, Faults, Turn};
use readers::Readers;
pub use readers::Tuning;
use writer::Writer;

/// Name of the database in the data directory.
const FILE: &str = "holdshort.db";

/// The memory in one directory.
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
    directory_version: AtomicU64,
    path: PathBuf,
    // Held for as long as this server runs; the system lets go of it however the process ends.
    _lock: Option<File>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the directory for a server, making it when it is new.
    ///
    /// # Errors
    /// When another server uses it, it cannot be written, or the database is newer.
    pub fn open(directory: &Path, tuning: Tuning) -> Result<Self, StoreError> {
        place::make(directory)?;
        let lock = place::lock(directory)?;
        Self::connect(directory, tuning, (Some(lock), Writer::start))
    }

    /// Opens the directory for one short command beside a server that may be running.
    ///
    /// # Errors
    /// When it cannot be written, or the database is newer.
    pub fn open_beside(directory: &Path) -> Result<Self, StoreError> {
        place::make(directory)?;
        let tuning = Tuning { readers: 1, cache_kib: 1024 };
        Self::connect(directory, tuning, (None, Writer::start))
    }

    fn connect(
        directory: &Path,
        tuning: Tuning,
        (lock, writer): (Option<File>, impl FnOnce(Connection) -> Result<Writer, StoreError>),
    ) -> Result<Self, StoreError> {
        let path = directory.join(FILE);
        place::private_file(&path)?;
        let mut writing = Connection::open(&path)?;
        configure(&writing, tuning)?;
        writing.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")?;
        migrate::sqlite(&mut writing)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut readers = Vec::new();
        for _ in 0..tuning.readers.max(1) {
            let reader = Connection::open_with_flags(&path, flags)?;
            configure(&reader, tuning)?;
            readers.push(reader);
        }
        Ok(Self {
            writer: writer(writing)?,
            readers: Readers::new(readers),
            directory_version: AtomicU64::new(0),
            path,
            _lock: lock,
        })
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.with(query)
    }
}

fn configure(connection: &Connection, tuning: Tuning) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "cache_size", -tuning.cache_kib)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // What is erased is overwritten, not only forgotten.
    connection.pragma_update(None, "secure_delete", "fast")?;
    Ok(())
}

type Read<T> = Result<T, StoreError>;

impl Store for Sqlite {
    async fn commit(&self, commit: Commit) -> Read<Committed> {
        self.writer.run(move |transaction| commit::write(transaction, &commit)).await
    }

    async fn change(&self, workspace: WorkspaceId, changes: Vec<Change>, cause: Cause) -> Read<()> {
        let all = move |transaction: &Connection| {
            changes.iter().try_for_each(|one| directory::apply(transaction, workspace, one))?;
            journal::changes(transaction, workspace, &changes, &cause)
        };
        let result = self.writer.run(all).await;
        self.directory_version.fetch_add(1, Ordering::Release);
        result
    }

    async fn note(&self, workspace: WorkspaceId, event: Event) -> Read<()> {
        let append = move |transaction: &Connection| {
            feed::append(transaction, workspace, &[event]).map(|_| ())
        };
        self.writer.run(append).await
    }

    async fn snooze(
        &self,
        workspace: WorkspaceId,
        action: ActionId,
        (now, until): (Timestamp, Timestamp),
    ) -> Read<()> {
        let table = ("actions", workspace);
        let snooze = move |transaction: &Connection| {
            feed::snooze(transaction, table, action.as_bytes(), (now, Some(until)))
        };
        self.writer.run(snooze).await
    }

    async fn snooze_run(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        times: (Timestamp, Option<Timestamp>),
    ) -> Read<()> {
        let table = ("runs", workspace);
        let snooze =
            move |transaction: &Connection| feed::snooze(transaction, table, run.as_bytes(), times);
        self.writer.run(snooze).await
    }

    async fn rouse(&self, workspace: WorkspaceId, run: Option<RunId>, now: Timestamp) -> Read<()> {
        let rouse = move |transaction: &Connection| feed::rouse(transaction, workspace, (run, now));
        self.writer.run(rouse).await
    }

    async fn erase(&self, workspace: WorkspaceId, action: ActionId, event: Event) -> Read<()> {
        let erase =
            move |transaction: &Connection| journal::erase(transaction, workspace, action, &event);
        self.writer.run(erase).await
    }

    fn directory_version(&self) -> u64 {
        self.directory_version.load(Ordering::Acquire)
    }

    async fn put_run(&self, workspace: WorkspaceId, run: Run, goal: String) -> Read<()> {
        self.writer.run(move |transaction| runs::put(transaction, workspace, &run, &goal)).await
    }

    async fn take_work(&self, now: Timestamp, until: Timestamp) -> Read<Option<OutboxItem>> {
        self.writer.run(move |transaction| outbox::take(transaction, now, until)).await
    }

    async fn release_work(&self) -> Read<()> {
        self.writer.run(outbox::release).await
    }

    async fn work_done(&self, id: i64) -> Read<()> {
        self.writer.run(move |transaction| outbox::done(transaction, id)).await
    }

    fn aggregate(&self, workspace: WorkspaceId, action: ActionId) -> Read<Option<Aggregate>> {
        self.read(|connection| read::aggregate(connection, workspace, action))
    }

    fn action_of(&self, workspace: WorkspaceId, request: RequestId) -> Read<Option<ActionId>> {
        self.read(|connection| read::action_of(connection, workspace, request))
    }

    fn find_repeat(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        dedupe: [u8; 32],
    ) -> Read<Option<ActionId>> {
        self.read(|connection| read::find_repeat(connection, workspace, run, dedupe))
    }

    fn request(&self, workspace: WorkspaceId, request: RequestId) -> Read<Option<Request>> {
        self.read(|connection| read::request(connection, workspace, request))
    }

    fn open_requests(
        &self,
        workspace: WorkspaceId,
        after: Option<QueueCursor>,
        limit: u32,
    ) -> Read<Vec<QueueRow>> {
        self.read(|connection| queue::open(connection, workspace, after, limit))
    }

    fn closed_requests(
        &self,
        workspace: WorkspaceId,
        after: Option<QueueCursor>,
        limit: u32,
    ) -> Read<Vec<QueueRow>> {
        self.read(|connection| queue::closed(connection, workspace, after, limit))
    }

    fn open_count(&self, workspace: WorkspaceId) -> Read<u64> {
        self.read(|connection| queue::count(connection, workspace))
    }

    fn run_named(
        &self,
        workspace: WorkspaceId,
        agent: PrincipalId,
        name: &str,
    ) -> Read<Option<(Run, String)>> {
        self.read(|connection| runs::named(connection, workspace, agent, name))
    }

    fn run(&self, workspace: WorkspaceId, run: RunId) -> Read<Option<RunRow>> {
        self.read(|connection| runs::one(connection, workspace, run))
    }

    fn runs(&self, workspace: WorkspaceId, before: Option<RunId>, limit: u32) -> Read<Vec<RunRow>> {
        self.read(|connection| runs::page(connection, workspace, before, limit))
    }

    fn actions_of(&self, workspace: WorkspaceId, run: RunId, limit: u32) -> Read<Vec<ActionRow>> {
        self.read(|connection| runs::actions(connection, workspace, run, limit))
    }

    fn steps_of(&self, workspace: WorkspaceId, run: RunId) -> Read<Vec<StepRow>> {
        self.read(|connection| runs::steps(connection, workspace, run))
    }

    fn undoable(
        &self,
        workspace: WorkspaceId,
        before: Option<ActionId>,
        now_and_limit: (Timestamp, u32),
    ) -> Read<Vec<ActionId>> {
        self.read(|connection| runs::undoable(connection, workspace, before, now_and_limit))
    }

    fn paper(&self, workspace: WorkspaceId, run: RunId, kind: PaperKind) -> Read<Option<Paper>> {
        self.read(|connection| papers::one(connection, workspace, run, kind))
    }

    fn events_after(&self, workspace: WorkspaceId, seq: i64, limit: u32) -> Read<Vec<StoredEvent>> {
        self.read(|connection| feed::after(connection, workspace, seq, limit))
    }

    fn feed_end(&self) -> Read<(i64, Timestamp)> {
        self.read(feed::end)
    }

    fn due_runs(&self, now: Timestamp, limit: u32) -> Read<Vec<(WorkspaceId, RunId)>> {
        self.read(|connection| feed::due_runs(connection, now, limit))
    }

    fn spending(&self, workspace: WorkspaceId, agent: PrincipalId, day: i64) -> Read<Today> {
        self.read(|connection| runs::spending(connection, workspace, agent, day))
    }

    fn grants_of(
        &self,
        workspace: WorkspaceId,
        agent: PrincipalId,
        now: Timestamp,
    ) -> Read<Vec<Grant>> {
        self.read(|connection| control::grants_of(connection, workspace, agent, now))
    }

    fn grants(&self, workspace: WorkspaceId, limit: u32) -> Read<Vec<Grant>> {
        self.read(|connection| control::grants(connection, workspace, limit))
    }

    fn stops(&self, workspace: WorkspaceId) -> Read<(u64, Vec<Stop>)> {
        self.read(|connection| control::stops(connection, workspace))
    }

    fn executing(&self, workspace: WorkspaceId, limit: u32) -> Read<Vec<(Run, Action, Payload)>> {
        self.read(|connection| runs::executing(connection, workspace, limit))
    }

    async fn add_seal(&self, workspace: WorkspaceId, seal: SealRow, at: Timestamp) -> Read<()> {
        let at = at.as_micros();
        self.writer.run(move |transaction| seals::add(transaction, workspace, (&seal, at))).await
    }

    fn log_rows(&self, workspace: WorkspaceId, span: (i64, i64), limit: u32) -> Read<Vec<LogRow>> {
        self.read(|connection| seals::rows(connection, workspace, span, limit))
    }

    fn seals(&self, workspace: WorkspaceId, after: u64, limit: u32) -> Read<Vec<SealRow>> {
        self.read(|connection| seals::after(connection, workspace, after, limit))
    }

    fn last_seal(&self, workspace: WorkspaceId) -> Read<Option<SealRow>> {
        self.read(|connection| seals::last(connection, workspace))
    }

    fn policies(&self, workspace: WorkspaceId, limit: u32) -> Read<Vec<PolicyVersion>> {
        self.read(|connection| control::policies(connection, workspace, limit))
    }

    fn due(&self, now: Timestamp, limit: u32) -> Read<Vec<(WorkspaceId, ActionId)>> {
        self.read(|connection| feed::due(connection, now, limit))
    }

    fn next_due(&self) -> Read<Option<Timestamp>> {
        self.read(feed::next_due)
    }

    fn token(&self, workspace: WorkspaceId, hash: [u8; 32]) -> Read<Option<Token>> {
        self.read(|connection| directory::token(connection, workspace, hash))
    }

    fn tokens(&self, workspace: WorkspaceId) -> Read<Vec<Token>> {
        self.read(|connection| directory::tokens(connection, workspace))
    }

    fn principal(&self, workspace: WorkspaceId, id: PrincipalId) -> Read<Option<Principal>> {
        self.read(|connection| directory::principal(connection, workspace, id))
    }

    fn principals(&self, workspace: WorkspaceId) -> Read<Vec<Principal>> {
        self.read(|connection| directory::principals(connection, workspace))
    }

    fn groups(&self, workspace: WorkspaceId) -> Read<Vec<Group>> {
        self.read(|connection| directory::groups(connection, workspace))
    }

    fn key(&self, workspace: WorkspaceId, id: &str) -> Read<Option<Key>> {
        self.read(|connection| directory::key(connection, workspace, id))
    }

    fn keys(&self, workspace: WorkspaceId) -> Read<Vec<Key>> {
        self.read(|connection| directory::keys(connection, workspace))
    }

    fn enrolment(&self, workspace: WorkspaceId, hash: [u8; 32]) -> Read<Option<Enrolment>> {
        self.read(|connection| directory::enrolment(connection, workspace, hash))
    }

    fn setting(&self, workspace: WorkspaceId, name: &str) -> Read<Option<String>> {
        self.read(|connection| directory::setting(connection, workspace, name))
    }
}
