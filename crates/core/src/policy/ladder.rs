//! Whom to ask, in which order, and how many of them.

use serde::{Deserialize, Serialize};

use super::zone::Window;

/// Someone a step asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Everybody who may decide.
    Everyone,
    /// A person, by name.
    User(String),
    /// The members of a group, by its name. One that does not exist is nobody.
    Group(String),
}

impl Ask {
    /// Reads `everyone`, `user:NAME` or `group:NAME`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "everyone" {
            return Some(Ask::Everyone);
        }
        let (kind, name) = text.split_once(':')?;
        let name = name.trim();
        match kind {
            _ if name.is_empty() => None,
            "user" => Some(Ask::User(name.to_owned())),
            "group" => Some(Ask::Group(name.to_owned())),
            _ => None,
        }
    }

    /// As it is written in a policy.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Ask::Everyone => "everyone".to_owned(),
            Ask::User(name) => format!("user:{name}"),
            Ask::Group(name) => format!("group:{name}"),
        }
    }
}

/// One step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whom it asks.
    pub ask: Vec<Ask>,
    /// Seconds until the next step is asked as well.
    pub within_secs: u32,
    /// Hours outside of which it is passed over.
    pub(super) hours: Option<Window>,
}

impl Step {
    /// Whether people of this step are there at `now`.
    #[must_use]
    pub fn is_on_duty(&self, now: crate::Timestamp) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.holds(now))
    }
}

/// Whom to ask, one step after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Its name.
    pub name: String,
    /// The steps; there is at least one.
    pub steps: Vec<Step>,
}

/// Seats that must be filled, each by a person of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// How many.
    pub count: u32,
    /// Of this group; of whoever was asked when absent.
    pub group: Option<String>,
}

/// How a person is to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// The ladder.
    pub ladder: String,
    /// Who must agree.
    pub needs: Vec<Need>,
    /// Whether votes are hidden until it is over.
    pub blind: bool,
}

/// Name of the ladder that is used when none is named.
pub(super) const DEFAULT: &str = "default";

impl Default for Asks {
    fn default() -> Self {
        let needs = vec![Need { count: 1, group: None }];
        Self { ladder: DEFAULT.to_owned(), needs, blind: true }
    }
}

impl Asks {
    /// Seats in all.
    #[must_use]
    pub fn seats(&self) -> u32 {
        self.needs.iter().map(|need| need.count).sum()
    }

    /// What satisfies both.
    pub(super) fn and(mut self, other: &Self) -> Self {
        for need in &other.needs {
            match self.needs.iter_mut().find(|known| known.group == need.group) {
                Some(known) => known.count = known.count.max(need.count),
                None => self.needs.push(need.clone()),
            }
        }
        // Who is named by group is also one of those who were asked.
        if self.needs.iter().any(|need| need.group.is_some()) {
            self.needs.retain(|need| need.group.is_some() || need.count > 1);
        }
        self.blind |= other.blind;
        if self.ladder == DEFAULT {
            self.ladder.clone_from(&other.ladder);
        }
        self
    }
}
