//! What agents keep with their runs.

use holdshort_core::{Paper, PaperKind, RunId, Untrusted, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// Writes papers in the place of those of their kind. The version of the run guards them.
pub(super) fn write(
    transaction: &Connection,
    (workspace, run): (WorkspaceId, RunId),
    papers: &[Paper],
) -> Result<(), StoreError> {
    for paper in papers {
        transaction
            .prepare_cached(
                "INSERT INTO run_papers (workspace, run, kind, version, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (workspace, run, kind) \
                 DO UPDATE SET version = excluded.version, body = excluded.body",
            )?
            .execute(params![
                workspace.as_bytes(),
                run.as_bytes(),
                paper.kind.name(),
                paper.version,
                paper.body.raw(),
            ])?;
    }
    Ok(())
}

pub(super) fn one(
    connection: &Connection,
    workspace: WorkspaceId,
    run: RunId,
    kind: PaperKind,
) -> Result<Option<Paper>, StoreError> {
    let found: Option<(u64, String)> = connection
        .prepare_cached(
            "SELECT version, body FROM run_papers WHERE workspace = ?1 AND run = ?2 AND kind = ?3",
        )?
        .query_row(params![workspace.as_bytes(), run.as_bytes(), kind.name()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(found.map(|(version, body)| Paper { kind, version, body: Untrusted::new(body) }))
}
