//! Pins: what a call works on, as it is now. They are part of what is approved, and are read again
//! when it is claimed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Something a call works on.
///
/// ```
/// use holdshort_sdk::Pin;
/// let script = Pin::file("/srv/migrate.sql");
/// let row = Pin::value("orders row", || Some("version 7".to_owned()));
/// ```
#[derive(Clone)]
pub enum Pin {
    /// The bytes of a file.
    File(PathBuf),
    /// Where a path leads, all links followed.
    Resolved(PathBuf),
    /// The commit that is checked out in a repository.
    Head(PathBuf),
    /// Anything else that has a version: an ETag, the version of a row.
    Value {
        /// Its name, as people see it.
        name: String,
        /// Reads it; `None` when it cannot be read.
        read: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    },
}

impl fmt::Debug for Pin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Pin").field(&self.name()).finish()
    }
}

impl Pin {
    /// The bytes of a file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Pin::File(path.into())
    }

    /// Where a path leads.
    #[must_use]
    pub fn resolved(path: impl Into<PathBuf>) -> Self {
        Pin::Resolved(path.into())
    }

    /// The commit that is checked out in the repository with this working directory.
    #[must_use]
    pub fn head(directory: impl Into<PathBuf>) -> Self {
        Pin::Head(directory.into())
    }

    /// Anything else that has a version.
    #[must_use]
    pub fn value(
        name: impl Into<String>,
        read: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Pin::Value { name: name.into(), read: Arc::new(read) }
    }

    fn name(&self) -> String {
        match self {
            Pin::File(path) => format!("file {}", path.display()),
            Pin::Resolved(path) => format!("where {} leads", path.display()),
            Pin::Head(path) => format!("commit in {}", path.display()),
            Pin::Value { name, .. } => name.clone(),
        }
    }

    /// What is there now. That nothing is there, or that it cannot be read, is a value as well.
    fn now(&self) -> String {
        match self {
            Pin::File(path) => match std::fs::read(path) {
                Ok(bytes) => format!("sha256:{}", hex(&Sha256::digest(bytes))),
                Err(error) => format!("not there ({})", error.kind()),
            },
            Pin::Resolved(path) => match std::fs::canonicalize(path) {
                Ok(path) => path.display().to_string(),
                Err(error) => format!("not there ({})", error.kind()),
            },
            Pin::Head(directory) => head(directory).unwrap_or_else(|| "not known".to_owned()),
            Pin::Value { read, .. } => read().unwrap_or_else(|| "not known".to_owned()),
        }
    }
}

/// The pins as they are now, as they are sent.
pub(crate) fn read(pins: &[Pin]) -> Result<Box<RawValue>, Error> {
    let now: BTreeMap<String, String> = pins.iter().map(|pin| (pin.name(), pin.now())).collect();
    Ok(to_raw_value(&now)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The commit that is checked out, read from the files of the repository: no program of git runs,
/// so nothing that the repository is set up to run does.
fn head(directory: &Path) -> Option<String> {
    let git = directory.join(".git");
    let git = match std::fs::read_to_string(&git) {
        // A worktree has a file that says where its part of the repository is.
        Ok(text) => directory.join(text.strip_prefix("gitdir:")?.trim()),
        Err(_) => git,
    };
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref:") else { return Some(head.trim().to_owned()) };
    let name = name.trim();
    let common = std::fs::read_to_string(git.join("commondir"));
    let common = common.map_or_else(|_| git.clone(), |text| git.join(text.trim()));
    if let Ok(commit) = std::fs::read_to_string(common.join(name)) {
        return Some(commit.trim().to_owned());
    }
    let packed = std::fs::read_to_string(common.join("packed-refs")).ok()?;
    let line = packed.lines().find_map(|line| line.split_once(' ').filter(|(_, at)| *at == name));
    line.map(|(commit, _)| commit.to_owned())
}
