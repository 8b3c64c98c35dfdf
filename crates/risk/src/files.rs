//! What a path gives away: files that make other programs run code, and files that hold keys.

use holdshort_core::{Phrase, Source};

use crate::finding::{Finding, Kind};
use crate::words::items;

/// Files and folders that CI systems read: code that runs elsewhere, with other rights.
const CI: &str = "\
    .github/workflows .github/actions .gitlab-ci.yml .gitlab-ci.yaml .circleci .travis.yml \
    jenkinsfile azure-pipelines.yml azure-pipelines.yaml bitbucket-pipelines.yml .drone.yml \
    .woodpecker.yml .woodpecker .buildkite cloudbuild.yaml buildspec.yml .gitea/workflows \
    .forgejo/workflows appveyor.yml";
/// Settings of agents, editors, shells, keys and schedulers.
const CONFIG: &str = "\
    .ssh .gnupg .aws .kube .docker .claude .claude.json .codex .cursor .gemini .copilot \
    .mcp.json mcp.json .vscode .idea .devcontainer .git .husky .gitconfig .bashrc .bash_profile \
    .bash_login .bash_logout .bash_aliases .zshrc .zprofile .zshenv .zlogin .profile .inputrc \
    .config/fish .config/systemd .config/autostart .config/git .envrc .npmrc .netrc .pypirc \
    .cargo crontab cron.d authorized_keys sudoers launchagents launchdaemons \
    .pre-commit-config.yaml .git-credentials sitecustomize.py .terraformrc \
    microsoft.powershell_profile.ps1 .holdshort";
const SYSTEM: &str = "\
    /etc /usr /bin /sbin /lib /lib64 /boot /dev /proc /sys /var /library /system \
    c:/windows /private/etc /opt";
const SECRET: &str = "\
    .ssh .gnupg .env .env.local .env.production .netrc .pgpass .git-credentials shadow .npmrc \
    .pypirc credentials credentials.json .kube secrets.yml secrets.yaml id_rsa id_ed25519 \
    id_ecdsa .docker .vault-token environ passwd auth.json .aws";

/// A path in one spelling: `/` only, no `//`, `/./` or resolvable `..`, ASCII lower case.
/// Lower case because common file systems ignore it; a false match asks once too often.
pub(crate) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rooted = path.starts_with(['/', '\\']);
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            // Windows drops dots and blanks at the end of a name.
            _ => parts.push(match part.trim_end_matches(['.', ' ']) {
                "" => part,
                name => name,
            }),
        }
    }
    let joined = parts.join("/").to_ascii_lowercase();
    if rooted { format!("/{joined}") } else { joined }
}

/// Whether `folder` stands in `path` as whole parts.
fn holds(path: &str, folder: &str) -> bool {
    path.match_indices(folder).any(|(at, found)| {
        let before = path.get(..at).unwrap_or_default();
        let after = path.get(at + found.len()..).unwrap_or_default();
        (before.is_empty() || before.ends_with(['/', ':', '~', '=']))
            && (after.is_empty() || after.starts_with('/'))
    })
}

fn within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether writing there makes another program run code, or opens access.
pub(crate) fn is_sensitive(path: &str) -> bool {
    let path = normal(path);
    let temporary =
        within(&path, "/var/tmp") || within(&path, "/var/folders") || path == "/dev/null";
    items(CI).chain(items(CONFIG)).any(|folder| holds(&path, folder))
        || (items(SYSTEM).any(|folder| within(&path, folder)) && !temporary)
        || path.contains('$') && !path.starts_with("$home/") && !path.starts_with("${home}/")
}

pub(crate) fn is_ci(path: &str) -> bool {
    let path = normal(path);
    items(CI).any(|folder| holds(&path, folder))
}

/// Whether the path is of a file that holds keys or credentials.
pub(crate) fn is_secret(path: &str) -> bool {
    let path = normal(path);
    items(SECRET).any(|folder| holds(&path, folder))
        || [".pem", ".key", ".p12", ".pfx", ".kdbx", ".keystore"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// What writing to `path` would do.
pub(crate) fn judge_write(path: &str) -> Finding {
    let (kind, why) = if is_ci(path) {
        (Kind::Config, "writes code that a CI system runs elsewhere: `")
    } else if is_sensitive(path) {
        (Kind::Config, "writes settings that can run code or open access: `")
    } else {
        (Kind::Write, "writes a file: `")
    };
    Finding::new(kind, Source::Path, Phrase::ours(why).theirs(path).and("`"))
}

/// What reading `path` would do.
pub(crate) fn judge_read(path: &str) -> Finding {
    let (kind, why) = if is_secret(path) {
        (Kind::ReadSecret, "reads keys or credentials: `")
    } else {
        (Kind::Read, "reads a file: `")
    };
    Finding::new(kind, Source::Path, Phrase::ours(why).theirs(path).and("`"))
}

#[cfg(test)]
mod tests {
    use holdshort_core::RiskLevel::{self, Dangerous, Risky};

    use super::*;

    fn check(path: &str, expect: RiskLevel) {
        assert_eq!(judge_write(path).kind.level(), expect, "{path}");
    }

    #[test]
    fn one_spelling() {
        assert_eq!(normal("/a//b/./c/../d"), "/a/b/d");
        assert_eq!(normal("../../x/..\\y"), "../../y");
        assert_eq!(normal("/../etc"), "/etc");
        assert_eq!(normal("A/.CuRsOr./ "), "a/.cursor/ ");
    }

    #[test]
    fn some_paths_are_not_just_files() {
        for path in [
            ".github/workflows/ci.yml",
            "a/../.github/workflows/x",
            ".CuRsOr/mcp.json",
            "~/.ssh/authorized_keys",
            "/etc/hosts",
            "x/../../.git/hooks/pre-commit",
            "Jenkinsfile",
            ".vscode/settings.json",
            "$X/y",
            "/home/u/.bashrc",
            "..\\.claude\\settings.json",
            ".gitlab-ci.yml",
            "--output=/home/u/.bashrc",
        ] {
            check(path, Dangerous);
        }
        for path in [
            "src/main.rs",
            "docs/github/workflows.md",
            ".gitignore",
            "/tmp/x",
            "etc/hosts",
            "a.ssh",
        ] {
            check(path, Risky);
        }
        assert!(is_secret("/home/u/.ssh/id_rsa") && is_secret(".env") && !is_secret("src/env.rs"));
    }
}
