//! Undo: what an executor registered takes an action back, once, by a person's word.

use serde_json::{Value, json};

use crate::person::{Person, ballot, random_text, votes};
use crate::policy::governed;
use crate::world::{Agent, World, dangerous, risky, safe};

/// An action that ran, and for which this call was registered.
async fn done(world: &World, agent: &Agent, call: &Value, undo: Value) -> String {
    let action = world.propose(agent, call).await.ok().at("/action/id");
    let nonce = random_text();
    assert!(world.begin_run(agent, &action, (&nonce, json!({}))).await);
    let report = json!({ "nonce": nonce, "outcome": "succeeded", "undo": undo });
    world.post(agent, &format!("/v1/actions/{action}/report"), &report).await.ok();
    action
}

fn close(title: &str) -> Value {
    json!({ "tool": "close_issue", "arguments": { "title": title } })
}

async fn take_back(world: &World, person: &Person, action: &str) -> crate::world::Reply {
    let path = format!("/v1/actions/{action}/undo");
    let seen = person.get(world, &path).await.ok();
    person
        .post(world, &path, &json!({ "digest": seen.at("/digest"), "reason": "not wanted" }))
        .await
}

#[tokio::test]
async fn a_person_has_an_action_taken_back_once() {
    let (world, dana, agent) = governed("").await;
    let action = done(&world, &agent, &risky("first"), close("first")).await;
    let list = dana.get(&world, "/v1/undo").await.ok();
    assert_eq!(list.at("/items/0/action"), action);
    assert_eq!(list.at("/items/0/exact/arguments/0/value/0/text"), "first");
    assert_eq!(list.at("/items/0/risk"), "risky");
    let taken = take_back(&world, &dana, &action).await.ok();
    assert_eq!(taken.at("/state"), "approved", "risky runs, as policy has it");
    assert_eq!(taken.at("/undoes"), action);
    let undo = taken.at("/id");
    let again = take_back(&world, &dana, &action).await.ok();
    assert_eq!(again.at("/id"), undo, "the one that is under way");
    assert!(world.execute(&agent, &undo).await);
    assert!(!world.execute(&agent, &undo).await);
    let ran = world.ran();
    assert_eq!(ran.last().unwrap().tool, "close_issue");
    assert_eq!(ran.len(), 2);
    let path = format!("/v1/actions/{action}/undo");
    let digest = dana.get(&world, &path).await.ok().at("/digest");
    let refused = dana.post(&world, &path, &json!({ "digest": digest })).await;
    refused.problem(409, "HS3005");
    let events = world.events(&dana).await;
    let told = events.iter().filter(|event| event["detail"]["undoes"] == json!(action));
    let by: Vec<&str> = told.map(|event| event["by"].as_str().unwrap()).collect();
    assert_eq!(by.len(), 1);
    assert!(by[0].starts_with("Dana"), "{by:?}");
}

#[tokio::test]
async fn what_an_agent_wants_to_take_back_asks_a_person() {
    let (world, dana, agent) = governed("").await;
    let action = done(&world, &agent, &risky("first"), close("first")).await;
    let path = format!("/v1/actions/{action}/undo");
    let digest = dana.get(&world, &path).await.ok().at("/digest");
    // Its token is no proof, and allowed calls are asked about when they are an undo of its own.
    world.post(&agent, &path, &json!({ "digest": digest })).await.problem(403, "HS2003");
    let proposing = format!("/v1/actions/{action}/propose-undo");
    let wanted = world.post(&agent, &proposing, &json!({})).await.ok();
    assert_eq!(wanted.at("/state"), "pending");
    assert_eq!(wanted.at("/risk/rule"), "builtin.undo");
    assert!(!world.execute(&agent, &wanted.at("/id")).await);
    let request = wanted.at("/request");
    dana.decide(&world, &request, "approve").await.ok();
    assert!(world.execute(&agent, &wanted.at("/id")).await);
    let other = world.agent("other").await;
    world.post(&other, &proposing, &json!({})).await.problem(404, "HS3001");
}

#[tokio::test]
async fn a_dangerous_undo_is_asked_about_and_a_denied_one_can_be_asked_for_again() {
    let (world, dana, agent) = governed("").await;
    let undo = dangerous("/srv/new");
    let undo = json!({ "tool": undo["tool"], "arguments": undo["arguments"] });
    let action = done(&world, &agent, &risky("first"), undo).await;
    let taken = take_back(&world, &dana, &action).await.ok();
    assert_eq!(taken.at("/state"), "pending");
    let vote = ballot(&dana.card(&world, &taken.at("/request")).await.json, "deny");
    dana.post(&world, &votes(&taken.at("/request")), &vote).await.ok();
    let again = take_back(&world, &dana, &action).await.ok();
    assert_ne!(again.at("/id"), taken.at("/id"));
}

#[tokio::test]
async fn undo_ends_with_its_time_and_needs_the_call_that_was_seen() {
    let (world, dana, agent) = governed("").await;
    let mut undo = close("first");
    undo["for_s"] = json!(3600);
    let action = done(&world, &agent, &risky("first"), undo).await;
    let path = format!("/v1/actions/{action}/undo");
    let other = done(&world, &agent, &risky("second"), close("second")).await;
    let seen = dana.get(&world, &format!("/v1/actions/{other}/undo")).await.ok().at("/digest");
    dana.post(&world, &path, &json!({ "digest": seen })).await.problem(409, "HS3002");
    let none = world.propose(&agent, &safe("/a")).await.ok().at("/action/id");
    dana.get(&world, &format!("/v1/actions/{none}/undo")).await.problem(404, "HS3001");
    world.turn(3601);
    let seen = dana.get(&world, &path).await.ok();
    assert_eq!(seen.at("/why_not"), "The time for that is over.");
    let body = json!({ "digest": seen.at("/digest") });
    dana.post(&world, &path, &body).await.problem(409, "HS3005");
    let list = dana.get(&world, "/v1/undo").await.ok();
    assert_eq!(list.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stopped_run_can_be_taken_back() {
    let (world, dana, agent) = governed("").await;
    let mut call = risky("first");
    call["run"] = json!("migration");
    let action = done(&world, &agent, &call, close("first")).await;
    let run = world.get(&agent, &format!("/v1/actions/{action}")).await.ok().at("/run");
    dana.post(&world, &format!("/v1/runs/{run}/stop"), &json!({})).await.ok();
    let taken = take_back(&world, &dana, &action).await.ok();
    assert!(world.execute(&agent, &taken.at("/id")).await);
}
