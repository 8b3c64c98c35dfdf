//! What ran, what did not, by whose decision, and where that is written down.

use holdshort_sdk::Client;
use holdshort_sdk::api::{ActionState, ActionStatus};
use serde_json::json;

use super::agent::{Agent, Finished};
use super::fleet::Fleet;
use super::place::Place;
use crate::output::{self, BOLD, DANGER, SAFE, Stop, say, styled};

/// Events read in one go.
const PAGE: u32 = 200;

pub(super) async fn tell(
    place: &Place,
    reader: &Client,
    agent: &Agent<'_>,
    finished: Finished,
    as_json: bool,
) -> Result<(), Stop> {
    let (terminated, standbys) = Fleet::open(&place.fleet())?.terminated()?;
    write_log(place, reader).await?;
    say("");
    match finished {
        Finished::Yes => {
            let words = format!("{terminated} instances terminated, {standbys} of them standbys.");
            say(styled(if standbys > 0 { DANGER } else { SAFE }, words));
            for status in agent.statuses() {
                let by = status.decided_by.clone().unwrap_or_else(|| "nobody yet".to_owned());
                say(format!("  {:<20} {:<10} {by}", status.tool, name(status.state)));
            }
        }
        Finished::Parked => {
            say(styled(BOLD, "Parked. It holds no process; it waits as long as it takes."));
            let dir = place.root().display();
            say(format!("Go on with: holdshort demo --resume --dir {dir}"));
            say("Add --decide approve, deny or modify to have it answered by a script.");
        }
    }
    say(format!("\nThe log of everything that happened: {}", place.log().display()));
    if as_json {
        output::json(&summary(place, agent, (terminated, standbys)))?;
    }
    Ok(())
}

fn name(state: ActionState) -> String {
    let name = serde_json::to_value(state).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn summary(
    place: &Place,
    agent: &Agent<'_>,
    (terminated, standbys): (u64, u64),
) -> serde_json::Value {
    let action = |status: &ActionStatus| {
        json!({
            "name": status.tool,
            "id": status.id,
            "risk": status.risk.level,
            "status": status.state,
            "modified": status.modified,
            "decided_by": status.decided_by,
            "decided_by_person": status.decided_by_person,
        })
    };
    json!({
        "instances_terminated": terminated,
        "standbys_terminated": standbys,
        "actions": agent.statuses().iter().map(action).collect::<Vec<_>>(),
        "log": place.log(),
        "fleet": place.fleet(),
        "outbox": place.outbox(),
        "seed": agent.seed(),
        "dir": place.root(),
    })
}

/// The gate's feed, one event a line.
async fn write_log(place: &Place, reader: &Client) -> Result<(), Stop> {
    let mut lines = String::new();
    let mut after = 0;
    loop {
        let page = reader.events(after, PAGE).await?;
        for event in &page.items {
            let line = serde_json::to_string(event).map_err(|error| Stop::failed(&error))?;
            lines.push_str(&line);
            lines.push('\n');
        }
        if page.items.is_empty() {
            break;
        }
        after = page.next_after;
    }
    std::fs::write(place.log(), lines)?;
    Ok(())
}
