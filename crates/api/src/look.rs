//! Looks that only the agent's machine can take, and what was seen.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Something that has to be read on the agent's machine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Look {
    /// Id of the probe.
    pub probe: String,
    /// What to read: `kind`, and what that kind needs. Nothing in it goes through a shell.
    #[schema(value_type = Object)]
    pub look: Box<RawValue>,
}

/// What was read for a look, or why it is not known.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookAnswer {
    /// Id of the probe.
    #[schema(max_length = 200)]
    pub probe: String,
    /// What was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<Box<RawValue>>,
    /// Why it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub not_known: Option<String>,
}

/// What an agent read for the request of its action.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BringFacts {
    /// The request they are for, `req_…`.
    #[schema(max_length = 100)]
    pub request: String,
    /// The answers.
    #[schema(max_items = 50)]
    pub answers: Vec<LookAnswer>,
}
