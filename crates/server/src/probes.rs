//! Probes: which looks of the policy are for a call, and the facts that follow from taking them.

use std::time::Duration;

use holdshort_core::{
    Assessment, At, BuiltIn, Call, Database, Fact, Json, Look, PendingFact, Phrase, Policy, Probe,
    Source, Timestamp,
};
use holdshort_probe::{Prober, Settings};

use crate::limits;

/// A call, as probes see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) call: &'a Call,
    pub(crate) arguments: &'a Json,
    pub(crate) assessment: &'a Assessment,
}

/// What there is to read for a call.
#[derive(Clone, Debug)]
pub(crate) enum Sought {
    /// This.
    Look(Look),
    /// Nothing: it stands in the call.
    Known(Json),
    /// It cannot be told from the call.
    Unclear(Phrase),
}

/// Who takes looks.
#[derive(Clone, Default)]
pub(crate) enum Eyes {
    /// The world is looked at.
    #[default]
    World,
    /// What is seen is given by hand: for the simulation.
    #[cfg(feature = "sim")]
    ByHand(See),
}

/// What the simulation lets a look see.
#[cfg(feature = "sim")]
pub type See = std::sync::Arc<dyn Fn(&Look) -> Result<Json, Phrase> + Send + Sync>;

impl std::fmt::Debug for Eyes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Eyes")
    }
}

impl Eyes {
    async fn take(&self, policy: &Policy, look: &Look) -> Result<Json, Phrase> {
        match self {
            Eyes::World => prober(policy).look(look).await.map_err(|error| error.phrase().clone()),
            #[cfg(feature = "sim")]
            Eyes::ByHand(see) => see(look),
        }
    }

    /// Takes the looks of these probes that are taken from here, all at once. Always answers,
    /// within the time a probe may take.
    pub(crate) async fn read(
        &self,
        policy: &Policy,
        probes: &[&Probe],
        seen: Seen<'_>,
        now: Timestamp,
    ) -> Vec<Fact> {
        let reading = probes.iter().map(|probe| async move {
            let found = match sought(probe, seen) {
                None => Err(Phrase::ours("it is not about this call")),
                Some(Sought::Known(output)) => Ok(output),
                Some(Sought::Unclear(because)) => Err(because),
                Some(Sought::Look(look)) => self.take(policy, &look).await,
            };
            conclude(probe, seen, found, now)
        });
        futures_util::future::join_all(reading).await
    }
}

/// The fact that follows from what was read.
pub(crate) fn conclude(
    probe: &Probe,
    seen: Seen<'_>,
    found: Result<Json, Phrase>,
    now: Timestamp,
) -> Fact {
    match found {
        Ok(output) => probe.conclude(seen.call, seen.assessment, &output, now),
        Err(because) => probe.pending().not_known(because, now),
    }
}

#[expect(clippy::disallowed_methods, reason = "a policy names the variable, never the address")]
fn prober(policy: &Policy) -> Prober {
    let address = |database: &Database| match database {
        Database::Url(url) => Some(url.clone()),
        Database::Environment(name) => std::env::var(name).ok(),
    };
    let databases = policy.databases().iter();
    let databases = databases.filter_map(|(name, one)| Some((name.clone(), address(one)?)));
    Prober::new(Settings {
        databases: databases.collect(),
        hosts: policy.hosts().iter().cloned().collect(),
        timeout: Duration::from_secs(limits::PROBE_SECS),
        ..Settings::default()
    })
}

/// The probes that are for a call.
pub(crate) fn covering<'p>(policy: &'p Policy, seen: Seen<'_>) -> Vec<&'p Probe> {
    let covers = |probe: &&Probe| {
        !probe.verifies()
            && probe.covers(seen.call, seen.assessment)
            && sought(probe, seen).is_some()
    };
    policy.probes().iter().filter(covers).collect()
}

/// The claims they check.
pub(crate) fn claims(policy: &Policy, seen: Seen<'_>) -> Vec<PendingFact> {
    covering(policy, seen).into_iter().map(Probe::pending).collect()
}

/// Whether a probe looks from the agent's machine.
pub(crate) fn is_at_client(policy: &Policy, probe: &str) -> bool {
    policy.probe(probe).is_some_and(|probe| probe.at() == At::Client)
}

/// What a probe wants read for a call; `None` when it is not about such calls.
pub(crate) fn sought(probe: &Probe, seen: Seen<'_>) -> Option<Sought> {
    let Some(built_in) = probe.built_in() else {
        return match probe.look(seen.arguments) {
            Ok(look) => look.map(Sought::Look),
            Err(because) => Some(Sought::Unclear(because)),
        };
    };
    match built_in {
        BuiltIn::Files => files(seen),
        BuiltIn::Push => push(seen),
        BuiltIn::Rows { database } => rows(seen, database),
        BuiltIn::Paths => paths(seen),
        BuiltIn::Recipients { domains } => recipients(seen, domains),
    }
}

fn does(seen: Seen<'_>, effect: &str) -> bool {
    seen.assessment.effects.contains(effect)
}

fn unclear(what: &str) -> Sought {
    Sought::Unclear(Phrase::ours(format!("{what} cannot be told from the call")))
}

fn risk_call<'a>(seen: Seen<'a>) -> holdshort_risk::Call<'a> {
    let cwd = Some(seen.call.cwd.raw()).filter(|cwd| !cwd.is_empty());
    holdshort_risk::Call { cwd, ..holdshort_risk::Call::new(seen.call.tool.raw(), seen.arguments) }
}

fn files(seen: Seen<'_>) -> Option<Sought> {
    if !does(seen, "destroy") {
        return None;
    }
    match holdshort_risk::removals(&risk_call(seen)) {
        Some(found) => Some(Sought::Look(Look::Files { remove: found.remove, cwd: found.cwd })),
        // Something else is destroyed where no paths are named.
        None if seen.assessment.target.paths.is_empty() => None,
        None => Some(unclear("what would be removed")),
    }
}

fn push(seen: Seen<'_>) -> Option<Sought> {
    match holdshort_risk::pushes(&risk_call(seen)) {
        Some(found) => Some(Sought::Look(Look::Push {
            cwd: found.cwd,
            remote: found.remote,
            refs: found.refs,
        })),
        None if does(seen, "push") => Some(unclear("what would be pushed")),
        None => None,
    }
}

fn rows(seen: Seen<'_>, database: &str) -> Option<Sought> {
    let is_sql = seen.assessment.evidence.iter().any(|one| one.source == Source::Sql);
    if !is_sql || !(does(seen, "destroy") || does(seen, "write")) {
        return None;
    }
    match holdshort_risk::count_query(&risk_call(seen)) {
        Some(query) => Some(Sought::Look(Look::Rows { database: database.to_owned(), query })),
        None => Some(unclear("how many rows would change")),
    }
}

fn paths(seen: Seen<'_>) -> Option<Sought> {
    let target = &seen.assessment.target;
    let cwd = seen.call.cwd.raw();
    if target.paths.is_empty() || cwd.is_empty() {
        return None;
    }
    if target.more {
        return Some(unclear("every path"));
    }
    let paths = target.paths.iter().map(|path| path.raw().to_owned()).collect();
    Some(Sought::Look(Look::Paths { paths, cwd: cwd.to_owned() }))
}

/// Who is outside stands in the call: nothing is read for it.
fn recipients(seen: Seen<'_>, domains: &[String]) -> Option<Sought> {
    let target = &seen.assessment.target;
    if target.recipients.is_empty() {
        return None;
    }
    if target.more {
        return Some(unclear("every recipient"));
    }
    let inside = |recipient: &str| {
        let host = recipient.rsplit_once('@').map(|(_, host)| host.trim_end_matches('.'));
        host.is_some_and(|host| {
            domains.iter().any(|domain| {
                let rest = host.strip_suffix(domain.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
        })
    };
    let all: Vec<&str> = target.recipients.iter().map(holdshort_core::Untrusted::raw).collect();
    let list = |texts: Vec<&str>| {
        Json::Array(texts.into_iter().map(|text| Json::String(text.to_owned())).collect())
    };
    let outside = all.iter().copied().filter(|recipient| !inside(recipient)).collect();
    Some(Sought::Known(Json::Object(vec![
        ("recipients".to_owned(), list(all)),
        ("outside".to_owned(), list(outside)),
    ])))
}
