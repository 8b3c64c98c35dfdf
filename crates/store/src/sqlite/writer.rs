//! The one writer: takes what waits, writes it in one transaction, syncs once, answers all.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::StoreError;

/// Jobs that may wait for the writer; beyond that callers wait for room.
const QUEUE: usize = 4096;
/// Jobs written in one transaction.
const BATCH: usize = 512;

/// Does its work inside the transaction and gives back what answers the caller once it is synced.
type Job = Box<dyn FnOnce(&Connection) -> Box<dyn FnOnce(Synced) + Send> + Send>;
type Synced = Result<(), StoreError>;

pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
    #[cfg(feature = "sim")]
    inline: Option<super::inline::Inline>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(connection, &waiting))
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        let thread = Some(thread);
        Ok(Self {
            jobs: Some(jobs),
            thread,
            #[cfg(feature = "sim")]
            inline: None,
        })
    }

    /// A writer that writes when it is polled, and fails as it is told.
    #[cfg(feature = "sim")]
    pub(super) fn inline(inline: super::inline::Inline) -> Self {
        Self { jobs: None, thread: None, inline: Some(inline) }
    }

    /// Runs `work` in the next transaction; resolves when it is on stable storage. Work that
    /// fails leaves nothing behind and does not disturb its neighbours.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        #[cfg(feature = "sim")]
        if let Some(inline) = &self.inline {
            return inline.run(work).await;
        }
        let (answer, answered) = oneshot::channel();
        let mut job: Job = Box::new(move |connection| {
            let result = in_savepoint(connection, work);
            Box::new(move |synced: Synced| {
                // A caller that went away does not need the answer.
                let _ = answer.send(synced.and(result));
            })
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        loop {
            match jobs.try_send(job) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) => {
                    job = back;
                    tokio::task::yield_now().await;
                }
                Err(TrySendError::Disconnected(_)) => return Err(StoreError::Closed),
            }
        }
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // It ends when the queue is empty; a panic there has already been reported.
            let _ = thread.join();
        }
    }
}

pub(super) fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = work(connection);
    if result.is_err() {
        connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    connection.prepare_cached("RELEASE job")?.execute([])?;
    result
}

fn write_all(connection: Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        while let Ok(next) = waiting.try_recv() {
            batch.push(next);
            if batch.len() == BATCH {
                break;
            }
        }
        write_batch(&connection, batch);
    }
}

fn write_batch(connection: &Connection, batch: Vec<Job>) {
    // Where writing is refused (a full disk, say) the jobs still run, in a transaction that is
    // rolled back, so that each caller gets an answer of its own type.
    let refused = connection.execute_batch("BEGIN IMMEDIATE").err();
    let begun = match refused {
        None => Ok(()),
        Some(_) => connection.execute_batch("BEGIN DEFERRED"),
    };
    if let Err(error) = begun {
        // The jobs are dropped unrun; their callers see the store as closed.
        return tracing::error!(error = %error, "cannot begin to write");
    }
    let answers: Vec<_> = batch.into_iter().map(|job| job(connection)).collect();
    let synced = match refused {
        None => connection.execute_batch("COMMIT"),
        Some(error) => Err(error),
    };
    let failure = synced.err().map(|error| error.to_string());
    if let Some(failure) = &failure {
        tracing::error!(error = %failure, "cannot write");
        if let Err(error) = connection.execute_batch("ROLLBACK") {
            tracing::error!(error = %error, "cannot roll back");
        }
    }
    for answer in answers {
        answer(match &failure {
            None => Ok(()),
            Some(failure) => Err(StoreError::Refused(failure.clone())),
        });
    }
}
