//! What agents do: propose, claim, begin, run, report, take back, ask. Some are impatient and
//! send two executors, some die on the way.

use serde_json::{Value, json};

use crate::ledger::{Claimed, Known, Told, UNDO, undo_args};
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
pub(crate) const NAMES: [&str; 4] = ["/srv/a", "/srv/b", "/srv/c", "/srv/d"];
const RUNS: [&str; 2] = ["clean-up", "release"];

pub(crate) fn propose(world: &mut World) -> Option<Task> {
    let rng = &mut world.rng;
    let agent = usize::try_from(rng.below(2)).unwrap();
    let (tool, name) =
        TOOLS[[0, 1, 1, 1, 2, 2, 2, 3, 3, 4][usize::try_from(rng.below(10)).unwrap()]];
    let place = *rng.pick(&NAMES).unwrap();
    let args = json!({ name: place, "note": "x" });
    let pinned = matches!(tool, "rotate_keys" | "delete_file") && rng.percent(40);
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
    if pinned {
        body["pins"] = pins(world.outside.lock().unwrap().version(place));
    }
    let nonce = world.nonce();
    let (start, dead) = (world.rng.percent(50), world.rng.percent(15));
    let (works, brings) = (world.rng.percent(50), world.rng.percent(80));
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
        pinned,
    };
    let here = world.here();
    Some(Box::pin(async move {
        let action = proposed(&here, known, body, (nonce, start, dead)).await;
        if works {
            here.gate.work().await;
        }
        if let Some((action, agent)) = action.filter(|_| brings) {
            bring(&here, &action, agent).await;
        }
    }))
}

fn pins(version: u64) -> Value {
    json!({ "state": version.to_string() })
}

/// What an action's request wants read on the agent's machine is read and brought.
async fn bring(here: &Here, action: &str, agent: usize) {
    let agent = &here.cast.agents[agent];
    let status = agent.get(here.router(), &format!("/v1/actions/{action}")).await;
    if status.json["looks"].is_array() {
        let answers = here.outside.lock().unwrap().answers(&status.json["looks"]);
        let body = json!({ "request": status.json["request"], "answers": answers });
        agent.post(here.router(), &format!("/v1/actions/{action}/facts"), &body).await;
    }
}

async fn proposed(
    here: &Here,
    known: Known,
    body: Value,
    (nonce, start, dead): (String, bool, bool),
) -> Option<(String, usize)> {
    let agent = known.agent;
    let from = here.outside.lock().unwrap().now();
    let reply = here.cast.agents[agent].post(here.router(), "/v1/actions", &body).await;
    let (action, run) = (reply.text("/action/id")?, reply.text("/action/run")?);
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
        let claim = Reply { json: reply.json["claim"].clone(), ..reply };
        note(here, (&action, &nonce), (from, body.pointer("/pins/state")), &claim);
        hear(here, (action.clone(), agent), (nonce, start, dead), &claim);
    }
    Some((action, agent))
}

/// Notes a claim that was let through, and how the world outside was then.
fn note(
    here: &Here,
    (action, nonce): (&str, &str),
    (from, pin): (usize, Option<&Value>),
    reply: &Reply,
) {
    if !reply.ok() || reply.json["answer"] != "proceed" {
        return;
    }
    let to = here.outside.lock().unwrap().now();
    let mut ledger = here.ledger.lock().unwrap();
    // The same claim, answered again: what was looked at then counts.
    if !ledger.claimed.iter().any(|one| one.action == action && one.nonce == nonce) {
        let pin = pin.and_then(Value::as_str).map(str::to_owned);
        let (action, nonce) = (action.to_owned(), nonce.to_owned());
        ledger.claimed.push(Claimed { action, nonce, moments: (from, to), pin });
    }
}

/// Claims, and brings along what the gate asks for.
pub(crate) async fn claim_with(
    here: &Here,
    (action, agent): (&str, usize),
    mut body: Value,
    mut pinned: Option<String>,
) -> Reply {
    let path = format!("/v1/actions/{action}/claim");
    let agent = &here.cast.agents[agent];
    let nonce = body["nonce"].as_str().unwrap().to_owned();
    loop {
        let from = {
            let outside = here.outside.lock().unwrap();
            if let Some(place) = &pinned {
                body["pins"] = pins(outside.version(place));
            }
            outside.now()
        };
        let reply = agent.post(here.router(), &path, &body).await;
        note(here, (action, &nonce), (from, body.pointer("/pins/state")), &reply);
        // Asked twice for the same would be for ever.
        let asked = body.get("facts").is_some();
        if !reply.ok() || reply.json["answer"] != "refresh" || asked {
            return reply;
        }
        body["facts"] = here.outside.lock().unwrap().answers(&reply.json["looks"]);
        if reply.json["pins_needed"] == true && pinned.is_none() {
            let known = here.ledger.lock().unwrap().known(action).cloned();
            let Some(known) = known else { return reply };
            pinned = Some(known.place());
        }
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
    let pinned = (known.pinned && world.rng.percent(80)).then(|| known.place());
    let here = world.here();
    world.ledger.lock().unwrap().nonces.push((known.action.clone(), nonce.clone()));
    Some(Box::pin(async move {
        let reply = claim_with(&here, (&known.action, known.agent), body, pinned).await;
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
    let (worked, undo, for_s) =
        (world.rng.percent(85), world.rng.percent(60), 60 + world.rng.below(20_000));
    let known = world.ledger.lock().unwrap().known(&told.action).cloned();
    let undo = known.filter(|_| undo).map(|known| (undo_args(&known), for_s));
    let here = world.here();
    Some(Box::pin(async move {
        let path = format!("/v1/actions/{}/report", told.action);
        let outcome = if worked { "succeeded" } else { "failed" };
        let mut body = json!({ "nonce": told.nonce, "outcome": outcome });
        if let Some((args, for_s)) = undo {
            body["undo"] = json!({ "tool": UNDO, "arguments": args, "for_s": for_s });
        }
        let reply = here.cast.agents[told.agent].post(here.router(), &path, &body).await;
        if reply.ok() {
            let mut ledger = here.ledger.lock().unwrap();
            ledger.ack("action.reported", &told.action);
            let same = |one: &&mut Told| one.action == told.action && one.nonce == told.nonce;
            ledger.told.iter_mut().filter(same).for_each(|one| one.reported = true);
        }
    }))
}

/// An agent wants something of its own taken back.
pub(crate) fn propose_undo(world: &mut World) -> Option<Task> {
    let told = world.told(|told| told.reported)?;
    let here = world.here();
    Some(Box::pin(async move {
        let path = format!("/v1/actions/{}/propose-undo", told.action);
        let body = json!({ "reason": "it was wrong" });
        let reply = here.cast.agents[told.agent].post(here.router(), &path, &body).await;
        undo_proposed(&here, &told.action, &reply);
    }))
}

/// The action that takes another one back is known from now on.
pub(crate) fn undo_proposed(here: &Here, of: &str, reply: &Reply) {
    let (Some(action), Some(run)) = (reply.text("/id"), reply.text("/run")) else { return };
    let mut ledger = here.ledger.lock().unwrap();
    let Some(of) = ledger.known(of).cloned() else { return };
    if ledger.known(&action).is_none() {
        ledger.ack("action.proposed", &action);
        ledger.taken_back.push(of.action.clone());
        let (args, tool) = (undo_args(&of).to_string(), UNDO);
        let known = Known { action, run, run_name: "undo", tool, args, ..of };
        // It lives as long as the undo does, which the gate checks when it is asked for.
        let known = Known { call_id: None, expires_at: None, declared: false, ..known };
        ledger.known.push(Known { pinned: false, ..known });
    }
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
