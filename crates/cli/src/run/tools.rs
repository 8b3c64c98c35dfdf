//! The tools of a run. Each does exactly what was approved, once, and says what came of it.

mod command;
mod files;
pub(crate) mod http;
mod mail;
mod spec;
mod sql;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fill::CUT;
use super::plan::Plan;
use crate::files::digest_of;

pub(crate) use mail::Mail;
pub(crate) use spec::{check, check_own, describe};

/// Bytes of an output that are kept.
const OUTPUT: usize = 60_000;

/// A database that a plan names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME`, without a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// The environment variable that holds the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url_env: Option<String>,
}

/// A tool of a plan's own: a program that gets the arguments as JSON on standard input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnTool {
    /// The program and its first arguments, started without a shell.
    pub(crate) command: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    /// JSON schema of the arguments: the form in which a person edits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<Value>,
    /// Whether it carries an action out once however often it is asked: the action's id is in
    /// `HOLDSHORT_ACTION`. Only then it is asked again after this program was killed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) idempotent: bool,
}

/// Why a tool did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failed(pub(crate) String);

impl Failed {
    fn from(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// An approved call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Id of the action.
    pub(crate) action: String,
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, Value>,
}

impl Call {
    fn text(&self, name: &str) -> Result<&str, Failed> {
        let value = self.arguments.get(name).and_then(Value::as_str);
        value.ok_or_else(|| Failed(format!("the approved call has no text `{name}`")))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, Failed> {
        let wrong = || Failed(format!("the approved call has no list of texts `{name}`"));
        let items = self.arguments.get(name).and_then(Value::as_array).ok_or_else(wrong)?;
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }
}

/// The tools of one plan.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    cwd: PathBuf,
    databases: BTreeMap<String, Database>,
    mail: Option<Mail>,
    own: BTreeMap<String, OwnTool>,
}

impl Tools {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            cwd: plan.cwd.clone(),
            databases: plan.databases.clone(),
            mail: plan.mail.clone(),
            own: plan.tools.clone(),
        }
    }

    /// Whether doing it twice does nothing more than doing it once: it only reads, or it knows by
    /// the action's id what it has done.
    pub(crate) fn may_be_repeated(&self, tool: &str) -> bool {
        match self.own.get(tool) {
            Some(own) => own.idempotent,
            None => matches!(tool, "note" | "read_file"),
        }
    }

    /// The schema of a tool's arguments, if it has one.
    pub(crate) fn schema(&self, tool: &str) -> Option<Value> {
        match self.own.get(tool) {
            Some(own) => own.schema.clone(),
            None => spec::schema(tool),
        }
    }

    /// Does what was approved.
    pub(crate) async fn carry_out(&self, call: &Call) -> Result<String, Failed> {
        let output = if let Some(own) = self.own.get(&call.tool) {
            command::own(own, call, &self.cwd).await?
        } else {
            match call.tool.as_str() {
                "note" => call.text("text")?.to_owned(),
                "read_file" => files::read(&self.cwd.join(call.text("path")?))?,
                "write_file" => files::write(&self.path(call)?, call.text("content")?)?,
                "run_command" => command::run(call, &self.cwd).await?,
                "http_request" => http::send(call).await?,
                "sql_query" => sql::run(&self.databases, call).await?,
                "send_email" => mail::send(self.mail.as_ref(), call).await?,
                other => return Err(Failed(format!("this agent has no tool `{other}`"))),
            }
        };
        Ok(cut(output))
    }

    /// The path of a call on a file.
    pub(crate) fn path(&self, call: &Call) -> Result<PathBuf, Failed> {
        Ok(self.cwd.join(call.text("path")?))
    }

    /// What can be told from the world about a call that this machine began and did not finish:
    /// that it happened (with what came of it), that it did not, or nothing.
    pub(crate) fn happened(&self, call: &Call, before: Option<&str>) -> Option<Option<String>> {
        let path = (call.tool == "write_file").then(|| self.path(call)).and_then(Result::ok)?;
        let content = call.text("content").ok()?;
        let now = files::digest(&path);
        if now.as_deref() == Some(digest_of(content.as_bytes()).as_str()) {
            return Some(Some(files::written(content)));
        }
        (before.is_some() && now.as_deref() == before).then_some(None)
    }
}

/// Digest of the file a call is about, to be written down before it begins.
pub(crate) fn before(tools: &Tools, call: &Call) -> Option<String> {
    let path = (call.tool == "write_file").then(|| tools.path(call)).and_then(Result::ok)?;
    Some(files::digest(&path).unwrap_or_else(|| "absent".to_owned()))
}

fn cut(mut output: String) -> String {
    if output.len() > OUTPUT {
        let end = (0..=OUTPUT).rev().find(|at| output.is_char_boundary(*at)).unwrap_or(0);
        output.truncate(end);
        output.push_str(CUT);
    }
    output
}
