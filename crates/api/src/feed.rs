//! The feed: everything that happened, in order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that happened. Arguments, reasons and outputs are never in it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Position in the feed; the `id:` of the event stream and the place to resume from.
    pub seq: i64,
    /// Version of the event's shape.
    pub v: u32,
    /// Kind, for example `action.proposed`.
    pub kind: String,
    /// When.
    pub at: i64,
    /// The action it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The request it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The run it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Who caused it, in words: "Dana (browser)", "policy", "clock".
    pub by: String,
    /// Codes and digests of this kind of event.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
}

/// A page of the feed, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// The events.
    pub items: Vec<Event>,
    /// Send as `after` for the next page.
    pub next_after: i64,
}
