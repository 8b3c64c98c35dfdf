//! An agent of four actions: read a file, write a CI workflow, deploy, send the mail. The first
//! runs at once; the others wait for a person.
//!
//! `cargo run -p holdshort-sdk --example four_actions -- http://127.0.0.1:8787 TOKEN`

use std::io;

use holdshort_sdk::{Action, Client, Gate, RunError};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: four_actions ADDRESS TOKEN";
    let (address, token) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let gate = Gate::new(Client::new(&address, &token)?, "four actions");
    let directory = std::env::temp_dir().join("four-actions");
    std::fs::create_dir_all(&directory)?;
    let at = |name: &str| directory.join(name).display().to_string();
    std::fs::write(directory.join("notes.txt"), "ship it\n")?;

    let read = Action::new("read_file", &json!({"path": at("notes.txt")}))?;
    say("read", gate.run(read, |go| async move { std::fs::read_to_string(path(&go)) }).await);

    let workflow = "on: push\njobs: {}\n";
    let write = json!({"path": at(".github/workflows/ci.yml"), "content": workflow});
    let write = Action::new("write_file", &write)?.reason("tests should run on every push");
    say("write", gate.run(write, |go| async move { write_file(&go) }).await);

    let deploy = json!({"service": "checkout", "version": "2.41.0", "environment": "production"});
    let deploy = Action::new("deploy_to_production", &deploy)?.reason("all tests pass");
    say("deploy", gate.run(deploy, |go| async move { note(go.arguments.get()) }).await);

    let mail = json!({"to": ["team@example.org"], "subject": "2.41.0 is out", "body": "Enjoy."});
    let mail = Action::new("send_email", &mail)?;
    say("mail", gate.run(mail, |go| async move { note(go.arguments.get()) }).await);
    Ok(())
}

fn path(approved: &holdshort_sdk::Approved) -> String {
    approved.text("path").unwrap_or_default()
}

fn write_file(approved: &holdshort_sdk::Approved) -> io::Result<String> {
    let path = std::path::PathBuf::from(path(approved));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(&path, approved.text("content").unwrap_or_default())?;
    Ok(path.display().to_string())
}

/// Stands where a deployment or a mail would go out.
fn note(arguments: &str) -> io::Result<String> {
    std::fs::write(std::env::temp_dir().join("four-actions/last.json"), arguments)?;
    Ok(arguments.to_owned())
}

fn say(step: &str, result: Result<String, RunError<io::Error>>) {
    #[expect(clippy::print_stdout, reason = "an example shows what happens")]
    match result {
        Ok(done) => println!("{step}: {done}"),
        Err(error) => println!("{step}: {error}"),
    }
}
