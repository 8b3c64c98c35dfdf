//! Who decides: voters, the proof they bring, and who may not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::PrincipalId;
use crate::planted::{self, Bug};
use crate::policy::Ask;

/// Who may approve what whose agent asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One human, who may approve what their own agents ask.
    Personal,
    /// Several: nobody approves what their own agent asks.
    Team,
}

/// How a vote reached the gate; each way has been verified before a vote is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Signed by a key that lives in one browser, for one origin.
    Browser,
    /// Signed by a key unlocked with a passphrase in a terminal.
    Terminal,
    /// A token with the scope `decide:api`: a machine, and shown as one.
    Machine,
    /// A probe of the policy that saw what came of an action. It settles nothing else.
    Probe,
}

impl Proof {
    /// Whether a human being is behind it.
    #[must_use]
    pub fn is_person(self) -> bool {
        match self {
            Proof::Browser | Proof::Terminal => true,
            Proof::Machine | Proof::Probe => false,
        }
    }

    /// The name people see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Proof::Browser => "browser",
            Proof::Terminal => "terminal",
            Proof::Machine => "machine",
            Proof::Probe => "probe",
        }
    }
}

/// Someone who votes, with the proof they brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voter {
    /// Who.
    pub id: PrincipalId,
    /// Their name, as the directory gives it.
    pub name: String,
    /// How they proved it.
    pub proof: Proof,
}

impl Voter {
    /// For a sentence: "Dana (browser)".
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} ({})", self.name, self.proof.name())
    }
}

/// Why someone may not decide a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEligible {
    /// Switched off in the directory.
    #[error("this account is disabled")]
    Disabled,
    /// Deciding is kept to a group, and they are not in it. An empty group is nobody.
    #[error("only members of the approvers' group may decide")]
    NotAnApprover,
    /// In a team nobody approves what their own agent asks.
    #[error("in a team, nobody approves what their own agent asks")]
    OwnRequest,
    /// Others were asked.
    #[error("others were asked, not this person")]
    NotAsked,
    /// One person fills one seat.
    #[error("this person has voted already; someone else is needed")]
    VotedAlready,
}

/// The directory as it is now. Read at decision and again at release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Mode of the workspace.
    pub mode: Mode,
    /// Who may decide; `None` means everybody, an empty set means nobody.
    pub approvers: Option<BTreeSet<PrincipalId>>,
    /// Who is switched off.
    pub disabled: BTreeSet<PrincipalId>,
    /// Members of groups, by name.
    pub groups: BTreeMap<String, BTreeSet<PrincipalId>>,
    /// People by name.
    pub names: BTreeMap<String, PrincipalId>,
}

impl People {
    /// Whether `voter` may let something run that `requester` (with `owner` behind it) asked for.
    ///
    /// # Errors
    /// Says why not.
    pub fn may_approve(
        &self,
        voter: PrincipalId,
        requester: PrincipalId,
        owner: Option<PrincipalId>,
    ) -> Result<(), NotEligible> {
        self.may_deny(voter)?;
        let own = voter == requester || (self.mode == Mode::Team && Some(voter) == owner);
        let own = own && !planted::is(Bug::ApproveOwn);
        if own { Err(NotEligible::OwnRequest) } else { Ok(()) }
    }

    /// Whether `voter` may stop something. A requester may always stop their own.
    ///
    /// # Errors
    /// Says why not.
    pub fn may_deny(&self, voter: PrincipalId) -> Result<(), NotEligible> {
        if self.disabled.contains(&voter) {
            return Err(NotEligible::Disabled);
        }
        match &self.approvers {
            Some(approvers) if !approvers.contains(&voter) => Err(NotEligible::NotAnApprover),
            _ => Ok(()),
        }
    }

    /// Whether `who` names this person. A name or group that does not exist names nobody.
    #[must_use]
    pub fn names(&self, who: &Ask, person: PrincipalId) -> bool {
        match who {
            Ask::Everyone => true,
            Ask::User(name) => self.names.get(name) == Some(&person),
            Ask::Group(name) => self.is_in(person, name),
        }
    }

    /// Whether a person is in a group.
    #[must_use]
    pub fn is_in(&self, person: PrincipalId, group: &str) -> bool {
        let empty = self.groups.get(group).is_none_or(BTreeSet::is_empty);
        self.groups.get(group).is_some_and(|members| members.contains(&person))
            || (empty && planted::is(Bug::EmptyGroupIsEverybody))
    }

    /// Whether anybody at all is asked by it, who could decide.
    #[must_use]
    pub fn has_anyone(&self, who: &Ask) -> bool {
        let could = |person: &PrincipalId| self.may_deny(*person).is_ok();
        match who {
            Ask::Everyone => self.approvers.as_ref().is_none_or(|all| all.iter().any(could)),
            Ask::User(name) => self.names.get(name).is_some_and(could),
            Ask::Group(name) => self.groups.get(name).is_some_and(|all| all.iter().any(could)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> PrincipalId {
        PrincipalId::from_bytes([byte; 16])
    }

    fn people(mode: Mode) -> People {
        let (groups, names) = (BTreeMap::new(), BTreeMap::new());
        People { mode, approvers: None, disabled: BTreeSet::new(), groups, names }
    }

    #[test]
    fn nobody_approves_themselves_in_a_team() {
        let (dana, agent, ana) = (id(1), id(2), id(3));
        let team = people(Mode::Team);
        assert_eq!(team.may_approve(dana, agent, Some(dana)), Err(NotEligible::OwnRequest));
        assert_eq!(team.may_approve(ana, agent, Some(dana)), Ok(()));
        assert_eq!(team.may_approve(agent, agent, None), Err(NotEligible::OwnRequest));
        assert_eq!(team.may_deny(dana), Ok(()));
        assert_eq!(people(Mode::Personal).may_approve(dana, agent, Some(dana)), Ok(()));
    }

    #[test]
    fn an_empty_group_is_nobody() {
        let nobody = People { approvers: Some(BTreeSet::new()), ..people(Mode::Personal) };
        assert_eq!(nobody.may_approve(id(1), id(2), None), Err(NotEligible::NotAnApprover));
        let off = People { disabled: [id(1)].into(), ..people(Mode::Personal) };
        assert_eq!(off.may_deny(id(1)), Err(NotEligible::Disabled));
    }
}
