//! Who decides: a person with a proof over exactly this request, and nobody else.

use holdshort_server::{Purpose, SetupError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::person::{Person, Surface, ballot, random_text, redeem_body, votes};
use crate::world::{Agent, World};

/// A request that waits, its card, and the address of its votes.
async fn asked(world: &World, person: &Person, agent: &Agent) -> (String, Value, String) {
    let (action, request) = world.ask(agent, &format!("/srv/{}", random_text())).await;
    let card = person.card(world, &request).await.json;
    (action, card, votes(&request))
}

#[tokio::test]
async fn a_vote_without_a_proof_is_none() {
    let (world, dana, agent) = World::peopled().await;
    let (action, card, path) = asked(&world, &dana, &agent).await;
    let body = ballot(&card, "approve");
    // The agent's own token, the session cookie alone, a reading token, and nothing at all.
    world.post(&agent, &path, &body).await.problem(403, "HS2003");
    let cookie = dana.reading(world.request(Method::POST, &path)).body(body.to_string());
    let cookie = cookie.header("content-type", "application/json").header("origin", &world.origin);
    world.send(cookie).await.problem(403, "HS2003");
    let setup = world.setup().await;
    let first = setup.first_person().unwrap().unwrap();
    let token = setup.reading_token(first).await.unwrap();
    let reading = Agent { token: token.as_str().to_owned() };
    world.post(&reading, &path, &body).await.problem(403, "HS2003");
    world.get(&reading, "/v1/requests").await.ok();
    world.post(&reading, "/v1/actions", &crate::world::safe("/a")).await.problem(403, "HS2002");
    let nobody = world.request(Method::POST, &path).body(body.to_string());
    world.send(nobody.header("content-type", "application/json")).await.problem(401, "HS2001");
    // A session is no bearer token and a token no session.
    let swapped = Agent { token: dana.secret.clone() };
    world.get(&swapped, "/v1/me").await.problem(401, "HS2001");
    let cookie = format!("holdshort_session={}", agent.token);
    let swapped = world.request(Method::GET, "/v1/me").header("cookie", cookie);
    world.send(swapped).await.problem(401, "HS2001");
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.count(&dana, "request.decided").await, 0);
}

#[tokio::test]
async fn a_proof_holds_for_one_request_at_one_address_once_and_not_for_long() {
    let (world, dana, agent) = World::peopled().await;
    let (action, card, path) = asked(&world, &dana, &agent).await;
    let body = ballot(&card, "approve").to_string();
    let good = dana.signing(&world);
    let send = async |signing| dana.send_as(&world, &signing, (Method::POST, &path), &body).await;

    let other = format!("http://localhost:{}", world.address.rsplit(':').next().unwrap());
    for origin in [other, "http://127.0.0.1:1".into(), "https://gate.example".into()] {
        let mut elsewhere = good.clone();
        elsewhere.origin = origin;
        send(elsewhere).await.problem(403, "HS2005");
    }
    for away in [-301, 301, -86_400] {
        let mut then = good.clone();
        then.time += away * 1_000_000;
        send(then).await.problem(403, "HS2004");
    }
    for nonce in ["", "short", &"n".repeat(65)] {
        let mut odd = good.clone();
        odd.nonce = nonce.to_owned();
        send(odd).await.problem(403, "HS2004");
    }
    let mut unknown = good.clone();
    unknown.key_id = "key_AAAAAAAAAAAAAAAA".into();
    send(unknown).await.problem(403, "HS2004");

    // Signed for another body, another path, another method: of no use for this one.
    let denied = ballot(&card, "deny").to_string();
    let routes = [
        (Method::POST, path.clone(), denied),
        (Method::POST, format!("{path}?x=1"), body.clone()),
        (Method::PUT, path.clone(), body.clone()),
    ];
    for (method, signed_path, signed_body) in routes {
        let proof = dana.proof(&good, (&method, &signed_path), &signed_body);
        let mut request = dana.reading(world.request(Method::POST, &path)).body(body.clone());
        for (name, value) in proof {
            request = request.header(name, value);
        }
        let request = request.header("content-type", "application/json");
        world.send(request).await.problem(403, "HS2005");
    }
    assert_eq!(world.state(&agent, &action).await, "pending");
    send(good.clone()).await.ok();
    send(good.clone()).await.problem(409, "HS3003");

    // The same nonce on another request is a replay.
    let (next, card, path) = asked(&world, &dana, &agent).await;
    let body = ballot(&card, "approve").to_string();
    let replay = dana.send_as(&world, &good, (Method::POST, &path), &body).await;
    replay.problem(409, "HS2006");
    assert_eq!(world.state(&agent, &next).await, "pending");
}

#[tokio::test]
async fn a_key_speaks_for_its_owner_only() {
    let (world, dana, agent) = World::peopled().await;
    let ana = dana.invite(&world, "Ana", Some("personal")).await;
    let (_, card, path) = asked(&world, &dana, &agent).await;
    let body = ballot(&card, "approve").to_string();
    // Ana's signature under the name of Dana's key.
    let mut borrowed = ana.signing(&world);
    borrowed.key_id.clone_from(&dana.key_id);
    let forged = ana.send_as(&world, &borrowed, (Method::POST, &path), &body).await;
    forged.problem(403, "HS2005");
    // Ana's key with Dana's session: the key says who votes.
    let mixed = Person { secret: dana.secret.clone(), ..ana.clone() };
    mixed.post(&world, &path, &ballot(&card, "approve")).await.ok();
    let status = dana.card(&world, card["id"].as_str().unwrap()).await;
    assert_eq!(status.at("/decided/sentence"), "Approved by Ana (browser)");
}

#[tokio::test]
async fn a_terminal_signs_for_any_address_of_this_server() {
    let (world, dana, agent) = World::peopled().await;
    let code = dana.call(&world, Method::POST, "/v1/enrolments").await.ok().at("/code");
    let terminal = Person::enrol(&world, &code, Surface::Terminal).await;
    let key = terminal.get(&world, "/v1/me/terminal-key").await.ok();
    assert_eq!(key.at("/key_id"), terminal.key_id);
    let (action, card, path) = asked(&world, &dana, &agent).await;
    let body = ballot(&card, "approve").to_string();
    let mut signing = terminal.signing(&world);
    signing.origin = "https://gate.example".into();
    let elsewhere = terminal.send_as(&world, &signing, (Method::POST, &path), &body).await;
    elsewhere.problem(403, "HS2005");
    signing.origin = format!("http://localhost:{}", world.address.rsplit(':').next().unwrap());
    terminal.send_as(&world, &signing, (Method::POST, &path), &body).await.ok();
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await;
    assert_eq!(status.at("/decided_by"), "Dana (terminal)");
    let mut short = redeem_body("x", &terminal.key, Surface::Terminal);
    short["code"] = json!(dana.call(&world, Method::POST, "/v1/enrolments").await.at("/code"));
    short["salt"] = json!("AAAA");
    let redeem = world.request(Method::POST, "/v1/enrolments/redeem").body(short.to_string());
    let redeem = redeem.header("content-type", "application/json");
    world.send(redeem).await.problem(422, "HS1005");
}

#[tokio::test]
async fn a_sign_in_code_works_once_and_not_for_long() {
    let (world, dana, _) = World::peopled().await;
    let redeem = async |code: &str| {
        let body = redeem_body(code, &dana.key, Surface::Browser).to_string();
        let request = world.request(Method::POST, "/v1/enrolments/redeem").body(body);
        let request = request.header("content-type", "application/json");
        world.send(request.header("origin", &world.origin)).await
    };
    redeem("guessed").await.problem(410, "HS2007");
    let made = dana.call(&world, Method::POST, "/v1/enrolments").await.ok();
    let code = made.at("/code");
    assert_eq!(made.at("/link"), format!("{}/#enrol={code}", world.origin));
    redeem(&code).await.ok();
    redeem(&code).await.problem(410, "HS2007");
    let made = dana.call(&world, Method::POST, "/v1/enrolments").await.ok();
    world.turn(10 * 60 + 1);
    redeem(&made.at("/code")).await.problem(410, "HS2007");
}

#[tokio::test]
async fn nobody_is_enrolled_or_let_in_without_a_proof() {
    let (world, dana, agent) = World::peopled().await;
    let before = dana.get(&world, "/v1/people").await.text;
    let wants = [
        (Method::POST, "/v1/people", r#"{"name":"Mallory","mode":"personal"}"#),
        (Method::POST, "/v1/enrolments", ""),
        (Method::POST, "/v1/sessions", ""),
        (Method::POST, "/v1/tokens", r#"{"agent":"twin"}"#),
        (Method::POST, "/v1/groups", r#"{"name":"ops"}"#),
        (Method::PUT, "/v1/settings", r#"{"mode":"personal"}"#),
    ];
    for (method, path, body) in wants {
        for as_dana in [true, false] {
            let request = world.request(method.clone(), path).body(body);
            let request = request.header("content-type", "application/json");
            let request = match as_dana {
                true => dana.reading(request),
                false => request.bearer_auth(&agent.token),
            };
            world.send(request).await.problem(403, "HS2003");
        }
    }
    assert_eq!(dana.get(&world, "/v1/people").await.text, before);
}

#[tokio::test]
async fn who_is_switched_off_is_out_at_once() {
    let (world, dana, agent) = World::peopled().await;
    let ana = dana.invite(&world, "Ana", Some("personal")).await;
    let (action, card, path) = asked(&world, &dana, &agent).await;
    let (claimable, other, other_path) = asked(&world, &dana, &agent).await;
    ana.post(&world, &other_path, &ballot(&other, "approve")).await.ok();
    let off = format!("/v1/people/{}/disable", ana.id);
    assert_eq!(dana.call(&world, Method::POST, &off).await.status, 204);
    ana.get(&world, "/v1/me").await.problem(401, "HS2001");
    ana.post(&world, &path, &ballot(&card, "approve")).await.problem(403, "HS2004");
    ana.call(&world, Method::POST, "/v1/sessions").await.problem(403, "HS2004");
    // What she approved and nobody claimed yet no longer counts.
    assert!(!world.execute(&agent, &claimable).await);
    assert_eq!(world.state(&agent, &claimable).await, "pending");
    assert!(!world.execute(&agent, &action).await);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_the_key_opens_a_new_one() {
    let (world, dana, agent) = World::peopled().await;
    let out = dana.reading(world.request(Method::POST, "/v1/sign-out"));
    assert_eq!(world.send(out).await.status, 204);
    dana.get(&world, "/v1/me").await.problem(401, "HS2001");
    let again = dana.again(&world).await;
    assert_eq!(again.get(&world, "/v1/me").await.ok().at("/name"), "Dana");
    world.turn(12 * 60 * 60 + 1);
    again.get(&world, "/v1/me").await.problem(401, "HS2001");
    // A token that signs out is revoked.
    let out = world.request(Method::POST, "/v1/sign-out").bearer_auth(&agent.token);
    assert_eq!(world.send(out).await.status, 204);
    world.get(&agent, "/v1/me").await.problem(401, "HS2001");
}

#[tokio::test]
async fn a_machine_decides_in_scratch_data_only_and_is_shown_as_one() {
    let real = World::new().await;
    let refused = real.setup().await.machine_token("robot").await;
    assert!(matches!(refused, Err(SetupError::NotScratch)));
    let world = World::of(Purpose::Bench).await;
    let dana = world.first("Dana").await;
    let agent = world.agent("nightshift").await;
    let token = world.setup().await.machine_token("robot").await.unwrap();
    let robot = Agent { token: token.as_str().to_owned() };
    let (action, card, path) = asked(&world, &dana, &agent).await;
    world.post(&robot, &path, &ballot(&card, "approve")).await.ok();
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await;
    assert_eq!(status.at("/decided_by"), "robot (machine)");
    assert_eq!(status.at("/decided_by_person"), "false");
    let card = dana.card(&world, card["id"].as_str().unwrap()).await;
    assert_eq!(card.at("/votes/0/person"), "false");
    let events = world.events(&dana).await;
    let decided = events.iter().find(|event| event["kind"] == "request.decided").unwrap();
    assert_eq!(
        (&decided["detail"]["person"], &decided["by"]),
        (&json!(false), &json!("robot (machine)"))
    );
}
