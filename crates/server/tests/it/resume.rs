//! How a run goes on: its plan, what was decided, what changed, and the words for a planner.

use serde_json::{Value, json};

use crate::person::{ballot, random_text, votes};
use crate::policy::{governed, until};
use crate::world::{Agent, World, dangerous, safe};

async fn start(world: &World, agent: &Agent, steps: Value) -> String {
    let body = json!({ "run": "migration", "goal": "move the shop" });
    let run = world.post(agent, "/v1/runs", &body).await.ok().at("/id");
    let plan = json!({ "steps": steps });
    let kept = world.put(agent, &format!("/v1/runs/{run}/plan"), &plan).await.ok();
    assert_eq!(kept.at("/version"), "1");
    run
}

fn step(call: Value, id: &str) -> Value {
    let mut call = call;
    call["run"] = json!("migration");
    call["call_id"] = json!(id);
    call
}

async fn resumed(world: &World, agent: &Agent, run: &str) -> Value {
    world.get(agent, &format!("/v1/runs/{run}/resume")).await.ok().json
}

fn states(resumed: &Value) -> String {
    let steps = resumed["steps"].as_array().unwrap().iter();
    let words = steps.map(|step| {
        format!("{}:{}", step["id"].as_str().unwrap(), step["state"].as_str().unwrap())
    });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_denied_step_is_skipped_and_what_needs_it_is_blocked() {
    let (world, dana, agent) = governed("").await;
    let steps = json!([
        { "id": "read", "tool": "read_file" },
        { "id": "drop", "tool": "delete_file", "needs": ["read"] },
        { "id": "load", "needs": ["drop"] },
        { "id": "tell", "needs": ["read"] },
    ]);
    let run = start(&world, &agent, steps).await;
    let now = resumed(&world, &agent, &run).await;
    assert_eq!(states(&now), "read:ready drop:later load:later tell:later");
    let read = world.propose(&agent, &step(safe("/a"), "read")).await.ok().at("/action/id");
    assert!(world.execute(&agent, &read).await);
    let drop = world.propose(&agent, &step(dangerous("/old"), "drop")).await.ok();
    let now = resumed(&world, &agent, &run).await;
    assert_eq!(states(&now), "read:done drop:waiting load:later tell:ready");
    assert_eq!(now["next"], json!(["tell"]));
    let request = drop.at("/action/request");
    let mut vote = ballot(&dana.card(&world, &request).await.json, "deny");
    vote["reason"] = json!("the audit needs it");
    dana.post(&world, &votes(&request), &vote).await.ok();
    let now = resumed(&world, &agent, &run).await;
    assert_eq!(states(&now), "read:done drop:skipped load:blocked tell:ready");
    assert_eq!(
        (&now["decided"][0]["step"], &now["decided"][0]["what"]),
        (&json!("drop"), &json!("denied"))
    );
    let text = now["text"].as_str().unwrap();
    let told = "`drop` was denied by Dana (browser) because: the audit needs it. It is skipped; \
                replan the remaining work without it.";
    assert!(text.contains(told), "{text}");
    assert!(text.contains("Goal: move the shop"), "{text}");
    assert_eq!(now["blocked_by"], json!([]));
    // What was done is not done again: the same step gives its result.
    let again = world.propose(&agent, &step(safe("/a"), "read")).await.ok();
    assert_eq!(
        (again.at("/reattached"), again.at("/action/state")),
        ("true".into(), "succeeded".into())
    );
}

#[tokio::test]
async fn what_cannot_go_on_without_a_denied_action_is_put_to_a_person() {
    let (world, dana, agent) = governed("").await;
    let steps = json!([{ "id": "drop" }, { "id": "load", "needs": ["drop"] }]);
    let run = start(&world, &agent, steps).await;
    let drop = world.propose(&agent, &step(dangerous("/old"), "drop")).await.ok();
    dana.decide(&world, &drop.at("/action/request"), "deny").await.ok();
    let now = resumed(&world, &agent, &run).await;
    assert_eq!(now["blocked_by"], json!(["drop"]));
    // The same thing in other words is refused while the denial stands.
    let other = world.propose(&agent, &step(dangerous("/old"), "drop-it")).await.ok();
    assert_eq!(other.at("/action/risk/rule"), "denied.before");
    let path = format!("/v1/runs/{run}/questions");
    let ask = json!({
        "kind": "blocked", "text": "loading the new table", "without": drop.at("/action/id"),
        "consequence": "the shop stays on the old one", "choices": ["keep both tables"],
    });
    let mut wrong = ask.clone();
    wrong["without"] = json!(world.propose(&agent, &safe("/x")).await.ok().at("/action/id"));
    world.post(&agent, &path, &wrong).await.problem(404, "HS3001");
    let asked = world.post(&agent, &path, &ask).await.ok();
    assert_eq!(asked.at("/kind"), "blocked");
    let request = asked.at("/request");
    let card = dana.card(&world, &request).await;
    assert!(card.text.contains("It cannot go on without what was denied"), "{}", card.text);
    assert!(card.text.contains("keep both tables"), "{}", card.text);
    assert_eq!(card.json["replies"], json!(["redirect", "reconsider", "pause", "stop"]));
    let mut vote = ballot(&card.json, "answer");
    vote["reply"] = json!("reconsider");
    dana.post(&world, &votes(&request), &vote).await.ok();
    let now = resumed(&world, &agent, &run).await;
    assert_eq!(states(&now), "drop:ready load:later");
    assert_eq!(now["steps"][0]["call_id"], "drop#2");
    let again = world.propose(&agent, &step(dangerous("/old"), "drop#2")).await.ok();
    assert_eq!(again.at("/action/state"), "pending", "a person is asked once more");
    dana.decide(&world, &again.at("/action/request"), "approve").await.ok();
    assert!(world.execute(&agent, &again.at("/action/id")).await);
    assert_eq!(states(&resumed(&world, &agent, &run).await), "drop:done load:ready");
}

#[tokio::test]
async fn what_began_and_was_never_reported_is_in_doubt_until_somebody_says() {
    for (reply, state, call_id) in
        [("happened", "done", None), ("did_not_happen", "ready", Some("a#2"))]
    {
        let (world, dana, agent) = governed("").await;
        let run =
            start(&world, &agent, json!([{ "id": "a" }, { "id": "b", "needs": ["a"] }])).await;
        let action = world.propose(&agent, &step(safe("/a"), "a")).await.ok().at("/action/id");
        assert!(world.begin_run(&agent, &action, (&random_text(), json!({}))).await);
        world.turn(120);
        until(async || world.state(&agent, &action).await == "unknown").await;
        assert_eq!(states(&resumed(&world, &agent, &run).await), "a:in_doubt b:later");
        let request = dana.get(&world, "/v1/requests").await.ok().at("/items/0/id");
        let mut vote = ballot(&dana.card(&world, &request).await.json, "answer");
        vote["reply"] = json!(reply);
        dana.post(&world, &votes(&request), &vote).await.ok();
        let now = resumed(&world, &agent, &run).await;
        assert!(states(&now).starts_with(&format!("a:{state}")), "{}", states(&now));
        assert_eq!(now["steps"][0].get("call_id").and_then(Value::as_str), call_id);
    }
}

#[tokio::test]
async fn after_a_long_pause_what_is_watched_is_read_first() {
    let (world, _, agent) = governed("[resume]\nrefresh_after = \"1d\"\n").await;
    let run = start(&world, &agent, json!([{ "id": "a" }])).await;
    let path = format!("/v1/runs/{run}/go-on");
    let watched = |plan: &str| json!({ "watched": { "/w/plan.md": plan, "/w/same": "1" } });
    let first = world.post(&agent, &path, &watched("1")).await.ok();
    assert_eq!((first.at("/refresh"), first.at("/changes")), ("false".into(), "[]".into()));
    world.turn(10 * 86_400);
    let back = world.post(&agent, &path, &json!({})).await.ok();
    assert_eq!((back.at("/refresh"), back.at("/watched/0")), ("true".into(), "/w/plan.md".into()));
    assert!(back.at("/text").contains("10 days ago"), "{}", back.text);
    let looked = world.post(&agent, &path, &watched("2")).await.ok();
    assert_eq!(
        (looked.at("/refresh"), looked.at("/changes/0/name")),
        ("false".into(), "/w/plan.md".into())
    );
    assert!(looked.json["changes"][1].is_null(), "{}", looked.text);
    let later = world.post(&agent, &path, &json!({})).await.ok();
    assert_eq!((later.at("/refresh"), later.at("/paused_s")), ("false".into(), "0".into()));
}

#[tokio::test]
async fn plans_and_states_are_bounded_and_versioned() {
    let (world, dana, agent) = governed("").await;
    let run = start(&world, &agent, json!([{ "id": "a" }])).await;
    let plan = format!("/v1/runs/{run}/plan");
    for (steps, says) in [
        (json!([]), "at least one step"),
        (json!([{ "id": "a" }, { "id": "a" }]), "two steps are called `a`"),
        (json!([{ "id": "a", "needs": ["b"] }]), "`a` needs `b`"),
        (
            json!([{ "id": "a", "needs": ["b"] }, { "id": "b", "needs": ["a"] }]),
            "wait for each other",
        ),
        (json!([{ "id": "a#2" }]), "no `#`"),
    ] {
        let refused = world.put(&agent, &plan, &json!({ "steps": steps })).await;
        refused.problem(422, "HS1005");
        assert!(refused.text.contains(says), "{}", refused.text);
    }
    let state = format!("/v1/runs/{run}/state");
    let large = json!({ "state": { "text": "x".repeat(256 * 1024) } });
    let refused = world.put(&agent, &state, &large).await;
    refused.problem(413, "HS1003");
    assert!(refused.text.contains("262155 bytes"), "{}", refused.text);
    let keep =
        |value: &str, replaces: u64| json!({ "state": { "at": value }, "replaces": replaces });
    world.put(&agent, &state, &keep("1", 0)).await.ok();
    world.put(&agent, &state, &keep("2", 0)).await.problem(409, "HS3002");
    world.put(&agent, &state, &keep("2", 1)).await.ok();
    let now = resumed(&world, &agent, &run).await;
    assert_eq!((&now["kept"]["version"], &now["kept"]["state"]["at"]), (&json!(2), &json!("2")));
    // What is kept is another agent's business to nobody, and is in the log by its digest.
    let other = world.agent("other").await;
    world.get(&other, &format!("/v1/runs/{run}/resume")).await.problem(404, "HS3001");
    world.put(&other, &state, &keep("3", 2)).await.problem(404, "HS3001");
    let kept = world.events(&dana).await;
    let kept: Vec<&Value> = kept.iter().filter(|event| event["kind"] == "run.kept").collect();
    assert_eq!(kept.len(), 3);
    assert!(!kept.iter().any(|event| event.to_string().contains("\"at\":\"2\"")));
}
