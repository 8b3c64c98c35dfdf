//! A disk that takes no more: a clear refusal, nothing lost, nothing let through.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use holdshort_sdk::api::{ActionState, Code};
use holdshort_sdk::{Action, Client, Wait};
use serde_json::{Value, json};

use crate::world::BINARY;

/// Starts a server that may write files of at most this many KiB, as on a disk that is full.
fn serve(data: &Path, kib: &str) -> Child {
    // A write beyond the limit then fails, as on a full disk, instead of ending the process.
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
    Command::new("bash")
        .args(["-c", &script, BINARY, "serve", "--until-stdin-closes"])
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn address(data: &Path) -> String {
    let file = data.join("server.json");
    for _ in 0..500 {
        if let Ok(text) = std::fs::read(&file) {
            let file: Value = serde_json::from_slice(&text).unwrap();
            return file["address"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server does not start");
}

fn end(mut server: Child, data: &Path) {
    drop(server.stdin.take());
    server.wait().unwrap();
    std::fs::remove_file(data.join("server.json")).unwrap();
}

#[tokio::test]
async fn a_full_disk_is_refused_clearly_and_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let token = Command::new(BINARY)
        .args(["token", "create", "--agent", "ci", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    let server = serve(&data, "600");
    let client = Client::new(&address(&data).await, token.trim()).unwrap();
    let mut acknowledged = Vec::new();
    let refused = loop {
        let body = json!({ "path": "notes.txt", "padding": "x".repeat(2000) });
        let action = Action::new("read_file", &body).unwrap();
        let mut proposal = None;
        let number = acknowledged.len();
        let _ = action.call_id(number.to_string()).with(|body| proposal = Some(body.clone()));
        match client.propose(&proposal.unwrap()).await {
            Ok(reply) => acknowledged.push(reply.action.id),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 1000, "the disk never fills");
    };
    assert!(refused.is(Code::StorageRefused), "{refused}");
    assert!(!acknowledged.is_empty());
    // It still reads.
    let first = client.action(&acknowledged[0], 0, Wait::No).await.unwrap();
    assert_eq!(first.state, ActionState::Approved);
    end(server, &data);
    let server = serve(&data, "unlimited");
    let client = Client::new(&address(&data).await, token.trim()).unwrap();
    for id in &acknowledged {
        client.action(id, 0, Wait::No).await.unwrap();
    }
    end(server, &data);
}
