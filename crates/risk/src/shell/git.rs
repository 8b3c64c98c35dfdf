//! Judges `git` by sub-command and options.

use super::options::has_option;
use super::programs::Judged;
use crate::files;
use crate::finding::Kind;
use crate::words::listed;

const READ: &str = "\
    status log diff show rev-parse ls-files ls-tree blame describe shortlog cat-file rev-list \
    name-rev merge-base grep help version whatchanged show-ref for-each-ref count-objects \
    check-ignore diff-tree diff-index show-branch cherry range-diff var fsck";
const WRITE: &str = "\
    add commit checkout switch merge rebase pull fetch clone init mv stash cherry-pick revert \
    apply am notes branch tag remote reset worktree rm reflog clean restore ls-remote \
    format-patch bisect";

/// Judges the words after `git`.
pub(crate) fn judge(words: &[String], out: &mut Judged) {
    let mut rest = words;
    loop {
        match rest {
            [option, tail @ ..] if option == "--no-pager" || option == "-P" => rest = tail,
            [option, _, tail @ ..] if option == "-C" => rest = tail,
            [option, ..] if option.starts_with('-') && option != "--version" => {
                return out.add(Kind::Execute, "an option changes how git is set up", option);
            }
            _ => break,
        }
    }
    let Some((sub, rest)) = rest.split_first() else {
        return out.add(Kind::Read, "only reads", "git");
    };
    let shown = format!("git {sub}");
    let (kind, why) = sub_command(sub, rest);
    out.add(kind, why, &shown);
    if has_option(rest, "--ext-diff --open-files-in-pager --upload-pack --receive-pack --exec")
        || (sub == "grep" && has_option(rest, "-O"))
        || (sub == "rebase" && has_option(rest, "-x"))
        || rest.iter().any(|word| word.starts_with("ext::"))
    {
        out.add(Kind::Execute, "an option runs another program", &shown);
    }
    for word in rest {
        if let Some(path) = word.strip_prefix("--output=") {
            out.findings.push(files::judge_write(path));
        }
    }
    if has_option(rest, "--output") {
        out.add(Kind::Write, "writes a file", &shown);
    }
}

fn sub_command(sub: &str, rest: &[String]) -> (Kind, &'static str) {
    const GONE: &str = "discards work that git does not keep";
    let first = rest.first().map(String::as_str);
    let plain = rest.iter().any(|word| !word.starts_with('-'));
    let has = |options: &str| has_option(rest, options);
    match sub {
        "--version" => (Kind::Read, "only reads"),
        "branch" | "tag" if has("-D -d --delete -f --force -M") => {
            (Kind::Destroy, "deletes or overwrites a name that may be the last to hold its work")
        }
        "branch" | "tag"
            if !plain
                && rest.iter().all(|w| {
                    matches!(
                        w.as_str(),
                        "-a" | "-r" | "-v" | "-vv" | "-l" | "--list" | "--all" | "--show-current"
                    )
                }) =>
        {
            (Kind::Read, "only reads")
        }
        "remote" if matches!(first, None | Some("-v" | "show" | "get-url")) => {
            (Kind::Read, "only reads")
        }
        "stash" if matches!(first, Some("list" | "show")) => (Kind::Read, "only reads"),
        "stash" if matches!(first, Some("drop" | "clear")) => (Kind::Destroy, GONE),
        "worktree" if first == Some("list") => (Kind::Read, "only reads"),
        "worktree" if first == Some("remove") => (Kind::Destroy, GONE),
        "reflog" if matches!(first, None | Some("show")) => (Kind::Read, "only reads"),
        "reflog" => (Kind::Destroy, GONE),
        "reset" if has("--hard --merge") => (Kind::Destroy, GONE),
        "clean" if has("-n --dry-run") => (Kind::Read, "only shows what it would delete"),
        "clean" | "filter-branch" | "filter-repo" | "update-ref" | "gc" | "prune" => {
            (Kind::Destroy, GONE)
        }
        "rm" if !has("--cached") => (Kind::Destroy, "deletes files"),
        "restore" if !has("--staged") || has("--worktree -W") => (Kind::Destroy, GONE),
        "checkout" if rest.iter().any(|w| matches!(w.as_str(), "." | "--" | "-f" | "--force")) => {
            (Kind::Destroy, GONE)
        }
        "switch" if has("-f --force --discard-changes -C") => (Kind::Destroy, GONE),
        "bisect" if first == Some("run") => (Kind::Execute, "runs code that was not read"),
        "push" => push(rest),
        "config" => config(rest),
        "submodule" | "difftool" | "mergetool" | "lfs" => {
            (Kind::Execute, "runs code that was not read")
        }
        "send-email" => (Kind::Send, "sends data to another host"),
        _ if listed(READ, sub) => (Kind::Read, "only reads"),
        _ if listed(WRITE, sub) => (Kind::Write, "changes the repository, which git can undo"),
        _ => (Kind::UnknownCode, "unknown sub-command"),
    }
}

fn push(rest: &[String]) -> (Kind, &'static str) {
    let forced = has_option(
        rest,
        "--force -f --force-with-lease --mirror --delete -d --prune --force-if-includes",
    ) || rest.iter().any(|word| word.starts_with(['+', ':']));
    let elsewhere = rest.iter().any(|word| word.contains("://") || word.contains('@'));
    if forced {
        (Kind::Destroy, "overwrites or deletes what others pushed")
    } else if elsewhere {
        (Kind::Send, "sends the repository to an address given in the call")
    } else {
        (Kind::Push, "publishes commits")
    }
}

fn config(rest: &[String]) -> (Kind, &'static str) {
    let reads = rest.iter().any(|word| {
        matches!(word.as_str(), "--get" | "--get-all" | "--list" | "-l" | "--get-regexp")
    });
    let user = rest.iter().any(|word| word == "user.name" || word == "user.email");
    if reads {
        (Kind::Read, "only reads")
    } else if user {
        (Kind::Write, "changes a setting of git")
    } else {
        (Kind::Config, "changes a setting of git that may run code")
    }
}
