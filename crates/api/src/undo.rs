//! Undo: what can be taken back, until when, and by which call.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::action::{ActionState, RiskLevel};
use crate::request::Exact;

/// The call that would take an action back, as its executor registers it with its report.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// Name of the tool.
    #[schema(min_length = 1, max_length = 256)]
    pub tool: String,
    /// Server or namespace the tool belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub server: Option<String>,
    /// Its arguments, complete: they are judged, shown and run as they are. At most 256 KiB.
    #[schema(value_type = Object)]
    pub arguments: Box<RawValue>,
    /// Directory it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096)]
    pub cwd: Option<String>,
    /// Seconds for which it works. Default a week, at most 90 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 7_776_000)]
    pub for_s: Option<u32>,
}

/// An action that can be taken back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Undoable {
    /// The action, `act_…`.
    pub action: String,
    /// What it did, in one sentence.
    pub sentence: String,
    /// Its agent.
    pub agent: String,
    /// Its run, `run_…`.
    pub run: String,
    /// What taking it back would do, in one sentence.
    pub undo: String,
    /// How risky that is, as it is judged now.
    pub risk: RiskLevel,
    /// The call that takes it back, in full.
    pub exact: Exact,
    /// Digest of that call: to be quoted, so that what was seen is what runs.
    pub digest: String,
    /// Why it cannot be taken back any more, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// The action that takes it back, `act_…`, once somebody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
    /// Where that action stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<ActionState>,
    /// When the action was reported.
    pub at: i64,
    /// Until when it can be taken back.
    pub until_at: i64,
}

/// A page of what can be taken back, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UndoPage {
    /// The actions.
    pub items: Vec<Undoable>,
    /// Send as `cursor` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Take an action back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    /// The digest of the call that was seen.
    #[schema(max_length = 100)]
    pub digest: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
}
