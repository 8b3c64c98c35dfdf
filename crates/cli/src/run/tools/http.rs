//! Requests to web servers: to the very address that was approved, no redirects, no proxy.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{Method, Request};
use ureq::tls::{RootCerts, TlsConfig};

use super::{Call, Failed};

/// Bytes of an answer that are read.
const MOST: u64 = 1024 * 1024;

/// A client with a time limit; servers are known by the certificates of this machine.
pub(crate) fn agent(timeout: Duration) -> ureq::Agent {
    // Somebody else in this process may have installed one already; either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .proxy(None)
        .timeout_global(Some(timeout))
        .build();
    ureq::Agent::new_with_config(config)
}

pub(super) async fn send(call: &Call) -> Result<String, Failed> {
    let method = Method::from_bytes(call.text("method")?.to_uppercase().as_bytes());
    let mut request =
        Request::builder().method(method.map_err(Failed::from)?).uri(call.text("url")?);
    let headers = call.arguments.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    let body = call.arguments.get("body").and_then(Value::as_str).map(str::to_owned);
    let sent = tokio::task::spawn_blocking(move || {
        let agent = agent(Duration::from_secs(60));
        let mut answer = match body {
            Some(body) => agent.run(request.body(body).map_err(Failed::from)?),
            None => agent.run(request.body(()).map_err(Failed::from)?),
        }
        .map_err(|error| Failed(format!("no answer: {error}")))?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(MOST).read_to_string();
        let text = text.map_err(|error| Failed(format!("the answer cannot be read: {error}")))?;
        match status.is_success() {
            true => Ok(text),
            false => Err(Failed(format!("it answers {status}: {text}"))),
        }
    });
    sent.await.map_err(Failed::from)?
}
