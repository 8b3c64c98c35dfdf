//! Runs: what the reference agent adds to its tools, and what runs cost that wait.

use std::fmt::Write as _;
use std::process::Command;

use crate::Failed;
use crate::agent::dangerous;
use crate::gate::{Gate, binary};
use crate::http::text;
use crate::measure::{figure, pause, timed};

/// Steps of the plan, one after the other: each does nothing but give a text.
const STEPS: u64 = 2_000;
/// Agents that park runs.
const AGENTS: u64 = 32;

pub(crate) fn run(parked: u64) -> Result<(), Failed> {
    for _ in 0..3 {
        steps(true)?;
        steps(false)?;
    }
    park(parked)
}

/// A plan of steps that do nothing, each after the one before, or none needing another.
fn steps(chain: bool) -> Result<(), Failed> {
    let gate = Gate::start()?;
    std::fs::write(gate.data().join("local.token"), &gate.agent)?;
    let mut plan = String::from("goal = \"nothing\"\n");
    for number in 0..STEPS {
        let needs = number
            .checked_sub(1)
            .filter(|_| chain)
            .map(|before| format!("needs = [\"s{before}\"]"));
        writeln!(
            plan,
            "[[step]]\nid = \"s{number}\"\ntool = \"note\"\n{}\n\
             arguments = {{ text = \"{number}\" }}",
            needs.unwrap_or_default()
        )?;
    }
    // Not within the gate's own data: no policy allows a call that touches that.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, plan)?;
    let (done, took) = timed(|| {
        let mut run = Command::new(binary()?);
        run.arg("--data").arg(gate.data()).arg("run").arg(&path);
        Ok::<_, Failed>(run.output()?)
    });
    let done = done?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    let each = took / STEPS;
    let how = if chain { "each after the one before" } else { "none needs another" };
    let about = format!("a step of `holdshort run` with a tool that does nothing, {how}");
    figure("run", &about, &format!("{each} us"));
    Ok(())
}

/// Runs that wait for a person, each of its own, and the memory they take.
fn park(count: u64) -> Result<(), Failed> {
    let gate = Gate::start()?;
    gate.http()?.post("/v1/actions", "", &dangerous("first"))?;
    let before = gate.resident_mb()?;
    for (share, already) in [(count / 10, 0), (count, count / 10)] {
        let agents: Vec<_> = (0..AGENTS)
            .map(|agent| {
                let mut http = gate.http()?;
                Ok(std::thread::spawn(move || -> Result<(), Failed> {
                    for number in (already..share).filter(|number| number % AGENTS == agent) {
                        http.post("/v1/actions", "", &dangerous(&format!("run {number}")))?;
                    }
                    Ok(())
                }))
            })
            .collect::<Result<_, Failed>>()?;
        for agent in agents {
            agent.join().map_err(|_| "an agent failed")??;
        }
        pause(2000);
        let mb = gate.resident_mb()?;
        let about = format!("{share} parked runs: memory of the server, {before:.1} MB before");
        figure("run", &about, &format!("{mb:.1} MB"));
    }
    let runs = gate.reviewer()?.get("/v1/requests?limit=1")?;
    if text(&runs, &["open"])? != (count + 1).to_string() {
        return Err("not every run is parked".into());
    }
    Ok(())
}
