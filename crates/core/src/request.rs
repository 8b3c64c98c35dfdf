//! Requests: one question to people about one action, and the votes on it.

use serde::{Deserialize, Serialize};

use crate::action::Kind;
use crate::assessment::RiskLevel;
use crate::digest::Digest;
use crate::fact::Facts;
use crate::id::{ActionId, RequestId, RunId};
use crate::people::Voter;
use crate::planted::{self, Bug};
use crate::policy::{Ask, Asks};
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
    /// An answer to a question of a run.
    Answer,
}

impl Decision {
    /// The name in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Decision::Approve => "approve",
            Decision::Modify => "modify",
            Decision::Deny => "deny",
            Decision::Answer => "answer",
        }
    }
}

/// What a person answers to a question of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Go on.
    Continue,
    /// Begin nothing until told to go on.
    Pause,
    /// End here.
    Stop,
    /// Go on differently: the text says how.
    Redirect,
    /// What was never reported did happen.
    Happened,
    /// What was never reported did not happen.
    DidNotHappen,
    /// An answer in words.
    Text,
    /// What was denied may be asked for once more.
    Reconsider,
}

impl Reply {
    /// The name in events and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reply::Continue => "continue",
            Reply::Pause => "pause",
            Reply::Stop => "stop",
            Reply::Redirect => "redirect",
            Reply::Happened => "happened",
            Reply::DidNotHappen => "did_not_happen",
            Reply::Text => "text",
            Reply::Reconsider => "reconsider",
        }
    }

    /// Whether it says nothing without a text.
    #[must_use]
    pub fn needs_text(self) -> bool {
        match self {
            Reply::Redirect | Reply::Text => true,
            Reply::Continue
            | Reply::Pause
            | Reply::Stop
            | Reply::Happened
            | Reply::DidNotHappen
            | Reply::Reconsider => false,
        }
    }
}

/// Someone who said that they are looking at a request. It keeps nobody from answering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looking {
    /// Who.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
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
    /// What it is about.
    #[serde(default)]
    pub kind: Kind,
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
    /// How it asks: the ladder, the seats, whether votes are hidden.
    #[serde(default)]
    pub asks: Asks,
    /// The step of the ladder it is at.
    #[serde(default)]
    pub step: usize,
    /// Everybody who was asked so far.
    #[serde(default = "everyone")]
    pub asked: Vec<Ask>,
    /// When this step began.
    #[serde(default)]
    pub step_at: Timestamp,
    /// Whether those of this step were reminded.
    #[serde(default)]
    pub reminded: bool,
    /// Until when time that stood still is given back.
    #[serde(default)]
    pub credited_at: Timestamp,
    /// Who is looking at it.
    #[serde(default)]
    pub looking: Option<Looking>,
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

fn everyone() -> Vec<Ask> {
    vec![Ask::Everyone]
}

impl Request {
    /// What a person sees, signs and quotes.
    #[must_use]
    pub fn binding(&self) -> Digest {
        Digest::binding(self.call, self.id, self.salt)
    }

    /// What someone who decides has to have seen. Who is asked, who is looking, and what others
    /// voted while it is open does not make a decision stale.
    pub(crate) fn substance(&self) -> (RequestState, &Facts, Digest, usize) {
        let votes = if self.state.is_open() { 0 } else { self.votes.len() };
        let state = if self.state.is_open() { RequestState::Open } else { self.state };
        (state, &self.facts, self.binding(), votes)
    }

    /// Votes in favour that quote its binding.
    pub fn in_favour(&self) -> impl Iterator<Item = &Vote> {
        let binding = self.binding();
        self.votes.iter().filter(move |vote| {
            vote.counts
                && (vote.binding == binding || planted::is(Bug::IgnoreBinding))
                && matches!(vote.decision, Decision::Approve | Decision::Modify)
        })
    }

    /// Whether a vote is hidden from others for now.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.asks.blind && self.asks.seats() > 1 && self.state.is_open()
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
