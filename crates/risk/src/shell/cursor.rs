//! A place in a shell text, and what may be read there: blanks, comments, here-documents.

use std::collections::HashMap;

use super::script::{Input, Script, Word};

/// Nested deeper than this, a text is not read.
pub(super) const DEPTH_MAX: usize = 24;
/// More commands than this in one text are not read.
pub(super) const COMMANDS_MAX: usize = 2048;
/// Longer values of variables are not kept.
const VALUE_MAX: usize = 4096;
/// Bytes that values of variables may add to a text.
pub(super) const SPENT_MAX: usize = 1 << 20;

/// Why a text cannot be read.
pub(super) type Why = &'static str;

/// What the text itself says about a variable.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// It was given this value, for sure.
    Known(String),
    /// A loop gives it these values.
    Loop(Vec<String>),
    /// It was given a value that is not known.
    Unknown,
}

/// A here-document whose text comes behind the line.
pub(super) struct Here {
    pub(super) command: usize,
    pub(super) end: String,
    pub(super) quoted: bool,
    pub(super) tabs: bool,
}

/// Reads one text. Commands of nested texts go to the same script.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// Inside a construct that may not run, or may run twice.
    pub(super) unsure: usize,
    /// Whether this is the outermost text, whose places people see.
    pub(super) outer: bool,
    pub(super) script: Script,
    pub(super) variables: HashMap<String, Value>,
    pub(super) heres: Vec<Here>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            unsure: 0,
            outer: true,
            script: Script::default(),
            variables: HashMap::new(),
            heres: Vec::new(),
        }
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    pub(super) fn starts(&self, with: &str) -> bool {
        self.rest().starts_with(with)
    }

    pub(super) fn eat(&mut self, what: &str) -> bool {
        let found = self.starts(what);
        if found {
            self.at += what.len();
        }
        found
    }

    pub(super) fn source(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    pub(super) fn deeper(&mut self) -> Result<(), Why> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err("it is nested too deeply") } else { Ok(()) }
    }

    /// Blanks, continued lines, and a comment.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.rest().as_bytes() {
                [b' ' | b'\t', ..] => self.at += 1,
                [b'\\', b'\n', ..] => self.at += 2,
                [b'#', ..] => {
                    let line = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.at += line;
                    return;
                }
                _ => return,
            }
        }
    }

    /// Blanks and line ends.
    pub(super) fn space(&mut self) -> Result<(), Why> {
        loop {
            self.blanks();
            if !self.line_end()? {
                return Ok(());
            }
        }
    }

    /// A line end, and the here-documents that begin behind it.
    pub(super) fn line_end(&mut self) -> Result<bool, Why> {
        if !self.eat("\n") {
            return Ok(false);
        }
        for here in std::mem::take(&mut self.heres) {
            self.here(&here)?;
        }
        Ok(true)
    }

    fn here(&mut self, here: &Here) -> Result<(), Why> {
        let from = self.at;
        let mut body = String::new();
        loop {
            if self.rest().is_empty() {
                return Err("a here-document is not closed");
            }
            let line = self.rest().split('\n').next().unwrap_or_default();
            let last = self.at + line.len() >= self.text.len();
            self.at += line.len() + usize::from(!last);
            let line = if here.tabs { line.trim_start_matches('\t') } else { line };
            // A closing parenthesis ends it as well inside `$( … )`; bash warns, and so do we.
            if line == here.end {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        let mut known = true;
        if !here.quoted && body.contains(['$', '`', '\\']) {
            let (expanded, sure) = self.nested(&body, |inner| inner.here_text())?;
            body = expanded;
            known = sure;
        }
        debug_assert!(self.at >= from);
        if let Some(command) = self.script.commands.get_mut(here.command) {
            command.input = Input::Text(body, known);
        }
        Ok(())
    }

    /// Reads a text within the text with the same script and variables.
    pub(super) fn nested<T>(
        &mut self,
        text: &str,
        read: impl FnOnce(&mut Cursor<'_>) -> Result<T, Why>,
    ) -> Result<T, Why> {
        self.deeper()?;
        let mut inner = Cursor {
            text,
            at: 0,
            depth: self.depth,
            unsure: self.unsure,
            outer: false,
            script: std::mem::take(&mut self.script),
            variables: std::mem::take(&mut self.variables),
            heres: Vec::new(),
        };
        let made = read(&mut inner);
        self.script = inner.script;
        self.variables = inner.variables;
        self.depth -= 1;
        made
    }

    /// Gives a variable a value, if that is sure.
    pub(super) fn assign(&mut self, name: &str, value: &Word) {
        let short = value.text.len() <= VALUE_MAX && self.script.spent <= SPENT_MAX;
        let sure = self.unsure == 0 && value.is_known() && !value.glob && !value.tilde && short;
        let value = if sure { Value::Known(value.text.clone()) } else { Value::Unknown };
        self.variables.insert(name.to_owned(), value);
    }
}
