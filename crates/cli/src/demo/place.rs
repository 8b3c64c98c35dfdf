//! The scratch directory of a demo: where things are, and how far the agent has come.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fleet::Fleet;
use crate::connect::{data_dir, write_private};
use crate::files::private_folder;
use crate::output::Stop;

/// Says that a directory is a demo, and how far it has come.
const STATE: &str = "demo.json";
/// Names the last demo.
const LAST: &str = "last";

/// What the agent remembers of a step, written before it does anything about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The nonce it claims with; the same after a restart.
    pub(super) nonce: String,
    /// The call, exactly.
    pub(super) arguments: Box<RawValue>,
    /// What came of it, once it is over.
    pub(super) output: Option<String>,
}

/// What survives a kill.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) seed: u64,
    pub(super) steps: BTreeMap<String, Memory>,
}

/// A scratch directory.
#[derive(Clone, Debug)]
pub(super) struct Place {
    root: PathBuf,
}

impl Place {
    /// Makes a new one: fleet, repository, probe.
    pub(super) fn make(given: Option<&Path>, seed: u64) -> Result<Self, Stop> {
        let root = match given {
            Some(given) => std::path::absolute(given)?,
            None => fresh_directory()?,
        };
        if root.join(STATE).exists() {
            let message = format!("there is a demo in `{}` already", root.display());
            return Err(Stop::new(1, message).hint("go on with it: add --resume"));
        }
        let place = Self { root };
        for directory in [place.gate(), place.work(), place.outbox()] {
            private_folder(&directory)?;
        }
        Fleet::make(&place.fleet(), seed)?;
        std::fs::write(place.gate().join("policy.toml"), probe(&place.fleet()))?;
        repository(&place.work())?;
        // Last, so that a directory with this file is whole.
        place.save(&Progress { seed, ..Progress::default() })?;
        if given.is_none() {
            write_private(&demos()?.join(LAST), &place.root.display().to_string())?;
        }
        Ok(place)
    }

    /// The one given, or the last one.
    pub(super) fn find(given: Option<&Path>) -> Result<Self, Stop> {
        let nothing = || {
            Stop::new(1, "there is no demo to go on with").hint("start one with `holdshort demo`")
        };
        let root = match given {
            Some(given) => std::path::absolute(given)?,
            None => {
                let last = std::fs::read_to_string(demos()?.join(LAST)).map_err(|_| nothing())?;
                PathBuf::from(last.trim())
            }
        };
        let place = Self { root };
        if !place.root.join(STATE).exists() {
            return Err(nothing());
        }
        Ok(place)
    }

    pub(super) fn load(&self) -> Result<Progress, Stop> {
        let text = std::fs::read_to_string(self.root.join(STATE))?;
        serde_json::from_str(&text).map_err(|error| Stop::failed(&error))
    }

    pub(super) fn save(&self, progress: &Progress) -> Result<(), Stop> {
        let text = serde_json::to_string(progress).map_err(|error| Stop::failed(&error))?;
        write_private(&self.root.join(STATE), &text)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The gate's own data. The agent never touches it.
    pub(super) fn gate(&self) -> PathBuf {
        self.root.join("gate")
    }

    /// Where the agent works: a git repository.
    pub(super) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Where mail goes.
    pub(super) fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    /// The fleet.
    pub(super) fn fleet(&self) -> PathBuf {
        self.root.join("fleet.db")
    }

    /// The gate's log of events.
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("log.jsonl")
    }
}

fn demos() -> Result<PathBuf, Stop> {
    let demos = data_dir(None)?.join("demos");
    private_folder(&demos)?;
    Ok(demos)
}

fn fresh_directory() -> Result<PathBuf, Stop> {
    let demos = demos()?;
    for number in 1..10_000 {
        let root = demos.join(number.to_string());
        match std::fs::create_dir(&root) {
            Ok(()) => return Ok(root),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Stop::new(1, format!("too many demos in `{}`; remove some", demos.display())))
}

/// The organization's policy: the one fact that decides, read by the gate itself.
fn probe(fleet: &Path) -> String {
    let url = toml_text(&format!("sqlite:{}", fleet.display()));
    format!(
        r#"[database.fleet]
url = {url}

# What has to be true before instances are terminated. Read by the gate, not the agent.
[[probe]]
id = "no-standby"
tool = "terminate_instances"
fact = "No instance is a standby"
source = "tags in fleet.db"
database = "fleet"
query = """
    SELECT i.instance_id AS id, coalesce(t.value, '') AS role FROM inventory i
    LEFT JOIN tags t ON t.instance_id = i.instance_id AND t.key = 'role'
    WHERE i.instance_id IN (${{args.instance_ids...:instance_id}})"""
# Known only when what was read is what the call is about.
known_when = """
    size(output.rows) == size(args.instance_ids) &&
    output.rows.all(row, row.id in args.instance_ids)"""
failing = "output.rows.filter(row, row.role == 'dr-standby').map(row, row.id)"
detail = """{{size(failing)}} of the {{size(args.instance_ids)}} are standbys of the \
    disaster-recovery cluster"""
detail_true = "all {{size(args.instance_ids)}} were looked up"
[probe.safer]
title = "Only the {{size(args.instance_ids) - size(failing)}} that are no standbys"
drop = "instance_ids"
"#
    )
}

fn toml_text(text: &str) -> String {
    format!("{text:?}")
}

/// A git repository with one commit, so that the agent's command has something to look at.
fn repository(work: &Path) -> Result<(), Stop> {
    std::fs::write(work.join("README.md"), "# Fleet\n\nIdle instances cost money.\n")?;
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=Fleet", "-c", "user.email=fleet@example.org"];
        let run = Command::new("git").current_dir(work).args(identity).args(arguments).output();
        match run {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(Stop::new(1, String::from_utf8_lossy(&output.stderr).into_owned())),
            Err(error) => Err(Stop::failed(&error).hint("the demo needs `git`")),
        }
    };
    git(&["init", "--quiet"])?;
    git(&["add", "README.md"])?;
    git(&["commit", "--quiet", "--message", "Fleet"])
}
