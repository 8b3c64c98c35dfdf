//! What a call acts on, in one spelling each: environment, hosts, paths, accounts, recipients.

use holdshort_core::{Json, Target, Untrusted};

use crate::call::{Call, Leaf, find_text, snake};
use crate::finding::{Finding, Kind};
use crate::words::{Name, listed, split};
use crate::{acts, facts, files, http, mail};

const ENVIRONMENT: &str = "environment env stage deployment_environment target_env";
const ACCOUNTS: &str = "\
    account account_id project project_id subscription_id tenant tenant_id organization org \
    aws_account profile workspace workspace_id";

/// Reads the target off the arguments.
pub(crate) fn read(
    call: &Call<'_>,
    name: &Name,
    leaves: &[Leaf<'_>],
    findings: &[Finding],
) -> Target {
    let environment = find_text(call.arguments, ENVIRONMENT).or_else(|| words_of(name));
    let environment = environment.map(|name| Untrusted::new(fold(name)));
    let mut target = Target { environment, ..Target::default() };
    let mut last: (&str, String) = ("", String::new());
    for leaf in leaves {
        let Json::String(text) = leaf.value else { continue };
        if !std::ptr::eq(last.0, leaf.key()) {
            last = (leaf.key(), snake(leaf.key()));
        }
        let key = last.1.as_str();
        let list = if listed(ACCOUNTS, key) {
            Some((&mut target.accounts, text.clone()))
        } else if listed(mail::KEYS, key) {
            Some((&mut target.recipients, text.to_lowercase()))
        } else if text.contains("://") && text.len() < 4096 {
            http::host(text).map(|host| (&mut target.hosts, host))
        } else if facts::is_path_key(key) {
            Some((&mut target.paths, files::resolve(text, call.cwd)))
        } else {
            None
        };
        if let Some((list, value)) = list {
            target.more |= !add(list, value);
        }
    }
    // Paths a command writes or reads stand in what was found in it.
    let named = findings.iter().filter(|found| {
        matches!(found.kind, Kind::Write | Kind::Config | Kind::ReadSecret | Kind::Destroy)
            && found.source == holdshort_core::Source::Path
    });
    for found in named {
        if let Some(path) = found.text.values().next() {
            target.more |= !add(&mut target.paths, files::resolve(path, call.cwd));
        }
    }
    // What a command removes, however it is spelled.
    if findings.iter().any(|found| found.kind == Kind::Destroy)
        && let Some(removed) = acts::removals(call)
    {
        for removal in removed.remove {
            let path = files::resolve(&removal.path, Some(&removed.cwd));
            target.more |= !add(&mut target.paths, path);
        }
    }
    target
}

/// Adds a value once. Says whether there was room.
fn add(list: &mut Vec<Untrusted>, value: String) -> bool {
    if value.is_empty() || list.iter().any(|known| known.raw() == value) {
        return true;
    }
    let room = list.len() < Target::MOST;
    if room {
        list.push(Untrusted::new(value));
    }
    room
}

/// An environment that the tool's own name says: `deploy_to_production`.
fn words_of(name: &Name) -> Option<&'static str> {
    name.words.iter().find_map(|word| match word.as_str() {
        "production" | "prod" => Some("production"),
        "staging" => Some("staging"),
        _ => None,
    })
}

/// One name for each of the usual environments.
fn fold(name: &str) -> String {
    let words = split(name);
    let has = |list: &str| words.iter().any(|word| listed(list, word));
    if has("production prod prd live") {
        "production".to_owned()
    } else if has("staging stage stg preprod uat") {
        "staging".to_owned()
    } else if has("development dev local sandbox") {
        "development".to_owned()
    } else if has("test testing qa ci") {
        "test".to_owned()
    } else {
        name.trim().to_lowercase()
    }
}
