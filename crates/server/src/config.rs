//! How a server is set up: its directory, its address, and the organization's file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use holdshort_core::{Outside, Reach, RiskLevel, WayBack};
use holdshort_risk::{Rules, ToolLevel};
use serde::Deserialize;

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

/// The organization's file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    tool: Vec<Tool>,
    #[serde(default)]
    server: Vec<Server>,
    /// Mail domains of the organization.
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    audit: Audit,
}

/// Where the key of the log is kept, and where its head is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audit {
    /// The key file; `audit.key` in the data directory when absent.
    pub(crate) key: Option<PathBuf>,
    /// A file the head is appended to, on another volume or machine.
    pub(crate) anchor_file: Option<PathBuf>,
    /// Whether the head goes to the system's log as well.
    #[serde(default)]
    pub(crate) anchor_syslog: bool,
}

/// A level for some tools.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    /// Names, with `*` for any run of characters.
    #[serde(rename = "match")]
    pattern: String,
    level: RiskLevel,
    /// Whether it may also lower what the call itself says.
    #[serde(default)]
    lower: bool,
    way_back: Option<WayBack>,
    reach: Option<Reach>,
    outside: Option<Outside>,
}

/// What is known of a server of tools.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    name: String,
    /// Whether its hints may lower a level.
    #[serde(default)]
    trust_annotations: bool,
}

/// What the organization's file says.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Levels of tools, trusted servers, own domains.
    pub(crate) rules: Rules,
    /// The key of the log, and where its head goes.
    pub(crate) audit: Audit,
}

/// Reads the organization's file; a missing one is an empty one.
///
/// # Errors
/// When it is there and cannot be used: a server does not start on half a configuration.
pub(crate) fn load(data: &Path) -> Result<Loaded, BadConfig> {
    let path = data.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(BadConfig::Unreadable(path, error)),
    };
    let file: File =
        toml::from_str(&text).map_err(|error| BadConfig::Invalid(path, Box::new(error)))?;
    let level = |tool: Tool| ToolLevel {
        lowers: tool.lower,
        way_back: tool.way_back,
        reach: tool.reach,
        outside: tool.outside,
        ..ToolLevel::new(tool.pattern, tool.level)
    };
    let trusted = file.server.into_iter().filter(|server| server.trust_annotations);
    let rules = Rules {
        levels: file.tool.into_iter().map(level).collect(),
        trusted: trusted.map(|server| server.name).collect(),
        domains: file.domains.iter().map(|domain| domain.to_lowercase()).collect(),
    };
    Ok(Loaded { rules, audit: file.audit })
}
