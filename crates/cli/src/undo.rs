//! Undo on this machine: what files were before a step, and putting them back exactly.

mod copies;
mod state;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

pub(crate) use copies::Copies;
use state::State;

/// The tool that puts files back. Its arguments say of each file how it has to be now, and how it
/// was before.
pub(crate) const TOOL: &str = "restore_files";

/// Files and folders as they were at one moment; what is not among them was not there.
#[derive(Debug)]
pub(crate) struct Before {
    root: Option<PathBuf>,
    files: BTreeMap<PathBuf, State>,
}

impl Before {
    /// One file, which is about to be written.
    pub(crate) fn of_file(path: &Path, copies: &Copies) -> Option<Self> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let state = State::of(&path, Some(copies)).ok()?;
        Some(Self { root: None, files: BTreeMap::from([(path, state)]) })
    }

    /// The git worktree around a folder, with what git itself keeps of it: a restore point. None
    /// when there is none, or it is too large.
    pub(crate) fn of_worktree(folder: &Path, copies: &Copies) -> Option<Self> {
        let root = tree::worktree(folder)?;
        let files = tree::read(&root, Some(copies))?;
        Some(Self { root: Some(root), files })
    }

    /// The call that puts back what is not as it was; none when all is.
    pub(crate) fn undo(&self) -> Option<Map<String, Value>> {
        let now = match &self.root {
            Some(root) => tree::read(root, None)?,
            None => {
                let read = |path: &PathBuf| Some((path.clone(), State::of(path, None).ok()?));
                self.files.keys().map(read).collect::<Option<_>>()?
            }
        };
        let paths: std::collections::BTreeSet<&PathBuf> =
            self.files.keys().chain(now.keys()).collect();
        let changes = paths.into_iter().filter_map(|path| {
            let (was, is) = (self.files.get(path), now.get(path));
            let (was, is) = (was.unwrap_or(&State::Absent), is.unwrap_or(&State::Absent));
            let path = path.to_str()?;
            (was != is).then(|| json!({ "path": path, "now": is.text(), "back": was.text() }))
        });
        let files: Vec<Value> = changes.collect();
        (!files.is_empty()).then(|| Map::from_iter([("files".to_owned(), Value::Array(files))]))
    }
}

/// A file to put back.
struct Change {
    path: PathBuf,
    now: State,
    back: State,
}

/// Puts files back as they were, and gives the call that would undo that in turn.
///
/// # Errors
/// When any of them is not as the step left it: then nothing is touched. What an earlier try put
/// back already is no reason to refuse.
pub(crate) fn restore(
    copies: &Copies,
    arguments: &Map<String, Value>,
) -> Result<(String, Map<String, Value>), String> {
    let changes = changes(arguments)?;
    for change in &changes {
        let found = State::of(&change.path, Some(copies)).map_err(|error| error.to_string())?;
        if found != change.now && found != change.back {
            let path = change.path.display();
            return Err(format!(
                "{path} is not as the step left it ({}): nothing was put back",
                found.text()
            ));
        }
        let why = |why| format!("{}: {why}", change.path.display());
        change.back.is_kept(copies).map_err(why)?;
        is_where_it_was(&change.path).map_err(why)?;
    }
    // Folders before what is in them, and what is in them before folders that go.
    for change in &changes {
        change.back.put(&change.path, copies).map_err(|error| error.to_string())?;
    }
    for change in changes.iter().rev() {
        change.back.remove(&change.path).map_err(|error| error.to_string())?;
    }
    for change in &changes {
        let found = State::of(&change.path, None).map_err(|error| error.to_string())?;
        if found != change.back {
            return Err(format!("{} could not be put back", change.path.display()));
        }
    }
    let turned = changes.iter().map(|change| {
        let (now, back) = (change.back.text(), change.now.text());
        json!({ "path": change.path, "now": now, "back": back })
    });
    let turned = Map::from_iter([("files".to_owned(), turned.collect())]);
    let said = match changes.len() {
        1 => "1 file is as it was".to_owned(),
        more => format!("{more} files are as they were"),
    };
    Ok((said, turned))
}

/// A folder above it that has become a link leads to other files.
fn is_where_it_was(path: &Path) -> Result<(), &'static str> {
    let there = path.ancestors().skip(1).find(|folder| folder.exists());
    match there.map(|folder| (folder, folder.canonicalize())) {
        Some((folder, Ok(real))) if real == folder => Ok(()),
        _ => Err("a folder above it is not what it was: nothing was put back"),
    }
}

fn changes(arguments: &Map<String, Value>) -> Result<Vec<Change>, String> {
    let files = arguments.get("files").and_then(Value::as_array).filter(|files| !files.is_empty());
    let files = files.ok_or("the call names no files")?;
    let change = |file: &Value| {
        let text = |name: &str| file.get(name).and_then(Value::as_str);
        let path = PathBuf::from(text("path")?);
        let (now, back) = (State::parse(text("now")?)?, State::parse(text("back")?)?);
        path.is_absolute().then_some(Change { path, now, back })
    };
    let mut changes: Vec<Change> =
        files.iter().map(change).collect::<Option<_>>().ok_or("the call cannot be read")?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

#[cfg(test)]
mod tests;
