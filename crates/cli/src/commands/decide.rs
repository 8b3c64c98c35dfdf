//! `holdshort approve`, `deny` and `modify`: a person at a terminal decides.

use std::io::BufRead;
use std::path::Path;

use holdshort_sdk::api::{Card, Decision, RiskLevel, Vote, VoteReply};
use holdshort_sdk::{Client, PersonKey};
use serde_json::value::RawValue;

use super::list::find;
use crate::args::Decide;
use crate::card::{self, Extent};
use crate::connect::{PERSON_TOKEN, client};
use crate::output::{Stop, ask, at_terminal, say, text};
use crate::person;

pub(crate) async fn approve(data: &Path, args: Decide) -> Result<(), Stop> {
    let client = client(data, PERSON_TOKEN).await?;
    let card = look(&client, &args).await?;
    let confirm = confirm(&card)?;
    vote(&client, &card, Decision::Approve, Said { reason: args.reason, confirm, arguments: None })
        .await
}

pub(crate) async fn deny(data: &Path, args: Decide) -> Result<(), Stop> {
    let client = client(data, PERSON_TOKEN).await?;
    let card = look(&client, &args).await?;
    let reason = match args.reason {
        Some(reason) => reason,
        None if at_terminal() => read_line("Why? The agent receives it: ")?,
        None => return Err(Stop::new(2, "a denial needs --reason")),
    };
    let said = Said { reason: Some(reason), confirm: None, arguments: None };
    vote(&client, &card, Decision::Deny, said).await
}

pub(crate) async fn modify(
    data: &Path,
    args: Decide,
    arguments: Option<String>,
    safer: Option<usize>,
) -> Result<(), Stop> {
    let client = client(data, PERSON_TOKEN).await?;
    let card = look(&client, &args).await?;
    let changed = match (arguments, safer) {
        (Some(text), _) => RawValue::from_string(text).map_err(|error| Stop::failed(&error))?,
        (None, Some(number)) => {
            let way = number.checked_sub(1).and_then(|index| card.safer.get(index));
            let way = way.ok_or_else(|| Stop::new(2, "the card has no such safer way"))?;
            way.arguments.clone()
        }
        (None, None) => {
            return Err(Stop::new(2, "say what to change")
                .hint("--arguments JSON, or --safer N for a safer way of the card"));
        }
    };
    let confirm = confirm(&card)?;
    let said = Said { reason: args.reason, confirm, arguments: Some(changed) };
    vote(&client, &card, Decision::Modify, said).await
}

/// Shows what is decided about. Without a terminal the caller must say which one they saw.
async fn look(client: &Client, args: &Decide) -> Result<Card, Stop> {
    let card = find(client, &args.request).await?;
    match &args.binding {
        Some(binding) if *binding != card.binding => {
            return Err(Stop::new(3, "the request is not the one you saw; read it again"));
        }
        None if !at_terminal() => {
            return Err(Stop::new(2, "without a terminal, say --binding")
                .hint("`holdshort show ID --json` has it"));
        }
        _ => {}
    }
    card::print(&card, Extent::Full);
    Ok(card)
}

fn confirm(card: &Card) -> Result<Option<String>, Stop> {
    if !at_terminal() {
        let message = match card.risk {
            RiskLevel::Dangerous => "a dangerous request is not approved without a terminal",
            _ => "a person proves themselves by a passphrase typed at a terminal",
        };
        return Err(Stop::new(4, message).hint("decide in the browser, or at a terminal"));
    }
    card.confirm
        .as_ref()
        .map(|confirm| read_line(&format!("{}: ", text(&confirm.prompt))))
        .transpose()
}

fn read_line(question: &str) -> Result<String, Stop> {
    ask(question);
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

struct Said {
    reason: Option<String>,
    confirm: Option<String>,
    arguments: Option<Box<RawValue>>,
}

async fn vote(client: &Client, card: &Card, decision: Decision, said: Said) -> Result<(), Stop> {
    let key = person::unlock(client).await?;
    let reply = cast(client, &key, card, decision, (said.reason, said.confirm, said.arguments));
    say(reply.await?.sentence);
    Ok(())
}

/// What goes with a decision: reason, typed fact, changed arguments.
pub(crate) type With = (Option<String>, Option<String>, Option<Box<RawValue>>);

/// Casts a signed vote on the card that was shown.
pub(crate) async fn cast(
    client: &Client,
    key: &PersonKey,
    card: &Card,
    decision: Decision,
    (reason, confirm, arguments): With,
) -> Result<VoteReply, holdshort_sdk::Error> {
    let binding = card.binding.clone();
    let (version, reply) = (card.version, None);
    let vote = Vote { decision, binding, version, reason, arguments, confirm, reply };
    let path = format!("/v1/requests/{}/votes", card.id);
    client.signed(key, (holdshort_sdk::Method::POST, &path), Some(&vote)).await
}
