//! Looks: what a probe reads, with the values of the call filled in. Whoever does the reading,
//! here or on the agent's machine, gets no more than this.

use serde::{Deserialize, Serialize};

/// How what a command or a server answers is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// As one JSON value.
    #[default]
    Json,
    /// As text: `{"lines": ["…", …]}`, without the ends of the lines.
    Lines,
}

/// A value that is bound in a query, never written into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bind {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// Something a call would remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The path as written in the call.
    pub path: String,
    /// Whether `*`, `?` and `[…]` in it stand for other characters.
    pub pattern: bool,
    /// Whether a directory goes with all that is in it; else it is only files.
    pub recursive: bool,
}

/// A branch or tag that a push would write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRef {
    /// What is pushed; `None` for the current branch, empty to delete `to`.
    pub from: Option<String>,
    /// What it is called there; `None` for the same name.
    pub to: Option<String>,
    /// Whether what is there may be overwritten.
    pub force: bool,
}

/// What is read, and where. Nothing in it goes through a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Look {
    /// What a program prints, when it ends with status 0.
    Command {
        /// The program and its arguments, each one whole argument.
        argv: Vec<String>,
        /// Names of environment variables it gets; no others.
        env: Vec<String>,
        /// Directory it runs in; `/` when absent.
        cwd: Option<String>,
        /// How its output is read.
        reads: Reads,
    },
    /// What a server answers to a GET with status 200; redirects are not followed.
    Http {
        /// The address.
        url: String,
        /// Headers whose value is that of an environment variable: name, and name of the variable.
        headers: Vec<(String, String)>,
        /// How the answer is read.
        reads: Reads,
    },
    /// What a query finds: `{"rows": [{"column": value, …}, …]}`.
    Sql {
        /// Name of the database.
        database: String,
        /// The query, with `?` for each bound value.
        query: String,
        /// The values, in order.
        binds: Vec<Bind>,
    },
    /// What a call would remove: `{"count", "bytes", "tracked", "untracked", "names": […]}`.
    Files {
        /// What.
        remove: Vec<Removal>,
        /// The directory relative paths start at.
        cwd: String,
    },
    /// How many rows a statement would change: `{"count"}`.
    Rows {
        /// Name of the database.
        database: String,
        /// The query that counts them.
        query: String,
    },
    /// What a push would overwrite: `{"overwritten", "commits": ["…"], "deletes": ["…"]}`.
    Push {
        /// The directory of the repository.
        cwd: String,
        /// The remote; the usual one when absent.
        remote: Option<String>,
        /// What is written; the current branch when empty.
        refs: Vec<PushedRef>,
    },
    /// Where paths lead: `{"paths": [{"path", "leads_to", "outside"}, …], "outside"}`.
    Paths {
        /// The paths as written.
        paths: Vec<String>,
        /// The directory they should stay in, and start at.
        cwd: String,
    },
}

impl Look {
    /// The name of its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Look::Command { .. } => "command",
            Look::Http { .. } => "http",
            Look::Sql { .. } => "sql",
            Look::Files { .. } => "files",
            Look::Rows { .. } => "rows",
            Look::Push { .. } => "push",
            Look::Paths { .. } => "paths",
        }
    }
}
