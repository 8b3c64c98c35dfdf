//! How a server is set up: its directory, its address, and the organization's file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::probes::{ProbeConfig, Probes};

/// Name of the organization's configuration in the data directory.
const FILE: &str = "holdshort.toml";

/// What a server needs to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept.
    pub data: PathBuf,
    /// Address to listen on. Loopback unless one says otherwise.
    pub listen: SocketAddr,
    /// Origins people use when a proxy stands in front, for example `https://gate.example`.
    pub public_urls: Vec<String>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    /// It cannot be read.
    #[error("cannot read `{0}`: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// It is not valid; the message names line and column.
    #[error("`{0}` is not valid: {1}")]
    Invalid(PathBuf, Box<toml::de::Error>),
}

/// Reads the organization's file; a missing one is an empty one.
///
/// # Errors
/// When it is there and cannot be used: a server does not start on half a configuration.
pub(crate) fn load(data: &Path) -> Result<Probes, BadConfig> {
    let path = data.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(BadConfig::Unreadable(path, error)),
    };
    let config: ProbeConfig =
        toml::from_str(&text).map_err(|error| BadConfig::Invalid(path, Box::new(error)))?;
    Ok(Probes::new(config.probe))
}
