//! Where the server is and how it is known: from the data directory alone, never from the
//! environment.

use std::path::{Path, PathBuf};

use holdshort_sdk::{Client, verify_server};
use serde::{Deserialize, Serialize};

use crate::output::Stop;

/// Name of the file a server leaves for its clients.
const SERVER: &str = "server.json";
/// The token of `exec` and other programs of this account: proposes, never decides.
pub(crate) const LOCAL_TOKEN: &str = "local.token";
/// The reading token of the person at this terminal: reads, never decides.
pub(crate) const PERSON_TOKEN: &str = "person.token";

/// Where a server answers and which key it proves itself with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ServerFile {
    pub(crate) address: String,
    pub(crate) server_key: String,
    pub(crate) pid: u32,
}

#[expect(clippy::disallowed_methods, reason = "the home directory is where the data lives")]
fn home() -> Option<PathBuf> {
    std::env::var("HOME").ok().map(PathBuf::from).filter(|home| home.is_absolute())
}

/// The login name, for the name of the first person.
#[expect(clippy::disallowed_methods, reason = "a default for a name, nothing more")]
pub(crate) fn login_name() -> String {
    let name = std::env::var("USER").unwrap_or_default();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    if plain { name } else { "you".to_owned() }
}

/// The data directory.
pub(crate) fn data_dir(given: Option<&Path>) -> Result<PathBuf, Stop> {
    match given {
        Some(given) => Ok(std::path::absolute(given)?),
        None => {
            let home = home().ok_or_else(|| {
                Stop::new(1, "there is no home directory").hint("say where with --data DIR")
            })?;
            Ok(home.join(".local/share/holdshort"))
        }
    }
}

/// Writes a file only this account can read, all of it or nothing.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Stop> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let part = path.with_extension("part");
    // A rest of an interrupted write.
    let _ = std::fs::remove_file(&part);
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    Ok(())
}

pub(crate) fn write_server(data: &Path, server: &ServerFile) -> Result<(), Stop> {
    let text = serde_json::to_string(server).map_err(|error| Stop::failed(&error))?;
    write_private(&data.join(SERVER), &text)
}

pub(crate) fn read_server(data: &Path) -> Result<ServerFile, Stop> {
    let path = data.join(SERVER);
    let text = std::fs::read_to_string(&path).map_err(|_| {
        let message = format!("no server has run in `{}`", data.display());
        Stop::new(1, message).hint("start one with `holdshort serve`, or say --data DIR")
    })?;
    serde_json::from_str(&text).map_err(|error| Stop::failed(&error))
}

/// A client of the enrolled server, with the token in this file.
pub(crate) async fn client(data: &Path, token_file: &str) -> Result<Client, Stop> {
    let path = data.join(token_file);
    let token = std::fs::read_to_string(&path).map_err(|_| {
        let stop = Stop::new(1, format!("cannot read `{}`", path.display()));
        match token_file {
            PERSON_TOKEN => {
                stop.hint("enrol this terminal with `holdshort login CODE`; the page makes codes")
            }
            _ => stop.hint("start the server once with `holdshort serve`"),
        }
    })?;
    let server = read_server(data)?;
    let client = Client::new(&server.address, token.trim())?;
    trust(&client, &server).await?;
    Ok(client)
}

/// Makes sure that it is the enrolled server that answers.
pub(crate) async fn trust(client: &Client, server: &ServerFile) -> Result<(), Stop> {
    match verify_server(client, &server.server_key).await {
        Ok(()) => Ok(()),
        Err(holdshort_sdk::NotTrusted::Error(error)) => Err(error.into()),
        Err(error) => Err(Stop::failed(&error)),
    }
}
