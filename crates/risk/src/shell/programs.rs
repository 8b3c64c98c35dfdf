//! Judges simple commands: looks through wrappers, reads sub-commands, options and paths.

use holdshort_core::{Phrase, RiskLevel, Source};

use super::lists::{DANGEROUS, FETCH, INTERPRETERS, READ, SUBS, Sub, TURNS, WRAPPERS, WRITE};
use super::options::has_option;
use super::{Join, Script, Simple, assignment, git, parse, special, wrappers};
use crate::finding::{Finding, Kind};
use crate::words::listed;
use crate::{files, gate, words};

/// How deep `sh -c 'sh -c …'` is followed.
const DEPTH: usize = 4;

/// What was found in a shell text.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    pub(crate) commands: Vec<Command>,
    pub(crate) runs_on: bool,
}

/// A simple command as written, and how risky it is by itself.
pub(crate) struct Command {
    pub(crate) text: String,
    pub(crate) level: RiskLevel,
}

impl Judged {
    pub(crate) fn add(&mut self, kind: Kind, why: &str, of: &str) {
        let text = Phrase::ours(format!("{why}: `")).theirs(of).and("`");
        let source = if kind == Kind::Gate { Source::Gate } else { Source::Shell };
        self.findings.push(Finding::new(kind, source, text));
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

pub(crate) fn script(text: &str, depth: usize, out: &mut Judged) {
    let Script { commands, opaque } = parse(text);
    let before = out.commands.len();
    if let Some(reason) = opaque {
        let why = Phrase::ours(format!("it cannot be inspected in full: {reason}"));
        out.findings.push(Finding::new(Kind::Opaque, Source::Shell, why));
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let level = RiskLevel::Dangerous;
        out.commands.extend(lines.map(|line| Command { text: line.to_owned(), level }));
    }
    let shown = out.commands.len();
    let found = out.findings.len();
    for simple in &commands {
        one(simple, depth, out);
    }
    let enters = commands.iter().find(|simple| {
        let mut words = simple.words.iter();
        matches!(words.next().map(String::as_str), Some("cd" | "pushd"))
            && words.any(|folder| files::is_sensitive(folder))
    });
    let writes = out.findings.iter().skip(found).any(|one| one.kind == Kind::Write);
    if let (Some(simple), true) = (enters, writes) {
        out.add(Kind::Config, "writes in a folder that can run code or open access", &simple.text);
    }
    if shown > before {
        // The lines stand for all of it; pieces cut at the wrong place would mislead.
        out.commands.truncate(shown);
    }
    out.runs_on |= Script { commands, opaque }.runs_on();
}

fn one(simple: &Simple, depth: usize, out: &mut Judged) {
    let shown = out.commands.len();
    let before = out.findings.len();
    out.commands.push(Command { text: simple.text.clone(), level: RiskLevel::Safe });
    parts(simple, depth, out);
    let levels = out.findings.iter().skip(before).map(|found| found.kind.level());
    let level = levels.max().unwrap_or(RiskLevel::Safe);
    if let Some(command) = out.commands.get_mut(shown) {
        command.level = level;
    }
}

fn parts(simple: &Simple, depth: usize, out: &mut Judged) {
    for (name, value) in &simple.assignments {
        wrappers::variable(name, value, out);
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
    words.iter().any(|word| listed(INTERPRETERS, base(word)))
}

/// The name of a program without its folder.
pub(crate) fn base(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

pub(crate) fn write_to(path: &str, out: &mut Judged) {
    out.findings.push(files::judge_write(path));
}

pub(crate) fn read_from(path: &str, out: &mut Judged) {
    if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
        out.add(Kind::Send, "opens a connection", path);
    } else if files::is_secret(path) {
        out.add(Kind::ReadSecret, "reads keys or credentials", path);
    }
}

/// Judges the words of one command.
pub(crate) fn command(words: &[String], depth: usize, out: &mut Judged) {
    let Some((program, rest)) = words.split_first() else {
        return out.add(Kind::UnknownCode, "no program is named", "");
    };
    let name = base(program);
    if gate::is_own_program(name) {
        return out.add(Kind::Gate, "runs Holdshort itself", name);
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
    if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.program == name) {
        return wrappers::through(wrapper, rest, depth, out);
    }
    if dangerous(name, rest, depth, out) {
        return;
    }
    let by_option = TURNS.iter().any(|(program, ..)| *program == name)
        || SUBS.iter().any(|sub| listed(sub.programs, name))
        || listed("git aws gcloud az gh glab", name);
    if by_option && rest.iter().any(|word| varies(word)) {
        out.add(Kind::Opaque, "an option may stand in a variable", name);
    }
    match name {
        "git" => git::judge(rest, out),
        "curl" | "wget" | "http" | "https" => special::web(name, rest, out),
        "sed" => special::sed(rest, out),
        "awk" | "gawk" | "mawk" => special::awk(rest, out),
        "kill" => special::kill(rest, out),
        "aws" | "gcloud" | "az" | "gh" | "glab" => special::cloud(name, rest, out),
        "psql" | "mysql" | "mariadb" | "sqlite3" | "duckdb" => special::database(name, rest, out),
        _ if listed(FETCH, name) => out.add(Kind::Fetch, "asks a remote host", name),
        _ if listed(READ, name) => reading(name, rest, out),
        _ if listed(WRITE, name) => writing(name, rest, out),
        _ => match SUBS.iter().find(|sub| listed(sub.programs, name)) {
            Some(sub) => sub_command(sub, name, rest, out),
            None => out.add(Kind::UnknownCode, "unknown program", program),
        },
    }
}

/// Whether a word begins with a variable that is not a well-known folder.
fn varies(word: &str) -> bool {
    let name = word.strip_prefix('$').unwrap_or_default().trim_start_matches('{');
    word.starts_with('$') && !["HOME", "PWD", "TMPDIR"].iter().any(|known| name.starts_with(known))
}

/// Programs that need a person whatever follows. Says whether it was one.
fn dangerous(name: &str, rest: &[String], depth: usize, out: &mut Judged) -> bool {
    let start = name.split('.').next().unwrap_or(name);
    if let Some((kind, _)) =
        DANGEROUS.iter().find(|(_, list)| listed(list, name) || listed(list, start))
    {
        out.add(*kind, why(*kind), name);
        if rest.iter().any(|word| gate::is_own_program(base(word))) {
            out.add(Kind::Gate, "names Holdshort itself", name);
        }
        return true;
    }
    if listed(INTERPRETERS, name) {
        wrappers::interpreter(name, rest, depth, out);
        return true;
    }
    false
}

pub(crate) fn why(kind: Kind) -> &'static str {
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

fn reading(name: &str, rest: &[String], out: &mut Judged) {
    out.add(Kind::Read, why(Kind::Read), name);
    for (program, options, kind) in TURNS {
        // `find -name x` is no cluster of letters.
        let found = if matches!(name, "find") {
            rest.iter().any(|word| listed(options, word.as_str()))
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

pub(crate) fn writing(name: &str, rest: &[String], out: &mut Judged) {
    if name == "chmod" && has_option(rest, "-R --recursive") {
        return out.add(Kind::Grant, "changes rights of a whole folder", name);
    }
    out.add(Kind::Write, why(Kind::Write), name);
    if matches!(name, "make" | "rake" | "mvn" | "gradle" | "./gradlew" | "./mvnw" | "mix") {
        script_name(rest, out);
    }
    if matches!(name, "export" | "declare" | "typeset" | "readonly" | "local") {
        rest.iter().filter_map(|word| assignment(word)).for_each(|(name, value)| {
            wrappers::variable(&name, &value, out);
        });
    }
    if name == "tar"
        && has_option(rest, "--to-command --checkpoint-action --use-compress-program -I")
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
            matches!(
                part.as_str(),
                "deploy" | "publish" | "release" | "destroy" | "production" | "prod"
            )
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
    let dry = has_option(rest, "--dry-run") && !rest.iter().any(|w| w == "--dry-run=none");
    let has = |text: &str| rest.iter().any(|word| word.to_ascii_lowercase().starts_with(text));
    let shown = format!("{name} {word}");
    let kind = if listed(sub.read, word) {
        if has("secret") { Kind::ReadSecret } else { Kind::Read }
    } else if listed(sub.write, word) || (dry && matches!(name, "kubectl" | "helm")) {
        Kind::Write
    } else if listed(sub.destroy, word) {
        Kind::Destroy
    } else {
        sub.other
    };
    if matches!(name, "npm" | "pnpm" | "yarn") {
        script_name(rest, out);
    }
    if has_option(rest, "--config --git-dir --post-renderer")
        && kind.level() < Kind::Execute.level()
    {
        out.add(Kind::Execute, "an option changes how it is set up", &shown);
    }
    out.add(kind, why(kind), &shown);
}
