//! The resume plan of a long run.

use crate::Failed;
use crate::gate::Gate;
use crate::http::text;
use crate::measure::{figure, latencies, timed};

/// Steps of the plan; half of them are done.
const STEPS: u64 = 10_000;

pub(crate) fn run() -> Result<(), Failed> {
    let gate = Gate::start()?;
    let mut http = gate.http()?;
    let start = http.post("/v1/runs", "", r#"{"run":"long","goal":"a long way"}"#)?;
    let run = text(&start, &["id"])?;
    let step = |number: u64| match number {
        0 => r#"{"id":"s0","tool":"read_file"}"#.to_owned(),
        more => format!(r#"{{"id":"s{more}","tool":"read_file","needs":["s{}"]}}"#, more - 1),
    };
    let steps: Vec<String> = (0..STEPS).map(step).collect();
    http.put(&format!("/v1/runs/{run}/plan"), &format!(r#"{{"steps":[{}]}}"#, steps.join(",")))?;
    for number in 0..STEPS / 2 {
        let nonce = format!("nonce-{number:020}");
        let body = format!(
            r#"{{"tool":"read_file","arguments":{{"path":"{number}"}},"run":"long",
            "call_id":"s{number}","claim":{{"nonce":"{nonce}","start":true}}}}"#
        );
        let action = text(&http.post("/v1/actions", "", &body)?, &["action", "id"])?;
        let report = format!(r#"{{"nonce":"{nonce}","outcome":"succeeded"}}"#);
        http.post(&format!("/v1/actions/{action}/report"), "", &report)?;
    }
    let (mut micros, mut bytes) = (Vec::new(), 0);
    for _ in 0..100 {
        let (told, took) = timed(|| http.get(&format!("/v1/runs/{run}/resume")));
        let told = told?;
        if text(&told, &["next"])? != format!("[\"s{}\"]", STEPS / 2) {
            return Err("the resume plan goes on with another step".into());
        }
        bytes = told.len();
        micros.push(took);
    }
    latencies("resume", &format!("resume plan of {STEPS} steps, half of them done"), micros);
    figure("resume", "its size", &format!("{} kB", bytes / 1000));
    Ok(())
}
