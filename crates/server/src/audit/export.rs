//! The log as JSON lines: every event, and for each action who asked, who decided with what proof,
//! what was shown, when, and what came of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use holdshort_core::{ActionId, notice};
use holdshort_store::{LogRow, Sqlite, Store};
use serde_json::{Value, json};

use super::AuditError;
use crate::engine::WORKSPACE;
use crate::wire;

/// Events read at once.
const PAGE: u32 = 4096;

/// Writes the log of a data directory: a line for each event, then a line for each action.
///
/// # Errors
/// When the store cannot be read or the output not written.
pub fn export(data: &Path, out: &mut impl Write) -> Result<(), AuditError> {
    let db = Sqlite::open_beside(data)?;
    let mut actions: BTreeMap<Vec<u8>, Vec<i64>> = BTreeMap::new();
    let mut after = i64::MIN;
    loop {
        let rows = db.log_rows(WORKSPACE, (after, i64::MAX), PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        for row in &rows {
            if let Some(action) = &row.action {
                actions.entry(action.clone()).or_default().push(row.seq);
            }
            writeln!(out, "{}", event(row))?;
        }
    }
    for (id, events) in actions {
        let Ok(id) = <[u8; 16]>::try_from(id) else { continue };
        if let Some(line) = action(&db, ActionId::from_bytes(id), &events)? {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn event(row: &LogRow) -> Value {
    let id = |bytes: &Option<Vec<u8>>| bytes.clone().and_then(|id| <[u8; 16]>::try_from(id).ok());
    let detail: Value = serde_json::from_str(&row.detail).unwrap_or(Value::Null);
    json!({
        "line": "event",
        "seq": row.seq,
        "kind": row.kind,
        "at": row.at,
        "by": row.by,
        "action": id(&row.action).map(|id| ActionId::from_bytes(id).to_string()),
        "request": id(&row.request).map(|id| holdshort_core::RequestId::from_bytes(id).to_string()),
        "run": id(&row.run).map(|id| holdshort_core::RunId::from_bytes(id).to_string()),
        "person": detail.get("person").and_then(Value::as_bool).unwrap_or(false),
        "detail": detail,
    })
}

/// What is known about one action.
fn action(db: &Sqlite, id: ActionId, events: &[i64]) -> Result<Option<Value>, AuditError> {
    let Some(aggregate) = db.aggregate(WORKSPACE, id)? else { return Ok(None) };
    let Some((action, payload)) = &aggregate.action else { return Ok(None) };
    let (decided_by, person) = wire::decided_by(&action.state);
    let request = aggregate.request.as_ref();
    let votes: Vec<Value> = request
        .iter()
        .flat_map(|request| &request.votes)
        .map(|vote| {
            json!({
                "by": vote.by.name,
                "proof": vote.by.proof,
                "person": vote.by.proof.is_person(),
                "decision": vote.decision,
                "binding": vote.binding,
                "at": vote.at.as_micros(),
                "counts": vote.counts,
            })
        })
        .collect();
    Ok(Some(json!({
        "line": "action",
        "action": action.id.to_string(),
        "kind": action.kind.name(),
        "run": action.run.to_string(),
        "asked_by": action.agent_name,
        "level": action.level,
        "shown": notice::sentence(payload).to_plain(),
        "rule": action.verdict.rule,
        "request": request.map(|request| request.id.to_string()),
        "binding": request.map(|request| request.binding().to_string()),
        "asked_at": request.map(|request| request.opened_at.as_micros()),
        "votes": votes,
        "decided_by": decided_by,
        "decided_by_person": person,
        "proposed": action.proposed,
        "ran": action.effective,
        "state": action.state.name(),
        "updated_at": action.updated_at.as_micros(),
        "events": events,
    })))
}
