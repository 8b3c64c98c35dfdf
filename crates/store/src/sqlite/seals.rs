//! The chain over the events: rows to seal, and the seals.

use holdshort_core::WorkspaceId;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::log::{LogRow, SealRow};

/// Events after a place, as the bytes that are stored.
pub(super) fn rows(
    connection: &Connection,
    workspace: WorkspaceId,
    (after, up_to): (i64, i64),
    limit: u32,
) -> Result<Vec<LogRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT seq, id, v, kind, at, action, request, run, by, detail FROM events \
         WHERE seq > ?2 AND seq <= ?3 AND workspace = ?1 ORDER BY seq LIMIT ?4",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), after, up_to, limit], |row| {
        Ok(LogRow {
            seq: row.get(0)?,
            id: row.get(1)?,
            v: row.get(2)?,
            kind: row.get(3)?,
            at: row.get(4)?,
            action: row.get(5)?,
            request: row.get(6)?,
            run: row.get(7)?,
            by: row.get(8)?,
            detail: row.get(9)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn seal(row: &Row<'_>) -> rusqlite::Result<SealRow> {
    Ok(SealRow {
        number: row.get(0)?,
        first: row.get(1)?,
        last: row.get(2)?,
        total: row.get(3)?,
        marks: row.get(4)?,
        mac: row.get(5)?,
    })
}

/// Seals after a number, in order.
pub(super) fn after(
    connection: &Connection,
    workspace: WorkspaceId,
    number: u64,
    limit: u32,
) -> Result<Vec<SealRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT number, first, last, count, marks, mac FROM seals \
         WHERE workspace = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), number, limit], seal)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The last seal.
pub(super) fn last(
    connection: &Connection,
    workspace: WorkspaceId,
) -> Result<Option<SealRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT number, first, last, count, marks, mac FROM seals \
         WHERE workspace = ?1 ORDER BY number DESC LIMIT 1",
    )?;
    Ok(select.query_row(params![workspace.as_bytes()], seal).optional()?)
}

pub(super) fn add(
    transaction: &Connection,
    workspace: WorkspaceId,
    (seal, at): (&SealRow, i64),
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO seals (workspace, number, first, last, count, marks, mac, at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            workspace.as_bytes(),
            seal.number,
            seal.first,
            seal.last,
            seal.total,
            seal.marks,
            seal.mac,
            at,
        ])?;
    Ok(())
}
