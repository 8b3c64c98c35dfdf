//! `holdshort exec -- CMD`: one command through the gate.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use holdshort_sdk::{Action, Approved, Gate, RunError};
use serde_json::json;

use crate::connect::{LOCAL_TOKEN, client};
use crate::eyes::Local;
use crate::output::{Stop, say};

/// The gate could not be asked.
const GATE_FAILED: u8 = 125;
/// A person or policy said no.
const DENIED: u8 = 126;
/// Nobody has answered yet.
const WAITING: u8 = 127;

pub(crate) async fn run(
    data: &Path,
    reason: Option<String>,
    wait: Option<u64>,
    command: Vec<String>,
) -> Result<(), Stop> {
    let client = client(data, LOCAL_TOKEN).await.map_err(|stop| stop.code(GATE_FAILED))?;
    let cwd = std::env::current_dir()?.display().to_string();
    let mut action = Action::new("run_command", &json!({ "argv": command }))?.cwd(cwd);
    if let Some(reason) = reason {
        action = action.reason(reason);
    }
    let mut gate = Gate::new(client, "exec").with_eyes(Local);
    if let Some(seconds) = wait {
        gate = gate.wait_at_most(Duration::from_secs(seconds));
    }
    say("holdshort: asking the gate…");
    match gate.run(action, execute).await {
        Ok(status) => finished(status),
        Err(RunError::Failed(error)) => Err(Stop::failed(&error).code(GATE_FAILED)),
        Err(error @ RunError::Denied { .. }) => Err(Stop::new(DENIED, error.to_string())),
        Err(error @ (RunError::Stalled(_) | RunError::Pending(_) | RunError::AskAgain { .. })) => {
            Err(Stop::new(WAITING, error.to_string())
                .hint("it has not run; when somebody has answered, ask again"))
        }
        Err(error) => Err(Stop::failed(&error).code(GATE_FAILED)),
    }
}

/// Runs exactly what was approved, without a shell in between.
async fn execute(approved: Approved) -> std::io::Result<ExitStatus> {
    let arguments: serde_json::Value = approved.parse()?;
    let argv: Vec<String> = arguments
        .get("argv")
        .and_then(|argv| argv.as_array())
        .map(|argv| argv.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let [program, rest @ ..] = argv.as_slice() else {
        return Err(std::io::Error::other("the approved command is empty"));
    };
    let mut command = std::process::Command::new(program);
    command.args(rest);
    let running = tokio::task::spawn_blocking(move || command.status());
    running.await.map_err(std::io::Error::other)?
}

fn finished(status: ExitStatus) -> Result<(), Stop> {
    if status.success() {
        return Ok(());
    }
    let signal = status.signal().map(|signal| 128 + signal);
    let code = status.code().or(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Err(Stop::new(code, format!("the command ended with {status}")))
}
