//! Work that nobody calls for: facts to read, and what time changes.

use std::sync::Arc;
use std::time::Duration;

use holdshort_api::Code;
use holdshort_core::{ActionId, Command, Effect, RunCommand, RunId, next_run_wake, next_wake};
use holdshort_store::{OutboxItem, Store};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, WORKSPACE};
use crate::limits;
use crate::problem::Failure;

/// The longest sleep of the timers: a bound on what a clock that jumped can delay.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Actions looked at in one go; their commits share one write to the disk.
const BATCH: u32 = 256;
/// Seconds until something is looked at again whose time stands still.
const STANDS_STILL_SECS: u32 = 300;
/// How often the files of the policy are looked at.
const POLICY_EVERY: Duration = Duration::from_millis(500);

/// Does what the outbox holds, until the server stops. It is read when something was put in,
/// when a lease of unfinished work runs out, and at the start; `begun` hears when what was left
/// over from before is done.
pub(crate) async fn effects(
    engine: Arc<Engine>,
    stopping: CancellationToken,
    begun: oneshot::Sender<()>,
) {
    let again = Duration::from_secs(u64::from(limits::WORK_LEASE_SECS));
    let mut running = JoinSet::new();
    take_all(&engine, &mut running).await;
    while running.join_next().await.is_some() {}
    // Nobody listens any more when the server is already stopping.
    let _ = begun.send(());
    while !stopping.is_cancelled() {
        tokio::select! {
            () = engine.work.notified() => {}
            () = tokio::time::sleep(again) => {}
            _ = running.join_next(), if !running.is_empty() => continue,
            () = stopping.cancelled() => return,
        }
        take_all(&engine, &mut running).await;
    }
}

/// Starts all work that nobody holds. Several at once: a slow probe does not hold up the next.
pub(crate) async fn take_all(engine: &Arc<Engine>, running: &mut JoinSet<()>) {
    loop {
        let now = engine.clock.now();
        let until = now.plus_secs(limits::WORK_LEASE_SECS);
        match engine.db.take_work(now, until).await {
            Ok(Some(item)) => {
                running.spawn(work(Arc::clone(engine), item));
            }
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, "cannot take work"),
        }
    }
}

async fn work(engine: Arc<Engine>, item: OutboxItem) {
    let done = match item.effect {
        Effect::CollectFacts { action, request } => engine.collect_facts(action, request).await,
        Effect::WakeAgent { run } => engine.wake_agent(run, (item.id, item.attempts)).await,
    };
    let finished = match done {
        Ok(()) => engine.db.work_done(item.id).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = finished {
        tracing::error!(problem = failure.detail(), "an effect failed and is tried again");
    }
}

/// Lets time pass for actions that are due, and sleeps until the next one is.
///
/// It begins when facts that were left over are read: a server that was down for a while does
/// not first put them down as not known.
pub(crate) async fn timers(
    engine: Arc<Engine>,
    stopping: CancellationToken,
    begun: oneshot::Receiver<()>,
) {
    // A worker that is gone sends nothing; then time passes all the same.
    let _ = begun.await;
    while !stopping.is_cancelled() {
        let sleep = match pass_time(&engine).await {
            Ok(sleep) => sleep,
            Err(failure) => {
                tracing::error!(problem = failure.detail(), "the timers failed");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = engine.timers.notified() => {}
            () = tokio::time::sleep(sleep.min(LONGEST_SLEEP)) => {}
            () = stopping.cancelled() => {}
        }
    }
}

pub(crate) async fn pass_time(engine: &Arc<Engine>) -> Result<Duration, Failure> {
    let now = engine.clock.now();
    let due = engine.db.due(now, BATCH)?;
    let runs = engine.db.due_runs(now, BATCH)?;
    let more = due.len().max(runs.len()) == usize::try_from(BATCH).unwrap_or(usize::MAX);
    let mut passing = JoinSet::new();
    for (_, action) in due {
        let engine = Arc::clone(engine);
        passing.spawn(async move { pass_action(&engine, action).await });
    }
    for (_, run) in runs {
        let engine = Arc::clone(engine);
        passing.spawn(async move { pass_run(&engine, run).await });
    }
    while let Some(passed) = passing.join_next().await {
        // A task that panicked leaves its timer due; it is tried again after a while.
        passed.map_err(|_| Failure::new(Code::Internal, "a timer failed"))??;
    }
    if more {
        return Ok(Duration::ZERO);
    }
    let next = engine.db.next_due()?;
    let wait = next.map(|at| at.as_micros().saturating_sub(engine.clock.now().as_micros()));
    let micros = wait.map_or(u64::MAX, |wait| u64::try_from(wait.max(1_000)).unwrap_or(1_000));
    Ok(Duration::from_micros(micros))
}

async fn pass_action(engine: &Engine, action: ActionId) -> Result<(), Failure> {
    let now = engine.clock.now();
    let applied = engine.apply(action, Command::TimePassed, None).await?;
    let next = applied.aggregate.action.as_ref();
    let next = next.and_then(|(row, _)| next_wake(row, applied.aggregate.request.as_ref()));
    let Some(next) = next else { return Ok(()) };
    // Still due: it is stopped or held, and goes on when that ends.
    let until = if next > now { next } else { now.plus_secs(STANDS_STILL_SECS) };
    Ok(engine.db.snooze(WORKSPACE, action, (now, until)).await?)
}

async fn pass_run(engine: &Engine, run: RunId) -> Result<(), Failure> {
    let now = engine.clock.now();
    let applied = engine.apply_to_run(run, RunCommand::TimePassed, None).await?;
    let next = next_run_wake(&applied.aggregate.run, &engine.policy.policy());
    let until = next.map(|next| if next > now { next } else { now.plus_secs(STANDS_STILL_SECS) });
    Ok(engine.db.snooze_run(WORKSPACE, run, (now, until)).await?)
}

/// Reads the policy again when one of its files changes, until the server stops.
pub(crate) async fn policy(engine: Arc<Engine>, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLICY_EVERY) => {}
            () = stopping.cancelled() => return,
        }
        if let Err(failure) = engine.reload_policy().await {
            tracing::error!(problem = failure.detail(), "a change of the policy was not written");
        }
    }
}
