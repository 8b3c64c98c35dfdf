//! A git worktree: its files (those that git does not ignore), and what git keeps of where it
//! stands: HEAD, the index, the refs. Read as files; nothing of the repository is run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::Copies;
use super::state::State;

/// Files of a restore point.
const FILES: usize = 20_000;
/// Bytes of a restore point.
const BYTES: u64 = 256 * 1024 * 1024;
/// What git keeps of where a worktree stands.
const STANDING: &[&str] = &[
    "HEAD",
    "ORIG_HEAD",
    "MERGE_HEAD",
    "MERGE_MSG",
    "MERGE_MODE",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "index",
    "packed-refs",
];

/// The worktree a folder is in.
pub(super) fn worktree(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    folder.ancestors().find(|at| at.join(".git").exists()).map(Path::to_path_buf)
}

/// Everything in it that a restore point holds; none when it is too large or cannot be read.
pub(super) fn read(root: &Path, copies: Option<&Copies>) -> Option<BTreeMap<PathBuf, State>> {
    let mut found = BTreeMap::new();
    let mut bytes = 0;
    let mut paths = Vec::new();
    let git = |path: &Path| path.file_name().is_some_and(|name| name == ".git");
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .parents(true)
        .require_git(false)
        .filter_entry(move |entry| !git(entry.path()))
        .build();
    for entry in walk {
        let entry = entry.ok()?;
        if entry.depth() > 0 {
            bytes += entry.metadata().ok()?.len();
            paths.push(entry.into_path());
        }
        if paths.len() > FILES || bytes > BYTES {
            return None;
        }
    }
    paths.extend(standing(root)?);
    for path in paths {
        let state = State::of(&path, copies).ok()?;
        found.insert(path, state);
    }
    Some(found)
}

/// The files in which git keeps where a worktree stands.
fn standing(root: &Path) -> Option<Vec<PathBuf>> {
    let at = root.join(".git");
    let own = match at.is_dir() {
        true => at,
        // A linked worktree: a file that says where its folder is.
        false => {
            let text = std::fs::read_to_string(&at).ok()?;
            root.join(text.trim().strip_prefix("gitdir:")?.trim())
        }
    };
    let common = match std::fs::read_to_string(own.join("commondir")) {
        Ok(text) => own.join(text.trim()),
        Err(_) => own.clone(),
    };
    let mut paths: Vec<PathBuf> = STANDING.iter().map(|name| own.join(name)).collect();
    paths.push(common.join("packed-refs"));
    let refs = WalkBuilder::new(common.join("refs")).standard_filters(false).build();
    for entry in refs {
        paths.push(entry.ok()?.into_path());
    }
    paths.retain(|path| path.symlink_metadata().is_ok());
    Some(paths)
}
