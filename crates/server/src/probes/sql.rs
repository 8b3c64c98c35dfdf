//! A probe that asks a SQLite database, by bound values only.

use std::collections::BTreeSet;
use std::path::PathBuf;

use holdshort_core::{
    Alternative, Digest, Fact, Json, PendingFact, Phrase, RiskLevel, Timestamp, Truth, Untrusted,
};
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;

use crate::limits;

/// Asks a database which of the things a call names are as they must be.
///
/// `known` says which of the ids the database has; unless those are exactly the ids of the call,
/// the fact is not known. `failing` says which of them break the claim; the fact holds when it
/// returns none. In both, `?ids` stands for the bound ids.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlProbe {
    /// Id of the probe.
    pub(crate) id: String,
    /// The tool it covers, by its exact name.
    pub(crate) tool: String,
    /// The claim, in words.
    pub(crate) fact: String,
    /// The database.
    pub(crate) database: PathBuf,
    /// Name of the argument with the list of ids.
    pub(crate) ids: String,
    /// Query for the ids the database knows.
    pub(crate) known: String,
    /// Query for the ids that break the claim.
    pub(crate) failing: String,
    /// What is said when some do: `{failing}` and `{total}` are numbers.
    pub(crate) detail: String,
    /// Title of the edit that leaves the failing ones out: `{failing}` and `{rest}` are numbers.
    pub(crate) safer: String,
    /// Name of the database, for people.
    pub(crate) source: String,
}

/// Why a fact is not known.
#[derive(Debug)]
pub(crate) enum NotKnown {
    NoIds,
    NotTheSame { read: usize, asked: usize },
    Database(String),
}

impl NotKnown {
    pub(crate) fn phrase(self) -> Phrase {
        match self {
            NotKnown::NoIds => Phrase::ours("the call names no list of ids to look up"),
            NotKnown::NotTheSame { read, asked } => Phrase::ours(format!(
                "{read} of the {asked} in the call could be read; the rest is not known"
            )),
            NotKnown::Database(error) => Phrase::ours("could not be read: ").theirs(error),
        }
    }
}

impl From<rusqlite::Error> for NotKnown {
    fn from(error: rusqlite::Error) -> Self {
        NotKnown::Database(error.to_string())
    }
}

impl SqlProbe {
    pub(crate) fn pending(&self) -> PendingFact {
        PendingFact {
            probe: self.id.clone(),
            claim: Phrase::ours(self.fact.clone()),
            source: Phrase::ours(self.source.clone()),
        }
    }

    pub(crate) fn read(&self, arguments: &Json, now: Timestamp) -> Result<Fact, NotKnown> {
        let asked = self.ids_of(arguments).ok_or(NotKnown::NoIds)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.database, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(1))?;
        connection.pragma_update(None, "query_only", true)?;
        let known = query(&connection, &self.known, &asked)?;
        if known != asked {
            return Err(NotKnown::NotTheSame { read: known.len(), asked: asked.len() });
        }
        let failing = query(&connection, &self.failing, &asked)?;
        Ok(self.fact(arguments, (&asked, &failing), now))
    }

    fn fact(
        &self,
        arguments: &Json,
        (asked, failing): (&BTreeSet<String>, &BTreeSet<String>),
        now: Timestamp,
    ) -> Fact {
        let rests_on: Vec<&[u8]> = failing.iter().map(String::as_bytes).collect();
        let words = |text: &str| {
            let rest = asked.len().saturating_sub(failing.len());
            Phrase::ours(
                text.replace("{failing}", &failing.len().to_string())
                    .replace("{total}", &asked.len().to_string())
                    .replace("{rest}", &rest.to_string()),
            )
        };
        let holds = failing.is_empty();
        let PendingFact { probe, claim, source } = self.pending();
        Fact {
            probe,
            claim,
            truth: if holds { Truth::True } else { Truth::False },
            detail: match holds {
                true => Phrase::ours(format!("all {} were looked up", asked.len())),
                false => words(&self.detail),
            },
            source,
            read_at: now,
            bind: Digest::of("holdshort-fact-sql", &rests_on),
            safer: self.without(arguments, failing).map(|arguments| Alternative {
                title: words(&self.safer),
                detail: Phrase::ours("Only what passes the check is left in the call."),
                arguments: Untrusted::new(arguments.to_text()),
                becomes: RiskLevel::Dangerous,
            }),
        }
    }

    fn ids_of(&self, arguments: &Json) -> Option<BTreeSet<String>> {
        let ids = arguments.get(&self.ids)?.as_array()?;
        let texts: Option<BTreeSet<String>> =
            ids.iter().map(|id| id.as_str().map(str::to_owned)).collect();
        texts.filter(|ids| !ids.is_empty())
    }

    /// The arguments without what fails; `None` when nothing fails or nothing would be left.
    fn without(&self, arguments: &Json, failing: &BTreeSet<String>) -> Option<Json> {
        let kept = |id: &&Json| id.as_str().is_none_or(|id| !failing.contains(id));
        let ids: Vec<Json> =
            arguments.get(&self.ids)?.as_array()?.iter().filter(kept).cloned().collect();
        if failing.is_empty() || ids.is_empty() {
            return None;
        }
        let changed = arguments.members().iter().map(|(name, value)| {
            let value = if *name == self.ids { Json::Array(ids.clone()) } else { value.clone() };
            (name.clone(), value)
        });
        Some(Json::Object(changed.collect()))
    }
}

fn query(
    connection: &Connection,
    sql: &str,
    ids: &BTreeSet<String>,
) -> Result<BTreeSet<String>, NotKnown> {
    let places = vec!["?"; ids.len()].join(",");
    let mut statement = connection.prepare(&sql.replace("?ids", &places))?;
    if !statement.readonly() {
        return Err(NotKnown::Database("the probe's statement writes".to_owned()));
    }
    let mut rows = statement.query(rusqlite::params_from_iter(ids))?;
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next()? {
        found.insert(row.get(0)?);
        if found.len() > limits::PROBE_ROWS {
            return Err(NotKnown::Database("the probe returned too many rows".to_owned()));
        }
    }
    Ok(found)
}
