//! Many requests that wait with a ladder: how late the timers are, and what they cost.

use std::time::Duration;

use rusqlite::Connection;

use crate::Failed;
use crate::gate::Gate;
use crate::measure::{figure, latencies, now_micros, pause};
use crate::parked;

/// Half of the first step, when those it asks are reminded; and its end.
const POLICY: &str = "[[rule]]\nid = \"all\"\nreason = \"So.\"\nask = { ladder = \"two\" }\n\
    [ladder.two]\nsteps = [{ ask = \"everyone\", within = \"2m\" }, { ask = \"everyone\" }]\n";
const STEP_MICROS: u64 = 120_000_000;

pub(crate) fn run(count: u64) -> Result<(), Failed> {
    let gate = Gate::start_with(Some(POLICY))?;
    parked::park(&gate, count)?;
    let parked = gate.resident_mb()?;
    let last = now_micros();
    let mut most = parked;
    // Until the last one was reminded and asked of the next step.
    while now_micros() < last + STEP_MICROS + 5_000_000 {
        pause(500);
        most = most.max(gate.resident_mb()?);
    }
    let db = Connection::open(gate.data().join("holdshort.db"))?;
    db.busy_timeout(Duration::from_secs(60))?;
    for (kind, after) in [("reminded", STEP_MICROS / 2), ("escalated", STEP_MICROS)] {
        let late = late(&db, &format!("request.{kind}"), after)?;
        let all = late.len();
        let worst = late.iter().max().copied().unwrap_or_default();
        latencies("timers", &format!("{all} of {count} {kind}: how late"), late);
        figure("timers", &format!("{kind}: the latest"), &format!("{} ms", worst / 1000));
    }
    let memory = format!("{parked:.1} MB parked, {most:.1} MB at most while they fire");
    figure("timers", &format!("memory with {count} ladders"), &memory);
    Ok(())
}

/// Microseconds by which each event of a kind came later than `after` its request was opened.
fn late(db: &Connection, kind: &str, after: u64) -> Result<Vec<u64>, Failed> {
    let mut select = db.prepare(
        "SELECT e.at - o.at FROM events e JOIN events o ON o.request = e.request \
         AND o.kind = 'request.opened' WHERE e.kind = ?1",
    )?;
    let rows = select.query_map([kind], |row| row.get::<_, i64>(0))?;
    rows.map(|row| Ok(row?.unsigned_abs().saturating_sub(after))).collect()
}
