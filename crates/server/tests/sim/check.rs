//! What must hold in every history: the invariants of the design, over the log, the rows, and
//! what the outside world knows by itself.

use std::collections::BTreeMap;

use holdshort_core::{Event, State};
use holdshort_store::{ActionRow, Store};

use crate::history::History;
use crate::ledger::Ack;
use crate::template::WORKSPACE;
use crate::world::World;

const FINAL: [&str; 6] = ["succeeded", "failed", "unknown", "denied", "answered", "cancelled"];

/// Every action and question.
pub(crate) fn rows(world: &World) -> Vec<ActionRow> {
    let store = world.gate().store();
    let runs = store.runs(WORKSPACE, None, 100).unwrap();
    let of =
        |row: &holdshort_store::RunRow| store.actions_of(WORKSPACE, row.run.id, 10_000).unwrap();
    runs.iter().flat_map(of).collect()
}

/// I7: what has ended stays as it ended.
pub(crate) fn final_states_stay(world: &mut World) -> Result<(), String> {
    let mut select = world.onlooker.prepare_cached("SELECT id, state FROM actions").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    for (id, state) in rows.map(Result::unwrap) {
        let (id, state): (Vec<u8>, String) = (id, state);
        match world.ended.get(&id) {
            Some(before) if *before != state => {
                return Err(format!("I7: an action was {before} and is {state}"));
            }
            None if FINAL.contains(&state.as_str()) => {
                world.ended.insert(id, state);
            }
            _ => {}
        }
    }
    Ok(())
}

/// I20: what still waits for somebody.
pub(crate) fn left(world: &World) -> Vec<String> {
    let open = |row: &ActionRow| !row.action.state.is_final();
    let rows = rows(world);
    let open = rows.iter().filter(|row| open(row));
    open.map(|row| {
        let request = row.request.as_ref().map(|request| request.state);
        format!("{} {} {request:?}", row.action.id, row.action.state.name())
    })
    .collect()
}

fn events(world: &World) -> Vec<(i64, Event)> {
    let store = world.gate().store();
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = store.events_after(WORKSPACE, after, 5000).unwrap();
        let Some(last) = page.last() else { return all };
        after = last.seq;
        all.extend(page.into_iter().map(|stored| (stored.seq, stored.event)));
    }
}

/// The log in words, for whoever looks at a run that failed.
pub(crate) fn log(world: &World) -> Vec<String> {
    let line = |(seq, event): (i64, Event)| {
        let Event { at, kind, by, action, request, detail, .. } = event;
        let about = action.map(|id| id.to_string()).unwrap_or_default();
        let request = request.map(|id| id.to_string()).unwrap_or_default();
        format!("{seq} {} {kind:?} {about} {request} by {by}: {detail}", at.as_micros())
    };
    events(world).into_iter().map(line).collect()
}

/// Everything that is checked over a whole history.
pub(crate) fn history(world: &World) -> Result<(), String> {
    let events = events(world);
    gap_free(&events)?;
    once(world)?;
    durable(world, &events)?;
    let mut history = History::new(world);
    for (_, event) in &events {
        history.follow(event).map_err(|problem| format!("{problem} (at {})", event.id))?;
    }
    rows_follow_from_the_log(world, &history)?;
    history.agents_are_woken()?;
    history.unknown_outcomes_are_shown()
}

/// I5: no event is missing from the middle.
fn gap_free(events: &[(i64, Event)]) -> Result<(), String> {
    let next = |pair: &[(i64, Event)]| pair[1].0 == pair[0].0 + 1;
    match events.windows(2).find(|pair| !next(pair)) {
        Some(pair) => Err(format!("I5: a gap after {}", pair[0].0)),
        None => Ok(()),
    }
}

/// I2: nothing runs twice, and a call id is one action.
fn once(world: &World) -> Result<(), String> {
    let ledger = world.ledger.lock().unwrap();
    let mut runs: BTreeMap<&str, u32> = BTreeMap::new();
    for (action, _) in &ledger.ran {
        *runs.entry(action).or_default() += 1;
    }
    if let Some((action, times)) = runs.iter().find(|(_, times)| **times > 1) {
        return Err(format!("I2: {action} ran {times} times"));
    }
    let mut ids: BTreeMap<_, &str> = BTreeMap::new();
    for known in ledger.known.iter().filter(|known| known.call_id.is_some()) {
        let key = (known.agent, known.run_name, &known.call_id);
        let first = *ids.entry(key).or_insert(&known.action);
        if first != known.action {
            return Err(format!("I2: {first} and {} have one call id", known.action));
        }
    }
    Ok(())
}

/// I3: what was acknowledged is in the log.
fn durable(world: &World, events: &[(i64, Event)]) -> Result<(), String> {
    let ledger = world.ledger.lock().unwrap();
    for ack in &ledger.acks {
        if !events.iter().any(|(_, event)| says(ack, event)) {
            return Err(format!("I3: acknowledged and not in the log: {ack:?}"));
        }
    }
    Ok(())
}

fn says(ack: &Ack, event: &Event) -> bool {
    let kind = serde_json::to_value(event.kind).unwrap();
    let kind = kind.as_str().unwrap();
    if ack.kind == "vote" {
        let (request, person) = ack.id.split_once(' ').unwrap();
        let votes = ["request.voted", "request.decided", "vote.void", "question.answered"];
        let about = event.request.is_some_and(|id| id.to_string() == request);
        return votes.contains(&kind) && about && event.by.starts_with(person);
    }
    let about = event.action.is_some_and(|id| id.to_string() == ack.id);
    let named = ["stop", "grant"].map(|name| event.detail[name].as_str() == Some(&ack.id));
    let late = ack.kind == "action.reported" && kind == "action.reported_late";
    (kind == ack.kind || late) && (about || named.contains(&true))
}

/// I5: every row is what the log says it became.
fn rows_follow_from_the_log(world: &World, history: &History<'_>) -> Result<(), String> {
    for row in rows(world) {
        let id = row.action.id.to_string();
        let name = row.action.state.name();
        let logged = history.state_of(&id);
        if logged != Some(name) {
            return Err(format!("I5: {id} is {name} and the log says {logged:?}"));
        }
        if let State::Denied { .. } = row.action.state {
            continue;
        }
        if history.was_denied_by(&id) {
            return Err(format!("I7: a denial of {id} was acknowledged, and it is {name}"));
        }
    }
    Ok(())
}
