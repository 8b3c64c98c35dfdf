//! What agents do: propose, claim, begin, run, report, take back, ask. Some are impatient and
//! send two executors, some die on the way.

use serde_json::{Value, json};

use crate::ledger::{Known, Told};
use crate::people::Reply;
use crate::world::{Here, Task, World};

/// Tools, and an argument each takes.
const TOOLS: [(&str, &str); 5] = [
    ("read_file", "path"),
    ("create_issue", "title"),
    ("delete_file", "path"),
    ("rotate_keys", "name"),
    ("purge_cache", "name"),
];
const NAMES: [&str; 4] = ["/srv/a", "/srv/b", "/srv/c", "/srv/d"];
const RUNS: [&str; 2] = ["clean-up", "release"];

pub(crate) fn propose(world: &mut World) -> Option<Task> {
    let rng = &mut world.rng;
    let agent = usize::try_from(rng.below(2)).unwrap();
    let (tool, name) =
        TOOLS[[0, 1, 1, 1, 2, 2, 2, 3, 3, 4][usize::try_from(rng.below(10)).unwrap()]];
    let args = json!({ name: rng.pick(&NAMES), "note": "x" });
    let run = RUNS[usize::try_from(rng.below(2)).unwrap()];
    let call_id = rng.percent(30).then(|| format!("c{}", rng.below(5)));
    let expires = rng.percent(20).then(|| 20 + rng.below(3000));
    let declared = tool == "create_issue" && rng.percent(20);
    let expires_at = expires.map(|secs| world.now() + i64::try_from(secs).unwrap() * 1_000_000);
    let mut body = json!({
        "tool": tool, "arguments": args, "run": run, "reason": "it is old",
    });
    let more = [
        ("call_id", json!(call_id)),
        ("expires_at", json!(expires_at)),
        ("declared_risk", if declared { json!("dangerous") } else { Value::Null }),
    ];
    for (name, value) in more.into_iter().filter(|(_, value)| !value.is_null()) {
        body[name] = value;
    }
    let nonce = world.nonce();
    let (start, dead) = (world.rng.percent(50), world.rng.percent(15));
    if world.rng.percent(30) {
        body["claim"] = json!({ "nonce": nonce, "start": start, "lease_s": 60 });
    }
    let known = Known {
        action: String::new(),
        agent,
        run: String::new(),
        run_name: run,
        tool,
        args: args.to_string(),
        call_id,
        expires_at,
        declared,
    };
    let here = world.here();
    Some(Box::pin(proposed(here, known, body, (nonce, start, dead))))
}

async fn proposed(
    here: Here,
    known: Known,
    body: Value,
    (nonce, start, dead): (String, bool, bool),
) {
    let agent = known.agent;
    let reply = here.cast.agents[agent].post(here.router(), "/v1/actions", &body).await;
    let (Some(action), Some(run)) = (reply.text("/action/id"), reply.text("/action/run")) else {
        return;
    };
    let mut ledger = here.ledger.lock().unwrap();
    if ledger.known(&action).is_none() {
        ledger.ack("action.proposed", &action);
        // Of a call that was known before, what was said then counts.
        let new = reply.json["reattached"] == false;
        let (expires_at, declared) = (known.expires_at.filter(|_| new), known.declared && new);
        ledger.known.push(Known { action: action.clone(), run, expires_at, declared, ..known });
    }
    drop(ledger);
    if reply.json.get("claim").is_some() {
        let claim = reply.json["claim"].clone();
        hear(&here, (action, agent), (nonce, start, dead), &Reply { json: claim, ..reply });
    }
}

/// An executor hears what to do.
fn hear(
    here: &Here,
    (action, agent): (String, usize),
    (nonce, begun, dead): (String, bool, bool),
    reply: &Reply,
) {
    if reply.ok() && reply.json["answer"] == "proceed" {
        let args = reply.json["arguments"].to_string();
        let mut ledger = here.ledger.lock().unwrap();
        ledger.tell(Told { action, agent, nonce, args, begun, reported: false, dead });
    }
}

/// A claim by one executor, or by two that know nothing of each other.
pub(crate) fn claim(world: &mut World) -> Option<Task> {
    let known = world.known()?;
    let used: Vec<String> = {
        let ledger = world.ledger.lock().unwrap();
        let of = ledger.nonces.iter().filter(|(action, _)| *action == known.action);
        of.map(|(_, nonce)| nonce.clone()).collect()
    };
    // The same executor asks again, when it did not hear an answer.
    let nonce = match world.rng.pick(&used).cloned() {
        Some(nonce) if world.rng.percent(40) => nonce,
        _ => world.nonce(),
    };
    let (start, dead) = (world.rng.percent(50), world.rng.percent(15));
    let lease = 10 + world.rng.below(110);
    let body = json!({ "nonce": nonce, "start": start, "lease_s": lease });
    let here = world.here();
    world.ledger.lock().unwrap().nonces.push((known.action.clone(), nonce.clone()));
    Some(Box::pin(async move {
        let path = format!("/v1/actions/{}/claim", known.action);
        let agent = &here.cast.agents[known.agent];
        let reply = agent.post(here.router(), &path, &body).await;
        hear(&here, (known.action, known.agent), (nonce, start, dead), &reply);
    }))
}

pub(crate) fn start(world: &mut World) -> Option<Task> {
    let told = world.told(|told| !told.begun)?;
    let here = world.here();
    Some(Box::pin(async move {
        let path = format!("/v1/actions/{}/started", told.action);
        let body = json!({ "nonce": told.nonce });
        let reply = here.cast.agents[told.agent].post(here.router(), &path, &body).await;
        if reply.ok() {
            here.ledger.lock().unwrap().begin(&told.action, &told.nonce);
        }
    }))
}

pub(crate) fn report(world: &mut World) -> Option<Task> {
    let told = world.told(|told| told.begun && !told.reported && !told.dead)?;
    let worked = world.rng.percent(85);
    let here = world.here();
    Some(Box::pin(async move {
        let path = format!("/v1/actions/{}/report", told.action);
        let outcome = if worked { "succeeded" } else { "failed" };
        let body = json!({ "nonce": told.nonce, "outcome": outcome });
        let reply = here.cast.agents[told.agent].post(here.router(), &path, &body).await;
        if reply.ok() {
            let mut ledger = here.ledger.lock().unwrap();
            ledger.ack("action.reported", &told.action);
            let same = |one: &&mut Told| one.action == told.action && one.nonce == told.nonce;
            ledger.told.iter_mut().filter(same).for_each(|one| one.reported = true);
        }
    }))
}

pub(crate) fn cancel(world: &mut World) -> Option<Task> {
    let known = world.known()?;
    let here = world.here();
    Some(Box::pin(async move {
        let path = format!("/v1/actions/{}/cancel", known.action);
        let body = json!({ "reason": "never mind" });
        let reply = here.cast.agents[known.agent].post(here.router(), &path, &body).await;
        if reply.ok() && reply.json["state"] == "cancelled" {
            here.ledger.lock().unwrap().ack("action.cancelled", &known.action);
        }
    }))
}

pub(crate) fn ask(world: &mut World) -> Option<Task> {
    let known = world.known()?;
    let kind = *world.rng.pick(&["checkpoint", "stuck", "question"])?;
    let here = world.here();
    Some(Box::pin(async move {
        let path = format!("/v1/runs/{}/questions", known.run);
        let body = json!({ "kind": kind, "text": "planning" });
        let reply = here.cast.agents[known.agent].post(here.router(), &path, &body).await;
        if let Some(id) = reply.text("/id").filter(|_| reply.ok()) {
            here.ledger.lock().unwrap().ack("request.opened", id);
        }
    }))
}
