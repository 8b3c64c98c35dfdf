//! The agent's tools. Each carries an action out once, however often it is asked: the action's
//! id is the key, and what was done is written down by the executor itself.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fleet::Fleet;
use super::place::Place;
use crate::files::replace;
use crate::output::Stop;

#[derive(Deserialize)]
struct Query {
    sql: String,
}

#[derive(Deserialize)]
struct WriteFile {
    path: PathBuf,
    content: String,
}

#[derive(Deserialize)]
struct RunCommand {
    argv: Vec<String>,
    cwd: PathBuf,
}

#[derive(Deserialize)]
struct Terminate {
    instance_ids: Vec<String>,
}

#[derive(Deserialize)]
struct SendEmail {
    to: Vec<String>,
    subject: String,
    body: String,
}

/// Carries an action out, unless that was done before; gives what came of it.
pub(super) fn carry_out(
    place: &Place,
    (action, tool): (&str, &str),
    arguments: &RawValue,
) -> Result<String, Stop> {
    let mut fleet = Fleet::open(&place.fleet())?;
    if let Some(detail) = fleet.carried_out(action)? {
        return Ok(detail);
    }
    let text = arguments.get();
    let detail = match tool {
        "sql_query" => {
            let query: Query = parse(text)?;
            fleet.column(&query.sql)?.join("\n")
        }
        "write_file" => {
            let file: WriteFile = parse(text)?;
            replace(&file.path, file.content.as_bytes(), None)?;
            format!("{} bytes written", file.content.len())
        }
        "run_command" => run(&parse(text)?)?,
        "terminate_instances" => {
            let terminate: Terminate = parse(text)?;
            return fleet.terminate(action, &terminate.instance_ids);
        }
        "send_email" => {
            let mail: SendEmail = parse(text)?;
            let path = place.outbox().join(format!("{action}.eml"));
            replace(&path, message(&mail).as_bytes(), None)?;
            format!("{} written", path.display())
        }
        other => return Err(Stop::new(1, format!("the agent has no tool `{other}`"))),
    };
    fleet.note(action, tool, &detail)?;
    Ok(detail)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Stop> {
    serde_json::from_str(text).map_err(|error| Stop::failed(&error))
}

fn run(command: &RunCommand) -> Result<String, Stop> {
    let [program, arguments @ ..] = command.argv.as_slice() else {
        return Err(Stop::new(1, "the command is empty"));
    };
    let output = Command::new(program).args(arguments).current_dir(&command.cwd).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A mail as a file (RFC 5322); header values keep to one line.
fn message(mail: &SendEmail) -> String {
    let line = |text: &str| text.replace(['\r', '\n'], " ");
    let to: Vec<String> = mail.to.iter().map(|to| line(to)).collect();
    format!(
        "From: {}@example.org\r\nTo: {}\r\nSubject: {}\r\n\r\n{}\r\n",
        super::AGENT,
        to.join(", "),
        line(&mail.subject),
        mail.body.replace('\n', "\r\n"),
    )
}
