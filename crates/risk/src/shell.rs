//! Splits a shell text into its simple commands. On purpose no full grammar: what is not
//! understood is named and makes the text dangerous, it is never guessed.

mod git;
mod lists;
mod options;
pub(crate) mod programs;
mod special;
mod wrappers;

use std::iter::Peekable;
use std::str::CharIndices;

use crate::words::listed;

/// Longer texts are not split.
const SCRIPT_BYTES: usize = 16 * 1024;

/// How a command follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// It is the first, or runs whatever became of the one before.
    Always,
    /// It reads what the one before it prints.
    Pipe,
    /// It depends on how the one before it ended.
    Condition,
}

/// One simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Simple {
    /// As written, redirections and assignments included.
    pub(crate) text: String,
    /// Words without their quotes; leading assignments and redirections taken out.
    pub(crate) words: Vec<String>,
    /// `NAME=value` in front of the program.
    pub(crate) assignments: Vec<(String, String)>,
    /// Files it writes by redirection.
    pub(crate) writes: Vec<String>,
    /// Files it reads by redirection.
    pub(crate) reads: Vec<String>,
    pub(crate) join: Join,
}

/// A shell text, taken apart as far as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) commands: Vec<Simple>,
    /// The first thing that was not understood.
    pub(crate) opaque: Option<&'static str>,
}

impl Script {
    /// How many commands run even if an earlier one fails.
    pub(crate) fn runs_on(&self) -> bool {
        self.commands.iter().skip(1).any(|command| command.join == Join::Always)
    }
}

/// Takes a shell text apart.
pub(crate) fn parse(text: &str) -> Script {
    if text.len() > SCRIPT_BYTES {
        return Script { commands: Vec::new(), opaque: Some("it is longer than 16 KiB") };
    }
    Splitter::new(text).run()
}

/// A command given as a list of arguments, which no shell reads.
pub(crate) fn from_argv(argv: &[String]) -> Simple {
    let quoted: Vec<String> = argv.iter().map(|word| quote(word)).collect();
    Simple {
        text: quoted.join(" "),
        words: argv.to_vec(),
        assignments: Vec::new(),
        writes: Vec::new(),
        reads: Vec::new(),
        join: Join::Always,
    }
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

const KEYWORDS: &str =
    "for while until if then else elif fi case esac do done select function [[ { } ! coproc";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Word,
    WriteTo,
    ReadFrom,
    /// A file descriptor: names no file.
    Descriptor,
}

struct Splitter<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    start: usize,
    join: Join,
    word: Option<String>,
    role: Role,
    quoted: bool,
    simple: Simple,
    script: Script,
}

fn empty() -> Simple {
    Simple { join: Join::Always, ..from_argv(&[]) }
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            chars: text.char_indices().peekable(),
            start: 0,
            join: Join::Always,
            word: None,
            role: Role::Word,
            quoted: false,
            simple: empty(),
            script: Script { commands: Vec::new(), opaque: None },
        }
    }

    fn run(mut self) -> Script {
        while let Some((at, char)) = self.chars.next() {
            match char {
                ' ' | '\t' => self.end_word(),
                '\n' | ';' => self.end_command(at, 1, Join::Always),
                '&' => self.ampersand(at),
                '|' => self.bar(at),
                '<' | '>' => self.redirect(char),
                '\'' => self.single_quotes(),
                '"' => self.double_quotes(),
                '\\' => match self.chars.next() {
                    Some((_, '\n')) => {}
                    Some((_, escaped)) => self.push_quoted(escaped),
                    None => self.opaque("it ends in the middle of an escape"),
                },
                '#' if self.word.is_none() => {
                    while self.chars.next_if(|(_, char)| *char != '\n').is_some() {}
                }
                '$' => self.dollar(true),
                '{' => self.brace(at),
                '`' => self.opaque("it runs a command inside another (`…`)"),
                '(' | ')' => self.opaque("it holds a subshell or a function"),
                '\0' => self.opaque("it holds a NUL character"),
                '\r' => self.opaque("it holds a carriage return"),
                other => self.push(other),
            }
        }
        self.end_command(self.text.len(), 0, Join::Always);
        self.script
    }

    fn opaque(&mut self, reason: &'static str) {
        self.script.opaque.get_or_insert(reason);
    }

    fn push(&mut self, char: char) {
        self.word.get_or_insert_default().push(char);
    }

    fn push_quoted(&mut self, char: char) {
        self.quoted = true;
        self.push(char);
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, char)| *char == wanted).is_some()
    }

    fn ampersand(&mut self, at: usize) {
        if self.next_is('&') {
            self.end_command(at, 2, Join::Condition);
        } else if self.next_is('>') {
            self.end_word();
            self.redirect('>');
        } else {
            self.end_command(at, 1, Join::Always);
        }
    }

    fn bar(&mut self, at: usize) {
        if self.next_is('|') {
            self.end_command(at, 2, Join::Condition);
        } else if self.next_is('&') {
            self.end_command(at, 2, Join::Pipe);
        } else {
            self.end_command(at, 1, Join::Pipe);
        }
    }

    fn redirect(&mut self, char: char) {
        // `2>file`: the digits are a file descriptor, not a word.
        if self.role == Role::Word
            && self.word.as_ref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit()))
        {
            self.word = None;
        }
        self.end_word();
        self.role = if char == '<' { Role::ReadFrom } else { Role::WriteTo };
        if char == '<' && self.next_is('<') {
            self.opaque("it holds a here-document");
        } else if char == '<' && self.next_is('>') {
            self.role = Role::WriteTo;
        } else {
            let _ = self.next_is('>') || self.next_is('|');
        }
        if self.chars.peek().is_some_and(|(_, char)| *char == '(') {
            self.opaque("it runs a command inside another (`<(…)`)");
        }
        if self.next_is('&') {
            let digit = self.chars.peek().is_some_and(|(_, c)| c.is_ascii_digit() || *c == '-');
            if digit {
                self.role = Role::Descriptor;
            }
        }
    }

    fn single_quotes(&mut self) {
        self.quoted = true;
        self.word.get_or_insert_default();
        loop {
            match self.chars.next() {
                Some((_, '\'')) => return,
                Some((_, '\0')) => self.opaque("it holds a NUL character"),
                Some((_, char)) => self.push(char),
                None => return self.opaque("a quote is not closed"),
            }
        }
    }

    fn double_quotes(&mut self) {
        self.quoted = true;
        self.word.get_or_insert_default();
        loop {
            match self.chars.next() {
                Some((_, '"')) => return,
                Some((_, '\\')) => {
                    match self.chars.next_if(|(_, c)| matches!(c, '"' | '\\' | '$' | '`' | '\n')) {
                        Some((_, '\n')) => {}
                        Some((_, char)) => self.push(char),
                        None => self.push('\\'),
                    }
                }
                Some((_, '$')) => self.dollar(false),
                Some((_, '`')) => self.opaque("it runs a command inside another (`…`)"),
                Some((_, '\0')) => self.opaque("it holds a NUL character"),
                Some((_, char)) => self.push(char),
                None => return self.opaque("a quote is not closed"),
            }
        }
    }

    /// `-{delete,x}` becomes `-delete -x`; `{}` and `stash@{0}` stay what they are.
    fn brace(&mut self, at: usize) {
        let rest = self.text.get(at..).unwrap_or_default();
        let inside = rest.split(['}', ' ', '\n', ';']).next().unwrap_or_default();
        let nested = inside.rfind('{') != Some(0);
        if inside.contains(',') || inside.contains("..") || nested {
            self.opaque("it holds braces that a shell expands");
        }
        self.push('{');
    }

    /// Only `$NAME` and `${NAME}` are understood.
    fn dollar(&mut self, bare: bool) {
        self.push('$');
        match self.chars.peek().map(|(_, char)| *char) {
            Some('(' | '[') => self.opaque("it runs a command inside another (`$(…)`)"),
            Some('\'' | '"') if bare => self.opaque("it holds text in the form `$'…'`"),
            Some('{') => {
                while let Some((_, char)) = self.chars.next() {
                    self.push(char);
                    if char == '}' {
                        return;
                    }
                    if !(char == '{' || char == '_' || char.is_ascii_alphanumeric()) {
                        return self.opaque("it changes text while it runs (`${…}`)");
                    }
                }
                self.opaque("it changes text while it runs (`${…}`)");
            }
            _ => {}
        }
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let quoted = std::mem::take(&mut self.quoted);
        match std::mem::replace(&mut self.role, Role::Word) {
            Role::WriteTo => self.simple.writes.push(word),
            Role::ReadFrom => self.simple.reads.push(word),
            Role::Descriptor => {}
            Role::Word if self.simple.words.is_empty() => {
                if !quoted && listed(KEYWORDS, word.as_str()) {
                    self.opaque("it holds a loop, a condition or a group");
                }
                match assignment(&word) {
                    Some(pair) => self.simple.assignments.push(pair),
                    None => self.simple.words.push(word),
                }
            }
            Role::Word => self.simple.words.push(word),
        }
    }

    fn end_command(&mut self, at: usize, width: usize, next: Join) {
        self.end_word();
        if self.role != Role::Word {
            self.opaque("a redirection names no file");
            self.role = Role::Word;
        }
        let text = self.text.get(self.start..at).unwrap_or_default().trim();
        let simple = std::mem::replace(&mut self.simple, empty());
        let says_nothing = simple.words.is_empty()
            && simple.assignments.is_empty()
            && simple.writes.is_empty()
            && simple.reads.is_empty();
        if !says_nothing {
            self.script.commands.push(Simple { text: text.to_owned(), join: self.join, ..simple });
        }
        self.start = at + width;
        self.join = next;
    }
}

/// `NAME=value`, also with `+=`.
pub(crate) fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let first = name.chars().next()?;
    let fits = (first == '_' || first.is_ascii_alphabetic())
        && name.chars().all(|char| char == '_' || char.is_ascii_alphanumeric());
    fits.then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let script = parse(text);
        let shown: Vec<String> = script.commands.iter().map(|one| one.words.join("·")).collect();
        assert_eq!(shown.join(" | "), expect, "{text}");
        assert_eq!(script.opaque, None, "{text}");
    }

    #[test]
    fn splits() {
        check("ls -la; rm -rf x && a || b & c\nd", "ls·-la | rm·-rf·x | a | b | c | d");
        check("\"c\"ur'l' -s x", "curl·-s·x");
        check(r"echo a\;b 'c; d' e\ f", "echo·a;b·c; d·e f");
        check("A=1 B=2 make x # rm -rf /", "make·x");
        check("ls 2>&1 >out </in", "ls");
        check("echo \"$HOME/${X}\"", "echo·$HOME/${X}");
        check("a \\\n b", "a·b");
        check("echo x#y", "echo·x#y");
        check(" ;; \n", "");
    }

    #[test]
    fn keeps_redirections_apart() {
        let one = parse("A=1 ls 2>e >> out <in &>all").commands.remove(0);
        assert_eq!(one.writes, ["e", "out", "all"]);
        assert_eq!(one.reads, ["in"]);
        assert_eq!(one.text, "A=1 ls 2>e >> out <in &>all");
        assert_eq!(one.assignments, [("A".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn names_what_it_does_not_understand() {
        for text in [
            "ls $(x)",
            "ls `x`",
            "echo <(x)",
            "cat <<E\nE",
            "(ls)",
            "{ ls; }",
            "f() { ls; }",
            "for x in y; do z; done",
            "echo 'x",
            "echo \"x",
            "ls\0",
            "echo ${!x}",
            "echo ${a@P}",
            "echo $[1]",
            "echo $'\\x41'",
            "ls >",
            "! ls",
            "a\rb",
            "echo \"$(x)\"",
            "ls \\",
        ] {
            assert!(parse(text).opaque.is_some(), "{text}");
        }
        assert!(parse(&"a ".repeat(9000)).opaque.is_some());
    }
}
