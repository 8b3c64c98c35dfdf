//! Judges the commands of a script one by one, in the order in which they run.

use std::collections::HashMap;

use holdshort_core::{Phrase, RiskLevel, Source};

use super::effect::why;
use super::places::Folder;
use super::script::{Input, Script, Simple, Word};
use super::table::{Takes, table};
use super::walk::{Reading, readings};
use super::{Around, Command, Judged, own, say, web};
use crate::finding::{Finding, Kind};
use crate::gate;

/// How deep `sh -c 'sh -c …'` is followed.
const DEPTH: usize = 6;

/// Judges a text and the texts within it.
pub(super) struct Judge<'a> {
    pub(super) around: Around<'a>,
    pub(super) out: Judged,
    pub(super) depth: usize,
    functions: Vec<String>,
    /// Files this text writes with a content it shows.
    pub(super) written: HashMap<String, String>,
    /// Whether a command before may have changed files.
    pub(super) changed: bool,
    /// Where `cd` may have gone: every place that was entered.
    pub(super) folders: Vec<Folder>,
    /// Inside `find -exec` or `xargs`: what stands for something unknown.
    pub(super) filled: Option<String>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(around: Around<'a>) -> Self {
        Self {
            around,
            out: Judged::default(),
            depth: DEPTH,
            functions: Vec::new(),
            written: HashMap::new(),
            changed: false,
            folders: vec![Folder::Start],
            filled: None,
        }
    }

    pub(super) fn text(mut self, text: &str) -> Judged {
        self.nested(text);
        self.out
    }

    pub(super) fn script(mut self, script: &Script) -> Judged {
        self.commands(script);
        self.out
    }

    pub(super) fn add(&mut self, kind: Kind, why: &str, of: &str) {
        self.out.add(kind, why, of);
    }

    /// A text of shell: the whole, or one within it.
    pub(super) fn nested(&mut self, text: &str) {
        if self.depth == 0 {
            return self.add(Kind::Opaque, "shells are nested too deep", "sh");
        }
        self.depth -= 1;
        let script = super::parse(text);
        if let Some(reason) = script.opaque {
            let why = Phrase::ours(format!("it cannot be inspected in full: {reason}"));
            self.out.findings.push(Finding::new(Kind::Opaque, Source::Shell, why));
            // The lines stand for all of it; pieces cut at the wrong place would mislead.
            let shown = self.out.commands.len();
            self.commands(&script);
            self.out.commands.truncate(shown);
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let level = RiskLevel::Dangerous;
            let lines = lines.map(|line| Command { text: line.to_owned(), level, said: None });
            self.out.commands.extend(lines.take(LINES_MAX));
        } else if script.commands.is_empty() {
            self.add(Kind::UnknownCode, "there is no command", text.trim());
        } else {
            self.commands(&script);
        }
        self.depth += 1;
    }

    fn commands(&mut self, script: &Script) {
        let defined = self.functions.len();
        self.out.runs_on |= script.runs_on;
        for why in &script.evaluates {
            self.add(Kind::Execute, why, "${…}");
        }
        if script.indirect {
            self.add(Kind::Unknown, "a variable names another variable", "${!…}");
        }
        for (at, simple) in script.commands.iter().enumerate() {
            let ready = script.functions.iter().filter(|(_, from)| *from == at);
            self.functions.extend(ready.map(|(name, _)| name.clone()));
            let outermost = self.depth + 1 >= DEPTH;
            let shown = self.out.commands.len();
            let before = self.out.findings.len();
            if outermost {
                let level = RiskLevel::Safe;
                let said = say::phrase(simple);
                self.out.commands.push(Command { text: simple.text.clone(), level, said });
            }
            self.one(simple, script);
            let found = self.out.findings.iter_mut().skip(before);
            let mut level = RiskLevel::Safe;
            for finding in found {
                level = level.max(finding.kind.level());
                if outermost && finding.span.is_none() {
                    finding.span = simple.span;
                }
            }
            if let Some(command) = self.out.commands.get_mut(shown).filter(|_| outermost) {
                command.level = level;
            }
            // Whatever changes something may have changed a file whose content was known.
            if level > RiskLevel::Safe && !self.remember_file(simple) {
                self.written.clear();
                self.changed = true;
            }
        }
        self.functions.truncate(defined);
    }

    fn one(&mut self, simple: &Simple, script: &Script) {
        for (name, value) in &simple.assignments {
            self.variable(name, value);
        }
        for redirect in &simple.redirects {
            if redirect.writes {
                self.write_to(&redirect.target);
            } else {
                self.read_from(&redirect.target);
            }
        }
        if !simple.words.is_empty() {
            self.command(&simple.words, &simple.input, script);
        }
    }

    /// The words of one command.
    pub(super) fn command(&mut self, words: &[Word], input: &Input, script: &Script) {
        let Some((program, args)) = words.split_first() else {
            return self.add(Kind::UnknownCode, "no program is named", "");
        };
        let named = program.text.as_str();
        if !program.is_known() || named.is_empty() {
            return self.add(Kind::UnknownCode, "the program is not known", named);
        }
        if !named.is_ascii() || named.chars().any(|char| char.is_control()) {
            return self.add(Kind::Opaque, "the program's name may look like another", named);
        }
        let name = self.base(named);
        if gate::is_own_program(&name) {
            return self.add(Kind::Gate, "runs Holdshort itself", &name);
        }
        if self.filled.as_ref().is_some_and(|mark| named.contains(mark.as_str())) {
            return self.add(Kind::UnknownCode, "the program is not known", named);
        }
        // A function may hide a program of that name, or not: both count.
        let hidden = self.functions.iter().any(|function| function == named);
        if hidden && table().program(&name).is_none() {
            return;
        }
        if !self.is_program(named) {
            return self.file_of_code(program, args);
        }
        let Some(at) = table().program(&name) else {
            return self.unknown(&name, args);
        };
        if own::judge(self, &name, args, input, script) {
            return;
        }
        for reading in readings(table(), at, args) {
            self.reading(&name, &reading, input, script);
        }
    }

    fn reading(&mut self, name: &str, read: &Reading<'_>, input: &Input, script: &Script) {
        let table = table();
        let shown = [name].into_iter().chain(read.subs.iter().copied()).collect::<Vec<_>>();
        let shown = shown.join(" ");
        let own = read.nearest(table, |node| node.effect);
        // An interpreter does what its file or its code does.
        let interprets = own.is_none() && read.node(table).first == Some(Takes::Script);
        let mut effect = own.unwrap_or(Kind::Unknown);
        if let Some(kind) = web::judge(self, name, read) {
            effect = kind;
        }
        // `rsync -e ssh`: without a host it reaches nobody.
        if name == "ssh" && read.operands.is_empty() && read.inner.is_empty() {
            effect = Kind::Read;
        }
        if read.nearest(table, |node| node.words.then_some(())).is_some() {
            effect = self.by_words(read);
        } else if read.stray.is_some() && effect.level() < RiskLevel::Risky {
            effect = Kind::Unknown;
        }
        // `env ls` shows nothing of the environment.
        let wraps = read.inner.iter().any(|(_, words)| !words.is_empty())
            && matches!(effect, Kind::Read | Kind::ReadSecret);
        let runs_other =
            read.inner.iter().any(|(takes, words)| *takes == Takes::Command && !words.is_empty())
                || read.hits.iter().any(|hit| hit.rule.takes == Some(Takes::Shell));
        if read.look {
            self.add(Kind::Read, "an option makes it only look", &shown);
        } else if read.dry {
            // A dry run of what deletes is believed only so far: it runs, but is not called safe.
            let worst = read.hits.iter().filter_map(|hit| hit.rule.effect).chain([effect]);
            let mild = worst.map(Kind::level).max() < Some(RiskLevel::Dangerous);
            let kind = if mild || interprets { Kind::Read } else { Kind::Unknown };
            self.add(kind, "an option makes it only show what it would do", &shown);
        } else if interprets || (effect == Kind::Execute && read.says_what(table)) {
            // What runs is judged by itself.
        } else if runs_other && effect == Kind::Grant {
            // What runs with other rights is judged by itself.
            self.add(Kind::Unknown, "runs a command with other rights", &shown);
        } else if !wraps {
            self.add(effect, why(effect), &shown);
        }
        if let Some(kind) = read.unsure.filter(|kind| kind.level() > effect.level()) {
            self.add(kind, "a word that is not known may be an option or a subcommand", &shown);
        }
        for hit in &read.hits {
            let counts = |kind: &Kind| !read.dry || *kind == Kind::Execute;
            if let Some(kind) = hit.rule.effect.filter(counts).filter(|_| !own::is_mild(hit)) {
                self.add(kind, why(kind), &format!("{shown} {}", hit.text));
            }
            if own::asks_to_delete(hit) {
                self.add(Kind::Destroy, "asks a remote host to delete", &shown);
            }
            let writes = matches!(hit.rule.takes, Some(Takes::WritePath | Takes::DeletePath));
            if let (Some(takes), Some(word)) = (hit.rule.takes, &hit.value)
                && !(read.dry && writes)
            {
                self.value(takes, word, &shown);
            }
        }
        self.gate(read, effect, &shown);
        self.operands(name, read, effect);
        if read.inner.is_empty() {
            return self.input_of(name, read, input, script);
        }
        for (takes, words) in read.inner.iter().filter(|_| !read.dry && !read.look) {
            if *takes == Takes::Command {
                let mark = read.hits.iter().find(|hit| matches!(hit.key, "-I" | "--replace"));
                let mark = mark.and_then(|hit| hit.value.as_ref()).map_or("{}", |word| &word.text);
                self.inner((name, mark), words, input, script);
            } else {
                let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
                let sure = words.iter().all(Word::is_known);
                self.shell_text(&text.join(" "), sure, name);
            }
        }
    }

    /// What stops, removes or changes things must not name Holdshort.
    fn gate(&mut self, read: &Reading<'_>, effect: Kind, shown: &str) {
        let acts = matches!(
            effect,
            Kind::Stop | Kind::Halt | Kind::Destroy | Kind::Grant | Kind::Config | Kind::Execute
        );
        let values = read.hits.iter().filter_map(|hit| hit.value.as_ref());
        let mut words = read.operands.iter().copied().chain(values);
        if acts && words.any(|word| gate::is_own_program(&self.base(&word.text))) {
            self.add(Kind::Gate, "names Holdshort itself", shown);
        }
    }

    /// A command that another program starts.
    fn inner(&mut self, by: (&str, &str), words: &[Word], input: &Input, script: &Script) {
        let (by, mark) = by;
        if self.depth == 0 {
            return self.add(Kind::Opaque, "commands are nested too deep", by);
        }
        let assignments = words.iter().take_while(|word| is_assignment(word)).count();
        for word in words.iter().take(assignments) {
            if let Some((name, value)) = word.text.split_once('=') {
                self.variable(name, &Word::exact(value));
            }
        }
        let mut words = words.get(assignments..).unwrap_or_default().to_vec();
        if words.is_empty() {
            return;
        }
        let fills = matches!(by, "xargs" | "parallel" | "fd" | "fdfind");
        let filled = self.filled.clone();
        if fills || by == "find" {
            self.filled = Some(mark.to_owned());
        }
        if fills {
            let unknown = Word { text: "…".to_owned(), may_be_option: true, ..Word::default() };
            words.push(Word { open: super::script::Open::Part, ..unknown });
        }
        let fetched = matches!(by, "npx" | "bunx" | "pnpx" | "dlx" | "uvx" | "pipx" | "x");
        let named = words.first().map_or("", |word| word.text.as_str());
        if fetched && !own::is_local_tool(named) {
            self.add(Kind::Execute, "may fetch a package and run it", named);
        }
        self.depth -= 1;
        self.command(&words, if fills { &Input::Inherited } else { input }, script);
        self.depth += 1;
        self.filled = filled;
    }
}

/// More lines of a text that cannot be read are not shown one by one.
const LINES_MAX: usize = 256;

fn is_assignment(word: &Word) -> bool {
    word.text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
            && !name.starts_with(|char: char| char.is_ascii_digit())
    })
}
