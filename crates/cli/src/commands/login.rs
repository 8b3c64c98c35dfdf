//! `holdshort login`: enrol this terminal for a person.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use holdshort_sdk::api::{Redeem, Surface};
use holdshort_sdk::{Client, PersonKey};

use crate::connect::{PERSON_TOKEN, read_server, trust, write_private};
use crate::output::{Stop, say};
use crate::person;

pub(crate) async fn run(data: &Path, code: &str) -> Result<(), Stop> {
    let code = code.rsplit("enrol=").next().unwrap_or(code).trim();
    let server = read_server(data)?;
    let client = Client::anonymous(&server.address)?;
    trust(&client, &server).await?;
    let passphrase = person::new_passphrase()?;
    let salt: [u8; 16] = holdshort_server::random().map_err(|error| Stop::failed(&error))?;
    let seed = person::derive(&passphrase, &salt)?;
    let redeemed = client
        .redeem(&Redeem {
            code: code.to_owned(),
            public_key: PersonKey::public_of(&seed),
            surface: Surface::Terminal,
            salt: Some(BASE64.encode(salt)),
        })
        .await?;
    let token = redeemed.reading_token.unwrap_or_default();
    write_private(&data.join(PERSON_TOKEN), &token)?;
    say(format!("This terminal is enrolled for {}.", redeemed.me.name));
    say("`holdshort list` shows what is waiting; deciding asks for the passphrase.");
    Ok(())
}
