//! Runs and their actions.

use holdshort_core::planted::{self, Bug};
use holdshort_core::{
    Action, ActionId, Payload, PrincipalId, Run, RunId, Timestamp, Today, WorkspaceId,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::record;
use crate::store::{ActionRow, Commit, RunRow, StepRow};

/// Writes the run a transition looked at, if it is still what was read; one that is new is
/// written, and one of the same name that got there first is a conflict.
pub(super) fn guard(
    transaction: &Connection,
    commit: &Commit,
    changed: Option<&Run>,
) -> Result<(), StoreError> {
    let Some(expected) = commit.expected_run else {
        let run = changed.unwrap_or(&commit.run);
        return insert(transaction, commit.workspace, (run, &commit.goal), commit.run_wake);
    };
    let any = planted::is(Bug::LastWriteWins);
    let key = params![commit.workspace.as_bytes(), commit.run.id.as_bytes(), expected, any];
    let Some(run) = changed else {
        let same: Option<i64> = transaction
            .prepare_cached(
                "SELECT 1 FROM runs WHERE workspace = ?1 AND id = ?2 AND (version = ?3 OR ?4)",
            )?
            .query_row(key, |row| row.get(0))
            .optional()?;
        return same.map(|_| ()).ok_or(StoreError::Conflict);
    };
    let written = transaction
        .prepare_cached(
            "UPDATE runs SET record = ?4, version = ?5, wake_at = ?6 \
             WHERE workspace = ?1 AND id = ?2 AND (version = ?3 OR ?7)",
        )?
        .execute(params![
            commit.workspace.as_bytes(),
            commit.run.id.as_bytes(),
            expected,
            record::write(run)?,
            run.version,
            commit.run_wake.map(Timestamp::as_micros),
            any,
        ])?;
    if written == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

fn insert(
    transaction: &Connection,
    workspace: WorkspaceId,
    (run, goal): (&Run, &str),
    wake: Option<Timestamp>,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO runs (workspace, id, agent, name, goal, record, version, wake_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            workspace.as_bytes(),
            run.id.as_bytes(),
            run.agent.as_bytes(),
            run.name,
            goal,
            record::write(run)?,
            run.version,
            wake.map(Timestamp::as_micros),
        ])?;
    Ok(())
}

/// Writes a run that is new, or the task of one that is there.
pub(super) fn put(
    transaction: &Connection,
    workspace: WorkspaceId,
    run: &Run,
    goal: &str,
) -> Result<(), StoreError> {
    let described = transaction
        .prepare_cached("UPDATE runs SET goal = ?3 WHERE workspace = ?1 AND id = ?2")?
        .execute(params![workspace.as_bytes(), run.id.as_bytes(), goal])?;
    if described == 1 { Ok(()) } else { insert(transaction, workspace, (run, goal), None) }
}

pub(super) fn write_spending(
    transaction: &Connection,
    workspace: WorkspaceId,
    agent: PrincipalId,
    today: &Today,
) -> Result<(), StoreError> {
    let before = today.version.saturating_sub(1);
    let written = transaction
        .prepare_cached(
            "INSERT INTO spending (workspace, agent, day, version, record) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (workspace, agent, day) \
             DO UPDATE SET version = excluded.version, record = excluded.record \
             WHERE version = ?6",
        )?
        .execute(params![
            workspace.as_bytes(),
            agent.as_bytes(),
            today.day,
            today.version,
            record::write(&today.spending)?,
            before,
        ])?;
    if written == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

pub(super) fn spending(
    connection: &Connection,
    workspace: WorkspaceId,
    agent: PrincipalId,
    day: i64,
) -> Result<Today, StoreError> {
    let found: Option<(u64, String)> = connection
        .prepare_cached(
            "SELECT version, record FROM spending WHERE workspace = ?1 AND agent = ?2 AND day = ?3",
        )?
        .query_row(params![workspace.as_bytes(), agent.as_bytes(), day], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((version, text)) = found else { return Ok(Today { day, ..Today::default() }) };
    Ok(Today { day, version, spending: record::read(&text)? })
}

/// Actions that were claimed and are not over.
pub(super) fn executing(
    connection: &Connection,
    workspace: WorkspaceId,
    limit: u32,
) -> Result<Vec<(Run, Action, Payload)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT r.record, a.record, p.body FROM actions a \
         JOIN payloads p ON p.workspace = a.workspace AND p.id = a.id \
         JOIN runs r ON r.workspace = a.workspace AND r.id = a.run \
         WHERE a.workspace = ?1 AND a.wake_at IS NOT NULL AND a.state IN ('claimed', 'started') \
         LIMIT ?2",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), limit], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    rows.map(|row| {
        let (run, action, payload) = row?;
        Ok((record::run(&run)?, record::action(&action)?, record::payload(&payload)?))
    })
    .collect()
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
     (SELECT max(a.updated_at) FROM actions a \
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

pub(super) fn steps(
    connection: &Connection,
    workspace: WorkspaceId,
    run: RunId,
) -> Result<Vec<StepRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT id, call_id, state FROM actions WHERE workspace = ?1 AND run = ?2 ORDER BY id",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), run.as_bytes()], |row| {
        let action = ActionId::from_bytes(row.get(0)?);
        Ok(StepRow { action, call_id: row.get(1)?, state: row.get(2)? })
    })?;
    rows.map(|row| row.map_err(StoreError::from)).collect()
}

/// Actions that can be taken back, newest first.
pub(super) fn undoable(
    connection: &Connection,
    workspace: WorkspaceId,
    before: Option<ActionId>,
    (now, limit): (Timestamp, u32),
) -> Result<Vec<ActionId>, StoreError> {
    let before = before.map_or([0xff; 16], |id| *id.as_bytes());
    let mut select = connection.prepare_cached(
        "SELECT id FROM actions WHERE workspace = ?1 AND id < ?2 AND undo_until > ?3 \
         ORDER BY id DESC LIMIT ?4",
    )?;
    let values = params![workspace.as_bytes(), before, now.as_micros(), limit];
    let rows = select.query_map(values, |row| Ok(ActionId::from_bytes(row.get(0)?)))?;
    rows.map(|row| row.map_err(StoreError::from)).collect()
}
