//! `classify --jsonl`: one call a line in, one answer a line out, in order.

use std::io::{Read, Write};
use std::path::Path;
use std::thread;

use holdshort_core::{Assessment, Json, Money, Outside, Reach, WayBack};
use holdshort_risk::{Call, Rules, assess};
use serde_json::{Map, Value, json};

use super::name;
use crate::output::Stop;

/// Read at once. A slow writer gets its answers line by line all the same.
const BLOCK: usize = 1 << 20;

/// The server every line is said to be of, so that a rule can trust it.
const SERVER: &str = "stdin";

/// Answers every line of standard input until it ends.
pub(crate) fn stream(trust: bool, cwd: Option<&Path>) -> Result<(), Stop> {
    let trusted = if trust { vec![SERVER.to_owned()] } else { Vec::new() };
    let rules = Rules { trusted, ..Rules::default() };
    let cwd = cwd.map(|path| path.to_string_lossy().into_owned());
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut held: Vec<u8> = Vec::new();
    let mut block = vec![0; BLOCK];
    loop {
        let read = input.read(&mut block).map_err(|error| Stop::failed(&error))?;
        held.extend(block.get(..read).unwrap_or_default());
        let complete = match read {
            0 => held.len(),
            _ => held.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1),
        };
        let lines: Vec<u8> = held.drain(..complete).collect();
        let answers = answer_all(&lines, &rules, cwd.as_deref());
        // A closed pipe means nobody reads any more; that is no reason to fail.
        if output.write_all(&answers).and_then(|()| output.flush()).is_err() || read == 0 {
            return Ok(());
        }
    }
}

/// Answers some lines, shared out over the machine's processors.
fn answer_all(text: &[u8], rules: &Rules, cwd: Option<&str>) -> Vec<u8> {
    let lines: Vec<&[u8]> =
        text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let share = lines.len().div_ceil(workers).max(64);
    thread::scope(|scope| {
        let parts: Vec<_> = lines
            .chunks(share)
            .map(|chunk| scope.spawn(move || answer_some(chunk, rules, cwd)))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

fn answer_some(lines: &[&[u8]], rules: &Rules, cwd: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() * 256);
    for line in lines {
        let answer = answer_line(line, rules, cwd);
        if serde_json::to_writer(&mut out, &answer).is_ok() {
            out.push(b'\n');
        }
    }
    out
}

/// A line that cannot be read is an answer as well, and never safe.
fn answer_line(line: &[u8], rules: &Rules, cwd: Option<&str>) -> Value {
    let row = match Json::parse(line) {
        Ok(row) => row,
        Err(error) => {
            return json!({ "id": null, "risk": "dangerous", "error": error.to_string() });
        }
    };
    let present = |key: &str| row.get(key).filter(|value| **value != Json::Null);
    let text = |key: &str| present(key).and_then(Json::as_str);
    let Some(tool) = text("action") else {
        let error = "the line has no `action`";
        return json!({ "id": id(&row), "risk": "dangerous", "error": error });
    };
    let arguments = row.get("arguments").unwrap_or(&Json::Null);
    let call = Call {
        server: text("server").or(Some(SERVER)),
        description: text("description"),
        input_schema: present("input_schema"),
        annotations: present("annotations"),
        cwd: text("cwd").or(cwd),
        rules,
        ..Call::new(tool, arguments)
    };
    answer(&row, &assess(&call))
}

fn id(row: &Json) -> Value {
    row.get("id").and_then(|id| serde_json::from_str(&id.to_text()).ok()).unwrap_or(Value::Null)
}

/// The answer to a row. What cannot be told from the call is left out.
pub(super) fn answer(row: &Json, made: &Assessment) -> Value {
    let mut out = Map::new();
    if row.get("id").is_some() {
        out.insert("id".into(), id(row));
    }
    out.insert("risk".into(), name(made.level).into());
    match made.way_back {
        WayBack::NotKnown => {}
        way_back => {
            out.insert("is_reversible".into(), (way_back != WayBack::No).into());
        }
    }
    let reach = match made.reach {
        Reach::None => Some("none"),
        Reach::Local => Some("local"),
        Reach::Service => Some("service"),
        Reach::Organization => Some("organization"),
        Reach::NotKnown => None,
    };
    if let Some(reach) = reach {
        out.insert("blast_radius".into(), reach.into());
    }
    if made.outside != Outside::NotKnown {
        out.insert("has_external_effects".into(), (made.outside == Outside::Yes).into());
    }
    match &made.money {
        Money::None => {
            out.insert("financial_impact".into(), false.into());
        }
        Money::Amount { amount, currency } => {
            out.insert("financial_impact".into(), true.into());
            out.insert("amount".into(), amount.raw().into());
            out.insert("currency".into(), currency.raw().into());
        }
        Money::NotKnown if made.outside == Outside::Yes => {
            out.insert("financial_impact".into(), true.into());
        }
        Money::NotKnown => {}
    }
    out.insert("sentence".into(), made.sentence.render().to_plain().into());
    let evidence = made.evidence.iter().map(|one| {
        let mut value = json!({
            "source": one.source.name(),
            "risk": name(one.level),
            "text": one.text.render().to_plain(),
        });
        if let (Some(at), Some(value)) = (&one.at, value.as_object_mut()) {
            value.insert("at".into(), json!([at.path.raw(), at.start, at.end]));
        }
        value
    });
    out.insert("evidence".into(), evidence.collect());
    Value::Object(out)
}
