//! Teams, groups, foreign pages and hosts; reading changes nothing; nothing is open to nobody.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use crate::person::{ballot, random_text, votes};
use crate::world::{World, dangerous, safe};

#[tokio::test]
async fn in_a_team_nobody_approves_what_their_own_agent_asks() {
    let (world, dana, agent) = World::peopled().await;
    let body = json!({ "name": "Ana" });
    dana.post(&world, "/v1/people", &body).await.problem(422, "HS1005");
    let ana = dana.invite(&world, "Ana", Some("team")).await;
    let again = json!({ "name": "Ana", "mode": "team" });
    dana.post(&world, "/v1/people", &again).await.problem(409, "HS3008");
    let (action, request) = world.ask(&agent, "/srv/a").await;
    let card = dana.card(&world, &request).await;
    assert_eq!((card.at("/can/approve"), card.at("/can/deny")), ("false".into(), "true".into()));
    dana.decide(&world, &request, "approve").await.problem(403, "HS2009");
    let mut changed = ballot(&card.json, "modify");
    changed["arguments"] = json!({ "path": "/srv/b" });
    dana.post(&world, &votes(&request), &changed).await.problem(403, "HS2009");
    assert!(!world.execute(&agent, &action).await);
    ana.decide(&world, &request, "approve").await.ok();
    assert!(world.execute(&agent, &action).await);
    // Denying one's own is always possible.
    let (_, request) = world.ask(&agent, "/srv/c").await;
    dana.decide(&world, &request, "deny").await.ok();
    // An agent that Ana makes is Ana's; Dana may approve that one.
    let token = ana.post(&world, "/v1/tokens", &json!({ "agent": "anas" })).await.ok();
    let anas = crate::world::Agent { token: token.at("/secret") };
    let (_, request) = world.ask(&anas, "/srv/d").await;
    ana.decide(&world, &request, "approve").await.problem(403, "HS2009");
    dana.decide(&world, &request, "approve").await.ok();
    let revoke = format!("/v1/tokens/{}", token.at("/token/id"));
    assert_eq!(dana.call(&world, Method::DELETE, &revoke).await.status, 204);
    world.get(&anas, "/v1/me").await.problem(401, "HS2001");
}

#[tokio::test]
async fn who_leaves_the_approvers_does_not_decide_and_did_not() {
    let (world, dana, agent) = World::peopled().await;
    let ana = dana.invite(&world, "Ana", Some("personal")).await;
    dana.post(&world, "/v1/groups", &json!({ "name": "ops" })).await.ok();
    for person in ["Ana", "Dana"] {
        let member = json!({ "person": person });
        dana.post(&world, "/v1/groups/ops/members", &member).await.ok();
    }
    dana.put(&world, "/v1/settings", &json!({ "approvers": "ops" })).await.ok();
    let (first, first_request) = world.ask(&agent, "/srv/a").await;
    let (second, second_request) = world.ask(&agent, "/srv/b").await;
    ana.decide(&world, &first_request, "approve").await.ok();
    let out = "/v1/groups/ops/members/Ana";
    assert_eq!(dana.call(&world, Method::DELETE, out).await.status, 204);
    // Between ask and decision.
    ana.decide(&world, &second_request, "approve").await.problem(403, "HS2009");
    ana.decide(&world, &second_request, "deny").await.problem(403, "HS2009");
    // Between decision and claim.
    let claim = json!({ "nonce": random_text() });
    assert_eq!(world.claim(&agent, &first, &claim).await.at("/answer"), "ask_again");
    assert_eq!(world.state(&agent, &first).await, "pending");
    assert_eq!(world.state(&agent, &second).await, "pending");
    dana.decide(&world, &second_request, "approve").await.ok();
    assert!(world.execute(&agent, &second).await);
    // An empty group, and one that does not exist, is nobody.
    let out = "/v1/groups/ops/members/Dana";
    assert_eq!(dana.call(&world, Method::DELETE, out).await.status, 204);
    let again = world.get(&agent, &format!("/v1/actions/{first}")).await.at("/request");
    dana.decide(&world, &again, "approve").await.problem(403, "HS2009");
    dana.put(&world, "/v1/settings", &json!({ "approvers": "gone" })).await.ok();
    dana.decide(&world, &again, "approve").await.problem(403, "HS2009");
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn other_pages_and_other_hosts_are_refused() {
    let (world, dana, agent) = World::peopled().await;
    let get = || dana.reading(world.request(Method::GET, "/v1/me"));
    let port = world.address.rsplit(':').next().unwrap();
    for host in ["gate.example", "127.0.0.1", "127.0.0.1:1", "localhost", "attacker.example:80"] {
        world.send(get().header("host", host)).await.problem(403, "HS2008");
    }
    world.send(get().header("host", format!("localhost:{port}"))).await.ok();
    let foreign = ["https://attacker.example", "null", "http://127.0.0.1:1", "http://127.0.0.1"];
    for origin in foreign {
        world.send(get().header("origin", origin)).await.problem(403, "HS2008");
    }
    world.send(get().header("origin", &world.origin)).await.ok();
    let (_, request) = world.ask(&agent, "/srv/a").await;
    let card = dana.card(&world, &request).await.json;
    let (path, body) = (votes(&request), ballot(&card, "approve").to_string());
    for site in ["cross-site", "same-site"] {
        let proof = dana.proof(&dana.signing(&world), (&Method::POST, &path), &body);
        let mut post = dana.reading(world.request(Method::POST, &path)).body(body.clone());
        for (name, value) in proof {
            post = post.header(name, value);
        }
        let post = post.header("content-type", "application/json");
        world.send(post.header("sec-fetch-site", site)).await.problem(403, "HS2008");
    }
    let redeem = world.request(Method::POST, "/v1/enrolments/redeem");
    let code = dana.call(&world, Method::POST, "/v1/enrolments").await.at("/code");
    let body = crate::person::redeem_body(&code, &dana.key, crate::person::Surface::Browser);
    let redeem = redeem.header("content-type", "application/json").body(body.to_string());
    world.send(redeem).await.problem(403, "HS2008");
    assert_eq!(world.count(&dana, "request.decided").await, 0);
}

/// Every row of every table.
pub(crate) fn rows(world: &World) -> String {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let file = world.data().join("holdshort.db");
    let db = rusqlite::Connection::open_with_flags(file, flags).unwrap();
    // Seals follow the log by themselves.
    let tables = "SELECT name FROM sqlite_master \
                  WHERE type = 'table' AND name != 'seals' ORDER BY name";
    let mut tables = db.prepare(tables).unwrap();
    let names = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut all = String::new();
    for name in names {
        let name = name.unwrap();
        writeln!(all, "= {name}").unwrap();
        let mut table = db.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let width = table.column_count();
        let mut rows = table.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells = (0..width).map(|at| row.get::<_, rusqlite::types::Value>(at).unwrap());
            writeln!(all, "{:?}", cells.collect::<Vec<_>>()).unwrap();
        }
    }
    assert!(all.contains("= "), "no tables");
    all
}

async fn routes(world: &World) -> Vec<(Method, String)> {
    let doc = world.send(world.request(Method::GET, "/openapi.json")).await.ok().json;
    let mut routes = Vec::new();
    for (path, methods) in doc["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            routes.push((method, path.clone()));
        }
    }
    assert!(routes.len() > 30, "{routes:?}");
    routes
}

#[tokio::test]
async fn reading_changes_nothing() {
    let (world, dana, agent) = World::peopled().await;
    let asked = world.propose(&agent, &dangerous("/srv/a")).await.ok();
    let done = world.propose(&agent, &safe("/srv/a")).await.ok();
    world.execute(&agent, &done.at("/action/id")).await;
    let nonce = crate::person::random_text();
    let undone = world.propose(&agent, &safe("/srv/b")).await.ok().at("/action/id");
    assert!(world.begin_run(&agent, &undone, (&nonce, json!({}))).await);
    let undo = json!({ "tool": "close_issue", "arguments": {} });
    let report = json!({ "nonce": nonce, "outcome": "succeeded", "undo": undo });
    world.post(&agent, &format!("/v1/actions/{undone}/report"), &report).await.ok();
    // What is due and not yet written down must not be written by a reader.
    let before = rows(&world);
    let (action, request) = (asked.at("/action/id"), asked.at("/action/request"));
    let run = asked.at("/action/run");
    let mut called = 0;
    for (_, path) in routes(&world).await.iter().filter(|(method, _)| *method == Method::GET) {
        let id = match path.split('/').nth(2) {
            Some("actions") if path.ends_with("undo") => &undone,
            Some("actions") => &action,
            Some("requests") => &request,
            _ => &run,
        };
        let path = path.replace("{id}", id);
        for method in [Method::GET, Method::HEAD] {
            let by_person = dana.reading(world.request(method.clone(), &path));
            let status = world.send(by_person).await.status;
            let found = status == 200 || (status == 404 && path.ends_with("terminal-key"));
            assert!(found, "{method} {path}: {status}");
            let by_agent = world.request(method, &path).bearer_auth(&agent.token);
            world.send(by_agent).await;
        }
        called += 1;
    }
    assert!(called >= 12, "{called}");
    assert_eq!(rows(&world), before);
}

#[tokio::test]
async fn nothing_is_open_to_nobody() {
    let (world, dana, agent) = World::peopled().await;
    let asked = world.propose(&agent, &dangerous("/srv/a")).await.ok();
    let before = rows(&world);
    let open = ["/healthz", "/openapi.json", "/metrics", "/v1/hello", "/v1/enrolments/redeem"];
    let mut refused = 0;
    for (method, path) in routes(&world).await {
        if open.contains(&path.as_str()) {
            continue;
        }
        for id in [asked.at("/action/id"), asked.at("/action/request"), "Dana".into()] {
            let path = path.replace("{id}", &id).replace("{name}", &id).replace("{person}", &id);
            for body in ["", "{}", r#"{"decision":"approve"}"#] {
                let request = world.request(method.clone(), &path).body(body);
                let reply = world.send(request.header("content-type", "application/json")).await;
                assert!(matches!(reply.status, 401 | 403), "{method} {path}: {}", reply.text);
                refused += 1;
            }
        }
    }
    assert!(refused > 200, "{refused}");
    assert_eq!(rows(&world), before);
    assert_eq!(world.count(&dana, "request.decided").await, 0);
    let unknown: Value = world.send(world.request(Method::GET, "/v1/nothing")).await.json;
    assert_eq!(unknown["code"], "HS3001");
}
