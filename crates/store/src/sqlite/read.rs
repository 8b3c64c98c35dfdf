//! Single rows: an action with its run and request.

use holdshort_core::{ActionId, Aggregate, Request, RequestId, RunId, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::record;

/// 16 bytes of a column.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; 16]> {
    row.get(column)
}

pub(super) fn aggregate(
    connection: &Connection,
    workspace: WorkspaceId,
    id: ActionId,
) -> Result<Option<Aggregate>, StoreError> {
    let found: Option<(String, String, String)> = connection
        .prepare_cached(
            "SELECT a.record, p.body, r.record FROM actions a \
             JOIN payloads p ON p.workspace = a.workspace AND p.id = a.id \
             JOIN runs r ON r.workspace = a.workspace AND r.id = a.run \
             WHERE a.workspace = ?1 AND a.id = ?2",
        )?
        .query_row(params![workspace.as_bytes(), id.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((action, payload, run)) = found else {
        return Ok(None);
    };
    let action = record::action(&action)?;
    let request = match action.request {
        Some(id) => request(connection, workspace, id)?,
        None => None,
    };
    let payload = record::payload(&payload)?;
    let run = record::run(&run)?;
    let aggregate = Aggregate::of_run(workspace, run);
    Ok(Some(Aggregate { action: Some((action, payload)), request, ..aggregate }))
}

pub(super) fn request(
    connection: &Connection,
    workspace: WorkspaceId,
    id: RequestId,
) -> Result<Option<Request>, StoreError> {
    let found: Option<(String, u64, Option<String>)> = connection
        .prepare_cached(
            "SELECT r.record, r.number, p.body FROM requests r \
             LEFT JOIN payloads p ON p.workspace = r.workspace AND p.id = r.id \
             WHERE r.workspace = ?1 AND r.id = ?2",
        )?
        .query_row(params![workspace.as_bytes(), id.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    found.map(|(text, number, facts)| record::request(&text, number, facts.as_deref())).transpose()
}

pub(super) fn action_of(
    connection: &Connection,
    workspace: WorkspaceId,
    request: RequestId,
) -> Result<Option<ActionId>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT action FROM requests WHERE workspace = ?1 AND id = ?2")?
        .query_row(params![workspace.as_bytes(), request.as_bytes()], |row| bytes(row, 0))
        .optional()?
        .map(ActionId::from_bytes))
}

pub(super) fn find_repeat(
    connection: &Connection,
    workspace: WorkspaceId,
    run: RunId,
    dedupe: [u8; 32],
) -> Result<Option<ActionId>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM actions WHERE workspace = ?1 AND run = ?2 AND dedupe = ?3")?
        .query_row(params![workspace.as_bytes(), run.as_bytes(), dedupe], |row| bytes(row, 0))
        .optional()?
        .map(ActionId::from_bytes))
}
