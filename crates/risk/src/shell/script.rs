//! What a shell text holds: its simple commands, in the order in which they would run.

/// A shell text, read.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Every simple command, those of substitutions before the command they stand in.
    pub(crate) commands: Vec<Simple>,
    /// Functions that the text defines for sure: the name, and how many commands come before. Their
    /// bodies are among the commands.
    pub(crate) functions: Vec<(String, usize)>,
    /// What makes the shell itself evaluate text as code.
    pub(crate) evaluates: Vec<&'static str>,
    /// Whether a variable's value is taken for another variable's name.
    pub(crate) indirect: bool,
    /// Why the text could not be read to its end.
    pub(crate) opaque: Option<&'static str>,
    /// Bytes that values of variables added.
    pub(crate) spent: usize,
    /// Whether a command runs even if an earlier one fails.
    pub(crate) runs_on: bool,
}

/// One command: a program and its words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Simple {
    /// `NAME=value` in front of it.
    pub(crate) assignments: Vec<(String, Word)>,
    /// The program and its arguments.
    pub(crate) words: Vec<Word>,
    /// Where it reads from and writes to.
    pub(crate) redirects: Vec<Redirect>,
    /// What it gets on its input.
    pub(crate) input: Input,
    /// First and last byte in the text that was read; nothing for a text within a text.
    pub(crate) span: Option<(usize, usize)>,
    /// The command as written.
    pub(crate) text: String,
}

/// What a command gets on its input.
#[derive(Clone, Debug, Default)]
pub(crate) enum Input {
    /// What the shell got.
    #[default]
    Inherited,
    /// The output of the command with this index.
    Pipe(usize),
    /// A here-document or here-string; whether its text is known in full.
    Text(String, bool),
}

/// A redirection to or from a file.
#[derive(Clone, Debug)]
pub(crate) struct Redirect {
    /// Whether the file is written.
    pub(crate) writes: bool,
    /// Whether what stood in it stays.
    pub(crate) appends: bool,
    /// The file.
    pub(crate) target: Word,
}

/// Whether the shell puts in something that cannot be known from the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Open {
    /// The word is what it says.
    #[default]
    No,
    /// A part is not known, but it stays one word.
    Part,
    /// It may become any number of words.
    Split,
}

/// A word with its quotes removed. Unknown parts stand as they are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) open: Open,
    /// An unknown part stands at its start, so that it may be an option.
    pub(crate) may_be_option: bool,
    /// A pattern of file names, not quoted.
    pub(crate) glob: bool,
    /// Begins with a `~` that the shell replaces.
    pub(crate) tilde: bool,
    /// Some part was quoted.
    pub(crate) quoted: bool,
    /// What a loop puts here, one after the other.
    pub(crate) values: Vec<String>,
}

impl Word {
    /// A word without anything to expand.
    pub(crate) fn exact(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Whether it is known in full.
    pub(crate) fn is_known(&self) -> bool {
        self.open == Open::No && self.values.is_empty()
    }

    /// The texts it may stand for, as far as they are known.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let one = self.values.is_empty().then_some(self.text.as_str());
        one.into_iter().chain(self.values.iter().map(String::as_str))
    }
}
