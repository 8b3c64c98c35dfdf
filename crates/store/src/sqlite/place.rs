//! The directory the memory is kept in: private, and of one server at a time.

use std::fs::File;
use std::path::Path;

use crate::error::StoreError;

/// Name of the file whose lock says that a server runs.
const LOCK: &str = "holdshort.lock";

pub(super) fn make(directory: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let refused =
        |error: std::io::Error| StoreError::Refused(format!("`{}`: {error}", directory.display()));
    if !directory.exists() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(refused)?;
    }
    let mode = std::fs::metadata(directory).map_err(refused)?.permissions().mode();
    if mode & 0o022 != 0 {
        let problem = std::io::Error::other("others may write to it; run `chmod go-w` on it first");
        return Err(refused(problem));
    }
    Ok(())
}

/// Makes the database readable by this account alone; SQLite's files beside it follow suit.
pub(super) fn private_file(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = File::options().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Refused(format!("`{}`: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

pub(super) fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| StoreError::Refused(format!("`{}`: {error}", path.display())))?;
    file.try_lock().map_err(|_| StoreError::InUse(directory.display().to_string()))?;
    Ok(file)
}
