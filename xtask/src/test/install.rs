//! What the tests need beside Rust: said, asked about, installed.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{read, sh};
use crate::say;
use crate::workspace::{cargo, root, target};

/// The fuzzer of the HTTP API, pinned.
const SCHEMATHESIS: &str = "4.32.5";
/// Where the browser of the distribution is.
const CHROMIUM: &str = "/usr/bin/chromium";
/// Debian's packages for the browser: itself, and the fonts that the inbox is laid out in, so
/// that what fits on one machine fits on the next.
const BROWSER: [&str; 3] = ["chromium", "fonts-inter", "fonts-jetbrains-mono"];

/// Those of Debian's packages for the browser that are not installed.
fn browser_packages() -> Vec<&'static str> {
    // Where there is no such system of packages, a browser in the same place will do.
    let debian = read(Command::new("dpkg-query").arg("--version")).is_some();
    if !debian && Path::new(CHROMIUM).exists() {
        return Vec::new();
    }
    let installed = |name: &&str| {
        read(Command::new("dpkg-query").args(["-W", "-f", "${Status}", name]))
            .is_some_and(|status| status.contains("install ok installed"))
    };
    BROWSER.into_iter().filter(|name| !installed(name)).collect()
}

/// Whether a PostgreSQL can be started here.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin/initdb"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).map(|directory| directory.join("initdb"));
    debian.chain(others).any(|program| program.is_file())
}

/// Makes sure of a PostgreSQL that the tests start and end themselves. Where there is no system of
/// packages they say that they left it out.
pub(super) fn postgres() -> Result<(), String> {
    if has_postgres() || read(Command::new("dpkg-query").arg("--version")).is_none() {
        return Ok(());
    }
    install("the list of Debian's packages", apt().arg("update"))?;
    install("postgresql", apt().args(["install", "-y", "--no-install-recommends", "postgresql"]))
}

/// Says what is missing for these steps and would be installed, and why.
pub(super) fn announce(steps: &[&str]) {
    let chosen = |name: &str| steps.contains(&name);
    let mut missing = Vec::new();
    if chosen("nextest") && !has_nextest() {
        missing.push("cargo-nextest, with cargo: runs the tests in Rust, each in its own process");
    }
    if chosen("nextest") && !has_postgres() {
        missing.push("postgresql, with apt-get: databases are looked at in a real one");
    }
    if chosen("fuzz") && !venv().is_ok_and(|venv| has_schemathesis(&venv)) {
        missing.push("schemathesis, in target/venv: calls the HTTP API as nobody would by hand");
    }
    let e2e = root().join("web/e2e");
    if chosen("browser") && e2e.is_dir() {
        if !browser_packages().is_empty() {
            missing.push("chromium and two fonts, with apt-get: the inbox is tested in them");
        }
        if e2e.join("package-lock.json").exists() && !e2e.join("node_modules").exists() {
            missing.push("the packages of web/e2e, with npm, below that folder: drive the browser");
        }
    }
    if missing.is_empty() {
        say("Everything the tests need is here.");
        return;
    }
    say("The tests need what is not here yet. To be installed:");
    for line in missing {
        say(format!("  {line}"));
    }
}

/// Asks a person at a terminal; scripts and CI have asked for it by running this.
fn install(what: &str, command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    say(format!("installing {what}: {shown}"));
    if std::env::var_os("CI").is_none() && std::io::stdin().is_terminal() {
        say("Go on? [y/N]");
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
        if !matches!(line.trim(), "y" | "Y" | "yes") {
            return Err(format!("{what} is not installed; install it yourself: {shown}"));
        }
    }
    sh(command).map_err(|error| format!("cannot install {what}; install it yourself ({error})"))
}

fn has_nextest() -> bool {
    read(cargo().args(["nextest", "--version"])).is_some()
}

/// Makes sure of `cargo nextest`.
pub(super) fn nextest() -> Result<(), String> {
    if has_nextest() {
        return Ok(());
    }
    install("cargo-nextest", cargo().args(["install", "cargo-nextest", "--locked"]))
}

fn venv() -> Result<PathBuf, String> {
    Ok(target()?.join("venv"))
}

fn has_schemathesis(venv: &Path) -> bool {
    let version = read(Command::new(venv.join("bin/schemathesis")).arg("--version"));
    version.is_some_and(|version| version.trim().ends_with(SCHEMATHESIS))
}

/// Makes sure of schemathesis, in an environment of its own, and says where it is.
pub(super) fn schemathesis() -> Result<PathBuf, String> {
    let venv = venv()?;
    let program = venv.join("bin/schemathesis");
    if has_schemathesis(&venv) {
        return Ok(program);
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&venv);
    install("a Python environment", &mut make).map_err(|error| {
        format!(
            "{error}; Python 3.11 with its `venv` is needed (Debian: apt-get install python3-venv)"
        )
    })?;
    let wanted = format!("schemathesis=={SCHEMATHESIS}");
    let mut pip = Command::new(venv.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", &wanted]);
    install(&wanted, &mut pip)?;
    Ok(program)
}

/// Makes sure of chromium and the fonts of the inbox.
pub(super) fn chromium() -> Result<(), String> {
    let missing = browser_packages();
    if missing.is_empty() {
        return Ok(());
    }
    // A new machine has no list of packages yet.
    install("the list of Debian's packages", apt().arg("update"))?;
    install(&missing.join(", "), apt().args(["install", "-y"]).args(&missing))?;
    if Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    Err(format!("there is still no {CHROMIUM}; install chromium so that it is there"))
}

/// `apt-get`, with the rights it needs.
fn apt() -> Command {
    let root = read(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        command.arg("apt-get");
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Installs the packages that drive the browser, exactly those of the lock file.
pub(super) fn node_modules(folder: &Path) -> Result<(), String> {
    if read(Command::new("node").arg("--version")).is_none() {
        return Err("node is missing; install Node 20 or newer".to_owned());
    }
    let lock = folder.join("package-lock.json");
    if !lock.exists() {
        return Ok(());
    }
    // npm leaves a copy of the lock behind: as old as the packages themselves.
    let at = |path: PathBuf| path.metadata().and_then(|meta| meta.modified()).ok();
    let installed = at(folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= at(lock) {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
    install("the packages of web/e2e", &mut command)
}
