//! What can happen to an action.

use super::ClaimIntent;
use crate::action::{Call, Words};
use crate::amount::Amount;
use crate::assessment::Assessment;
use crate::digest::Digest;
use crate::fact::{Fact, PendingFact};
use crate::id::{PrincipalId, RequestId};
use crate::people::Voter;
use crate::policy::Ask;
use crate::request::{Decision, Reply};
use crate::time::Timestamp;
use crate::undo::{Compensation, Undoes};
use crate::untrusted::Untrusted;

/// A call, assessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The call.
    pub call: Call,
    /// What it would do.
    pub assessment: Assessment,
    /// Claims that probes can check for this call.
    pub probes: Vec<PendingFact>,
}

/// Propose an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Propose {
    /// The agent.
    pub agent: PrincipalId,
    /// Its name, for the events.
    pub agent_name: String,
    /// The person behind it.
    pub owner: Option<PrincipalId>,
    /// The agent's own id of the call.
    pub call_id: Option<String>,
    /// The call.
    pub judged: Judged,
    /// The agent's words.
    pub words: Words,
    /// The agent's own expiry.
    pub expires_at: Option<Timestamp>,
    /// What the agent says it costs.
    pub cost: Option<Amount>,
    /// Claim at once when allowed.
    pub claim: Option<ClaimIntent>,
    /// The action it takes back, if it does.
    pub undoes: Option<Undoes>,
    /// Who had it proposed, when that is not the agent.
    pub by: Option<Voter>,
}

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// Who, with proof.
    pub voter: Voter,
    /// What.
    pub decision: Decision,
    /// The request they voted on.
    pub request: RequestId,
    /// The binding they saw.
    pub binding: Digest,
    /// The version they saw.
    pub version: u64,
    /// Why.
    pub reason: Untrusted,
    /// What they typed to confirm.
    pub confirm: Option<String>,
    /// For a question: the answer.
    pub reply: Option<Reply>,
    /// For a change: the changed call, and the facts read for it just now.
    pub changed: Option<(Judged, Vec<Fact>)>,
    /// An executor that waits for this very decision, to be given the claim in the same step.
    pub waiting: Option<ClaimIntent>,
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeClaim {
    /// The agent.
    pub agent: PrincipalId,
    /// Nonce and lease.
    pub intent: ClaimIntent,
    /// The arguments about to run, when the executor presents them.
    pub presented: Option<Untrusted>,
    /// The pins as they are now, canonical; needed when the call is pinned.
    pub pins: Option<Untrusted>,
    /// The facts as they are now; needed when the action is probed.
    pub facts: Option<Vec<Fact>>,
}

/// What came of an execution, as its executor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Whether it worked.
    pub worked: bool,
    /// What the tool returned.
    pub output: Untrusted,
    /// What it did cost; what was declared when absent.
    pub cost: Option<Amount>,
    /// The call that would take it back.
    pub undo: Option<Compensation>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// An agent proposes.
    Propose(Box<Propose>),
    /// Someone votes.
    Decide(Box<Cast>),
    /// Probes answered.
    FactsArrived {
        /// The request they are for.
        request: RequestId,
        /// What they say.
        facts: Vec<Fact>,
    },
    /// An executor claims.
    Claim(Box<TakeClaim>),
    /// The executor begins, or says that it is still at it.
    Started {
        /// The agent.
        agent: PrincipalId,
        /// Digest of its nonce.
        nonce: Digest,
    },
    /// The executor is done.
    Report {
        /// The agent.
        agent: PrincipalId,
        /// Digest of its nonce.
        nonce: Digest,
        /// What came of it.
        said: Box<Reported>,
    },
    /// The agent takes it back.
    Cancel {
        /// The agent.
        agent: PrincipalId,
        /// Why.
        reason: Untrusted,
    },
    /// Someone says that they are looking at a request.
    Look {
        /// Who.
        voter: Voter,
        /// Which.
        request: RequestId,
    },
    /// Someone hands a request to somebody else.
    HandOver {
        /// Who.
        voter: Voter,
        /// Which.
        request: RequestId,
        /// To whom.
        to: Ask,
        /// Why.
        reason: Untrusted,
    },
    /// A person stops one action: nothing of it begins.
    Revoke {
        /// Who.
        voter: Voter,
        /// Why.
        reason: Untrusted,
    },
    /// Time went by: deadlines, leases, expiries.
    TimePassed,
}
