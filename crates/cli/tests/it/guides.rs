//! The guides do what they say: every policy in them can be used, every command runs, those at a
//! terminal (`console`) by a person at a gate where `HS-1` waits. So do the starter policies.

use std::path::Path;
use std::process::Command;

use holdshort_sdk::Client;
use serde_json::json;

use crate::terminal::{Desk, PASSPHRASE};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn holdshort(dir: &Path, line: &str) {
    // The shell of the guide, with our program as `holdshort`.
    let program = env!("CARGO_BIN_EXE_holdshort");
    let script = format!("holdshort() {{ {program:?} --data . \"$@\"; }}\n{line}");
    let out = Command::new("sh").arg("-ec").arg(script).current_dir(dir).output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{line}: {told}");
}

/// Lines that a person types, one after the other. `stop_…` is the stop that was made before.
fn at_a_terminal(text: &str) {
    let desk = Desk::new();
    desk.ask();
    let mut stop = String::new();
    for line in text.lines() {
        let typed = line.strip_prefix("$ holdshort ").unwrap().replace("stop_…", &stop);
        let (exit, screen) = desk.pty(&typed).end_with(PASSPHRASE);
        assert_eq!(exit, 0, "{line}: {screen}");
        if let Some((_, rest)) = screen.split_once("stop_") {
            let id = rest.chars().take_while(char::is_ascii_alphanumeric);
            stop = format!("stop_{}", id.collect::<String>());
        }
    }
}

/// A plan is worked off to its end.
fn a_plan(text: &str) {
    let desk = Desk::new();
    std::fs::create_dir(desk.work()).unwrap();
    let plan = desk.work().join("plan.toml");
    std::fs::write(&plan, text).unwrap();
    let run = desk.run(&["run", plan.to_str().unwrap()]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// A gate with a run that an agent works on.
struct Site {
    desk: Desk,
    client: Client,
    runtime: tokio::runtime::Runtime,
    run: String,
    denied: String,
}

impl Site {
    /// The run `migration`, in which a person denied the step `drop`.
    fn new() -> Self {
        let desk = Desk::new();
        let read = |name: &str| std::fs::read_to_string(desk.data().join(name)).unwrap();
        let server: serde_json::Value = serde_json::from_str(&read("server.json")).unwrap();
        let address = server.as_object().unwrap().values().find_map(|value| {
            value.as_str().filter(|text| text.starts_with("http")).map(str::to_owned)
        });
        let client = Client::new(&address.unwrap(), read("local.token").trim()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let start = json!({ "run": "migration", "goal": "move the shop" });
        let start = serde_json::from_value(start).unwrap();
        let run = runtime.block_on(client.start_run(&start)).unwrap().id;
        let drop = json!({
            "tool": "execute_sql", "arguments": { "sql": "DROP TABLE orders" },
            "run": "migration", "call_id": "drop",
        });
        let drop = serde_json::from_str(&drop.to_string()).unwrap();
        let denied = runtime.block_on(client.propose(&drop)).unwrap().action.id;
        let deny = "deny HS-1 --reason 'the audit needs it'";
        let (exit, screen) = desk.pty(deny).end_with(PASSPHRASE);
        assert_eq!(exit, 0, "{screen}");
        Self { desk, client, runtime, run, denied }
    }
}

/// A request as it would be sent: method, path, and below it the body.
fn over_http(site: &Site, text: &str) {
    let text = text.replace("{id}", &site.run).replace("act_…", &site.denied);
    let (line, body) = text.split_once('\n').unwrap();
    let Site { client, runtime, run, .. } = site;
    match line.split_once(&format!("/v1/runs/{run}/")).unwrap() {
        ("PUT ", "plan") => {
            let plan = serde_json::from_str(body).unwrap();
            assert_eq!(runtime.block_on(client.keep_plan(run, &plan)).unwrap().version, 1);
        }
        ("GET ", "resume") => {
            let told = runtime.block_on(client.resume(run)).unwrap();
            let says = "`drop` was denied by dana (terminal) because: the audit needs it.";
            assert!(told.text.contains(says), "{}", told.text);
        }
        ("POST ", "questions") => {
            let ask = serde_json::from_str(body).unwrap();
            let asked = runtime.block_on(client.ask(run, &ask)).unwrap();
            assert!(asked.risk.sentence.contains("cannot go on"), "{}", asked.risk.sentence);
        }
        (method, path) => panic!("nothing sends {method}{path}"),
    }
    assert!(site.desk.data().exists());
}

/// The blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut parts = page.split("```");
    parts.next();
    let mut found = Vec::new();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').unwrap();
        found.push((language.to_owned(), text.to_owned()));
    }
    found
}

#[test]
fn every_block_of_the_guides_runs() {
    let mut ran = 0;
    for page in std::fs::read_dir(root().join("docs/guides")).unwrap() {
        let path = page.unwrap().path();
        let dir = tempfile::tempdir().unwrap();
        let mut site = None;
        for (language, text) in blocks(&std::fs::read_to_string(&path).unwrap()) {
            match language.as_str() {
                "toml" if text.contains("[[step]]") => a_plan(&text),
                "toml" => {
                    std::fs::write(dir.path().join("policy.toml"), &text).unwrap();
                    holdshort(dir.path(), "holdshort policy check policy.toml");
                }
                "sh" => holdshort(dir.path(), &text),
                "console" => at_a_terminal(&text),
                "http" => over_http(site.get_or_insert_with(Site::new), &text),
                other => panic!("{}: nothing runs `{other}`", path.display()),
            }
            ran += 1;
        }
    }
    assert!(ran >= 25, "{ran}");
}

#[test]
fn the_starter_policies_can_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for policy in std::fs::read_dir(root().join("policies")).unwrap() {
        let path = policy.unwrap().path();
        holdshort(dir.path(), &format!("holdshort policy check '{}'", path.display()));
        count += 1;
    }
    assert_eq!(count, 5);
}

#[test]
fn explain_says_which_rule_decided() {
    let dir = tempfile::tempdir().unwrap();
    let policy = root().join("policies/cloud-operations.toml");
    let out = Command::new(env!("CARGO_BIN_EXE_holdshort"))
        .args(["--data", ".", "policy", "explain", "--json", "--file"])
        .arg(&policy)
        .args(["scale_service", r#"{"environment":"production"}"#])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&said["ruling"], &said["rule"]), (&"ask".into(), &"production".into()));
    let asks = said["asks"].as_array().unwrap();
    assert_eq!(asks, &["ladder sre", "2 people"]);
}
