//! Every command in every state: what follows, or why not.

use std::fmt::Write as _;
use std::path::Path;

use holdshort_core::{
    Answer, CancelReason, Cast, Command, Decision, Facts, Refusal, RequestState, RiskLevel, State,
    Truth, Untrusted,
};

use crate::builders::{self, AGENT, OWNER, YEARS_10, judged, person};
use crate::world::{World, claim, propose, report};

const INTRO: &str = "\
# States

What every command does to an action in every state. A row is a command, a column the state it
meets; a cell is the state that follows. *Slanted* is a refusal: nothing changes. `=` is an answer
that changes nothing. \"Asked again\" is a new request to people: an older approval releases
nothing. This page is written by the test `table` of `crates/core`, from the rules themselves
(`UPDATE_DOCS=1 cargo nextest run -p holdshort-core table`).

";

type State13 = (&'static str, fn() -> World);

const STATES: [State13; 13] = [
    ("pending", pending),
    ("checking facts", checking),
    ("stalled", stalled),
    ("allowed by policy", allowed),
    ("approved by people", approved),
    ("claimed", claimed),
    ("started", started),
    ("succeeded", succeeded),
    ("failed", failed),
    ("unknown", unknown),
    ("denied", denied),
    ("withdrawn", withdrawn),
    ("expired", expired),
];

const PLAIN_EXPIRY_SECS: u32 = 3 * 60 * 60;

fn pending() -> World {
    World::with(builders::dangerous())
}

fn checking() -> World {
    World::with(builders::probed(builders::dangerous()))
}

fn stalled() -> World {
    let mut world = pending();
    world.pass(60 * 60).unwrap();
    world
}

fn allowed() -> World {
    World::with(builders::safe())
}

fn approved() -> World {
    let mut world = pending();
    world.approve().unwrap();
    world
}

fn claimed() -> World {
    let mut world = approved();
    world.claim(1).unwrap();
    world
}

fn started() -> World {
    let mut world = claimed();
    world.start(1).unwrap();
    world
}

fn succeeded() -> World {
    let mut world = started();
    world.report(1, true).unwrap();
    world
}

fn failed() -> World {
    let mut world = started();
    world.report(1, false).unwrap();
    world
}

fn unknown() -> World {
    let mut world = started();
    world.pass(60).unwrap();
    world
}

fn denied() -> World {
    let mut world = pending();
    world.deny().unwrap();
    world
}

fn withdrawn() -> World {
    let mut world = pending();
    world.cancel().unwrap();
    world
}

fn expired() -> World {
    let mut world = World::new(holdshort_core::Mode::Personal);
    let Command::Propose(mut propose) = propose(builders::dangerous()) else { unreachable!() };
    propose.expires_at = Some(world.now.plus_secs(PLAIN_EXPIRY_SECS));
    world.apply(Command::Propose(propose)).unwrap();
    world.pass(PLAIN_EXPIRY_SECS).unwrap();
    world
}

type Try = (&'static str, fn(&mut World) -> Result<Answer, Refusal>);

const COMMANDS: [Try; 17] = [
    ("approve", |world| vote(world, Decision::Approve, None)),
    ("modify, same risk", |world| vote(world, Decision::Modify, Some(RiskLevel::Risky))),
    ("modify, worse", |world| vote(world, Decision::Modify, Some(RiskLevel::Dangerous))),
    ("deny", |world| vote(world, Decision::Deny, None)),
    ("facts arrive", facts_arrive),
    ("claim, nonce 1", |world| world.apply(claim(1))),
    ("claim, nonce 2", |world| world.apply(claim(2))),
    ("started, nonce 1", |world| world.start(1)),
    ("started, nonce 2", |world| world.start(2)),
    ("report success, nonce 1", |world| world.apply(report(1, true))),
    ("report success, nonce 2", |world| world.apply(report(2, true))),
    ("cancel", World::cancel),
    ("cancel by another agent", |world| {
        let reason = Untrusted::new("mine");
        world.apply(Command::Cancel { agent: builders::OTHER_AGENT, reason })
    }),
    ("claim by another agent", |world| {
        let Command::Claim(mut claim) = claim(1) else { unreachable!() };
        claim.agent = builders::OTHER_AGENT;
        world.apply(Command::Claim(claim))
    }),
    ("five seconds pass", |world| world.pass(5)),
    ("an hour passes", |world| world.pass(60 * 60)),
    ("ten years pass", |world| world.pass(YEARS_10)),
];

/// A vote on the last request. In a state without one it is on a request that is not there.
fn vote(
    world: &mut World,
    decision: Decision,
    becomes: Option<RiskLevel>,
) -> Result<Answer, Refusal> {
    if world.rows.request.is_none() {
        let mut other = pending();
        let cast = other.vote(person(OWNER), decision);
        other.now = world.now;
        return world.cast(cast);
    }
    let cast = world.vote(person(OWNER), decision);
    let changed = becomes.map(|level| {
        // The held call is dangerous: worse is what has a fact against it.
        let facts = match level {
            RiskLevel::Dangerous => vec![builders::fact(Truth::False, "a")],
            RiskLevel::Safe | RiskLevel::Risky => Vec::new(),
        };
        (judged(RiskLevel::Dangerous, 16), facts)
    });
    world.cast(Cast { changed, ..cast })
}

fn facts_arrive(world: &mut World) -> Result<Answer, Refusal> {
    let request = world.action().request.unwrap_or_else(|| pending().request().id);
    let facts = vec![builders::fact(Truth::True, "a")];
    world.apply(Command::FactsArrived { request, facts })
}

/// The state with what distinguishes its kinds.
fn label(world: &World) -> &'static str {
    match &world.action().state {
        State::Pending { .. } => match (world.request().state, &world.request().facts) {
            (RequestState::Stalled, _) => "stalled",
            (_, Facts::Checking { .. }) => "checking facts",
            _ => "pending",
        },
        State::Cancelled { reason: CancelReason::Withdrawn } => "withdrawn",
        State::Cancelled { reason: CancelReason::Expired } => "expired",
        State::Cancelled { reason: CancelReason::NeverClaimed } => "never claimed",
        _ => world.state(),
    }
}

fn refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotFound => "not found",
        Refusal::Stale => "stale",
        Refusal::AlreadyDecided => "already decided",
        Refusal::FactsPending => "facts pending",
        Refusal::ClaimedElsewhere => "claimed elsewhere",
        Refusal::WrongState(_) => "wrong state",
        other => panic!("not expected here: {other:?}"),
    }
}

fn cell(world: &World, result: &Result<Answer, Refusal>) -> String {
    let step = world.last();
    let answer = match result {
        Err(why) => return format!("*{}*", refusal(why)),
        Ok(answer) => answer,
    };
    let told = match answer {
        Answer::Done | Answer::Voted { counts: true, .. } => "",
        Answer::Voted { counts: false, .. } => ", vote void",
        Answer::Proceed { .. } => ", proceed",
        Answer::Wait | Answer::Asked { .. } => ", wait",
        Answer::Held { .. } => ", held",
        Answer::Refresh => ", refresh",
        Answer::AskAgain { .. } => ", ask again",
        Answer::Replan { .. } => ", do not run",
    };
    if step.before == step.after {
        return format!("={told}");
    }
    let asked = |rows: &holdshort_core::Aggregate| rows.action.as_ref().map(|(a, _)| a.asked);
    let again = if asked(&step.before) == asked(&step.after) { "" } else { ", asked again" };
    format!("{}{again}{told}", label(world))
}

/// One cell, and the events behind it.
fn try_one(state: fn() -> World, command: Try) -> (String, String) {
    let mut world = state();
    let result = command.1(&mut world);
    let cell = cell(&world, &result);
    let kinds: Vec<String> =
        world.last().events.iter().map(|event| format!("{:?}", event.kind)).collect();
    (cell, kinds.join(" "))
}

fn page() -> String {
    let mut page = INTRO.to_owned();
    let names: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
    writeln!(page, "| command | {} |", names.join(" | ")).unwrap();
    writeln!(page, "|---|{}", "---|".repeat(names.len())).unwrap();
    for command in COMMANDS {
        let cells: Vec<String> =
            STATES.iter().map(|(_, state)| try_one(*state, command).0).collect();
        writeln!(page, "| {} | {} |", command.0, cells.join(" | ")).unwrap();
    }
    page
}

#[test]
fn states_are_what_they_are_called() {
    for (name, state) in STATES {
        let world = state();
        let label = match label(&world) {
            "approved" if world.rows.request.is_none() => "allowed by policy",
            "approved" => "approved by people",
            other => other,
        };
        assert_eq!(label, name);
        assert_eq!(world.action().agent, AGENT);
    }
}

#[test]
fn every_command_in_every_state() {
    let mut list = String::new();
    for (name, state) in STATES {
        for command in COMMANDS {
            let (cell, events) = try_one(state, command);
            let events = if events.is_empty() { String::new() } else { format!("  [{events}]") };
            writeln!(list, "{name} | {} -> {cell}{events}", command.0).unwrap();
        }
    }
    insta::assert_snapshot!("every_command_in_every_state", list);
}

#[test]
fn the_page_says_the_same() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/states.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "docs/states.md is out of date; UPDATE_DOCS=1 rewrites it");
}
