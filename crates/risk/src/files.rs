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
    .pre-commit-config.yaml .git-credentials .nvm .sdkman .asdf .rvm .pyenv .rbenv \
    sitecustomize.py .terraformrc \
    microsoft.powershell_profile.ps1 .holdshort";
const SYSTEM: &str = "\
    /etc /usr /bin /sbin /lib /lib64 /boot /dev /proc /sys /var /library /system \
    c:/windows /private/etc /opt";
const SECRET: &str = "\
    .ssh .gnupg .env .envrc .netrc _netrc .pgpass .my.cnf .git-credentials shadow gshadow .npmrc \
    .pypirc .kube .docker .vault-token environ passwd auth.json .aws .azure .config/gcloud \
    .config/gh .config/hub .cargo/credentials .cargo/credentials.toml .terraform.d .boto .s3cfg \
    .password-store keychains login.keychain-db .config/op .htpasswd wallet.dat .oci \
    .databrickscfg \
    .gem/credentials .composer/auth.json secring.gpg master.key kubeconfig .dockercfg .esmtprc";
/// Starts of names of files that hold them, whatever they end in.
const SECRET_STARTS: &str = "\
    .env. .env? .env* id_rsa id_dsa id_ecdsa id_ed25519 credentials \
    secrets. client_secret service_account service-account application_default_credentials";

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

/// Whether a path begins at a fixed place.
pub(crate) fn is_rooted(path: &str) -> bool {
    path.starts_with(['/', '\\', '~', '$']) || path.get(1..3).is_some_and(|colon| colon == ":\\")
}

/// A path resolved against the folder the agent works in, as far as the text allows.
pub(crate) fn resolve(path: &str, cwd: Option<&str>) -> String {
    match cwd {
        Some(cwd) if !is_rooted(path) => normal(&format!("{cwd}/{path}")),
        _ => normal(path),
    }
}

/// Whether what is written there goes nowhere, or to the screen.
pub(crate) fn is_sink(path: &str) -> bool {
    matches!(
        normal(path).as_str(),
        "/dev/null"
            | "/dev/stdout"
            | "/dev/stderr"
            | "/dev/tty"
            | "nul"
            | "/dev/fd/1"
            | "/dev/fd/2"
    ) || path.starts_with("/dev/fd/")
}

/// Whether the path is of one file or folder below a place for temporary files.
pub(crate) fn is_temporary(path: &str) -> bool {
    let path = normal(path);
    let rest = ["/tmp/", "/var/tmp/", "/private/tmp/", "$tmpdir/"]
        .iter()
        .find_map(|folder| path.strip_prefix(folder));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(['*', '?', '$', '{']) && !rest.starts_with("..")
    })
}

/// Files that set a shell up for a tool. Whoever writes one of them is asked about that.
const SETUP: &str = "\
    .nvm/nvm.sh .cargo/env .bashrc .bash_profile .profile .zshrc .zshenv \
    .sdkman/bin/sdkman-init.sh \
    .asdf/asdf.sh .rvm/scripts/rvm .ghcup/env .deno/env .opam/opam-init/init.sh \
    google-cloud-sdk/path.bash.inc";

/// Whether the file only sets a shell up: `~/.nvm/nvm.sh`, `.venv/bin/activate`.
pub(crate) fn is_setup(path: &str) -> bool {
    let path = normal(path);
    let home = ["~/", "$home/", "/home/", "/root/", "/users/", "$nvm_dir/"];
    (home.iter().any(|start| path.starts_with(start))
        && items(SETUP).any(|end| path.ends_with(end)))
        || path.ends_with("venv/bin/activate")
        || path.ends_with("env/bin/activate")
        || path == "/etc/profile"
}

/// Folders and files that tools make again from what stands beside them.
const MADE_AGAIN: &str = "\
    node_modules __pycache__ .pytest_cache .mypy_cache .ruff_cache .tox .nox .dart_tool .next \
    .nuxt \
    .turbo .parcel-cache .svelte-kit .angular .nyc_output .eslintcache .hypothesis .gradle \
    bower_components .terraform .serverless .ipynb_checkpoints .stylelintcache .tsbuildinfo";

/// Whether only what tools make again is there. The path ends in such a folder or lies in one.
pub(crate) fn is_made_again(path: &str) -> bool {
    let path = normal(path);
    !path.contains('$')
        && !path.starts_with("..")
        && (path.split('/').any(|part| items(MADE_AGAIN).any(|name| name == part))
            || path.ends_with(".pyc"))
}

/// Whether a path is, as written, below the folder the agent works in.
pub(crate) fn is_within(path: &str, cwd: Option<&str>) -> bool {
    let path = normal(path);
    match cwd.map(normal) {
        Some(cwd) if path.starts_with('/') => within(&path, &cwd) && path != cwd,
        _ if path.starts_with("$pwd/") => !path.contains(".."),
        _ => !is_rooted(&path) && !path.starts_with("..") && !path.contains('$'),
    }
}

/// A path that leads upwards, resolved; where the folder is not known it may lead to the root.
fn upwards(path: String, cwd: Option<&str>) -> String {
    if !path.starts_with("..") {
        return path;
    }
    match cwd.map(normal).filter(|cwd| cwd.starts_with('/')) {
        Some(cwd) => normal(&format!("{cwd}/{path}")),
        None => {
            let rest = path.trim_start_matches("../").trim_start_matches("..");
            let rooted = format!("/{rest}");
            let system = items(SYSTEM).any(|folder| within(&rooted, folder));
            if system { rooted } else { path }
        }
    }
}

/// Whether writing there makes another program run code, or opens access.
pub(crate) fn is_sensitive(path: &str, cwd: Option<&str>) -> bool {
    let path = upwards(normal(path), cwd);
    // A worktree may lie anywhere; only what stands below it counts.
    let below = cwd.map(normal).filter(|cwd| cwd.len() > 1).and_then(|cwd| {
        path.strip_prefix(&cwd).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned)
    });
    let inside = below.is_some();
    let path = below.unwrap_or(path);
    let temporary = within(&path, "/var/tmp") || within(&path, "/var/folders") || is_sink(&path);
    let known = ["$home/", "${home}/", "$pwd/", "$tmpdir/"];
    items(CI).chain(items(CONFIG)).any(|folder| holds(&path, folder))
        || matches!(path.as_str(), "/" | "~" | "$home")
        || (!inside && items(SYSTEM).any(|folder| within(&path, folder)) && !temporary)
        || path.starts_with('$') && !known.iter().any(|start| path.starts_with(start))
}

pub(crate) fn is_ci(path: &str) -> bool {
    let path = normal(path);
    items(CI).any(|folder| holds(&path, folder))
}

/// Whether the path is of a file that holds keys or credentials.
pub(crate) fn is_secret(path: &str) -> bool {
    let path = normal(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    items(SECRET).any(|folder| holds(&path, folder))
        || items(SECRET_STARTS).any(|start| name.starts_with(start))
        || [".pem", ".key", ".p12", ".pfx", ".kdbx", ".keystore", ".jks", ".ppk", ".asc", ".ovpn"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// What writing to `path` would do.
pub(crate) fn judge_write(path: &str, cwd: Option<&str>) -> Finding {
    let (kind, why) = if is_ci(path) {
        (Kind::Config, "writes code that a CI system runs elsewhere: `")
    } else if is_sensitive(path, cwd) {
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
        assert_eq!(judge_write(path, None).kind.level(), expect, "{path}");
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
            "../../../../etc/hosts",
            "/",
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
        let sensitive = |path| is_sensitive(path, Some("/home/ana/work"));
        assert!(sensitive("../../../etc/x") && !sensitive("../other/x"));
        assert!(!sensitive("/home/ana/work/src/x") && sensitive("/home/ana/work/.git/hooks/x"));
        assert!(is_secret("/home/u/.ssh/id_rsa") && is_secret(".env") && !is_secret("src/env.rs"));
    }
}
