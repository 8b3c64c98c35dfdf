//! A transition's rows, events and effects.

use holdshort_core::planted::{self, Bug};
use holdshort_core::{
    Action, Changes, Facts, Kind, NewQuestion, Request, RiskLevel, Timestamp, WorkspaceId,
    next_wake,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::record;
use crate::sqlite::{control, directory, papers, runs};
use crate::store::{Commit, Committed};

pub(super) fn write(transaction: &Connection, commit: &Commit) -> Result<Committed, StoreError> {
    if let Some(proof) = &commit.proof {
        directory::use_proof(transaction, commit.workspace, proof)?;
    }
    let mut number = None;
    if let Some(changes) = &commit.changes {
        control::must_be(transaction, commit.workspace, (commit.control, commit.policy))?;
        runs::guard(transaction, commit, changes.run.as_ref())?;
        papers::write(transaction, (commit.workspace, commit.run.id), &changes.papers)?;
        if let Some(today) = &changes.today {
            runs::write_spending(transaction, commit.workspace, commit.run.agent, today)?;
        }
        if let Some(grant) = changes.redeemed {
            control::redeem(transaction, (commit.workspace, grant))?;
        }
        if let Some(action) = &changes.action {
            number = write_rows(transaction, commit, action, changes)?;
        }
        for question in &changes.questions {
            let opened = write_question(transaction, commit, question)?;
            number = number.or(opened);
        }
    }
    let last_seq = match commit.events.as_slice() {
        [] => super::feed::end(transaction)?.0,
        events => super::feed::append(transaction, commit.workspace, events)?,
    };
    for effect in &commit.effects {
        transaction
            .prepare_cached("INSERT INTO outbox (workspace, body) VALUES (?1, ?2)")?
            .execute(params![commit.workspace.as_bytes(), record::write(effect)?])?;
    }
    Ok(Committed { last_seq, number })
}

fn write_rows(
    transaction: &Connection,
    commit: &Commit,
    action: &Action,
    changes: &Changes,
) -> Result<Option<u64>, StoreError> {
    write_action(transaction, commit, action, changes.requests.last())?;
    if let Some(payload) = &changes.payload {
        let body = record::write(payload)?;
        put_payload(transaction, commit.workspace, action.id.as_bytes(), &body)?;
    }
    let mut number = None;
    for request in &changes.requests {
        let cap = commit.open_cap.filter(|_| commit.expected.is_none());
        let opened = write_request(transaction, (commit.workspace, cap), action, request)?;
        number = opened.or(number);
    }
    Ok(number)
}

/// A question of the run: rows of its own.
fn write_question(
    transaction: &Connection,
    commit: &Commit,
    question: &NewQuestion,
) -> Result<Option<u64>, StoreError> {
    let NewQuestion { action, payload, request } = question;
    insert_action(transaction, commit.workspace, action, (None, Some(request)))?;
    let body = record::write(payload)?;
    put_payload(transaction, commit.workspace, action.id.as_bytes(), &body)?;
    // What holds a run is bounded by the run; what an agent only asks counts as its own.
    let cap = commit.open_cap.filter(|_| action.kind == Kind::Question);
    write_request(transaction, (commit.workspace, cap), action, request)
}

fn write_action(
    transaction: &Connection,
    commit: &Commit,
    action: &Action,
    changed_request: Option<&Request>,
) -> Result<(), StoreError> {
    let workspace = commit.workspace.as_bytes();
    let text = record::write(action)?;
    let open = !action.state.is_final();
    let request = match changed_request {
        Some(request) => Some(request.clone()),
        None => match action.request {
            Some(id) if open => super::read::request(transaction, commit.workspace, id)?,
            _ => None,
        },
    };
    let Some(expected) = commit.expected else {
        let dedupe = commit.dedupe.filter(|_| open || action.call_id.is_some());
        return insert_action(transaction, commit.workspace, action, (dedupe, request.as_ref()));
    };
    // Without a call id, an equal proposal is the same one only while this one is open.
    let changed = transaction
        .prepare_cached(
            "UPDATE actions SET state = ?3, open = ?4, wake_at = ?5, version = ?6, record = ?7, \
             updated_at = ?11, undo_until = ?12, dedupe = CASE WHEN ?4 OR ?9 THEN dedupe END \
             WHERE workspace = ?1 AND id = ?2 AND (version = ?8 OR ?10)",
        )?
        .execute(params![
            workspace,
            action.id.as_bytes(),
            action.state.name(),
            open,
            wake(action, request.as_ref()),
            action.version,
            text,
            expected,
            action.call_id.is_some(),
            planted::is(Bug::LastWriteWins),
            action.updated_at.as_micros(),
            action.undo_until.map(Timestamp::as_micros),
        ])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

fn wake(action: &Action, request: Option<&Request>) -> Option<i64> {
    let at = next_wake(action, request).filter(|_| !planted::is(Bug::WakeLost));
    at.map(|at| at.as_micros())
}

fn insert_action(
    transaction: &Connection,
    workspace: WorkspaceId,
    action: &Action,
    (dedupe, request): (Option<[u8; 32]>, Option<&Request>),
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO actions (workspace, id, run, agent, dedupe, state, open, wake_at, \
             version, record, call_id, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            workspace.as_bytes(),
            action.id.as_bytes(),
            action.run.as_bytes(),
            action.agent.as_bytes(),
            dedupe,
            action.state.name(),
            !action.state.is_final(),
            wake(action, request),
            action.version,
            record::write(action)?,
            action.call_id,
            action.updated_at.as_micros(),
        ])?;
    Ok(())
}

fn put_payload(
    transaction: &Connection,
    workspace: WorkspaceId,
    id: &[u8; 16],
    body: &str,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO payloads (workspace, id, body) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET body = excluded.body",
        )?
        .execute(params![workspace.as_bytes(), id, body])?;
    Ok(())
}

fn rank(level: RiskLevel) -> i64 {
    match level {
        RiskLevel::Dangerous => 0,
        RiskLevel::Risky => 1,
        RiskLevel::Safe => 2,
    }
}

fn write_request(
    transaction: &Connection,
    (workspace, cap): (WorkspaceId, Option<u32>),
    action: &Action,
    request: &Request,
) -> Result<Option<u64>, StoreError> {
    if request.facts != Facts::None {
        let facts = record::write(&request.facts)?;
        put_payload(transaction, workspace, request.id.as_bytes(), &facts)?;
    }
    let (owning, workspace) = (workspace, workspace.as_bytes());
    let text = record::write(request)?;
    let closed_at = request.closed_at.map(|at| at.as_micros());
    let open = request.state.is_open();
    let changed = transaction
        .prepare_cached(
            "UPDATE requests SET open = ?3, due_at = ?4, closed_at = ?5, version = ?6, \
             record = ?7 WHERE workspace = ?1 AND id = ?2",
        )?
        .execute(params![
            workspace,
            request.id.as_bytes(),
            open,
            request.due_at.as_micros(),
            closed_at,
            request.version,
            text,
        ])?;
    if changed == 1 {
        return Ok(None);
    }
    if open {
        check_cap(transaction, (owning, cap), action)?;
    }
    let number = transaction
        .prepare_cached(
            "INSERT INTO requests (workspace, id, number, action, agent, owner, open, rank, \
             due_at, closed_at, version, record) VALUES (?1, ?2, \
             (SELECT coalesce(max(number), 0) + 1 FROM requests WHERE workspace = ?1), \
             ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING number",
        )?
        .query_row(
            params![
                workspace,
                request.id.as_bytes(),
                request.action.as_bytes(),
                action.agent.as_bytes(),
                action.owner.as_ref().map(holdshort_core::PrincipalId::as_bytes),
                open,
                rank(request.level),
                request.due_at.as_micros(),
                closed_at,
                request.version,
                text,
            ],
            |row| row.get(0),
        )?;
    Ok(Some(number))
}

/// Agents of one owner share this many times an agent's part, so that more agents are no way
/// around the bound.
const AGENTS_PER_OWNER: u32 = 5;

/// Refuses the request that would exceed the share of the agent or its owner. Only a new action
/// is refused: one that is asked again is already counted.
fn check_cap(
    transaction: &Connection,
    (workspace, cap): (WorkspaceId, Option<u32>),
    action: &Action,
) -> Result<(), StoreError> {
    let Some(cap) = cap else { return Ok(()) };
    let workspace = workspace.as_bytes();
    let full = |column: &str, who: &[u8; 16], cap: u32| -> rusqlite::Result<bool> {
        let sql = format!(
            "SELECT 1 FROM requests WHERE workspace = ?1 AND {column} = ?2 AND open = 1 \
             LIMIT 1 OFFSET ?3"
        );
        transaction
            .prepare_cached(&sql)?
            .query_row(params![workspace, who, cap.saturating_sub(1)], |_| Ok(()))
            .optional()
            .map(|row| row.is_some())
    };
    if full("agent", action.agent.as_bytes(), cap)? {
        return Err(StoreError::TooManyOpen);
    }
    match &action.owner {
        Some(owner) if full("owner", owner.as_bytes(), cap * AGENTS_PER_OWNER)? => {
            Err(StoreError::TooManyOpen)
        }
        _ => Ok(()),
    }
}
