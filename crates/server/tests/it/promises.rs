//! The promises, one test each, through the HTTP API with hand-driven time; and all four ways to
//! interrupt a run in one run.

use holdshort_server::audit::{export, verify};
use reqwest::Method;
use serde_json::{Value, json};

use crate::modes::{answer, open, step};
use crate::person::{Person, Surface, ballot, random_text, votes};
use crate::policy::{governed, until};
use crate::world::{World, dangerous, safe};

/// Longer than anybody waits.
const TEN_YEARS: u32 = 10 * 365 * 24 * 60 * 60;

#[tokio::test]
async fn p1_nothing_dangerous_runs_without_an_approval_of_exactly_these_arguments() {
    let accepted = "[[rule]]\nid = 'files'\nreason = 'Files are cheap.'\n\
                    tool = 'delete_file'\nallow = true\n";
    // No policy lets it through by accident: only one that says in so many words that it accepts.
    let (world, dana, agent) = governed(accepted).await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    assert!(!world.execute(&agent, &action).await);
    dana.decide(&world, &request, "approve").await.ok();
    let other = json!({ "arguments": { "path": "/srv/other" } });
    assert!(!world.execute_as(&agent, &action, other).await);
    assert!(world.execute(&agent, &action).await);
    assert_eq!(world.ran().len(), 1);
    assert!(world.ran()[0].arguments.contains("/srv/data"));
}

#[tokio::test]
async fn p2_one_approval_is_one_execution_whatever_races_and_restarts() {
    let (mut world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let card = dana.card(&world, &request).await.json;
    let vote = ballot(&card, "approve");
    let path = votes(&request);
    let clicks = [dana.post(&world, &path, &vote), dana.post(&world, &path, &vote)];
    futures_util::future::join_all(clicks).await;
    world.restart().await;
    let racers = (0..16).map(|_| world.execute(&agent, &action));
    let ran = futures_util::future::join_all(racers).await;
    assert_eq!(ran.iter().filter(|ran| **ran).count(), 1);
    world.restart().await;
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn p3_a_decision_that_was_acknowledged_is_still_there() {
    let (mut world, dana, agent) = World::peopled().await;
    let (kept, approved) = world.ask(&agent, "/srv/data").await;
    let (gone, denied) = world.ask(&agent, "/srv/other").await;
    dana.decide(&world, &approved, "approve").await.ok();
    dana.decide(&world, &denied, "deny").await.ok();
    // The program's own tests kill it in the middle (`kills`); the simulation at every write.
    world.restart().await;
    assert_eq!(world.state(&agent, &gone).await, "denied");
    assert!(world.execute(&agent, &kept).await);
}

#[tokio::test]
async fn p4_no_time_and_no_broken_part_permits() {
    let (mut world, dana, agent) = governed("").await;
    // A terminal: the session of a browser would be over.
    let code = dana.call(&world, Method::POST, "/v1/enrolments").await.ok().at("/code");
    let dana = Person::enrol(&world, &code, Surface::Terminal).await;
    let (action, _) = world.ask(&agent, "/srv/data").await;
    for secs in [1, 3_600, 86_400, TEN_YEARS] {
        world.turn(secs);
        assert!(!world.execute(&agent, &action).await, "after {secs} s");
    }
    until(async || world.count(&dana, "request.stalled").await == 1).await;
    let queue = dana.get(&world, "/v1/requests").await.ok();
    assert_eq!(queue.at("/items/0/state"), "stalled", "it waits, and says so");
    std::fs::write(world.data().join("policy.toml"), "allow everything").unwrap();
    world.restart().await;
    assert_eq!(world.propose(&agent, &dangerous("/b")).await.at("/action/state"), "pending");
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.ran(), []);
}

#[tokio::test]
async fn p5_a_changed_call_or_definition_is_another_call() {
    let (world, dana, agent) = World::peopled().await;
    let call = |description: &str, pin: &str| {
        let mut body = dangerous("/srv/data");
        body["description"] = json!(description);
        body["pins"] = json!({ "sha256": pin });
        body
    };
    let first = world.propose(&agent, &call("Deletes a file.", "a")).await.ok();
    dana.decide(&world, &first.at("/action/request"), "approve").await.ok();
    for (description, pin) in [("Deletes a file, and more.", "a"), ("Deletes a file.", "b")] {
        let other = world.propose(&agent, &call(description, pin)).await.ok();
        assert_ne!(other.at("/action/id"), first.at("/action/id"));
        assert_eq!(other.at("/action/state"), "pending");
        assert!(!world.execute(&agent, &other.at("/action/id")).await);
    }
    let action = first.at("/action/id");
    let pinned = |pin: &str| json!({ "pins": { "sha256": pin } });
    assert!(!world.execute(&agent, &action).await, "what it works on was not looked at");
    assert!(!world.execute_as(&agent, &action, pinned("b")).await);
    assert_eq!(world.state(&agent, &action).await, "pending", "it is another call now");
    assert!(!world.execute_as(&agent, &action, pinned("a")).await);
    assert_eq!(world.ran(), []);
}

#[tokio::test]
async fn p6_what_began_and_was_never_reported_is_put_to_a_person_and_not_run_again() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    assert!(world.begin_run(&agent, &action, (&random_text(), json!({}))).await);
    world.turn(61);
    until(async || world.state(&agent, &action).await == "unknown").await;
    assert!(!world.execute(&agent, &action).await);
    let asked = open(&world, &dana, "unknown_outcome").await;
    answer(&world, &dana, &asked[0], "did_not_happen", "").await.ok();
    assert!(!world.execute(&agent, &action).await, "not by itself, whatever the answer");
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn p7_everything_is_listed_exported_and_verified() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    assert!(world.execute(&agent, &action).await);
    let events = world.events(&dana).await;
    until(async || verify(world.data(), None).unwrap().unsealed == 0).await;
    let mut out = Vec::new();
    export(world.data(), &mut out).unwrap();
    let lines: Vec<Value> = out
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    let exported = lines.iter().filter(|line| line["line"] == "event").count();
    assert_eq!(exported, events.len());
    let kinds = ["proposed", "approved", "claimed", "started", "reported"];
    for kind in kinds.map(|kind| format!("action.{kind}")) {
        let of = |line: &&Value| line["kind"] == kind && line["action"] == action;
        assert!(lines.iter().any(|line| of(&line)), "{kind}");
    }
}

/// A milestone, an approval, a check-in and a failure, in one run, none of them lost.
#[tokio::test]
async fn all_four_ways_to_interrupt_in_one_run() {
    let policy = "[check_in]\nsteps = 3\n[[checkpoint]]\nafter = 'planning'\n\
                  reason = 'Plans are read.'\n[exceptions]\nany_failure = true\n";
    let (world, dana, agent) = governed(policy).await;
    let phased = |path: &str, phase: &str| {
        let mut body = safe(path);
        body["phase"] = json!(phase);
        body
    };
    let planned = world.propose(&agent, &phased("/plan", "planning")).await.ok();
    assert!(world.execute(&agent, &planned.at("/action/id")).await);
    // Checkpoint: the plan is over.
    let next = world.propose(&agent, &phased("/a", "doing")).await.ok().at("/action/id");
    let (approved, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    assert!(!world.execute(&agent, &next).await && !world.execute(&agent, &approved).await);
    let milestone = open(&world, &dana, "checkpoint").await;
    answer(&world, &dana, &milestone[0], "continue", "").await.ok();
    // Trigger: what was approved meanwhile runs, and so does what needed nobody.
    assert!(world.execute(&agent, &approved).await && world.execute(&agent, &next).await);
    // Time: that was the third step.
    let (third, ran) = step(&world, &agent, "/b").await;
    assert!(!ran);
    let check_in = open(&world, &dana, "check_in").await;
    answer(&world, &dana, &check_in[0], "redirect", "only /b").await.ok();
    let told = world.get(&agent, &format!("/v1/actions/{third}")).await.ok();
    assert_eq!(told.at("/instructions/text"), "only /b");
    // Exception: it fails.
    let nonce = random_text();
    assert!(world.begin_run(&agent, &third, (&nonce, json!({}))).await);
    let failed = json!({ "nonce": nonce, "outcome": "failed" });
    world.post(&agent, &format!("/v1/actions/{third}/report"), &failed).await.ok();
    assert!(!step(&world, &agent, "/c").await.1);
    let exception = open(&world, &dana, "exception").await;
    answer(&world, &dana, &exception[0], "stop", "").await.ok();
    assert!(!step(&world, &agent, "/d").await.1);
    assert_eq!(world.ran().len(), 4);
}
