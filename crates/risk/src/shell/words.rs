//! Reads a word of a shell text: quotes, expansions, substitutions.

use super::build::Build;
use super::cursor::{Cursor, SPENT_MAX, Value, Why};
use super::script::Word;

/// Variables of the shell whose value is a plain word: no option, no blank, no `/`.
const PLAIN: &[&str] = &[
    "?",
    "$",
    "!",
    "#",
    "RANDOM",
    "SECONDS",
    "EPOCHSECONDS",
    "UID",
    "EUID",
    "PPID",
    "LINENO",
    "HOSTNAME",
    "USER",
    "LOGNAME",
    "BASHPID",
    "PIPESTATUS",
];
/// Variables whose value is an absolute path.
const PATHS: &[&str] = &["HOME", "PWD", "TMPDIR"];

impl Cursor<'_> {
    /// The next word or words; none where no word begins.
    pub(super) fn word(&mut self) -> Result<Vec<Word>, Why> {
        let mut build = Build::default();
        self.part(&mut build)?;
        Ok(if build.any { build.finish() } else { Vec::new() })
    }

    /// Reads to the end of the word.
    pub(super) fn part(&mut self, build: &mut Build) -> Result<(), Why> {
        while let Some(char) = self.peek() {
            match char {
                '<' | '>' if self.substitution_of_a_file()? => {
                    build.unknown("/dev/fd/…", true, true);
                }
                ' ' | '\t' | '\n' | '|' | '&' | ';' | '<' | '>' => return Ok(()),
                '\r' => return Err("it holds a carriage return"),
                ')' => return Ok(()),
                // `a(`: a function, or patterns that only some shells read.
                '(' => return Ok(()),
                _ => self.piece(build)?,
            }
        }
        Ok(())
    }

    /// One quoted part, expansion or character.
    pub(super) fn piece(&mut self, build: &mut Build) -> Result<(), Why> {
        let Some(char) = self.next() else { return Ok(()) };
        match char {
            '\\' => match self.next() {
                Some('\n') => {}
                Some(next) => build.char(next, true),
                None => build.char('\\', true),
            },
            '\'' => {
                build.quote();
                self.single(build)?;
            }
            '"' => {
                build.quote();
                self.double(build)?;
            }
            '`' => self.backticks(build, false)?,
            '$' => self.dollar(build, false)?,
            '\0' => return Err("it holds a NUL character"),
            _ => build.char(char, false),
        }
        Ok(())
    }

    fn single(&mut self, build: &mut Build) -> Result<(), Why> {
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some(char) => build.char(char, true),
                None => return Err("a quote is not closed"),
            }
        }
    }

    fn double(&mut self, build: &mut Build) -> Result<(), Why> {
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some('\n') => {}
                    Some(next @ ('$' | '`' | '"' | '\\')) => build.char(next, true),
                    Some(next) => {
                        build.char('\\', true);
                        build.char(next, true);
                    }
                    None => return Err("a quote is not closed"),
                },
                Some('$') => self.dollar(build, true)?,
                Some('`') => self.backticks(build, true)?,
                Some(char) => build.char(char, true),
                None => return Err("a quote is not closed"),
            }
        }
    }

    /// Behind a `$`.
    pub(super) fn dollar(&mut self, build: &mut Build, quoted: bool) -> Result<(), Why> {
        let from = self.at.saturating_sub(1);
        if self.starts("\\\n") {
            // The shell joins the lines first: what looks plain here may be `$( … )`.
            return Err("a line is continued within an expansion");
        }
        match self.peek() {
            Some('\'') if !quoted => {
                self.at += 1;
                self.ansi(build)
            }
            Some('"') if !quoted => {
                self.at += 1;
                build.quote();
                self.double(build)
            }
            Some('(') => {
                self.at += 1;
                let plain = if self.starts("(") && self.arithmetic()? {
                    true
                } else {
                    let first = self.script.commands.len();
                    self.inside_parentheses()?;
                    self.is_plain_output(first)
                };
                build.unknown(self.source(from), quoted, plain);
                Ok(())
            }
            Some('{') => {
                self.at += 1;
                self.parameter(build, quoted, from)
            }
            Some('[') => {
                // The old form of `$(( … ))`.
                Err("`$[` is read differently by shells")
            }
            Some(char) if char.is_ascii_alphabetic() || char == '_' => {
                let name = self.name();
                self.variable(build, &name, quoted, from);
                Ok(())
            }
            Some(char) if char.is_ascii_digit() || "?$!#@*-".contains(char) => {
                self.at += char.len_utf8();
                self.variable(build, &char.to_string(), quoted && char != '@', from);
                Ok(())
            }
            _ => {
                build.char('$', true);
                Ok(())
            }
        }
    }

    /// Whether a substitution prints one plain word: `$(pwd)`, `$(date +%s)`.
    fn is_plain_output(&self, first: usize) -> bool {
        let Some([one]) = self.script.commands.get(first..) else { return false };
        let words: Vec<&str> = one.words.iter().map(|word| word.text.as_str()).collect();
        matches!(
            words.as_slice(),
            ["pwd"
                | "mktemp"
                | "nproc"
                | "uuidgen"
                | "date"
                | "id"
                | "whoami"
                | "hostname"
                | "uname"]
                | ["nproc" | "mktemp" | "id" | "date" | "uname", ..]
                | ["git", "rev-parse", ..]
        )
    }

    pub(super) fn name(&mut self) -> String {
        let name: String = self
            .rest()
            .chars()
            .take_while(|char| char.is_ascii_alphanumeric() || *char == '_')
            .collect();
        self.at += name.len();
        name
    }

    fn variable(&mut self, build: &mut Build, name: &str, quoted: bool, from: usize) {
        let source = self.source(from);
        match self.variables.get(name) {
            Some(Value::Known(value))
                if self.script.spent <= SPENT_MAX
                    && (quoted || !value.contains([' ', '\t', '\n'])) =>
            {
                let value = value.clone();
                self.script.spent += value.len();
                build.value(&value, quoted);
            }
            Some(Value::Loop(values)) => {
                let values = values.clone();
                build.loop_values(source, &values);
            }
            Some(_) => build.unknown(source, quoted, false),
            None if PATHS.contains(&name) => build.value(&format!("${name}"), true),
            None => build.unknown(source, quoted, PLAIN.contains(&name)),
        }
    }

    /// `${ … }`, from behind the brace.
    fn parameter(&mut self, build: &mut Build, quoted: bool, from: usize) -> Result<(), Why> {
        self.deeper()?;
        let indirect = self.starts("!") && !self.starts("!}");
        if indirect {
            self.script.indirect = true;
            self.at += 1;
        }
        let length = self.starts("#") && !self.starts("#}");
        if length {
            self.at += 1;
        }
        let mut name = self.name();
        if name.is_empty()
            && let Some(char) = self.peek().filter(|char| "?$!#@*-".contains(*char))
        {
            self.at += 1;
            name.push(char);
        }
        let simple = self.starts("}") && !indirect && !length && !name.is_empty();
        if simple {
            self.at += 1;
            self.variable(build, &name, quoted, from);
        } else {
            let operator = self.at;
            self.braces()?;
            let behind = self.source(operator).trim_end_matches('}');
            if behind.ends_with("@P") {
                self.script.evaluates.push("a variable's value is expanded once more (`@P`)");
            }
            if behind.starts_with("=") || behind.starts_with(":=") {
                self.variables.insert(name, Value::Unknown);
            }
            build.unknown(self.source(from), quoted, length);
        }
        self.depth -= 1;
        Ok(())
    }

    /// To the closing brace, through everything that may be nested in it.
    fn braces(&mut self) -> Result<(), Why> {
        let mut inner = Build::default();
        loop {
            match self.peek() {
                None => return Err("a `${` is not closed"),
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => self.piece(&mut inner)?,
            }
        }
    }

    pub(super) fn backticks(&mut self, build: &mut Build, quoted: bool) -> Result<(), Why> {
        let from = self.at.saturating_sub(1);
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err("a backtick is not closed"),
                Some('`') => break,
                Some('\\') => match self.next() {
                    Some(next @ ('`' | '\\' | '$')) => text.push(next),
                    Some('"') if quoted => text.push('"'),
                    Some(next) => {
                        text.push('\\');
                        text.push(next);
                    }
                    None => return Err("a backtick is not closed"),
                },
                Some(char) => text.push(char),
            }
        }
        let source = self.source(from).to_owned();
        let first = self.script.commands.len();
        let functions = self.script.functions.len();
        self.nested(&text, |inner| inner.list(&[]))?;
        self.script.functions.truncate(functions);
        let plain = self.is_plain_output(first);
        build.unknown(&source, quoted, plain);
        Ok(())
    }

    /// Behind `(`: commands up to the closing parenthesis.
    pub(super) fn inside_parentheses(&mut self) -> Result<(), Why> {
        self.deeper()?;
        let variables = self.variables.clone();
        let heres = std::mem::take(&mut self.heres);
        let functions = self.script.functions.len();
        self.list(&[])?;
        if !self.eat(")") {
            return Err("a parenthesis is not closed");
        }
        // What a subshell defines is gone with it.
        self.script.functions.truncate(functions);
        if !self.heres.is_empty() {
            return Err("a here-document begins behind the parenthesis");
        }
        self.heres = heres;
        self.variables = variables;
        self.depth -= 1;
        Ok(())
    }

    /// `<( … )` and `>( … )`.
    fn substitution_of_a_file(&mut self) -> Result<bool, Why> {
        let found = self.eat("<(") || self.eat(">(");
        if found {
            self.inside_parentheses()?;
        }
        Ok(found)
    }
}
