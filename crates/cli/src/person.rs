//! The key of a person at a terminal: derived from a passphrase that is typed for the sitting,
//! held in memory, and nowhere else.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use holdshort_sdk::{Client, PersonKey};

use crate::output::{Stop, at_terminal, say};

/// Characters a passphrase needs at least.
const SHORTEST: usize = 12;

/// Derives the seed of a key: Argon2id with 64 MiB and 3 passes (RFC 9106, second choice).
pub(crate) fn derive(passphrase: &str, salt: &[u8]) -> Result<[u8; 32], Stop> {
    let failed = |error: &dyn std::fmt::Display| Stop::new(1, format!("cannot derive: {error}"));
    let params = Params::new(64 * 1024, 3, 1, Some(32)).map_err(|error| failed(&error))?;
    let mut seed = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut seed)
        .map_err(|error| failed(&error))?;
    Ok(seed)
}

/// A new passphrase, typed twice.
pub(crate) fn new_passphrase() -> Result<String, Stop> {
    need_terminal()?;
    say("Choose a passphrase for deciding in this terminal. It is kept nowhere.");
    let first = rpassword::prompt_password("Passphrase: ")?;
    if first.chars().count() < SHORTEST {
        let message = format!("a passphrase needs at least {SHORTEST} characters");
        return Err(Stop::new(1, message));
    }
    let second = rpassword::prompt_password("Once more: ")?;
    if first != second {
        return Err(Stop::new(1, "the two are not the same"));
    }
    Ok(first)
}

fn need_terminal() -> Result<(), Stop> {
    if at_terminal() {
        return Ok(());
    }
    Err(Stop::new(4, "a person proves themselves by a passphrase typed at a terminal")
        .hint("decide in the browser, or run this at a terminal"))
}

/// A passphrase typed at this terminal.
pub(crate) fn passphrase() -> Result<String, Stop> {
    need_terminal()?;
    Ok(rpassword::prompt_password("Passphrase: ")?)
}

/// Unlocks the caller's key for this sitting.
pub(crate) async fn unlock(client: &Client) -> Result<PersonKey, Stop> {
    let known = client.terminal_key().await?;
    let salt = BASE64.decode(&known.salt).map_err(|error| Stop::failed(&error))?;
    let passphrase = passphrase()?;
    let seed = derive(&passphrase, &salt)?;
    let key = PersonKey::new(known.key_id, &seed);
    if key.public() != known.public_key {
        return Err(Stop::new(1, "that is not the passphrase").hint("nothing was decided"));
    }
    Ok(key)
}
