//! `holdshort policy`: check a file, explain a call, go back to a version.

use std::path::{Path, PathBuf};

use holdshort_sdk::Client;
use holdshort_sdk::api::{ExplainPolicy, PolicyExplained, PolicyFile, PolicyVersion, Ruling};
use holdshort_server::{POLICY_FILE, check_policy, explain_files};
use serde_json::value::RawValue;
use similar::TextDiff;

use crate::args::Policy;
use crate::connect::{PERSON_TOKEN, client, write_private};
use crate::output::{self, BOLD, DANGER, DIM, RISKY, SAFE, Stop, data, level, say, styled, text};

pub(crate) async fn run(dir: &Path, policy: Policy) -> Result<(), Stop> {
    match policy {
        Policy::Check { files } => check(dir, files),
        Policy::Explain { call, arguments, file, cwd, json } => {
            let body = question(call, &arguments, (file.as_deref(), cwd))?;
            let said = match &file {
                // A file and a call need no server.
                Some(file) if body.tool.is_some() => {
                    explain_files(dir, std::slice::from_ref(file), &body)
                        .map_err(|failure| Stop::new(1, failure.detail()))?
                }
                _ => client(dir, PERSON_TOKEN).await?.explain(&body).await?,
            };
            if json { output::json(&said) } else { tell(&said) }
        }
        Policy::Versions => versions(&client(dir, PERSON_TOKEN).await?).await,
        Policy::Show { version } => {
            let found = version_of(&client(dir, PERSON_TOKEN).await?, version).await?;
            data(whole(&found));
            Ok(())
        }
        Policy::Diff { from, to } => {
            let client = client(dir, PERSON_TOKEN).await?;
            let to = match to {
                Some(to) => to,
                None => client.policy().await?.version,
            };
            let old = whole(&version_of(&client, from).await?);
            let new = whole(&version_of(&client, to).await?);
            let diff = TextDiff::from_lines(&old, &new);
            let (old, new) = (format!("version {from}"), format!("version {to}"));
            data(diff.unified_diff().header(&old, &new));
            Ok(())
        }
        Policy::Restore { version } => restore(dir, version).await,
    }
}

fn check(dir: &Path, files: Vec<PathBuf>) -> Result<(), Stop> {
    let files = if files.is_empty() { vec![dir.join(POLICY_FILE)] } else { files };
    match check_policy(dir, &files) {
        Ok(rules) => {
            let plural = if rules == 1 { "rule" } else { "rules" };
            data(format!("It can be used: {rules} {plural}, and every example holds."));
            Ok(())
        }
        Err(problems) => Err(Stop::new(1, problems.to_string())),
    }
}

fn question(
    call: String,
    arguments: &str,
    (file, cwd): (Option<&Path>, Option<String>),
) -> Result<ExplainPolicy, Stop> {
    let files = match file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path)?;
            let file = path.display().to_string();
            Some(vec![PolicyFile { file, text, workspace: None }])
        }
    };
    let stored = call.starts_with("act_");
    let arguments = match stored {
        true => None,
        false => Some(
            RawValue::from_string(arguments.to_owned()).map_err(|error| Stop::failed(&error))?,
        ),
    };
    let (action, tool) = if stored { (Some(call), None) } else { (None, Some(call)) };
    Ok(ExplainPolicy { files, action, tool, server: None, arguments, cwd, agent: None, cost: None })
}

fn tell(said: &PolicyExplained) -> Result<(), Stop> {
    let word = match said.ruling {
        Ruling::Allow => styled(SAFE, "allow"),
        Ruling::Ask => styled(RISKY, "ask a person"),
        Ruling::Deny => styled(DANGER, "deny"),
    };
    data(format!("{}  {}", level(said.level), text(&said.sentence)));
    let place = said.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
    data(format!("{word}: {} ({}{place})", said.reason, styled(BOLD, &said.rule)));
    for other in &said.also {
        data(format!("  {other} asks as well"));
    }
    if !said.asks.is_empty() {
        data(format!("  asks {}", said.asks.join(", ")));
    }
    if !said.considered.is_empty() {
        data(styled(DIM, "Rules that were considered, in order:"));
    }
    for rule in &said.considered {
        let mark = if rule.applies { "*" } else { " " };
        data(format!(
            "{mark} {:<24} {:<5} {}  {}",
            rule.rule,
            rule.effect,
            rule.found,
            styled(DIM, &rule.place)
        ));
        if let Some(when) = &rule.when {
            data(format!("    when {when}"));
        }
        for look in &rule.looked_at {
            data(format!("    {} is {}", look.path, text(&look.value)));
        }
    }
    Ok(())
}

async fn versions(client: &Client) -> Result<(), Stop> {
    let now = client.policy().await?;
    for version in client.policy_versions().await?.items {
        let mark = if version.version == now.version { "*" } else { " " };
        let files = match version.files.len() {
            0 => "built in".to_owned(),
            1 => "1 file".to_owned(),
            more => format!("{more} files"),
        };
        let at = output::time(version.at);
        data(format!("{mark} {:>4}  {at}  {files}  {}", version.version, styled(DIM, version.by)));
    }
    for problem in &now.problems {
        say(format!("{} {}", styled(DANGER, "refused:"), problem.shown));
    }
    Ok(())
}

async fn version_of(client: &Client, number: u32) -> Result<PolicyVersion, Stop> {
    let all = client.policy_versions().await?.items;
    all.into_iter().find(|version| version.version == number).ok_or_else(|| {
        Stop::new(1, format!("there is no version {number}"))
            .hint("`holdshort policy versions` lists them")
    })
}

fn whole(version: &PolicyVersion) -> String {
    let parts = version.files.iter().map(|file| match version.files.len() {
        1 => file.text.clone(),
        _ => format!("# {}\n{}", file.file, file.text),
    });
    parts.collect::<Vec<_>>().join("\n")
}

async fn restore(dir: &Path, number: u32) -> Result<(), Stop> {
    let found = version_of(&client(dir, PERSON_TOKEN).await?, number).await?;
    let own = found.files.iter().find(|file| file.workspace.is_none());
    let text = own.map(|file| file.text.clone()).unwrap_or_default();
    write_private(&dir.join(POLICY_FILE), &text)?;
    data(format!("Version {number} is back in {}.", dir.join(POLICY_FILE).display()));
    Ok(())
}
