//! The feed of events, and what time changes next.

use holdshort_core::{ActionId, Event, EventId, RequestId, RunId, Timestamp, WorkspaceId};
use rusqlite::{Connection, Row, params};

use super::read::bytes;
use crate::error::StoreError;
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
            run: RunId::from_bytes(bytes(row, 7)?),
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

pub(super) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> = connection
        .prepare_cached("SELECT min(wake_at) FROM actions WHERE wake_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(next.map(Timestamp::from_micros))
}
