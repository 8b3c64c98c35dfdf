//! Pages of requests, by keyset.

use holdshort_core::{PrincipalId, WorkspaceId};
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::record;
use crate::store::{QueueCursor, QueueRow};

const COLUMNS: &str = "SELECT r.record, r.number, f.body, p.body, r.agent FROM requests r \
     JOIN payloads p ON p.workspace = r.workspace AND p.id = r.action \
     LEFT JOIN payloads f ON f.workspace = r.workspace AND f.id = r.id";

pub(super) fn open(
    connection: &Connection,
    workspace: WorkspaceId,
    after: Option<QueueCursor>,
    limit: u32,
) -> Result<Vec<QueueRow>, StoreError> {
    let (rank, at, id) = match after {
        Some(cursor) => (cursor.rank, cursor.at, cursor.id.as_bytes().to_vec()),
        None => (-1, i64::MIN, Vec::new()),
    };
    let sql = format!(
        "{COLUMNS} WHERE r.workspace = ?1 AND r.open = 1 AND (r.rank, r.due_at, r.id) > \
         (?2, ?3, ?4) ORDER BY r.rank, r.due_at, r.id LIMIT ?5"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params![workspace.as_bytes(), rank, at, id, limit], texts)?;
    rows.map(|row| row.map_err(StoreError::from).and_then(queue_row)).collect()
}

pub(super) fn closed(
    connection: &Connection,
    workspace: WorkspaceId,
    after: Option<QueueCursor>,
    limit: u32,
) -> Result<Vec<QueueRow>, StoreError> {
    let (at, id) = match after {
        Some(cursor) => (cursor.at, cursor.id.as_bytes().to_vec()),
        None => (i64::MAX, Vec::new()),
    };
    let sql = format!(
        "{COLUMNS} WHERE r.workspace = ?1 AND r.open = 0 AND (r.closed_at, r.id) < (?2, ?3) \
         ORDER BY r.closed_at DESC, r.id DESC LIMIT ?4"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params![workspace.as_bytes(), at, id, limit], texts)?;
    rows.map(|row| row.map_err(StoreError::from).and_then(queue_row)).collect()
}

pub(super) fn count(connection: &Connection, workspace: WorkspaceId) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(sum(n), 0) FROM open_counts WHERE workspace = ?1")?
        .query_row([workspace.as_bytes()], |row| row.get(0))?)
}

type Texts = (String, u64, Option<String>, String, [u8; 16]);

fn texts(row: &Row<'_>) -> rusqlite::Result<Texts> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn queue_row((request, number, facts, payload, agent): Texts) -> Result<QueueRow, StoreError> {
    Ok(QueueRow {
        request: record::request(&request, number, facts.as_deref())?,
        payload: record::payload(&payload)?,
        agent: PrincipalId::from_bytes(agent),
    })
}
