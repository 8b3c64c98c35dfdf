//! A demo in a directory of its own, and the oracle that judges it: the fleet's database and the
//! executor's own log, never what the gate says about itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_holdshort");

/// A demo.
pub(crate) struct Demo {
    home: TempDir,
}

/// What an executor did, by its own account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) action: String,
    pub(crate) tool: String,
}

impl Demo {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("demo")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .env("HOME", self.home.path())
            .arg("demo")
            .arg("--dir")
            .arg(self.dir())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs it to its end; gives the object on the last line.
    pub(crate) fn finish(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    }

    fn fleet(&self) -> Connection {
        Connection::open(self.dir().join("fleet.db")).unwrap()
    }

    fn set(&self, sql: &str) -> BTreeSet<String> {
        let fleet = self.fleet();
        let mut statement = fleet.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    pub(crate) fn terminated(&self) -> BTreeSet<String> {
        self.set("SELECT instance_id FROM inventory WHERE state = 'terminated'")
    }

    pub(crate) fn idle(&self) -> BTreeSet<String> {
        self.set("SELECT instance_id FROM inventory WHERE cpu_30d < 5")
    }

    pub(crate) fn standbys(&self) -> BTreeSet<String> {
        self.set("SELECT instance_id FROM tags WHERE value = 'dr-standby'")
    }

    /// The executor's own log.
    pub(crate) fn executor_log(&self) -> Vec<Done> {
        let fleet = self.fleet();
        let mut statement = fleet.prepare("SELECT action_id, tool FROM executor_log").unwrap();
        let rows = statement
            .query_map([], |row| Ok(Done { action: row.get(0)?, tool: row.get(1)? }))
            .unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    /// Mails that went out.
    pub(crate) fn mails(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.dir().join("outbox")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let mails = files.filter(|path| path.extension().is_some_and(|kind| kind == "eml"));
        mails.map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    /// Which instances an answer may terminate.
    pub(crate) fn expected(&self, answer: &str) -> BTreeSet<String> {
        match answer {
            "approve" => self.idle(),
            "modify" => self.idle().difference(&self.standbys()).cloned().collect(),
            _ => BTreeSet::new(),
        }
    }
}

/// The lines of a gate's log that are of one kind.
pub(crate) fn events(log: &Path, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["kind"] == kind).collect()
}
