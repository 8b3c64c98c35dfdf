//! Real attacks as cases, run over HTTP with an executor that keeps its own log.
//!
//! The corpus stands beside the checkout: it runs when `HOLDSHORT_SHARED` names that folder, and
//! says how many cases it did not run. Every class has a variant of our own in `attacks`.

mod display;
mod given;
mod judge;
mod limits;
mod play;
mod steps;

use serde_json::Value;

pub(crate) use display::plain;

/// Files of the corpus that are about what this API does, and how many cases each holds.
const FILES: &[(&str, usize)] = &[
    ("binding", 12),
    ("tools-and-json", 13),
    ("display", 21),
    ("authz", 7),
    ("grants", 12),
    ("limits-and-audit", 10),
];

/// Cases that need a feature of a later issue, and which one. Some of them would pass now, for
/// the lack of the feature that they attack: that is no pass.
const LEFT: &[(&str, &str)] = &[
    ("decoy-fatigue-then-strike", "the sheet that answers many at once"),
    ("cursor-mcpoison-swap", "the MCP gateway: a server's command is approved"),
    ("pin-description-changed", "the MCP gateway: changed tools are quarantined"),
    ("pin-name-only-allow", "the MCP gateway: changed tools are quarantined"),
    ("pin-schema-widened", "the MCP gateway: changed tools are quarantined"),
    ("pin-tool-replaced-under-name", "the MCP gateway: changed tools are quarantined"),
    ("shadowing-new-server-claims-name", "the MCP gateway: one name, two servers"),
    ("cursor-deeplink-hides-arguments", "the MCP gateway: a server's command is approved"),
    ("cursor-deeplink-speedbump-spoof", "the MCP gateway: a server's command is approved"),
    ("lobstar-amount-in-human-units", "facts about recipients: whether one is new"),
];

#[expect(clippy::disallowed_methods, reason = "where the corpus stands is a matter of the machine")]
fn shared() -> Option<String> {
    std::env::var("HOLDSHORT_SHARED").ok()
}

#[expect(clippy::print_stdout, reason = "a test says what it left out")]
async fn run(file: &str) {
    let (_, known) = FILES.iter().find(|(name, _)| *name == file).unwrap();
    let Some(shared) = shared() else {
        println!("{file}: HOLDSHORT_SHARED is not set; {known} cases did not run");
        return;
    };
    let text = std::fs::read_to_string(format!("{shared}/attacks/{file}.jsonl")).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() >= *known, "{} cases", cases.len());
    let (mut passed, mut left, mut failed) = (0, 0, Vec::new());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        if let Some((_, feature)) = LEFT.iter().find(|(left, _)| *left == id) {
            println!("{file}: {id} waits for {feature}");
            left += 1;
            continue;
        }
        match play::play(case).await {
            Ok(()) => passed += 1,
            Err(problem) => failed.push(format!("{id}: {problem}")),
        }
    }
    println!("{file}: {passed} of {} passed, {left} wait for a feature", cases.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn binding() {
    run("binding").await;
}

#[tokio::test]
async fn tools_and_json() {
    run("tools-and-json").await;
}

#[tokio::test]
async fn display() {
    run("display").await;
}

#[tokio::test]
async fn authz() {
    run("authz").await;
}

#[tokio::test]
async fn grants() {
    run("grants").await;
}

#[tokio::test]
async fn limits_and_audit() {
    run("limits-and-audit").await;
}
