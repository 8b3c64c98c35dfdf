//! Calls, assessments, people and facts to test with.

use std::collections::{BTreeMap, BTreeSet};

use holdshort_core::{
    Assessment, Call, ClaimIntent, Count, Digest, Evidence, Fact, Judged, Mode, Money, Outside,
    PendingFact, People, Phrase, Policy, PrincipalId, Proof, Reach, RiskLevel, Source, Target,
    Timestamp, Truth, Untrusted, Voter, WayBack, WorkspaceId,
};

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([1; 16]);
pub(crate) const OWNER: PrincipalId = PrincipalId::from_bytes([1; 16]);
pub(crate) const ANA: PrincipalId = PrincipalId::from_bytes([2; 16]);
pub(crate) const BEN: PrincipalId = PrincipalId::from_bytes([3; 16]);
pub(crate) const MACHINE: PrincipalId = PrincipalId::from_bytes([4; 16]);
pub(crate) const AGENT: PrincipalId = PrincipalId::from_bytes([10; 16]);
pub(crate) const OTHER_AGENT: PrincipalId = PrincipalId::from_bytes([11; 16]);

pub(crate) const YEARS_10: u32 = 315_360_000;

pub(crate) fn assessment(level: RiskLevel, number: u64) -> Assessment {
    Assessment {
        level,
        way_back: WayBack::No,
        reach: Reach::Service,
        outside: Outside::No,
        money: Money::None,
        evidence: vec![Evidence {
            source: Source::Table,
            text: Phrase::ours("listed"),
            level,
            at: None,
        }],
        sentence: Phrase::ours("Terminate ").theirs(number.to_string()).and(" instances"),
        commands: Vec::new(),
        notes: Vec::new(),
        count: Some(Count {
            number,
            noun: Untrusted::new("instances"),
            path: Untrusted::new("ids"),
        }),
        secrets: Vec::new(),
        target: Target::default(),
        effects: BTreeSet::from(["halt".to_owned()]),
        safer: Vec::new(),
        touches_gate: false,
        uninspectable: None,
    }
}

/// A call on `number` instances; other numbers have other arguments and another digest.
pub(crate) fn judged(level: RiskLevel, number: u64) -> Judged {
    let call = Call {
        tool: Untrusted::new("terminate_instances"),
        server: Untrusted::new("aws"),
        arguments: Untrusted::new(format!("{{\"first\":{number}}}")),
        cwd: Untrusted::default(),
        env_names: Untrusted::default(),
        definition: Untrusted::default(),
        pins: Untrusted::default(),
    };
    Judged { call, assessment: assessment(level, number), probes: Vec::new() }
}

pub(crate) fn safe() -> Judged {
    judged(RiskLevel::Safe, 2)
}

pub(crate) fn dangerous() -> Judged {
    judged(RiskLevel::Dangerous, 47)
}

pub(crate) fn probed(judged: Judged) -> Judged {
    Judged { probes: vec![pending_fact()], ..judged }
}

pub(crate) fn uninspectable(judged: Judged) -> Judged {
    let mut judged = judged;
    judged.assessment.uninspectable = Some("encoded".to_owned());
    judged
}

pub(crate) fn touching_the_gate(judged: Judged) -> Judged {
    let mut judged = judged;
    judged.assessment.touches_gate = true;
    judged
}

fn pending_fact() -> PendingFact {
    PendingFact {
        probe: "standby".to_owned(),
        claim: Phrase::ours("No instance is a standby"),
        source: Phrase::ours("inventory"),
    }
}

/// The fact of [`probed`] calls, resting on `ids`.
pub(crate) fn fact(truth: Truth, ids: &str) -> Fact {
    let mut fact = pending_fact().not_known(Phrase::ours("read"), Timestamp::from_micros(0));
    fact.truth = truth;
    if truth != Truth::NotKnown {
        fact.bind = Digest::of("ids", &[ids.as_bytes()]);
    }
    fact
}

pub(crate) fn people(mode: Mode) -> People {
    let (groups, names) = (BTreeMap::new(), BTreeMap::new());
    People { mode, approvers: None, disabled: BTreeSet::new(), groups, names }
}

/// A policy that asks from this level on.
pub(crate) fn asking_from(level: RiskLevel) -> Policy {
    let all = [RiskLevel::Safe, RiskLevel::Risky, RiskLevel::Dangerous];
    let asked: Vec<RiskLevel> = all.into_iter().filter(|one| *one >= level).collect();
    Policy::asking(&asked)
}

pub(crate) fn person(id: PrincipalId) -> Voter {
    Voter { id, name: "Person".to_owned(), proof: Proof::Browser }
}

pub(crate) fn machine() -> Voter {
    Voter { id: MACHINE, name: "Machine".to_owned(), proof: Proof::Machine }
}

pub(crate) fn nonce(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

pub(crate) fn intent(number: u8) -> ClaimIntent {
    ClaimIntent { nonce: nonce(number), lease_secs: 60, start: false }
}
