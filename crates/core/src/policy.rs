//! The verdict on an assessed action: allow, ask or deny, and by which rule.
//!
//! First version: the level decides, with two built-in rules that nothing can loosen.

use serde::{Deserialize, Serialize};

use crate::assessment::{Assessment, RiskLevel};

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
}

/// The policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Recorded with every request.
    pub version: u32,
    /// Levels at which a person is asked.
    pub ask_from: RiskLevel,
}

impl Default for Policy {
    fn default() -> Self {
        Self { version: 1, ask_from: RiskLevel::Dangerous }
    }
}

impl Policy {
    /// Judges an action.
    ///
    /// A call that touches Holdshort's own data, address or program is denied: a gate that can be
    /// opened through itself is none.
    #[must_use]
    pub fn evaluate(&self, assessment: &Assessment) -> Verdict {
        let verdict = |ruling, rule: &str, reason: &str| Verdict {
            ruling,
            rule: rule.to_owned(),
            reason: reason.to_owned(),
        };
        if assessment.touches_gate {
            return verdict(
                Ruling::Deny,
                "builtin.protect-holdshort",
                "It touches Holdshort's own data, address or program; no policy can allow that.",
            );
        }
        if assessment.uninspectable.is_some() {
            return verdict(
                Ruling::Ask,
                "builtin.uninspectable",
                "The call cannot be shown in full, so it cannot be judged.",
            );
        }
        if assessment.level >= self.ask_from {
            return verdict(
                Ruling::Ask,
                "default.ask-dangerous",
                "Dangerous actions wait for a person.",
            );
        }
        match assessment.level {
            RiskLevel::Safe => verdict(Ruling::Allow, "default.safe", "It only reads."),
            RiskLevel::Risky | RiskLevel::Dangerous => verdict(
                Ruling::Allow,
                "default.risky",
                "It changes something that can be changed back.",
            ),
        }
    }
}
