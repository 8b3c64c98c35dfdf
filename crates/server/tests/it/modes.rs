//! When a run is interrupted: checkpoints, check-ins, exceptions, alone and together.

use serde_json::{Value, json};

use crate::person::{Person, random_text, votes};
use crate::policy::{governed, until};
use crate::world::{Agent, Reply, World, dangerous, safe};

/// Open requests of this kind.
pub(crate) async fn open(world: &World, person: &Person, kind: &str) -> Vec<String> {
    let page = person.get(world, "/v1/requests").await.ok().json;
    let items = page["items"].as_array().unwrap().clone();
    items
        .iter()
        .filter(|item| item["kind"] == kind)
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Answers a question.
pub(crate) async fn answer(
    world: &World,
    person: &Person,
    request: &str,
    reply: &str,
    text: &str,
) -> Reply {
    let card = person.card(world, request).await.json;
    let body = json!({
        "decision": "answer", "reply": reply, "reason": text,
        "binding": card["binding"], "version": card["version"],
    });
    person.post(world, &votes(request), &body).await
}

pub(crate) async fn step(world: &World, agent: &Agent, name: &str) -> (String, bool) {
    let action = world.propose(agent, &safe(name)).await.ok().at("/action/id");
    let ran = world.execute(agent, &action).await;
    (action, ran)
}

#[tokio::test]
async fn a_milestone_holds_the_run_until_a_person_lets_it_pass() {
    let (world, dana, agent) = governed("").await;
    let run = world.propose(&agent, &safe("/a")).await.ok().at("/action/run");
    let body = json!({ "kind": "checkpoint", "text": "planning", "summary": "3 files found" });
    let asked = world.post(&agent, &format!("/v1/runs/{run}/questions"), &body).await.ok();
    assert_eq!((asked.status, asked.at("/kind")), (201, "checkpoint".into()));
    let (action, ran) = step(&world, &agent, "/b").await;
    assert!(!ran, "the run waits");
    let nonce = json!({ "nonce": random_text() });
    let claimed = world.claim(&agent, &action, &nonce).await.ok();
    assert_eq!(claimed.at("/answer"), "wait");
    assert!(claimed.at("/because").contains("question"), "{}", claimed.text);
    let request = asked.at("/request");
    let card = dana.card(&world, &request).await;
    assert_eq!(card.json["replies"], json!(["continue", "redirect", "pause", "stop"]));
    assert!(card.text.contains("3 files found"), "{}", card.text);
    // It is answered, not approved.
    let wrong = dana.decide(&world, &request, "approve").await;
    wrong.problem(422, "HS1005");
    answer(&world, &dana, &request, "continue", "").await.ok();
    assert!(world.execute(&agent, &action).await);
    let told = world.get(&agent, &format!("/v1/actions/{}", asked.at("/id"))).await.ok();
    assert_eq!((told.at("/state"), told.at("/answer")), ("answered".into(), "continue".into()));
    assert_eq!(told.at("/decided_by_person"), "true");
}

#[tokio::test]
async fn policy_asks_between_phases() {
    let policy = "[[checkpoint]]\nafter = 'planning'\nreason = 'Plans are read by a person.'\n";
    let (world, dana, agent) = governed(policy).await;
    let phase = |path: &str, phase: &str| {
        let mut body = safe(path);
        body["phase"] = json!(phase);
        body
    };
    let plan = world.propose(&agent, &phase("/a", "planning")).await.ok().at("/action/id");
    assert!(world.execute(&agent, &plan).await);
    let build = world.propose(&agent, &phase("/b", "building")).await.ok().at("/action/id");
    assert!(!world.execute(&agent, &build).await);
    let waiting = open(&world, &dana, "checkpoint").await;
    assert_eq!(waiting.len(), 1);
    answer(&world, &dana, &waiting[0], "redirect", "Only the first file.").await.ok();
    let status = world.get(&agent, &format!("/v1/actions/{build}")).await.ok();
    assert_eq!(status.at("/instructions/text"), "Only the first file.");
    assert!(world.execute(&agent, &build).await);
    // Going back and forth does not ask again about what was passed.
    let again = world.propose(&agent, &phase("/c", "planning")).await.ok();
    let more = world.propose(&agent, &phase("/d", "building")).await.ok().at("/action/id");
    assert!(again.status == 201 && world.execute(&agent, &more).await);
}

#[tokio::test]
async fn a_check_in_after_steps_and_after_time() {
    let policy = "[check_in]\nsteps = 2\nevery = '30m'\n";
    let (world, dana, agent) = governed(policy).await;
    assert!(step(&world, &agent, "/a").await.1);
    assert!(step(&world, &agent, "/b").await.1, "the second step is the one that is due after");
    let (action, ran) = step(&world, &agent, "/c").await;
    assert!(!ran, "two steps are over");
    let waiting = open(&world, &dana, "check_in").await;
    assert_eq!(waiting.len(), 1);
    let card = dana.card(&world, &waiting[0]).await;
    assert!(card.text.contains("steps"), "{}", card.text);
    answer(&world, &dana, &waiting[0], "continue", "").await.ok();
    assert!(world.execute(&agent, &action).await);
    // By time, with nobody calling.
    world.turn(31 * 60);
    until(async || !open(&world, &dana, "check_in").await.is_empty()).await;
    assert!(!step(&world, &agent, "/d").await.1);
}

#[tokio::test]
async fn a_check_in_beside_an_approval_is_not_lost() {
    let (world, dana, agent) = governed("[check_in]\nsteps = 1\n").await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    assert!(step(&world, &agent, "/a").await.1);
    // Both wait now. The approval alone begins nothing.
    dana.decide(&world, &request, "approve").await.ok();
    assert!(!world.execute(&agent, &action).await);
    let waiting = open(&world, &dana, "check_in").await;
    answer(&world, &dana, &waiting[0], "continue", "").await.ok();
    assert!(world.execute(&agent, &action).await);
    assert_eq!(open(&world, &dana, "check_in").await.len(), 1, "and the next one is due");
}

#[tokio::test]
async fn failures_and_unknown_outcomes_ask() {
    let (world, dana, agent) = governed("").await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    let nonce = random_text();
    assert!(world.begin_run(&agent, &action, (&nonce, json!({}))).await);
    let report = json!({ "nonce": nonce, "outcome": "failed", "output": "no" });
    world.post(&agent, &format!("/v1/actions/{action}/report"), &report).await.ok();
    let failed = open(&world, &dana, "exception").await;
    assert_eq!(failed.len(), 1);
    answer(&world, &dana, &failed[0], "continue", "").await.ok();
    // Begun and never heard of again.
    let begun = world.propose(&agent, &safe("/b")).await.ok().at("/action/id");
    assert!(world.begin_run(&agent, &begun, (&random_text(), json!({}))).await);
    world.turn(61);
    until(async || !open(&world, &dana, "unknown_outcome").await.is_empty()).await;
    assert!(!step(&world, &agent, "/c").await.1);
    let waiting = open(&world, &dana, "unknown_outcome").await;
    let card = dana.card(&world, &waiting[0]).await;
    assert_eq!(card.json["replies"], json!(["happened", "did_not_happen", "stop"]));
    answer(&world, &dana, &waiting[0], "happened", "").await.ok();
    assert!(step(&world, &agent, "/d").await.1);
    assert_eq!(world.state(&agent, &begun).await, "unknown", "it is not run again");
}

#[tokio::test]
async fn denials_in_a_row_ask_and_what_was_denied_stays_denied() {
    let (world, dana, agent) = governed("").await;
    for path in ["/a", "/b", "/c"] {
        let (_, request) = world.ask(&agent, path).await;
        dana.decide(&world, &request, "deny").await.ok();
    }
    let waiting = open(&world, &dana, "exception").await;
    assert_eq!(waiting.len(), 1, "three in a row");
    // The same again, in other words, is not asked again.
    let mut again = dangerous("/a");
    again["reason"] = json!("please");
    let refused = world.propose(&agent, &again).await.ok();
    assert_eq!(
        (refused.at("/action/state"), refused.at("/action/risk/rule")),
        ("denied".into(), "denied.before".into())
    );
    let run = refused.at("/action/run");
    let shown = dana.get(&world, &format!("/v1/runs/{run}")).await.ok();
    let denied = shown.at("/denied/0");
    let lift = format!("/v1/runs/{run}/denials/{denied}/lift");
    dana.post(&world, &lift, &json!({})).await.ok();
    let asked = world.propose(&agent, &again).await.ok();
    assert_eq!(asked.at("/action/state"), "pending");
}

#[tokio::test]
async fn a_question_is_answered_in_words_and_holds_nothing() {
    let (world, dana, agent) = governed("").await;
    let run = world.propose(&agent, &safe("/a")).await.ok().at("/action/run");
    let path = format!("/v1/runs/{run}/questions");
    let body = json!({ "kind": "question", "text": "Which region?", "choices": ["eu", "us"] });
    let asked = world.post(&agent, &path, &body).await.ok();
    assert!(step(&world, &agent, "/b").await.1);
    let request = asked.at("/request");
    answer(&world, &dana, &request, "text", "").await.problem(422, "HS1005");
    answer(&world, &dana, &request, "text", "eu").await.ok();
    let told = world.get(&agent, &format!("/v1/actions/{}", asked.at("/id"))).await.ok();
    assert_eq!((told.at("/answer"), told.at("/reason")), ("text".into(), "eu".into()));
    // Stuck holds.
    let body = json!({ "kind": "stuck", "text": "no access" });
    let asked = world.post(&agent, &path, &body).await.ok();
    assert!(!step(&world, &agent, "/c").await.1);
    answer(&world, &dana, &asked.at("/request"), "stop", "").await.ok();
    let refused = world.propose(&agent, &safe("/d")).await.ok();
    assert_eq!(refused.at("/action/risk/rule"), "stop.run");
    // Nobody but the agent asks for it, and nobody asks for another's run.
    let other = world.agent("other").await;
    world.post(&other, &path, &body).await.problem(404, "HS3001");
}

#[tokio::test]
async fn a_run_is_paused_resumed_and_redirected() {
    let (world, dana, agent) = governed("").await;
    let first = world.propose(&agent, &safe("/a")).await.ok();
    let path = |verb: &str| format!("/v1/runs/{}/{verb}", first.at("/action/run"));
    dana.post(&world, &path("pause"), &json!({})).await.ok();
    assert!(!world.execute(&agent, &first.at("/action/id")).await);
    let body = json!({ "instructions": "Leave the archive alone." });
    let told = dana.post(&world, &path("redirect"), &body).await.ok();
    assert_eq!(told.at("/instructions/text"), "Leave the archive alone.");
    dana.post(&world, &path("resume"), &json!({})).await.ok();
    assert!(world.execute(&agent, &first.at("/action/id")).await);
    // A token that reads, and an agent's, change nothing.
    for verb in ["pause", "resume", "stop"] {
        let reply: Reply =
            world.post(&agent, &path(verb), &Value::Object(Default::default())).await;
        reply.problem(403, "HS2003");
    }
}
