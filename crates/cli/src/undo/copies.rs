//! Copies of what was in files, by digest; for this account alone, bounded in size and age.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::{digest_of, private_folder};

/// Bytes of all copies.
const MOST: u64 = 1024 * 1024 * 1024;
/// How long a copy is kept at least, if there is room: as long as an undo works.
const AGE: Duration = Duration::from_secs(8 * 24 * 60 * 60);

/// The copies.
#[derive(Clone, Debug)]
pub(crate) struct Copies {
    folder: PathBuf,
}

impl Copies {
    pub(crate) fn open(data: &Path) -> std::io::Result<Self> {
        let folder = data.join("undo");
        private_folder(&folder)?;
        Ok(Self { folder })
    }

    /// Keeps bytes; gives their digest.
    pub(super) fn keep(&self, bytes: &[u8]) -> std::io::Result<String> {
        let digest = digest_of(bytes);
        let path = self.path(&digest);
        // Written anew even if it is there: it is as young as its last use. Not synced: one that is
        // lost or damaged is known by its digest.
        let part = path.with_extension(format!("{}.part", std::process::id()));
        std::fs::write(&part, bytes)?;
        std::fs::rename(&part, &path)?;
        Ok(digest)
    }

    /// What has this digest, if it is still kept and is what it says.
    pub(super) fn get(&self, digest: &str) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.path(digest)).ok()?;
        (digest_of(&bytes) == digest).then_some(bytes)
    }

    fn path(&self, digest: &str) -> PathBuf {
        let hex = digest.bytes().filter(u8::is_ascii_hexdigit).map(char::from);
        self.folder.join(hex.collect::<String>())
    }

    /// Removes copies that are too old, and the oldest while all are too many.
    pub(crate) fn tidy(&self) -> std::io::Result<()> {
        let mut kept = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            let age = about.modified()?.elapsed().unwrap_or_default();
            kept.push((age, about.len(), entry.path()));
        }
        kept.sort();
        let mut size = 0;
        for (age, bytes, path) in kept {
            size += bytes;
            if age > AGE || size > MOST {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
