//! Work that nobody calls for: facts to read, and what time changes.

use std::sync::Arc;
use std::time::Duration;

use holdshort_core::{Command, Effect};
use holdshort_store::Store;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::limits;
use crate::problem::Failure;

/// The longest sleep of the timers: a bound on what a clock that jumped can delay.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Actions looked at in one go.
const BATCH: u32 = 256;

/// Does what the outbox holds, until the server stops. It is read when something was put in,
/// when a lease of unfinished work runs out, and at the start.
pub(crate) async fn effects(engine: Arc<Engine>, stopping: CancellationToken) {
    let again = Duration::from_secs(u64::from(limits::WORK_LEASE_SECS));
    while !stopping.is_cancelled() {
        match next_effect(&engine).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(failure) => tracing::error!(problem = failure.detail(), "an effect failed"),
        }
        tokio::select! {
            () = engine.work.notified() => {}
            () = tokio::time::sleep(again) => {}
            () = stopping.cancelled() => {}
        }
    }
}

/// Does one piece of work; says whether there was any.
async fn next_effect(engine: &Arc<Engine>) -> Result<bool, Failure> {
    let now = engine.clock.now();
    let until = now.plus_secs(limits::WORK_LEASE_SECS);
    let Some(item) = engine.db.take_work(now, until).await? else {
        return Ok(false);
    };
    let engine = Arc::clone(engine);
    // Several at once: a slow probe does not hold up the next one.
    tokio::spawn(async move {
        let done = match item.effect {
            Effect::CollectFacts { action, request } => engine.collect_facts(action, request).await,
        };
        let finished = match done {
            Ok(()) => engine.db.work_done(item.id).await.map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = finished {
            tracing::error!(problem = failure.detail(), "an effect failed and is tried again");
        }
    });
    Ok(true)
}

/// Lets time pass for actions that are due, and sleeps until the next one is.
pub(crate) async fn timers(engine: Arc<Engine>, stopping: CancellationToken) {
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

async fn pass_time(engine: &Engine) -> Result<Duration, Failure> {
    let now = engine.clock.now();
    let due = engine.db.due(now, BATCH)?;
    let more = due.len() == usize::try_from(BATCH).unwrap_or(usize::MAX);
    for (_, action) in due {
        engine.apply(action, Command::TimePassed, None).await?;
    }
    if more {
        return Ok(Duration::ZERO);
    }
    let next = engine.db.next_due()?;
    let wait = next.map(|at| at.as_micros().saturating_sub(engine.clock.now().as_micros()));
    let micros = wait.map_or(u64::MAX, |wait| u64::try_from(wait.max(1_000)).unwrap_or(1_000));
    Ok(Duration::from_micros(micros))
}
