//! A person's key: proves to the gate that a person does this themselves.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// A signing key held in memory, and the id the gate knows it by.
///
/// Whoever holds it acts as the person. It is unlocked for a sitting and never written down.
pub struct PersonKey {
    id: String,
    key: SigningKey,
}

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "PersonKey({})", self.id)
    }
}

impl PersonKey {
    /// The key with this seed, known to the gate as `id`.
    #[must_use]
    pub fn new(id: impl Into<String>, seed: &[u8; 32]) -> Self {
        Self { id: id.into(), key: SigningKey::from_bytes(seed) }
    }

    /// The public key of a seed, base64url: what is enrolled.
    #[must_use]
    pub fn public_of(seed: &[u8; 32]) -> String {
        BASE64.encode(SigningKey::from_bytes(seed).verifying_key().as_bytes())
    }

    /// The public key, base64url.
    #[must_use]
    pub fn public(&self) -> String {
        BASE64.encode(self.key.verifying_key().as_bytes())
    }

    /// The headers that prove that this key signed exactly this request to this gate, now.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn sign(
        &self,
        origin: &str,
        (method, path): (&str, &str),
        body: &[u8],
    ) -> Result<[(&'static str, String); 4], Error> {
        let time = now_micros().to_string();
        let nonce = crate::random_text()?;
        let text = signed_text([origin, method, path, &time, &nonce], body);
        let signature = BASE64.encode(self.key.sign(text.as_bytes()).to_bytes());
        Ok([
            ("holdshort-key", self.id.clone()),
            ("holdshort-time", time),
            ("holdshort-nonce", nonce),
            ("holdshort-signature", signature),
        ])
    }
}

#[expect(clippy::disallowed_methods, reason = "a proof carries the time it was made at")]
fn now_micros() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros())
}

/// The public key of a seed, as bytes.
#[must_use]
pub fn public_bytes(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// The text that is signed: use, origin, method, path, time, nonce, and the hash of the body.
///
/// ```
/// let text = holdshort_sdk::signed_text(["http://h", "POST", "/p", "1", "n"], b"");
/// assert!(text.starts_with("holdshort-proof-v1\nhttp://h\nPOST\n/p\n1\nn\ne3b0c442"));
/// ```
#[must_use]
pub fn signed_text(parts: [&str; 5], body: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = format!("holdshort-proof-v1\n{}\n", parts.join("\n"));
    for byte in Sha256::digest(body) {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
