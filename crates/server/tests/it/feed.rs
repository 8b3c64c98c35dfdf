//! Repeats, runs, the feed, and what the server says about itself.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::person::Person;
use crate::world::{World, dangerous, safe};

#[tokio::test]
async fn a_repeat_is_the_same_action_and_a_key_is_for_one_call() {
    let (world, _, agent) = World::peopled().await;
    let keyed = async |body: &Value, key: &str| {
        let request = world.request(Method::POST, "/v1/actions").bearer_auth(&agent.token);
        let request = request.header("content-type", "application/json");
        let request = request.header("idempotency-key", key);
        world.send(request.body(body.to_string())).await
    };
    let first = keyed(&safe("/srv/a"), "k-1").await;
    assert_eq!((first.status, first.at("/reattached")), (201, "false".into()));
    assert!(world.execute(&agent, &first.at("/action/id")).await);
    let again = keyed(&safe("/srv/a"), "k-1").await;
    assert_eq!((again.status, again.at("/reattached")), (200, "true".into()));
    assert_eq!(again.at("/action/id"), first.at("/action/id"));
    keyed(&safe("/srv/b"), "k-1").await.problem(422, "HS1008");
    keyed(&safe("/srv/b"), "").await.problem(400, "HS1007");
    keyed(&safe("/srv/b"), &"k".repeat(201)).await.problem(400, "HS1007");
    // Quoted as in the draft standard, it is the same key; the call's own id goes before it.
    assert_eq!(keyed(&safe("/srv/a"), "\"k-1\"").await.at("/action/id"), first.at("/action/id"));
    let mut own = safe("/srv/a");
    own["call_id"] = json!("c-1");
    assert_ne!(keyed(&own, "k-1").await.ok().at("/action/id"), first.at("/action/id"));
    // In another run the key is another key.
    let mut elsewhere = safe("/srv/b");
    elsewhere["run"] = json!("other");
    assert_eq!(keyed(&elsewhere, "k-1").await.status, 201);
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn without_an_id_an_equal_call_is_the_same_one_while_it_is_open() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let same = r#"{"arguments": {"path":"\/srv\/data"}, "tool":"delete_file"}"#;
    let again = world.post_raw(&agent, "/v1/actions", same).await;
    assert_eq!((again.status, again.at("/action/id")), (200, action.clone()));
    dana.decide(&world, &request, "deny").await.ok();
    let anew = world.propose(&agent, &dangerous("/srv/data")).await;
    assert_eq!(anew.status, 201);
    assert_ne!(anew.at("/action/id"), action);
}

#[tokio::test]
async fn a_run_is_its_name_and_belongs_to_its_agent() {
    let (world, dana, agent) = World::peopled().await;
    let body = json!({ "run": "nightly", "goal": "tidy up" });
    let made = world.post(&agent, "/v1/runs", &body).await;
    assert_eq!(made.status, 201);
    let run = made.at("/id");
    assert_eq!(world.post(&agent, "/v1/runs", &body).await.at("/id"), run);
    let mut proposal = dangerous("/srv/data");
    proposal["run"] = json!("nightly");
    let action = world.propose(&agent, &proposal).await.ok();
    assert_eq!(action.at("/action/run"), run);
    let shown = dana.get(&world, &format!("/v1/runs/{run}")).await.ok();
    assert_eq!((shown.at("/state"), shown.at("/goal")), ("waiting".into(), "tidy up".into()));
    assert_eq!(shown.at("/actions/0/id"), action.at("/action/id"));
    let stranger = world.agent("stranger").await;
    let theirs = world.post(&stranger, "/v1/runs", &body).await.ok();
    assert_ne!(theirs.at("/id"), run);
    world.get(&stranger, &format!("/v1/runs/{run}")).await.problem(404, "HS3001");
    let finish = format!("/v1/runs/{run}/finish");
    world.post(&stranger, &finish, &json!({})).await.problem(404, "HS3001");
    world.post(&agent, &finish, &json!({})).await.ok();
    // What waits for a person still waits.
    assert_eq!(world.state(&agent, &action.at("/action/id")).await, "pending");
    let page = dana.get(&world, "/v1/runs?limit=1").await.ok();
    let cursor = page.at("/next_cursor");
    let second = dana.get(&world, &format!("/v1/runs?limit=1&cursor={cursor}")).await.ok();
    assert_ne!(page.at("/items/0/id"), second.at("/items/0/id"));
}

/// The next event of a stream, with its id.
async fn next(stream: &mut reqwest::Response, seen: &mut String) -> Option<(i64, Value)> {
    loop {
        if let Some((block, rest)) = seen.split_once("\n\n") {
            let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            let event = line("id:").zip(line("data:"));
            let event = event.map(|(id, data)| {
                (id.trim().parse().unwrap(), serde_json::from_str(data.trim()).unwrap())
            });
            *seen = rest.to_owned();
            if event.is_some() {
                return event;
            }
            continue;
        }
        let chunk = tokio::time::timeout(Duration::from_secs(10), stream.chunk());
        let chunk = chunk.await.unwrap().ok().flatten()?;
        seen.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}

async fn stream(world: &World, person: &Person, last: Option<i64>) -> reqwest::Response {
    let request = person.reading(world.request(Method::GET, "/v1/events"));
    let mut request = request.header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

#[tokio::test]
async fn a_stream_of_events_goes_on_where_it_broke() {
    let (world, dana, agent) = World::peopled().await;
    world.ask(&agent, "/srv/before").await;
    let mut seen = String::new();
    let mut live = stream(&world, &dana, None).await;
    let (action, request) = world.ask(&agent, "/srv/a").await;
    let (first, event) = next(&mut live, &mut seen).await.unwrap();
    assert_eq!((&event["kind"], &event["action"]), (&json!("action.proposed"), &json!(action)));
    assert_eq!(event["seq"], first);
    drop(live);
    dana.decide(&world, &request, "approve").await.ok();
    let mut seen = String::new();
    let mut resumed = stream(&world, &dana, Some(first)).await;
    let mut kinds = Vec::new();
    for seq in first + 1..first + 4 {
        let (id, event) = next(&mut resumed, &mut seen).await.unwrap();
        assert_eq!(id, seq, "nothing is left out and nothing comes twice");
        kinds.push(event["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["request.opened", "request.decided", "action.approved"]);
    let page = dana.get(&world, &format!("/v1/events?after={first}&limit=2")).await.ok();
    assert_eq!(page.json["items"].as_array().unwrap().len(), 2);
    assert_eq!(page.at("/next_after"), (first + 2).to_string());
    let end = dana.get(&world, "/v1/events?after=1000000").await.ok();
    assert_eq!((end.at("/items"), end.at("/next_after")), ("[]".into(), "1000000".into()));
    world.get(&agent, "/v1/events").await.problem(403, "HS2002");
}

#[tokio::test]
async fn stopping_ends_streams_and_waits_and_loses_nothing() {
    let (mut world, dana, agent) = World::peopled().await;
    let (action, _) = world.ask(&agent, "/srv/a").await;
    let mut live = stream(&world, &dana, None).await;
    let path = format!("/v1/actions/{action}?after=9");
    let waiting = world.request(Method::GET, &path).bearer_auth(&agent.token);
    let waiting = waiting.header("prefer", "wait=50").send();
    let waiting = tokio::spawn(waiting);
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::timeout(Duration::from_secs(4), world.end()).await.unwrap();
    let waited = waiting.await.unwrap().unwrap();
    assert_eq!(waited.status(), 200);
    assert!(waited.text().await.unwrap().contains("pending"));
    assert_eq!(next(&mut live, &mut String::new()).await, None);
    world.begin().await;
    assert_eq!(world.state(&agent, &action).await, "pending");
}

#[tokio::test]
async fn the_server_describes_itself() {
    let (world, dana, agent) = World::peopled().await;
    let bare = async |path: &str| world.send(world.request(Method::GET, path)).await.ok();
    assert_eq!(bare("/healthz").await.text, "ok\n");
    let doc = bare("/openapi.json").await;
    let version = doc.at("/openapi");
    assert!(version.starts_with("3.1") || version.starts_with("3.2"), "{version}");
    world.ask(&agent, "/srv/a").await;
    let metrics = bare("/metrics").await;
    assert!(metrics.text.contains("holdshort_proposals_total 1"), "{}", metrics.text);
    assert!(metrics.text.contains("holdshort_requests_open 1"), "{}", metrics.text);
    for reply in [doc, metrics, dana.get(&world, "/v1/me").await.ok()] {
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    let hello = json!({ "nonce": "n".repeat(16) });
    let hello = world.request(Method::POST, "/v1/hello").body(hello.to_string());
    let hello = world.send(hello.header("content-type", "application/json")).await.ok();
    let key = world.setup().await.server_key().unwrap();
    check_hello(&hello, &key);
}

fn check_hello(hello: &crate::world::Reply, key: &ed25519_dalek::SigningKey) {
    use base64::Engine as _;
    let decode =
        |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
    assert_eq!(decode(hello.at("/server_key")), key.verifying_key().as_bytes());
    let signature = ed25519_dalek::Signature::from_slice(&decode(hello.at("/signature"))).unwrap();
    let text = format!("holdshort-hello-v1\n{}", "n".repeat(16));
    key.verifying_key().verify_strict(text.as_bytes(), &signature).unwrap();
}
