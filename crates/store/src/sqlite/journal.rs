//! What is written down about changes of the directory, and the erasing of what may be erased.

use holdshort_core::{ActionId, Event, EventId, EventKind, WorkspaceId};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::directory::{Cause, Change};
use crate::error::StoreError;

/// Writes down each change: no change of who may do what goes unrecorded.
pub(super) fn changes(
    transaction: &Connection,
    workspace: WorkspaceId,
    changes: &[Change],
    cause: &Cause,
) -> Result<(), StoreError> {
    let mut events = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let Some((kind, detail)) = describe(change) else { continue };
        let mut hash = Sha256::new();
        hash.update(cause.random);
        hash.update(index.to_be_bytes());
        let mut random = [0; 16];
        random.iter_mut().zip(hash.finalize()).for_each(|(byte, from)| *byte = from);
        events.push(Event {
            id: EventId::at(cause.at, random),
            kind,
            at: cause.at,
            action: None,
            request: None,
            run: None,
            by: cause.by.clone(),
            detail,
        });
    }
    super::feed::append(transaction, workspace, &events)?;
    Ok(())
}

/// What an event says about a change; nothing for what only uses a code or proof up. Values of
/// settings may be secrets and are not said.
fn describe(change: &Change) -> Option<(EventKind, Value)> {
    let directory = |detail| Some((EventKind::DirectoryChanged, detail));
    match change {
        Change::AddPrincipal(one) => directory(
            json!({ "add": one.kind.name(), "id": one.id, "name": one.name, "owner": one.owner }),
        ),
        Change::AdoptAgents(person) => directory(json!({ "adopt_agents": person })),
        Change::Disable(id, _) => directory(json!({ "disable": id })),
        Change::AddGroup(name) => directory(json!({ "add_group": name })),
        Change::AddMember(group, id) => directory(json!({ "group": group, "add_member": id })),
        Change::RemoveMember(group, id) => {
            directory(json!({ "group": group, "remove_member": id }))
        }
        Change::AddToken(token) => directory(json!({
            "add_token": token.id,
            "of": token.principal,
            "scopes": token.scopes,
            "session": token.session,
        })),
        Change::RevokeToken(id, _) => directory(json!({ "revoke_token": id })),
        Change::AddKey(key) => {
            directory(json!({ "add_key": key.id, "of": key.principal, "surface": key.surface }))
        }
        Change::AddEnrolment(enrolment) => directory(json!({ "invite": enrolment.principal })),
        Change::UseEnrolment(..) | Change::UseProof(_) => None,
        Change::Set(name, _) => directory(json!({ "set": name })),
        Change::AddStop(stop, reason) => Some((
            EventKind::StopMade,
            json!({ "stop": stop.id, "what": stop.scope, "reason": reason }),
        )),
        Change::LiftStop(id, _, reason) => {
            Some((EventKind::StopLifted, json!({ "stop": id, "reason": reason })))
        }
        Change::AddGrant(grant) => Some((
            EventKind::GrantMade,
            json!({
                "grant": grant.id,
                "rules": grant.rules,
                "agent": grant.agent,
                "run": grant.run,
                "scope": grant.scope,
                "free": grant.free,
                "uses": grant.uses,
                "expires_at": grant.expires_at,
                "proof": grant.by.proof,
                "person": grant.by.proof.is_person(),
            }),
        )),
        Change::RevokeGrant(id, _) => Some((EventKind::GrantRevoked, json!({ "grant": id }))),
        Change::AddPolicy(policy) => {
            Some((EventKind::PolicyChanged, json!({ "version": policy.number })))
        }
    }
}

/// Erases the payload of an action that is over and of its requests. The pages it stood on are
/// overwritten (`secure_delete`); the log holds none of it.
pub(super) fn erase(
    transaction: &Connection,
    workspace: WorkspaceId,
    action: ActionId,
    event: &Event,
) -> Result<(), StoreError> {
    let key = params![workspace.as_bytes(), action.as_bytes()];
    let open: Option<bool> = transaction
        .query_row("SELECT open FROM actions WHERE workspace = ?1 AND id = ?2", key, |row| {
            row.get(0)
        })
        .map(Some)
        .or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(None),
            other => Err(other),
        })?;
    match open {
        None => return Err(StoreError::NotFound),
        Some(true) => return Err(StoreError::Conflict),
        Some(false) => {}
    }
    transaction.execute(
        "DELETE FROM payloads WHERE workspace = ?1 AND id IN \
         (SELECT id FROM requests WHERE workspace = ?1 AND action = ?2)",
        key,
    )?;
    let erased = crate::record::write(&crate::record::erased())?;
    transaction.execute(
        "UPDATE payloads SET body = ?3 WHERE workspace = ?1 AND id = ?2",
        params![workspace.as_bytes(), action.as_bytes(), erased],
    )?;
    transaction
        .execute("UPDATE actions SET undo_until = NULL WHERE workspace = ?1 AND id = ?2", key)?;
    super::feed::append(transaction, workspace, std::slice::from_ref(event))?;
    Ok(())
}
