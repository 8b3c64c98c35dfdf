//! What a `git push` would write, and where.

use holdshort_core::PushedRef;

use super::{cwd_of, join, script_of, words_of};
use crate::call::Call;
use crate::shell::Word;

/// Commands of git that move no branch that is there already.
const STAYS: [&str; 12] = [
    "status",
    "log",
    "diff",
    "show",
    "add",
    "fetch",
    "remote",
    "branch",
    "rev-parse",
    "config",
    "commit",
    "describe",
];

/// A push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushes {
    /// The directory of the repository; empty when the call does not say.
    pub cwd: String,
    /// The remote; the usual one when absent.
    pub remote: Option<String>,
    /// What is written; the current branch when empty.
    pub refs: Vec<PushedRef>,
}

/// What a call would push; `None` when it pushes nothing, or when that is not certain to be all.
///
/// ```
/// use holdshort_core::Json;
/// use holdshort_risk::{Call, pushes};
///
/// let arguments = Json::parse(br#"{"command": "git push -f origin main:release"}"#).unwrap();
/// let found = pushes(&Call::new("run_command", &arguments)).unwrap();
/// assert_eq!(found.remote.as_deref(), Some("origin"));
/// assert_eq!(found.refs[0].to.as_deref(), Some("release"));
/// assert!(found.refs[0].force);
/// ```
#[must_use]
pub fn pushes(call: &Call<'_>) -> Option<Pushes> {
    let script = script_of(call)?;
    let mut cwd = cwd_of(call);
    let mut found = None;
    for simple in &script.commands {
        let (program, arguments) = words_of(simple).split_first()?;
        match program.text.as_str() {
            "git" if found.is_some() => return None,
            "git" => match git(arguments, &cwd)? {
                Git::Push(push) => found = Some(push),
                Git::Stays => {}
            },
            "cd" if !script.runs_on && found.is_none() => match arguments {
                [to] if !to.text.starts_with('-') => cwd = join(&cwd, &to.text)?,
                _ => return None,
            },
            "echo" | "ls" | "pwd" | "true" | "cat" | "printf" => {}
            _ => return None,
        }
    }
    found
}

enum Git {
    Push(Pushes),
    Stays,
}

fn git(arguments: &[Word], cwd: &str) -> Option<Git> {
    let mut cwd = cwd.to_owned();
    let mut rest = arguments;
    while let [first, directory, more @ ..] = rest
        && first.text == "-C"
    {
        cwd = join(&cwd, &directory.text)?;
        rest = more;
    }
    let (command, arguments) = rest.split_first()?;
    if command.text == "push" {
        return push(arguments, cwd).map(Git::Push);
    }
    let amends = arguments.iter().any(|word| word.text.starts_with("--am"));
    (STAYS.contains(&command.text.as_str()) && !amends).then_some(Git::Stays)
}

fn push(arguments: &[Word], cwd: String) -> Option<Pushes> {
    let (mut force, mut delete) = (false, false);
    let mut named: Vec<&str> = Vec::new();
    for word in arguments {
        if word.glob {
            return None;
        }
        match word.text.as_str() {
            "-f" | "--force" | "--force-with-lease" => force = true,
            "-d" | "--delete" => delete = true,
            "-u" | "--set-upstream" | "-v" | "--verbose" | "-q" | "--quiet" | "--no-verify"
            | "--porcelain" | "--progress" | "--no-progress" | "--atomic" => {}
            lease if lease.starts_with("--force-with-lease=") => force = true,
            option if option.starts_with('-') => return None,
            name => named.push(name),
        }
    }
    let (remote, refs) = match named.split_first() {
        Some((remote, refs)) => (Some((*remote).to_owned()), refs),
        None => (None, &[][..]),
    };
    if delete && refs.is_empty() {
        return None;
    }
    let mut refs: Vec<PushedRef> =
        refs.iter().map(|text| pushed(text, force, delete)).collect::<Option<_>>()?;
    if refs.is_empty() && force {
        refs.push(PushedRef { from: None, to: None, force });
    }
    Some(Pushes { cwd, remote, refs })
}

fn pushed(text: &str, force: bool, delete: bool) -> Option<PushedRef> {
    let (text, force) = match text.strip_prefix('+') {
        Some(text) => (text, true),
        None => (text, force),
    };
    if text.is_empty() || text.contains(['*', '^', '~', '@']) {
        return None;
    }
    if delete {
        let to = Some(text.to_owned()).filter(|text| !text.contains(':'))?;
        return Some(PushedRef { from: Some(String::new()), to: Some(to), force });
    }
    let (from, to) = match text.split_once(':') {
        Some((_, "")) => return None,
        Some((from, to)) => (from, Some(to.to_owned())),
        None => (text, None),
    };
    Some(PushedRef { from: Some(from.to_owned()), to, force })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdshort_core::Json;

    fn of(command: &str) -> Option<Pushes> {
        let arguments = Json::Object(vec![("command".into(), Json::String(command.into()))]);
        pushes(&Call { cwd: Some("/w"), ..Call::new("run_command", &arguments) })
    }

    #[test]
    fn a_push_is_told_whole_or_not_at_all() {
        let refs = |command: &str| of(command).unwrap().refs;
        assert_eq!(refs("git push"), []);
        assert_eq!(of("git -C sub push").unwrap().cwd, "/w/sub");
        assert_eq!(of("cd sub && git push").unwrap().cwd, "/w/sub");
        assert!(refs("git push --force")[0].force);
        assert!(refs("git push origin +main")[0].force);
        assert_eq!(refs("git push origin :old")[0].from.as_deref(), Some(""));
        assert_eq!(refs("git push origin --delete old")[0].to.as_deref(), Some("old"));
        assert_eq!(refs("git commit -m x && git push origin a b").len(), 2);
        for unclear in [
            "git push --mirror",
            "git push --all",
            "git push origin 'refs/*:refs/*'",
            "git push origin HEAD~1:main",
            "git push $REMOTE main",
            "git push && git push other",
            "git commit --amend && git push -f",
            "git rebase main && git push -f",
            "make release && git push",
            "git -c core.sshCommand=x push",
            "git status",
        ] {
            assert_eq!(of(unclear), None, "{unclear}");
        }
    }
}
