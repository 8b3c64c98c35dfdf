//! W1 to W3: agents at work.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::Failed;
use crate::gate::Gate;
use crate::http::{Http, text};
use crate::measure::{latencies, now_micros, rate, timed};
use crate::reviewer::Reviewer;

/// Actions of one agent for a latency.
const SAMPLES: u64 = 1000;
/// How long a rate is measured.
const WINDOW_MICROS: u64 = 5_000_000;

/// Numbers for call ids, so that nothing is taken for a repeat.
static NEXT: AtomicU64 = AtomicU64::new(0);

fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn safe(run: &str) -> String {
    let number = next();
    format!(
        r#"{{"tool":"read_file","arguments":{{"path":"notes/{number}.txt"}},"run":"{run}",
        "call_id":"{number}","claim":{{"nonce":"nonce-{number:020}"}}}}"#
    )
}

/// A dangerous action.
pub(crate) fn dangerous(run: &str) -> String {
    let number = next();
    format!(
        r#"{{"tool":"send_email","arguments":{{"to":["a@example.org"],"subject":"{number}",
        "body":"hello"}},"run":"{run}","call_id":"{number}"}}"#
    )
}

/// W1: one safe action proposed, journalled, allowed and claimed in one round trip.
pub(crate) fn safe_actions(gate: &Gate) -> Result<(), Failed> {
    let mut http = gate.http()?;
    let mut micros = Vec::new();
    for _ in 0..SAMPLES {
        let body = safe("w1");
        let (reply, took) = timed(|| http.post("/v1/actions", "", &body));
        if text(&reply?, &["claim", "answer"])? != "proceed" {
            return Err("a safe action was not allowed".into());
        }
        micros.push(took);
    }
    latencies("W1", "safe action, one agent", micros);
    let until = now_micros() + WINDOW_MICROS;
    let agents: Vec<_> = (0..32)
        .map(|number| {
            let mut http = gate.http()?;
            let run = format!("w1-{number}");
            Ok(std::thread::spawn(move || -> Result<u64, Failed> {
                let mut done = 0;
                while now_micros() < until {
                    http.post("/v1/actions", "", &safe(&run))?;
                    done += 1;
                }
                Ok(done)
            }))
        })
        .collect::<Result<_, Failed>>()?;
    let done = join(agents)?;
    rate("W1", "safe actions, 32 agents", done, WINDOW_MICROS);
    Ok(())
}

fn join(agents: Vec<std::thread::JoinHandle<Result<u64, Failed>>>) -> Result<u64, Failed> {
    let mut all = 0;
    for agent in agents {
        all += agent.join().map_err(|_| "an agent failed")??;
    }
    Ok(all)
}

/// W2: from the approval being sent to the parked agent's own code running again.
pub(crate) fn wake_up(gate: &Gate, name: &str) -> Result<(), Failed> {
    let mut reviewer = Reviewer::start(gate)?;
    let mut asker = reviewer.asker()?;
    let (mut http, mut micros) = (gate.http()?, Vec::new());
    for _ in 0..200 {
        let reply = http.post("/v1/actions", "", &dangerous("w2"))?;
        let (id, request) =
            (text(&reply, &["action", "id"])?, text(&reply, &["action", "request"])?);
        writeln!(asker, "{request}")?;
        claim(&mut http, &id)?;
        let awake = now_micros();
        let (_, sent) = reviewer.sent_at()?;
        micros.push(awake.saturating_sub(sent));
    }
    drop(asker);
    latencies(name, "approval sent → agent running again", micros);
    Ok(())
}

/// Waits for the decision and takes the claim that comes with it.
fn claim(http: &mut Http, id: &str) -> Result<(), Failed> {
    let body = format!(r#"{{"nonce":"nonce-{:020}","start":true}}"#, next());
    let reply = http.post(&format!("/v1/actions/{id}/claim"), "Prefer: wait=30\r\n", &body)?;
    match text(&reply, &["answer"])?.as_str() {
        "proceed" => Ok(()),
        other => Err(format!("the claim said {other}").into()),
    }
}

/// W3: proposed, approved, claimed and reported, by 64 agents at once.
pub(crate) fn full_cycles(gate: &Gate) -> Result<(), Failed> {
    let mut reviewer = Reviewer::start(gate)?;
    let asker = Arc::new(Mutex::new(reviewer.asker()?));
    let until = now_micros() + WINDOW_MICROS;
    let agents: Vec<_> = (0..64)
        .map(|number| {
            let (mut http, asker) = (gate.http()?, Arc::clone(&asker));
            let run = format!("w3-{number}");
            Ok(std::thread::spawn(move || -> Result<u64, Failed> {
                let mut done = 0;
                while now_micros() < until {
                    cycle(&mut http, &asker, &run)?;
                    done += 1;
                }
                Ok(done)
            }))
        })
        .collect::<Result<_, Failed>>()?;
    let done = join(agents)?;
    rate("W3", "full cycles, 64 agents", done, WINDOW_MICROS);
    Ok(())
}

fn cycle(http: &mut Http, asker: &Mutex<impl Write>, run: &str) -> Result<(), Failed> {
    let reply = http.post("/v1/actions", "", &dangerous(run))?;
    let (id, request) = (text(&reply, &["action", "id"])?, text(&reply, &["action", "request"])?);
    writeln!(asker.lock().map_err(|_| "an agent failed")?, "{request}")?;
    let nonce = format!("nonce-{:020}", next());
    let body = format!(r#"{{"nonce":"{nonce}","start":true}}"#);
    http.post(&format!("/v1/actions/{id}/claim"), "Prefer: wait=30\r\n", &body)?;
    let body = format!(r#"{{"nonce":"{nonce}","outcome":"succeeded"}}"#);
    http.post(&format!("/v1/actions/{id}/report"), "", &body)?;
    Ok(())
}
