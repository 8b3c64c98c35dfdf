//! First things in a data directory, done at a terminal beside a server that may be running:
//! the workspace, the first person, agents and their tokens.

use std::path::Path;

use ed25519_dalek::SigningKey;
use holdshort_api::Enrolment;
use holdshort_core::{PrincipalId, Timestamp};
use holdshort_store::{
    Cause, Change, Db, Key, Principal, PrincipalKind, Sqlite, Store, StoreError, Token,
};

use crate::auth::{self, Secret, new_secret};
use crate::clock::{self, Clock, RandomFailed};
use crate::engine::WORKSPACE;

/// What a data directory is for. Scratch data may let a machine decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Real work.
    Real,
    /// `holdshort demo`.
    Demo,
    /// `cargo xtask bench`, and tests.
    Bench,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Real => "real",
            Purpose::Demo => "demo",
            Purpose::Bench => "bench",
        }
    }
}

/// Why the directory cannot be set up so.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomFailed),
    /// Only scratch data may do this.
    #[error("this is real data: only the scratch data of `demo` and `bench` lets a machine decide")]
    NotScratch,
    /// People are enrolled, so one of them has to say so.
    #[error("people are enrolled here, so a person must prove that they want this")]
    ProofNeeded,
}

/// A data directory, opened for setting up.
#[derive(Debug)]
pub struct Setup {
    db: Db,
    clock: Clock,
}

impl Setup {
    /// Opens the directory, making it when it is new.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn open(data: &Path, purpose: Purpose) -> Result<Self, SetupError> {
        let db = Sqlite::open_beside(data)?;
        let (_, latest) = db.feed_end()?;
        let setup = Self { db, clock: Clock::starting_at(latest) };
        if setup.db.setting(WORKSPACE, "purpose")?.is_none() {
            let seed: [u8; 32] = clock::random()?;
            let set = |name: &str, value: String| Change::Set(name.to_owned(), value);
            let changes = vec![
                set("purpose", purpose.name().to_owned()),
                set("mode", "personal".to_owned()),
                set("server_seed", encode(&seed)),
            ];
            setup.change(changes).await?;
        }
        Ok(setup)
    }

    async fn change(&self, changes: Vec<Change>) -> Result<(), SetupError> {
        let by = "a terminal at the server".to_owned();
        let cause = Cause { by, at: self.clock.now(), random: clock::random()? };
        Ok(self.db.change(WORKSPACE, changes, cause).await?)
    }

    /// Whether this is scratch data.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_scratch(&self) -> Result<bool, SetupError> {
        let purpose = self.db.setting(WORKSPACE, "purpose")?;
        Ok(matches!(purpose.as_deref(), Some("demo" | "bench")))
    }

    /// Whether a person has enrolled a key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has_enrolled_people(&self) -> Result<bool, SetupError> {
        Ok(self.db.keys(WORKSPACE)?.iter().any(|key| key.revoked_at.is_none()))
    }

    /// The terminal keys of people, to check a passphrase against.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn terminal_keys(&self) -> Result<Vec<Key>, SetupError> {
        let mut keys = self.db.keys(WORKSPACE)?;
        keys.retain(|key| key.surface == "terminal" && key.revoked_at.is_none());
        Ok(keys)
    }

    /// The server's own key, which clients check it by.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn server_key(&self) -> Result<SigningKey, SetupError> {
        let seed = self.db.setting(WORKSPACE, "server_seed")?.unwrap_or_default();
        let seed = decode(&seed).ok_or_else(|| StoreError::Damaged("server key".to_owned()))?;
        Ok(SigningKey::from_bytes(&seed))
    }

    /// The person of this name, made when new. Agents that belong to nobody yet belong to the
    /// first person from then on, so that in a team that person does not approve what they ask.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn person(&self, name: &str) -> Result<PrincipalId, SetupError> {
        let first = self.first_person()?.is_none();
        let person = self.principal(PrincipalKind::Person, name, None).await?;
        if first {
            self.change(vec![Change::AdoptAgents(person)]).await?;
        }
        Ok(person)
    }

    async fn principal(
        &self,
        kind: PrincipalKind,
        name: &str,
        owner: Option<PrincipalId>,
    ) -> Result<PrincipalId, SetupError> {
        let all = self.db.principals(WORKSPACE)?;
        let known =
            all.into_iter().find(|principal| principal.kind == kind && principal.name == name);
        if let Some(known) = known {
            return Ok(known.id);
        }
        let now = self.clock.now();
        let id = PrincipalId::at(now, clock::random()?);
        let name = name.to_owned();
        let principal = Principal { id, kind, name, owner, created_at: now, disabled_at: None };
        self.change(vec![Change::AddPrincipal(principal)]).await?;
        Ok(id)
    }

    /// The first person there is, if any.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn first_person(&self) -> Result<Option<PrincipalId>, SetupError> {
        let all = self.db.principals(WORKSPACE)?;
        let person = all.into_iter().find(|principal| principal.kind == PrincipalKind::Person);
        Ok(person.map(|person| person.id))
    }

    /// Makes a one-time sign-in code for a person.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn invite(&self, person: PrincipalId, origin: &str) -> Result<Enrolment, SetupError> {
        let (enrolment, change) = auth::new_code(origin, person, self.clock.now())?;
        self.change(vec![change]).await?;
        Ok(enrolment)
    }

    /// Makes a token for an agent, which belongs to the first person.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn agent_token(&self, name: &str) -> Result<Secret, SetupError> {
        let owner = self.first_person()?;
        let agent = self.principal(PrincipalKind::Agent, name, owner).await?;
        self.token(agent, auth::PROPOSE).await
    }

    /// Makes a token that reads for a person; it never decides.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn reading_token(&self, person: PrincipalId) -> Result<Secret, SetupError> {
        self.token(person, auth::READ).await
    }

    /// Makes a token that decides as a machine, in scratch data only.
    ///
    /// # Errors
    /// When this is real data, or the store refuses.
    pub async fn machine_token(&self, name: &str) -> Result<Secret, SetupError> {
        if !self.is_scratch()? {
            return Err(SetupError::NotScratch);
        }
        let machine = self.principal(PrincipalKind::Machine, name, None).await?;
        self.token(machine, &format!("{} {}", auth::READ, auth::DECIDE)).await
    }

    /// Enrols a terminal key for a person without a code, in scratch data only: `demo` holds the
    /// key in its own memory for the sitting.
    ///
    /// # Errors
    /// When this is real data, or the store refuses.
    pub async fn enrol_sitting(
        &self,
        person: PrincipalId,
        public: [u8; 32],
    ) -> Result<String, SetupError> {
        if !self.is_scratch()? {
            return Err(SetupError::NotScratch);
        }
        let id: [u8; 12] = clock::random()?;
        let id = format!("key_{}", encode(&id));
        let key = Key {
            id: id.clone(),
            principal: person,
            surface: "terminal".to_owned(),
            origin: String::new(),
            public,
            salt: Vec::new(),
            created_at: self.clock.now(),
            revoked_at: None,
        };
        self.change(vec![Change::AddKey(key)]).await?;
        Ok(id)
    }

    async fn token(&self, principal: PrincipalId, scopes: &str) -> Result<Secret, SetupError> {
        let secret = new_secret()?;
        let token: Token = auth::token(&secret, principal, scopes, self.now());
        self.change(vec![Change::AddToken(token)]).await?;
        Ok(secret)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.try_into().ok()
}
