//! The classifier: one call alone, many calls through the program, and hostile calls.

use std::io::Write;
use std::process::{Command, Stdio};

use holdshort_core::Json;
use holdshort_risk::{Call, assess};

use crate::Failed;
use crate::gate::binary;
use crate::measure::{figure, timed};

/// Times each row is judged for the rate, so that starting the program does not count.
const ROUNDS: usize = 10;
/// Times each row is judged alone; the best counts, so that other work does not.
const TRIES: usize = 5;

/// Calls as the program reads them, one a line.
fn rows() -> Result<Vec<String>, Failed> {
    let Some(shared) = std::env::var_os("HOLDSHORT_SHARED") else {
        let own = include_str!("../../../crates/risk/tests/it/session.jsonl");
        return Ok(own.lines().map(|line| line.replacen("\"tool\"", "\"action\"", 1)).collect());
    };
    let mut rows = Vec::new();
    for name in ["aws", "bench", "mcp", "openapi", "shell", "sql"] {
        let path = std::path::Path::new(&shared).join(format!("eval/{name}.jsonl"));
        for line in std::fs::read_to_string(path)?.lines() {
            let row = Json::parse(line.as_bytes())?;
            rows.push(row.get("call").ok_or("a row without a call")?.to_text());
        }
    }
    Ok(rows)
}

pub(crate) fn run() -> Result<(), Failed> {
    let rows = rows()?;
    alone(&rows)?;
    through_the_program(&rows)?;
    hostile();
    Ok(())
}

fn micros(nanos: u64) -> String {
    format!("{}.{} µs", nanos / 1000, nanos % 1000 / 100)
}

#[expect(clippy::disallowed_methods, reason = "this program measures time")]
fn alone(rows: &[String]) -> Result<(), Failed> {
    let mut best = Vec::new();
    for row in rows {
        let row = Json::parse(row.as_bytes())?;
        let arguments = row.get("arguments").cloned().unwrap_or(Json::Null);
        let text = |key: &str| row.get(key).and_then(Json::as_str);
        let call = Call {
            description: text("description"),
            ..Call::new(text("action").unwrap_or_default(), &arguments)
        };
        let tries = (0..TRIES).map(|_| {
            let start = std::time::Instant::now();
            std::hint::black_box(assess(&call));
            u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
        });
        best.push(tries.min().unwrap_or_default());
    }
    best.sort_unstable();
    let at = |part: usize| best.get(best.len() * part / 100).copied().unwrap_or_default();
    let what = format!("one call, of {}: p50, p99", rows.len());
    figure("classifier", &what, &format!("{}, {}", micros(at(50)), micros(at(99))));
    Ok(())
}

fn through_the_program(rows: &[String]) -> Result<(), Failed> {
    let all = (rows.join("\n") + "\n").repeat(ROUNDS);
    let mut child = Command::new(binary()?)
        .args(["classify", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    let (ended, micros) = timed(|| {
        input.write_all(all.as_bytes())?;
        drop(input);
        child.wait()
    });
    ended?;
    let count = u64::try_from(rows.len() * ROUNDS)?;
    let each = count * 1_000_000 / micros.max(1);
    figure("classifier", "calls/s in one process, `classify --jsonl`", &each.to_string());
    Ok(())
}

fn hostile() {
    let texts = [
        ("1 MiB of one word", "a".repeat(1 << 20)),
        ("10,000 nested substitutions", "$(".repeat(10_000) + &")".repeat(10_000)),
        ("64 KiB of commands", "ls; ".repeat(16 * 1024)),
        ("64 KiB of parentheses", "(".repeat(64 * 1024)),
    ];
    for (name, text) in texts {
        let arguments = Json::Object(vec![("command".to_owned(), Json::String(text))]);
        let (made, micros) = timed(|| assess(&Call::new("run_command", &arguments)));
        let level = format!("{:?}", made.level).to_lowercase();
        let shown = format!("{}.{} ms, {level}", micros / 1000, micros % 1000 / 100);
        figure("classifier", name, &shown);
    }
}
