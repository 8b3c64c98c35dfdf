//! `classify --jsonl`: one call a line in, one answer a line out, in order.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;

use holdshort_core::{Assessment, Json, Money, Outside, Reach, WayBack};
use holdshort_risk::{Call, Rules, assess};
use serde_json::{Map, Value, json};

use super::name;
use crate::output::Stop;

/// Read at once. A slow writer gets its answers line by line all the same.
const BLOCK: usize = 256 * 1024;

/// Blocks that may wait for a worker, and answers that may wait to be written.
const WAITING: usize = 16;

/// The server every line is said to be of, so that a rule can trust it.
const SERVER: &str = "stdin";

/// Some whole lines, or their answers, with their place in the order.
type Numbered = (usize, Vec<u8>);

/// Answers every line of standard input until it ends.
pub(crate) fn stream(trust: bool, cwd: Option<&Path>) -> Result<(), Stop> {
    let trusted = if trust { vec![SERVER.to_owned()] } else { Vec::new() };
    let rules = Rules { trusted, ..Rules::default() };
    let cwd = cwd.map(|path| path.to_string_lossy().into_owned());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (blocks, queue) = mpsc::sync_channel::<Numbered>(WAITING);
    let (answers, written) = mpsc::sync_channel::<Numbered>(WAITING);
    // Only the workers hold it: when they stop, nothing more is read.
    let queue = Arc::new(Mutex::new(queue));
    thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, answers) = (Arc::clone(&queue), answers.clone());
            let (rules, cwd) = (&rules, cwd.as_deref());
            scope.spawn(move || work(&queue, rules, cwd, &answers));
        }
        drop((answers, queue));
        scope.spawn(move || write(&written));
        read(blocks)
    })
}

/// Cuts the input into blocks of whole lines.
#[expect(clippy::needless_pass_by_value, reason = "its end ends the workers")]
fn read(blocks: SyncSender<Numbered>) -> Result<(), Stop> {
    let mut input = std::io::stdin().lock();
    let mut held: Vec<u8> = Vec::new();
    let mut block = vec![0; BLOCK];
    let mut number = 0;
    loop {
        let read = input.read(&mut block).map_err(|error| Stop::failed(&error))?;
        held.extend(block.get(..read).unwrap_or_default());
        let complete = match read {
            0 => held.len(),
            _ => held.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1),
        };
        let lines: Vec<u8> = held.drain(..complete).collect();
        // Nobody takes blocks any more when nobody reads the answers.
        if blocks.send((number, lines)).is_err() || read == 0 {
            return Ok(());
        }
        number += 1;
    }
}

fn work(
    queue: &Mutex<Receiver<Numbered>>,
    rules: &Rules,
    cwd: Option<&str>,
    answers: &SyncSender<Numbered>,
) {
    loop {
        let next = queue.lock().map(|queue| queue.recv());
        let Ok(Ok((number, text))) = next else { return };
        if answers.send((number, answer_block(&text, rules, cwd))).is_err() {
            return;
        }
    }
}

/// Writes the answers in the order of their questions.
fn write(answers: &Receiver<Numbered>) {
    let mut output = std::io::stdout().lock();
    let mut early = BTreeMap::new();
    let mut next = 0;
    while let Ok((number, text)) = answers.recv() {
        early.insert(number, text);
        while let Some(text) = early.remove(&next) {
            next += 1;
            // A closed pipe means nobody reads any more; that is no reason to fail.
            if output.write_all(&text).and_then(|()| output.flush()).is_err() {
                return;
            }
        }
    }
}

fn answer_block(text: &[u8], rules: &Rules, cwd: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
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
