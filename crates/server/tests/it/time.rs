//! What time does: it escalates, releases, cancels and asks again. It never permits.

use serde_json::json;

use crate::person::{ballot, random_text, votes};
use crate::world::{World, dangerous, safe};

const HOUR: u32 = 60 * 60;

#[tokio::test]
async fn a_request_that_nobody_answers_stays_pending() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    for _ in 0..3 {
        world.turn(100 * HOUR);
        assert!(!world.execute(&agent, &action).await);
    }
    let dana = dana.again(&world).await;
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await.ok();
    assert_eq!((status.at("/state"), status.at("/stalled")), ("pending".into(), "true".into()));
    assert_eq!(dana.card(&world, &request).await.at("/state"), "stalled");
    let events = format!("{:?}", world.events(&dana).await);
    assert!(!events.contains("approved"), "{events}");
    // It can still be answered.
    dana.decide(&world, &request, "approve").await.ok();
    assert!(world.execute(&agent, &action).await);
}

#[tokio::test]
async fn a_deadline_passes_without_anybody_asking() {
    let (world, dana, agent) = World::peopled().await;
    let (_, request) = world.ask(&agent, "/srv/data").await;
    world.turn(HOUR + 1);
    for _ in 0..100 {
        if dana.card(&world, &request).await.at("/state") == "stalled" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the timers did nothing");
}

#[tokio::test]
async fn a_claim_that_never_began_can_be_made_again() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    let first = json!({ "nonce": random_text(), "lease_s": 30 });
    assert_eq!(world.claim(&agent, &action, &first).await.at("/answer"), "proceed");
    // The same nonce gets the same answer; another one gets none.
    assert_eq!(world.claim(&agent, &action, &first).await.at("/answer"), "proceed");
    let other = json!({ "nonce": random_text() });
    world.claim(&agent, &action, &other).await.problem(409, "HS3004");
    world.turn(31);
    assert!(world.execute(&agent, &action).await);
    assert_eq!(world.count(&dana, "action.released").await, 1);
    let started = json!({ "nonce": first["nonce"] });
    let path = format!("/v1/actions/{action}/started");
    assert_eq!(world.post(&agent, &path, &started).await.status, 409);
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn a_claim_that_began_and_was_lost_is_unknown_and_never_runs_again() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    let nonce = random_text();
    assert!(world.begin_run(&agent, &action, (&nonce, json!({}))).await);
    world.turn(61);
    assert!(!world.execute(&agent, &action).await);
    assert_eq!(world.state(&agent, &action).await, "unknown");
    let card = dana.card(&world, &request).await;
    assert!(card.at("/decided/result").contains("in doubt"), "{}", card.text);
    // A report that comes late is written down and changes nothing.
    let report = json!({ "nonce": nonce, "outcome": "succeeded" });
    let path = format!("/v1/actions/{action}/report");
    assert_eq!(world.post(&agent, &path, &report).await.ok().at("/state"), "unknown");
    assert_eq!(world.count(&dana, "action.reported_late").await, 1);
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn signs_of_life_keep_a_claim() {
    let (world, _, agent) = World::peopled().await;
    let action = world.propose(&agent, &safe("/srv/a")).await.ok().at("/action/id");
    let nonce = random_text();
    assert!(world.begin_run(&agent, &action, (&nonce, json!({}))).await);
    let path = format!("/v1/actions/{action}/started");
    for _ in 0..4 {
        world.turn(50);
        let alive = json!({ "nonce": nonce });
        assert_eq!(world.post(&agent, &path, &alive).await.ok().at("/state"), "started");
    }
}

#[tokio::test]
async fn past_its_own_expiry_an_approval_is_void_and_a_denial_stands() {
    let (world, dana, agent) = World::peopled().await;
    for (decision, effective) in [("approve", "false"), ("deny", "true")] {
        let mut body = dangerous(&format!("/srv/{decision}"));
        body["expires_at"] = json!(world.now() + 60_000_000);
        let reply = world.propose(&agent, &body).await.ok();
        let (action, request) = (reply.at("/action/id"), reply.at("/action/request"));
        world.turn(61);
        assert_eq!(
            world.claim(&agent, &action, &json!({ "nonce": random_text() })).await.at("/answer"),
            "replan"
        );
        assert_eq!(world.state(&agent, &action).await, "cancelled");
        let voted = dana.decide(&world, &request, decision).await.ok();
        assert_eq!(voted.at("/effective"), effective);
        assert!(!world.execute(&agent, &action).await);
    }
    assert_eq!(world.count(&dana, "vote.void").await, 1);
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn an_approval_nobody_claimed_for_15_minutes_is_asked_again() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let card = dana.card(&world, &request).await.json;
    dana.post(&world, &votes(&request), &ballot(&card, "approve")).await.ok();
    world.turn(15 * 60 + 1);
    assert!(!world.execute(&agent, &action).await);
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await.ok();
    assert_eq!(status.at("/state"), "pending");
    let again = status.at("/request");
    assert_ne!(again, request);
    // What was signed for the first request says nothing about the second.
    let old = ballot(&card, "approve");
    dana.post(&world, &votes(&again), &old).await.problem(409, "HS3002");
    dana.decide(&world, &again, "approve").await.ok();
    assert!(world.execute(&agent, &action).await);
    assert_eq!(world.ran().len(), 1);
}

#[tokio::test]
async fn what_was_approved_is_still_approved_after_a_restart_and_time_goes_on() {
    let (mut world, dana, agent) = World::peopled().await;
    let (approved, request) = world.ask(&agent, "/srv/a").await;
    dana.decide(&world, &request, "approve").await.ok();
    let (pending, _) = world.ask(&agent, "/srv/b").await;
    world.restart().await;
    assert_eq!(world.state(&agent, &approved).await, "approved");
    assert_eq!(world.state(&agent, &pending).await, "pending");
    assert!(world.execute(&agent, &approved).await);
    assert!(!world.execute(&agent, &approved).await);
    world.turn(HOUR);
    world.restart().await;
    assert!(!world.execute(&agent, &pending).await);
    assert_eq!(world.ran().len(), 1);
}
