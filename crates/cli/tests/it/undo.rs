//! `holdshort undo` at a terminal: files go back exactly, or not at all, and it is in the log.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::terminal::{Desk, PASSPHRASE};

const PLAN: &str = r#"
[[step]]
id = "write"
tool = "write_file"
arguments = { path = "script.sh", content = "echo new\n" }

[[step]]
id = "move"
tool = "run_command"
needs = ["write"]
arguments = { argv = ["cp", "notes.txt", "copied.txt"] }
"#;

fn git(folder: &Path, arguments: &[&str]) {
    let run = Command::new("git").current_dir(folder).args(arguments).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// A desk whose agent has worked a plan off, and the two actions that can be taken back.
fn worked() -> (Desk, [String; 2]) {
    let desk = Desk::new();
    let work = desk.work();
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet"]);
    std::fs::write(work.join("script.sh"), "echo old\n").unwrap();
    let mode = std::fs::Permissions::from_mode(0o751);
    std::fs::set_permissions(work.join("script.sh"), mode).unwrap();
    std::fs::write(work.join("notes.txt"), "notes\n").unwrap();
    std::fs::write(work.join("plan.toml"), PLAN).unwrap();
    let run = desk.run(&["run", work.join("plan.toml").to_str().unwrap()]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let listed = desk.run(&["undo", "--json"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let lines: Vec<Value> =
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let action = |at: usize| lines[at]["action"].as_str().unwrap().to_owned();
    assert_eq!(lines.len(), 2, "{listed}");
    (desk, [action(1), action(0)])
}

fn take_back(desk: &Desk, action: &str) -> (i32, String) {
    let mut undo = desk.pty(&format!("undo {action}"));
    undo.expect("Type `undo`");
    undo.enter("undo");
    undo.expect("Passphrase:");
    undo.enter(PASSPHRASE);
    undo.end()
}

#[test]
fn what_a_run_did_is_taken_back_exactly() {
    let (desk, [write, copy]) = worked();
    let work = desk.work();
    let at = |name: &str| work.join(name);
    assert_eq!(std::fs::read_to_string(at("script.sh")).unwrap(), "echo new\n");
    let (exit, screen) = take_back(&desk, &copy);
    assert_eq!(exit, 0, "{screen}");
    assert!(!at("copied.txt").exists());
    let (exit, screen) = take_back(&desk, &write);
    assert_eq!(exit, 0, "{screen}");
    assert!(screen.contains("1 file is as it was"), "{screen}");
    assert_eq!(std::fs::read_to_string(at("script.sh")).unwrap(), "echo old\n");
    let mode = std::fs::metadata(at("script.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o751);
    let again = desk.run(&["undo", &write]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("taken back already"));
    let log = desk.run(&["audit", "export"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    for action in [write, copy] {
        let undone = log.lines().filter(|line| line.contains("undoes") && line.contains(&action));
        let by: Vec<&str> = undone.collect();
        assert_eq!(by.len(), 1, "{log}");
        assert!(by[0].contains("dana (terminal)"), "{by:?}");
    }
}

#[test]
fn what_somebody_changed_since_stays_as_it_is() {
    let (desk, [write, _]) = worked();
    let script = desk.work().join("script.sh");
    std::fs::write(&script, "echo somebody's\n").unwrap();
    let (exit, screen) = take_back(&desk, &write);
    assert_eq!(exit, 1, "{screen}");
    assert!(screen.contains("is not as the step left it"), "{screen}");
    assert_eq!(std::fs::read_to_string(&script).unwrap(), "echo somebody's\n");
    // As it was left again, it can be tried again.
    std::fs::write(&script, "echo new\n").unwrap();
    let (exit, screen) = take_back(&desk, &write);
    assert_eq!(exit, 0, "{screen}");
    assert_eq!(std::fs::read_to_string(&script).unwrap(), "echo old\n");
}

#[test]
fn without_a_terminal_nothing_is_taken_back() {
    let (desk, [write, _]) = worked();
    let undo = desk.run(&["undo", &write]);
    assert_eq!(undo.status.code(), Some(4), "{}", String::from_utf8_lossy(&undo.stderr));
    let script = std::fs::read_to_string(desk.work().join("script.sh")).unwrap();
    assert_eq!(script, "echo new\n");
}

#[test]
fn what_exec_did_in_a_worktree_is_taken_back() {
    let desk = Desk::new();
    let work = desk.work();
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet"]);
    std::fs::write(work.join("notes.txt"), "notes\n").unwrap();
    let mut exec = desk.command(&["exec", "--", "mv", "notes.txt", "moved.txt"]);
    let exec = exec.current_dir(&work).output().unwrap();
    assert!(exec.status.success(), "{}", String::from_utf8_lossy(&exec.stderr));
    let listed = desk.run(&["undo", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let (exit, screen) = take_back(&desk, listed["action"].as_str().unwrap());
    assert_eq!(exit, 0, "{screen}");
    assert_eq!(std::fs::read_to_string(work.join("notes.txt")).unwrap(), "notes\n");
    assert!(!work.join("moved.txt").exists());
}
