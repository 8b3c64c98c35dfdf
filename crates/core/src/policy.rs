//! The verdict on an assessed action: allow, ask or deny, by which rule, and whom to ask.
//!
//! A policy is one TOML file of the organization, and files of repositories that can only
//! tighten it. Everything is checked when it is loaded: conditions, names, examples.

mod check;
mod condition;
mod evaluate;
mod file;
mod glob;
mod ladder;
mod probe;
mod problem;
mod rule;
mod values;
mod zone;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::assessment::RiskLevel;
use crate::id::GrantId;
use crate::untrusted::Untrusted;

pub use check::{Judge, Source};
pub use glob::Glob;
pub use ladder::{Ask, Asks, Ladder, Need, Step};
pub use probe::{At, BuiltIn, Database, Probe};
pub use problem::Problem;
pub use rule::Place;
pub use values::Subject;

use rule::{Freeze, Rule, Table};
use zone::Zone;

/// What policy says. Stricter is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It may run.
    Allow,
    /// A person decides.
    Ask,
    /// It does not run.
    Deny,
}

/// A ruling and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What it says.
    pub ruling: Ruling,
    /// Id of the rule that decided.
    pub rule: String,
    /// The reason, in words.
    pub reason: String,
    /// Whom to ask; the default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asks>,
    /// Other rules that ask as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The grant that let it through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// Where the rule stands and what it looked at. Kept with the payload, not with the row.
    #[serde(skip)]
    pub why: Option<Why>,
}

/// Why a rule applied, as it was when it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// Where the rule stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Its condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What the condition looked at.
    pub looked_at: Vec<Looked>,
}

/// A value a condition looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Its path, such as `args.env`.
    pub path: String,
    /// What stood there, cut when long.
    #[serde(with = "crate::untrusted::stored")]
    pub value: Untrusted,
}

/// A rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// Its id.
    pub rule: String,
    /// Where it stands.
    pub place: Place,
    /// `allow`, `ask` or `deny`.
    pub effect: &'static str,
    /// Its condition, when that was looked at.
    pub when: Option<String>,
    /// What the condition looked at.
    pub looked_at: Vec<Looked>,
    /// What it said.
    pub found: Found,
}

/// What a rule said about an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It applies.
    Yes,
    /// Its condition does not hold, or it is for other servers, agents or levels.
    No,
    /// It is for other tools.
    OtherTool,
    /// It is of a repository the call is not in.
    Elsewhere,
    /// Its condition gave no answer, so a person is asked.
    NoAnswer(String),
}

impl Verdict {
    pub(crate) fn built_in(ruling: Ruling, rule: &str, reason: &str) -> Self {
        Self {
            ruling,
            rule: rule.to_owned(),
            reason: reason.to_owned(),
            asks: None,
            also: Vec::new(),
            grant: None,
            why: None,
        }
    }

    /// A verdict that is yet to be made; it asks, so that forgetting it permits nothing.
    pub(crate) fn unknown() -> Self {
        Self::built_in(Ruling::Ask, "builtin.unknown", "It was not judged yet.")
    }

    /// A denial by something other than a rule.
    pub(crate) fn denied(rule: &str, reason: &str) -> Self {
        Self::built_in(Ruling::Deny, rule, reason)
    }

    /// Ids of all rules that ask.
    #[must_use]
    pub fn rules(&self) -> Vec<&str> {
        std::iter::once(&self.rule).chain(&self.also).map(String::as_str).collect()
    }

    /// Whether a grant may answer it: not what cannot be judged, and no budget.
    #[must_use]
    pub fn may_be_granted(&self) -> bool {
        let never = |rule: &str| rule.starts_with("builtin.") || rule.starts_with("budget.");
        self.ruling == Ruling::Ask && !self.rules().into_iter().any(never)
    }

    /// Asks whom another verdict would ask.
    fn of(self, other: Option<Verdict>) -> Self {
        Self { asks: other.and_then(|other| other.asks), ..self }
    }
}

/// What a file can set without a rule.
#[derive(Clone, Debug, PartialEq)]
struct Settings {
    ask: Vec<RiskLevel>,
    confidence_below: f64,
    fully_autonomous: bool,
    per_run: Option<Amount>,
    per_day: Option<Amount>,
    check_in: Option<CheckIn>,
    exceptions: Exceptions,
    refresh_after_secs: u32,
}

impl Eq for Settings {}

impl Settings {
    fn asks(&self, level: RiskLevel) -> bool {
        self.ask.contains(&level)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ask: vec![RiskLevel::Dangerous],
            confidence_below: 0.7,
            fully_autonomous: false,
            per_run: None,
            per_day: None,
            check_in: None,
            exceptions: Exceptions::default(),
            refresh_after_secs: REFRESH_AFTER_SECS,
        }
    }
}

/// When a run checks in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    /// After this many steps.
    pub steps: Option<u32>,
    /// After this many seconds.
    pub every_secs: Option<u32>,
    /// Whom to ask.
    pub asks: Asks,
}

/// What makes a run stop and ask, beside its actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceptions {
    /// An action began and was never reported.
    pub unknown: bool,
    /// An action failed.
    pub failed: bool,
    /// Whether that is every failed action, or only one that was dangerous.
    pub any_failure: bool,
    /// The agent says that it is stuck.
    pub stuck: bool,
    /// Denials in a row.
    pub denials_in_row: Option<u32>,
    /// Denials in all.
    pub denials_in_total: Option<u32>,
    /// Whom to ask.
    pub asks: Asks,
}

impl Default for Exceptions {
    fn default() -> Self {
        Self {
            unknown: true,
            failed: true,
            any_failure: false,
            stuck: true,
            denials_in_row: Some(3),
            denials_in_total: Some(10),
            asks: Asks::default(),
        }
    }
}

/// A milestone a person lets a run pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The phase that ends, if it is about one.
    pub after: Option<String>,
    /// The phase that begins, if it is about one.
    pub before: Option<String>,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    pub asks: Asks,
}

impl Checkpoint {
    /// The name it is passed by.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.after, &self.before) {
            (Some(after), _) => format!("after {after}"),
            (None, Some(before)) => format!("before {before}"),
            (None, None) => String::new(),
        }
    }
}

/// The policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Recorded with every request.
    pub version: u32,
    settings: Settings,
    zone: Zone,
    rules: Vec<Rule>,
    table: Table,
    freezes: Vec<Freeze>,
    ladders: Vec<Ladder>,
    checkpoints: Vec<Checkpoint>,
    probes: Vec<Probe>,
    databases: BTreeMap<String, Database>,
    /// Hosts that probes may ask.
    hosts: BTreeSet<String>,
}

/// Seconds of a pause after which a run looks around, when policy does not say.
const REFRESH_AFTER_SECS: u32 = 60 * 60;
/// Seconds a step of a ladder has when it does not say.
const WITHIN_SECS: u32 = crate::limits::DEADLINE_SECS;

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 1,
            settings: Settings::default(),
            zone: Zone::default(),
            rules: Vec::new(),
            table: Table::default(),
            freezes: Vec::new(),
            ladders: vec![Ladder::default()],
            checkpoints: Vec::new(),
            probes: Vec::new(),
            databases: BTreeMap::new(),
            hosts: BTreeSet::new(),
        }
    }
}

impl Default for Ladder {
    fn default() -> Self {
        let step = Step { ask: vec![Ask::Everyone], within_secs: WITHIN_SECS, hours: None };
        Self { name: ladder::DEFAULT.to_owned(), steps: vec![step] }
    }
}

impl Policy {
    /// The built-in policy, asking about these levels instead.
    ///
    /// ```
    /// use holdshort_core::{Policy, RiskLevel};
    /// let strict = Policy::asking(&[RiskLevel::Risky, RiskLevel::Dangerous]);
    /// assert_eq!(strict.version, 1);
    /// ```
    #[must_use]
    pub fn asking(levels: &[RiskLevel]) -> Self {
        let settings = Settings { ask: levels.to_vec(), ..Settings::default() };
        Self { settings, ..Self::default() }
    }

    /// The ladder of this name; the built-in one when there is none.
    #[must_use]
    pub fn ladder(&self, name: &str) -> Ladder {
        self.ladders.iter().find(|ladder| ladder.name == name).cloned().unwrap_or_default()
    }

    /// When runs check in; never for ones that are fully autonomous.
    #[must_use]
    pub fn check_in(&self) -> Option<&CheckIn> {
        self.settings.check_in.as_ref().filter(|_| !self.settings.fully_autonomous)
    }

    /// What makes a run stop and ask.
    #[must_use]
    pub fn exceptions(&self) -> &Exceptions {
        &self.settings.exceptions
    }

    /// Seconds of a pause after which what a run watches is read again.
    #[must_use]
    pub fn refresh_after_secs(&self) -> u32 {
        self.settings.refresh_after_secs
    }

    /// The checkpoints.
    #[must_use]
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// The probes.
    #[must_use]
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// The probe of an id.
    #[must_use]
    pub fn probe(&self, id: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.id() == id)
    }

    /// Databases that probes ask, by name.
    #[must_use]
    pub fn databases(&self) -> &BTreeMap<String, Database> {
        &self.databases
    }

    /// Hosts that probes may ask: those that are written out in their addresses.
    #[must_use]
    pub fn hosts(&self) -> &BTreeSet<String> {
        &self.hosts
    }

    /// How many rules there are.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }
}
