//! Where the head of the log is sent, so that whoever rewrites the log is found even when they
//! have its key: a file elsewhere, one line for each seal, and the system's log.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use holdshort_audit::Head;
use serde::{Deserialize, Serialize};

use super::AuditError;
use crate::config::Audit;
use crate::setup::{decode, encode};

/// Where the system's log listens.
const SYSLOG: &str = "/dev/log";
/// Facility "security", severity "notice" (RFC 5424 section 6.2.1).
const PRIORITY: u32 = 4 * 8 + 5;

/// A head as it is written down.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    seal: u64,
    last: i64,
    total: u64,
    mac: String,
}

/// Where heads are sent.
#[derive(Debug)]
pub(crate) struct Anchors {
    file: Option<PathBuf>,
    syslog: bool,
}

impl Anchors {
    pub(super) fn new(audit: &Audit) -> Self {
        Self { file: audit.anchor_file.clone(), syslog: audit.anchor_syslog }
    }

    /// Sends a head everywhere.
    pub(super) fn send(&self, head: &Head) -> Result<(), AuditError> {
        let Head { number, last, total, mac } = *head;
        let line = Line { seal: number, last, total, mac: encode(&mac) };
        let line = serde_json::to_string(&line).unwrap_or_default();
        if let Some(path) = &self.file {
            append(path, &line)
                .map_err(|error| AuditError::Anchor(path.clone(), error.to_string()))?;
        }
        if self.syslog {
            let text = format!("<{PRIORITY}>holdshort: audit head {line}");
            let sent = UnixDatagram::unbound()
                .and_then(|socket| socket.send_to(text.as_bytes(), SYSLOG).map(|_| ()));
            sent.map_err(|error| AuditError::Anchor(SYSLOG.into(), error.to_string()))?;
        }
        Ok(())
    }
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::options().create(true).append(true).open(path)?;
    writeln!(file, "{line}")?;
    file.sync_data()
}

/// The heads in a file.
pub(super) fn read(path: &Path) -> Result<Vec<Head>, AuditError> {
    let problem = |what: String| AuditError::Anchor(path.to_owned(), what);
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let line: Line =
                serde_json::from_str(line).map_err(|error| problem(error.to_string()))?;
            let mac = decode(&line.mac).ok_or_else(|| problem("a line is no head".to_owned()))?;
            Ok(Head { number: line.seal, last: line.last, total: line.total, mac })
        })
        .collect()
}
