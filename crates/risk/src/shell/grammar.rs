//! The grammar of the shell: lists, pipelines, compound commands, functions.
//!
//! After the POSIX shell command language, section 2.10, and what bash adds to it. Every command
//! that may run is kept, whether or not its branch is taken.

use super::cursor::{COMMANDS_MAX, Cursor, Value, Why};
use super::script::{Input, Script};

/// Words that begin or end a compound command where a command may stand.
const CLOSING: &[&str] = &["then", "do", "done", "fi", "elif", "else", "esac", "}"];

/// Reads a whole text.
pub(crate) fn parse(text: &str) -> Script {
    let mut cursor = Cursor::new(text);
    let end = cursor.list(&[]).and_then(|()| {
        if cursor.rest().is_empty() { Ok(()) } else { Err("a word stands where none may") }
    });
    if let Err(why) = end {
        cursor.script.opaque = Some(why);
    } else if !cursor.heres.is_empty() {
        cursor.script.opaque = Some("a here-document is not closed");
    }
    cursor.script
}

impl Cursor<'_> {
    /// Commands up to one of these words, or to a `)`, `;;` or the end.
    pub(super) fn list(&mut self, until: &[&str]) -> Result<(), Why> {
        self.deeper()?;
        loop {
            self.space()?;
            if self.rest().is_empty() || self.starts(")") || self.starts(";;") || self.starts(";&")
            {
                break;
            }
            if let Some(word) = CLOSING.iter().find(|word| self.at_word(word)) {
                if until.contains(word) {
                    break;
                }
                return Err("a word of the shell stands where none may");
            }
            self.and_or()?;
            self.blanks();
            let more = match self.peek() {
                Some(';') if !self.starts(";;") && !self.starts(";&") => self.eat(";"),
                Some('&') => self.eat("&"),
                Some('\n') => self.line_end()?,
                _ => false,
            };
            if !more {
                continue_or_stop(self, until)?;
                break;
            }
            self.script.runs_on |= self.more_follows();
        }
        self.depth -= 1;
        Ok(())
    }

    fn more_follows(&self) -> bool {
        let rest = self.rest().trim_start_matches([' ', '\t', '\n', '\r']);
        !rest.is_empty() && !rest.starts_with('#') && !rest.starts_with(')')
    }

    fn and_or(&mut self) -> Result<(), Why> {
        self.pipeline()?;
        let mut after_or = false;
        loop {
            self.blanks();
            let or = self.starts("||");
            if !(self.eat("&&") || self.eat("||")) {
                break;
            }
            self.space()?;
            // What stands behind `||` may not run.
            if or && !after_or {
                after_or = true;
                self.unsure += 1;
            }
            self.script.runs_on |= or;
            self.pipeline()?;
        }
        self.unsure -= usize::from(after_or);
        Ok(())
    }

    fn pipeline(&mut self) -> Result<(), Why> {
        loop {
            self.blanks();
            if self.at_word("!") {
                self.at += 1;
            } else if self.at_word("time") {
                self.at += 4;
                self.blanks();
                if self.at_word("-p") {
                    self.at += 2;
                }
            } else {
                break;
            }
        }
        let mut first = self.script.commands.len();
        let mut fed: Option<usize> = None;
        loop {
            self.command()?;
            if let Some(from) = fed {
                self.feed(first, from);
            }
            self.blanks();
            if self.starts("||") || !self.starts("|") {
                return Ok(());
            }
            self.at += 1;
            self.eat("&");
            self.space()?;
            let now = self.script.commands.len();
            // What several commands print together is not known.
            fed = Some(if now == first + 1 { first } else { usize::MAX });
            first = now;
        }
    }

    /// Every command from `first` on that reads its input gets what the one at `before` prints.
    fn feed(&mut self, first: usize, before: usize) {
        for command in self.script.commands.iter_mut().skip(first) {
            if matches!(command.input, Input::Inherited) {
                command.input = Input::Pipe(before);
            }
        }
    }

    /// Whether this unquoted word stands here and ends here.
    pub(super) fn at_word(&self, word: &str) -> bool {
        self.rest().strip_prefix(word).is_some_and(|rest| {
            rest.chars().next().is_none_or(|next| " \t\n\r;&|()<>".contains(next))
        })
    }

    fn eat_word(&mut self, word: &str) -> Result<(), Why> {
        self.space()?;
        if self.at_word(word) {
            self.at += word.len();
            return Ok(());
        }
        Err("a compound command is not closed")
    }

    fn command(&mut self) -> Result<(), Why> {
        if self.script.commands.len() > COMMANDS_MAX {
            return Err("it holds too many commands");
        }
        self.deeper()?;
        let first = self.script.commands.len();
        let compound = self.compound()?;
        if compound {
            self.redirects_of_compound(first)?;
        } else {
            self.simple()?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// A compound command, if one stands here.
    fn compound(&mut self) -> Result<bool, Why> {
        if self.starts("(") {
            self.at += 1;
            if !(self.starts("(") && self.arithmetic()?) {
                self.inside_parentheses()?;
            }
        } else if self.take("{") {
            self.list(&["}"])?;
            self.eat_word("}")?;
        } else if self.take("if") {
            self.branches()?;
        } else if self.take("while") || self.take("until") {
            self.unsure += 1;
            self.list(&["do"])?;
            self.body()?;
            self.unsure -= 1;
        } else if self.take("for") || self.take("select") {
            self.for_loop()?;
        } else if self.take("case") {
            self.case()?;
        } else if self.take("[[") {
            self.condition()?;
        } else if self.take("coproc") {
            self.blanks();
            return self.compound();
        } else if self.take("function") {
            self.blanks();
            let name = self.function_name();
            self.blanks();
            if self.eat("(") {
                self.blanks();
                self.eat(")");
            }
            self.function(name)?;
        } else {
            return self.posix_function();
        }
        Ok(true)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn branches(&mut self) -> Result<(), Why> {
        self.unsure += 1;
        loop {
            self.list(&["then"])?;
            self.eat_word("then")?;
            self.list(&["elif", "else", "fi"])?;
            if self.take("elif") {
                continue;
            }
            if self.take("else") {
                self.list(&["fi"])?;
            }
            break;
        }
        self.unsure -= 1;
        self.eat_word("fi")
    }

    fn body(&mut self) -> Result<(), Why> {
        self.space()?;
        if self.take("{") {
            self.list(&["}"])?;
            return self.eat_word("}");
        }
        self.eat_word("do")?;
        self.list(&["done"])?;
        self.eat_word("done")
    }

    fn for_loop(&mut self) -> Result<(), Why> {
        self.blanks();
        if self.starts("((") {
            self.at += 1;
            if !self.arithmetic()? {
                return Err("a loop that cannot be read");
            }
            self.blanks();
            self.eat(";");
            self.unsure += 1;
            self.body()?;
            self.unsure -= 1;
            return Ok(());
        }
        let name = self.name();
        if name.is_empty() {
            return Err("a loop without a variable");
        }
        self.space()?;
        let mut value = Value::Unknown;
        if self.take("in") {
            let mut words = Vec::new();
            loop {
                self.blanks();
                let next = self.word()?;
                if next.is_empty() {
                    break;
                }
                words.extend(next);
            }
            let plain = words.iter().all(|word| word.is_known() && !word.text.starts_with('-'));
            if plain {
                value = Value::Loop(words.into_iter().map(|word| word.text).collect());
            }
        }
        self.blanks();
        self.eat(";");
        self.variables.insert(name.clone(), value);
        self.unsure += 1;
        self.body()?;
        self.unsure -= 1;
        self.variables.insert(name, Value::Unknown);
        Ok(())
    }

    fn case(&mut self) -> Result<(), Why> {
        self.blanks();
        self.word()?;
        self.eat_word("in")?;
        self.unsure += 1;
        loop {
            self.space()?;
            if self.take("esac") {
                break;
            }
            self.eat("(");
            loop {
                self.blanks();
                self.word()?;
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                return Err("a `case` that cannot be read");
            }
            self.list(&["esac"])?;
            let _ = self.eat(";;&") || self.eat(";;") || self.eat(";&");
        }
        self.unsure -= 1;
        Ok(())
    }

    /// Behind `[[`: only what is expanded counts.
    fn condition(&mut self) -> Result<(), Why> {
        let mut build = super::build::Build::default();
        loop {
            self.space()?;
            if self.take("]]") {
                break;
            }
            // The right side of `-v` and arithmetic comparisons is evaluated.
            if self.starts("'") || self.starts("-v") {
                let rest = self.rest();
                let word = rest.split([' ', '\n']).find(|word| !word.is_empty() && *word != "-v");
                if word.is_some_and(|word| word.contains("[$(") || word.contains("[`")) {
                    self.script.evaluates.push("a subscript that runs a command");
                }
            }
            if self.rest().is_empty() {
                return Err("a `[[` is not closed");
            }
            if let Some(char) = self.peek().filter(|char| "()<>|&;".contains(*char)) {
                self.at += char.len_utf8();
                continue;
            }
            while self.peek().is_some_and(|char| !" \t\n()<>|&;".contains(char)) {
                self.piece(&mut build)?;
            }
        }
        Ok(())
    }

    fn function_name(&mut self) -> String {
        let name: String =
            self.rest().chars().take_while(|char| !" \t\n(){};&|<>".contains(*char)).collect();
        self.at += name.len();
        name
    }

    /// `name() { … }`
    fn posix_function(&mut self) -> Result<bool, Why> {
        let from = self.at;
        let name = self.function_name();
        self.blanks();
        let found = !name.is_empty()
            && !name.contains(['$', '\'', '"', '`', '\\', '='])
            && self.eat("(")
            && {
                self.blanks();
                self.eat(")")
            };
        if !found {
            self.at = from;
            return Ok(false);
        }
        self.function(name)?;
        Ok(true)
    }

    fn function(&mut self, name: String) -> Result<(), Why> {
        self.space()?;
        let sure = self.unsure == 0;
        self.unsure += 1;
        let variables = self.variables.clone();
        self.variables.values_mut().for_each(|value| *value = Value::Unknown);
        let compound = self.compound()?;
        self.variables = variables;
        // What a function assigns may be seen outside.
        self.variables.values_mut().for_each(|value| *value = Value::Unknown);
        self.unsure -= 1;
        if sure {
            self.script.functions.push((name, self.script.commands.len()));
        }
        if compound { Ok(()) } else { Err("a function without a body") }
    }
}

/// Behind a command that no separator ends: the end of what was asked for, or an error.
fn continue_or_stop(cursor: &mut Cursor<'_>, until: &[&str]) -> Result<(), Why> {
    cursor.space()?;
    let closed = cursor.rest().is_empty()
        || cursor.starts(")")
        || cursor.starts(";;")
        || cursor.starts(";&")
        || until.iter().any(|word| cursor.at_word(word));
    if closed { Ok(()) } else { Err("two commands without a separator") }
}
