//! `holdshort undo`: what can be taken back, and taking it back.

use std::io::BufRead;
use std::path::Path;

use holdshort_sdk::api::{self, ActionState, Code, Undoable};
use holdshort_sdk::{Client, Method, Wait};

use crate::args::Undo;
use crate::card;
use crate::connect::{LOCAL_TOKEN, PERSON_TOKEN, client};
use crate::output::{self, BOLD, DIM, RISKY, Stop, ask, at_terminal, data, say, styled, time};
use crate::person;
use crate::run::{Call, Journal, Tools, UndoLine, kept, undo_of};
use crate::undo::{self, Copies};

pub(crate) async fn run(dir: &Path, args: Undo) -> Result<(), Stop> {
    let reader = client(dir, PERSON_TOKEN).await?;
    let Some(id) = &args.action else { return list(&reader, args.json).await };
    let seen = reader.undoable(id).await?;
    if args.json && args.digest.is_none() {
        return output::json(&seen);
    }
    show(&seen);
    if let Some(why) = &seen.why_not {
        return Err(Stop::new(1, why.clone()));
    }
    let waits = [ActionState::Approved, ActionState::Claimed, ActionState::Started];
    let under_way = seen.undone.is_some_and(|state| waits.contains(&state));
    let action = match (&seen.undone_by, under_way) {
        (Some(action), true) => reader.action(action, 0, Wait::No).await?,
        _ => take_back(&reader, &args, &seen).await?,
    };
    match action.state {
        ActionState::Approved | ActionState::Claimed | ActionState::Started => {
            perform(dir, &seen, &action).await
        }
        ActionState::Denied => Err(Stop::new(5, action.risk.reason)),
        _ => {
            let label = action.label.unwrap_or_default();
            say(format!("It is asked about first: holdshort approve {label}"));
            say(format!("Then have it done: holdshort undo {}", seen.action));
            Err(Stop::new(6, "it waits for a person"))
        }
    }
}

async fn list(reader: &Client, json: bool) -> Result<(), Stop> {
    let mut cursor = None;
    let mut none = true;
    loop {
        let page = reader.undoables(cursor.as_deref(), 100).await?;
        for one in &page.items {
            if json {
                output::json(one)?;
            } else if one.why_not.is_none() {
                none = false;
                data(format!("{}  {}  {}", one.action, time(one.at), styled(BOLD, &one.sentence)));
                let days = one.until_at.saturating_sub(one.at) / 86_400_000_000;
                data(styled(DIM, format!("    {} · works for {days} days", one.undo)));
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if none && !json {
        say("Nothing can be taken back now.");
    }
    Ok(())
}

fn show(seen: &Undoable) {
    say(format!("{} did: {}", seen.agent, styled(BOLD, &seen.sentence)));
    say(format!("{}  Taking it back: {}", output::level(seen.risk), styled(BOLD, &seen.undo)));
    card::exact(&seen.exact, card::Extent::Full);
}

/// Asks the person, and proposes the action that takes it back.
async fn take_back(
    reader: &Client,
    args: &Undo,
    seen: &Undoable,
) -> Result<api::ActionStatus, Stop> {
    match &args.digest {
        Some(digest) if *digest == seen.digest => {}
        Some(_) => return Err(Stop::new(3, "the call is not the one that was seen")),
        None if at_terminal() => {
            ask("Type `undo` to have exactly this done: ");
            let mut typed = String::new();
            std::io::stdin().lock().read_line(&mut typed)?;
            if typed.trim() != "undo" {
                return Err(Stop::new(1, "nothing was done"));
            }
        }
        None => {
            return Err(Stop::new(4, "this needs a terminal, or the digest of what was seen")
                .hint(format!("add --digest {}", seen.digest)));
        }
    }
    let key = person::unlock(reader).await?;
    let body = api::TakeBack { digest: seen.digest.clone(), reason: args.reason.clone() };
    let path = format!("/v1/actions/{}/undo", seen.action);
    Ok(reader.signed(&key, (Method::POST, &path), Some(&body)).await?)
}

/// Has it done here, if it was done here.
async fn perform(dir: &Path, seen: &Undoable, action: &api::ActionStatus) -> Result<(), Stop> {
    let agent = client(dir, LOCAL_TOKEN).await?;
    let elsewhere = || {
        say(styled(
            RISKY,
            "It may be done now. The agent that did it does it, when it comes back.",
        ));
    };
    if agent.me().await?.name != seen.agent {
        elsewhere();
        return Ok(());
    }
    let plan = kept(&agent, &seen.run).await?.map(|kept| kept.plan);
    let tools = plan.as_ref().map(Tools::of);
    if action.tool != undo::TOOL && tools.is_none() {
        elsewhere();
        return Ok(());
    }
    let journal = Journal::open(dir, "undo")?;
    let nonce = journal.nonce(&action.id);
    let arguments = cleared(&agent, action, &nonce).await?;
    let call = Call { action: action.id.clone(), tool: action.tool.clone(), arguments };
    let copies = Copies::open(dir)?;
    let (worked, output, redo) = match (action.tool.as_str(), &tools) {
        (undo::TOOL, _) => match undo::restore(&copies, &call.arguments) {
            Ok((said, redo)) => {
                let tool = undo::TOOL.to_owned();
                (true, said, undo_of(&UndoLine { tool, arguments: redo }, ""))
            }
            Err(why) => (false, why, None),
        },
        (_, Some(tools)) => match tools.carry_out(&call).await {
            Ok(said) => (true, said, None),
            Err(failed) => (false, failed.to_string(), None),
        },
        (_, None) => return Ok(()),
    };
    let outcome = match worked {
        true => api::ReportedOutcome::Succeeded,
        false => api::ReportedOutcome::Failed,
    };
    let output_kept = Some(output.clone());
    let body = api::Report { nonce, outcome, output: output_kept, cost: None, undo: redo };
    agent.report(&action.id, &body).await?;
    match worked {
        true => {
            say(format!("{} {output}", styled(BOLD, "Taken back:")));
            Ok(())
        }
        false => Err(Stop::new(1, output)),
    }
}

/// Claims and begins the action; gives what was approved.
async fn cleared(
    agent: &Client,
    action: &api::ActionStatus,
    nonce: &str,
) -> Result<serde_json::Map<String, serde_json::Value>, Stop> {
    let body = api::Claim {
        nonce: nonce.to_owned(),
        start: action.tool == undo::TOOL,
        lease_s: None,
        arguments: None,
        pins: None,
        facts: Vec::new(),
    };
    let arguments = match agent.claim(&action.id, &body, Wait::No).await {
        Ok(reply) => reply.arguments.ok_or_else(|| {
            Stop::new(1, reply.because.unwrap_or_else(|| "it may not be done now".into()))
        })?,
        // It began here and was killed: putting files back is safe to do again.
        Err(error) if error.is(Code::WrongState) && action.tool == undo::TOOL => {
            agent.started(&action.id, nonce).await?;
            let status = agent.action(&action.id, 0, Wait::No).await?;
            status.effective_arguments.ok_or_else(|| Stop::new(1, "nothing is approved"))?
        }
        Err(error) => return Err(error.into()),
    };
    if !body.start {
        agent.started(&action.id, nonce).await?;
    }
    serde_json::from_str(arguments.get()).map_err(|error| Stop::failed(&error))
}
