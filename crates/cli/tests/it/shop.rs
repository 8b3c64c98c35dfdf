//! A gate in a process of its own, whose clock a test turns; agents that are real processes; and
//! somebody who decides by a rule of the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use holdshort_sdk::Client;
use holdshort_sdk::api::{Card, Decision, Kind, Reply, Vote};
use holdshort_server::{Config, Purpose, Server, Setup};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::BINARY;

/// Says where the server of a test keeps its data; without it the "test" below does nothing.
const SERVE: &str = "HOLDSHORT_TEST_SERVE";

/// A gate, and a folder in which agents work.
pub(crate) struct Shop {
    home: TempDir,
    server: Option<Child>,
    reader: String,
    machine: String,
}

/// What somebody says to a request.
pub(crate) enum Says {
    Nothing,
    Approve,
    Deny(&'static str),
    Change(Value),
    Reply(Reply, &'static str),
}

impl Shop {
    pub(crate) async fn new(policy: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        std::fs::create_dir_all(home.path().join("work")).unwrap();
        let setup = Setup::open(&data, Purpose::Demo).await.unwrap();
        let place = home.path().display().to_string();
        std::fs::write(data.join("policy.toml"), policy.replace("HOME", &place)).unwrap();
        let dana = setup.person("dana").await.unwrap();
        let reader = setup.reading_token(dana).await.unwrap().as_str().to_owned();
        let machine = setup.machine_token("a rule of the test").await.unwrap().as_str().to_owned();
        let agent = setup.agent_token("local").await.unwrap();
        std::fs::write(data.join("local.token"), agent.as_str()).unwrap();
        drop(setup);
        let mut shop = Self { home, server: None, reader, machine };
        shop.turn(0);
        shop.serve();
        shop
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Starts the server, and waits until it answers.
    pub(crate) fn serve(&mut self) {
        let mut server = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "shop::a_server_for_the_others", "--nocapture"])
            .env(SERVE, self.data())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ready = self.data().join("server.json");
        for _ in 0..1000 {
            let text = std::fs::read_to_string(&ready).unwrap_or_default();
            let file: Value = serde_json::from_str(&text).unwrap_or_default();
            if file["pid"] == server.id() {
                self.server = Some(server);
                return;
            }
            if let Some(ended) = server.try_wait().unwrap() {
                panic!("the server ended: {ended}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not start");
    }

    /// kill -9.
    pub(crate) fn kill_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Seconds pass for the server, all in all.
    pub(crate) fn turn(&self, secs: u32) {
        let part = self.home.path().join("ahead.part");
        std::fs::write(&part, secs.to_string()).unwrap();
        std::fs::rename(part, self.home.path().join("ahead")).unwrap();
        std::thread::sleep(Duration::from_millis(60));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .arg("--data")
            .arg(self.data())
            .args(arguments)
            .env("HOME", self.home.path())
            .current_dir(self.work())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Writes a plan.
    pub(crate) fn plan(&self, text: &str) -> PathBuf {
        let path = self.work().join("plan.toml");
        let place = self.home.path().display().to_string();
        std::fs::write(&path, text.replace("HOME", &place)).unwrap();
        path
    }

    /// Works a plan off: exit code, and what it said.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        ended(self.command(&[&["run"], arguments].concat()).output().unwrap())
    }

    fn client(&self, token: &str) -> Client {
        let text = std::fs::read_to_string(self.data().join("server.json")).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        Client::new(file["address"].as_str().unwrap(), token).unwrap()
    }

    pub(crate) fn reader(&self) -> Client {
        self.client(&self.reader)
    }

    /// Goes once through what is open. A server that is not there is tried the next time.
    pub(crate) async fn decide(&self, says: &impl Fn(&Card) -> Says) -> Option<usize> {
        let (reader, machine) = (self.reader(), self.client(&self.machine));
        let mut left = 0;
        for item in reader.requests("open", None, 100).await.ok()?.items {
            let card = reader.card(&item.id).await.ok()?;
            let (binding, version) = (card.binding.clone(), card.version);
            let mut vote = Vote {
                decision: Decision::Approve,
                binding,
                version,
                reason: None,
                arguments: None,
                confirm: None,
                reply: None,
            };
            match says(&card) {
                Says::Nothing => {
                    left += 1;
                    continue;
                }
                Says::Approve => {}
                Says::Deny(why) => {
                    vote.decision = Decision::Deny;
                    vote.reason = Some(why.to_owned());
                }
                Says::Change(arguments) => {
                    vote.decision = Decision::Modify;
                    vote.arguments = Some(RawValue::from_string(arguments.to_string()).unwrap());
                }
                Says::Reply(reply, text) => {
                    vote.decision = Decision::Answer;
                    vote.reply = Some(reply);
                    vote.reason = Some(text.to_owned());
                }
            }
            // Facts that are still being read, or a request that has moved on: the next time.
            left += usize::from(machine.vote(&card.id, &vote).await.is_err());
        }
        Some(left)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.kill_server();
    }
}

/// The arguments of a card.
pub(crate) fn arguments(card: &Card) -> Value {
    serde_json::from_str(card.arguments.get()).unwrap()
}

/// Whether it is about an action, rather than a question of a run.
pub(crate) fn is_action(card: &Card) -> bool {
    card.kind == Kind::Action
}

pub(crate) fn ended(output: Output) -> (i32, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

/// Not a test: the server of the others, in a process that can be killed.
#[tokio::test]
async fn a_server_for_the_others() {
    let Ok(data) = std::env::var(SERVE) else { return };
    let data = PathBuf::from(data);
    let server_file = data.join("server.json");
    // The address of the last server is used again, so that agents find it.
    let known = std::fs::read_to_string(&server_file).unwrap_or_default();
    let known: Value = serde_json::from_str(&known).unwrap_or_default();
    let address = known["address"].as_str().unwrap_or("http://127.0.0.1:0");
    let listen = address.trim_start_matches("http://").parse().unwrap();
    let config = Config { data: data.clone(), listen, public_urls: Vec::new() };
    let server = loop {
        match Server::start(&config).await {
            Ok(server) => break server,
            // The one that was killed may still be letting go.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let turn = server.turn_clock();
    let mut ahead = 0;
    let mut look = move |file: &Path| {
        let now: u32 = std::fs::read_to_string(file).unwrap().parse().unwrap();
        turn(now - ahead);
        ahead = now;
    };
    let file = data.parent().unwrap().join("ahead");
    look(&file);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(10));
            look(&file);
        }
    });
    let key = Setup::open(&data, Purpose::Demo).await.unwrap().server_key().unwrap();
    let key =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let address = format!("http://{}", server.address());
    let file = json!({ "address": address, "server_key": key, "pid": std::process::id() });
    let part = data.join("server.part");
    std::fs::write(&part, file.to_string()).unwrap();
    std::fs::rename(part, server_file).unwrap();
    server.serve(std::future::pending()).await.unwrap();
}
