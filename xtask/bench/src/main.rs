//! `cargo xtask bench`: prints the table of speed and memory, with the floor beside it.
//!
//! Loopback HTTP with authentication on; server, reviewer and agents in processes of their own;
//! every request and decision is on stable storage before it is acknowledged.

mod agent;
mod classify;
mod floor;
mod gate;
mod http;
mod ladders;
mod log;
mod measure;
mod parked;
mod policy;
mod resume;
mod reviewer;
mod runs;

use std::process::ExitCode;

use gate::Gate;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [role, address, token] if role == "reviewer" => reviewer::run(address, token),
        [] => bench(&[10_000, 100_000]),
        [only] if only == "classify" => table(classify::run),
        [only] if only == "policy" => table(policy::run),
        [only] if only == "log" => table(log::run),
        [only] if only == "resume" => table(resume::run),
        [only] if only == "runs" => table(|| runs::run(100_000)),
        [only] if only == "timers" => table(|| ladders::run(100_000)),
        [quick] if quick == "--quick" => bench(&[1_000]),
        _ => Err(
            "usage: cargo xtask bench [--quick | classify | policy | log | timers | resume | runs]"
                .into(),
        ),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A line of the table.
#[expect(clippy::print_stdout, reason = "this program prints a table")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

fn table(rows: impl FnOnce() -> Result<(), Failed>) -> Result<(), Failed> {
    say("| | measured | p50 | p99 | per second |");
    say("|---|---|---|---|---|");
    rows()
}

fn bench(sizes: &[u64]) -> Result<(), Failed> {
    table(|| gate_and_floor(sizes))
}

fn gate_and_floor(sizes: &[u64]) -> Result<(), Failed> {
    floor::run()?;
    classify::run()?;
    policy::run()?;
    let gate = Gate::start()?;
    agent::safe_actions(&gate)?;
    agent::wake_up(&gate, "W2, 0 others pending")?;
    agent::full_cycles(&gate)?;
    let mut gate = gate;
    let mut parked = 0;
    for size in sizes {
        parked::park(&gate, *size - parked)?;
        parked = *size;
        gate = parked::measure(gate, *size)?;
        agent::wake_up(&gate, &format!("W2, {size} others pending"))?;
    }
    drop(gate);
    log::run()?;
    resume::run()?;
    runs::run(sizes.last().copied().unwrap_or(1000))?;
    sizes.last().map_or(Ok(()), |size| ladders::run(*size))
}
