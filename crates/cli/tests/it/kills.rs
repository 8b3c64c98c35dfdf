//! kill -9 of server or agent at random moments: whatever was acknowledged is there, nothing runs
//! twice, nothing runs without its approval. 20 kills here; `HOLDSHORT_KILLS` asks for more.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Child, Command};
use std::time::Duration;

use crate::world::{Demo, events};

/// Numbers that follow from a seed.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

pub(crate) fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
#[expect(clippy::print_stdout, reason = "the seed makes a failure repeatable")]
fn kills_at_random_moments_change_nothing() {
    let seed = number("HOLDSHORT_SEED", 41);
    let kills = number("HOLDSHORT_KILLS", 20);
    println!("seed {seed}, {kills} kills");
    let mut numbers = Numbers(seed);
    let mut done = 0;
    while done < kills {
        let answer = ["approve", "deny", "modify"][numbers.below(3) as usize];
        done += one_demo(&mut numbers, answer, kills - done);
    }
}

/// One demo with a few kills, then its judgement; gives the number of kills.
fn one_demo(numbers: &mut Numbers, answer: &str, left: u64) -> u64 {
    let demo = Demo::new();
    let fleet_seed = numbers.below(1000).to_string();
    let kills = (1 + numbers.below(3)).min(left);
    let mut said = String::new();
    demo.finish(&["--seed", &fleet_seed, "--decide", "wait"]);
    for _ in 0..kills {
        let mut running = demo.command(&["--resume", "--decide", answer]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(numbers.below(140)));
        match numbers.below(2) {
            0 => running.kill().unwrap(),
            _ => kill_server(&demo),
        }
        said.push_str(&end(running));
    }
    let finished = demo.finish(&["--resume", "--decide", answer]);
    judge(&demo, answer, &said, &finished);
    kills
}

/// kill -9 of the server that the demo started, if it is there already.
fn kill_server(demo: &Demo) {
    let Ok(text) = std::fs::read_to_string(demo.dir().join("gate/server.json")) else { return };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pid = file["pid"].to_string();
    let name = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    // Only the server of this very demo: the number may belong to another process by now.
    if name.contains(&demo.dir().display().to_string()) {
        Command::new("kill").args(["-9", &pid]).status().unwrap();
    }
}

fn end(mut running: Child) -> String {
    let mut text = String::new();
    running.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    running.wait().unwrap();
    text
}

fn judge(demo: &Demo, answer: &str, said: &str, finished: &serde_json::Value) {
    let context = format!("{answer}: {finished:#}\n{said}");
    assert_eq!(demo.terminated(), demo.expected(answer), "{context}");
    let log = demo.executor_log();
    let once: BTreeSet<&String> = log.iter().map(|done| &done.action).collect();
    assert_eq!(once.len(), log.len(), "no action twice");
    let runs = |tool: &str| log.iter().filter(|done| done.tool == tool).count();
    let allowed = usize::from(answer != "deny");
    assert_eq!(runs("terminate_instances"), allowed, "{context}");
    assert_eq!(demo.mails().len(), allowed, "{context}");
    let gate = demo.dir().join("log.jsonl");
    let decided = events(&gate, "request.decided");
    let acknowledged = said.matches("Decided:").count();
    assert!(decided.len() >= acknowledged, "a decision was lost: {context}");
    assert_eq!(
        decided.len(),
        2,
        "each action is decided once: {context}\n{}",
        std::fs::read_to_string(&gate).unwrap()
    );
    let approved: BTreeSet<String> = events(&gate, "action.approved")
        .iter()
        .map(|event| event["action"].as_str().unwrap().to_owned())
        .collect();
    for done in log.iter().filter(|d| ["terminate_instances", "send_email"].contains(&&*d.tool)) {
        assert!(approved.contains(&done.action), "ran without approval: {context}");
    }
}
