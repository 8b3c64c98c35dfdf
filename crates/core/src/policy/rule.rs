//! Rules, compiled, and the table that finds those of a tool.

use std::collections::HashMap;

use super::condition::{Condition, NoAnswer};
use super::glob::Glob;
use super::ladder::Asks;
use super::values::Seen;
use super::zone::Window;
use crate::assessment::RiskLevel;
use crate::time::Timestamp;

/// Where a rule was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line.
    pub line: usize,
}

/// Which layer a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Organization,
    /// A repository's file; its rules are for calls under this directory.
    Workspace(String),
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow { accept_dangerous: bool },
    Ask(Asks),
    Deny,
}

impl Effect {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Effect::Allow { .. } => "allow",
            Effect::Ask(_) => "ask",
            Effect::Deny => "deny",
        }
    }
}

/// What a rule applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matcher {
    /// Any tool when empty; so for the others.
    pub(super) tools: Vec<Glob>,
    pub(super) servers: Vec<Glob>,
    pub(super) agents: Vec<Glob>,
    pub(super) levels: Option<Vec<RiskLevel>>,
    pub(super) when: Option<Condition>,
}

impl Matcher {
    /// Whether it applies, its tool being looked at already.
    pub(super) fn holds(&self, seen: &Seen<'_>) -> Result<bool, NoAnswer> {
        let subject = seen.subject;
        let one = |globs: &[Glob], name: &str| {
            globs.is_empty() || globs.iter().any(|glob| glob.matches(name))
        };
        let levels = self.levels.as_ref();
        if !one(&self.servers, subject.call.server.raw())
            || !one(&self.agents, subject.agent)
            || levels.is_some_and(|levels| !levels.contains(&subject.assessment.level))
        {
            return Ok(false);
        }
        match &self.when {
            None => Ok(true),
            Some(when) => when.holds(seen),
        }
    }

    pub(super) fn is_for(&self, tool: &str) -> bool {
        self.tools.is_empty() || self.tools.iter().any(|glob| glob.matches_folded(tool))
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) reason: String,
    pub(super) place: Place,
    pub(super) layer: Layer,
    pub(super) matcher: Matcher,
    pub(super) effect: Effect,
}

impl Rule {
    /// Whether it is of a repository that the call is not in.
    pub(super) fn is_elsewhere(&self, cwd: &str) -> bool {
        match &self.layer {
            Layer::Organization => false,
            // A call that does not say where it runs may run there.
            Layer::Workspace(_) if cwd.is_empty() => false,
            Layer::Workspace(root) => {
                let rest = cwd.strip_prefix(root.as_str());
                !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

/// A time in which matching actions do not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Freeze {
    pub(super) id: String,
    pub(super) reason: String,
    pub(super) place: Place,
    pub(super) matcher: Matcher,
    pub(super) every: Option<Window>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

impl Freeze {
    pub(super) fn is_on(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now)
            && self.until.is_none_or(|until| now < until)
            && self.every.as_ref().is_none_or(|every| every.holds(now))
    }
}

/// Finds the rules of a tool without looking at all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    exact: HashMap<String, Vec<usize>>,
    /// Patterns by their first byte; those that begin with a star are under `None`.
    globs: HashMap<Option<u8>, Vec<(Glob, usize)>>,
    any: Vec<usize>,
}

impl Table {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut table = Self::default();
        for (index, rule) in rules.iter().enumerate() {
            if rule.matcher.tools.is_empty() {
                table.any.push(index);
            }
            for glob in &rule.matcher.tools {
                if glob.is_exact() {
                    table.exact.entry(glob.pattern().to_owned()).or_default().push(index);
                } else {
                    let first = glob.prefix().bytes().next();
                    table.globs.entry(first).or_default().push((glob.clone(), index));
                }
            }
        }
        table
    }

    /// The rules whose tool matches, in their order.
    pub(super) fn find(&self, tool: &str) -> Vec<usize> {
        let tool = tool.to_lowercase();
        let mut found = self.any.clone();
        found.extend(self.exact.get(&tool).into_iter().flatten());
        for first in [None, tool.bytes().next()] {
            let globs = self.globs.get(&first).into_iter().flatten();
            found.extend(globs.filter(|(glob, _)| glob.matches_folded(&tool)).map(|(_, at)| *at));
            if first.is_none() && tool.is_empty() {
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
