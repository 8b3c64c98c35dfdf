//! Honest and hostile actors: small moves that proptest strings together, and what each does to
//! a world.

use holdshort_core::{
    Aggregate, Cast, ClaimIntent, Command, Decision, Digest, Fact, Judged, Mode, PrincipalId,
    Proof, RequestId, RiskLevel, RunState, TakeClaim, Truth, Untrusted, Voter,
};
use proptest::prelude::*;

use crate::builders::{
    self, AGENT, ANA, BEN, MACHINE, OTHER_AGENT, OWNER, YEARS_10, fact, judged, nonce,
};
use crate::world::{World, propose, said};

/// How a history begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    team: bool,
    level: RiskLevel,
    probed: bool,
    uninspectable: bool,
    expires_in: Option<u32>,
    claim_at_once: bool,
}

/// What is wrong with a vote.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trick {
    None,
    WrongBinding,
    StaleVersion,
    OldRequest,
    OldBinding,
    WrongConfirm,
    NoConfirm,
    NoReason,
}

/// What a change makes of the call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Missing,
    Same(u8),
    Less(u8),
    Worse(u8),
    FactAgainst(u8),
    Hidden,
    AtTheGate,
}

/// How facts are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    True,
    FalseA,
    FalseB,
    NotKnown,
    Nothing,
}

/// One move.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    Approve { who: u8, trick: Trick, waiting: Option<(u8, bool)> },
    Modify { who: u8, trick: Trick, change: Change, waiting: Option<(u8, bool)> },
    Deny { who: u8, trick: Trick },
    Facts { seen: Seen, old: bool },
    Claim { stranger: bool, nonce: u8, lease: u32, start: bool, call: Option<bool>, seen: Seen },
    ClaimWithoutFacts { nonce: u8 },
    Started { stranger: bool, nonce: u8 },
    Report { stranger: bool, nonce: u8, worked: bool },
    Cancel { stranger: bool },
    Pass { secs: u32, noticed: bool },
    Switch { who: u8 },
    Approvers { which: u8 },
    Mode { team: bool },
    Policy { ask_from: RiskLevel },
    Stop,
    Replay { back: usize },
}

fn level() -> impl Strategy<Value = RiskLevel> {
    prop_oneof![
        1 => Just(RiskLevel::Safe),
        2 => Just(RiskLevel::Risky),
        5 => Just(RiskLevel::Dangerous)
    ]
}

pub(crate) fn beginning() -> impl Strategy<Value = Beginning> {
    let expires = prop_oneof![3 => Just(None), 1 => (1_u32..5000).prop_map(Some)];
    let odd = prop::bool::weighted(0.05);
    (any::<bool>(), level(), any::<bool>(), odd, expires, any::<bool>()).prop_map(
        |(team, level, probed, uninspectable, expires_in, claim_at_once)| Beginning {
            team,
            level,
            probed,
            uninspectable,
            expires_in,
            claim_at_once,
        },
    )
}

fn trick() -> impl Strategy<Value = Trick> {
    use Trick::*;
    let odd = [WrongBinding, StaleVersion, OldRequest, OldBinding, WrongConfirm, NoConfirm];
    prop_oneof![
        6 => Just(None),
        2 => prop::sample::select(odd.to_vec()),
        1 => Just(NoReason)
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::Missing),
        4 => (2_u8..6).prop_map(Change::Same),
        2 => (2_u8..6).prop_map(Change::Less),
        2 => (2_u8..6).prop_map(Change::Worse),
        2 => (2_u8..6).prop_map(Change::FactAgainst),
        1 => Just(Change::Hidden),
        1 => Just(Change::AtTheGate),
    ]
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        5 => Just(Seen::True),
        4 => Just(Seen::FalseA),
        1 => Just(Seen::FalseB),
        1 => Just(Seen::NotKnown),
        1 => Just(Seen::Nothing)
    ]
}

fn waiting() -> impl Strategy<Value = Option<(u8, bool)>> {
    prop_oneof![4 => Just(None), 1 => (1_u8..4, any::<bool>()).prop_map(Some)]
}

fn secs() -> impl Strategy<Value = u32> {
    let all = vec![0, 1, 5, 10, 30, 59, 60, 61, 600, 899, 900, 3599, 3600, 86_400, YEARS_10];
    prop_oneof![3 => 0_u32..20, 2 => prop::sample::select(all)]
}

fn stranger() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.1)
}

pub(crate) fn one_move() -> impl Strategy<Value = Move> {
    let call = prop_oneof![3 => Just(None), 2 => Just(Some(true)), 1 => Just(Some(false))];
    let claim = (stranger(), 1_u8..4, 1_u32..120, any::<bool>(), call, seen());
    prop_oneof![
        8 => (0_u8..7, trick(), waiting())
            .prop_map(|(who, trick, waiting)| Move::Approve { who, trick, waiting }),
        3 => (0_u8..7, trick(), change(), waiting()).prop_map(|(who, trick, change, waiting)| {
            Move::Modify { who, trick, change, waiting }
        }),
        1 => (0_u8..7, trick()).prop_map(|(who, trick)| Move::Deny { who, trick }),
        3 => (seen(), prop::bool::weighted(0.1))
            .prop_map(|(seen, old)| Move::Facts { seen, old }),
        8 => claim.prop_map(|(stranger, nonce, lease, start, call, seen)| {
            Move::Claim { stranger, nonce, lease, start, call, seen }
        }),
        1 => (1_u8..4).prop_map(|nonce| Move::ClaimWithoutFacts { nonce }),
        5 => (stranger(), 1_u8..4)
            .prop_map(|(stranger, nonce)| Move::Started { stranger, nonce }),
        2 => (stranger(), 1_u8..4, any::<bool>()).prop_map(|(stranger, nonce, worked)| {
            Move::Report { stranger, nonce, worked }
        }),
        1 => prop::bool::weighted(0.6).prop_map(|stranger| Move::Cancel { stranger }),
        6 => (secs(), any::<bool>()).prop_map(|(secs, noticed)| Move::Pass { secs, noticed }),
        1 => (0_u8..7).prop_map(|who| Move::Switch { who }),
        1 => (0_u8..8).prop_map(|which| Move::Approvers { which }),
        1 => any::<bool>().prop_map(|team| Move::Mode { team }),
        1 => level().prop_map(|ask_from| Move::Policy { ask_from }),
        1 => prop::bool::weighted(0.1)
            .prop_map(|stop| if stop { Move::Stop } else { Move::Replay { back: 1 } }),
        2 => (0_usize..12).prop_map(|back| Move::Replay { back }),
    ]
}

const IDS: [PrincipalId; 7] = [OWNER, ANA, BEN, MACHINE, OWNER, AGENT, OTHER_AGENT];

fn id(who: u8) -> PrincipalId {
    IDS[usize::from(who) % IDS.len()]
}

fn voter(who: u8) -> Voter {
    let proof = match who {
        3 => Proof::Machine,
        4 => Proof::Terminal,
        _ => Proof::Browser,
    };
    Voter { proof, ..builders::person(id(who)) }
}

fn agent(stranger: bool) -> PrincipalId {
    if stranger { OTHER_AGENT } else { AGENT }
}

fn mode(team: bool) -> Mode {
    if team { Mode::Team } else { Mode::Personal }
}

fn facts(seen: Seen) -> Vec<Fact> {
    match seen {
        Seen::True => vec![fact(Truth::True, "a")],
        Seen::FalseA => vec![fact(Truth::False, "a")],
        Seen::FalseB => vec![fact(Truth::False, "b")],
        Seen::NotKnown => vec![fact(Truth::NotKnown, "")],
        Seen::Nothing => Vec::new(),
    }
}

pub(crate) fn begin(beginning: Beginning) -> World {
    let mut world = World::new(mode(beginning.team));
    let mut judged = judged(beginning.level, 47);
    if beginning.probed {
        judged = builders::probed(judged);
    }
    if beginning.uninspectable {
        judged = builders::uninspectable(judged);
    }
    let Command::Propose(mut propose) = propose(judged) else { unreachable!() };
    propose.expires_at = beginning.expires_in.map(|secs| world.now.plus_secs(secs));
    propose.claim = beginning.claim_at_once.then(|| builders::intent(1));
    world.apply(Command::Propose(propose)).unwrap();
    world
}

/// Makes a move; `false` when it changed only the surroundings and no command was given.
pub(crate) fn play(world: &mut World, one: Move) -> bool {
    let command = match one {
        Move::Approve { who, trick, waiting } => {
            ballot(world, (who, Decision::Approve, trick), Option::None, waiting)
        }
        Move::Modify { who, trick, change, waiting } => {
            ballot(world, (who, Decision::Modify, trick), changed(world, change), waiting)
        }
        Move::Deny { who, trick } => {
            ballot(world, (who, Decision::Deny, trick), Option::None, Option::None)
        }
        Move::Facts { seen, old } => {
            let request = if old { old_request(world) } else { world.action().request };
            request.map(|request| Command::FactsArrived { request, facts: facts(seen) })
        }
        Move::Replay { back } => {
            let at = world.history.len().checked_sub(back + 1).filter(|at| *at > 0);
            at.map(|at| world.history[at].command.clone())
        }
        other => agents(world, other).or_else(|| surroundings(world, other)),
    };
    let given = command.is_some();
    if let Some(command) = command {
        // A refusal is as good an answer as any; the invariants say which one is due.
        let _ = world.apply(command);
    }
    given
}

fn agents(world: &World, one: Move) -> Option<Command> {
    Some(match one {
        Move::Claim { stranger, nonce: number, lease, start, call, seen } => {
            let effective = world.payload().effective_arguments().clone();
            let other = Untrusted::new(r#"{"another": "call"}"#);
            let presented = call.map(|right| if right { effective } else { other });
            Command::Claim(Box::new(TakeClaim {
                agent: agent(stranger),
                intent: ClaimIntent { nonce: nonce(number), lease_secs: lease, start },
                presented,
                pins: None,
                facts: Some(facts(seen)),
            }))
        }
        Move::ClaimWithoutFacts { nonce } => crate::world::claim(nonce),
        Move::Started { stranger, nonce: number } => {
            Command::Started { agent: agent(stranger), nonce: nonce(number) }
        }
        Move::Report { stranger, nonce: number, worked } => Command::Report {
            agent: agent(stranger),
            nonce: nonce(number),
            said: Box::new(said(worked)),
        },
        Move::Cancel { stranger } => {
            Command::Cancel { agent: agent(stranger), reason: Untrusted::new("no") }
        }
        _ => return None,
    })
}

/// Changes of time, people and policy. A late timer is one that nobody noticed.
fn surroundings(world: &mut World, one: Move) -> Option<Command> {
    match one {
        Move::Pass { secs, noticed } => {
            world.now = world.now.plus_secs(secs);
            return noticed.then_some(Command::TimePassed);
        }
        Move::Switch { who } => {
            let disabled = &mut world.people.disabled;
            let was = disabled.remove(&id(who));
            disabled.extend((!was).then(|| id(who)));
        }
        Move::Approvers { which } => {
            let three = [OWNER, ANA, BEN].into_iter().enumerate();
            let some = three.filter(|(bit, _)| which >> bit & 1 == 1).map(|(_, id)| id).collect();
            world.people.approvers = (which != 7).then_some(some);
        }
        Move::Mode { team } => world.people.mode = mode(team),
        Move::Policy { ask_from } => world.policy = builders::asking_from(ask_from),
        Move::Stop => world.rows.run.state = RunState::Stopped,
        _ => {}
    }
    None
}

fn old_request(world: &World) -> Option<RequestId> {
    let current = world.action().request;
    world.requests.keys().copied().find(|id| Some(*id) != current)
}

fn ballot(
    world: &World,
    (who, decision, trick): (u8, Decision, Trick),
    changed: Option<(Judged, Vec<Fact>)>,
    waiting: Option<(u8, bool)>,
) -> Option<Command> {
    let Aggregate { request: Some(_), .. } = &world.rows else { return None };
    let mut cast = Cast { changed, ..world.vote(voter(who), decision) };
    let old = old_request(world).and_then(|id| world.requests.get(&id));
    match (trick, old) {
        (Trick::WrongBinding, _) => cast.binding = Digest::from_bytes([7; 32]),
        (Trick::StaleVersion, _) => cast.version = cast.version.wrapping_sub(1),
        (Trick::OldRequest, Some(old)) => {
            (cast.request, cast.binding) = (old.id, old.binding());
            cast.version = old.version;
        }
        (Trick::OldBinding, Some(old)) => cast.binding = old.binding(),
        (Trick::WrongConfirm, _) => cast.confirm = Some("4".to_owned()),
        (Trick::NoConfirm, _) => cast.confirm = None,
        (Trick::NoReason, _) => cast.reason = Untrusted::new("  "),
        (Trick::None | Trick::OldRequest | Trick::OldBinding, _) => {}
    }
    let intent = |(number, start)| ClaimIntent { start, ..builders::intent(number) };
    cast.waiting = waiting.map(intent);
    Some(Command::Decide(Box::new(cast)))
}

fn changed(world: &World, change: Change) -> Option<(Judged, Vec<Fact>)> {
    let level = world.action().level;
    let number = |tag: u8| u64::from(tag);
    let made = match change {
        Change::Missing => return None,
        Change::Same(tag) => judged(level, number(tag)),
        Change::Less(tag) => judged(RiskLevel::Safe, number(tag)),
        Change::Worse(tag) => judged(RiskLevel::Dangerous, number(tag)),
        Change::FactAgainst(tag) => {
            let judged = builders::probed(judged(level, number(tag)));
            return Some((judged, facts(Seen::FalseA)));
        }
        Change::Hidden => builders::uninspectable(judged(level, 9)),
        Change::AtTheGate => builders::touching_the_gate(judged(level, 9)),
    };
    Some((made, Vec::new()))
}
