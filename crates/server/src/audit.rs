//! The log: sealed within a second, its head sent elsewhere, checked and exported on demand.

mod anchor;
mod export;
mod key;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdshort_audit::{Broken, Head, Key, Record, Seal, Verifier};
use holdshort_core::planted::{self, Bug};
use holdshort_store::{Db, LogRow, SealRow, Sqlite, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::config::{self, BadConfig};
use crate::engine::{Engine, WORKSPACE};
pub(crate) use anchor::Anchors;
pub use export::export;

/// How often what is new is sealed.
const EVERY: Duration = Duration::from_millis(500);
/// Events under one seal at most.
const BATCH: u32 = 4096;
/// Seals read at once.
const SEALS: u32 = 64;

/// Why the log cannot be sealed, checked or exported.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The log is damaged.
    #[error("the log is damaged: {0}")]
    Broken(#[from] Broken),
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] BadConfig),
    /// The key cannot be read or made.
    #[error("the key of the log, `{0}`: {1}")]
    Key(PathBuf, String),
    /// The anchor cannot be read or written.
    #[error("the anchor `{0}`: {1}")]
    Anchor(PathBuf, String),
    /// The export cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The end of what is sealed; `None` when nothing is.
    pub head: Option<Head>,
    /// Events after it that are not sealed yet.
    pub unsealed: u64,
    /// Heads kept elsewhere that it was compared with.
    pub anchors: usize,
    /// Number of the last seal whose head is among them; 0 when there are none.
    pub anchored_to: u64,
}

/// Seals the log and sends its head on.
#[derive(Debug)]
pub(crate) struct Sealer {
    key: Key,
    anchors: Anchors,
    /// Number of the last seal whose head was sent on.
    sent: AtomicU64,
}

impl Sealer {
    /// The sealer of a data directory; its key is made when there is none yet and nothing was
    /// sealed.
    pub(crate) fn open(data: &Path, audit: &config::Audit, db: &Db) -> Result<Self, AuditError> {
        let sealed = db.last_seal(WORKSPACE)?.is_some();
        let key = key::open(&key::path(data, audit), !sealed)?;
        Ok(Self { key, anchors: Anchors::new(audit), sent: AtomicU64::new(0) })
    }

    /// Sends on the head of a seal, unless that was done.
    fn send(&self, seal: &Seal) -> Result<(), AuditError> {
        if self.sent.load(Ordering::Relaxed) < seal.number {
            self.anchors.send(&Head::from(seal))?;
            self.sent.store(seal.number, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Seals everything that is new.
    pub(crate) async fn seal(&self, engine: &Engine) -> Result<(), AuditError> {
        let mut last = engine.db.last_seal(WORKSPACE)?;
        if let Some(seal) = &last {
            // A process may end between sealing and sending; sent twice is no harm.
            self.send(&seal_of(seal))?;
        }
        loop {
            let after = last.as_ref().map_or(i64::MIN, |seal| seal.last);
            let mut rows = engine.db.log_rows(WORKSPACE, (after, i64::MAX), BATCH)?;
            if planted::is(Bug::SealSkips) {
                rows.retain(|row| row.kind != "action.claimed");
            }
            let previous = last.as_ref().map(seal_of);
            let sealed = with_records(&rows, |records| {
                self.key.seal(WORKSPACE.as_bytes(), previous.as_ref(), records)
            });
            let Some(seal) = sealed else { return Ok(()) };
            let row = row_of(&seal);
            engine.db.add_seal(WORKSPACE, row.clone(), engine.clock.now()).await?;
            self.send(&seal)?;
            last = Some(row);
        }
    }
}

/// Seals what is new, until the server stops.
pub(crate) async fn seal(engine: Arc<Engine>, sealer: Sealer, stopping: CancellationToken) {
    loop {
        if let Err(error) = sealer.seal(&engine).await {
            tracing::error!(%error, "the log was not sealed and is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.cancelled() => return,
        }
    }
}

fn seal_of(row: &SealRow) -> Seal {
    let SealRow { number, first, last, total, marks, mac } = row.clone();
    Seal { number, first, last, total, marks, mac }
}

fn row_of(seal: &Seal) -> SealRow {
    let Seal { number, first, last, total, marks, mac } = seal.clone();
    SealRow { number, first, last, total, marks, mac }
}

/// The rows as records of the chain: every column, as the bytes that are stored.
fn with_records<T>(rows: &[LogRow], use_them: impl FnOnce(&[Record<'_>]) -> T) -> T {
    let numbers: Vec<[[u8; 8]; 2]> =
        rows.iter().map(|row| [row.v.to_be_bytes(), row.at.to_be_bytes()]).collect();
    let fields: Vec<[&[u8]; 9]> = rows.iter().zip(&numbers).map(fields).collect();
    let records: Vec<Record<'_>> =
        rows.iter().zip(&fields).map(|(row, fields)| Record { seq: row.seq, fields }).collect();
    use_them(&records)
}

fn fields<'a>((row, [v, at]): (&'a LogRow, &'a [[u8; 8]; 2])) -> [&'a [u8]; 9] {
    [
        &row.id,
        v,
        row.kind.as_bytes(),
        at,
        row.action.as_deref().unwrap_or_default(),
        row.request.as_deref().unwrap_or_default(),
        row.run.as_deref().unwrap_or_default(),
        row.by.as_bytes(),
        row.detail.as_bytes(),
    ]
}

/// Checks the log of a data directory, beside a server that may be running.
///
/// `anchor` is a file of heads that was kept elsewhere; the configured one when absent.
///
/// # Errors
/// Where the log is damaged, or why it cannot be checked.
pub fn verify(data: &Path, anchor: Option<&Path>) -> Result<Verified, AuditError> {
    let audit = config::load(data)?.audit;
    let db = Sqlite::open_beside(data)?;
    let key = key::open(&key::path(data, &audit), false)?;
    let heads = match anchor.or(audit.anchor_file.as_deref()) {
        Some(path) => anchor::read(path)?,
        None => Vec::new(),
    };
    let anchors = heads.len();
    let anchored_to = heads.iter().map(|head| head.number).max().unwrap_or_default();
    let mut verifier = Verifier::new(&key, WORKSPACE.as_bytes()).with_anchors(heads);
    let mut after = i64::MIN;
    loop {
        let number = verifier.head().map_or(0, |head| head.number);
        let seals = db.seals(WORKSPACE, number, SEALS)?;
        if seals.is_empty() {
            break;
        }
        for seal in &seals {
            let rows = db.log_rows(WORKSPACE, (after, seal.last), u32::MAX)?;
            with_records(&rows, |records| verifier.check(&seal_of(seal), records))?;
            after = seal.last;
        }
    }
    let head = verifier.finish()?;
    let unsealed = db.log_rows(WORKSPACE, (after, i64::MAX), u32::MAX)?.len() as u64;
    Ok(Verified { head, unsealed, anchors, anchored_to })
}
