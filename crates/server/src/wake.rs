//! Wakes an agent that has no process: a signed webhook, or a command on this machine. Waking is a
//! hint; what the agent may do it learns from the gate.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use holdshort_core::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// How long a webhook may take.
const WEBHOOK: Duration = Duration::from_secs(15);
/// What the secrets of webhooks begin with (Standard Webhooks).
const SECRET: &str = "whsec_";

/// How an agent is woken, as it is kept with its run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub(crate) enum How {
    /// A POST to an address, signed as Standard Webhooks has it.
    Webhook { url: String, secret: String },
    /// A program and its arguments, started here and not waited for.
    Command { argv: Vec<String> },
}

/// Which run, and which attempt.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The same for every attempt.
    pub(crate) id: String,
    pub(crate) run: String,
    pub(crate) name: String,
    pub(crate) now: Timestamp,
}

/// A new secret, from random bytes.
pub(crate) fn secret(random: [u8; 32]) -> String {
    format!("{SECRET}{}", STANDARD.encode(random))
}

impl How {
    /// The name of it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            How::Webhook { .. } => "webhook",
            How::Command { .. } => "command",
        }
    }

    /// Wakes; why not, in words.
    pub(crate) async fn wake(&self, call: Call) -> Result<(), String> {
        match self {
            How::Command { argv } => start(argv, &call),
            // Nothing leaves the simulation; now and then nobody is there.
            How::Webhook { .. } if cfg!(feature = "sim") => match call.now.as_micros() % 3 {
                0 => Err("nobody is there".to_owned()),
                _ => Ok(()),
            },
            How::Webhook { url, secret } => {
                let (url, secret) = (url.clone(), secret.clone());
                let sent = tokio::task::spawn_blocking(move || post(&url, &secret, &call)).await;
                sent.map_err(|_| "it could not be sent".to_owned())?
            }
        }
    }
}

/// Starts the program, with no environment of the gate's but where programs are.
fn start(argv: &[String], call: &Call) -> Result<(), String> {
    let [program, arguments @ ..] = argv else { return Err("there is no command".to_owned()) };
    let started = tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"))
        .env("HOLDSHORT_RUN", &call.run)
        .env("HOLDSHORT_RUN_NAME", &call.name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    // It runs for as long as it wants to; how it ends is its own business.
    started.map(drop).map_err(|error| format!("it does not start: {error}"))
}

fn post(url: &str, secret: &str, call: &Call) -> Result<(), String> {
    let body = serde_json::json!({
        "type": "run.decided",
        "timestamp": call.now.iso(),
        "data": { "run": call.run, "name": call.name },
    })
    .to_string();
    let time = (call.now.as_micros() / 1_000_000).to_string();
    let signature = sign(secret, &call.id, &time, &body)?;
    // Somebody else in this process may have installed one already; either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(WEBHOOK))
        .build();
    let answer = Agent::new_with_config(config)
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", &call.id)
        .header("webhook-timestamp", &time)
        .header("webhook-signature", &signature)
        .send(body)
        .map_err(|error| error.to_string())?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(format!("it answers {}", answer.status())),
    }
}

/// The signature of a webhook: `v1,` and HMAC-SHA256 over id, time and body.
fn sign(secret: &str, id: &str, time: &str, body: &str) -> Result<String, String> {
    let key = secret.strip_prefix(SECRET).and_then(|key| STANDARD.decode(key).ok());
    let key = key.ok_or("its secret cannot be read")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| error.to_string())?;
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of the specification (standard-webhooks, `spec/standard-webhooks.md`).
    #[test]
    fn webhooks_are_signed_as_the_specification_has_it() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = r#"{"test": 2432232314}"#;
        let signed = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
