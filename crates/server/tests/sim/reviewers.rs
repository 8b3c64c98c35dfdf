//! What people do: read, vote (late, twice, on the wrong page), change, answer, stop, grant.

use axum::http::Method;
use serde_json::{Value, json};

use crate::agents::undo_proposed;
use crate::ledger::{Cast, Granted, Seen};
use crate::outside;
use crate::people::{AGENTS, PEOPLE, Person};
use crate::world::{Here, Task, World};

fn anybody(world: &mut World) -> &'static Person {
    let name = world.rng.pick(&PEOPLE).copied().unwrap();
    world.cast.person(name)
}

/// Somebody reads one request of the queue.
pub(crate) fn read(world: &mut World) -> Option<Task> {
    let person = anybody(world);
    let which = world.rng.next();
    let here = world.here();
    Some(Box::pin(async move {
        let queue = person.get(here.router(), "/v1/requests?limit=50").await;
        let items = queue.json["items"].as_array().cloned().unwrap_or_default();
        if items.is_empty() {
            return;
        }
        let at = usize::try_from(which).unwrap_or(0) % items.len();
        let id = items[at]["id"].as_str().unwrap().to_owned();
        see(&here, person, &id).await;
    }))
}

/// Reads a card.
pub(crate) async fn see(here: &Here, person: &'static Person, id: &str) -> Option<Seen> {
    let card = person.get(here.router(), &format!("/v1/requests/{id}")).await;
    let seen = Seen {
        person: person.name,
        request: id.to_owned(),
        action: card.text("/action")?,
        kind: card.text("/kind")?,
        replies: card.json["replies"]
            .as_array()
            .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        binding: card.text("/binding")?,
        version: card.json["version"].as_u64()?,
        args: card.json["arguments"].to_string(),
        confirm: card.text("/confirm/expected"),
        fact: outside::on_card(&card.json),
        pin: outside::pin_on_card(&card.json),
    };
    here.ledger.lock().unwrap().seen.push(seen.clone());
    Some(seen)
}

/// The body of an answer by someone who read this.
pub(crate) fn ballot(seen: &Seen, decision: &'static str, pick: u64) -> (Value, Cast) {
    let mut args = seen.args.clone();
    let mut body = json!({ "binding": seen.binding, "version": seen.version });
    let mut decision = decision;
    if seen.kind != "action" {
        decision = "answer";
        let at = usize::try_from(pick).unwrap_or(0) % seen.replies.len().max(1);
        body["reply"] = json!(seen.replies.get(at));
        body["reason"] = json!("like this");
    }
    match decision {
        "deny" => body["reason"] = json!("no"),
        "modify" => {
            let mut changed: Value = serde_json::from_str(&seen.args).unwrap();
            changed["note"] = json!(format!("y{}", pick % 3));
            args = changed.to_string();
            body["arguments"] = changed;
        }
        _ => {}
    }
    if let Some(confirm) = &seen.confirm {
        body["confirm"] = json!(confirm);
    }
    body["decision"] = json!(decision);
    let request = seen.request.clone();
    let (fact, pin) = (seen.fact.clone(), seen.pin.clone());
    (body, Cast { person: seen.person, request, decision, args, counts: None, fact, pin })
}

/// Votes on what was read, some time ago perhaps; a double click sends it twice.
pub(crate) fn vote(world: &mut World) -> Vec<Task> {
    let seen = world.ledger.lock().unwrap().seen.clone();
    // The last ones more often than those that are long gone.
    let late = seen.len().saturating_sub(8);
    let from = if world.rng.percent(75) { &seen[late..] } else { &seen[..] };
    let Some(seen) = world.rng.pick(from).cloned() else { return Vec::new() };
    let decision = match world.rng.below(10) {
        0..6 => "approve",
        6..8 => "deny",
        _ => "modify",
    };
    let (body, cast) = ballot(&seen, decision, world.rng.next());
    let clicks = if world.rng.percent(20) { 2 } else { 1 };
    (0..clicks).map(|_| send(world, seen.person, (body.clone(), cast.clone()))).collect()
}

fn send(world: &mut World, name: &str, (body, cast): (Value, Cast)) -> Task {
    let (person, proof) = (world.cast.person(name), world.proof());
    let here = world.here();
    Box::pin(async move {
        sent(&here, person, proof, (body, cast)).await;
    })
}

/// Sends a vote and keeps what came of it; where the action stands then, when it was taken.
pub(crate) async fn sent(
    here: &Here,
    person: &Person,
    proof: (i64, String),
    (body, cast): (Value, Cast),
) -> Option<String> {
    let at = {
        let mut ledger = here.ledger.lock().unwrap();
        ledger.votes.push(cast.clone());
        ledger.votes.len() - 1
    };
    let path = format!("/v1/requests/{}/votes", cast.request);
    let reply = person.signed(here.router(), proof, (Method::POST, &path), Some(&body)).await;
    if reply.ok() {
        let mut ledger = here.ledger.lock().unwrap();
        ledger.votes[at].counts = reply.json["effective"].as_bool();
        ledger.ack("vote", format!("{} {}", cast.request, cast.person));
    }
    reply.text("/action_state").filter(|_| reply.ok())
}

/// What somebody agreed to is sent to another request.
pub(crate) fn misdirect(world: &mut World) -> Option<Task> {
    let seen = world.ledger.lock().unwrap().seen.clone();
    let actions: Vec<_> = seen.iter().filter(|seen| seen.kind == "action").cloned().collect();
    let (mine, other) = (world.rng.pick(&actions)?.clone(), world.rng.pick(&actions)?.clone());
    if mine.request == other.request {
        return None;
    }
    let (mut body, _) = ballot(&mine, "approve", 0);
    body["version"] = json!(other.version);
    body["confirm"] = json!(other.confirm);
    if other.confirm.is_none() {
        body.as_object_mut().unwrap().remove("confirm");
    }
    let (person, proof) = (world.cast.person(mine.person), world.proof());
    let here = world.here();
    Some(Box::pin(async move {
        let path = format!("/v1/requests/{}/votes", other.request);
        person.signed(here.router(), proof, (Method::POST, &path), Some(&body)).await;
    }))
}

/// Something a person proves and does, and what is in the log when it is done.
fn act(
    world: &mut World,
    person: &'static Person,
    (method, path, body): (Method, String, Option<Value>),
    done: impl FnOnce(&Here, &crate::people::Reply) + Send + 'static,
) -> Task {
    let (proof, here) = (world.proof(), world.here());
    Box::pin(async move {
        let reply = person.signed(here.router(), proof, (method, &path), body.as_ref()).await;
        if reply.ok() {
            done(&here, &reply);
        }
    })
}

pub(crate) fn stop(world: &mut World) -> Option<Task> {
    let person = anybody(world);
    let run = world.known().map(|known| known.run);
    let (agent, owner) = AGENTS[usize::try_from(world.rng.below(2)).unwrap()];
    let body = match (world.rng.below(4), run) {
        (0, _) => json!({ "scope": "everything", "reason": "halt" }),
        (1, _) => json!({ "scope": "agent", "of": agent, "reason": "halt" }),
        (2, _) => json!({ "scope": "owner", "of": owner, "reason": "halt" }),
        (_, run) => json!({ "scope": "run", "of": run?, "reason": "halt" }),
    };
    Some(act(world, person, (Method::POST, "/v1/stops".into(), Some(body)), |here, reply| {
        let id = reply.text("/stop/id").unwrap();
        let mut ledger = here.ledger.lock().unwrap();
        ledger.ack("stop.made", &id);
        ledger.stops.push(id);
    }))
}

/// Somebody has something taken back.
pub(crate) fn undo(world: &mut World) -> Option<Task> {
    let person = anybody(world);
    // Often one that was asked for before.
    let before = world.ledger.lock().unwrap().taken_back.clone();
    let before = if world.rng.percent(50) { world.rng.pick(&before).cloned() } else { None };
    let of = match before {
        Some(action) => action,
        None => world.told(|told| told.reported)?.action,
    };
    let (proof, here) = (world.proof(), world.here());
    Some(Box::pin(async move {
        let path = format!("/v1/actions/{of}/undo");
        let seen = person.get(here.router(), &path).await;
        let Some(digest) = seen.text("/digest") else { return };
        let body = json!({ "digest": digest, "reason": "not wanted" });
        let reply = person.signed(here.router(), proof, (Method::POST, &path), Some(&body)).await;
        if reply.ok() {
            undo_proposed(&here, &of, &reply);
        }
    }))
}

pub(crate) fn lift(world: &mut World) -> Option<Task> {
    let stops = world.ledger.lock().unwrap().stops.clone();
    let id = world.rng.pick(&stops)?.clone();
    let person = anybody(world);
    let body = json!({ "reason": "looked at" });
    let path = format!("/v1/stops/{id}/lift");
    Some(act(world, person, (Method::POST, path, Some(body)), move |here, _| {
        here.ledger.lock().unwrap().ack("stop.lifted", id);
    }))
}

pub(crate) fn stop_action(world: &mut World) -> Option<Task> {
    let (known, person) = (world.known()?, anybody(world));
    let path = format!("/v1/actions/{}/stop", known.action);
    let body = json!({ "reason": "halt" });
    Some(act(world, person, (Method::POST, path, Some(body)), move |here, reply| {
        if reply.json["state"] == "denied" {
            here.ledger.lock().unwrap().ack("action.denied", known.action);
        }
    }))
}

pub(crate) fn steer(world: &mut World) -> Option<Task> {
    let (known, person) = (world.known()?, anybody(world));
    let verb = *world.rng.pick(&["pause", "resume", "resume", "stop", "redirect"])?;
    let path = format!("/v1/runs/{}/{verb}", known.run);
    let body = match verb {
        "redirect" => json!({ "instructions": "only the first" }),
        _ => json!({ "reason": "so" }),
    };
    Some(act(world, person, (Method::POST, path, Some(body)), |_, _| {}))
}

/// Somebody says how the agent of a run is woken, or that it is not.
pub(crate) fn set_wake(world: &mut World) -> Option<Task> {
    let (known, person) = (world.known()?, anybody(world));
    let path = format!("/v1/runs/{}/wake", known.run);
    let body = match world.rng.percent(80) {
        true => json!({ "webhook": "http://agents.invalid/wake" }),
        false => json!({}),
    };
    Some(act(world, person, (Method::PUT, path, Some(body)), |_, _| {}))
}

pub(crate) fn lift_denial(world: &mut World) -> Option<Task> {
    let (known, person) = (world.known()?, anybody(world));
    let path = format!("/v1/runs/{}/denials/{}/lift", known.run, known.action);
    let body = json!({ "reason": "ask again" });
    Some(act(world, person, (Method::POST, path, Some(body)), |_, _| {}))
}

pub(crate) fn hand_over(world: &mut World) -> Option<Task> {
    let seen = world.ledger.lock().unwrap().seen.clone();
    let seen = world.rng.pick(&seen)?.clone();
    let to = *world.rng.pick(&PEOPLE)?;
    let person = world.cast.person(seen.person);
    let path = format!("/v1/requests/{}/handover", seen.request);
    let body = json!({ "to": format!("user:{to}") });
    Some(act(world, person, (Method::POST, path, Some(body)), |_, _| {}))
}

pub(crate) fn grant(world: &mut World) -> Option<Task> {
    let seen: Vec<Seen> = {
        let ledger = world.ledger.lock().unwrap();
        let issue = |seen: &&Seen| {
            ledger.known(&seen.action).is_some_and(|known| known.tool == "create_issue")
        };
        ledger.seen.iter().filter(issue).cloned().collect()
    };
    let seen = world.rng.pick(&seen)?.clone();
    let any_title = world.rng.percent(30);
    let uses = world.rng.percent(70).then(|| 1 + world.rng.below(2));
    let for_s = 60 + world.rng.below(4000);
    let free: &[&str] = if any_title { &["title"] } else { &[] };
    let mut body = json!({
        "request": seen.request, "binding": seen.binding, "free": free, "for_s": for_s,
        "this_run": world.rng.percent(50),
    });
    if let Some(uses) = uses {
        body["uses"] = json!(uses);
    }
    let person = world.cast.person(seen.person);
    Some(act(world, person, (Method::POST, "/v1/grants".into(), Some(body)), move |here, reply| {
        let id = reply.text("/grant/id").unwrap();
        let expires_at = reply.json["grant"]["expires_at"].as_i64().unwrap();
        let mut ledger = here.ledger.lock().unwrap();
        ledger.ack("grant.made", &id);
        ledger.grants.push(Granted { id, args: seen.args, any_title, uses, expires_at });
    }))
}

pub(crate) fn revoke(world: &mut World) -> Option<Task> {
    let grants = world.ledger.lock().unwrap().grants.clone();
    let id = world.rng.pick(&grants)?.id.clone();
    let person = anybody(world);
    let path = format!("/v1/grants/{id}/revoke");
    Some(act(world, person, (Method::POST, path, None), move |here, _| {
        here.ledger.lock().unwrap().ack("grant.revoked", id);
    }))
}

/// Somebody joins or leaves a group; seldom, somebody leaves for good.
pub(crate) fn directory(world: &mut World) -> Option<Task> {
    let dana = world.cast.person("Dana");
    let name = *world.rng.pick(&["Ana", "Ben", "Cleo"])?;
    let id = world.cast.person(name).id.clone();
    let what = match world.rng.below(12) {
        0..6 => (Method::DELETE, format!("/v1/groups/sre/members/{name}"), None),
        6..11 => {
            let body = json!({ "person": name });
            (Method::POST, "/v1/groups/sre/members".to_owned(), Some(body))
        }
        _ => (Method::POST, format!("/v1/people/{id}/disable"), None),
    };
    Some(act(world, dana, what, |_, _| {}))
}
