//! `holdshort answer`, `stop`, `run` and `grants`: what a person says to runs and agents.

use std::io::BufRead;
use std::path::Path;

use holdshort_sdk::api::{
    self, Because, Grant, GrantScope, LiftStop, MakeGrant, MakeStop, StopScope, Stopped, Vote,
    VoteReply,
};
use holdshort_sdk::{Client, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::list::find;
use crate::args::{Grants, Reply, Runs, Stop as StopArgs, Why};
use crate::card::{self, Extent};
use crate::connect::{PERSON_TOKEN, client};
use crate::output::{self, DIM, RISKY, Stop, ask, data, say, styled, text, time};
use crate::person;

/// Sends something that the person at this terminal signs.
async fn post<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    body: &(impl Serialize + Sync),
) -> Result<T, Stop> {
    let key = person::unlock(client).await?;
    Ok(client.signed(&key, (Method::POST, path), Some(body)).await?)
}

pub(crate) async fn answer(
    dir: &Path,
    (request, reply): (String, Reply),
    reason: Option<String>,
) -> Result<(), Stop> {
    let client = client(dir, PERSON_TOKEN).await?;
    let found = find(&client, &request).await?;
    card::print(&found, Extent::Full);
    let vote = Vote {
        decision: api::Decision::Answer,
        binding: found.binding.clone(),
        version: found.version,
        reason,
        arguments: None,
        confirm: None,
        reply: Some(match reply {
            Reply::Continue => api::Reply::Continue,
            Reply::Pause => api::Reply::Pause,
            Reply::Stop => api::Reply::Stop,
            Reply::Redirect => api::Reply::Redirect,
            Reply::Happened => api::Reply::Happened,
            Reply::DidNotHappen => api::Reply::DidNotHappen,
            Reply::Text => api::Reply::Text,
            Reply::Reconsider => api::Reply::Reconsider,
        }),
    };
    let told: VoteReply = post(&client, &format!("/v1/requests/{}/votes", found.id), &vote).await?;
    say(told.sentence);
    Ok(())
}

pub(crate) async fn stop(dir: &Path, stop: StopArgs) -> Result<(), Stop> {
    let client = client(dir, PERSON_TOKEN).await?;
    match stop {
        StopArgs::Everything(why) => make(&client, (StopScope::Everything, None), why).await,
        StopArgs::Agent { name, why } => make(&client, (StopScope::Agent, Some(name)), why).await,
        StopArgs::Owner { name, why } => make(&client, (StopScope::Owner, Some(name)), why).await,
        StopArgs::Action { id, why } => {
            let path = format!("/v1/actions/{id}/stop");
            let told: api::ActionStatus = post(&client, &path, &because(why)).await?;
            say(format!("It does not begin any more: {}", told.risk.sentence));
            Ok(())
        }
        StopArgs::List { json } => {
            let stops = client.stops().await?;
            if json {
                return output::json(&stops);
            }
            if stops.items.is_empty() {
                say("Nothing is stopped.");
            }
            for stop in &stops.items {
                let until = stop.until_at.map(|at| format!(", lifted {}", time(at)));
                let about = format!("since {}{}", time(stop.since_at), until.unwrap_or_default());
                data(format!("{}  {}  {about}  {}", stop.id, words(stop), styled(DIM, &stop.by)));
            }
            still_running(&stops.still_running);
            Ok(())
        }
        StopArgs::Lift { id, why } => {
            let reason = why.reason.ok_or_else(|| Stop::new(2, "say why with --reason"))?;
            let path = format!("/v1/stops/{id}/lift");
            let stop: api::Stop = post(&client, &path, &LiftStop { reason }).await?;
            say(format!("Lifted: {}. Deadlines got their time back.", words(&stop)));
            Ok(())
        }
    }
}

async fn make(
    client: &Client,
    (scope, of): (StopScope, Option<String>),
    why: Why,
) -> Result<(), Stop> {
    let body = MakeStop { scope, of, reason: why.reason };
    let made: Stopped = post(client, "/v1/stops", &body).await?;
    say(format!("Stopped: {}. Nothing begins from now on.", words(&made.stop)));
    still_running(&made.still_running);
    say(format!("`holdshort stop lift {}` lets it go on.", made.stop.id));
    Ok(())
}

fn words(stop: &api::Stop) -> String {
    let of = stop.of.clone().unwrap_or_default();
    match stop.scope {
        StopScope::Everything => "everything".to_owned(),
        StopScope::Owner => format!("all agents of {of}"),
        StopScope::Agent => format!("agent {of}"),
        StopScope::Run => format!("run {of}"),
    }
}

fn still_running(rows: &[api::StillRuns]) {
    if !rows.is_empty() {
        say(styled(RISKY, "This began before and may still run; it cannot be taken back here:"));
    }
    for row in rows {
        let began = if row.started { "running" } else { "claimed; it does not begin any more" };
        data(format!("  {}  {}  {began}  {}", row.action, row.agent, row.sentence));
    }
}

fn because(why: Why) -> Because {
    Because { reason: why.reason }
}

pub(crate) async fn runs(dir: &Path, run: Runs) -> Result<(), Stop> {
    let client = client(dir, PERSON_TOKEN).await?;
    let path = |id: &str, verb: &str| format!("/v1/runs/{id}/{verb}");
    let shown: api::Run = match run {
        Runs::Show { id } => client.run(&id).await?,
        Runs::Pause { id } => post(&client, &path(&id, "pause"), &Because::default()).await?,
        Runs::Resume { id, why } => post(&client, &path(&id, "resume"), &because(why)).await?,
        Runs::Stop { id, why } => post(&client, &path(&id, "stop"), &because(why)).await?,
        Runs::Redirect { id, instructions } => {
            post(&client, &path(&id, "redirect"), &api::Redirect { instructions }).await?
        }
        Runs::Wake { id, webhook, command } => {
            let key = person::unlock(&client).await?;
            let body = api::SetWake { webhook, command };
            let path = path(&id, "wake");
            let set: api::WakeSet = client.signed(&key, (Method::PUT, &path), Some(&body)).await?;
            if let Some(secret) = &set.secret {
                data(format!("Webhooks are signed with {secret}"));
                say("It is shown here and never again.");
            }
            set.run
        }
    };
    let state = serde_json::to_value(shown.state).unwrap_or_default();
    data(format!("{}  {}  {}", shown.id, shown.agent, state.as_str().unwrap_or_default()));
    if let Some(held) = &shown.held {
        data(format!("  {}", styled(RISKY, held)));
    }
    if let Some(wake) = &shown.wake {
        let failed = wake.failed.as_ref().map(|why| format!("; the last try failed: {why}"));
        data(format!("  woken by {} ({}){}", wake.how, wake.by, failed.unwrap_or_default()));
    }
    let spent = match shown.spent.is_empty() {
        true => "cost not known".to_owned(),
        false => shown.spent.join(", "),
    };
    data(format!("  {} steps, {} denials, {spent}", shown.steps, shown.denials));
    for action in &shown.actions {
        let state = serde_json::to_value(action.state).unwrap_or_default();
        let state = state.as_str().unwrap_or_default().to_owned();
        data(format!("  {:<10} {}", state, action.sentence));
    }
    Ok(())
}

pub(crate) async fn grants(dir: &Path, grants: Grants) -> Result<(), Stop> {
    let client = client(dir, PERSON_TOKEN).await?;
    match grants {
        Grants::List { json } => {
            let list = client.grants().await?;
            if json {
                return output::json(&list);
            }
            if list.items.is_empty() {
                say("There are no grants.");
            }
            list.items.iter().for_each(|grant| data(line(grant)));
            Ok(())
        }
        Grants::Make { request, free, uses, minutes, all_runs } => {
            let found = find(&client, &request).await?;
            let body = MakeGrant {
                request: found.id,
                binding: found.binding,
                this_run: !all_runs,
                free,
                uses,
                for_s: minutes.saturating_mul(60),
                preview: true,
            };
            grant(&client, body).await
        }
        Grants::Revoke { id } => {
            let key = person::unlock(&client).await?;
            let path = format!("/v1/grants/{id}/revoke");
            let (): () = client.signed(&key, (Method::POST, &path), None::<&()>).await?;
            say("Taken back. What it let through and did not begin is asked about.");
            Ok(())
        }
    }
}

/// Shows what a grant would let through, asks, and makes it.
async fn grant(client: &Client, mut body: MakeGrant) -> Result<(), Stop> {
    let key = person::unlock(client).await?;
    let route = || (Method::POST, "/v1/grants");
    let scope: GrantScope = client.signed(&key, route(), Some(&body)).await?;
    say("It lets through without asking:");
    scope.covers.iter().for_each(|line| say(format!("  {}", text(line))));
    let compared = scope.compared;
    say(format!("Of {compared} earlier calls it would have let through as well:"));
    if scope.would_match.is_empty() {
        say("  none");
    }
    scope.would_match.iter().for_each(|line| say(format!("  {}", text(line))));
    ask("Type `grant` to make it: ");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed)?;
    if typed.trim() != "grant" {
        return Err(Stop::new(1, "nothing was granted"));
    }
    body.preview = false;
    let made: GrantScope = client.signed(&key, route(), Some(&body)).await?;
    data(line(&made.grant));
    Ok(())
}

fn line(grant: &Grant) -> String {
    let uses = match grant.uses {
        Some(uses) => format!("{} of {uses} used", grant.used),
        None => format!("used {} times", grant.used),
    };
    let state = match (grant.revoked_at, grant.live) {
        (Some(_), _) => "taken back".to_owned(),
        (None, true) => format!("until {}", time(grant.expires_at)),
        (None, false) => "over".to_owned(),
    };
    let id = grant.id.clone().unwrap_or_default();
    let rules = grant.rules.join(", ");
    format!("{id}  {}  {rules}  {uses}  {state}  {}", grant.agent, styled(DIM, &grant.by))
}
