//! The writer of the simulation: no thread, writes when it is polled, and asks before each write
//! what goes wrong with it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::writer::{Writer, in_savepoint};
use super::{Sqlite, Tuning, place};
use crate::error::StoreError;

/// What goes wrong with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It is refused, as by a full disk.
    Refused,
    /// The process ends before it is written.
    CrashBefore,
    /// The process ends after it was written, before anybody hears of it.
    CrashAfter,
}

/// How one write goes.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// How often others go first.
    pub before: u8,
    /// What goes wrong.
    pub fault: Fault,
    /// How often others go before the caller hears of it.
    pub after: u8,
}

/// Says how writes go.
pub trait Faults: Send + Sync + 'static {
    /// How the next write goes.
    fn turn(&self) -> Turn;
    /// The process has ended: nothing is written any more.
    fn crash(&self);
    /// Whether it has.
    fn crashed(&self) -> bool;
}

impl Sqlite {
    /// Opens the directory for a server of the simulation.
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub fn open_inline(directory: &Path, faults: Arc<dyn Faults>) -> Result<Self, StoreError> {
        let lock = place::lock(directory)?;
        let inline = |connection| Ok(Writer::inline(Inline::new(connection, faults)));
        Self::connect(directory, Tuning { readers: 1, cache_kib: 1024 }, (Some(lock), inline))
    }
}

pub(super) struct Inline {
    connection: Mutex<Connection>,
    faults: Arc<dyn Faults>,
}

impl Inline {
    pub(super) fn new(connection: Connection, faults: Arc<dyn Faults>) -> Self {
        Self { connection: Mutex::new(connection), faults }
    }

    pub(super) async fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let turn = self.faults.turn();
        for _ in 0..turn.before {
            tokio::task::yield_now().await;
        }
        match turn.fault {
            _ if self.faults.crashed() => return std::future::pending().await,
            Fault::Refused => return Err(StoreError::Refused("the disk is full".to_owned())),
            Fault::CrashBefore => {
                self.faults.crash();
                return std::future::pending().await;
            }
            Fault::None | Fault::CrashAfter => {}
        }
        let result = self.write(work);
        if turn.fault == Fault::CrashAfter {
            self.faults.crash();
            return std::future::pending().await;
        }
        for _ in 0..turn.after {
            tokio::task::yield_now().await;
        }
        result
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let result = in_savepoint(&connection, work);
        connection.prepare_cached("COMMIT")?.execute([])?;
        result
    }
}
