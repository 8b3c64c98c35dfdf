//! Votes: how a person answers, and what they are told.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::action::ActionState;
use crate::question::Reply;
use crate::request::{Decision, QueueItem};

/// A vote that was cast.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VoteSeen {
    /// Who.
    pub by: String,
    /// Whether a person cast it (`false`: a machine with `decide:api`).
    pub person: bool,
    /// What.
    pub decision: Decision,
    /// When.
    pub at: i64,
}

/// A vote. It counts only with a proof that a person made it (`Holdshort-Signature` headers).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// The answer.
    pub decision: Decision,
    /// The binding the voter saw.
    pub binding: String,
    /// The version the voter saw.
    pub version: u64,
    /// A reason; the agent receives it. Required to deny: a few words or one of the presets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
    /// For `modify`: the whole changed arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Box<RawValue>>,
    /// What was typed for `confirm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 400)]
    pub confirm: Option<String>,
    /// For a question of a run: the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
}

/// Answer to a vote.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VoteReply {
    /// What the vote led to, in words: "Approved. Runs when the agent claims it."
    pub sentence: String,
    /// Whether the vote took effect. A late approval is recorded and void.
    pub effective: bool,
    /// The request after the vote.
    pub request: QueueItem,
    /// Where the action stands.
    pub action_state: ActionState,
    /// A new request, when a changed call is worse and must be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_again: Option<String>,
}
