//! Reads a simple command: assignments, words, redirections.

use super::build::Build;
use super::cursor::{Cursor, Here, SPENT_MAX, Value, Why};
use super::script::{Input, Redirect, Simple, Word};

/// Builtins whose arguments may be assignments.
const DECLARES: &[&str] = &["declare", "typeset", "local", "export", "readonly"];

impl Cursor<'_> {
    /// A simple command. The caller has seen that no compound one begins here.
    pub(super) fn simple(&mut self) -> Result<(), Why> {
        let from = self.at;
        let mut simple = Simple::default();
        let mut heres = Vec::new();
        loop {
            self.blanks();
            if self.redirect(&mut simple, &mut heres)? {
                continue;
            }
            let declares = simple
                .words
                .first()
                .is_some_and(|word| DECLARES.contains(&word.text.as_str()) && !word.quoted);
            if (simple.words.is_empty() || declares) && self.assignment(&mut simple)? {
                continue;
            }
            let words = self.word()?;
            if words.is_empty() {
                break;
            }
            simple.words.extend(words);
        }
        if self.starts("(") {
            return Err("a parenthesis that only some shells read");
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return Err("a command is missing");
        }
        self.keep(simple, from, heres)
    }

    /// Redirections behind a compound command; they count for all of it.
    pub(super) fn redirects_of_compound(&mut self, first: usize) -> Result<(), Why> {
        let from = self.at;
        let mut simple = Simple::default();
        let mut heres = Vec::new();
        loop {
            self.blanks();
            if !self.redirect(&mut simple, &mut heres)? {
                break;
            }
        }
        let input = std::mem::take(&mut simple.input);
        if !matches!(input, Input::Inherited) {
            for command in self.script.commands.iter_mut().skip(first) {
                if matches!(command.input, Input::Inherited) {
                    command.input = input.clone();
                }
            }
        }
        if simple.redirects.is_empty() && heres.is_empty() {
            return Ok(());
        }
        self.keep(simple, from, heres)
    }

    fn keep(&mut self, mut simple: Simple, from: usize, heres: Vec<Here>) -> Result<(), Why> {
        let source = self.source(from).trim_end();
        simple.span = self.outer.then_some((from, from + source.len()));
        source.clone_into(&mut simple.text);
        let lasts = simple.words.is_empty()
            || simple.words.first().is_some_and(|word| DECLARES.contains(&word.text.as_str()));
        if lasts {
            for (name, value) in &simple.assignments {
                self.assign(name, value);
            }
        }
        self.forget(&simple);
        let index = self.script.commands.len();
        for mut here in heres {
            here.command = index;
            self.heres.push(here);
        }
        self.script.commands.push(simple);
        if self.variables.len() > 512 || self.script.spent > SPENT_MAX {
            return Err("it holds too many variables");
        }
        Ok(())
    }

    /// Builtins that give variables values of their own.
    fn forget(&mut self, simple: &Simple) {
        let program = simple.words.first().map(|word| word.text.as_str());
        let sets = matches!(
            program,
            Some(
                "read"
                    | "mapfile"
                    | "readarray"
                    | "getopts"
                    | "printf"
                    | "unset"
                    | "let"
                    | "eval"
                    | "source"
                    | "."
                    | "declare"
                    | "typeset"
                    | "local"
                    | "export"
                    | "readonly"
            )
        );
        if !sets {
            return;
        }
        let all = matches!(program, Some("eval" | "source" | "."));
        let assigned: Vec<&str> =
            simple.assignments.iter().map(|(name, _)| name.as_str()).collect();
        for (name, value) in &mut self.variables {
            let named = simple.words.iter().any(|word| {
                word.text
                    .strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '[', '+', '-']))
            });
            if (all || named) && !assigned.contains(&name.as_str()) {
                *value = Value::Unknown;
            }
        }
    }

    /// `NAME=value`, `NAME+=value`, `NAME[…]=value`, `NAME=( … )`.
    fn assignment(&mut self, simple: &mut Simple) -> Result<bool, Why> {
        let from = self.at;
        let name = self.name();
        let mut sure = true;
        if name.is_empty() || name.starts_with(|char: char| char.is_ascii_digit()) {
            self.at = from;
            return Ok(false);
        }
        if self.starts("[") {
            sure = false;
            let mut subscript = Build::default();
            self.at += 1;
            while self.peek().is_some_and(|char| !"]\n \t;&|".contains(char)) {
                self.piece(&mut subscript)?;
            }
            self.eat("]");
        }
        sure &= !self.eat("+");
        if !self.eat("=") {
            self.at = from;
            return Ok(false);
        }
        let value = if self.eat("(") {
            self.elements()?;
            sure = false;
            Word::default()
        } else {
            let mut build = Build::default();
            self.part(&mut build)?;
            // Nothing is split or expanded to several words in an assignment.
            build.finish_one()
        };
        let value = if sure { value } else { Word { open: super::script::Open::Split, ..value } };
        simple.assignments.push((name, value));
        Ok(true)
    }

    fn elements(&mut self) -> Result<(), Why> {
        loop {
            self.space()?;
            if self.eat(")") {
                return Ok(());
            }
            if self.word()?.is_empty() {
                return Err("a list of values that cannot be read");
            }
        }
    }

    /// A redirection, if one stands here.
    fn redirect(&mut self, simple: &mut Simple, heres: &mut Vec<Here>) -> Result<bool, Why> {
        let from = self.at;
        let digits =
            self.rest().len() - self.rest().trim_start_matches(|c: char| c.is_ascii_digit()).len();
        self.at += digits;
        if digits == 0 && self.starts("{") {
            self.at += 1;
            let named = !self.name().is_empty() && self.eat("}");
            if !(named && (self.starts("<") || self.starts(">"))) {
                self.at = from;
                return Ok(false);
            }
        }
        if self.starts("<(") || self.starts(">(") {
            self.at = from;
            return Ok(false);
        }
        if self.eat("<<<") {
            let words = self.target()?;
            let known = words.is_known();
            simple.input = Input::Text(words.text + "\n", known);
            return Ok(true);
        }
        if self.eat("<<") {
            let tabs = self.eat("-");
            self.blanks();
            let mut build = Build::default();
            self.part(&mut build)?;
            if !build.any {
                return Err("a here-document without an end");
            }
            let quoted = !build.is_plain();
            let end = build.text().to_owned();
            heres.push(Here { command: 0, end, quoted, tabs });
            return Ok(true);
        }
        let (found, writes) = self.operator();
        if !found {
            self.at = from;
            return Ok(false);
        }
        let read = self.source(from);
        let (copies, appends) = (read.ends_with('&'), read.contains(">>"));
        let target = self.target()?;
        let number = target.text == "-"
            || target.text.trim_end_matches('-').chars().all(|char| char.is_ascii_digit());
        if !(copies && number) {
            simple.redirects.push(Redirect { writes, appends, target });
        }
        Ok(true)
    }

    /// The operator of a redirection, and whether it writes.
    fn operator(&mut self) -> (bool, bool) {
        for operator in ["&>>", "&>", ">>", ">|", ">&", "<>", ">"] {
            if self.eat(operator) {
                return (true, true);
            }
        }
        (self.eat("<&") || self.eat("<"), false)
    }

    fn target(&mut self) -> Result<Word, Why> {
        self.blanks();
        let mut build = Build::default();
        self.part(&mut build)?;
        if build.any { Ok(build.finish_one()) } else { Err("a redirection without a file") }
    }
}
