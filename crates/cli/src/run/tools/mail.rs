//! Mail through the SMTP server of the plan.

use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};
use serde::{Deserialize, Serialize};

use super::{Call, Failed};

/// Where mail goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    /// `smtps://HOST` (TLS), `smtp://HOST?tls=required` (STARTTLS) or `smtp://HOST:PORT`.
    pub(crate) server: String,
    /// The sender.
    pub(crate) from: String,
    /// The account, when the server wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// The environment variable that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_env: Option<String>,
}

pub(super) async fn send(mail: Option<&Mail>, call: &Call) -> Result<String, Failed> {
    let mail = mail.ok_or_else(|| Failed("the plan has no [mail] section".into()))?.clone();
    let address = |text: &str| {
        let told = |error| Failed(format!("`{text}` is no address: {error}"));
        text.parse::<Mailbox>().map_err(told)
    };
    let to = call.texts("to")?;
    let cc = if call.arguments.contains_key("cc") { call.texts("cc")? } else { Vec::new() };
    let mut message = Message::builder().from(address(&mail.from)?).subject(call.text("subject")?);
    // The same id however often it is sent: a mailbox shows one.
    message = message.message_id(Some(format!("<{}@holdshort>", call.action)));
    for one in &to {
        message = message.to(address(one)?);
    }
    for one in &cc {
        message = message.cc(address(one)?);
    }
    let message = message
        .header(ContentType::TEXT_PLAIN)
        .body(call.text("body")?.to_owned())
        .map_err(Failed::from)?;
    let number = to.len() + cc.len();
    let sending = tokio::task::spawn_blocking(move || {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut server = SmtpTransport::from_url(&mail.server).map_err(Failed::from)?;
        if let Some(credentials) = credentials(&mail)? {
            server = server.credentials(credentials);
        }
        server.timeout(Some(Duration::from_secs(60))).build().send(&message).map_err(Failed::from)
    });
    sending.await.map_err(Failed::from)??;
    Ok(format!("sent to {number} {}", if number == 1 { "address" } else { "addresses" }))
}

#[expect(clippy::disallowed_methods, reason = "a plan names the variable, never the password")]
fn credentials(mail: &Mail) -> Result<Option<Credentials>, Failed> {
    let (Some(user), Some(name)) = (&mail.user, &mail.password_env) else { return Ok(None) };
    let password = std::env::var(name).map_err(|_| {
        Failed(format!("${name} is not set: it has the password of the mail server"))
    })?;
    Ok(Some(Credentials::new(user.clone(), password)))
}
