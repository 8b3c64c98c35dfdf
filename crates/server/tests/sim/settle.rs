//! After the faults: everybody who is left does their part, so that nothing waits for ever.

use axum::http::Method;
use holdshort_core::State;
use holdshort_store::{QueueRow, Store};
use serde_json::json;

use crate::check;
use crate::ledger::Told;
use crate::reviewers::{ballot, see, sent};
use crate::template::WORKSPACE;
use crate::world::{Here, World};

/// One round in which everybody acts. Whether nothing is left to do.
pub(crate) fn everybody_acts(world: &mut World) -> Result<bool, String> {
    lift_everything(world)?;
    people_answer(world)?;
    agents_run(world)?;
    Ok(check::left(world).is_empty())
}

fn lift_everything(world: &mut World) -> Result<(), String> {
    let dana = world.cast.person("Dana");
    let (_, stops) = world.gate().store().stops(WORKSPACE).unwrap();
    let mut paths: Vec<String> = stops
        .iter()
        .filter(|stop| stop.until.is_none())
        .map(|stop| format!("/v1/stops/{}/lift", stop.id))
        .collect();
    let runs = world.gate().store().runs(WORKSPACE, None, 50).unwrap();
    let still = runs.iter().filter(|row| row.run.held(&holdshort_core::Stops::default()).is_some());
    paths.extend(still.map(|row| format!("/v1/runs/{}/resume", row.run.id)));
    for path in paths {
        let (here, proof) = (world.here(), world.proof());
        let task = async move {
            let body = json!({ "reason": "all is well" });
            dana.signed(here.router(), proof, (Method::POST, &path), Some(&body)).await;
        };
        world.run(vec![Box::pin(task)])?;
    }
    Ok(())
}

fn people_answer(world: &mut World) -> Result<(), String> {
    let open = world.gate().store().open_requests(WORKSPACE, None, 200).unwrap();
    for QueueRow { request, .. } in open {
        let id = request.id.to_string();
        let mut proofs: Vec<_> = (0..8).map(|_| world.proof()).collect();
        let here = world.here();
        world.run(vec![Box::pin(async move {
            answer(&here, &id, &mut proofs).await;
        })])?;
    }
    Ok(())
}

/// Everybody says yes; what nobody could let through is denied.
async fn answer(here: &Here, id: &str, proofs: &mut Vec<(i64, String)>) {
    for person in &here.cast.people {
        let Some(seen) = see(here, person, id).await else { continue };
        let done = sent(here, person, proofs.pop().unwrap(), ballot(&seen, "approve", 0)).await;
        if done.is_some_and(|state| state != "pending") {
            return;
        }
    }
    for person in &here.cast.people {
        let Some(seen) = see(here, person, id).await else { continue };
        let deny = ballot(&seen, "deny", 0);
        if sent(here, person, proofs.pop().unwrap(), deny).await.is_some() {
            return;
        }
    }
}

/// What may run is run. Executors that died stay dead: only time ends what they began.
fn agents_run(world: &mut World) -> Result<(), String> {
    // Also what was proposed and whose answer was lost: its agent asks again and learns its id.
    let waiting: Vec<(String, usize)> = check::rows(world)
        .into_iter()
        .filter(|row| matches!(row.action.state, State::Approved(_)))
        .map(|row| (row.action.id.to_string(), usize::from(row.action.agent_name == "beta")))
        .collect();
    for (action, agent_at) in waiting {
        let nonce = world.nonce();
        let here = world.here();
        world.run(vec![Box::pin(async move {
            let agent = &here.cast.agents[agent_at];
            let path = |verb: &str| format!("/v1/actions/{action}/{verb}");
            let claim = json!({ "nonce": nonce, "start": true });
            let reply = agent.post(here.router(), &path("claim"), &claim).await;
            if !reply.ok() || reply.json["answer"] != "proceed" {
                return;
            }
            here.ledger.lock().unwrap().tell(Told {
                action: action.clone(),
                agent: agent_at,
                nonce: nonce.clone(),
                args: reply.json["arguments"].to_string(),
                begun: true,
                reported: true,
                dead: false,
            });
            let report = json!({ "nonce": nonce, "outcome": "succeeded" });
            agent.post(here.router(), &path("report"), &report).await;
        })])?;
    }
    Ok(())
}
