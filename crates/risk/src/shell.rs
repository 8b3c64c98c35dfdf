//! What a shell text would do: every simple command of it is read and looked up in the table.

mod build;
mod cursor;
mod effect;
mod grammar;
mod judge;
mod literals;
mod own;
mod patterns;
mod places;
mod say;
mod script;
mod simple;
mod streams;
mod table;
mod variables;
mod walk;
mod web;
mod words;

use holdshort_core::{Phrase, RiskLevel, Source};

use crate::finding::{Finding, Kind};
pub(crate) use script::{Script, Simple, Word};

/// Longer texts are not read.
const SCRIPT_BYTES: usize = 64 * 1024;

/// What was found in a shell text.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    pub(crate) commands: Vec<Command>,
    pub(crate) runs_on: bool,
    /// Files of code that run and whose content is not known.
    pub(crate) unread: Vec<String>,
}

/// A simple command as written, and how risky it is by itself.
pub(crate) struct Command {
    pub(crate) text: String,
    pub(crate) level: RiskLevel,
    /// What it does, in words.
    pub(crate) said: Option<Phrase>,
}

/// What the shell starts from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Around<'a> {
    /// The folder the agent works in.
    pub(crate) cwd: Option<&'a str>,
    /// Files whose content is known: path and text.
    pub(crate) scripts: &'a [(String, String)],
}

impl Judged {
    pub(crate) fn add(&mut self, kind: Kind, why: &str, of: &str) {
        let text = Phrase::ours(format!("{why}: `")).theirs(of).and("`");
        let source = if kind == Kind::Gate { Source::Gate } else { Source::Shell };
        self.findings.push(Finding::new(kind, source, text));
    }
}

/// Judges a shell text.
pub(crate) fn judge(text: &str, around: Around<'_>) -> Judged {
    judge::Judge::new(around).text(text)
}

/// Judges a command given as a list of words, which no shell reads.
pub(crate) fn judge_argv(argv: &[String], around: Around<'_>) -> Judged {
    let words: Vec<Word> = argv.iter().map(Word::exact).collect();
    let text = argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    let simple = Simple { words, text, ..Simple::default() };
    judge::Judge::new(around).script(&Script { commands: vec![simple], ..Script::default() })
}

/// Takes a shell text apart.
pub(crate) fn parse(text: &str) -> Script {
    if text.len() > SCRIPT_BYTES {
        let opaque = Some("it is longer than 64 KiB");
        return Script { opaque, ..Script::default() };
    }
    grammar::parse(text)
}

/// A word as it would be typed.
pub(crate) fn quote(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./=:,@%+".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
