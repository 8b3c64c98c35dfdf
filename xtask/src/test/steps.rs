//! The steps, cheapest first.

use std::path::PathBuf;
use std::process::Command;

use super::{Done, Step, install, sh};
use crate::say;
use crate::sim;
use crate::tidy;
use crate::workspace::{cargo, root, target};

/// Every step, in the order they run.
pub(super) const STEPS: &[Step] = &[
    Step { name: "tidy", about: "the rules of the house that no other tool checks", run: tidy },
    Step { name: "fmt", about: "the code is formatted", run: fmt },
    Step { name: "clippy", about: "the lints, in every target", run: clippy },
    Step { name: "nextest", about: "every test in Rust", run: nextest },
    Step { name: "sim", about: "simulated worlds, and the bugs planted in them", run: sim },
    Step { name: "doctest", about: "the examples in the documentation run", run: doctest },
    Step { name: "doc", about: "the documentation builds, and its links lead somewhere", run: doc },
    Step { name: "fuzz", about: "the HTTP API against its own description", run: fuzz },
    Step { name: "browser", about: "the web inbox in a real browser", run: browser },
];

fn passed(result: Result<(), String>) -> Result<Done, String> {
    result.map(|()| Done::Passed)
}

fn tidy() -> Result<Done, String> {
    let found = tidy::look()?;
    for one in &found {
        say(one);
    }
    if found.is_empty() { Ok(Done::Passed) } else { Err(format!("{} to tidy", found.len())) }
}

fn fmt() -> Result<Done, String> {
    passed(sh(cargo().args(["fmt", "--all", "--check"])))
}

fn clippy() -> Result<Done, String> {
    sh(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let sim = ["clippy", "-p", "holdshort-server", "--features", "sim", "--all-targets"];
    passed(sh(cargo().args(sim).args(["--", "-D", "warnings"])))
}

/// The program; tests of the command line and of the browser run it.
fn build() -> Result<PathBuf, String> {
    sh(cargo().args(["build", "-p", "holdshort"]))?;
    Ok(target()?.join("debug/holdshort"))
}

fn nextest() -> Result<Done, String> {
    install::nextest()?;
    install::postgres()?;
    build()?;
    match std::env::var_os("HOLDSHORT_SHARED") {
        Some(shared) => say(format!("corpora: {}", shared.display())),
        None => say("HOLDSHORT_SHARED is not set: tests over the outside corpora do not run"),
    }
    passed(sh(cargo().args(["nextest", "run", "--workspace"])))
}

fn sim() -> Result<Done, String> {
    passed(sim::play("dev", "", (None, None)))
}

fn doctest() -> Result<Done, String> {
    passed(sh(cargo().args(["test", "--doc", "--workspace"])))
}

fn doc() -> Result<Done, String> {
    let mut command = cargo();
    command.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    passed(sh(&mut command))
}

fn fuzz() -> Result<Done, String> {
    let schemathesis = install::schemathesis()?;
    let holdshort = build()?;
    let mut command = Command::new("bash");
    command.arg(root().join("xtask/schemathesis.sh")).arg(holdshort).arg(schemathesis);
    passed(sh(&mut command))
}

fn browser() -> Result<Done, String> {
    let folder = root().join("web/e2e");
    if !folder.is_dir() {
        return Ok(Done::Skipped("web/e2e is not there".to_owned()));
    }
    install::chromium()?;
    install::node_modules(&folder)?;
    let holdshort = build()?;
    // Named one by one: what `node --test FOLDER` means differs between versions of Node.
    let mut tests: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(|error| format!("cannot read web/e2e: {error}"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.ends_with(".test.js") || name.ends_with(".test.mjs")
        })
        .collect();
    tests.sort();
    if tests.is_empty() {
        return Err("web/e2e has no *.test.js or *.test.mjs".to_owned());
    }
    let mut command = Command::new("node");
    command.arg("--test").args(tests).current_dir(root()).env("HOLDSHORT_BIN", holdshort);
    passed(sh(&mut command))
}
