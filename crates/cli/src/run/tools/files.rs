//! Text files: read, and written whole or not at all.

use std::path::Path;

use super::Failed;
use crate::files::{digest_of, replace};

/// Bytes of a file that is read.
const MOST: u64 = 1024 * 1024;

pub(super) fn read(path: &Path) -> Result<String, Failed> {
    let told = |error: std::io::Error| Failed(format!("cannot read {}: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(told)?.len();
    if size > MOST {
        return Err(Failed(format!(
            "{} has {size} bytes; at most {MOST} are read",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(told)
}

/// Writes the file in its place, keeping its mode. A link is written through.
pub(super) fn write(path: &Path, content: &str) -> Result<String, Failed> {
    let told = |error: std::io::Error| Failed(format!("cannot write {}: {error}", path.display()));
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    replace(&real, content.as_bytes(), None).map_err(told)?;
    Ok(written(content))
}

/// What writing gives.
pub(super) fn written(content: &str) -> String {
    format!("{} bytes written", content.len())
}

/// Digest of a file; none when it cannot be read.
pub(super) fn digest(path: &Path) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| digest_of(&bytes))
}
