//! What this machine did, by its own account: written before a tool begins and after it ended, so
//! that a program that was killed neither runs a step twice nor loses what it gave. A lock says
//! that nobody else works on the run here; on another machine the gate alone is asked.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::connect::write_private;
use crate::files::{digest_of, private_folder};
use crate::output::Stop;

/// A line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "did")]
enum Line {
    /// The tool begins.
    Began { call: String, before: Option<String> },
    /// The tool ended.
    Ended { call: String, worked: bool, output: String, undo: Option<Box<UndoLine>> },
}

/// The call that takes it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UndoLine {
    pub(crate) tool: String,
    pub(crate) arguments: serde_json::Map<String, serde_json::Value>,
}

/// What is known of a call.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// It began; nothing says that it ended.
    Began { before: Option<String> },
    /// It ended.
    Ended { worked: bool, output: String, undo: Option<UndoLine> },
}

/// The journal of one run on this machine.
pub(crate) struct Journal {
    folder: PathBuf,
    seed: String,
    file: Mutex<File>,
    known: Mutex<HashMap<String, Known>>,
    _lock: File,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Journal")
    }
}

impl Journal {
    /// Opens the journal of a run, for this process alone.
    pub(crate) fn open(data: &Path, run: &str) -> Result<Self, Stop> {
        let folder: PathBuf = data.join("runs").join(run);
        private_folder(&folder)?;
        let lock = File::options().create(true).append(true).open(folder.join("lock"))?;
        lock.try_lock().map_err(|_| {
            Stop::new(1, "this run is being worked on by another process here")
                .hint("it goes on there; end that process to go on here")
        })?;
        let seed = folder.join("seed");
        let seed = match std::fs::read_to_string(&seed) {
            Ok(text) => text,
            Err(_) => {
                let text = holdshort_sdk::random_text()?;
                write_private(&seed, &text)?;
                text
            }
        };
        let path = folder.join("journal.jsonl");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut known = HashMap::new();
        // A line that was cut off by a kill was not written: what it says did not begin.
        for line in text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
            match line {
                Line::Began { call, before } => known.insert(call, Known::Began { before }),
                Line::Ended { call, worked, output, undo } => {
                    let undo = undo.map(|undo| *undo);
                    known.insert(call, Known::Ended { worked, output, undo })
                }
            };
        }
        let mut file = File::options().create(true).append(true).open(&path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self { folder, seed, file: Mutex::new(file), known: Mutex::new(known), _lock: lock })
    }

    /// The nonce of a call: the same after a restart on this machine, another one elsewhere.
    pub(crate) fn nonce(&self, call: &str) -> String {
        let digest = digest_of(format!("{}\n{call}", self.seed).as_bytes());
        digest.trim_start_matches("sha256:").to_owned()
    }

    pub(crate) fn known(&self, call: &str) -> Option<Known> {
        self.known.lock().ok()?.get(call).cloned()
    }

    pub(crate) fn begins(&self, call: &str, before: Option<String>) -> Result<(), Stop> {
        self.write(&Line::Began { call: call.to_owned(), before })
    }

    pub(crate) fn ended(
        &self,
        call: &str,
        (worked, output): (bool, &str),
        undo: Option<UndoLine>,
    ) -> Result<(), Stop> {
        let (call, output) = (call.to_owned(), output.to_owned());
        self.write(&Line::Ended { call, worked, output, undo: undo.map(Box::new) })
    }

    /// Removes it: the run is over, and the gate has all that is left to know.
    pub(crate) fn forget(&self) -> Result<(), Stop> {
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }

    fn write(&self, line: &Line) -> Result<(), Stop> {
        let mut text = serde_json::to_string(line).map_err(|error| Stop::failed(&error))?;
        text.push('\n');
        let mut file = self.file.lock().map_err(|_| Stop::new(1, "the journal is broken"))?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        Ok(())
    }
}
