//! The feed of events, and what time changes next.

use holdshort_core::planted::{self, Bug};
use holdshort_core::{
    ActionId, EVENT_VERSION, Event, EventId, EventKind, RequestId, RunId, Timestamp, WorkspaceId,
};
use rusqlite::{Connection, Row, params};

use super::read::bytes;
use crate::error::StoreError;
use crate::record;
use crate::store::StoredEvent;

pub(super) fn after(
    connection: &Connection,
    workspace: WorkspaceId,
    seq: i64,
    limit: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT seq, v, id, kind, at, action, request, run, by, detail FROM events \
         WHERE seq > ?2 AND workspace = ?1 ORDER BY seq LIMIT ?3",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), seq, limit], |row| {
        Ok((event_ids(row)?, row.get::<_, String>(3)?, row.get::<_, String>(9)?))
    })?;
    rows.map(|row| {
        let (mut stored, kind, detail) = row?;
        stored.event.kind = serde_json::from_value(kind.into())?;
        stored.event.detail = serde_json::from_str(&detail)?;
        Ok(stored)
    })
    .collect()
}

/// Everything but kind and detail, which are parsed outside of the row.
fn event_ids(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    let optional = |column| row.get::<_, Option<[u8; 16]>>(column);
    Ok(StoredEvent {
        seq: row.get(0)?,
        v: row.get(1)?,
        event: Event {
            id: EventId::from_bytes(bytes(row, 2)?),
            kind: holdshort_core::EventKind::Proposed,
            at: Timestamp::from_micros(row.get(4)?),
            action: optional(5)?.map(ActionId::from_bytes),
            request: optional(6)?.map(RequestId::from_bytes),
            run: optional(7)?.map(RunId::from_bytes),
            by: row.get(8)?,
            detail: serde_json::Value::Null,
        },
    })
}

pub(super) fn end(connection: &Connection) -> Result<(i64, Timestamp), StoreError> {
    let (seq, at) = connection.query_row(
        "SELECT coalesce(max(seq), 0), \
         coalesce((SELECT at FROM events ORDER BY seq DESC LIMIT 1), 0) FROM events",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok((seq, Timestamp::from_micros(at)))
}

pub(super) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(WorkspaceId, ActionId)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT workspace, id FROM actions WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2",
    )?;
    let rows = select.query_map(params![now.as_micros(), limit], |row| {
        let workspace = WorkspaceId::from_bytes(bytes(row, 0)?);
        Ok((workspace, ActionId::from_bytes(bytes(row, 1)?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn due_runs(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(WorkspaceId, RunId)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT workspace, id FROM runs WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2",
    )?;
    let rows = select.query_map(params![now.as_micros(), limit], |row| {
        let workspace = WorkspaceId::from_bytes(bytes(row, 0)?);
        Ok((workspace, RunId::from_bytes(bytes(row, 1)?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn snooze(
    transaction: &Connection,
    (table, workspace): (&'static str, WorkspaceId),
    id: &[u8; 16],
    (now, until): (Timestamp, Option<Timestamp>),
) -> Result<(), StoreError> {
    // One that changed meanwhile has a time of its own again, and keeps it.
    let sql = format!(
        "UPDATE {table} SET wake_at = ?3 WHERE workspace = ?1 AND id = ?2 AND wake_at <= ?4"
    );
    let until = until.map(Timestamp::as_micros);
    let key = params![workspace.as_bytes(), id, until, now.as_micros()];
    transaction.prepare_cached(&sql)?.execute(key)?;
    Ok(())
}

pub(super) fn rouse(
    transaction: &Connection,
    workspace: WorkspaceId,
    (run, now): (Option<RunId>, Timestamp),
) -> Result<(), StoreError> {
    let run = run.as_ref().map(RunId::as_bytes);
    let key = params![workspace.as_bytes(), run, now.as_micros()];
    transaction
        .prepare_cached(
            "UPDATE actions SET wake_at = ?3 WHERE workspace = ?1 AND wake_at > ?3 \
             AND (?2 IS NULL OR run = ?2)",
        )?
        .execute(key)?;
    transaction
        .prepare_cached(
            "UPDATE runs SET wake_at = ?3 WHERE workspace = ?1 AND wake_at > ?3 \
             AND (?2 IS NULL OR id = ?2)",
        )?
        .execute(key)?;
    Ok(())
}

pub(super) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let first = |table: &str| -> rusqlite::Result<Option<i64>> {
        let sql = format!("SELECT min(wake_at) FROM {table} WHERE wake_at IS NOT NULL");
        connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))
    };
    let next = first("actions")?.into_iter().chain(first("runs")?).min();
    Ok(next.map(Timestamp::from_micros))
}

/// Writes events; gives back the place of the last one.
pub(super) fn append(
    transaction: &Connection,
    workspace: WorkspaceId,
    events: &[Event],
) -> Result<i64, StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO events (workspace, id, v, kind, at, action, request, run, by, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for event in events {
        if event.kind == EventKind::Claimed && planted::is(Bug::EventLost) {
            continue;
        }
        let kind = record::write(&event.kind)?;
        insert.execute(params![
            workspace.as_bytes(),
            event.id.as_bytes(),
            EVENT_VERSION,
            kind.trim_matches('"'),
            event.at.as_micros(),
            event.action.as_ref().map(ActionId::as_bytes),
            event.request.as_ref().map(RequestId::as_bytes),
            event.run.as_ref().map(RunId::as_bytes),
            event.by,
            event.detail.to_string(),
        ])?;
    }
    Ok(transaction.last_insert_rowid())
}
