//! A person at a terminal decides with a passphrase; an agent with the same files and a terminal
//! of its own cannot.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pty::Pty;
use crate::world::BINARY;

pub(crate) const PASSPHRASE: &str = "correct horse battery";

/// A gate with an enrolled terminal.
pub(crate) struct Desk {
    home: TempDir,
    server: Option<Pty>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let mut desk = Self { home: tempfile::tempdir().unwrap(), server: None };
        let mut server = desk.serve();
        server.expect("#enrol=");
        let code = server.expect("\n").trim().to_owned();
        desk.server = Some(server);
        let mut login = desk.pty(&format!("login {code}"));
        login.expect("Passphrase:");
        login.enter(PASSPHRASE);
        login.expect("Once more:");
        login.enter(PASSPHRASE);
        let (exit, screen) = login.end();
        assert_eq!(exit, 0, "{screen}");
        desk
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    pub(crate) fn pty(&self, arguments: &str) -> Pty {
        let data = self.data();
        let command = format!("{BINARY} --data {} {arguments}", data.display());
        Pty::start(self.home.path(), &command)
    }

    fn serve(&self) -> Pty {
        let mut server = self.pty("serve --listen 127.0.0.1:0");
        server.expect("listens on");
        server
    }

    /// Where its agents work.
    pub(crate) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .arg("--data")
            .arg(self.data())
            .args(arguments)
            .env("HOME", self.home.path())
            .stdin(Stdio::null());
        command
    }

    fn list(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["list", "--json"], arguments].concat());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// An agent asks for something dangerous and does not wait.
    pub(crate) fn ask(&self) -> String {
        let exec = self.run(&["exec", "--wait", "0", "--", "rm", "-rf", "/srv/nothing-here"]);
        assert_eq!(exec.status.code(), Some(127), "{}", String::from_utf8_lossy(&exec.stderr));
        let item = &self.list(&[])["items"][0];
        item["label"].as_str().unwrap().to_owned()
    }

    fn open(&self) -> u64 {
        self.list(&[])["open"].as_u64().unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.interrupt();
        }
    }
}

#[test]
fn a_person_approves_with_passphrase_and_typed_fact() {
    let desk = Desk::new();
    let label = desk.ask();
    let card = desk.run(&["show", &label, "--json"]);
    let card: Value = serde_json::from_slice(&card.stdout).unwrap();
    let typed = card["confirm"]["expected"].as_str().unwrap().to_owned();
    let mut approve = desk.pty(&format!("approve {label}"));
    approve.expect("To approve, type");
    approve.enter(&typed);
    approve.expect("Passphrase:");
    approve.enter(PASSPHRASE);
    let (exit, screen) = approve.end();
    assert_eq!(exit, 0, "{screen}");
    let item = &desk.list(&["--decided"])["items"][0];
    assert_eq!(item["outcome"], "Approved by dana (terminal)");
}

#[test]
fn a_person_denies_and_the_agent_is_told_why() {
    let desk = Desk::new();
    let label = desk.ask();
    let mut deny = desk.pty(&format!("deny {label} -m 'keep it'"));
    deny.expect("Passphrase:");
    deny.enter(PASSPHRASE);
    let (exit, screen) = deny.end();
    assert_eq!(exit, 0, "{screen}");
    assert_eq!(desk.list(&["--decided"])["items"][0]["outcome"], "Denied by dana (terminal)");
}

/// The agent has every file of the data directory and a terminal of its own, and no passphrase.
#[test]
fn a_fake_terminal_cannot_approve() {
    let desk = Desk::new();
    let label = desk.ask();
    for guess in ["", "password", PASSPHRASE.to_uppercase().as_str()] {
        let mut approve = desk.pty(&format!("approve {label}"));
        approve.expect("To approve, type");
        approve.enter("anything");
        approve.expect("Passphrase:");
        approve.enter(guess);
        let (exit, screen) = approve.end();
        assert_ne!(exit, 0, "{screen}");
    }
    assert_eq!(desk.open(), 1, "still waiting");
    let binding = "sha256:".to_owned() + &"0".repeat(64);
    let scripted = desk.run(&["approve", &label, "--binding", &binding]);
    assert_eq!(scripted.status.code(), Some(3), "another binding is not what is held");
    let token = desk.run(&["token", "create", "--agent", "evil"]);
    assert_eq!(token.status.code(), Some(4), "making a token needs a person");
    assert!(token.stdout.is_empty());
    let mut user = desk.pty("user add evil --mode personal");
    user.expect("Passphrase:");
    user.enter("wrong");
    assert_ne!(user.end().0, 0);
    assert_eq!(desk.open(), 1, "still waiting");
}

/// Without a terminal a dangerous request is not approved at all.
#[test]
fn a_script_cannot_approve_something_dangerous() {
    let desk = Desk::new();
    let label = desk.ask();
    let card = desk.run(&["show", &label, "--json"]);
    let card: Value = serde_json::from_slice(&card.stdout).unwrap();
    let binding = card["binding"].as_str().unwrap();
    let approve = desk.run(&["approve", &label, "--binding", binding]);
    assert_eq!(approve.status.code(), Some(4));
    assert_eq!(desk.open(), 1);
}

/// Whoever starts a server on enrolled data at a terminal is given no link.
#[test]
fn a_second_server_enrols_nobody() {
    let mut desk = Desk::new();
    let second = desk.pty("serve --listen 127.0.0.1:0");
    let (exit, screen) = second.end();
    assert_eq!(exit, 1, "{screen}");
    assert!(screen.contains("another server is using"), "{screen}");
    desk.server.take().unwrap().interrupt();
    let third = desk.serve();
    let (_, screen) = third.interrupt();
    assert!(!screen.contains("enrol="), "{screen}");
}

/// Address and key of the server come from the data directory; a program on its port that does
/// not hold the key is sent nothing.
#[test]
fn another_server_on_the_port_is_not_believed() {
    let mut desk = Desk::new();
    let other = Desk::new();
    let theirs: Value =
        serde_json::from_slice(&std::fs::read(other.data().join("server.json")).unwrap()).unwrap();
    let path = desk.data().join("server.json");
    let mut ours: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    ours["address"] = theirs["address"].clone();
    std::fs::write(&path, json!(ours).to_string()).unwrap();
    let list = desk.run(&["list"]);
    let errors = String::from_utf8_lossy(&list.stderr).into_owned();
    assert!(!list.status.success() && errors.contains("not the enrolled one"), "{errors}");
    desk.server.take().unwrap().interrupt();
}
