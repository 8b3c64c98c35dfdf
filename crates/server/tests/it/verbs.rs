//! The verbs of an agent: propose, wait, claim, report, cancel.

use std::time::Duration;

use serde_json::{Value, json};

use crate::person::{ballot, random_text, votes};
use crate::world::{World, dangerous, risky, safe};

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

/// The same proposal with a claim in it.
fn claiming(body: Value, start: bool) -> Value {
    with(body, "claim", json!({ "nonce": random_text(), "start": start }))
}

#[tokio::test]
async fn what_only_reads_is_claimed_in_the_same_round_trip() {
    let (world, dana, agent) = World::peopled().await;
    let reply = world.propose(&agent, &claiming(safe("/srv/a"), true)).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.at("/claim/answer"), "proceed");
    assert_eq!(reply.at("/claim/arguments/path"), "/srv/a");
    assert_eq!(reply.at("/action/state"), "started");
    assert_eq!(reply.at("/action/decided_by_person"), "false");
    world.run(&reply);
    assert!(!world.execute(&agent, &reply.at("/action/id")).await, "it was claimed already");
    assert_eq!(world.ran().len(), 1);
    let events = world.events(&dana).await;
    let kinds = events.iter().filter_map(|event| event["kind"].as_str());
    let kinds: Vec<&str> = kinds.filter(|kind| kind.starts_with("action.")).collect();
    assert_eq!(kinds, ["action.proposed", "action.allowed", "action.claimed"]);
}

#[tokio::test]
async fn what_can_be_changed_back_runs_and_is_written_down() {
    let (world, dana, agent) = World::peopled().await;
    let reply = world.propose(&agent, &risky("hello")).await.ok();
    assert_eq!(reply.at("/action/risk/level"), "risky");
    assert_eq!(reply.at("/action/state"), "approved");
    assert_eq!(reply.at("/action/decided_by"), "policy (default.risky)");
    assert!(world.execute(&agent, &reply.at("/action/id")).await);
    assert_eq!(world.count(&dana, "action.reported").await, 1);
}

#[tokio::test]
async fn what_is_dangerous_waits_for_a_person() {
    let (world, dana, agent) = World::peopled().await;
    let reply = world.propose(&agent, &claiming(dangerous("/srv/data"), true)).await;
    assert_eq!((reply.status, reply.json.get("claim")), (201, None));
    let action = reply.at("/action/id");
    assert_eq!(reply.json["action"].get("effective_arguments"), None);
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(
        world.claim(&agent, &action, &json!({ "nonce": random_text() })).await.at("/answer"),
        "wait"
    );
    let voted = dana.decide(&world, &reply.at("/action/request"), "approve").await.ok();
    assert_eq!(voted.at("/effective"), "true");
    assert_eq!(voted.at("/sentence"), "Approved. It runs when the agent claims it, once.");
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await.ok();
    assert_eq!(status.at("/decided_by"), "Dana (browser)");
    assert_eq!(status.at("/decided_by_person"), "true");
    assert!(world.execute(&agent, &action).await);
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.ran().len(), 1);
    assert_eq!(world.ran()[0].arguments, r#"{"path":"/srv/data"}"#);
}

#[tokio::test]
async fn a_wait_wakes_when_it_is_decided() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let path = format!("/v1/actions/{action}?after=1");
    let waiting = world.request(reqwest::Method::GET, &path).bearer_auth(&agent.token);
    let waiting = world.send(waiting.header("prefer", "wait=30"));
    let deciding = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        dana.decide(&world, &request, "deny").await.ok()
    };
    let both = async { tokio::join!(waiting, deciding) };
    let (woken, _) = tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
    assert_eq!(woken.at("/state"), "denied");
    assert_eq!(woken.at("/reason"), "not today");
}

#[tokio::test]
async fn a_wait_ends_with_its_time() {
    let (world, _, agent) = World::peopled().await;
    let (action, _) = world.ask(&agent, "/srv/data").await;
    let path = format!("/v1/actions/{action}?after=1");
    let waiting = world.request(reqwest::Method::GET, &path).bearer_auth(&agent.token);
    let waited = world.send(waiting.header("prefer", "wait=1")).await.ok();
    assert_eq!(waited.at("/state"), "pending");
}

#[tokio::test]
async fn a_claim_that_waits_is_handed_over_by_the_approval_itself() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let path = format!("/v1/actions/{action}/claim");
    let body = json!({ "nonce": random_text(), "start": true });
    let claim = world.request(reqwest::Method::POST, &path).bearer_auth(&agent.token);
    let claim = claim.header("prefer", "wait=30").header("content-type", "application/json");
    let claim = world.send(claim.body(body.to_string()));
    let deciding = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        dana.decide(&world, &request, "approve").await.ok()
    };
    let both = async { tokio::join!(claim, deciding) };
    let (claimed, voted) = tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
    assert_eq!(claimed.at("/answer"), "proceed");
    assert_eq!(voted.at("/action_state"), "started");
    assert_eq!(voted.at("/sentence"), "Approved. The agent has claimed it.");
    world.run(&claimed);
    assert!(!world.execute(&agent, &action).await);
    let events = world.events(&dana).await;
    let at = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap()["at"].clone();
    assert_eq!(at("action.approved"), at("action.claimed"), "one commit");
}

#[tokio::test]
async fn a_change_is_checked_and_only_the_changed_call_runs() {
    let (world, dana, agent) = World::peopled().await;
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": { "path": { "type": "string" }, "keep": { "type": "integer" } },
    });
    let body = with(dangerous("/srv/data"), "input_schema", schema);
    let reply = world.propose(&agent, &body).await.ok();
    let (action, request) = (reply.at("/action/id"), reply.at("/action/request"));
    let card = dana.card(&world, &request).await.json;
    let change = |arguments: Value| with(ballot(&card, "modify"), "arguments", arguments);
    let misfit = change(json!({ "path": 7 }));
    dana.post(&world, &votes(&request), &misfit).await.problem(422, "HS1010");
    dana.post(&world, &votes(&request), &ballot(&card, "modify")).await.problem(422, "HS1005");
    assert_eq!(world.state(&agent, &action).await, "pending");
    let fit = change(json!({ "path": "/srv/data/old", "keep": 3 }));
    let voted = dana.post(&world, &votes(&request), &fit).await.ok();
    assert_eq!(voted.at("/sentence"), "Changed and approved. Only the changed call runs, once.");
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await.ok();
    assert_eq!(status.at("/modified"), "true");
    // What was proposed is no longer what may run.
    let proposed = json!({ "arguments": { "path": "/srv/data" } });
    assert!(!world.execute_as(&agent, &action, proposed).await);
    assert!(world.execute(&agent, &action).await);
    assert_eq!(world.ran()[0].arguments, r#"{"keep":3,"path":"/srv/data/old"}"#);
}

#[tokio::test]
async fn numbers_come_back_to_the_byte() {
    let (world, dana, agent) = World::peopled().await;
    let arguments = [
        r#"{"order":9007199254740993,"amount":120.50,"rate":1e-7,"#,
        r#""big":123456789012345678901234567890}"#,
    ]
    .concat();
    let body = format!(r#"{{"tool":"create_refund","arguments":{arguments}}}"#);
    let reply = world.post_raw(&agent, "/v1/actions", body).await.ok();
    let (action, request) = (reply.at("/action/id"), reply.at("/action/request"));
    let card = dana.card(&world, &request).await;
    for number in ["9007199254740993", "120.50", "1e-7", "123456789012345678901234567890"] {
        assert!(card.text.contains(number), "{number} in {}", card.text);
    }
    // The person changes one and sends the others back as they stood.
    let mut vote = ballot(&card.json, "modify");
    vote["arguments"] = json!("HERE");
    let changed = arguments.replace("120.50", "99.90");
    let text = vote.to_string().replace("\"HERE\"", &changed);
    let route = (reqwest::Method::POST, votes(&request));
    let signing = dana.signing(&world);
    dana.send_as(&world, &signing, (route.0, &route.1), &text).await.ok();
    assert!(world.execute(&agent, &action).await);
    assert_eq!(world.ran()[0].arguments, changed);
}

#[tokio::test]
async fn secrets_that_a_person_never_saw_are_put_back() {
    let (world, dana, agent) = World::peopled().await;
    let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    let arguments = json!({ "to": "a@corp.example", "api_key": secret, "amount": "10.00" });
    let body = json!({ "tool": "send_payment", "arguments": arguments });
    let reply = world.propose(&agent, &body).await.ok();
    let (action, request) = (reply.at("/action/id"), reply.at("/action/request"));
    let card = dana.card(&world, &request).await;
    assert!(!card.text.contains(secret), "{}", card.text);
    let mut edited = card.json["arguments"].clone();
    edited["amount"] = json!("9.00");
    let vote = with(ballot(&card.json, "modify"), "arguments", edited);
    let voted = dana.post(&world, &votes(&request), &vote).await.ok();
    assert!(!voted.text.contains(secret));
    assert!(world.execute(&agent, &action).await);
    let ran: Value = serde_json::from_str(&world.ran()[0].arguments).unwrap();
    assert_eq!(ran, json!({ "to": "a@corp.example", "api_key": secret, "amount": "9.00" }));
}

#[tokio::test]
async fn a_denial_needs_a_reason_and_the_agent_gets_it() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let card = dana.card(&world, &request).await.json;
    let silent = with(ballot(&card, "deny"), "reason", json!("  "));
    dana.post(&world, &votes(&request), &silent).await.problem(422, "HS1005");
    let said = with(ballot(&card, "deny"), "reason", json!("wrong folder: it is shared"));
    let voted = dana.post(&world, &votes(&request), &said).await.ok();
    assert_eq!(voted.at("/sentence"), "Denied. Nothing runs; the agent is told why.");
    let claimed = world.claim(&agent, &action, &json!({ "nonce": random_text() })).await.ok();
    assert_eq!(claimed.at("/answer"), "replan");
    assert!(claimed.at("/because").contains("wrong folder: it is shared"));
    assert!(!world.execute(&agent, &action).await);
}

#[tokio::test]
async fn what_is_taken_back_is_over() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let card = dana.card(&world, &request).await.json;
    let path = format!("/v1/actions/{action}/cancel");
    let body = json!({ "reason": "found another way" });
    for _ in 0..2 {
        assert_eq!(world.post(&agent, &path, &body).await.ok().at("/state"), "cancelled");
    }
    let late = dana.post(&world, &votes(&request), &ballot(&card, "approve")).await;
    assert_ne!(late.json["effective"], true, "{}", late.text);
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.count(&dana, "action.cancelled").await, 1);
}

#[tokio::test]
async fn a_report_is_written_down_once() {
    let (world, dana, agent) = World::peopled().await;
    let reply = world.propose(&agent, &safe("/srv/a")).await.ok();
    let action = reply.at("/action/id");
    let nonce = random_text();
    assert!(world.begin_run(&agent, &action, (&nonce, json!({}))).await);
    let path = format!("/v1/actions/{action}/report");
    let report = json!({ "nonce": nonce, "outcome": "succeeded", "output": "done" });
    for _ in 0..3 {
        assert_eq!(world.post(&agent, &path, &report).await.ok().at("/state"), "succeeded");
    }
    let other = json!({ "nonce": nonce, "outcome": "failed" });
    world.post(&agent, &path, &other).await.problem(409, "HS3005");
    let stranger = json!({ "nonce": random_text(), "outcome": "succeeded" });
    world.post(&agent, &path, &stranger).await.problem(409, "HS3004");
    assert_eq!(world.count(&dana, "action.reported").await, 1);
}
