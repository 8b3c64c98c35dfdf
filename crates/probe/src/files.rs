//! What a removal would take: how many files, how large, and which of them git knows.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use holdshort_core::{Json, Removal};

use crate::git::Tracked;
use crate::{NotKnown, number, pattern};

/// Files that are counted at most.
const FILES: usize = 100_000;
/// Names that are told.
const NAMES: usize = 20;

struct Count<'a> {
    cwd: &'a Path,
    given_up: &'a AtomicBool,
    tracked_by: Tracked,
    count: usize,
    bytes: u64,
    tracked: usize,
    names: Vec<String>,
    missing: Vec<String>,
}

pub(crate) fn look(remove: &[Removal], cwd: &str, given_up: &AtomicBool) -> Result<Json, NotKnown> {
    let cwd = PathBuf::from(cwd);
    if !cwd.is_absolute() {
        return Err(NotKnown::because("the call does not say in which directory it runs"));
    }
    let mut count = Count {
        cwd: &cwd,
        given_up,
        tracked_by: Tracked::default(),
        count: 0,
        bytes: 0,
        tracked: 0,
        names: Vec::new(),
        missing: Vec::new(),
    };
    for removal in remove {
        count.removal(removal)?;
    }
    Ok(count.told())
}

impl Count<'_> {
    fn removal(&mut self, removal: &Removal) -> Result<(), NotKnown> {
        if removal.path.starts_with('~') || removal.path.contains(['$', '`', '{', '}', '\0']) {
            return Err(NotKnown::said("this path is worked out by the shell: ", &removal.path));
        }
        let paths = match removal.pattern {
            true => pattern::expand(self.cwd, &removal.path, FILES)?,
            false => vec![self.cwd.join(&removal.path)],
        };
        if paths.is_empty() {
            self.missing.push(removal.path.clone());
        }
        for path in paths {
            match path.symlink_metadata() {
                Ok(found) if found.is_dir() && removal.recursive => self.directory(&path)?,
                // Without being told to, a directory is not removed.
                Ok(found) if found.is_dir() => {}
                Ok(found) => self.file(&path, found.len())?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    self.missing.push(removal.path.clone());
                }
                Err(error) => return Err(NotKnown::said("a file cannot be looked at: ", error)),
            }
        }
        Ok(())
    }

    /// All that is in a directory. Links are counted and not followed.
    fn directory(&mut self, path: &Path) -> Result<(), NotKnown> {
        let unreadable = |error| NotKnown::said("a directory cannot be read: ", error);
        let mut open = vec![path.to_owned()];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(&directory).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let found = entry.path().symlink_metadata().map_err(unreadable)?;
                if found.is_dir() {
                    open.push(entry.path());
                } else {
                    self.file(&entry.path(), found.len())?;
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, bytes: u64) -> Result<(), NotKnown> {
        if self.count == FILES || self.given_up.load(Ordering::Relaxed) {
            let so_far = self.count;
            return Err(NotKnown::because(format!("there are more than {so_far} files")));
        }
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.tracked_by.knows(path)? {
            self.tracked += 1;
        }
        if self.names.len() < NAMES {
            let shown = path.strip_prefix(self.cwd).unwrap_or(path);
            self.names.push(shown.to_string_lossy().into_owned());
        }
        Ok(())
    }

    fn told(mut self) -> Json {
        self.names.sort();
        let list = |texts: Vec<String>| {
            Json::Array(texts.into_iter().map(Json::String).collect::<Vec<_>>())
        };
        let untracked = self.count - self.tracked;
        let members = [
            ("count", number(self.count)),
            ("bytes", number(self.bytes)),
            ("tracked", number(self.tracked)),
            ("untracked", number(untracked)),
            ("names", list(self.names)),
            ("missing", list(self.missing)),
        ];
        Json::Object(members.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }
}
