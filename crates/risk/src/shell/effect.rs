//! The words for an effect, and effects that the names of things give away.

use super::judge::Judge;
use super::script::{Input, Script, Word};
use super::table::{Takes, table};
use super::walk::Reading;
use crate::files;
use crate::finding::Kind;
use crate::{http, sql, words};

/// What a kind of effect is called behind a command.
pub(super) fn why(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => "only reads",
        Kind::Fetch => "asks a remote host",
        Kind::ReadSecret => "reads keys or credentials",
        Kind::Write => "changes something that can be put back",
        Kind::Build => "runs the project's own code",
        Kind::Push => "sends work to a shared place",
        Kind::Stop => "stops or restarts something",
        Kind::Destroy => "deletes or discards something",
        Kind::Halt => "stops a machine, or what others depend on",
        Kind::Pay => "moves money",
        Kind::Send => "sends data to others",
        Kind::Release => "changes what users run",
        Kind::Grant => "changes who may do what",
        Kind::Execute => "runs code that was not read",
        Kind::Agent => "starts another agent",
        Kind::Config => "changes what makes other programs run code",
        _ => "unknown program",
    }
}

impl Judge<'_> {
    /// A program that the table does not have. Its words may still give it away.
    pub(super) fn unknown(&mut self, name: &str, args: &[Word]) {
        let only = |text: &str| args.len() == 1 && args.iter().all(|word| word.text == text);
        if ["--help", "--version", "-h", "-V", "help", "version"].into_iter().any(only) {
            return self.add(Kind::Read, "only shows help or a version", name);
        }
        self.add(Kind::Unknown, "a program the table does not have", name);
        let plain = args.iter().filter(|word| !word.text.starts_with('-')).take(3);
        let options = args.iter().filter_map(|word| word.text.strip_prefix("--"));
        for text in plain.map(|word| word.text.as_str()).chain(options).chain([name]) {
            let text = text.split('=').next().unwrap_or_default();
            let kind = words::strong(text).filter(|kind| kind.level() > Kind::Unknown.level());
            if let Some(kind) = kind {
                self.add(kind, "a word says more", &format!("{name} {text}"));
            }
        }
        for word in args {
            self.touches(word, true);
        }
    }

    /// The verb among a command's words: `aws ec2 run-instances`.
    pub(super) fn by_words(&self, read: &Reading<'_>) -> Kind {
        let wild = read.chain.len().saturating_sub(1 + read.subs.len());
        let named = read.subs.iter().copied();
        // `aws SERVICE OPERATION`: the operation alone; elsewhere the verb may stand anywhere.
        let skip = wild.saturating_sub(1);
        let most = if wild > 1 { 1 } else { 5 };
        let operands = read.operands.iter().skip(skip).take(most).map(|word| word.text.as_str());
        let mut worst = None;
        for text in named.chain(operands) {
            let name = words::Name::new(text, None);
            let kind = words::head(&name);
            worst = match (worst, kind) {
                (Some(one), Some(two)) if worse(two, one) => Some(two),
                (None, kind) => kind,
                (worst, _) => worst,
            };
        }
        worst.unwrap_or(Kind::Unknown)
    }

    /// The values a subcommand stands before.
    pub(super) fn operands(&mut self, name: &str, read: &Reading<'_>, effect: Kind) {
        let table = table();
        let args = read.nearest(table, |node| node.args);
        let first = read.nearest(table, |node| node.first);
        let last = read.nearest(table, |node| node.last);
        let skip = read.nearest(table, |node| (node.skip > 0).then_some(node.skip)).unwrap_or(0);
        // Behind `-m MODULE` stand the module's own words.
        let module = read.hits.iter().any(|hit| {
            hit.key == "-m" && hit.rule.takes == Some(Takes::Value) && hit.rule.effect.is_some()
        });
        if module {
            return;
        }
        let added = read.hits.iter().filter_map(|hit| hit.rule.effect);
        let quiet = read.dry || read.look;
        let writes = !quiet && added.chain([effect]).any(|kind| kind.level() > Kind::Read.level());
        let count = read.operands.len();
        let shown = read.subs.first().copied().unwrap_or(name);
        for (at, word) in read.operands.iter().enumerate() {
            let takes = if at + 1 == count && last.is_some() && count > 1 {
                last
            } else if at == skip && first.is_some() {
                first
            } else {
                args.filter(|_| at >= skip)
            };
            if shown == "mv" && takes == Some(Takes::WritePath) && files::is_sink(&word.text) {
                self.add(Kind::Destroy, "moves what it is given into nothing", &word.text);
            }
            match takes {
                Some(Takes::WritePath | Takes::DeletePath) if quiet => {}
                Some(takes @ Takes::ReadPath) if writes => {
                    self.touches(word, true);
                    self.value(takes, word, shown);
                }
                // Code behind a script's name is read by the script.
                Some(takes) => self.value_with(takes, word, shown, read.tail),
                // What stands before a command of its own: a user, a folder, a time.
                None if !read.inner.is_empty() => {}
                None => self.touches(word, writes),
            }
            if first == Some(Takes::Script) && at == skip {
                break;
            }
        }
    }

    /// Judges a value by what it is.
    pub(super) fn value(&mut self, takes: Takes, word: &Word, by: &str) {
        self.value_with(takes, word, by, &[]);
    }

    fn value_with(&mut self, takes: Takes, word: &Word, by: &str, tail: &[Word]) {
        match takes {
            Takes::Value | Takes::Command => {}
            Takes::ReadPath => self.read_from(word),
            Takes::WritePath => self.write_to(word),
            Takes::DeletePath => self.delete(word, by),
            Takes::Url => {
                for text in word.texts().map(str::to_owned).collect::<Vec<_>>() {
                    self.out.findings.extend(http::judge("GET", &text));
                }
            }
            Takes::Sql if word.is_known() => {
                let judged = sql::judge(&word.text, sql::Dialect::of(by));
                self.out.findings.extend(judged.findings);
            }
            Takes::Sql => self.add(Kind::UnknownCode, "SQL that is not known", &word.text),
            Takes::Shell => self.shell_text(&word.text, word.is_known(), by),
            Takes::Code => self.add(Kind::Execute, "runs code that was not read", by),
            Takes::Script => self.file_of_code(word, tail),
            Takes::Task => self.task(word),
        }
    }

    /// The name of a job is a claim, so it only raises.
    fn task(&mut self, word: &Word) {
        for text in word.texts() {
            let found = words::split(text).iter().find_map(|part| {
                let says = words::verb(part).filter(|kind| {
                    matches!(kind, Kind::Release | Kind::Destroy | Kind::Send | Kind::Pay)
                });
                let place = matches!(part.as_str(), "production" | "prod" | "release");
                // `make clean` deletes what `make` makes again.
                let clean = matches!(part.as_str(), "clean" | "clear" | "reset");
                says.filter(|_| !clean).or(place.then_some(Kind::Release))
            });
            if let Some(kind) = found {
                let text = text.to_owned();
                return self.add(kind, "the name of the job says more", &text);
            }
        }
    }

    /// A text for another shell.
    pub(super) fn shell_text(&mut self, text: &str, sure: bool, by: &str) {
        let filled = self.filled.as_ref().is_some_and(|mark| text.contains(mark.as_str()));
        if !sure || filled {
            self.add(Kind::Execute, "a part of the command is not known", by);
        }
        self.nested(text);
    }

    /// What an interpreter without a file reads from its input.
    pub(super) fn input_of(
        &mut self,
        name: &str,
        read: &Reading<'_>,
        input: &Input,
        script: &Script,
    ) {
        let table = table();
        let first = read.node(table).first;
        let code = read.hits.iter().any(|hit| {
            let takes = matches!(
                hit.rule.takes,
                Some(Takes::Code | Takes::Shell | Takes::Script | Takes::Sql)
            );
            takes || hit.rule.effect.is_some()
        });
        let interprets = first == Some(Takes::Script) && !read.dry && !read.look && !code;
        let reads_input = read.operands.is_empty() || read.operands.iter().any(|w| w.text == "-");
        if !interprets || !reads_input {
            return;
        }
        let is_shell = SHELLS.contains(&name);
        match input {
            Input::Text(text, sure) if is_shell => self.shell_text(text, *sure, name),
            Input::Pipe(from) if is_shell => match script.commands.get(*from).and_then(printed) {
                Some(text) => self.shell_text(&text, true, name),
                None => self.add(Kind::Execute, "runs what the command before prints", name),
            },
            Input::Pipe(_) => self.add(Kind::Execute, "runs what the command before prints", name),
            _ => self.add(Kind::Execute, "runs code from its input", name),
        }
    }

    /// A word of a command that is no known kind of value.
    pub(super) fn touches(&mut self, word: &Word, writes: bool) {
        let texts: Vec<String> = word.texts().map(str::to_owned).collect();
        for text in texts {
            if writes && files::is_sensitive(&text, self.around.cwd) && !text.contains('$') {
                self.write_to(&Word::exact(text.clone()));
            }
            self.read_from(&Word { text, values: Vec::new(), ..word.clone() });
        }
    }
}

/// Shells that read commands from their input.
pub(super) const SHELLS: &[&str] =
    &["sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish", "csh", "tcsh"];

/// What `echo` or `printf` prints, where that is known.
pub(super) fn printed(simple: &super::script::Simple) -> Option<String> {
    let (program, args) = simple.words.split_first()?;
    if !args.iter().all(Word::is_known) || !simple.assignments.is_empty() {
        return None;
    }
    let texts: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    match (program.text.as_str(), texts.as_slice()) {
        ("echo", ["-n" | "-e", ..]) => None,
        ("echo", texts) => Some(texts.join(" ")).filter(|text| !text.contains('\\')),
        ("printf", ["%s" | "%s\\n", text]) => Some((*text).to_owned()),
        ("printf", [text]) => Some((*text).to_owned()).filter(|text| !text.contains(['%', '\\'])),
        ("cat", []) => match &simple.input {
            Input::Text(text, true) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn worse(one: Kind, other: Kind) -> bool {
    one.level() > other.level()
}
