//! Programs: started without a shell, with what was approved and nothing else.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{Call, Failed, OwnTool};

/// How long a program may run.
const TIMEOUT: Duration = Duration::from_secs(3600);
/// Characters of an error output that are told.
const TOLD: usize = 2000;

pub(super) async fn run(call: &Call, cwd: &Path) -> Result<String, Failed> {
    let argv = call.texts("argv")?;
    let [program, rest @ ..] = argv.as_slice() else {
        return Err(Failed("the approved command is empty".into()));
    };
    let folder = call.arguments.get("cwd").and_then(Value::as_str);
    let folder = folder.map_or_else(|| cwd.to_path_buf(), |folder| cwd.join(folder));
    let mut command = Command::new(program);
    command.args(rest).current_dir(folder);
    let stdin = call.arguments.get("stdin").and_then(Value::as_str).unwrap_or_default();
    output(command, stdin).await
}

/// A tool of the plan's own.
pub(super) async fn own(tool: &OwnTool, call: &Call, cwd: &Path) -> Result<String, Failed> {
    let [program, rest @ ..] = tool.command.as_slice() else {
        return Err(Failed("the tool has no command".into()));
    };
    // A path with a folder in it is meant from the plan's folder.
    let program = if program.contains('/') { cwd.join(program) } else { program.into() };
    let mut command = Command::new(program);
    command.args(rest).current_dir(cwd);
    command.env("HOLDSHORT_ACTION", &call.action).env("HOLDSHORT_TOOL", &call.tool);
    let arguments = serde_json::to_string(&call.arguments).map_err(Failed::from)?;
    output(command, &arguments).await
}

async fn output(mut command: Command, stdin: &str) -> Result<String, Failed> {
    // The key of a planner is not for the programs it plans.
    command.env_remove(crate::run::planner::KEY);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child =
        command.spawn().map_err(|error| Failed(format!("it does not start: {error}")))?;
    let mut pipe = child.stdin.take();
    let stdin = stdin.to_owned();
    let feeding = tokio::spawn(async move {
        if let Some(pipe) = &mut pipe {
            // A program that does not read its input is no failure.
            let _ = pipe.write_all(stdin.as_bytes()).await;
        }
    });
    let done = tokio::time::timeout(TIMEOUT, child.wait_with_output()).await;
    feeding.abort();
    let done = done.map_err(|_| Failed("it was ended after an hour".into()))?;
    let done = done.map_err(Failed::from)?;
    let said = String::from_utf8_lossy(&done.stdout).trim_end().to_owned();
    if done.status.success() {
        return Ok(said);
    }
    let errors = String::from_utf8_lossy(&done.stderr).trim_end().to_owned();
    let told = if errors.is_empty() { said } else { errors };
    let skip = told.chars().count().saturating_sub(TOLD);
    let told: String = told.chars().skip(skip).collect();
    Err(Failed(format!("it ended with {}: {told}", done.status)))
}
