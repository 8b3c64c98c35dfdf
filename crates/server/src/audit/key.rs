//! The key of the log: a file of its own, readable by this account alone, never in the database.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use holdshort_audit::Key;

use super::AuditError;
use crate::config::Audit;
use crate::setup::{decode, encode};

/// Name of the key file in the data directory.
const FILE: &str = "audit.key";

pub(super) fn path(data: &Path, audit: &Audit) -> PathBuf {
    audit.key.clone().unwrap_or_else(|| data.join(FILE))
}

/// Reads the key; makes one where there is none and one may be made. A log that was sealed with
/// a key that is gone is not continued with another.
pub(super) fn open(path: &Path, may_make: bool) -> Result<Key, AuditError> {
    let problem = |what: String| AuditError::Key(path.to_owned(), what);
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let bytes = decode(text.trim()).ok_or_else(|| problem("it is no key".to_owned()))?;
            Ok(Key::new(&bytes))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && may_make => {
            let bytes: [u8; 32] =
                crate::clock::random().map_err(|error| problem(error.to_string()))?;
            let made = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path);
            let written = made.and_then(|mut file| {
                file.write_all(encode(&bytes).as_bytes())?;
                file.sync_all()
            });
            written.map_err(|error| problem(error.to_string()))?;
            Ok(Key::new(&bytes))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = "it is missing, and the log was sealed with it; put it back from a copy";
            Err(problem(what.to_owned()))
        }
        Err(error) => Err(problem(error.to_string())),
    }
}
