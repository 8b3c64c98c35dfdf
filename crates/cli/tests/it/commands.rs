//! Commands that need no server: help, classify, errors that say what to do next.

use std::io::Write as _;
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
fn classify_explains_to_a_person() {
    let output = run(&[
        "classify",
        "run_command",
        r#"{"command":"git push --force origin main","token":"ghp_0123456789abcdefghij"}"#,
    ]);
    let shown = text(&output.stdout);
    assert!(shown.starts_with("dangerous  Force-push `main` to `origin`"), "{shown}");
    for part in ["cannot be taken back", "safer", "--force-with-lease"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("ghp_0123456789abcdefghij"), "a secret is shown: {shown}");
}

#[test]
fn classify_marks_the_part_that_decides() {
    let output = run(&["classify", "run_command", r#"{"command":"ls é && rm -rf src; ls"}"#]);
    let shown = text(&output.stdout);
    let marked = "  | ls é && rm -rf src; ls\n  |         ^^^^^^^^^^\n";
    assert!(shown.contains(marked), "{shown}");
}

#[test]
fn classify_reads_the_script_that_would_run() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("go.sh"), "#!/bin/sh\nrm -rf src\n").unwrap();
    let folder = home.path().to_str().unwrap();
    let call = ["classify", "run_command", r#"{"command":"sh go.sh"}"#, "--json", "--cwd", folder];
    let said: serde_json::Value = serde_json::from_slice(&run(&call).stdout).unwrap();
    assert_eq!(said["risk"], "dangerous");
}

/// Answers to lines on standard input.
fn lines(arguments: &[&str], input: &str) -> Vec<serde_json::Value> {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(BINARY)
        .args(arguments)
        .env("HOME", home.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn classify_answers_every_line_in_order() {
    let call = |id: usize| format!("{{\"id\":{id},\"action\":\"get_user\",\"arguments\":null}}\n");
    let many: String = (0..5_000).map(call).collect();
    let said = lines(&["classify", "--jsonl"], &many);
    assert_eq!(said.len(), 5_000);
    assert!(said.iter().enumerate().all(|(at, one)| one["id"] == at && one["risk"] == "safe"));
}

#[test]
fn a_line_that_cannot_be_read_is_dangerous() {
    let said = lines(
        &["classify", "--jsonl"],
        "{\n{\"id\":\"a\"}\n\n{\"id\":\"b\",\"action\":\"x\",\"action\":\"y\"}\n[]",
    );
    assert_eq!(said.len(), 4);
    assert!(said.iter().all(|one| one["risk"] == "dangerous" && one["error"].is_string()));
}

#[test]
fn hints_lower_only_when_trusted() {
    let row = r#"{"id":1,"action":"frobnicate","annotations":{"readOnlyHint":true}}"#;
    assert_eq!(lines(&["classify", "--jsonl"], row)[0]["risk"], "risky");
    assert_eq!(lines(&["classify", "--jsonl", "--trust-annotations"], row)[0]["risk"], "safe");
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
