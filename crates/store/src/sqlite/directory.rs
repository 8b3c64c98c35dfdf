//! People, groups, tokens, keys and settings.

use holdshort_core::{PrincipalId, Timestamp, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::control;
use super::read::bytes;
use crate::directory::{Change, Enrolment, Group, Key, Principal, PrincipalKind, Token};
use crate::error::StoreError;
use crate::store::ProofUse;

/// Proofs are remembered for longer than they are valid, then forgotten.
const PROOF_MEMORY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

pub(super) fn apply(
    transaction: &Connection,
    workspace: WorkspaceId,
    change: &Change,
) -> Result<(), StoreError> {
    if control::is_looked_at(change) {
        control::bump(transaction, workspace)?;
    }
    let w = workspace.as_bytes();
    match change {
        Change::AddPrincipal(principal) => add_principal(transaction, workspace, principal),
        Change::Disable(id, at) => disable(transaction, workspace, *id, *at),
        Change::AdoptAgents(person) => done(transaction.execute(
            "UPDATE principals SET owner = ?2 \
             WHERE workspace = ?1 AND kind = 'agent' AND owner IS NULL",
            params![w, person.as_bytes()],
        )),
        Change::AddGroup(name) => taken(
            transaction
                .execute("INSERT INTO groups (workspace, name) VALUES (?1, ?2)", params![w, name]),
        ),
        Change::AddMember(group, id) => {
            must_exist(transaction, workspace, group)?;
            done(transaction.execute(
                "INSERT OR IGNORE INTO members (workspace, group_name, principal) \
                 VALUES (?1, ?2, ?3)",
                params![w, group, id.as_bytes()],
            ))
        }
        Change::RemoveMember(group, id) => done(transaction.execute(
            "DELETE FROM members WHERE workspace = ?1 AND group_name = ?2 AND principal = ?3",
            params![w, group, id.as_bytes()],
        )),
        Change::AddToken(token) => add_token(transaction, workspace, token),
        Change::RevokeToken(id, at) => found(transaction.execute(
            "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?3) \
             WHERE workspace = ?1 AND id = ?2",
            params![w, id, at.as_micros()],
        )),
        Change::AddKey(key) => add_key(transaction, workspace, key),
        Change::AddEnrolment(enrolment) => done(transaction.execute(
            "INSERT INTO enrolments (workspace, hash, principal, expires_at) \
             VALUES (?1, ?2, ?3, ?4)",
            params![
                w,
                enrolment.hash,
                enrolment.principal.as_bytes(),
                enrolment.expires_at.as_micros()
            ],
        )),
        Change::UseEnrolment(hash, at) => {
            let used = transaction.execute(
                "UPDATE enrolments SET used_at = ?3 WHERE workspace = ?1 AND hash = ?2 \
                 AND used_at IS NULL AND expires_at > ?3",
                params![w, hash, at.as_micros()],
            )?;
            if used == 1 { Ok(()) } else { Err(StoreError::CodeSpent) }
        }
        Change::UseProof(proof) => use_proof(transaction, workspace, proof),
        Change::AddStop(stop, _) => control::add_stop(transaction, workspace, stop),
        Change::LiftStop(id, at, _) => control::lift_stop(transaction, workspace, *id, *at),
        Change::AddGrant(grant) => control::add_grant(transaction, workspace, grant),
        Change::RevokeGrant(id, at) => control::revoke_grant(transaction, workspace, *id, *at),
        Change::AddPolicy(policy) => control::add_policy(transaction, workspace, policy),
        Change::Set(name, value) => done(transaction.execute(
            "INSERT INTO settings (workspace, name, value) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET value = excluded.value",
            params![w, name, value],
        )),
    }
}

fn done(result: rusqlite::Result<usize>) -> Result<(), StoreError> {
    result.map(|_| ()).map_err(StoreError::from)
}

fn taken(result: rusqlite::Result<usize>) -> Result<(), StoreError> {
    match done(result) {
        Err(StoreError::Conflict) => Err(StoreError::Taken),
        other => other,
    }
}

fn found(result: rusqlite::Result<usize>) -> Result<(), StoreError> {
    match result? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

fn must_exist(
    transaction: &Connection,
    workspace: WorkspaceId,
    group: &str,
) -> Result<(), StoreError> {
    let there: Option<i64> = transaction
        .query_row(
            "SELECT 1 FROM groups WHERE workspace = ?1 AND name = ?2",
            params![workspace.as_bytes(), group],
            |row| row.get(0),
        )
        .optional()?;
    there.map(|_| ()).ok_or(StoreError::NotFound)
}

fn add_principal(
    transaction: &Connection,
    workspace: WorkspaceId,
    principal: &Principal,
) -> Result<(), StoreError> {
    taken(transaction.execute(
        "INSERT INTO principals (workspace, id, kind, name, owner, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            workspace.as_bytes(),
            principal.id.as_bytes(),
            principal.kind.name(),
            principal.name,
            principal.owner.as_ref().map(PrincipalId::as_bytes),
            principal.created_at.as_micros(),
        ],
    ))
}

fn disable(
    transaction: &Connection,
    workspace: WorkspaceId,
    id: PrincipalId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let parameters = params![workspace.as_bytes(), id.as_bytes(), at.as_micros()];
    found(transaction.execute(
        "UPDATE principals SET disabled_at = coalesce(disabled_at, ?3) \
         WHERE workspace = ?1 AND id = ?2",
        parameters,
    ))?;
    for table in ["tokens", "keys"] {
        let sql = format!(
            "UPDATE {table} SET revoked_at = coalesce(revoked_at, ?3) \
             WHERE workspace = ?1 AND principal = ?2"
        );
        transaction.execute(&sql, parameters)?;
    }
    Ok(())
}

fn add_token(
    transaction: &Connection,
    workspace: WorkspaceId,
    token: &Token,
) -> Result<(), StoreError> {
    done(transaction.execute(
        "INSERT INTO tokens (workspace, hash, id, principal, scopes, session, created_at, \
         expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            workspace.as_bytes(),
            token.hash,
            token.id,
            token.principal.as_bytes(),
            token.scopes,
            token.session,
            token.created_at.as_micros(),
            token.expires_at.map(Timestamp::as_micros),
        ],
    ))
}

fn add_key(transaction: &Connection, workspace: WorkspaceId, key: &Key) -> Result<(), StoreError> {
    done(transaction.execute(
        "INSERT INTO keys (workspace, id, principal, surface, origin, public, salt, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            workspace.as_bytes(),
            key.id,
            key.principal.as_bytes(),
            key.surface,
            key.origin,
            key.public,
            key.salt,
            key.created_at.as_micros(),
        ],
    ))
}

pub(super) fn use_proof(
    transaction: &Connection,
    workspace: WorkspaceId,
    proof: &ProofUse,
) -> Result<(), StoreError> {
    let at = proof.at.as_micros();
    transaction
        .prepare_cached("DELETE FROM proofs WHERE at < ?1")?
        .execute([at.saturating_sub(PROOF_MEMORY_MICROS)])?;
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO proofs (workspace, key_id, nonce, at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![workspace.as_bytes(), proof.key_id, proof.nonce, at])?;
    if inserted == 1 { Ok(()) } else { Err(StoreError::ProofUsed) }
}

const TOKEN: &str = "SELECT t.hash, t.id, t.principal, t.scopes, t.session, t.created_at, \
     t.expires_at, t.revoked_at FROM tokens t";

fn token_row(row: &Row<'_>) -> rusqlite::Result<Token> {
    let time = |column| row.get::<_, Option<i64>>(column);
    Ok(Token {
        hash: row.get(0)?,
        id: row.get(1)?,
        principal: PrincipalId::from_bytes(bytes(row, 2)?),
        scopes: row.get(3)?,
        session: row.get(4)?,
        created_at: Timestamp::from_micros(row.get(5)?),
        expires_at: time(6)?.map(Timestamp::from_micros),
        revoked_at: time(7)?.map(Timestamp::from_micros),
    })
}

pub(super) fn token(
    connection: &Connection,
    workspace: WorkspaceId,
    hash: [u8; 32],
) -> Result<Option<Token>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{TOKEN} WHERE t.workspace = ?1 AND t.hash = ?2"))?
        .query_row(params![workspace.as_bytes(), hash], token_row)
        .optional()?)
}

pub(super) fn tokens(
    connection: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<Token>, StoreError> {
    let sql =
        format!("{TOKEN} WHERE t.workspace = ?1 AND t.session = 0 ORDER BY t.created_at DESC");
    let mut select = connection.prepare(&sql)?;
    let rows = select.query_map([workspace.as_bytes()], token_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const PRINCIPAL: &str =
    "SELECT id, kind, name, owner, created_at, disabled_at FROM principals WHERE workspace = ?1";

fn principal_row(row: &Row<'_>) -> rusqlite::Result<Principal> {
    let kind: String = row.get(1)?;
    Ok(Principal {
        id: PrincipalId::from_bytes(bytes(row, 0)?),
        // An unknown kind is the one that may do least.
        kind: PrincipalKind::from_name(&kind).unwrap_or(PrincipalKind::Agent),
        name: row.get(2)?,
        owner: row.get::<_, Option<[u8; 16]>>(3)?.map(PrincipalId::from_bytes),
        created_at: Timestamp::from_micros(row.get(4)?),
        disabled_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_micros),
    })
}

pub(super) fn principal(
    connection: &Connection,
    workspace: WorkspaceId,
    id: PrincipalId,
) -> Result<Option<Principal>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{PRINCIPAL} AND id = ?2"))?
        .query_row(params![workspace.as_bytes(), id.as_bytes()], principal_row)
        .optional()?)
}

pub(super) fn principals(
    connection: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<Principal>, StoreError> {
    let mut select = connection.prepare_cached(&format!("{PRINCIPAL} ORDER BY created_at"))?;
    let rows = select.query_map([workspace.as_bytes()], principal_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn groups(
    connection: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<Group>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT g.name, m.principal FROM groups g LEFT JOIN members m \
         ON m.workspace = g.workspace AND m.group_name = g.name \
         WHERE g.workspace = ?1 ORDER BY g.name",
    )?;
    let rows = select.query_map([workspace.as_bytes()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<[u8; 16]>>(1)?))
    })?;
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let (name, member) = row?;
        if groups.last().is_none_or(|group| group.name != name) {
            groups.push(Group { name, members: Vec::new() });
        }
        if let (Some(group), Some(member)) = (groups.last_mut(), member) {
            group.members.push(PrincipalId::from_bytes(member));
        }
    }
    Ok(groups)
}

const KEY: &str = "SELECT id, principal, surface, origin, public, salt, created_at, revoked_at \
     FROM keys WHERE workspace = ?1";

fn key_row(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: row.get(0)?,
        principal: PrincipalId::from_bytes(bytes(row, 1)?),
        surface: row.get(2)?,
        origin: row.get(3)?,
        public: row.get(4)?,
        salt: row.get(5)?,
        created_at: Timestamp::from_micros(row.get(6)?),
        revoked_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
    })
}

pub(super) fn key(
    connection: &Connection,
    workspace: WorkspaceId,
    id: &str,
) -> Result<Option<Key>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{KEY} AND id = ?2"))?
        .query_row(params![workspace.as_bytes(), id], key_row)
        .optional()?)
}

pub(super) fn keys(
    connection: &Connection,
    workspace: WorkspaceId,
) -> Result<Vec<Key>, StoreError> {
    let mut select = connection.prepare(&format!("{KEY} ORDER BY created_at DESC"))?;
    let rows = select.query_map([workspace.as_bytes()], key_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn enrolment(
    connection: &Connection,
    workspace: WorkspaceId,
    hash: [u8; 32],
) -> Result<Option<Enrolment>, StoreError> {
    Ok(connection
        .query_row(
            "SELECT hash, principal, expires_at FROM enrolments \
             WHERE workspace = ?1 AND hash = ?2 AND used_at IS NULL",
            params![workspace.as_bytes(), hash],
            |row| {
                Ok(Enrolment {
                    hash: row.get(0)?,
                    principal: PrincipalId::from_bytes(bytes(row, 1)?),
                    expires_at: Timestamp::from_micros(row.get(2)?),
                })
            },
        )
        .optional()?)
}

pub(super) fn setting(
    connection: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM settings WHERE workspace = ?1 AND name = ?2")?
        .query_row(params![workspace.as_bytes(), name], |row| row.get(0))
        .optional()?)
}
