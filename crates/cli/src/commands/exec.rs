//! `holdshort exec -- CMD`: one command through the gate.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use holdshort_sdk::{Action, Approved, Client, Gate, RunError, api};
use serde_json::json;

use crate::connect::{LOCAL_TOKEN, client};
use crate::eyes::Local;
use crate::output::{Stop, say};
use crate::run::{UndoLine, undo_of, with_lease};
use crate::undo::{self, Before, Copies};

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
    let mut action = Action::new("run_command", &json!({ "argv": command }))?.cwd(cwd.clone());
    if let Some(reason) = reason {
        action = action.reason(reason);
    }
    let mut gate = Gate::new(client.clone(), "exec").with_eyes(Local);
    if let Some(seconds) = wait {
        gate = gate.wait_at_most(Duration::from_secs(seconds));
    }
    say("holdshort: asking the gate…");
    let nonce = holdshort_sdk::random_text()?;
    match gate.clear(action.call_id(holdshort_sdk::random_text()?), &nonce).await {
        Ok(approved) => carry_out(data, &client, (approved, &nonce), &cwd).await,
        Err(error @ RunError::Denied { .. }) => Err(Stop::new(DENIED, error.to_string())),
        Err(error @ (RunError::Stalled(_) | RunError::Pending(_) | RunError::AskAgain { .. })) => {
            Err(Stop::new(WAITING, error.to_string())
                .hint("it has not run; when somebody has answered, ask again"))
        }
        Err(error) => Err(Stop::failed(&error).code(GATE_FAILED)),
    }
}

/// Begins, runs and reports; a git worktree that the command may change is kept as it was.
async fn carry_out(
    data: &Path,
    client: &Client,
    (approved, nonce): (Approved, &str),
    cwd: &str,
) -> Result<(), Stop> {
    let failed = |error: holdshort_sdk::Error| Stop::from(error).code(GATE_FAILED);
    client.started(&approved.action, nonce).await.map_err(failed)?;
    let copies = Copies::open(data)?;
    let point = (approved.risk > api::RiskLevel::Safe)
        .then(|| Before::of_worktree(Path::new(cwd), &copies))
        .flatten();
    let ended = with_lease(client, (&approved.action, nonce), execute(&approved)).await;
    let undo = point.and_then(|point| point.undo());
    let undo = undo.map(|arguments| UndoLine { tool: undo::TOOL.to_owned(), arguments });
    // How a command ends is its own business; that it ran is what is reported.
    let outcome = match ended.is_ok() {
        true => api::ReportedOutcome::Succeeded,
        false => api::ReportedOutcome::Failed,
    };
    let output = Some(match &ended {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    });
    let undo = undo.and_then(|undo| undo_of(&undo, cwd));
    let report = api::Report { nonce: nonce.to_owned(), outcome, output, cost: None, undo };
    client.report(&approved.action, &report).await.map_err(failed)?;
    finished(ended.map_err(|error| Stop::failed(&error).code(GATE_FAILED))?)
}

/// Runs exactly what was approved, without a shell in between.
async fn execute(approved: &Approved) -> std::io::Result<ExitStatus> {
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
