//! Forward-only migrations: numbered SQL, checked against what already ran.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::error::StoreError;

const SQLITE: &[(u32, &str)] = &[
    (1, include_str!("../migrations/sqlite/0001_first.sql")),
    (2, include_str!("../migrations/sqlite/0002_policy.sql")),
    (3, include_str!("../migrations/sqlite/0003_runs.sql")),
    (4, include_str!("../migrations/sqlite/0004_undo.sql")),
];

/// Brings the database to the schema of this binary.
///
/// # Errors
/// When the database is newer than the binary, or a migration that ran is not the one known here.
pub(crate) fn sqlite(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations \
         (number INTEGER PRIMARY KEY, checksum BLOB NOT NULL) STRICT",
    )?;
    let found: u32 =
        connection
            .query_row("SELECT coalesce(max(number), 0) FROM migrations", [], |row| row.get(0))?;
    let known = SQLITE.iter().map(|(number, _)| *number).max().unwrap_or(0);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (number, sql) in SQLITE {
        let checksum: [u8; 32] = Sha256::digest(sql.as_bytes()).into();
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let ran: Option<Vec<u8>> = transaction
            .query_row("SELECT checksum FROM migrations WHERE number = ?1", [number], |row| {
                row.get(0)
            })
            .optional()?;
        match ran {
            Some(ran) if ran == checksum => continue,
            Some(_) => return Err(StoreError::MigrationChanged(*number)),
            None => {}
        }
        transaction.execute_batch(sql)?;
        transaction.execute("INSERT INTO migrations VALUES (?1, ?2)", params![number, checksum])?;
        transaction.commit()?;
    }
    Ok(())
}
