//! Requests: one question to people about one action, and the votes on it.

use serde::{Deserialize, Serialize};

use crate::assessment::RiskLevel;
use crate::digest::Digest;
use crate::fact::Facts;
use crate::id::{ActionId, RequestId, RunId};
use crate::people::Voter;
use crate::time::Timestamp;

/// What a person can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Let exactly this run, once.
    Approve,
    /// Let it run with changed arguments.
    Modify,
    /// Do not let it run.
    Deny,
}

impl Decision {
    /// The name in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Decision::Approve => "approve",
            Decision::Modify => "modify",
            Decision::Deny => "deny",
        }
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Waiting for a person.
    Open,
    /// Its time has passed and nobody else is left to ask. It can still be answered.
    Stalled,
    /// Answered.
    Decided(Decision),
    /// Replaced by a newer request for the same action.
    Superseded,
    /// Taken back, or past the agent's own expiry.
    Withdrawn,
}

impl RequestState {
    /// Whether it can be answered.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            RequestState::Open | RequestState::Stalled => true,
            RequestState::Decided(_) | RequestState::Superseded | RequestState::Withdrawn => false,
        }
    }
}

/// A vote. The binding is what the voter saw; the gate refuses one that is not the request's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who, with which proof.
    pub by: Voter,
    /// What.
    pub decision: Decision,
    /// The binding they saw.
    pub binding: Digest,
    /// When.
    pub at: Timestamp,
    /// `false` for a vote that came too late to count.
    pub counts: bool,
}

/// One question to people about one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Id.
    pub id: RequestId,
    /// Number of its label (`HS-4127`); 0 until it is stored.
    #[serde(skip)]
    pub number: u64,
    /// The action.
    pub action: ActionId,
    /// The run.
    pub run: RunId,
    /// The call it asks about.
    pub call: Digest,
    /// Keeps short arguments from being guessed from the binding.
    pub salt: [u8; 16],
    /// Level, for the order of the queue.
    pub level: RiskLevel,
    /// Version of the policy that asked.
    pub policy: u32,
    /// Where it stands.
    pub state: RequestState,
    /// Facts read for it. Their words are payload: kept apart from the row, erased with it.
    #[serde(skip, default = "no_facts")]
    pub facts: Facts,
    /// Votes, oldest first, late ones included.
    pub votes: Vec<Vote>,
    /// When it was asked.
    pub opened_at: Timestamp,
    /// When the next person is asked, or it stalls. Never a time at which it is approved.
    pub due_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// Grows with every change.
    pub version: u64,
}

fn no_facts() -> Facts {
    Facts::None
}

impl Request {
    /// What a person sees, signs and quotes.
    #[must_use]
    pub fn binding(&self) -> Digest {
        Digest::binding(self.call, self.id, self.salt)
    }

    /// The vote that decided it.
    #[must_use]
    pub fn deciding_vote(&self) -> Option<&Vote> {
        match self.state {
            RequestState::Decided(_) => self.votes.iter().rev().find(|vote| vote.counts),
            RequestState::Open
            | RequestState::Stalled
            | RequestState::Superseded
            | RequestState::Withdrawn => None,
        }
    }
}
