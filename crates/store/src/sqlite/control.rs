//! Stops, grants and policies: what decides over many actions at once.

use holdshort_core::planted::{self, Bug};
use holdshort_core::{Grant, GrantId, PrincipalId, Stop, StopId, Timestamp, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::directory::{Change, PolicyVersion};
use crate::error::StoreError;
use crate::record;

fn version(connection: &Connection, workspace: WorkspaceId) -> Result<u64, StoreError> {
    let version: Option<u64> = connection
        .prepare_cached("SELECT version FROM control WHERE workspace = ?1")?
        .query_row([workspace.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(version.unwrap_or(0))
}

/// A transition that was decided under other stops, another directory or another policy is
/// decided again.
pub(super) fn must_be(
    transaction: &Connection,
    workspace: WorkspaceId,
    (control, policy): (Option<u64>, Option<u32>),
) -> Result<(), StoreError> {
    let control = match control {
        Some(expected) => version(transaction, workspace)? == expected,
        None => true,
    };
    let policy = match policy {
        Some(expected) => last_policy(transaction, workspace)?.is_none_or(|last| last == expected),
        None => true,
    };
    let same = (control && policy) || planted::is(Bug::ForgetControl);
    if same { Ok(()) } else { Err(StoreError::Conflict) }
}

fn last_policy(connection: &Connection, workspace: WorkspaceId) -> Result<Option<u32>, StoreError> {
    let last = connection
        .prepare_cached(
            "SELECT number FROM policies WHERE workspace = ?1 ORDER BY number DESC LIMIT 1",
        )?
        .query_row([workspace.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(last)
}

pub(super) fn stops(
    connection: &Connection,
    workspace: WorkspaceId,
) -> Result<(u64, Vec<Stop>), StoreError> {
    let mut select =
        connection.prepare_cached("SELECT record FROM stops WHERE workspace = ?1 ORDER BY id")?;
    let rows = select.query_map([workspace.as_bytes()], |row| row.get::<_, String>(0))?;
    let stops = rows.map(|row| record::read(&row?)).collect::<Result<_, _>>()?;
    Ok((version(connection, workspace)?, stops))
}

/// Whether a decision looks at what it changes: one that is being written is then decided again.
pub(super) fn is_looked_at(change: &Change) -> bool {
    match change {
        Change::Disable(..)
        | Change::AdoptAgents(_)
        | Change::AddMember(..)
        | Change::RemoveMember(..)
        | Change::Set(..)
        | Change::AddStop(..)
        | Change::LiftStop(..)
        | Change::RevokeGrant(..)
        | Change::AddPolicy(_) => true,
        Change::AddPrincipal(_)
        | Change::AddGroup(_)
        | Change::AddToken(_)
        | Change::RevokeToken(..)
        | Change::AddKey(_)
        | Change::AddEnrolment(_)
        | Change::UseEnrolment(..)
        | Change::UseProof(_)
        | Change::AddGrant(_) => false,
    }
}

/// What is being decided right now is decided again.
pub(super) fn bump(transaction: &Connection, workspace: WorkspaceId) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO control (workspace, version) VALUES (?1, 1) \
             ON CONFLICT (workspace) DO UPDATE SET version = version + 1",
        )?
        .execute([workspace.as_bytes()])?;
    Ok(())
}

pub(super) fn add_stop(
    transaction: &Connection,
    workspace: WorkspaceId,
    stop: &Stop,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO stops (workspace, id, record) VALUES (?1, ?2, ?3)",
        params![workspace.as_bytes(), stop.id.as_bytes(), record::write(stop)?],
    )?;
    Ok(())
}

pub(super) fn lift_stop(
    transaction: &Connection,
    workspace: WorkspaceId,
    id: StopId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let found: Option<String> = transaction
        .query_row(
            "SELECT record FROM stops WHERE workspace = ?1 AND id = ?2",
            params![workspace.as_bytes(), id.as_bytes()],
            |row| row.get(0),
        )
        .optional()?;
    let mut stop: Stop = record::read(&found.ok_or(StoreError::NotFound)?)?;
    if stop.until.is_some() {
        return Ok(());
    }
    stop.until = Some(at);
    transaction.execute(
        "UPDATE stops SET record = ?3 WHERE workspace = ?1 AND id = ?2",
        params![workspace.as_bytes(), id.as_bytes(), record::write(&stop)?],
    )?;
    Ok(())
}

pub(super) fn add_grant(
    transaction: &Connection,
    workspace: WorkspaceId,
    grant: &Grant,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO grants (workspace, id, agent, used, uses, expires_at, revoked_at, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            workspace.as_bytes(),
            grant.id.as_bytes(),
            grant.agent.as_bytes(),
            grant.used,
            grant.uses,
            grant.expires_at.as_micros(),
            grant.revoked_at.map(Timestamp::as_micros),
            record::write(grant)?,
        ],
    )?;
    Ok(())
}

pub(super) fn revoke_grant(
    transaction: &Connection,
    workspace: WorkspaceId,
    id: GrantId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let revoked = transaction.execute(
        "UPDATE grants SET revoked_at = coalesce(revoked_at, ?3) WHERE workspace = ?1 AND id = ?2",
        params![workspace.as_bytes(), id.as_bytes(), at.as_micros()],
    )?;
    if revoked == 1 { Ok(()) } else { Err(StoreError::NotFound) }
}

/// Uses a grant once more, if it still may be: many at once use it as often as it says.
pub(super) fn redeem(
    transaction: &Connection,
    (workspace, id): (WorkspaceId, GrantId),
) -> Result<(), StoreError> {
    if planted::is(Bug::RedeemUncounted) {
        return Ok(());
    }
    let used = transaction
        .prepare_cached(
            "UPDATE grants SET used = used + 1 WHERE workspace = ?1 AND id = ?2 \
             AND revoked_at IS NULL AND (uses IS NULL OR used < uses)",
        )?
        .execute(params![workspace.as_bytes(), id.as_bytes()])?;
    if used == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

type GrantRow = (String, u32, Option<i64>);

fn grant_row(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn grant((text, used, revoked): GrantRow) -> Result<Grant, StoreError> {
    let grant: Grant = record::read(&text)?;
    Ok(Grant { used, revoked_at: revoked.map(Timestamp::from_micros), ..grant })
}

pub(super) fn grants_of(
    connection: &Connection,
    workspace: WorkspaceId,
    agent: PrincipalId,
    now: Timestamp,
) -> Result<Vec<Grant>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT record, used, revoked_at FROM grants WHERE workspace = ?1 AND agent = ?2 \
         AND expires_at > ?3 AND revoked_at IS NULL LIMIT 1000",
    )?;
    let key = params![workspace.as_bytes(), agent.as_bytes(), now.as_micros()];
    let rows = select.query_map(key, grant_row)?;
    rows.map(|row| grant(row?)).collect()
}

pub(super) fn grants(
    connection: &Connection,
    workspace: WorkspaceId,
    limit: u32,
) -> Result<Vec<Grant>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT record, used, revoked_at FROM grants WHERE workspace = ?1 \
         ORDER BY id DESC LIMIT ?2",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), limit], grant_row)?;
    rows.map(|row| grant(row?)).collect()
}

pub(super) fn add_policy(
    transaction: &Connection,
    workspace: WorkspaceId,
    policy: &PolicyVersion,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO policies (workspace, number, digest, sources, at, by) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            workspace.as_bytes(),
            policy.number,
            policy.digest,
            policy.sources,
            policy.at.as_micros(),
            policy.by,
        ],
    )?;
    Ok(())
}

pub(super) fn policies(
    connection: &Connection,
    workspace: WorkspaceId,
    limit: u32,
) -> Result<Vec<PolicyVersion>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT number, digest, sources, at, by FROM policies WHERE workspace = ?1 \
         ORDER BY number DESC LIMIT ?2",
    )?;
    let rows = select.query_map(params![workspace.as_bytes(), limit], |row| {
        Ok(PolicyVersion {
            number: row.get(0)?,
            digest: row.get(1)?,
            sources: row.get(2)?,
            at: Timestamp::from_micros(row.get(3)?),
            by: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
