//! Stops, grants, ladders, seats: who holds what back, and for how long.

use reqwest::Method;
use serde_json::{Value, json};

use crate::person::{ballot, random_text, votes};
use crate::policy::{governed, until};
use crate::world::{dangerous, risky, safe};

const ASKS: &str = "[interrupt]\nask = ['risky', 'dangerous']\n";

#[tokio::test]
async fn after_a_stop_nothing_begins_and_deadlines_stand_still() {
    let (world, dana, agent) = governed("").await;
    let ready = world.propose(&agent, &safe("/a")).await.ok().at("/action/id");
    let begun = world.propose(&agent, &safe("/b")).await.ok().at("/action/id");
    let nonce = random_text();
    assert!(world.begin_run(&agent, &begun, (&nonce, json!({ "lease_s": 3600 }))).await);
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let body = json!({ "scope": "agent", "of": "nightshift", "reason": "it loops" });
    let stopped = dana.post(&world, "/v1/stops", &body).await.ok();
    assert_eq!(stopped.at("/still_running/0/action"), begun);
    assert!(!world.execute(&agent, &ready).await);
    let refused = world.propose(&agent, &safe("/c")).await.ok();
    assert_eq!(refused.at("/action/risk/rule"), "stop.run");
    // An approval is possible, and begins nothing.
    dana.decide(&world, &request, "approve").await.ok();
    assert!(!world.execute(&agent, &action).await);
    // What runs may end and say so.
    let report = json!({ "nonce": nonce, "outcome": "succeeded" });
    world.post(&agent, &format!("/v1/actions/{begun}/report"), &report).await.ok();
    world.turn(2 * 60 * 60);
    let later = world.state(&agent, &action).await;
    assert_eq!(later, "approved", "time stands still for what is stopped");
    let id = stopped.at("/stop/id");
    let path = format!("/v1/stops/{id}/lift");
    dana.post(&world, &path, &json!({ "reason": " " })).await.problem(422, "HS1005");
    dana.post(&world, &path, &json!({ "reason": "fixed" })).await.ok();
    assert!(world.execute(&agent, &ready).await);
    assert!(world.execute(&agent, &action).await, "it got its time back");
}

#[tokio::test]
async fn a_deadline_gets_back_exactly_what_the_stop_took() {
    let (world, dana, agent) = governed("").await;
    let (_, request) = world.ask(&agent, "/srv/data").await;
    world.turn(30 * 60);
    let body = json!({ "scope": "everything" });
    let id = dana.post(&world, "/v1/stops", &body).await.ok().at("/stop/id");
    world.turn(3 * 60 * 60);
    let lift = json!({ "reason": "on we go" });
    dana.post(&world, &format!("/v1/stops/{id}/lift"), &lift).await.ok();
    world.turn(29 * 60);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(dana.card(&world, &request).await.at("/state"), "open");
    world.turn(2 * 60);
    until(async || dana.card(&world, &request).await.at("/state") == "stalled").await;
}

#[tokio::test]
async fn one_action_is_stopped_and_stays_so() {
    let (world, dana, agent) = governed("").await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    let path = format!("/v1/actions/{action}/stop");
    dana.post(&world, &path, &json!({})).await.problem(422, "HS1005");
    dana.post(&world, &path, &json!({ "reason": "wait" })).await.ok();
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.state(&agent, &action).await, "denied");
}

#[tokio::test]
async fn a_grant_lets_through_what_it_shows_and_counts() {
    let (world, dana, agent) = governed(ASKS).await;
    let asked = world.propose(&agent, &risky("one")).await.ok();
    let request = asked.at("/action/request");
    let binding = dana.card(&world, &request).await.at("/binding");
    let mut body = json!({
        "request": request, "binding": binding, "free": ["title"], "uses": 2, "for_s": 3600,
        "preview": true,
    });
    let preview = dana.post(&world, "/v1/grants", &body).await.ok();
    assert_eq!((preview.status, preview.json["grant"].get("id")), (200, None));
    body["preview"] = json!(false);
    body["free"] = json!(["no_such"]);
    dana.post(&world, "/v1/grants", &body).await.problem(422, "HS1005");
    body["free"] = json!(["title"]);
    let made = dana.post(&world, "/v1/grants", &body).await.ok();
    assert_eq!(made.status, 201);
    // Two uses, however many try at once.
    let titles: Vec<String> = (0..6).map(|n| format!("t{n}")).collect();
    let proposals = titles.iter().map(|title| {
        let body = risky(title);
        let (world, agent) = (&world, &agent);
        async move { world.propose(agent, &body).await.ok().at("/action/state") }
    });
    let states = futures_util::future::join_all(proposals).await;
    assert_eq!(states.iter().filter(|state| *state == "approved").count(), 2, "{states:?}");
    let listed = dana.get(&world, "/v1/grants").await.ok();
    assert_eq!(
        (listed.at("/items/0/used"), listed.at("/items/0/live")),
        ("2".into(), "false".into())
    );
}

#[tokio::test]
async fn a_grant_is_revoked_before_it_is_used() {
    let (world, dana, agent) = governed(ASKS).await;
    let asked = world.propose(&agent, &risky("one")).await.ok();
    let request = asked.at("/action/request");
    let binding = dana.card(&world, &request).await.at("/binding");
    let body = json!({ "request": request, "binding": binding, "free": ["title"], "for_s": 3600 });
    let id = dana.post(&world, "/v1/grants", &body).await.ok().at("/grant/id");
    let granted = world.propose(&agent, &risky("two")).await.ok().at("/action/id");
    assert_eq!(world.state(&agent, &granted).await, "approved");
    dana.call(&world, Method::POST, &format!("/v1/grants/{id}/revoke")).await.ok();
    let claimed = world.claim(&agent, &granted, &json!({ "nonce": random_text() })).await;
    assert_eq!(claimed.at("/answer"), "ask_again");
    // Dangerous is never granted, and an agent grants nothing.
    let (_, request) = world.ask(&agent, "/srv").await;
    let binding = dana.card(&world, &request).await.at("/binding");
    let body = json!({ "request": request, "binding": binding, "for_s": 3600 });
    dana.post(&world, "/v1/grants", &body).await.problem(409, "HS3005");
    world.post(&agent, "/v1/grants", &body).await.problem(403, "HS2003");
}

#[tokio::test]
async fn what_one_granted_to_themselves_is_no_word_of_two() {
    let two = "[[rule]]\nid = 'twice'\nreason = 'Two look.'\ntool = 'create_issue'\n\
               ask = { quorum = 2 }\n";
    let (world, dana, agent) = governed(two).await;
    let request = world.propose(&agent, &risky("one")).await.ok().at("/action/request");
    let binding = dana.card(&world, &request).await.at("/binding");
    let body = json!({ "request": request, "binding": binding, "free": ["title"], "for_s": 3600 });
    dana.post(&world, "/v1/grants", &body).await.ok();
    let alone = world.propose(&agent, &risky("two")).await.ok();
    assert_eq!(alone.at("/action/state"), "approved");
    // From now on there are two, and policy wants both.
    dana.put(&world, "/v1/settings", &json!({ "mode": "team" })).await.ok();
    let later = world.propose(&agent, &risky("three")).await.ok();
    assert_eq!(later.at("/action/state"), "pending");
    let claim = json!({ "nonce": random_text() });
    let claimed = world.claim(&agent, &alone.at("/action/id"), &claim).await;
    assert_eq!(claimed.at("/answer"), "ask_again");
}

const SRE: &str = r#"
[[rule]]
id = "prod"
reason = "Two of SRE."
tool = "delete_file"
ask = { ladder = "sre", quorum = 2 }

[ladder.sre]
steps = [{ ask = "group:sre", within = "15m" }, { ask = "user:Boss", within = "30m" }]
"#;

#[tokio::test]
async fn a_ladder_climbs_and_seats_are_filled_by_different_people() {
    let (world, dana, agent) = governed(SRE).await;
    let ana = dana.invite(&world, "Ana", Some("team")).await;
    let ben = dana.invite(&world, "Ben", None).await;
    let boss = dana.invite(&world, "Boss", None).await;
    dana.post(&world, "/v1/groups", &json!({ "name": "sre" })).await.ok();
    for name in ["Ana", "Ben"] {
        let body = json!({ "person": name });
        dana.post(&world, "/v1/groups/sre/members", &body).await.ok();
    }
    let (action, request) = world.ask(&agent, "/srv/data").await;
    boss.decide(&world, &request, "approve").await.problem(403, "HS2009");
    let first = ana.decide(&world, &request, "approve").await.ok();
    assert_eq!(first.at("/action_state"), "pending", "one of two");
    assert!(!world.execute(&agent, &action).await);
    ana.decide(&world, &request, "approve").await.problem(403, "HS2009");
    let card = ben.card(&world, &request).await;
    assert_eq!(card.json["votes"], json!([]), "the second vote is blind");
    world.turn(16 * 60);
    until(async || dana.card(&world, &request).await.json["asked"] != json!(["group:sre"])).await;
    boss.decide(&world, &request, "approve").await.ok();
    assert_eq!(world.state(&agent, &action).await, "approved");
    // Who leaves between the click and the release does not count.
    dana.call(&world, Method::DELETE, "/v1/groups/sre/members/Ana").await.ok();
    let claimed = world.claim(&agent, &action, &json!({ "nonce": random_text() })).await;
    assert_eq!(claimed.at("/answer"), "ask_again", "{}", claimed.text);
}

#[tokio::test]
async fn any_denial_ends_it_and_looking_blocks_nobody() {
    let (world, dana, agent) = governed("").await;
    let ana = dana.invite(&world, "Ana", Some("team")).await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let look = format!("/v1/requests/{request}/looking");
    ana.post(&world, &look, &json!({})).await.ok();
    let card = dana.card(&world, &request).await.json;
    assert_eq!(card["looking"], "Ana");
    let mut deny: Value = ballot(&card, "deny");
    deny["reason"] = json!("no");
    dana.post(&world, &votes(&request), &deny).await.ok();
    assert_eq!(world.state(&agent, &action).await, "denied");
}

#[tokio::test]
async fn a_request_is_handed_over() {
    let (world, dana, agent) = governed(SRE).await;
    let ana = dana.invite(&world, "Ana", Some("team")).await;
    let cleo = dana.invite(&world, "Cleo", None).await;
    for group in ["sre", "empty"] {
        dana.post(&world, "/v1/groups", &json!({ "name": group })).await.ok();
    }
    let member = json!({ "person": "Ana" });
    dana.post(&world, "/v1/groups/sre/members", &member).await.ok();
    let (_, request) = world.ask(&agent, "/srv/data").await;
    let path = format!("/v1/requests/{request}/handover");
    ana.post(&world, &path, &json!({ "to": "everyone" })).await.problem(422, "HS1005");
    ana.post(&world, &path, &json!({ "to": "group:empty" })).await.problem(422, "HS1005");
    // Who was not asked does not let themselves in.
    let own = json!({ "to": "user:Cleo" });
    cleo.post(&world, &path, &own).await.problem(403, "HS2009");
    cleo.decide(&world, &request, "approve").await.problem(403, "HS2009");
    let hers = json!({ "to": "user:Cleo", "reason": "hers" });
    ana.post(&world, &path, &hers).await.ok();
    let voted = cleo.decide(&world, &request, "approve").await.ok();
    assert_eq!(voted.at("/action_state"), "pending", "two are needed");
}

#[tokio::test]
async fn a_group_without_members_is_nobody() {
    let (world, dana, agent) = governed(SRE).await;
    let ana = dana.invite(&world, "Ana", Some("team")).await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let card = ana.card(&world, &request).await;
    assert_eq!(card.at("/state"), "stalled", "there is no such group");
    ana.decide(&world, &request, "approve").await.problem(403, "HS2009");
    dana.decide(&world, &request, "approve").await.problem(403, "HS2009");
    assert!(!world.execute(&agent, &action).await);
    // Nothing of the run begins while it is stalled.
    let other = world.propose(&agent, &safe("/a")).await.ok().at("/action/id");
    assert!(!world.execute(&agent, &other).await);
    let told = world.get(&agent, &format!("/v1/actions/{other}")).await.ok();
    assert!(told.at("/held").contains("nobody has answered"), "{}", told.text);
    ana.decide(&world, &request, "deny").await.ok();
    assert_eq!(world.state(&agent, &action).await, "denied");
    assert!(world.execute(&agent, &other).await);
}

#[tokio::test]
async fn a_policy_that_asks_for_more_people_meanwhile_is_asked_again() {
    let (world, dana, agent) = governed("").await;
    let ana = dana.invite(&world, "Ana", Some("team")).await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    ana.decide(&world, &request, "approve").await.ok();
    let before = world.count(&dana, "policy.changed").await;
    std::fs::write(world.data().join("policy.toml"), SRE).unwrap();
    until(async || world.count(&dana, "policy.changed").await > before).await;
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.state(&agent, &action).await, "pending");
    assert_eq!(world.count(&dana, "request.opened").await, 2);
}

#[tokio::test]
async fn what_is_erased_is_gone_and_the_log_stays() {
    let (world, dana, agent) = governed("").await;
    let (action, request) = world.ask(&agent, "/srv/very-secret-name").await;
    let path = format!("/v1/actions/{action}/erase");
    dana.call(&world, Method::POST, &path).await.problem(409, "HS3005");
    dana.decide(&world, &request, "deny").await.ok();
    let before = world.events(&dana).await.len();
    dana.call(&world, Method::POST, &path).await.ok();
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await.ok();
    assert!(!status.text.contains("very-secret-name"), "{}", status.text);
    let card = dana.card(&world, &request).await;
    assert!(!card.text.contains("very-secret-name"), "{}", card.text);
    assert_eq!(world.events(&dana).await.len(), before + 1);
    assert_eq!(world.count(&dana, "payload.erased").await, 1);
    assert!(world.propose(&agent, &dangerous("/x")).await.status == 201);
}
