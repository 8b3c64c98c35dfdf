//! Work that follows from changes: leased, done at least once, then removed.

use holdshort_core::{Timestamp, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, params};

use super::read::bytes;
use crate::error::StoreError;
use crate::store::OutboxItem;

pub(super) fn take(
    transaction: &Connection,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<OutboxItem>, StoreError> {
    let found: Option<(i64, [u8; 16], String, u32)> = transaction
        .prepare_cached(
            "SELECT id, workspace, body, attempts FROM outbox WHERE leased_until <= ?1 \
             ORDER BY id LIMIT 1",
        )?
        .query_row([now.as_micros()], |row| {
            Ok((row.get(0)?, bytes(row, 1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((id, workspace, body, attempts)) = found else {
        return Ok(None);
    };
    transaction
        .prepare_cached(
            "UPDATE outbox SET leased_until = ?2, attempts = attempts + 1 WHERE id = ?1",
        )?
        .execute(params![id, until.as_micros()])?;
    let workspace = WorkspaceId::from_bytes(workspace);
    Ok(Some(OutboxItem { id, workspace, effect: serde_json::from_str(&body)?, attempts }))
}

pub(super) fn release(transaction: &Connection) -> Result<(), StoreError> {
    transaction.execute("UPDATE outbox SET leased_until = 0", [])?;
    Ok(())
}

pub(super) fn done(transaction: &Connection, id: i64) -> Result<(), StoreError> {
    transaction.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])?;
    Ok(())
}
