//! Safer commands: a dry run, a lease, a stop, a folder moved aside.

use holdshort_core::Json;

use super::{Edit, with};
use crate::call::{Call, find};
use crate::shell::{parse, quote};
use crate::words::listed;

/// What a command may be changed to: title, detail, and its words.
type Change<'a> = (&'static str, &'static str, Vec<&'a str>);

/// Edits of a single plain command: in a longer text an edit could miss its mark.
pub(super) fn edits(call: &Call<'_>, ways: &mut Vec<Edit>) {
    let Some((key, Json::String(text))) = find(call.arguments, "command cmd") else {
        return;
    };
    let script = parse(text);
    let (None, [one]) = (script.opaque, script.commands.as_slice()) else {
        return;
    };
    // A variable would be quoted away, so that the edit would do something else.
    let plain = one.words.iter().all(|word| word.is_known() && !word.glob && !word.tilde);
    if !one.assignments.is_empty() || !one.redirects.is_empty() || !plain {
        return;
    }
    let words: Vec<&str> = one.words.iter().map(|word| word.text.as_str()).collect();
    let aside = words.last().map(|word| format!("{}.aside", word.trim_end_matches('/')));
    for (title, detail, words) in changes(&words, aside.as_deref().unwrap_or_default()) {
        let text = words.into_iter().map(quote).collect::<Vec<_>>().join(" ");
        ways.push((title, detail, with(call.arguments, key, Json::String(text))));
    }
}

fn changes<'a>(words: &[&'a str], aside: &'a str) -> Vec<Change<'a>> {
    const LOOK: &str = "Only show what would change";
    let added = |word: &'static str| words.iter().copied().chain([word]).collect::<Vec<_>>();
    let replaced = |from: &str, to: &'static str| {
        words.iter().map(|word| if listed(from, word) { to } else { *word }).collect::<Vec<_>>()
    };
    match words {
        ["git", "push", rest @ ..] if rest.contains(&"--force") || rest.contains(&"-f") => vec![(
            "Overwrite only what was seen",
            "stops when someone else has pushed since",
            replaced("--force -f", "--force-with-lease"),
        )],
        ["git", "clean", ..] => {
            vec![("Only show what would be deleted", "deletes nothing", added("--dry-run"))]
        }
        ["git", "reset", "--hard"] => {
            let words = vec!["git", "stash", "push", "--include-untracked"];
            vec![("Put the changes aside", "`git stash pop` brings them back", words)]
        }
        ["git", "branch", "-D", name] => vec![(
            "Delete it only if it is merged",
            "git refuses otherwise",
            vec!["git", "branch", "-d", *name],
        )],
        ["rm", options @ .., path] if options.iter().all(|word| word.starts_with('-')) => {
            vec![("Move it aside", "can be moved back", vec!["mv", "--", *path, aside])]
        }
        ["kubectl", "delete", "deployment" | "deployments" | "deploy", name] => vec![
            (
                "Scale it to nothing",
                "keeps its definition",
                vec!["kubectl", "scale", "deployment", *name, "--replicas=0"],
            ),
            (LOOK, "changes nothing", added("--dry-run=server")),
        ],
        ["kubectl", "delete" | "apply", ..] => {
            vec![(LOOK, "changes nothing", added("--dry-run=server"))]
        }
        ["helm", "upgrade" | "uninstall" | "install", ..] => {
            vec![(LOOK, "changes nothing", added("--dry-run"))]
        }
        [tool @ ("terraform" | "tofu"), "apply", ..] => {
            vec![(LOOK, "makes a plan that can be read first", vec![*tool, "plan"])]
        }
        [tool @ ("terraform" | "tofu"), "destroy", ..] => vec![(
            "Only show what would be destroyed",
            "makes a plan that can be read first",
            vec![*tool, "plan", "-destroy"],
        )],
        ["aws", "ec2", "terminate-instances", ..] => vec![(
            "Stop them instead",
            "disks and addresses are kept",
            replaced("terminate-instances", "stop-instances"),
        )],
        ["gcloud", "compute", "instances", "delete", ..] => {
            vec![("Stop it instead", "its disk is kept", replaced("delete", "stop"))]
        }
        ["aws", "s3", "rm" | "sync" | "mv", ..] => {
            vec![(LOOK, "changes nothing", added("--dryrun"))]
        }
        ["rsync", ..] => vec![(LOOK, "changes nothing", added("--dry-run"))],
        ["npm", "publish", ..] | ["cargo", "publish", ..] => {
            vec![("Only pack it", "publishes nothing", added("--dry-run"))]
        }
        _ => Vec::new(),
    }
}
