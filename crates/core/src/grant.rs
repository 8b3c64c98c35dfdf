//! Grants: standing permissions between "once" and "for ever". Never for dangerous actions.

use serde::{Deserialize, Serialize};

use crate::action::Call;
use crate::assessment::RiskLevel;
use crate::digest::Digest;
use crate::id::{GrantId, PrincipalId, RunId, WorkspaceId};
use crate::json::{Json, JsonError};
use crate::people::Voter;
use crate::planted::{self, Bug};
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

/// A standing permission: calls like one that a person saw, asked by the same rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Id.
    pub id: GrantId,
    /// Who made it.
    pub by: Voter,
    /// Rules it answers: all that ask about a call must be among them.
    pub rules: Vec<String>,
    /// The agent it is for.
    pub agent: PrincipalId,
    /// The run it is for; all runs of the agent when absent.
    pub run: Option<RunId>,
    /// Top-level arguments that may differ; everything else must be the same.
    pub free: Vec<String>,
    /// Digest of the call with the free arguments left out.
    pub scope: Digest,
    /// The highest level it covers; never dangerous.
    pub level: RiskLevel,
    /// How often it may be used; without a bound when absent.
    pub uses: Option<u32>,
    /// How often it was used.
    pub used: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// The digest of a call without some of its arguments.
///
/// # Errors
/// When the arguments cannot be read in one way only.
pub fn scope_of(call: &Call, free: &[String], workspace: WorkspaceId) -> Result<Digest, JsonError> {
    let arguments = match Json::parse(call.arguments.raw().as_bytes())? {
        Json::Object(members) => {
            let kept = |(name, _): &(String, Json)| !free.contains(name);
            Json::Object(members.into_iter().filter(kept).collect())
        }
        other => other,
    };
    call.with_arguments(Untrusted::new(arguments.canonical())).digest(workspace)
}

impl Grant {
    /// Whether it may still be used, `used` times after it was made.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.is_in_force(now) && self.uses.is_none_or(|uses| self.used < uses)
    }

    /// Whether what it let through may still run.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Whether it covers this call of this run, asked about by `rules`.
    #[must_use]
    pub fn covers(
        &self,
        call: &Call,
        level: RiskLevel,
        rules: &[&str],
        (agent, run, workspace): (PrincipalId, RunId, WorkspaceId),
    ) -> bool {
        if planted::is(Bug::GrantCoversAll) {
            return agent == self.agent;
        }
        // INVARIANT: no grant covers dangerous, whatever its row says.
        level < RiskLevel::Dangerous
            && level <= self.level
            && agent == self.agent
            && self.run.is_none_or(|own| own == run)
            && rules.iter().all(|rule| self.rules.iter().any(|own| own == rule))
            && scope_of(call, &self.free, workspace) == Ok(self.scope)
    }
}
