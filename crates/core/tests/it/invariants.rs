//! Random histories of honest and hostile actors; every invariant is checked after every step.

use std::collections::BTreeSet;

use holdshort_core::{Answer, Decision};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::actors::{Beginning, Move, begin, beginning, one_move, play};
use crate::rules::check;
use crate::world::World;

const STEPS: usize = 60;

fn story() -> impl Strategy<Value = (Beginning, Vec<Move>)> {
    (beginning(), prop::collection::vec(one_move(), 1..STEPS))
}

fn run(beginning: Beginning, moves: &[Move], mut after: impl FnMut(&World)) -> Result<(), String> {
    let mut world = begin(beginning);
    check(&world)?;
    for (index, one) in moves.iter().enumerate() {
        if play(&mut world, *one) {
            check(&world).map_err(|why| format!("after move {index} ({one:?}): {why}"))?;
            after(&world);
        }
    }
    Ok(())
}

/// Enough for each commit; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default().cases } else { 600 }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_history_breaks_an_invariant((beginning, moves) in story()) {
        run(beginning, &moves, |_| {}).map_err(TestCaseError::fail)?;
    }
}

/// What a step was about, to see that the histories get everywhere.
fn met(world: &World) -> Vec<String> {
    let step = world.last();
    let mut met = vec![format!("state {}", world.state())];
    match &step.result {
        Ok(answer) => {
            let debug = format!("{answer:?}");
            met.push(format!("answer {}", debug.split([' ', '{']).next().unwrap_or_default()));
            if let Answer::Voted { counts: false, .. } = answer {
                met.push("a void vote".to_owned());
            }
        }
        Err(refusal) => {
            let debug = format!("{refusal:?}");
            met.push(format!("refusal {}", debug.split(['(', ' ']).next().unwrap_or_default()));
        }
    }
    if let Some(request) = &step.after.request {
        let late = request.votes.iter().any(|vote| vote.counts && !request.state.is_open());
        if late && world.state() == "cancelled" {
            let denial = request.votes.iter().any(|vote| vote.decision == Decision::Deny);
            met.extend(denial.then(|| "a late denial".to_owned()));
        }
    }
    met.extend(step.events.iter().map(|event| format!("event {:?}", event.kind)));
    met.extend(world.ran.iter().map(|ran| format!("ran, careless: {}", ran.careless)));
    met
}

#[test]
fn histories_get_everywhere() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let mut all = BTreeSet::new();
    for _ in 0..600 {
        let (beginning, moves) = story().new_tree(&mut runner).unwrap().current();
        run(beginning, &moves, |world| all.extend(met(world))).unwrap();
    }
    let events = "Proposed Allowed Denied Approved Modified Claimed Started Released Reported \
                  Unknown ReportedLate Cancelled Opened FactsRead Stalled Decided Superseded \
                  Withdrawn VoteVoid";
    let refusals = "NotFound Stale AlreadyDecided NotEligible FactsPending ConfirmMismatch \
                    Uninspectable ReasonMissing ChangeMissing ClaimedElsewhere CallMismatch \
                    FactsNeeded WrongState NotAllowed";
    let states = "pending approved claimed started succeeded failed unknown denied cancelled";
    let answers = "Done Voted Proceed Wait AskAgain Replan";
    let mut wanted = vec![
        "a void vote".to_owned(),
        "a late denial".to_owned(),
        "ran, careless: false".to_owned(),
        "ran, careless: true".to_owned(),
    ];
    for (kind, names) in
        [("event", events), ("refusal", refusals), ("state", states), ("answer", answers)]
    {
        wanted.extend(names.split_whitespace().map(|name| format!("{kind} {name}")));
    }
    // The first step proposes, before anything is noted; requests close before a newer one.
    let unseen = ["event Proposed", "event Allowed", "event Superseded"];
    wanted.retain(|one| !unseen.contains(&one.as_str()));
    let missing: Vec<&String> = wanted.iter().filter(|one| !all.contains(*one)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}
