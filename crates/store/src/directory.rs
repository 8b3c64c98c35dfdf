//! People, agents, groups, tokens and keys, as rows.

use holdshort_core::{Grant, GrantId, PrincipalId, Stop, StopId, Timestamp};

/// What kind of caller one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A human being.
    Person,
    /// A program that proposes.
    Agent,
    /// A program that may decide.
    Machine,
}

impl PrincipalKind {
    /// The name in the column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PrincipalKind::Person => "person",
            PrincipalKind::Agent => "agent",
            PrincipalKind::Machine => "machine",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [PrincipalKind::Person, PrincipalKind::Agent, PrincipalKind::Machine]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// Someone or something that calls.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Id.
    pub id: PrincipalId,
    /// Kind.
    pub kind: PrincipalKind,
    /// Name, unique within its kind.
    pub name: String,
    /// The person an agent belongs to.
    pub owner: Option<PrincipalId>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Since when it may not act.
    pub disabled_at: Option<Timestamp>,
}

/// A group of people.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Members.
    pub members: Vec<PrincipalId>,
}

/// A bearer secret, without the secret.
#[derive(Clone, Debug)]
pub struct Token {
    /// Hash of the secret.
    pub hash: [u8; 32],
    /// Id, `tok_…`.
    pub id: String,
    /// Whose.
    pub principal: PrincipalId,
    /// What it allows, separated by blanks.
    pub scopes: String,
    /// Whether it is the session of a browser.
    pub session: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// Since when it does not.
    pub revoked_at: Option<Timestamp>,
}

/// A public key of a person.
#[derive(Clone, Debug)]
pub struct Key {
    /// Id, `key_…`.
    pub id: String,
    /// Whose.
    pub principal: PrincipalId,
    /// `browser` or `terminal`.
    pub surface: String,
    /// The origin it signs for.
    pub origin: String,
    /// Ed25519 public key.
    pub public: [u8; 32],
    /// Salt a terminal key is derived with.
    pub salt: Vec<u8>,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// Since when it does not count.
    pub revoked_at: Option<Timestamp>,
}

/// A one-time code.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Hash of the code.
    pub hash: [u8; 32],
    /// Whose.
    pub principal: PrincipalId,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A policy that was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number.
    pub number: u32,
    /// Digest of its texts.
    pub digest: [u8; 32],
    /// Its files, as JSON: name, text, workspace.
    pub sources: String,
    /// Since when.
    pub at: Timestamp,
    /// Who put it there.
    pub by: String,
}

/// Who changes the directory, and when: written down with every change.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Who, in words.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// 16 random bytes, for the ids of events.
    pub random: [u8; 16],
}

/// A change of the directory.
#[derive(Clone, Debug)]
pub enum Change {
    /// Add a principal.
    AddPrincipal(Principal),
    /// Give the agents that belong to nobody to this person.
    AdoptAgents(PrincipalId),
    /// Switch a principal off: its tokens, sessions and keys stop with it.
    Disable(PrincipalId, Timestamp),
    /// Add a group.
    AddGroup(String),
    /// Add a member.
    AddMember(String, PrincipalId),
    /// Remove a member.
    RemoveMember(String, PrincipalId),
    /// Add a token or session.
    AddToken(Token),
    /// Revoke a token by id.
    RevokeToken(String, Timestamp),
    /// Add a key.
    AddKey(Key),
    /// Add a one-time code.
    AddEnrolment(Enrolment),
    /// Use a one-time code up; fails when it is spent.
    UseEnrolment([u8; 32], Timestamp),
    /// Use a proof up; fails when it was used.
    UseProof(crate::store::ProofUse),
    /// Set a setting.
    Set(String, String),
    /// Stop what is in a scope, and why.
    AddStop(Stop, String),
    /// Lift a stop, and why.
    LiftStop(StopId, Timestamp, String),
    /// Make a grant.
    AddGrant(Box<Grant>),
    /// Take a grant back.
    RevokeGrant(GrantId, Timestamp),
    /// Put a policy into force.
    AddPolicy(PolicyVersion),
}
