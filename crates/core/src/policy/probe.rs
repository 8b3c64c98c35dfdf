//! Probes: what Holdshort looks at itself before a person decides, and again before release.

mod conclude;
pub(super) mod fill;

use super::condition::Condition;
use super::glob::Glob;
use super::rule::Place;
use super::values::{Seen, Subject};
use super::zone::Zone;
use crate::action::{Call, Words};
use crate::assessment::{Assessment, Phrase};
use crate::fact::PendingFact;
use crate::id::{PrincipalId, RunId};
use crate::json::Json;
use crate::look::{Bind, Look, Reads};
use crate::run::{Run, Spending};
use crate::time::Timestamp;
use fill::{Part, Slot};

pub(super) use conclude::Detail;

/// The host of an address that is written out in full.
pub(super) fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    (!host.is_empty() && host.bytes().all(plain)).then(|| host.to_lowercase())
}

/// Where a probe looks from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// From the gate.
    #[default]
    Server,
    /// From the agent's machine; the fact says so.
    Client,
}

/// Where the address of a database is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// Here.
    Url(String),
    /// In the environment variable of this name.
    Environment(String),
}

/// Looks that Holdshort knows how to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// What a removal would take.
    Files,
    /// How many rows a statement would change, in the database of this name.
    Rows {
        /// Name of the database.
        database: String,
    },
    /// What a push would overwrite.
    Push,
    /// Where paths lead.
    Paths,
    /// Which recipients are outside these domains.
    Recipients {
        /// The domains, in lower case.
        domains: Vec<String>,
    },
}

/// What a probe reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Command { argv: Vec<Part>, env: Vec<String>, cwd: Option<String>, reads: Reads },
    Http { url: Vec<Part>, headers: Vec<(String, String)>, reads: Reads },
    Sql { database: String, query: Vec<Part> },
    BuiltIn(BuiltIn),
}

/// A safer edit that follows from a fact that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Safer {
    pub(super) title: Detail,
    /// The list argument that what fails is left out of.
    pub(super) drop: String,
}

/// A probe of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) tools: Vec<Glob>,
    pub(super) servers: Vec<Glob>,
    pub(super) when: Option<Condition>,
    pub(super) fact: String,
    pub(super) source: String,
    pub(super) at: At,
    pub(super) reading: Reading,
    pub(super) known_when: Option<Condition>,
    pub(super) true_when: Option<Condition>,
    /// What breaks the claim.
    pub(super) failing: Option<Condition>,
    /// What else a change of asks again.
    pub(super) bind: Vec<Condition>,
    pub(super) detail: Detail,
    pub(super) detail_true: Detail,
    pub(super) safer: Option<Safer>,
    /// Whether the action is denied when the fact does not hold.
    pub(super) denies: bool,
    /// Whether it says what came of an action that was never reported, and nothing before.
    pub(super) verifies: bool,
}

impl Probe {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it was written.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where it looks from.
    #[must_use]
    pub fn at(&self) -> At {
        self.at
    }

    /// Whether an action is denied when the fact does not hold.
    #[must_use]
    pub fn denies(&self) -> bool {
        self.denies
    }

    /// Whether it is asked what came of an action that was never reported; else it is asked before
    /// the action.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.verifies
    }

    /// The built-in look it takes, if it takes one.
    #[must_use]
    pub fn built_in(&self) -> Option<&BuiltIn> {
        match &self.reading {
            Reading::BuiltIn(look) => Some(look),
            Reading::Command { .. } | Reading::Http { .. } | Reading::Sql { .. } => None,
        }
    }

    /// Whether it is for a call. A condition that gives no answer is no reason not to look.
    #[must_use]
    pub fn covers(&self, call: &Call, assessment: &Assessment) -> bool {
        let tool = call.tool.raw().to_lowercase();
        let server = call.server.raw();
        let tools = self.tools.is_empty() || self.tools.iter().any(|g| g.matches_folded(&tool));
        let servers = self.servers.is_empty() || self.servers.iter().any(|g| g.matches(server));
        tools
            && servers
            && self.when.as_ref().is_none_or(|when| {
                with_seen(call, assessment, |seen| when.holds(seen)).unwrap_or(true)
            })
    }

    /// The claim, while it is being checked.
    #[must_use]
    pub fn pending(&self) -> PendingFact {
        let source = match self.at {
            At::Server => self.source.clone(),
            At::Client => format!("{}, read on the agent's machine", self.source),
        };
        PendingFact {
            probe: self.id.clone(),
            claim: Phrase::ours(self.fact.clone()),
            source: Phrase::ours(source),
        }
    }

    /// What to read for a call, its values filled in; `None` for a built-in look, which is found
    /// in the call by whoever knows calls.
    ///
    /// # Errors
    /// Why nothing is read: a value is not there, or not of its type.
    pub fn look(&self, arguments: &Json) -> Result<Option<Look>, Phrase> {
        let look = match &self.reading {
            Reading::BuiltIn(_) => return Ok(None),
            Reading::Command { argv, env, cwd, reads } => {
                let (env, cwd, reads) = (env.clone(), cwd.clone(), *reads);
                Look::Command { argv: arguments_of(argv, arguments)?, env, cwd, reads }
            }
            Reading::Http { url, headers, reads } => Look::Http {
                url: address(url, arguments)?,
                headers: headers.clone(),
                reads: *reads,
            },
            Reading::Sql { database, query } => {
                let (query, binds) = bound(query, arguments)?;
                Look::Sql { database: database.clone(), query, binds }
            }
        };
        Ok(Some(look))
    }
}

/// Each part is one argument; a list is several.
fn arguments_of(parts: &[Part], arguments: &Json) -> Result<Vec<String>, Phrase> {
    let mut argv = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => argv.push(text.clone()),
            Part::Slot(slot) => argv.extend(slot.values(arguments)?),
        }
    }
    Ok(argv)
}

fn address(parts: &[Part], arguments: &Json) -> Result<String, Phrase> {
    let mut url = String::new();
    for part in parts {
        match part {
            Part::Text(text) => url.push_str(text),
            Part::Slot(slot) => {
                for (index, value) in slot.values(arguments)?.iter().enumerate() {
                    if index > 0 {
                        url.push(',');
                    }
                    encode(value, &mut url);
                }
            }
        }
    }
    Ok(url)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

fn bound(parts: &[Part], arguments: &Json) -> Result<(String, Vec<Bind>), Phrase> {
    let (mut query, mut binds) = (String::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(text) => query.push_str(text),
            Part::Slot(slot) => {
                let values = slot.values(arguments)?;
                query.push_str(&vec!["?"; values.len()].join(", "));
                binds.extend(values.into_iter().map(|value| bind(slot, value)));
            }
        }
    }
    Ok((query, binds))
}

fn bind(slot: &Slot, value: String) -> Bind {
    let number = value.parse().ok().filter(|_| slot.is_number());
    number.map_or(Bind::Text(value), Bind::Number)
}

/// What conditions of a probe see: the call, and nothing of its run.
fn with_seen<T>(call: &Call, assessment: &Assessment, then: impl FnOnce(&Seen<'_>) -> T) -> T {
    let (words, today, zone) = (Words::default(), Spending::default(), Zone::default());
    let epoch = Timestamp::from_micros(0);
    let run = Run::new(RunId::at(epoch, [0; 16]), PrincipalId::at(epoch, [0; 16]), "", epoch);
    let subject = Subject {
        call,
        assessment,
        words: &words,
        cost: None,
        agent: "",
        run: &run,
        today: &today,
        now: epoch,
    };
    then(&Seen::new(&subject, &zone))
}
