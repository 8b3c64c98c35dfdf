//! The policy file as it is written: TOML tables, with the place of each in the text.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::probe::At;
use crate::amount::Amount;
use crate::assessment::RiskLevel;
use crate::look::Reads;

/// A policy file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Zone of hours and days; UTC when absent.
    #[serde(default)]
    pub(super) zone: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) interrupt: Option<Spanned<Interrupt>>,
    #[serde(default)]
    pub(super) budget: Option<Spanned<Budget>>,
    #[serde(default)]
    pub(super) check_in: Option<Spanned<CheckIn>>,
    #[serde(default)]
    pub(super) exceptions: Option<Spanned<Exceptions>>,
    #[serde(default)]
    pub(super) resume: Option<Spanned<Resume>>,
    #[serde(default)]
    pub(super) checkpoint: Vec<Spanned<Checkpoint>>,
    #[serde(default)]
    pub(super) freeze: Vec<Spanned<Freeze>>,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<Rule>>,
    #[serde(default)]
    pub(super) ladder: BTreeMap<String, Spanned<Ladder>>,
    /// What Holdshort looks at itself.
    #[serde(default)]
    pub(super) probe: Vec<Spanned<Probe>>,
    /// Databases that probes ask.
    #[serde(default)]
    pub(super) database: BTreeMap<String, Spanned<Database>>,
    /// Repositories whose own file is read as well; it can only tighten.
    #[serde(default)]
    pub(super) workspace: Vec<Spanned<Workspace>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Interrupt {
    /// Levels at which a person is asked.
    pub(super) ask: Option<Vec<RiskLevel>>,
    pub(super) confidence_below: Option<Spanned<f64>>,
    /// Silences the confidence threshold and check-ins; nothing else.
    #[serde(default)]
    pub(super) fully_autonomous: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    pub(super) per_run: Option<Amount>,
    /// Of each agent.
    pub(super) per_day: Option<Amount>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckIn {
    pub(super) steps: Option<Spanned<u32>>,
    pub(super) every: Option<Spanned<String>>,
    pub(super) ladder: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exceptions {
    /// Which are switched off, by name.
    #[serde(default)]
    pub(super) off: Vec<Spanned<String>>,
    pub(super) denials_in_row: Option<Spanned<u32>>,
    pub(super) denials_in_total: Option<Spanned<u32>>,
    /// Whether every failed action is one, or only a dangerous one that failed.
    pub(super) any_failure: Option<bool>,
    pub(super) ladder: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resume {
    /// After a pause longer than this, what a run watches is read again.
    pub(super) refresh_after: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    /// The phase that ends.
    pub(super) after: Option<String>,
    /// The phase that begins.
    pub(super) before: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) ladder: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Freeze {
    pub(super) id: Spanned<String>,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) tool: OneOrMany,
    pub(super) when: Option<Spanned<String>>,
    /// A part of every week.
    pub(super) every: Option<Spanned<String>>,
    pub(super) from: Option<Spanned<String>>,
    pub(super) until: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) id: Spanned<String>,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) tool: OneOrMany,
    #[serde(default)]
    pub(super) server: OneOrMany,
    #[serde(default)]
    pub(super) agent: OneOrMany,
    #[serde(default)]
    pub(super) level: Option<Vec<RiskLevel>>,
    pub(super) when: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) allow: bool,
    #[serde(default)]
    pub(super) deny: bool,
    pub(super) ask: Option<Spanned<Ask>>,
    #[serde(default)]
    pub(super) accept_dangerous: bool,
    #[serde(default, rename = "match")]
    pub(super) matches: Vec<Spanned<Example>>,
    #[serde(default)]
    pub(super) not_match: Vec<Spanned<Example>>,
}

/// `ask = true`, or whom and how.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Ask {
    Plain(bool),
    Of(AskOf),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskOf {
    pub(super) ladder: Option<String>,
    /// How many people.
    pub(super) quorum: Option<u32>,
    /// Seats by group: `["2 of group:sre", "1 of group:finance"]`.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// Whether a vote is hidden from the next person until it is over. Default: yes.
    pub(super) blind: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ladder {
    pub(super) steps: Vec<Spanned<LadderStep>>,
    /// Not a setting: read so that the refusal can say why there is none.
    #[serde(default)]
    pub(super) then: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) on_timeout: Option<Spanned<toml::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LadderStep {
    pub(super) ask: OneOrMany,
    pub(super) within: Option<Spanned<String>>,
    pub(super) hours: Option<Spanned<String>>,
    /// As in the ladder.
    #[serde(default)]
    pub(super) then: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) on_timeout: Option<Spanned<toml::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Probe {
    pub(super) id: Spanned<String>,
    #[serde(default)]
    pub(super) tool: OneOrMany,
    #[serde(default)]
    pub(super) server: OneOrMany,
    pub(super) when: Option<Spanned<String>>,
    /// The claim: "No instance is a standby".
    pub(super) fact: Option<String>,
    /// Where it is read, for people.
    pub(super) source: Option<String>,
    #[serde(default)]
    pub(super) at: At,
    /// A program and its arguments.
    pub(super) run: Option<Spanned<Vec<String>>>,
    /// Names of environment variables the program gets.
    #[serde(default)]
    pub(super) env: Vec<String>,
    pub(super) cwd: Option<String>,
    /// An address.
    pub(super) get: Option<Spanned<String>>,
    /// Headers: name, and name of the environment variable with the value.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) reads: Reads,
    pub(super) query: Option<Spanned<String>>,
    pub(super) database: Option<Spanned<String>>,
    pub(super) builtin: Option<Spanned<String>>,
    /// For `rows`: how many may change.
    pub(super) most: Option<u32>,
    /// For `recipients`: who is inside.
    #[serde(default)]
    pub(super) domains: Vec<String>,
    pub(super) known_when: Option<Spanned<String>>,
    pub(super) true_when: Option<Spanned<String>>,
    pub(super) failing: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) bind: Vec<Spanned<String>>,
    pub(super) detail: Option<Spanned<String>>,
    pub(super) detail_true: Option<Spanned<String>>,
    pub(super) safer: Option<Safer>,
    pub(super) if_false: Option<Spanned<String>>,
    /// Whether it says what came of an action that was never reported.
    #[serde(default)]
    pub(super) verifies: bool,
}

/// An edit that leaves out what fails.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Safer {
    pub(super) title: Spanned<String>,
    pub(super) drop: String,
}

/// A database: its address, or the environment variable that holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    pub(super) url: Option<String>,
    pub(super) url_env: Option<String>,
}

/// A repository.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workspace {
    pub(super) path: Spanned<String>,
}

/// An example call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub(super) tool: String,
    pub(super) server: Option<String>,
    pub(super) args: Option<toml::Table>,
    pub(super) agent: Option<String>,
    pub(super) cwd: Option<String>,
    pub(super) phase: Option<String>,
    pub(super) confidence: Option<f64>,
    pub(super) cost: Option<Amount>,
    /// When it is proposed, as `2026-11-25T09:00:00Z`.
    pub(super) at: Option<String>,
}

/// One text or several.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn list(&self) -> &[String] {
        match self {
            OneOrMany::None => &[],
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}
