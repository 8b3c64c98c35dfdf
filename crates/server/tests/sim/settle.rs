//! After the faults: everybody who is left does their part, so that nothing waits for ever.

use axum::http::Method;
use holdshort_core::State;
use holdshort_store::{QueueRow, Store};
use serde_json::json;

use crate::agents::claim_with;
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
    let approved = check::rows(world);
    let approved =
        approved.into_iter().filter(|row| matches!(row.action.state, State::Approved(_)));
    for row in approved {
        let (action, agent_at) =
            (row.action.id.to_string(), usize::from(row.action.agent_name == "beta"));
        let pinned = !row.payload.effective_call().pins.raw().is_empty();
        let args: serde_json::Value =
            serde_json::from_str(row.payload.call.arguments.raw()).unwrap();
        let place = args.get("name").or(args.get("path")).and_then(serde_json::Value::as_str);
        let place = place.unwrap_or_default().to_owned();
        let nonce = world.nonce();
        let here = world.here();
        world.run(vec![Box::pin(async move {
            let agent = &here.cast.agents[agent_at];
            let claim = json!({ "nonce": nonce, "start": true });
            let pins = pinned.then_some(place);
            let reply = claim_with(&here, (&action, agent_at), claim, pins).await;
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
            let path = format!("/v1/actions/{action}/report");
            agent.post(here.router(), &path, &report).await;
        })])?;
    }
    Ok(())
}
