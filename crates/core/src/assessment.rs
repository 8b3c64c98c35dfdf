//! What an action would do, as far as its call can tell: level, axes, evidence, sentence.
//!
//! The risk crate makes an [`Assessment`]; everything else reads it.

use serde::{Deserialize, Serialize};

use crate::notice::Mask;
use crate::untrusted::{Place, Shown, Untrusted};

/// How risky an action is. Claims of agents and tools can raise it, never lower it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Runs, and is written down.
    Safe,
    /// Runs, is written down, and can be undone.
    Risky,
    /// Waits for a person.
    Dangerous,
}

/// Whether there is a way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayBack {
    /// Undone at once.
    Yes,
    /// Undone with effort.
    WithEffort,
    /// Not undone.
    No,
    /// Cannot be told from the call.
    NotKnown,
}

/// How far it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// It changes nothing.
    None,
    /// The agent's own workspace.
    Local,
    /// One service.
    Service,
    /// The organization.
    Organization,
    /// Cannot be told from the call.
    NotKnown,
}

/// Whether it is felt outside the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// No.
    No,
    /// Yes: a message, a publication, a payment.
    Yes,
    /// Cannot be told from the call.
    NotKnown,
}

/// Whether money moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Money {
    /// None.
    None,
    /// This much, as written in the call.
    Amount {
        /// The amount as written.
        #[serde(with = "crate::untrusted::stored")]
        amount: Untrusted,
        /// The currency as written; empty when absent.
        #[serde(with = "crate::untrusted::stored")]
        currency: Untrusted,
    },
    /// Some; the amount cannot be read.
    NotKnown,
}

/// What a piece of evidence rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The built-in table of tools.
    Table,
    /// A word of the tool's name or description.
    Word,
    /// A command, as parsed.
    Shell,
    /// A statement of SQL.
    Sql,
    /// Method, host or path of a web request.
    Http,
    /// A file path.
    Path,
    /// A hint of the tool's server.
    Annotation,
    /// What the agent itself declares.
    Declared,
    /// A value of the arguments.
    Argument,
    /// The schema of the arguments.
    Schema,
    /// A rule of the organization for this tool.
    Rule,
    /// It touches Holdshort itself.
    Gate,
}

impl Source {
    /// The name people see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Source::Table => "table",
            Source::Word => "word",
            Source::Shell => "shell",
            Source::Sql => "sql",
            Source::Http => "http",
            Source::Path => "path",
            Source::Annotation => "annotation",
            Source::Declared => "declared",
            Source::Argument => "argument",
            Source::Schema => "schema",
            Source::Rule => "rule",
            Source::Gate => "gate",
        }
    }
}

/// One thing the level rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Kind of source.
    pub source: Source,
    /// What it says.
    pub text: Phrase,
    /// The level it asks for.
    pub level: RiskLevel,
    /// The part of the arguments it rests on, where it rests on one.
    #[serde(default)]
    pub at: Option<ArgumentSpan>,
}

/// Part of a phrase: words of ours, or words of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Written by Holdshort.
    Ours(String),
    /// Taken from the call: a name, a path, a number.
    Theirs(#[serde(with = "crate::untrusted::stored")] Untrusted),
}

/// A phrase with values of the call in it, kept apart until it is shown.
///
/// ```
/// use holdshort_core::Phrase;
/// let phrase = Phrase::ours("Drop table ").theirs("orders\u{202e}");
/// assert_eq!(phrase.render().to_plain(), "Drop table orders<U+202E>");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phrase(Vec<Part>);

impl Phrase {
    /// Starts with words of ours.
    #[must_use]
    pub fn ours(text: impl Into<String>) -> Self {
        Self(vec![Part::Ours(text.into())])
    }

    /// Adds words of ours.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Ours(text.into()));
        self
    }

    /// Adds a value of the call.
    #[must_use]
    pub fn theirs(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Theirs(Untrusted::new(text)));
        self
    }

    /// Appends another phrase.
    #[must_use]
    pub fn with(mut self, other: &Phrase) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// The values of the call in it, in order.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Theirs(text) => Some(text.raw()),
            Part::Ours(_) => None,
        })
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The phrase made safe to show, on one line.
    #[must_use]
    pub fn render(&self) -> Shown {
        self.render_with(&Mask::default())
    }

    /// The phrase made safe to show, its secrets masked.
    pub(crate) fn render_with(&self, mask: &Mask) -> Shown {
        let mut shown = Shown::default();
        for part in &self.0 {
            shown.append(match part {
                Part::Ours(text) => Shown::ours(text.clone()),
                Part::Theirs(text) => mask.text(text, Place::Name),
            });
        }
        shown
    }
}

/// How many of what: "47 instances". The count is what a person types to approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub number: u64,
    /// Plural noun, from the name of the argument: "instance ids".
    #[serde(with = "crate::untrusted::stored")]
    pub noun: Untrusted,
    /// Path of the argument that was counted.
    #[serde(with = "crate::untrusted::stored")]
    pub path: Untrusted,
}

/// A part of a string in the arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgumentSpan {
    /// Path of the string it stands in, as [`crate::Json::strings`] names it.
    #[serde(with = "crate::untrusted::stored")]
    pub path: Untrusted,
    /// First byte within that string.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What a call acts on, in one spelling each, so that rules need not read raw arguments.
///
/// All of it is read from the call; lists are cut at [`Target::MOST`] entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `production`, `staging` and the like, folded; another name as written, in lower case.
    #[serde(with = "crate::untrusted::stored_option")]
    pub environment: Option<Untrusted>,
    /// Hosts of addresses, in lower case, without port.
    #[serde(with = "crate::untrusted::stored_list")]
    pub hosts: Vec<Untrusted>,
    /// Paths, resolved against the agent's folder as far as the text allows.
    #[serde(with = "crate::untrusted::stored_list")]
    pub paths: Vec<Untrusted>,
    /// Accounts, projects, subscriptions, as written.
    #[serde(with = "crate::untrusted::stored_list")]
    pub accounts: Vec<Untrusted>,
    /// Recipients, in lower case.
    #[serde(with = "crate::untrusted::stored_list")]
    pub recipients: Vec<Untrusted>,
    /// Whether a list was cut.
    pub more: bool,
}

impl Target {
    /// Entries a list holds at most.
    pub const MOST: usize = 64;
}

/// A safer way to do the same, as a ready edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// What it does.
    pub title: Phrase,
    /// A remark; may be empty.
    pub detail: Phrase,
    /// The whole changed arguments, as JSON text.
    #[serde(with = "crate::untrusted::stored")]
    pub arguments: Untrusted,
    /// The level it becomes.
    pub becomes: RiskLevel,
}

/// What an action would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The level.
    pub level: RiskLevel,
    /// Whether there is a way back.
    pub way_back: WayBack,
    /// How far it reaches.
    pub reach: Reach,
    /// Whether it is felt outside.
    pub outside: Outside,
    /// Whether money moves.
    pub money: Money,
    /// What the level rests on, strongest first.
    pub evidence: Vec<Evidence>,
    /// What will happen, in one sentence built from the decoded call.
    pub sentence: Phrase,
    /// For a command: its simple commands in order.
    #[serde(default)]
    pub commands: Vec<Phrase>,
    /// Remarks a person should read ("3 commands; a later one runs even if an earlier one fails").
    #[serde(default)]
    pub notes: Vec<Phrase>,
    /// How many things it acts on, if it lists them.
    pub count: Option<Count>,
    /// Secrets found in the arguments: masked by every renderer and log.
    #[serde(default)]
    pub secrets: Vec<ArgumentSpan>,
    /// What it acts on, for rules.
    #[serde(default)]
    pub target: Target,
    /// The kinds of thing it would do ("destroy", "pay"), for telling whether two calls do the
    /// same.
    #[serde(default)]
    pub effects: std::collections::BTreeSet<String>,
    /// Safer ways.
    #[serde(default)]
    pub safer: Vec<Alternative>,
    /// The call touches Holdshort's own data, address or program.
    #[serde(default)]
    pub touches_gate: bool,
    /// Why the call cannot be judged by looking at it, if so. Then nobody can approve it.
    #[serde(default)]
    pub uninspectable: Option<String>,
}

impl Assessment {
    /// The assessment of a question: nothing runs by it.
    #[must_use]
    pub fn question(sentence: Phrase) -> Self {
        Self {
            level: RiskLevel::Risky,
            way_back: WayBack::Yes,
            reach: Reach::None,
            outside: Outside::No,
            money: Money::None,
            evidence: Vec::new(),
            sentence,
            commands: Vec::new(),
            notes: Vec::new(),
            count: None,
            secrets: Vec::new(),
            target: Target::default(),
            effects: std::collections::BTreeSet::new(),
            safer: Vec::new(),
            touches_gate: false,
            uninspectable: None,
        }
    }
}
