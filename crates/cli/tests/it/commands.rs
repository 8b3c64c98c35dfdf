//! Commands that need no server: help, classify, errors that say what to do next.

use std::process::{Command, Output};

use crate::world::BINARY;

fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(BINARY).args(arguments).env("HOME", home.path()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_leads_with_what_it_is_and_ends_with_the_exit_codes() {
    let output = run(&["--help"]);
    let help = text(&output.stdout);
    assert!(help.starts_with("Holds an AI agent short"), "{help}");
    assert!(help.contains("Exit codes: 0 done"), "{help}");
    for command in ["serve", "demo", "list", "show", "approve", "deny", "modify", "exec"] {
        assert!(help.contains(&format!("  {command}")), "{command}");
    }
}

#[test]
fn classify_says_level_and_reason() {
    let output = run(&["classify", "run_command", r#"{"command":"rm -rf ~"}"#, "--json"]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["risk"], "dangerous");
    let output = run(&["classify", "read_file", r#"{"path":"notes.txt"}"#]);
    assert!(text(&output.stdout).starts_with("safe"), "{}", text(&output.stdout));
    let output = run(&["classify", "read_file", "{"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("hint:"));
}

#[test]
fn errors_say_what_to_do_next() {
    let output = run(&["list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("holdshort login"), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty(), "only data on standard output");
    let output = run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("holdshort serve"));
}

#[test]
fn a_token_stands_alone_on_standard_output() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let data = data.to_str().unwrap();
    let output = run(&["token", "create", "--agent", "ci", "--data", data]);
    let token = text(&output.stdout);
    assert!(token.starts_with("hst_") && token.trim().len() == 47, "{token}");
    assert_eq!(token.lines().count(), 1);
    assert!(!text(&output.stderr).contains(token.trim()));
}

#[test]
fn completions_are_for_a_shell() {
    assert!(text(&run(&["completions", "bash"]).stdout).contains("_holdshort"));
}
