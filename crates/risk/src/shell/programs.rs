//! Judges simple commands: looks through wrappers, reads sub-commands, options and paths.

use holdshort_core::{Phrase, Source};

use super::lists::{
    DANGEROUS, FETCH, INTERPRETERS, READ, SHELLS, SUBS, Sub, TURNS, WRAPPERS, WRITE, Wrapper,
};
use super::{Join, Script, Simple, assignment, git, parse};
use crate::finding::{Finding, Kind};
use crate::{files, gate, sql, words};

/// How deep `sh -c 'sh -c …'` is followed.
const DEPTH: usize = 4;

/// What was found in a shell text.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    pub(crate) commands: Vec<String>,
    pub(crate) runs_on: bool,
}

impl Judged {
    pub(crate) fn add(&mut self, kind: Kind, why: &str, of: &str) {
        let text = Phrase::ours(format!("{why}: `")).theirs(of).and("`");
        self.findings.push(Finding::new(kind, Source::Shell, text));
    }
}

/// Judges a shell text.
pub(crate) fn judge(text: &str) -> Judged {
    let mut out = Judged::default();
    script(text, DEPTH, &mut out);
    out
}

/// Judges commands that are already taken apart.
pub(crate) fn judge_argv(simple: &Simple) -> Judged {
    let mut out = Judged::default();
    one(simple, DEPTH, &mut out);
    out
}

fn script(text: &str, depth: usize, out: &mut Judged) {
    let Script { commands, opaque } = parse(text);
    let before = out.commands.len();
    if let Some(reason) = opaque {
        let why = Phrase::ours(format!("it cannot be inspected in full: {reason}"));
        out.findings.push(Finding::new(Kind::Opaque, Source::Shell, why));
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        out.commands.extend(lines.map(str::to_owned));
    }
    let shown = out.commands.len();
    for simple in &commands {
        one(simple, depth, out);
    }
    if shown > before {
        // The lines stand for all of it; pieces cut at the wrong place would mislead.
        out.commands.truncate(shown);
    }
    out.runs_on |= Script { commands, opaque }.runs_on();
}

fn one(simple: &Simple, depth: usize, out: &mut Judged) {
    out.commands.push(simple.text.clone());
    for (name, value) in &simple.assignments {
        variable(name, value, out);
    }
    for path in &simple.writes {
        if path != "/dev/null" {
            write_to(path, out);
        }
    }
    for path in &simple.reads {
        read_from(path, out);
    }
    if simple.words.is_empty() {
        return;
    }
    if simple.join == Join::Pipe && pipes_into_code(&simple.words) {
        out.add(Kind::Execute, "runs what it is given by the command before", &simple.text);
    }
    command(&simple.words, depth, out);
}

/// `… | sh`: an interpreter without a file of its own.
fn pipes_into_code(words: &[String]) -> bool {
    words.iter().any(|word| INTERPRETERS.contains(&base(word)))
}

/// The name of a program without its folder.
pub(crate) fn base(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn variable(name: &str, value: &str, out: &mut Judged) {
    const HARMLESS: &[&str] =
        &["LANG", "TZ", "NO_COLOR", "CI", "TERM", "COLUMNS", "FORCE_COLOR", "RUST_BACKTRACE"];
    const LOADS: &[&str] = &[
        "PATH", "BASH_ENV", "ENV", "IFS", "PS4", "PROMPT_COMMAND", "PAGER", "EDITOR", "VISUAL", "BROWSER",
        "NODE_OPTIONS", "PYTHONSTARTUP", "PYTHONPATH", "PERL5OPT", "PERL5LIB", "RUBYOPT", "RUBYLIB", "SHELL",
        "RUSTC_WRAPPER", "RUSTC", "MANPAGER", "LESSOPEN", "JAVA_TOOL_OPTIONS", "HOME", "SHELLOPTS",
    ];
    let text = format!("{name}={value}");
    if gate::is_own_variable(name) {
        out.add(Kind::Gate, "sets a variable of Holdshort", &text);
    } else if LOADS.contains(&name)
        || ["LD_", "DYLD_", "GIT_", "BASH_FUNC", "npm_config_", "CARGO_"]
            .iter()
            .any(|start| name.starts_with(start))
    {
        out.add(Kind::Execute, "sets a variable that makes other programs run code", &text);
    } else if HARMLESS.contains(&name) || name.starts_with("LC_") {
        out.add(Kind::Read, "sets a variable", &text);
    } else {
        out.add(Kind::Write, "sets a variable", &text);
    }
}

fn write_to(path: &str, out: &mut Judged) {
    out.findings.push(files::judge_write(path));
}

fn read_from(path: &str, out: &mut Judged) {
    if files::is_secret(path) {
        out.add(Kind::ReadSecret, "reads keys or credentials", path);
    }
}

/// Judges the words of one command.
fn command(words: &[String], depth: usize, out: &mut Judged) {
    let Some((program, rest)) = words.split_first() else {
        return out.add(Kind::UnknownCode, "no program is named", "");
    };
    let name = base(program);
    if gate::is_own_program(name) {
        return out.add(Kind::Gate, "runs Holdshort itself", name);
    }
    if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.program == name) {
        return through(wrapper, rest, depth, out);
    }
    // A program reached by a path may be any file of that name.
    let known_place = !program.contains(['/', '\\'])
        || ["/bin/", "/usr/bin/", "/usr/local/bin/"]
            .iter()
            .any(|folder| program.strip_prefix(folder) == Some(name));
    if !known_place && program != "./gradlew" && program != "./mvnw" {
        dangerous(name, rest, depth, out);
        return out.add(Kind::UnknownCode, "unknown program", program);
    }
    if dangerous(name, rest, depth, out) {
        return;
    }
    match name {
        "git" => git::judge(rest, out),
        "curl" | "wget" | "http" | "https" => web(name, rest, out),
        "sed" => sed(rest, out),
        "awk" | "gawk" | "mawk" => awk(rest, out),
        "kill" => kill(rest, out),
        "aws" | "gcloud" | "az" | "gh" | "glab" => cloud(name, rest, out),
        "psql" | "mysql" | "mariadb" | "sqlite3" | "duckdb" => database(name, rest, out),
        _ if FETCH.contains(&name) => out.add(Kind::Fetch, "asks a remote host", name),
        _ if READ.contains(&name) => reading(name, rest, out),
        _ if WRITE.contains(&name) => writing(name, rest, out),
        _ => match SUBS.iter().find(|sub| sub.programs.contains(&name)) {
            Some(sub) => sub_command(sub, name, rest, out),
            None => out.add(Kind::UnknownCode, "unknown program", program),
        },
    }
}

/// Programs that need a person whatever follows. Says whether it was one.
fn dangerous(name: &str, rest: &[String], depth: usize, out: &mut Judged) -> bool {
    let start = name.split('.').next().unwrap_or(name);
    if let Some((kind, _)) =
        DANGEROUS.iter().find(|(_, list)| list.contains(&name) || list.contains(&start))
    {
        out.add(*kind, why(*kind), name);
        if rest.iter().any(|word| gate::is_own_program(base(word))) {
            out.add(Kind::Gate, "names Holdshort itself", name);
        }
        return true;
    }
    if INTERPRETERS.contains(&name) {
        interpreter(name, rest, depth, out);
        return true;
    }
    false
}

fn why(kind: Kind) -> &'static str {
    match kind {
        Kind::Destroy => "deletes or ends something for good",
        Kind::Send => "sends data to another host",
        Kind::Release => "changes what is running",
        Kind::Grant => "changes who may do what",
        Kind::Execute => "runs code that was not read",
        Kind::Agent => "starts another agent",
        Kind::Config => "changes how the system is set up",
        Kind::Write => "changes files, builds or tests",
        Kind::Read => "only reads",
        _ => "unknown program",
    }
}

fn interpreter(name: &str, rest: &[String], depth: usize, out: &mut Judged) {
    let only = |list: &[&str]| {
        rest.len() == 1 && rest.first().is_some_and(|word| list.contains(&word.as_str()))
    };
    if only(&["--version", "-V", "-v"]) && name != "php" {
        return out.add(Kind::Read, "only shows a version", name);
    }
    if SHELLS.contains(&name)
        && let [option, text] = rest
        && matches!(option.as_str(), "-c" | "-lc" | "-ec" | "-ic")
    {
        return if depth == 0 {
            out.add(Kind::Opaque, "shells are nested too deep", name);
        } else {
            script(text, depth - 1, out);
        };
    }
    if let [option, module, ..] = rest
        && option == "-m"
        && matches!(module.as_str(), "pytest" | "unittest" | "mypy" | "black" | "ruff" | "isort")
        && name.starts_with("python")
    {
        return out.add(Kind::Write, why(Kind::Write), module);
    }
    out.add(Kind::Execute, why(Kind::Execute), name);
}

/// `timeout 5 ls` is judged as `ls`.
fn through(wrapper: &Wrapper, rest: &[String], depth: usize, out: &mut Judged) {
    let Wrapper { program, .. } = *wrapper;
    match program {
        "sudo" | "doas" => out.add(Kind::Grant, "runs with other rights", program),
        "xargs" => out.add(Kind::Write, "takes its arguments from the command before", program),
        _ => {}
    }
    let mut words = rest.iter();
    let mut plain = wrapper.plain;
    let mut inner: &[String] = words.as_slice();
    while let Some(word) = words.next() {
        if wrapper.with_value.contains(&word.as_str()) {
            let _ = words.next();
        } else if wrapper.alone.contains(&word.as_str()) || word == "--" {
        } else if word.starts_with('-') {
            if !glued_number(word, wrapper) {
                out.add(Kind::Opaque, "an option of a wrapper is not known", word);
            }
        } else if let (true, Some((name, value))) =
            (matches!(program, "env" | "sudo"), assignment(word))
        {
            variable(&name, &value, out);
        } else if plain > 0 {
            plain -= 1;
        } else {
            break;
        }
        inner = words.as_slice();
    }
    if inner.is_empty() {
        let kind = if program == "env" { Kind::ReadSecret } else { Kind::Write };
        return out.add(kind, "shows or changes the environment", program);
    }
    if depth == 0 {
        return out.add(Kind::Opaque, "wrappers are nested too deep", program);
    }
    command(inner, depth - 1, out);
}

/// `-n5`, `-5`, `-I{}`, `-oL`: an option that takes a value, with the value glued to it.
fn glued_number(word: &str, wrapper: &Wrapper) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|char| char.is_ascii_digit());
    word.strip_prefix('-').is_some_and(|text| wrapper.program == "nice" && digits(text))
        || wrapper.with_value.iter().any(|option| {
            word.strip_prefix(option).is_some_and(|text| {
                digits(text) || (text == "{}" && *option == "-I") || matches!(text, "L" | "0")
            })
        })
}

/// Whether `word` is `option`, glued to a value, in a cluster of letters, or cut short.
pub(crate) fn is_option(word: &str, option: &str) -> bool {
    let name = word.split('=').next().unwrap_or(word);
    if word == option || name == option {
        return true;
    }
    match (option.strip_prefix("--"), option.strip_prefix('-')) {
        (Some(_), _) => name.len() > 3 && name.starts_with("--") && option.starts_with(name),
        (None, Some(letter)) if letter.len() == 1 => {
            word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
        }
        _ => false,
    }
}

pub(crate) fn has_option(words: &[String], options: &[&str]) -> bool {
    words.iter().any(|word| options.iter().any(|option| is_option(word, option)))
}

fn reading(name: &str, rest: &[String], out: &mut Judged) {
    out.add(Kind::Read, why(Kind::Read), name);
    for (program, options, kind) in TURNS {
        // `find -name x` is no cluster of letters.
        let found = if matches!(name, "find") {
            rest.iter().any(|word| options.contains(&word.as_str()))
        } else {
            has_option(rest, options)
        };
        if *program == name && found {
            out.add(*kind, "an option makes it do more than read", name);
            if *kind == Kind::Write {
                rest.iter().for_each(|path| write_to(path, out));
            }
        }
    }
    rest.iter().for_each(|path| read_from(path, out));
}

fn writing(name: &str, rest: &[String], out: &mut Judged) {
    if name == "chmod" && has_option(rest, &["-R", "--recursive"]) {
        return out.add(Kind::Grant, "changes rights of a whole folder", name);
    }
    out.add(Kind::Write, why(Kind::Write), name);
    if matches!(name, "make" | "rake" | "mvn" | "gradle" | "./gradlew" | "./mvnw" | "mix") {
        script_name(rest, out);
    }
    if matches!(name, "export" | "declare" | "typeset" | "readonly" | "local") {
        rest.iter().filter_map(|word| assignment(word)).for_each(|(name, value)| {
            variable(&name, &value, out);
        });
    }
    if name == "tar"
        && has_option(rest, &["--to-command", "--checkpoint-action", "--use-compress-program", "-I"])
    {
        out.add(Kind::Execute, "an option runs another program", name);
    }
    for path in rest {
        read_from(path, out);
        if files::is_sensitive(path) {
            write_to(path, out);
        }
    }
}

/// `npm run deploy`, `make publish`: a script's name is a claim, so it only raises.
fn script_name(rest: &[String], out: &mut Judged) {
    for word in rest.iter().filter(|word| !word.starts_with('-')) {
        if words::split(word).iter().any(|part| {
            matches!(part.as_str(), "deploy" | "publish" | "release" | "destroy" | "production" | "prod")
        }) {
            out.add(Kind::Release, "the name of the script says it changes what is running", word);
        }
    }
}

fn sub_command(sub: &Sub, name: &str, rest: &[String], out: &mut Judged) {
    let rest = match rest {
        [option, _, tail @ ..]
            if matches!(name, "kubectl" | "helm")
                && matches!(option.as_str(), "-n" | "--namespace" | "--context") =>
        {
            tail
        }
        [toolchain, tail @ ..] if name == "cargo" && toolchain.starts_with('+') => tail,
        _ => rest,
    };
    let word = match rest.first().map(String::as_str) {
        Some("--version" | "-V" | "--help") => return out.add(Kind::Read, why(Kind::Read), name),
        // What stands before the sub-command may take a value, and the value may look like one.
        Some(option) if option.starts_with('-') => {
            return out.add(Kind::Opaque, "options stand before the sub-command", name);
        }
        Some(word) => word,
        None => return out.add(sub.other, "a program without a sub-command", name),
    };
    let dry = has_option(rest, &["--dry-run"]) && !rest.iter().any(|w| w == "--dry-run=none");
    let has = |text: &str| rest.iter().any(|word| word.to_ascii_lowercase().starts_with(text));
    let shown = format!("{name} {word}");
    let kind = if sub.read.contains(&word) {
        if has("secret") { Kind::ReadSecret } else { Kind::Read }
    } else if sub.write.contains(&word) {
        Kind::Write
    } else if dry && matches!(name, "kubectl" | "helm") {
        Kind::Write
    } else if sub.destroy.contains(&word) {
        Kind::Destroy
    } else {
        sub.other
    };
    if matches!(name, "npm" | "pnpm" | "yarn") {
        script_name(rest, out);
    }
    if has_option(rest, &["--config", "--git-dir"]) && kind.level() < Kind::Execute.level() {
        out.add(Kind::Execute, "an option changes how it is set up", &shown);
    }
    out.add(kind, why(kind), &shown);
}

fn web(name: &str, rest: &[String], out: &mut Judged) {
    const DATA: &[&str] = &[
        "-d", "--data", "--data-binary", "--data-raw", "--data-urlencode", "-F", "--form", "-T",
        "--upload-file", "--json", "--post-data", "--post-file", "--body-data", "--body-file",
    ];
    let text = rest.join(" ");
    let verb = rest.iter().zip(rest.iter().skip(1)).find_map(|(option, value)| {
        matches!(option.as_str(), "-X" | "--request" | "--method").then_some(value.as_str())
    });
    let glued = rest.iter().find_map(|word| {
        ["-X", "--request=", "--method="].iter().find_map(|start| word.strip_prefix(start))
    });
    let verb = verb.or(glued.filter(|verb| !verb.is_empty())).map(str::to_ascii_uppercase);
    out.add(Kind::Fetch, "asks a remote host", name);
    let posts = has_option(rest, DATA) || matches!(name, "http" | "https");
    match verb.as_deref() {
        Some("DELETE") => out.add(Kind::Destroy, "asks a remote host to delete", &text),
        Some("GET" | "HEAD" | "OPTIONS") | None if !posts => {}
        _ => out.add(Kind::Send, why(Kind::Send), &text),
    }
    if posts
        && words::split(&text).iter().any(|word| {
            matches!(word.as_str(), "delete" | "drop" | "destroy" | "terminate" | "purge" | "remove")
        })
    {
        out.add(Kind::Destroy, "what it sends asks to delete", &text);
    }
    if has_option(rest, &["-K", "--config", "--use-askpass", "--execute", "-e"]) {
        out.add(Kind::Execute, "an option changes how it is set up", name);
    }
    let saves = has_option(rest, &["-o", "-O", "--output", "--output-document", "--remote-name"]);
    if saves || name == "wget" {
        out.add(Kind::Write, "saves what it gets", name);
        rest.iter().filter(|word| files::is_sensitive(word)).for_each(|word| write_to(word, out));
    }
    rest.iter().for_each(|word| read_from(word.trim_start_matches(['@', '<']), out));
}

fn sed(rest: &[String], out: &mut Judged) {
    let prints = |script: &str| script.chars().all(|char| "0123456789,$pdq; !".contains(char));
    let flags = |script: &str| {
        let last = script.rsplit(['/', '|', '#', ',', ';', '}', ' ']).next().unwrap_or_default();
        last.chars().all(|char| char.is_ascii_alphanumeric()) && last.contains('e')
    };
    let runs = |script: &str| script.trim_start_matches(|c: char| !c.is_alphabetic()).starts_with('e');
    let plain: Vec<&String> = rest.iter().filter(|word| !word.starts_with('-')).collect();
    if plain.first().is_some_and(|script| flags(script) || runs(script)) {
        return out.add(Kind::Execute, "a sed script may run commands", "sed");
    }
    let quiet = rest.iter().all(|word| !word.starts_with('-') || word == "-n" || word == "-E");
    if quiet && plain.first().is_some_and(|script| prints(script)) {
        out.add(Kind::Read, why(Kind::Read), "sed");
        return rest.iter().for_each(|path| read_from(path, out));
    }
    writing("sed", rest, out);
}

fn awk(rest: &[String], out: &mut Judged) {
    let simple = |word: &String| {
        !["system", ">", "|", "getline", "@"].iter().any(|part| word.contains(part))
            && (!word.starts_with('-') || word.starts_with("-F") || word.starts_with("-v"))
    };
    if rest.iter().all(simple) {
        out.add(Kind::Read, why(Kind::Read), "awk");
        rest.iter().for_each(|path| read_from(path, out));
    } else {
        out.add(Kind::Execute, "an awk script may run commands or write files", "awk");
    }
}

fn kill(rest: &[String], out: &mut Judged) {
    // The first word may be a signal (`-9`); a later one that is negative names a whole group.
    let broad = rest.iter().skip(1).any(|word| word.starts_with('-') && word != "--")
        || rest.iter().any(|word| matches!(word.as_str(), "-1" | "0" | "1"))
        || rest.iter().any(|word| word.contains('$'));
    let kind = if broad { Kind::Destroy } else { Kind::Write };
    out.add(kind, "ends processes", &rest.join(" "));
}

fn cloud(name: &str, rest: &[String], out: &mut Judged) {
    // Only the operation counts, so `--name list` or a resource called `list` does not.
    let at = |index: usize| {
        rest.get(index).map(String::as_str).filter(|word| !word.starts_with('-')).unwrap_or_default()
    };
    let (service, operation) = (at(0), at(1));
    let deep = if operation.ends_with('s') && name != "aws" { at(2) } else { "" };
    let shown = format!("{name} {service} {operation} {deep}");
    let shown = shown.trim_end();
    let starts = |list: &[&str]| {
        [operation, deep].iter().any(|word| list.iter().any(|start| word.starts_with(start)))
    };
    if starts(&["terminate", "delete", "remove", "rm", "rb", "purge", "deregister", "destroy"]) {
        return out.add(Kind::Destroy, why(Kind::Destroy), shown);
    }
    let reads = match name {
        "aws" => starts(&["describe-", "list-", "get-"]) || operation == "ls",
        _ => [operation, deep]
            .iter()
            .any(|word| matches!(*word, "list" | "describe" | "show" | "view" | "status" | "checks")),
    };
    if reads && ["secret", "parameter", "token"].iter().any(|part| shown.contains(part)) {
        out.add(Kind::ReadSecret, "reads keys or credentials", shown);
    } else if reads {
        out.add(Kind::Read, why(Kind::Read), shown);
    } else if matches!(name, "gh" | "glab") {
        out.add(Kind::Send, "changes what others see", shown);
    } else {
        out.add(Kind::Release, why(Kind::Release), shown);
    }
}

fn database(name: &str, rest: &[String], out: &mut Judged) {
    let option = rest.iter().zip(rest.iter().skip(1)).find_map(|(option, value)| {
        matches!(option.as_str(), "-c" | "-e" | "--command" | "--execute").then_some(value)
    });
    let one = rest.iter().filter(|word| matches!(word.as_str(), "-c" | "-e")).count() == 1
        && !has_option(rest, &["-f", "--file", "--init-command", "-init", "--set", "-v", "--pager"]);
    let last = rest.get(1).filter(|_| matches!(name, "sqlite3" | "duckdb") && rest.len() == 2);
    match option.filter(|_| one).or(last) {
        Some(text) if !text.trim_start().starts_with('.') => {
            out.findings.extend(sql::judge(text).findings);
        }
        _ => out.add(Kind::UnknownCode, "opens a database with statements that were not read", name),
    }
}
