//! One approval, one run. The three failures of the nearest product, and races.

use futures_util::future::join_all;
use serde_json::json;

use crate::access::rows;
use crate::person::{ballot, votes};
use crate::world::{World, dangerous, safe};

/// First failure: the status of an approved call is asked again, by the same session or another
/// one, and each answer runs it.
#[tokio::test]
async fn approved_once_and_asked_about_often_it_runs_once() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    let twin = world.agent("nightshift").await;
    let stranger = world.agent("stranger").await;
    let path = format!("/v1/actions/{action}");
    for who in [&agent, &twin, &agent] {
        assert_eq!(world.get(who, &path).await.ok().at("/state"), "approved");
        assert_eq!(world.propose(who, &dangerous("/srv/data")).await.ok().at("/action/id"), action);
    }
    world.get(&stranger, &path).await.problem(404, "HS3001");
    assert!(!world.execute(&stranger, &action).await);
    for (at, who) in [&agent, &twin, &agent, &twin].into_iter().enumerate() {
        assert_eq!(world.execute(who, &action).await, at == 0);
        assert_eq!(world.get(who, &path).await.ok().at("/state"), "succeeded");
    }
    assert_eq!(world.ran().len(), 1);
    assert_eq!(world.count(&dana, "action.claimed").await, 1);
}

/// Second failure: the client is gone, the approval comes late, and something runs with nobody
/// there, or the client comes back and the person is asked a second time.
#[tokio::test]
async fn approved_with_nobody_there_it_waits_and_a_repeat_takes_it_up() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let path = format!("/v1/actions/{action}/claim");
    let body = json!({ "nonce": "n".repeat(20), "start": true }).to_string();
    let claim = world.request(reqwest::Method::POST, &path).bearer_auth(&agent.token);
    let claim = claim.header("prefer", "wait=50").header("content-type", "application/json");
    let hanging = tokio::spawn(claim.body(body).send());
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    hanging.abort();
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    world.turn(30 * 60);
    let voted = dana.decide(&world, &request, "approve").await.ok();
    assert_eq!(voted.at("/action_state"), "approved", "nobody waits, so nobody got it");
    assert!(world.ran().is_empty());
    let again = world.propose(&agent, &dangerous("/srv/data")).await;
    assert_eq!((again.status, again.at("/action/id")), (200, action.clone()));
    assert_eq!(world.count(&dana, "request.opened").await, 1);
    assert!(world.execute(&agent, &action).await);
    assert_eq!(world.ran().len(), 1);
}

/// Third failure: with a few agents at once calls fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_64_agents_at_once_no_call_is_refused() {
    let (world, dana, _) = World::peopled().await;
    let mut agents = Vec::new();
    for at in 0..64 {
        agents.push(world.agent(&format!("agent-{at}")).await);
    }
    let world = &world;
    let work = agents.iter().enumerate().map(|(at, agent)| async move {
        for step in 0..3 {
            let path = format!("/srv/{at}/{step}");
            let reply = world.propose(agent, &safe(&path)).await.ok();
            assert!(world.execute(agent, &reply.at("/action/id")).await);
        }
        world.ask(agent, &format!("/srv/{at}")).await
    });
    let asked = join_all(work).await;
    assert_eq!(world.ran().len(), 64 * 3);
    let dana = &dana;
    let decided = asked.iter().map(|(_, request)| dana.decide(world, request, "approve"));
    for reply in join_all(decided).await {
        reply.ok();
    }
    let runs = agents.iter().zip(&asked).map(|(agent, (action, _))| world.execute(agent, action));
    assert!(join_all(runs).await.into_iter().all(|ran| ran));
    assert_eq!(world.ran().len(), 64 * 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_racers_exactly_one_runs_it() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    let world = &world;
    let racers = (0..64).map(|_| world.execute(&agent, &action));
    let won = join_all(racers).await.into_iter().filter(|won| *won).count();
    assert_eq!((won, world.ran().len()), (1, 1));
    assert_eq!(world.count(&dana, "action.claimed").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_executors_that_wait_exactly_one_is_handed_the_claim() {
    let (world, dana, agent) = World::peopled().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let path = format!("/v1/actions/{action}/claim");
    let waiting = (0..8).map(|at| {
        let body = json!({ "nonce": format!("executor-number-{at}"), "start": true });
        let claim = world.request(reqwest::Method::POST, &path).bearer_auth(&agent.token);
        let claim = claim.header("prefer", "wait=20").header("content-type", "application/json");
        world.send(claim.body(body.to_string()))
    });
    let deciding = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        dana.decide(&world, &request, "approve").await.ok()
    };
    let (replies, _) = tokio::join!(join_all(waiting), deciding);
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1, "{replies:?}");
    assert_eq!(won[0].at("/answer"), "proceed");
    lost.iter().for_each(|reply| reply.problem(409, "HS3004"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clicks_at_once_are_one_decision() {
    let (world, dana, agent) = World::peopled().await;
    let ana = dana.invite(&world, "Ana", Some("personal")).await;
    for (first, second) in [("approve", "approve"), ("deny", "deny"), ("approve", "deny")] {
        let (action, request) = world.ask(&agent, &format!("/srv/{first}/{second}")).await;
        let card = dana.card(&world, &request).await.json;
        let (path, before) = (votes(&request), world.count(&dana, "request.decided").await);
        let (one, two) = (ballot(&card, first), ballot(&card, second));
        let clicks = tokio::join!(
            dana.post(&world, &path, &one),
            ana.post(&world, &path, &two),
            dana.post(&world, &path, &one),
        );
        let replies = [clicks.0, clicks.1, clicks.2];
        let took = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(took, 1, "{replies:?}");
        for lost in replies.iter().filter(|reply| reply.status != 200) {
            lost.problem(409, "HS3003");
            assert_eq!(lost.at("/current/id"), request);
        }
        assert_eq!(world.count(&dana, "request.decided").await, before + 1);
        assert_eq!(dana.card(&world, &request).await.json["votes"].as_array().unwrap().len(), 1);
        world.execute(&agent, &action).await;
    }
    assert!(world.ran().len() <= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_proposal_64_times_at_once_is_asked_once() {
    let (world, dana, agent) = World::peopled().await;
    let world = &world;
    let agent = &agent;
    let replies = join_all((0..64).map(|_| world.ask(agent, "/srv/data"))).await;
    assert!(replies.iter().all(|reply| *reply == replies[0]));
    assert_eq!(world.count(&dana, "request.opened").await, 1);
}

#[tokio::test]
async fn a_vote_that_is_refused_leaves_no_trace() {
    let (world, dana, agent) = World::peopled().await;
    let (_, request) = world.ask(&agent, "/srv/data").await;
    let card = dana.card(&world, &request).await.json;
    let before = rows(&world);
    for (field, value, code) in [
        ("version", json!(99), "HS3002"),
        ("binding", json!("0".repeat(64)), "HS3002"),
        ("binding", json!("nothing"), "HS3002"),
        ("confirm", json!("something else"), "HS3007"),
    ] {
        let mut body = ballot(&card, "approve");
        body[field] = value;
        let reply = dana.post(&world, &votes(&request), &body).await;
        assert_eq!(reply.code(), code, "{field}: {}", reply.text);
    }
    assert_eq!(rows(&world), before);
}
