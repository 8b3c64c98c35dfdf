//! What can go wrong with the memory.

/// Why the store did not do it. Nothing was written, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row changed since it was read, or another one took its place: load and decide again.
    #[error("the row changed since it was read")]
    Conflict,
    /// The agent or its owner has too many open requests.
    #[error("too many open requests")]
    TooManyOpen,
    /// The proof was used before.
    #[error("the proof was used before")]
    ProofUsed,
    /// The name is taken.
    #[error("the name is taken")]
    Taken,
    /// The code is used, expired or unknown.
    #[error("the code is used, expired or unknown")]
    CodeSpent,
    /// There is no such row.
    #[error("there is no such row")]
    NotFound,
    /// Another server uses this directory.
    #[error("another server is using `{0}`; stop it first, or choose another --data")]
    InUse(String),
    /// The database was written by a newer version.
    #[error("the database has schema {found}, this binary knows up to {known}; use a newer binary")]
    Newer {
        /// What the database says.
        found: u32,
        /// What this binary knows.
        known: u32,
    },
    /// A migration that ran is not the one in this binary.
    #[error("migration {0} in the database is not the one in this binary")]
    MigrationChanged(u32),
    /// The directory or disk refuses: full, read-only, not permitted.
    #[error("cannot write to the data directory: {0}")]
    Refused(String),
    /// The writer is gone (the process is shutting down).
    #[error("the store is closed")]
    Closed,
    /// The database does not say what it should.
    #[error("the database is damaged: {0}")]
    Damaged(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked,
            ) => StoreError::Refused(error.to_string()),
            _ => StoreError::Damaged(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Damaged(error.to_string())
    }
}
