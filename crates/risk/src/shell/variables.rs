//! Variables that make other programs run code, and those that do not.

use super::judge::Judge;
use super::script::Word;
use crate::finding::Kind;
use crate::gate;
use crate::words::listed;

/// Programs load code, or find other programs, by these.
const LOADS: &str = "\
    PATH BASH_ENV ENV IFS PS4 PROMPT_COMMAND PAGER EDITOR VISUAL BROWSER NODE_OPTIONS \
    PYTHONSTARTUP PYTHONHOME PYTHONPATH PERL5OPT PERL5LIB PERL5DB RUBYOPT RUBYLIB SHELL \
    RUSTC_WRAPPER RUSTC MANPAGER LESSOPEN LESSCLOSE JAVA_TOOL_OPTIONS _JAVA_OPTIONS \
    JDK_JAVA_OPTIONS HOME SHELLOPTS BASHOPTS FPATH ZDOTDIR XDG_CONFIG_HOME CLASSPATH SSH_ASKPASS \
    SUDO_ASKPASS LESS TERMINFO CDPATH";
/// And by all that begin so.
const STARTS: &[&str] =
    &["LD_", "DYLD_", "GIT_", "BASH_FUNC", "npm_config_", "NPM_CONFIG_", "CARGO_"];
/// But these only name, count or colour.
const HARMLESS: &str = "\
    GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL \
    GIT_COMMITTER_DATE GIT_TERMINAL_PROMPT GIT_TRACE GIT_OPTIONAL_LOCKS GIT_CURL_VERBOSE \
    CARGO_TERM_COLOR CARGO_INCREMENTAL CARGO_TERM_PROGRESS_WHEN CARGO_TARGET_DIR \
    CARGO_PROFILE_DEV_DEBUG CARGO_NET_OFFLINE CARGO_BUILD_JOBS";
const SHOWS: &str = "PAGER MANPAGER EDITOR GIT_PAGER GIT_EDITOR GIT_SEQUENCE_EDITOR VISUAL";

impl Judge<'_> {
    /// A variable that a command or the shell is given.
    pub(super) fn variable(&mut self, name: &str, value: &Word) {
        let text = format!("{name}={}", value.text);
        let loads = listed(LOADS, name) || STARTS.iter().any(|start| name.starts_with(start));
        if gate::is_own_variable(name) {
            self.add(Kind::Gate, "sets a variable of Holdshort", &text);
        } else if loads && !is_harmless(name, &value.text) {
            self.add(Kind::Execute, "sets a variable that makes other programs run code", &text);
        } else if name.starts_with("HIST") {
            self.add(Kind::Unknown, "hides what is typed", &text);
        } else {
            self.add(Kind::Read, "sets a variable", &text);
        }
    }
}

fn is_harmless(name: &str, value: &str) -> bool {
    match name {
        "PATH" => is_usual_path(value),
        "PYTHONPATH" => value.split(':').all(|part| !part.starts_with(['/', '~']) && part != ".."),
        "NODE_OPTIONS" => value.starts_with("--max-old-space-size="),
        "IFS" => !value.contains(|char: char| char.is_alphanumeric()),
        _ if listed(SHOWS, name) => matches!(value, "cat" | "true" | ":" | ""),
        _ => listed(HARMLESS, name),
    }
}

/// Whether a search path only names folders of the system and of well-known tools.
fn is_usual_path(value: &str) -> bool {
    const ENDS: &[&str] = &[
        "/.cargo/bin",
        "/.local/bin",
        "/go/bin",
        "node_modules/.bin",
        "venv/bin",
        "/.bun/bin",
        "/.deno/bin",
        "/.npm-global/bin",
        "/.yarn/bin",
        "/.pyenv/shims",
        "/.rbenv/shims",
    ];
    const SYSTEM: &str = "\
        $PATH ${PATH} /bin /usr/bin /usr/local/bin /sbin /usr/sbin /usr/local/sbin \
        /opt/homebrew/bin /usr/local/go/bin";
    value.contains("PATH")
        && value
            .split(':')
            .all(|part| listed(SYSTEM, part) || ENDS.iter().any(|end| part.ends_with(end)))
}
