//! Why a request was made.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::action::RiskLevel;
use crate::text::Text;

/// Why a request was made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// Id of the rule.
    pub rule: String,
    /// Its reason.
    pub reason: String,
    /// Where the rule stands: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Its condition, as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What the condition looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<Looked>,
    /// Other rules that ask as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Version of the policy.
    #[serde(default)]
    pub policy: u32,
    /// What the assessment rests on.
    pub evidence: Vec<Evidence>,
}

/// One thing the assessment rests on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Kind of source: `table`, `word`, `shell`, `sql`, `path`, `annotation`, `declared`, …
    pub source: String,
    /// What it says.
    pub text: Text,
    /// The level it asks for.
    pub level: RiskLevel,
    /// The part of the call it rests on, where it rests on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Text>,
}

/// A value a condition looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Looked {
    /// Its path, such as `args.env`.
    pub path: String,
    /// What stood there.
    pub value: Text,
}
