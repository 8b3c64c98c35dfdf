//! The log: a check of a million records, as the program does it.

use std::process::{Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;

use crate::Failed;
use crate::gate::{Gate, binary};
use crate::measure::{figure, pause, timed};

const RECORDS: i64 = 1_000_000;

pub(crate) fn run() -> Result<(), Failed> {
    let gate = Gate::start()?;
    let mut db = Connection::open(gate.data().join("holdshort.db"))?;
    db.busy_timeout(Duration::from_secs(60))?;
    fill(&mut db)?;
    let total: i64 = db.query_row("SELECT max(seq) FROM events", [], |row| row.get(0))?;
    let (sealed, micros) = timed(|| wait_for_seals(&db, total));
    sealed?;
    let per_second = total.unsigned_abs() * 1_000_000 / micros.max(1);
    figure("log", "records sealed a second", &per_second.to_string());
    let (checked, micros) = timed(|| {
        Command::new(binary()?)
            .args(["audit", "verify", "--data"])
            .arg(gate.data())
            .stdout(Stdio::null())
            .status()
            .map_err(Failed::from)
    });
    if !checked?.success() {
        return Err("the log does not verify".into());
    }
    let shown = format!("{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000);
    figure("log", &format!("`audit verify` of {total} records"), &shown);
    Ok(())
}

/// Records as an action leaves them, without the actions.
fn fill(db: &mut Connection) -> Result<(), Failed> {
    let transaction = db.transaction()?;
    transaction.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
         INSERT INTO events (workspace, id, v, kind, at, action, request, run, by, detail) \
         SELECT x'01010101010101010101010101010101', randomblob(16), 1, 'action.claimed', \
         1795600000000000 + i, randomblob(16), randomblob(16), randomblob(16), 'the agent', \
         '{\"started\":true}' FROM n",
        [RECORDS],
    )?;
    Ok(transaction.commit()?)
}

fn wait_for_seals(db: &Connection, total: i64) -> Result<(), Failed> {
    loop {
        let last: Option<i64> =
            db.query_row("SELECT max(last) FROM seals", [], |row| row.get(0))?;
        if last.is_some_and(|last| last >= total) {
            return Ok(());
        }
        pause(50);
    }
}
