//! W4: many requests parked.

use crate::Failed;
use crate::agent::dangerous;
use crate::gate::Gate;
use crate::http::text;
use crate::measure::{figure, latencies, timed};
use crate::reviewer::ballot;

/// Agents that park.
const AGENTS: u64 = 32;

/// Parks this many more.
pub(crate) fn park(gate: &Gate, count: u64) -> Result<(), Failed> {
    let before = gate.disk_bytes()?;
    let agents: Vec<_> = (0..AGENTS)
        .map(|number| {
            let mut http = gate.http()?;
            let share = count / AGENTS + u64::from(number < count % AGENTS);
            Ok(std::thread::spawn(move || -> Result<(), Failed> {
                for _ in 0..share {
                    http.post("/v1/actions", "", &dangerous(&format!("w4-{number}")))?;
                }
                Ok(())
            }))
        })
        .collect::<Result<_, Failed>>()?;
    for agent in agents {
        agent.join().map_err(|_| "an agent failed")??;
    }
    let each = gate.disk_bytes()?.saturating_sub(before) / count.max(1);
    figure("W4", &format!("disk for each of {count} more"), &format!("{each} bytes"));
    Ok(())
}

/// Memory, first page, and the way back after kill -9.
pub(crate) fn measure(gate: Gate, parked: u64) -> Result<Gate, Failed> {
    let what = |about: &str| format!("{parked} parked: {about}");
    let mut http = gate.reviewer()?;
    let mut micros = Vec::new();
    for _ in 0..200 {
        let (page, took) = timed(|| http.get("/v1/requests?limit=50"));
        page?;
        micros.push(took);
    }
    latencies("W4", &what("first page of 50"), micros);
    figure("W4", &what("memory of the server"), &format!("{:.1} MB", gate.resident_mb()?));
    let page = http.get("/v1/requests?limit=1")?;
    let open = text(&page, &["open"])?;
    let page: serde_json::Value = serde_json::from_slice(&page)?;
    let request = page.pointer("/items/0/id").and_then(|id| id.as_str()).ok_or("nothing parked")?;
    let vote = ballot(&mut http, request)?;
    let (gate, took) = timed(|| -> Result<Gate, Failed> {
        let gate = gate.kill_and_restart()?;
        gate.reviewer()?.post(&format!("/v1/requests/{request}/votes"), "", &vote)?;
        Ok(gate)
    });
    let gate = gate?;
    figure("W4", &what("kill -9 → first approval done"), &format!("{} ms", took / 1000));
    let left = text(&gate.reviewer()?.get("/v1/requests?limit=1")?, &["open"])?;
    let lost = open.parse::<u64>()?.saturating_sub(1).saturating_sub(left.parse()?);
    figure("W4", &what("lost by the kill"), &lost.to_string());
    Ok(gate)
}
