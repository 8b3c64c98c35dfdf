//! Input that is wrong: each kind has its stable code, and nothing of it is stored or run.

use reqwest::Method;
use serde_json::{Value, json};

use crate::access::rows;
use crate::person::{ballot, random_text, votes};
use crate::world::{Reply, World, dangerous, safe};

fn nested(depth: usize) -> String {
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    format!(r#"{{"tool":"read_file","arguments":{{"path":{open}{close}}}}}"#)
}

fn long(field: &str, chars: usize) -> String {
    let mut body = safe("/srv/a");
    body[field] = json!("x".repeat(chars));
    body.to_string()
}

/// What is wrong, the body, the status, the code.
fn bodies() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let call = |arguments: &str| format!(r#"{{"tool":"read_file","arguments":{arguments}}}"#);
    let more = |more: &str| format!(r#"{{"tool":"read_file","arguments":{{}},{more}}}"#);
    let large = call(&format!(r#"{{"path":"{}"}}"#, "x".repeat(256 * 1024)));
    let body = call(&format!(r#"{{"path":"{}"}}"#, "x".repeat(400 * 1024)));
    let mut bom = b"\xef\xbb\xbf".to_vec();
    bom.extend(call("{}").into_bytes());
    let latin = b"{\"tool\":\"read_file\",\"arguments\":{\"path\":\"\xff\"}}".to_vec();
    let text = [
        ("nothing", String::new(), 400, "HS1001"),
        ("half", r#"{"tool":"read_file","#.into(), 400, "HS1001"),
        ("not JSON", "tool=read_file".into(), 400, "HS1001"),
        ("single quotes", "{'tool':'read_file'}".into(), 400, "HS1001"),
        ("a trailing comma", r#"{"tool":"read_file","arguments":{},}"#.into(), 400, "HS1001"),
        ("a comment", r#"{"tool":"read_file","arguments":{}/**/}"#.into(), 400, "HS1001"),
        ("a second document", call("{}") + &call("{}"), 400, "HS1001"),
        ("trailing text", call("{}") + "x", 400, "HS1001"),
        ("NaN", call(r#"{"n":NaN}"#), 400, "HS1001"),
        ("Infinity", call(r#"{"n":-Infinity}"#), 400, "HS1001"),
        ("a leading zero", call(r#"{"n":007}"#), 400, "HS1001"),
        ("a raw line break", call("{\"n\":\"a\nb\"}"), 400, "HS1001"),
        ("a lone surrogate", call(r#"{"n":"\ud800"}"#), 400, "HS1001"),
        ("half a pair", call(r#"{"n":"\udc00\ud800"}"#), 400, "HS1001"),
        ("a lone surrogate in a key", call(r#"{"\udfff":1}"#), 400, "HS1001"),
        ("a key twice", call(r#"{"a":1,"a":2}"#), 400, "HS1002"),
        ("a key twice, deep", call(r#"{"a":[{"b":1,"b":1}]}"#), 400, "HS1002"),
        ("a key twice by escape", call(r#"{"path":1,"p\u0061th":2}"#), 400, "HS1002"),
        ("a field twice", more(r#""arguments":{"a":1}"#), 400, "HS1002"),
        ("a field twice by escape", more(r#""to\u006fl":"x""#), 400, "HS1002"),
        ("too deep", nested(30), 400, "HS1004"),
        ("far too deep", nested(5000), 400, "HS1004"),
        ("large arguments", large, 413, "HS1003"),
        ("a large body", body, 413, "HS1003"),
        ("another field", more(r#""approved":true"#), 422, "HS1005"),
        ("a field of the gate's own", more(r#""state":"approved""#), 422, "HS1005"),
        ("pending_approval", more(r#""pending_approval":false"#), 422, "HS1005"),
        ("no tool", r#"{"arguments":{}}"#.into(), 422, "HS1005"),
        ("no arguments", r#"{"tool":"read_file"}"#.into(), 422, "HS1005"),
        ("an empty tool", r#"{"tool":" ","arguments":{}}"#.into(), 422, "HS1005"),
        ("a number as tool", r#"{"tool":7,"arguments":{}}"#.into(), 422, "HS1005"),
        ("a list as body", "[]".into(), 422, "HS1005"),
        ("a text as arguments", call(r#""ls""#), 422, "HS1005"),
        ("null as arguments", call("null"), 422, "HS1005"),
        ("a list as arguments", call("[]"), 422, "HS1005"),
        ("a level of one's own", more(r#""declared_risk":"none""#), 422, "HS1005"),
        ("too sure", more(r#""confidence":1.5"#), 422, "HS1005"),
        ("a text as time", more(r#""expires_at":"soon""#), 422, "HS1005"),
        ("an empty run", more(r#""run":"""#), 422, "HS1005"),
        ("a NUL", more(r#""reason":"a\u0000b""#), 422, "HS1005"),
        ("a short nonce", more(r#""claim":{"nonce":"x"}"#), 422, "HS1005"),
        (
            "a lease of a year",
            more(r#""claim":{"nonce":"0123456789abcdef","lease_s":9999999}"#),
            422,
            "HS1005",
        ),
        ("a schema that is none", more(r#""input_schema":"x""#), 422, "HS1005"),
        ("a long tool", long("tool", 257), 422, "HS1005"),
        ("a long reason", long("reason", 8001), 422, "HS1005"),
        ("a long cwd", long("cwd", 4097), 422, "HS1005"),
        ("a long run", long("run", 201), 422, "HS1005"),
    ];
    let text = text.into_iter().map(|(name, body, at, code)| (name, body.into_bytes(), at, code));
    let bytes = [("a byte order mark", bom, 400, "HS1001"), ("Latin-1", latin, 400, "HS1001")];
    text.chain(bytes).collect()
}

#[tokio::test]
async fn a_body_that_is_wrong_is_refused_and_forgotten() {
    let (world, _, agent) = World::peopled().await;
    let before = rows(&world);
    for (name, body, status, code) in bodies() {
        let reply = world.post_raw(&agent, "/v1/actions", body).await;
        assert_eq!((reply.status, reply.code()), (status, code), "{name}: {}", reply.text);
        reply.problem(status, code);
    }
    assert_eq!(rows(&world), before);
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn the_largest_and_deepest_that_fit_are_taken() {
    let (world, dana, agent) = World::peopled().await;
    let text = "x".repeat(255 * 1024);
    let body = json!({ "tool": "delete_file", "arguments": { "path": "/srv/a", "note": text } });
    let reply = world.propose(&agent, &body).await.ok();
    let card = dana.card(&world, &reply.at("/action/request")).await;
    assert!(card.text.contains(&text), "shown in full");
    let reply = world.post_raw(&agent, "/v1/actions", nested(15)).await.ok();
    // It cannot be judged by looking at it, so nobody can approve it.
    let request = reply.at("/action/request");
    assert_eq!(dana.card(&world, &request).await.at("/can/approve"), "false");
    let voted = dana.decide(&world, &request, "approve").await;
    voted.problem(409, "HS3005");
    dana.decide(&world, &request, "deny").await.ok();
}

#[tokio::test]
async fn a_wrong_kind_method_or_query_has_its_code() {
    let (world, dana, agent) = World::peopled().await;
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let request = world.request(Method::POST, "/v1/actions").bearer_auth(&agent.token);
        let request = request.header("content-type", kind).body(safe("/a").to_string());
        world.send(request).await.problem(415, "HS1006");
    }
    let fine = world.request(Method::POST, "/v1/actions").bearer_auth(&agent.token);
    let fine = fine.header("content-type", "Application/JSON; charset=utf-8");
    world.send(fine.body(safe("/a").to_string())).await.ok();
    for (method, path) in [
        (Method::DELETE, "/v1/actions"),
        (Method::PUT, "/v1/requests"),
        (Method::POST, "/v1/events"),
        (Method::PATCH, "/v1/settings"),
        (Method::POST, "/healthz"),
    ] {
        let reply = world.send(dana.reading(world.request(method, path))).await;
        reply.problem(405, "HS1009");
    }
    for query in [
        "/v1/requests?limit=0",
        "/v1/requests?limit=201",
        "/v1/requests?limit=x",
        "/v1/requests?state=all",
        "/v1/requests?cursor=x",
        "/v1/requests?approve=1",
        "/v1/runs?cursor=act_00000000000000000000000000000000",
        "/v1/events?after=x",
        "/v1/events?limit=-1",
    ] {
        let reply = dana.get(&world, query).await;
        assert_eq!((reply.status, reply.code()), (400, "HS1007"), "{query}: {}", reply.text);
    }
    dana.get(&world, "/v1/requests/votes/all").await.problem(404, "HS3001");
}

#[tokio::test]
async fn ids_that_name_nothing_or_something_else_are_not_found() {
    let (world, dana, agent) = World::peopled().await;
    let asked = world.propose(&agent, &dangerous("/srv/a")).await.ok();
    let (action, request) = (asked.at("/action/id"), asked.at("/action/request"));
    let run = asked.at("/action/run");
    let before = rows(&world);
    let unknown = "act_0123456789abcdef0123456789abcdef";
    let upper = action.to_uppercase();
    let hex = action.trim_start_matches("act_");
    let quoted = format!("{action}%27--");
    let wrong = [&request, &run, unknown, &upper, hex, &quoted, "1", "..%2f..", "HS-1", "%00"];
    for id in wrong {
        world.get(&agent, &format!("/v1/actions/{id}")).await.problem(404, "HS3001");
        let nonce = json!({ "nonce": random_text() });
        for (verb, body) in [
            ("claim", nonce.clone()),
            ("started", nonce.clone()),
            ("report", json!({ "nonce": nonce["nonce"], "outcome": "succeeded" })),
            ("cancel", json!({})),
        ] {
            let path = format!("/v1/actions/{id}/{verb}");
            world.post(&agent, &path, &body).await.problem(404, "HS3001");
        }
    }
    let card = dana.card(&world, &request).await.json;
    for id in [&action, &run, "req_0123456789abcdef0123456789abcdef", "HS-1", "1"] {
        dana.get(&world, &format!("/v1/requests/{id}")).await.problem(404, "HS3001");
        let vote = ballot(&card, "approve");
        dana.post(&world, &votes(id), &vote).await.problem(404, "HS3001");
    }
    // Another agent's action is as good as none: the answers do not differ by a byte.
    let stranger = world.agent("stranger").await;
    let foreign = world.get(&stranger, &format!("/v1/actions/{action}")).await;
    let none = world.get(&stranger, &format!("/v1/actions/{unknown}")).await;
    assert_eq!(foreign.text, none.text);
    let nonce = json!({ "nonce": random_text() });
    let path = format!("/v1/actions/{action}");
    world.get(&stranger, &path).await.problem(404, "HS3001");
    for verb in ["claim", "started"] {
        let path = format!("{path}/{verb}");
        world.post(&stranger, &path, &nonce).await.problem(404, "HS3001");
    }
    world.post(&stranger, &format!("{path}/cancel"), &json!({})).await.problem(404, "HS3001");
    let after = rows(&world);
    assert_eq!(actions(&after), actions(&before), "nothing about actions or votes changed");
}

/// The rows about actions, requests and events, without what the test itself changed in the
/// directory.
fn actions(rows: &str) -> Vec<String> {
    let tables = rows.split("= ").filter(|table| {
        ["actions", "requests", "events", "payloads"].iter().any(|name| table.starts_with(name))
    });
    let beside = |line: &&str| !line.contains("directory.changed");
    let found: Vec<String> = tables.map(|table| table.lines().filter(beside).collect()).collect();
    assert!(found.len() >= 3, "{}", found.len());
    found
}

#[tokio::test]
async fn a_vote_on_what_is_no_longer_held_does_not_count() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/a").await;
    let (_, other) = world.ask(&agent, "/srv/b").await;
    let card = dana.card(&world, &request).await.json;
    let other = dana.card(&world, &other).await.json;
    let vote = async |field: &str, value: Value| -> Reply {
        let mut body = ballot(&card, "approve");
        body[field] = value;
        dana.post(&world, &votes(&request), &body).await
    };
    vote("binding", other["binding"].clone()).await.problem(409, "HS3002");
    vote("binding", json!("")).await.problem(409, "HS3002");
    vote("version", json!(0)).await.problem(409, "HS3002");
    vote("version", json!(2)).await.problem(409, "HS3002");
    vote("version", json!("1")).await.problem(422, "HS1005");
    vote("confirm", json!("")).await.problem(422, "HS3007");
    vote("confirm", Value::Null).await.problem(422, "HS3007");
    vote("decision", json!("approve_all")).await.problem(422, "HS1005");
    vote("approved", json!(true)).await.problem(422, "HS1005");
    vote("reason", json!("x".repeat(4001))).await.problem(422, "HS1005");
    assert_eq!(world.state(&agent, &action).await, "pending");
    let path = votes(&request);
    dana.post(&world, &path, &ballot(&card, "approve")).await.ok();
    let again = dana.post(&world, &path, &ballot(&card, "deny")).await;
    again.problem(409, "HS3003");
    assert_eq!(again.at("/current/state"), "decided");
    assert!(world.execute(&agent, &action).await);
    dana.post(&world, &path, &ballot(&card, "approve")).await.problem(409, "HS3003");
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn an_agent_that_floods_does_not_stop_another() {
    let (world, dana, agent) = World::peopled().await;
    for at in 0..100 {
        world.ask(&agent, &format!("/srv/{at}")).await;
    }
    let before = rows(&world);
    let flood = world.propose(&agent, &dangerous("/srv/more")).await;
    flood.problem(429, "HS4001");
    assert_eq!(flood.header("retry-after"), "1");
    assert_eq!(rows(&world), before);
    // A repeat is no new request, what only reads still runs, and another agent still asks.
    world.ask(&agent, "/srv/7").await;
    let reply = world.propose(&agent, &safe("/srv/a")).await.ok();
    assert!(world.execute(&agent, &reply.at("/action/id")).await);
    let other = world.agent("other").await;
    let (_, request) = world.ask(&other, "/srv/x").await;
    dana.decide(&world, &request, "deny").await.ok();
    let first = dana.get(&world, "/v1/requests?limit=1").await.ok().at("/items/0/id");
    dana.decide(&world, &first, "deny").await.ok();
    world.ask(&agent, "/srv/more").await;
}

#[tokio::test]
async fn a_caller_that_races_is_slowed_down_and_others_are_not() {
    let (world, _, agent) = World::peopled().await;
    let other = world.agent("other").await;
    let (world, agent) = (&world, &agent);
    let race = async || {
        for _ in 0..2000 {
            let reply = world.get(agent, "/v1/me").await;
            if reply.status != 200 {
                return Some(reply);
            }
        }
        None
    };
    let since = tokio::time::Instant::now();
    let racers = futures_util::future::join_all((0..8).map(|_| race())).await;
    let slowed: Vec<Reply> = racers.into_iter().flatten().collect();
    assert!(!slowed.is_empty() || 16_000 <= allowed(since));
    slowed.iter().for_each(|reply| reply.problem(429, "HS4002"));
    world.get(&other, "/v1/me").await.ok();
}

/// Calls that one caller could make since then, at most; on a slow machine that is all of them.
fn allowed(since: tokio::time::Instant) -> u64 {
    1000 + 500 * (since.elapsed().as_secs() + 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_strangers_slows_down_the_strangers() {
    let (world, dana, agent) = World::peopled().await;
    let world = &world;
    let flood = async |at: usize, with: fn(reqwest::RequestBuilder, String) -> _| {
        let mut slowed = 0;
        for round in 0..400 {
            let request =
                with(world.request(Method::GET, "/v1/me"), format!("made-up-{at}-{round}"));
            slowed += usize::from(world.send(request).await.status == 429);
        }
        slowed
    };
    let ways: [fn(reqwest::RequestBuilder, String) -> reqwest::RequestBuilder; 3] = [
        |request, secret| request.bearer_auth(secret),
        |request, secret| request.header("cookie", format!("holdshort_session={secret}")),
        |request, _| request,
    ];
    for with in ways {
        let since = tokio::time::Instant::now();
        let slowed = futures_util::future::join_all((0..8).map(|at| flood(at, with))).await;
        assert!(slowed.iter().sum::<usize>() > 0 || 3200 <= allowed(since), "{slowed:?}");
        dana.get(world, "/v1/me").await.ok();
        world.get(&agent, "/v1/me").await.ok();
    }
}
