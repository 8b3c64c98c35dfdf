//! Runs and their actions.

use holdshort_core::{PrincipalId, Run, RunId, Timestamp, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::record;
use crate::store::{ActionRow, RunRow};

/// Writes a run unless it is there. A run of the same name that got there first is a conflict.
pub(super) fn put_new(
    transaction: &Connection,
    workspace: WorkspaceId,
    run: &Run,
    goal: &str,
) -> Result<(), StoreError> {
    let there: Option<i64> = transaction
        .prepare_cached("SELECT 1 FROM runs WHERE workspace = ?1 AND id = ?2")?
        .query_row(params![workspace.as_bytes(), run.id.as_bytes()], |row| row.get(0))
        .optional()?;
    if there.is_none() {
        put(transaction, workspace, run, goal)?;
    }
    Ok(())
}

pub(super) fn put(
    transaction: &Connection,
    workspace: WorkspaceId,
    run: &Run,
    goal: &str,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO runs (workspace, id, agent, name, goal, record) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (workspace, id) \
             DO UPDATE SET record = excluded.record, goal = excluded.goal",
        )?
        .execute(params![
            workspace.as_bytes(),
            run.id.as_bytes(),
            run.agent.as_bytes(),
            run.name,
            goal,
            record::write(run)?,
        ])?;
    Ok(())
}

pub(super) fn named(
    connection: &Connection,
    workspace: WorkspaceId,
    agent: PrincipalId,
    name: &str,
) -> Result<Option<(Run, String)>, StoreError> {
    let found: Option<(String, String)> = connection
        .prepare_cached(
            "SELECT record, goal FROM runs WHERE workspace = ?1 AND agent = ?2 AND name = ?3",
        )?
        .query_row(params![workspace.as_bytes(), agent.as_bytes(), name], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    found.map(|(text, goal)| Ok((record::run(&text)?, goal))).transpose()
}

const SUMMARY: &str = "SELECT r.record, r.goal, \
     (SELECT count(*) FROM actions a WHERE a.workspace = r.workspace AND a.run = r.id \
      AND a.state IN ('claimed', 'started', 'succeeded', 'failed', 'unknown')), \
     (SELECT count(*) FROM actions a WHERE a.workspace = r.workspace AND a.run = r.id \
      AND a.state = 'pending'), \
     (SELECT max(json_extract(a.record, '$.updated_at')) FROM actions a \
      WHERE a.workspace = r.workspace AND a.run = r.id) FROM runs r";

type Summary = (String, String, u64, u64, Option<i64>);

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn run_row((text, goal, steps, pending, updated): Summary) -> Result<RunRow, StoreError> {
    let run = record::run(&text)?;
    let updated_at = updated.map_or(run.created_at, Timestamp::from_micros);
    Ok(RunRow { run, goal, steps, pending, updated_at })
}

pub(super) fn one(
    connection: &Connection,
    workspace: WorkspaceId,
    id: RunId,
) -> Result<Option<RunRow>, StoreError> {
    connection
        .prepare_cached(&format!("{SUMMARY} WHERE r.workspace = ?1 AND r.id = ?2"))?
        .query_row(params![workspace.as_bytes(), id.as_bytes()], summary)
        .optional()?
        .map(run_row)
        .transpose()
}

pub(super) fn page(
    connection: &Connection,
    workspace: WorkspaceId,
    before: Option<RunId>,
    limit: u32,
) -> Result<Vec<RunRow>, StoreError> {
    let before = before.map_or([0xff; 16], |id| *id.as_bytes());
    let sql = format!("{SUMMARY} WHERE r.workspace = ?1 AND r.id < ?2 ORDER BY r.id DESC LIMIT ?3");
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params![workspace.as_bytes(), before, limit], summary)?;
    rows.map(|row| row.map_err(StoreError::from).and_then(run_row)).collect()
}

pub(super) fn actions(
    connection: &Connection,
    workspace: WorkspaceId,
    run: RunId,
    limit: u32,
) -> Result<Vec<ActionRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT a.record, p.body FROM actions a \
         JOIN payloads p ON p.workspace = a.workspace AND p.id = a.id \
         WHERE a.workspace = ?1 AND a.run = ?2 ORDER BY a.id DESC LIMIT ?3",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), run.as_bytes(), limit], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut actions = Vec::new();
    for row in rows {
        let (action, payload) = row?;
        let action = record::action(&action)?;
        let request = match action.request {
            Some(id) => super::read::request(connection, workspace, id)?,
            None => None,
        };
        actions.push(ActionRow { payload: record::payload(&payload)?, request, action });
    }
    actions.reverse();
    Ok(actions)
}
