//! `cargo xtask TASK`: the project's own tasks.

mod bench;
mod sim;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask tidy             the rules of the house that no other tool checks
cargo xtask test             everything: install what tests need, then run them all
cargo xtask test --list      the steps
cargo xtask test STEP...     some of them
cargo xtask sim              2,000 simulated worlds, and every planted bug has to be found
cargo xtask sim --full       100,000 of them (an hour on two cores)
cargo xtask sim --bugs       only the planted bugs
cargo xtask sim --seed N --runs N    these worlds
cargo xtask bench            the table of speed and memory (--quick: a small one)
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let task = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    match task.as_str() {
        "tidy" if rest.is_empty() => tidy::run(),
        "test" => test::run(&rest),
        "sim" => sim::run(&rest),
        "bench" => bench::run(&rest),
        _ => {
            say(USAGE.trim_end());
            ExitCode::from(2)
        }
    }
}

/// Tells the person at the terminal.
#[expect(clippy::print_stderr, reason = "the one place where tasks speak")]
fn say(text: impl std::fmt::Display) {
    eprintln!("{text}");
}
