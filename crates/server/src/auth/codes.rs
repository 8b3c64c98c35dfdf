//! Secrets and one-time codes: how a browser or a terminal is enrolled for a person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use holdshort_api::{Code, Enrolment, Redeem, Surface};
use holdshort_core::{PrincipalId, Timestamp};
use holdshort_store::{self as store, Change, Key, Store, Token};

use super::hash;
use crate::clock::{self, RandomFailed};
use crate::engine::WORKSPACE;
use crate::limits;
use crate::problem::Failure;
use crate::state::App;

/// A new bearer secret, shown once, and the id it is listed by.
pub struct Secret {
    text: String,
    pub(crate) id: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Secret({})", self.id)
    }
}

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Makes a secret of 256 random bits.
///
/// # Errors
/// When the system has no random bytes.
pub(crate) fn new_secret() -> Result<Secret, RandomFailed> {
    let secret: [u8; 32] = clock::random()?;
    let id: [u8; 12] = clock::random()?;
    Ok(Secret {
        text: format!("hst_{}", BASE64.encode(secret)),
        id: format!("tok_{}", BASE64.encode(id)),
    })
}

/// Makes a one-time code of 160 random bits for `person`.
pub(crate) fn new_code(
    origin: &str,
    person: PrincipalId,
    now: Timestamp,
) -> Result<(Enrolment, Change), RandomFailed> {
    let code: [u8; 20] = clock::random()?;
    // With a word in front, it is never taken for an option of a command line.
    let code = format!("hsc_{}", BASE64.encode(code));
    let expires_at = now.plus_secs(limits::CODE_SECS);
    let change =
        Change::AddEnrolment(store::Enrolment { hash: hash(&code), principal: person, expires_at });
    // Behind `#` the code is never sent to a server or written to a log.
    let link = format!("{origin}/#enrol={code}");
    Ok((Enrolment { code, link, expires_at: expires_at.as_micros() }, change))
}

/// What redeeming a code gives.
pub(crate) struct Redeemed {
    pub(crate) key_id: String,
    pub(crate) token: Token,
    pub(crate) secret: Secret,
}

/// Uses a code up: enrols the public key, and opens a session (browser) or makes a reading token
/// (terminal), all in one step.
pub(crate) async fn redeem(app: &App, origin: &str, body: &Redeem) -> Result<Redeemed, Failure> {
    let now = app.engine.clock.now();
    let spent = || Failure::from(store::StoreError::CodeSpent);
    let code = app.engine.db.enrolment(WORKSPACE, hash(&body.code))?.ok_or_else(spent)?;
    let invalid = |detail: &str| Failure::new(Code::InvalidField, detail);
    let public = BASE64.decode(&body.public_key).ok();
    let public: [u8; 32] = public
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| invalid("`public_key` must be 32 bytes in base64url."))?;
    ed25519_dalek::VerifyingKey::from_bytes(&public)
        .ok()
        .filter(|key| !key.is_weak())
        .ok_or_else(|| invalid("`public_key` is not a usable Ed25519 key."))?;
    let salt = body.salt.as_deref().unwrap_or_default();
    let salt = BASE64.decode(salt).map_err(|_| invalid("`salt` must be base64url."))?;
    let browser = body.surface == Surface::Browser;
    if !browser && salt.len() < 16 {
        return Err(invalid("A terminal key needs a `salt` of 16 bytes or more."));
    }
    let id: [u8; 12] = clock::random()?;
    let key = Key {
        id: format!("key_{}", BASE64.encode(id)),
        principal: code.principal,
        surface: if browser { "browser" } else { "terminal" }.to_owned(),
        origin: origin.to_owned(),
        public,
        salt,
        created_at: now,
        revoked_at: None,
    };
    let secret = new_secret()?;
    let token = Token {
        session: browser,
        expires_at: browser.then(|| now.plus_secs(limits::SESSION_SECS)),
        ..super::token(&secret, code.principal, super::READ, now)
    };
    let key_id = key.id.clone();
    let changes = vec![
        Change::UseEnrolment(code.hash, now),
        Change::AddKey(key),
        Change::AddToken(token.clone()),
    ];
    app.engine.change("a sign-in code", changes).await?;
    Ok(Redeemed { key_id, token, secret })
}
