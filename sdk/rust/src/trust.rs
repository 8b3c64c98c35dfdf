//! Is this the enrolled server? A program that listens on its port cannot answer for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::client::Client;
use crate::error::Error;

/// The server is not the enrolled one.
#[derive(Debug, thiserror::Error)]
pub enum NotTrusted {
    /// It cannot be asked.
    #[error(transparent)]
    Error(#[from] Error),
    /// It answers with another key, or its answer does not hold.
    #[error("the server at this address is not the enrolled one; nothing was sent to it")]
    WrongServer,
}

/// Has the server sign a nonce and checks the answer against the enrolled key.
///
/// # Errors
/// When it cannot be reached, or is another server.
pub async fn verify_server(client: &Client, enrolled_key: &str) -> Result<(), NotTrusted> {
    let nonce = crate::random_text()?;
    let reply = client.hello(&nonce).await?;
    let key = BASE64.decode(enrolled_key).ok().and_then(|bytes| bytes.try_into().ok());
    let key = key.and_then(|bytes: [u8; 32]| VerifyingKey::from_bytes(&bytes).ok());
    let signature = BASE64.decode(&reply.signature).ok();
    let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
    let (Some(key), Some(signature)) = (key, signature) else {
        return Err(NotTrusted::WrongServer);
    };
    let text = format!("holdshort-hello-v1\n{nonce}");
    key.verify_strict(text.as_bytes(), &signature).map_err(|_| NotTrusted::WrongServer)
}
