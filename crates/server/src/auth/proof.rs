//! Proof that a person does something themselves: a signature over exactly this request.
//!
//! The same four headers and the same text serve the browser (a key that cannot be extracted,
//! for one origin) and the terminal (a key unlocked by a passphrase). A cookie is never proof:
//! cookies ignore ports, so another server on this machine receives them too.

use axum::http::{HeaderMap, Method, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use holdshort_api::Code;
use holdshort_core::{Proof, Voter};
use holdshort_store::{Principal, PrincipalKind, ProofUse, Store};
use sha2::{Digest, Sha256};

use crate::engine::WORKSPACE;
use crate::limits;
use crate::problem::Failure;
use crate::state::App;

/// A person who proved that they do this themselves.
#[derive(Clone, Debug)]
pub(crate) struct Proven {
    pub(crate) person: Principal,
    pub(crate) proof: Proof,
    /// To use up with the change; a proof is good once.
    pub(crate) once: ProofUse,
}

impl Proven {
    pub(crate) fn voter(&self) -> Voter {
        Voter { id: self.person.id, name: self.person.name.clone(), proof: self.proof }
    }
}

/// The text a person's key signs: use, origin, method, path, time, nonce and the body's hash.
#[must_use]
pub fn signed_text(parts: [&str; 5], body: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("holdshort-proof-v1");
    for part in parts {
        text.push('\n');
        text.push_str(part);
    }
    text.push('\n');
    for byte in Sha256::digest(body) {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The four headers of a proof.
struct Presented<'a> {
    key: &'a str,
    time: &'a str,
    nonce: &'a str,
    signature: Signature,
}

fn invalid(detail: &str) -> Failure {
    Failure::new(Code::ProofInvalid, detail)
}

fn presented(headers: &HeaderMap) -> Result<Presented<'_>, Failure> {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| invalid(&format!("the header `{name}` is missing")))
    };
    let signature = BASE64.decode(text("holdshort-signature")?).ok();
    let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
    let nonce = text("holdshort-nonce")?;
    if !(16..=64).contains(&nonce.len()) {
        return Err(invalid("the nonce must have 16 to 64 characters"));
    }
    Ok(Presented {
        key: text("holdshort-key")?,
        time: text("holdshort-time")?,
        nonce,
        signature: signature.ok_or_else(|| invalid("the signature cannot be read"))?,
    })
}

/// Checks the proof on a request.
///
/// # Errors
/// When it does not hold for this origin, request, body and time.
pub(super) fn prove(
    app: &App,
    headers: &HeaderMap,
    (method, uri): (&Method, &Uri),
    body: &[u8],
) -> Result<Proven, Failure> {
    let proof = presented(headers)?;
    let key = app.engine.db.key(WORKSPACE, proof.key)?;
    let key = key.filter(|key| key.revoked_at.is_none()).ok_or_else(|| invalid("unknown key"))?;
    let now = app.engine.clock.now();
    let at: i64 = proof.time.parse().map_err(|_| invalid("the time is not a number"))?;
    if now.as_micros().abs_diff(at) > limits::PROOF_WINDOW_MICROS.unsigned_abs() {
        return Err(invalid("the proof is too old, or from the future"));
    }
    let public =
        VerifyingKey::from_bytes(&key.public).map_err(|_| invalid("the key cannot be used"))?;
    let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
    // A browser key signs for the one origin it was enrolled at; a terminal for any of ours.
    let browser = key.surface == "browser";
    let holds = |origin: &String| {
        let parts = [origin.as_str(), method.as_str(), path, proof.time, proof.nonce];
        (!browser || *origin == key.origin)
            && public.verify_strict(signed_text(parts, body).as_bytes(), &proof.signature).is_ok()
    };
    if !app.origins.iter().any(holds) {
        return Err(Failure::new(
            Code::WrongOrigin,
            "The signature is not one of this key over this request at this address.",
        ));
    }
    let person = app.engine.db.principal(WORKSPACE, key.principal)?;
    let person = person
        .filter(|person| person.disabled_at.is_none() && person.kind == PrincipalKind::Person)
        .ok_or_else(|| invalid("the account is disabled"))?;
    let once = ProofUse { key_id: key.id, nonce: proof.nonce.to_owned(), at: now };
    let proof = if browser { Proof::Browser } else { Proof::Terminal };
    Ok(Proven { person, proof, once })
}
