//! Facts: what has to be true, read by Holdshort itself and never by the agent.

use serde::{Deserialize, Serialize};

use crate::assessment::{Alternative, Phrase};
use crate::digest::Digest;
use crate::time::Timestamp;

/// Whether a fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It could not be read, or what was read is not about this call.
    NotKnown,
}

/// One fact that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Id of the probe that read it.
    pub probe: String,
    /// The claim: "No instance is a standby".
    pub claim: Phrase,
    /// Whether it holds.
    pub truth: Truth,
    /// What was found: "31 of the 47 are standbys of the disaster-recovery cluster".
    pub detail: Phrase,
    /// Where it was read.
    pub source: Phrase,
    /// When.
    pub read_at: Timestamp,
    /// Digest of what the truth rests on (the ids that fail, say). Another one asks again.
    pub bind: Digest,
    /// A safer way that follows from it ("leave out the 31 that fail").
    pub safer: Option<Alternative>,
}

/// A claim that is being checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingFact {
    /// Id of the probe.
    pub probe: String,
    /// The claim.
    pub claim: Phrase,
    /// Where it is read.
    pub source: Phrase,
}

impl PendingFact {
    /// The fact that could not be read, and why.
    #[must_use]
    pub fn not_known(self, because: Phrase, now: Timestamp) -> Fact {
        Fact {
            probe: self.probe,
            claim: self.claim,
            truth: Truth::NotKnown,
            detail: because,
            source: self.source,
            read_at: now,
            bind: Digest::of("holdshort-fact-not-known", &[]),
            safer: None,
        }
    }
}

/// What an approval remembers of a fact, to compare at release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Id of the probe.
    pub probe: String,
    /// Whether the fact held.
    pub truth: Truth,
    /// What that rested on.
    pub bind: Digest,
}

/// The facts of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    /// No probe covers this call.
    None,
    /// Being read; nobody can approve before `until`. A denial does not wait.
    Checking {
        /// From then on they count as not known.
        until: Timestamp,
        /// The claims being checked.
        claims: Vec<PendingFact>,
        /// Those that were read already.
        #[serde(default)]
        read: Vec<Fact>,
    },
    /// Read.
    Read(Vec<Fact>),
}

impl Facts {
    /// The facts that were read.
    #[must_use]
    pub fn read(&self) -> &[Fact] {
        match self {
            Facts::None => &[],
            Facts::Checking { read: facts, .. } | Facts::Read(facts) => facts,
        }
    }

    /// The same with facts that arrived. One that is known takes the place of one that is not
    /// known; nothing else that was read changes. `None` when they change nothing.
    #[must_use]
    pub fn with(&self, arrived: &[Fact]) -> Option<Self> {
        let next = match self.clone() {
            Facts::None => Facts::None,
            Facts::Checking { until, mut claims, mut read } => {
                let asked = |fact: &&Fact| claims.iter().any(|claim| claim.probe == fact.probe);
                read.extend(arrived.iter().filter(asked).cloned());
                claims.retain(|claim| read.iter().all(|fact| fact.probe != claim.probe));
                match claims.is_empty() {
                    true => Facts::Read(read),
                    false => Facts::Checking { until, claims, read },
                }
            }
            Facts::Read(mut known) => {
                for fact in arrived.iter().filter(|fact| fact.truth != Truth::NotKnown) {
                    let same = known.iter_mut().find(|one| one.probe == fact.probe);
                    if let Some(same) = same.filter(|one| one.truth == Truth::NotKnown) {
                        *same = fact.clone();
                    }
                }
                Facts::Read(known)
            }
        };
        (next != *self).then_some(next)
    }

    /// What release compares.
    #[must_use]
    pub fn seals(&self) -> Vec<Seal> {
        self.read().iter().map(Fact::seal).collect()
    }
}

impl Fact {
    fn seal(&self) -> Seal {
        Seal { probe: self.probe.clone(), truth: self.truth, bind: self.bind }
    }
}

/// The first way in which the facts now differ from those an approval rested on.
///
/// A fact that has become true since does not count against it; one that was true or false and
/// rests on something else now does, and so does one that can no longer be read.
#[must_use]
pub fn first_change<'a>(then: &[Seal], now: &'a [Fact]) -> Option<&'a Fact> {
    now.iter().find(|fact| {
        let unchanged = then.iter().any(|seal| *seal == fact.seal());
        !unchanged && fact.truth != Truth::True
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(truth: Truth, rests_on: &str) -> Fact {
        let pending =
            PendingFact { probe: "p".into(), claim: Phrase::ours("c"), source: Phrase::ours("s") };
        let mut fact = pending.not_known(Phrase::default(), Timestamp::from_micros(0));
        fact.truth = truth;
        fact.bind = Digest::of("t", &[rests_on.as_bytes()]);
        fact
    }

    #[test]
    fn what_changed_for_the_worse_is_found() {
        let check = |then: Fact, now: Fact| {
            first_change(&Facts::Read(vec![then]).seals(), &[now]).is_some()
        };
        assert!(!check(fact(Truth::False, "a"), fact(Truth::False, "a")));
        assert!(check(fact(Truth::False, "a"), fact(Truth::False, "b")));
        assert!(check(fact(Truth::True, "a"), fact(Truth::NotKnown, "a")));
        assert!(!check(fact(Truth::False, "a"), fact(Truth::True, "b")));
        assert!(first_change(&[], &[fact(Truth::False, "a")]).is_some());
    }
}
