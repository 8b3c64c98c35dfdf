//! Safer ways to do the same, as ready edits. Each edit is judged like the call itself.

use holdshort_core::{Alternative, Assessment, Json, Phrase, Untrusted};

use crate::assess::judge;
use crate::call::{Call, find, snake};
use crate::shell::{parse, quote};
use crate::words::listed;

/// Shown at most.
const WAYS: usize = 3;

/// Edits that are no worse than the call.
pub(crate) fn find_ways(call: &Call<'_>, made: &Assessment) -> Vec<Alternative> {
    if made.touches_gate || made.uninspectable.is_some() {
        return Vec::new();
    }
    let mut ways = Vec::new();
    command_edits(call, &mut ways);
    member_edits(call, &mut ways);
    ways.into_iter()
        .map(|(title, detail, arguments)| {
            let becomes = judge(&Call { arguments: &arguments, ..*call }).level;
            Alternative {
                title: Phrase::ours(title),
                detail: Phrase::ours(detail),
                arguments: Untrusted::new(arguments.to_text()),
                becomes,
            }
        })
        .filter(|way| way.becomes <= made.level)
        .take(WAYS)
        .collect()
}

type Edit = (&'static str, &'static str, Json);

fn with(arguments: &Json, key: &str, value: Json) -> Json {
    let mut members = arguments.members().to_vec();
    match members.iter_mut().find(|(name, _)| name == key) {
        Some((_, old)) => *old = value,
        None => members.push((key.to_owned(), value)),
    }
    Json::Object(members)
}

fn command_edits(call: &Call<'_>, ways: &mut Vec<Edit>) {
    let Some((key, Json::String(text))) = find(call.arguments, "command cmd") else {
        return;
    };
    let script = parse(text);
    // Only a single plain command is edited: in a longer text the edit could miss its mark.
    let (None, [one]) = (script.opaque, script.commands.as_slice()) else {
        return;
    };
    if !one.assignments.is_empty() || !one.redirects.is_empty() {
        return;
    }
    let words: Vec<&str> = one.words.iter().map(|word| word.text.as_str()).collect();
    let known = one.words.iter().all(|word| word.is_known() && !word.glob && !word.tilde);
    let mut edit = |title, detail, words: Vec<&str>| {
        // A variable would be quoted away, so that the edit would do something else.
        if known {
            let text = words.into_iter().map(quote).collect::<Vec<_>>().join(" ");
            ways.push((title, detail, with(call.arguments, key, Json::String(text))));
        }
    };
    let added = |word| words.iter().copied().chain([word]).collect::<Vec<_>>();
    let replaced = |from: &str, to| {
        words.iter().map(|word| if listed(from, word) { to } else { *word }).collect::<Vec<_>>()
    };
    match words.as_slice() {
        ["git", "push", rest @ ..] if rest.contains(&"--force") || rest.contains(&"-f") => edit(
            "Overwrite only what was seen",
            "stops when someone else has pushed since",
            replaced("--force -f", "--force-with-lease"),
        ),
        ["git", "clean", ..] => {
            edit("Only show what would be deleted", "deletes nothing", added("--dry-run"));
        }
        ["kubectl", "delete" | "apply", ..] | ["helm", "upgrade" | "uninstall", ..] => {
            let option =
                if words.first() == Some(&"helm") { "--dry-run" } else { "--dry-run=server" };
            edit("Only show what would change", "changes nothing", added(option));
        }
        ["terraform" | "tofu", "apply", ..] => edit(
            "Only show what would change",
            "makes a plan that can be read first",
            vec![words.first().copied().unwrap_or_default(), "plan"],
        ),
        ["terraform" | "tofu", "destroy", ..] => edit(
            "Only show what would be destroyed",
            "makes a plan that can be read first",
            vec![words.first().copied().unwrap_or_default(), "plan", "-destroy"],
        ),
        _ => {}
    }
}

fn member_edits(call: &Call<'_>, ways: &mut Vec<Edit>) {
    let environment = find(call.arguments, "environment env stage");
    if let Some((key, Json::String(text))) = environment
        && matches!(text.as_str(), "production" | "prod" | "live")
    {
        let edited = with(call.arguments, key, Json::String("staging".to_owned()));
        ways.push(("Use staging first", "", edited));
    }
    let properties = call.input_schema.and_then(|schema| schema.get("properties"));
    let dry = properties.and_then(|all| {
        all.members().iter().find(|(key, _)| matches!(snake(key).as_str(), "dry_run" | "dryrun"))
    });
    if let Some((key, _)) = dry
        && !matches!(call.arguments.get(key), Some(Json::Bool(true)))
        && matches!(call.arguments, Json::Object(_))
    {
        let detail = "the tool says it changes nothing then; not verified";
        ways.push(("Try it without effect", detail, with(call.arguments, key, Json::Bool(true))));
    }
}
