//! `holdshort audit`: check the log, export it. Works beside a server and without one.

use std::path::Path;

use holdshort_server::audit::{AuditError, export, verify};
use serde_json::json;

use crate::args::Audit;
use crate::output::{self, Stop, data};

pub(crate) fn run(dir: &Path, audit: Audit) -> Result<(), Stop> {
    match audit {
        Audit::Verify { anchor, json } => check(dir, anchor.as_deref(), json),
        Audit::Export => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            export(dir, &mut out).map_err(|error| stop(&error))?;
            std::io::Write::flush(&mut out)?;
            Ok(())
        }
    }
}

fn stop(error: &AuditError) -> Stop {
    let stop = Stop::failed(error);
    match error {
        AuditError::Broken(_) => {
            stop.hint("keep this directory as it is, and look at who can write to it")
        }
        _ => stop,
    }
}

fn check(dir: &Path, anchor: Option<&Path>, json: bool) -> Result<(), Stop> {
    let found = verify(dir, anchor).map_err(|error| stop(&error))?;
    let (seals, events) = found.head.map_or((0, 0), |head| (head.number, head.total));
    if json {
        return output::json(&json!({
            "ok": true, "seals": seals, "events": events, "unsealed": found.unsealed,
            "anchors": found.anchors, "anchored_to": found.anchored_to,
        }));
    }
    data(format!("The log is whole: {events} events under {seals} seals."));
    if found.unsealed > 0 {
        data(format!("{} events are not sealed yet; a running server does that.", found.unsealed));
    }
    match found.anchors {
        0 => data("No anchor was given: a log that was cut at its end or made anew looks whole."),
        heads => data(format!("It agrees with {heads} heads that were kept elsewhere.")),
    }
    if found.anchors > 0 && found.anchored_to < seals {
        let behind = seals - found.anchored_to;
        data(format!("The heads of the last {behind} seals are not among them."));
    }
    Ok(())
}
