//! The proofs by type: a [`Clearance`] comes from policy, from a grant or from people, and only a
//! clearance opens an [`Execution`].
//!
//! All fields are private and there are three constructors, so no other code, timer or error path
//! can make either. (Both are also restored from the store's own rows, which only a committed
//! transition writes.)

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::assessment::RiskLevel;
use crate::digest::Digest;
use crate::fact::Seal;
use crate::grant::Grant;
use crate::id::{GrantId, RequestId};
use crate::limits;
use crate::people::Voter;
use crate::policy::{Ruling, Verdict};
use crate::request::{Decision, Request, RequestState};
use crate::time::Timestamp;

/// By whose word something may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A rule allowed it.
    Policy {
        /// Id of the rule.
        rule: String,
    },
    /// A person allowed calls like it before.
    Grant {
        /// The grant.
        grant: GrantId,
        /// Who made it.
        by: Voter,
    },
    /// People approved it.
    People {
        /// The request they answered.
        request: RequestId,
        /// Who.
        voters: Vec<Voter>,
    },
}

/// Permission to run one exact call, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearance {
    basis: Basis,
    call: Digest,
    facts: Vec<Seal>,
    granted_at: Timestamp,
    valid_until: Option<Timestamp>,
    released: Option<Digest>,
}

impl Clearance {
    /// Policy's own permission. `None` unless the ruling is to allow.
    pub(super) fn by_policy(verdict: &Verdict, call: Digest, now: Timestamp) -> Option<Self> {
        match verdict.ruling {
            Ruling::Allow => Some(Self {
                basis: Basis::Policy { rule: verdict.rule.clone() },
                call,
                facts: Vec::new(),
                granted_at: now,
                valid_until: None,
                released: None,
            }),
            Ruling::Ask | Ruling::Deny => None,
        }
    }

    /// A grant's permission. `None` when it may not be used, or the call is dangerous.
    pub(super) fn by_grant(grant: &Grant, action: &Action, now: Timestamp) -> Option<Self> {
        let may = grant.is_live(now) && action.level < RiskLevel::Dangerous;
        may.then(|| Self {
            basis: Basis::Grant { grant: grant.id, by: grant.by.clone() },
            call: action.effective,
            facts: Vec::new(),
            granted_at: now,
            valid_until: None,
            released: None,
        })
    }

    /// People's permission. `None` unless the request is decided in favour by votes that count
    /// and that quote its binding.
    pub(super) fn by_people(request: &Request, now: Timestamp) -> Option<Self> {
        let in_favour = match request.state {
            RequestState::Decided(Decision::Approve | Decision::Modify) => true,
            RequestState::Decided(Decision::Deny | Decision::Answer)
            | RequestState::Open
            | RequestState::Stalled
            | RequestState::Superseded
            | RequestState::Withdrawn => false,
        };
        let voters: Vec<Voter> = request.in_favour().map(|vote| vote.by.clone()).collect();
        (in_favour && !voters.is_empty()).then(|| Self {
            basis: Basis::People { request: request.id, voters },
            call: request.call,
            facts: request.facts.seals(),
            granted_at: now,
            valid_until: Some(now.plus_secs(limits::APPROVAL_VALID_SECS)),
            released: None,
        })
    }

    /// The same permission, later by the time that stood still.
    pub(super) fn later(self, micros: i64) -> Self {
        let later = |at: Timestamp| at.plus_micros(micros);
        Self {
            valid_until: self.valid_until.map(later),
            granted_at: later(self.granted_at),
            ..self
        }
    }

    /// When it was given.
    #[must_use]
    pub fn granted_at(&self) -> Timestamp {
        self.granted_at
    }

    /// By whose word.
    #[must_use]
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// The exact call it is for.
    #[must_use]
    pub fn call(&self) -> Digest {
        self.call
    }

    /// The facts it rests on.
    #[must_use]
    pub fn facts(&self) -> &[Seal] {
        &self.facts
    }

    /// Until when it can be claimed; `None` for as long as policy says the same.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until
    }

    /// Nonce of a claim that was lost before it began.
    pub(super) fn released(&self) -> Option<Digest> {
        self.released
    }
}

/// How an executor claims. The nonce is its own, kept here as a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimIntent {
    /// Digest of the nonce.
    pub nonce: Digest,
    /// Seconds until the claim counts as lost.
    pub lease_secs: u32,
    /// Begin at once.
    pub start: bool,
}

/// A clearance in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    clearance: Clearance,
    intent: ClaimIntent,
    claimed_at: Timestamp,
    started_at: Option<Timestamp>,
    lease_until: Timestamp,
}

impl Execution {
    /// Uses up a clearance: there is no other way to make an execution.
    pub(super) fn open(clearance: Clearance, intent: ClaimIntent, now: Timestamp) -> Self {
        let lease_secs = intent.lease_secs.clamp(1, limits::LEASE_MAX_SECS);
        Self {
            clearance,
            intent: ClaimIntent { lease_secs, ..intent },
            claimed_at: now,
            started_at: intent.start.then_some(now),
            lease_until: now.plus_secs(lease_secs),
        }
    }

    /// Marks the beginning, or extends the lease of what began.
    pub(super) fn begin(self, now: Timestamp) -> Self {
        Self {
            started_at: self.started_at.or(Some(now)),
            lease_until: now.plus_secs(self.intent.lease_secs),
            ..self
        }
    }

    /// Gives the clearance back, for a claim lost before it began.
    pub(super) fn release(self) -> Clearance {
        Clearance { released: Some(self.intent.nonce), ..self.clearance }
    }

    /// The clearance it uses.
    #[must_use]
    pub fn clearance(&self) -> &Clearance {
        &self.clearance
    }

    /// Digest of the claimer's nonce.
    #[must_use]
    pub fn nonce(&self) -> Digest {
        self.intent.nonce
    }

    /// Whether the executor said that it began.
    #[must_use]
    pub fn started(&self) -> bool {
        self.started_at.is_some()
    }

    /// When it was claimed.
    #[must_use]
    pub fn claimed_at(&self) -> Timestamp {
        self.claimed_at
    }

    /// Report before then.
    #[must_use]
    pub fn lease_until(&self) -> Timestamp {
        self.lease_until
    }
}
