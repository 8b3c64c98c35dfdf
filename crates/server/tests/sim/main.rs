//! The simulation: whole worlds from a seed, and what must hold in every one of them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and says how far it is"
)]

mod agents;
mod check;
mod faults;
mod history;
mod ledger;
mod outside;
mod people;
mod reviewers;
mod rng;
mod settle;
mod template;
mod world;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

use holdshort_core::planted::{self, Bug};

use world::World;

/// Runs, unless `HOLDSHORT_SIM_RUNS` says how many.
const RUNS: u64 = 2_000;
/// Where the search for a bug that few worlds show begins: at one that shows it, so that this test
/// does not take longer than all others. `HOLDSHORT_SIM_BUG` looks for one from the first world.
const SHOWN_IN: [(Bug, u64); 5] = [
    (Bug::StaleApproval, 299),
    (Bug::PolicyNotReadAgain, 563),
    (Bug::RedeemUncounted, 2181),
    (Bug::AgentUndoes, 635),
    (Bug::UndoTwice, 630),
];
/// Runs within which every planted bug is found.
const FOUND_WITHIN: u64 = 10_000;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// Plays the world of a seed; what does not hold in it, and what led there.
fn play(seed: u64, bug: Option<Bug>) -> Result<(), String> {
    planted::plant(bug);
    let played = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::begin(seed);
        world.play().map_err(|problem| {
            let (moves, log) = (world.trace.join("\n  "), check::log(&world).join("\n  "));
            format!("{problem}\nmoves:\n  {moves}\nlog:\n  {log}")
        })
    }));
    planted::plant(None);
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("a panic: {}", text.unwrap_or_default()))
    })
}

/// Plays seeds on all processors until one of them fails; its seed and problem.
fn search(seeds: std::ops::Range<u64>, bug: Option<Bug>) -> Option<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let found = std::sync::Mutex::new(None::<(u64, String)>);
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if seed > seeds.start && seed.is_multiple_of(1000) && bug.is_none() {
                        eprintln!("{} of {} runs", seed - seeds.start, seeds.end - seeds.start);
                    }
                    if let Err(problem) = play(seed, bug) {
                        found.lock().unwrap().get_or_insert((seed, problem));
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn the_promises_hold_in_every_world() {
    let first = number("HOLDSHORT_SIM_SEED", 0);
    let runs = number("HOLDSHORT_SIM_RUNS", RUNS);
    if let Some((seed, problem)) = search(first..first + runs, None) {
        panic!("HOLDSHORT_SIM_SEED={seed} HOLDSHORT_SIM_RUNS=1: {problem}");
    }
    eprintln!("{runs} runs: everything held");
}

#[test]
fn every_planted_bug_is_found() {
    // A panic is a way to be found; what it prints would bury what is said here.
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = Vec::new();
    let only = std::env::var("HOLDSHORT_SIM_BUG").ok();
    let wanted = |bug: &Bug| only.as_ref().is_none_or(|only| *only == format!("{bug:?}"));
    for bug in Bug::ALL.into_iter().filter(wanted) {
        let hint = SHOWN_IN.iter().find(|(shown, _)| *shown == bug && only.is_none());
        let first = hint.map_or(0, |(_, seed)| *seed);
        match search(first..first + FOUND_WITHIN, Some(bug)) {
            Some((seed, problem)) => {
                let first = problem.lines().next().unwrap_or_default();
                eprintln!("{bug:?}: run {seed}: {first}");
            }
            None => missed.push(bug),
        }
    }
    drop(std::panic::take_hook());
    assert!(missed.is_empty(), "not found within {FOUND_WITHIN} runs: {missed:?}");
}

#[test]
fn a_seed_is_one_world() {
    let trace = || {
        let mut world = World::begin(7);
        world.play().unwrap();
        let ran = world.ledger.lock().unwrap().ran.clone();
        (world.trace.clone(), ran)
    };
    assert_eq!(trace(), trace());
}
