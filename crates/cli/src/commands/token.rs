//! `holdshort token create`: a token for an agent, or for reading.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use holdshort_sdk::PersonKey;
use holdshort_server::{Purpose, Setup};

use crate::args::Token;
use crate::output::{Stop, at_terminal, data, say};
use crate::person;

pub(crate) async fn run(dir: &Path, token: Token) -> Result<(), Stop> {
    let Token::Create { agent, person } = token;
    let setup = Setup::open(dir, Purpose::Real).await?;
    prove(&setup)?;
    let secret = match (agent, person) {
        (Some(agent), _) => setup.agent_token(&agent).await?,
        (None, Some(name)) => {
            let person = setup.person(&name).await?;
            setup.reading_token(person).await?
        }
        (None, None) => return Err(Stop::new(2, "say --agent NAME or --person NAME")),
    };
    say("This token is shown once. It proposes or reads; it never decides.");
    data(secret.as_str());
    Ok(())
}

/// As soon as somebody is enrolled, one of them has to say so with their passphrase.
fn prove(setup: &Setup) -> Result<(), Stop> {
    if !setup.has_enrolled_people()? || setup.is_scratch()? {
        return Ok(());
    }
    let keys = setup.terminal_keys()?;
    if keys.is_empty() {
        return Err(Stop::new(4, "people are enrolled here, so one of them must make the token")
            .hint("enrol a terminal with `holdshort login`, or make the token over the API"));
    }
    if !at_terminal() {
        return Err(Stop::new(4, "making a token needs a person's passphrase at a terminal"));
    }
    let passphrase = person::passphrase()?;
    for key in keys {
        let seed = person::derive(&passphrase, &key.salt)?;
        if PersonKey::public_of(&seed) == BASE64.encode(key.public) {
            return Ok(());
        }
    }
    Err(Stop::new(1, "that is not the passphrase of anybody enrolled here"))
}
