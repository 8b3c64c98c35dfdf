//! Who calls: agents and machines by token, people by session for reading and by proof for
//! everything they change.

mod codes;
mod guard;
mod proof;
mod signed;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use holdshort_api::Code;
use holdshort_core::{PrincipalId, Timestamp};
use holdshort_store::{Principal, PrincipalKind, Store, Token};
use sha2::{Digest, Sha256};

use crate::engine::WORKSPACE;
use crate::problem::Failure;
use crate::state::App;

pub use codes::Secret;
pub(crate) use codes::new_secret;
pub(crate) use codes::{new_code, redeem};
pub(crate) use guard::{guard, rate_limit};
pub(crate) use proof::Proven;
use proof::prove;
pub use proof::signed_text;
pub(crate) use signed::{Decided, Signed, SignedBare};

/// Name of the session cookie.
pub(crate) const COOKIE: &str = "holdshort_session";

/// May propose, claim, report and cancel its own actions.
pub(crate) const PROPOSE: &str = "propose";
/// May read everything in the workspace.
pub(crate) const READ: &str = "read";
/// May decide, as a machine.
pub(crate) const DECIDE: &str = "decide:api";

/// A caller whose token or session was checked.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) scopes: String,
    pub(crate) token: Token,
}

impl Caller {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.split(' ').any(|held| held == scope)
    }

    /// # Errors
    /// When the caller's token does not allow `scope`.
    pub(crate) fn must(&self, scope: &str) -> Result<&Self, Failure> {
        if self.has(scope) {
            return Ok(self);
        }
        let detail = format!("This token does not allow `{scope}`.");
        Err(Failure::new(Code::Forbidden, detail))
    }

    /// Whether this caller sees what `agent` did: everybody who may read, and the agent itself.
    pub(crate) fn sees(&self, agent: PrincipalId) -> bool {
        self.has(READ) || (self.has(PROPOSE) && self.principal.id == agent)
    }

    pub(crate) fn is_person(&self) -> bool {
        self.principal.kind == PrincipalKind::Person
    }
}

/// What a secret is known by in the store.
#[must_use]
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn secret_of(headers: &HeaderMap) -> Option<(&str, bool)> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let bearer = value.to_str().ok()?.strip_prefix("Bearer ")?;
        return Some((bearer.trim(), false));
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| (value, true))
}

/// The token with this hash and whose it is.
fn known(app: &App, hash: &[u8; 32]) -> Result<Option<(Token, Principal)>, Failure> {
    let engine = &app.engine;
    // Read before the rows: a change meanwhile makes what is kept old at once.
    let as_of = engine.as_of();
    if let Some(known) = engine.known.caller(as_of, hash) {
        return Ok(Some(known));
    }
    let Some(token) = engine.db.token(WORKSPACE, *hash)? else { return Ok(None) };
    let principal = engine.db.principal(WORKSPACE, token.principal)?;
    if let Some(principal) = &principal {
        engine.known.keep_caller(as_of, &token, principal);
    }
    Ok(principal.map(|principal| (token, principal)))
}

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let unknown = || {
            Failure::new(Code::Unauthenticated, "Send a valid `Authorization: Bearer` token.")
                .hint("`holdshort token create --agent NAME` makes one.")
        };
        let (secret, cookie) = secret_of(&parts.headers).ok_or_else(unknown)?;
        let (token, principal) = known(app, &hash(secret))?.ok_or_else(unknown)?;
        let now = app.engine.clock.now();
        let live = token.revoked_at.is_none() && token.expires_at.is_none_or(|at| now < at);
        // A session works only as a cookie and a token only as a bearer.
        if !live || token.session != cookie {
            return Err(unknown());
        }
        if principal.disabled_at.is_some() {
            return Err(unknown());
        }
        Ok(Self { principal, scopes: token.scopes.clone(), token })
    }
}

/// A new token row for a secret.
pub(crate) fn token(
    secret: &Secret,
    principal: PrincipalId,
    scopes: &str,
    now: Timestamp,
) -> Token {
    Token {
        hash: hash(secret.as_str()),
        id: secret.id.clone(),
        principal,
        scopes: scopes.to_owned(),
        session: false,
        created_at: now,
        expires_at: None,
        revoked_at: None,
    }
}
