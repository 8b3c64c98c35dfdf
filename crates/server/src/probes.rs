//! Probes: read-only looks at the world that Holdshort takes itself, never the agent.
//!
//! They come from the organization's configuration alone. A probe that fails, floods, hangs or
//! reads something other than what the call is about says "not known".

mod sql;

use std::time::Duration;

use holdshort_core::{Fact, Json, PendingFact, Phrase, Timestamp};

use crate::limits;

pub(crate) use sql::SqlProbe;

/// The probes of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probes {
    probes: Vec<SqlProbe>,
}

impl Probes {
    pub(crate) fn new(probes: Vec<SqlProbe>) -> Self {
        Self { probes }
    }

    /// What is checked for calls of `tool`.
    pub(crate) fn claims_for(&self, tool: &str) -> Vec<PendingFact> {
        self.covering(tool).map(SqlProbe::pending).collect()
    }

    fn covering(&self, tool: &str) -> impl Iterator<Item = &SqlProbe> {
        self.probes.iter().filter(move |probe| probe.tool == tool)
    }

    /// Reads every fact about a call. Always answers, within the time a probe may take.
    pub(crate) async fn read(&self, tool: &str, arguments: &Json, now: Timestamp) -> Vec<Fact> {
        let mut facts = Vec::new();
        for probe in self.covering(tool) {
            facts.push(read_one(probe.clone(), arguments.clone(), now).await);
        }
        facts
    }
}

async fn read_one(probe: SqlProbe, arguments: Json, now: Timestamp) -> Fact {
    let pending = probe.pending();
    let reading = tokio::task::spawn_blocking(move || probe.read(&arguments, now));
    let outcome = tokio::time::timeout(Duration::from_secs(limits::PROBE_SECS), reading).await;
    match outcome {
        Ok(Ok(Ok(fact))) => fact,
        Ok(Ok(Err(problem))) => pending.not_known(problem.phrase(), now),
        Ok(Err(_)) => pending.not_known(Phrase::ours("the probe failed"), now),
        Err(_) => pending.not_known(Phrase::ours("the probe took too long"), now),
    }
}
