//! What conditions can read: names, shapes, and their values for one action.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};

use super::zone::Zone;
use crate::action::{Call, Words};
use crate::amount::Amount;
use crate::assessment::{Assessment, Money, RiskLevel};
use crate::json::Json;
use crate::run::{Run, Spending};
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

/// Elements of a list that a condition may walk; a longer one is an error, which asks.
const LIST: usize = 1000;
/// Bytes of a text that a condition may read; a longer one is an error, which asks.
const TEXT: usize = 32 * 1024;

/// What policy judges.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The call.
    pub call: &'a Call,
    /// What it would do.
    pub assessment: &'a Assessment,
    /// The agent's words.
    pub words: &'a Words,
    /// What the agent says it costs.
    pub cost: Option<&'a Amount>,
    /// The agent's name.
    pub agent: &'a str,
    /// The run, as it is now.
    pub run: &'a Run,
    /// What the agent spent today, in all its runs.
    pub today: &'a Spending,
    /// Now.
    pub now: Timestamp,
}

/// A subject with what is worked out of it once for all conditions.
pub(super) struct Seen<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) zone: &'a Zone,
    arguments: OnceCell<Option<Json>>,
    /// What a probe read.
    output: Option<&'a Json>,
    /// What of it breaks the claim.
    failing: &'a [String],
}

impl<'a> Seen<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, zone: &'a Zone) -> Self {
        Self { subject, zone, arguments: OnceCell::new(), output: None, failing: &[] }
    }

    /// The same, with what a probe read.
    pub(super) fn with_output<'b>(&self, output: &'b Json) -> Seen<'b>
    where
        'a: 'b,
    {
        Seen { output: Some(output), ..Seen::new(self.subject, self.zone) }
    }

    /// The same, with what breaks the claim.
    pub(super) fn with_failing<'b>(&self, failing: &'b [String]) -> Seen<'b>
    where
        'a: 'b,
    {
        Seen { output: self.output, failing, ..Seen::new(self.subject, self.zone) }
    }

    fn arguments(&self) -> Option<&Json> {
        let read = || Json::parse(self.subject.call.arguments.raw().as_bytes()).ok();
        self.arguments.get_or_init(read).as_ref()
    }
}

/// What stands under a name.
enum Shape {
    /// A plain value or a list.
    Leaf,
    /// Members with these names.
    Members(&'static [&'static str]),
    /// Whatever the caller put there.
    Any,
}

/// The names conditions can read.
const ROOTS: &[(&str, Shape)] = &[
    (
        "action",
        Shape::Members(&["tool", "server", "cwd", "phase", "confidence", "cost", "currency"]),
    ),
    (
        "target",
        Shape::Members(&["environment", "hosts", "paths", "accounts", "recipients", "more"]),
    ),
    ("money", Shape::Members(&["amount", "currency", "known"])),
    ("env", Shape::Leaf),
    ("args", Shape::Any),
    ("risk", Shape::Members(&["level", "way_back", "reach", "outside"])),
    ("run", Shape::Members(&["name", "steps", "denials", "phase", "minutes"])),
    ("agent", Shape::Members(&["name"])),
    ("now", Shape::Members(&["unix", "hour", "minute", "weekday", "date"])),
];

/// Names that only expressions of probes can read.
const PROBE_ROOTS: &[(&str, Shape)] = &[("output", Shape::Any), ("failing", Shape::Leaf)];

/// Who reads: what there is to see depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A rule.
    Rule,
    /// A probe, which sees the call and what was read, and nothing of the run.
    Probe,
}

/// Names a probe does not see.
const NOT_OF_PROBES: [&str; 3] = ["run", "agent", "now"];

impl Reader {
    fn roots(self) -> impl Iterator<Item = &'static (&'static str, Shape)> {
        let more = if self == Reader::Probe { PROBE_ROOTS } else { &[] };
        let seen =
            move |(name, _): &&(&str, Shape)| self == Reader::Rule || !NOT_OF_PROBES.contains(name);
        ROOTS.iter().filter(seen).chain(more)
    }
}

/// Whether there is such a path; else the name that is not there and those that are.
pub(super) fn check(path: &[String], reader: Reader) -> Result<(), (String, Vec<&'static str>)> {
    let Some((root, members)) = path.split_first() else { return Ok(()) };
    let Some((_, shape)) = reader.roots().find(|(name, _)| name == root) else {
        return Err((root.clone(), reader.roots().map(|(name, _)| *name).collect()));
    };
    match (shape, members) {
        (Shape::Any, _) | (_, []) => Ok(()),
        (Shape::Leaf, [first, ..]) => Err((format!("{root}.{first}"), vec![])),
        (Shape::Members(known), [first, rest @ ..]) => {
            if known.contains(&first.as_str()) && rest.is_empty() {
                return Ok(());
            }
            Err((path.join("."), known.to_vec()))
        }
    }
}

/// The value of a root.
pub(super) fn root(name: &str, seen: &Seen<'_>) -> Result<Value, String> {
    let subject = seen.subject;
    let Assessment { target, .. } = subject.assessment;
    Ok(match name {
        "action" => action(subject),
        "target" => map(vec![
            ("environment", optional(target.environment.as_ref())),
            ("hosts", texts(&target.hosts, target.more)),
            ("paths", texts(&target.paths, target.more)),
            ("accounts", texts(&target.accounts, target.more)),
            ("recipients", texts(&target.recipients, target.more)),
            ("more", Some(Value::Bool(target.more))),
        ]),
        "money" => money(&subject.assessment.money),
        "env" => string(target.environment.as_ref().map_or("", Untrusted::raw)),
        "args" => json(seen.arguments().ok_or("the arguments cannot be read")?),
        "risk" => {
            let Assessment { level, way_back, reach, outside, .. } = subject.assessment;
            map(vec![
                ("level", Some(word(level))),
                ("way_back", Some(word(way_back))),
                ("reach", Some(word(reach))),
                ("outside", Some(word(outside))),
            ])
        }
        "run" => run(subject),
        "agent" => map(vec![("name", Some(string(subject.agent)))]),
        "now" => now(seen),
        "output" => json(seen.output.ok_or("nothing was read")?),
        "failing" => Value::List(Arc::new(seen.failing.iter().map(|one| string(one)).collect())),
        _ => return Err(format!("there is no `{name}`")),
    })
}

fn action(subject: &Subject<'_>) -> Value {
    let call = subject.call;
    let cost = subject.cost.map(|cost| double(&cost.number().to_string()));
    map(vec![
        ("tool", Some(string(call.tool.raw()))),
        ("server", Some(string(call.server.raw()))),
        ("cwd", Some(string(call.cwd.raw()))),
        ("phase", Some(string(subject.words.phase.raw()))),
        ("confidence", subject.words.confidence.raw().parse().ok().map(Value::Float)),
        ("cost", cost),
        ("currency", subject.cost.map(|cost| string(cost.currency()))),
    ])
}

fn money(money: &Money) -> Value {
    match money {
        Money::None => map(vec![
            ("amount", Some(Value::Float(0.0))),
            ("currency", Some(string(""))),
            ("known", Some(Value::Bool(true))),
        ]),
        Money::Amount { amount, currency } => map(vec![
            // One that cannot be read is not there: reading it is an error, which asks.
            ("amount", amount.raw().parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Float)),
            ("currency", Some(string(&currency.raw().to_uppercase()))),
            ("known", Some(Value::Bool(true))),
        ]),
        Money::NotKnown => map(vec![("known", Some(Value::Bool(false)))]),
    }
}

fn run(subject: &Subject<'_>) -> Value {
    let run = subject.run;
    let micros = subject.now.as_micros().saturating_sub(run.created_at.as_micros());
    map(vec![
        ("name", Some(string(&run.name))),
        ("steps", Some(Value::Int(run.progress.steps.into()))),
        ("denials", Some(Value::Int(run.progress.denials.into()))),
        ("phase", Some(string(&run.progress.phase))),
        ("minutes", Some(Value::Int(micros / 60_000_000))),
    ])
}

fn now(seen: &Seen<'_>) -> Value {
    let wall = seen.zone.wall(seen.subject.now);
    map(vec![
        ("unix", Some(Value::Int(seen.subject.now.as_micros() / 1_000_000))),
        ("hour", Some(Value::Int(wall.hour.into()))),
        ("minute", Some(Value::Int(wall.minute.into()))),
        ("weekday", Some(Value::Int(wall.weekday.into()))),
        ("date", Some(string(&format!("{:04}-{:02}-{:02}", wall.year, wall.month, wall.day)))),
    ])
}

/// What stands at a path, in words: for "why you were asked".
pub(super) fn at(path: &[String], seen: &Seen<'_>) -> Option<String> {
    let (first, members) = path.split_first()?;
    if first == "args" {
        let found = members.iter().try_fold(seen.arguments()?, |at, name| at.get(name))?;
        return Some(cut(found.to_text()));
    }
    let mut value = root(first, seen).ok()?;
    for member in members {
        let Value::Map(map) = &value else { return None };
        value = map.map.get(&Key::from(member.as_str())).cloned()?;
    }
    Some(cut(plain(&value)))
}

/// Values are kept with the request: a long one is cut, and says so.
fn cut(text: String) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        None => text,
        Some((at, _)) => format!("{}… ({} bytes)", text.get(..at).unwrap_or_default(), text.len()),
    }
}

fn plain(value: &Value) -> String {
    words(value).unwrap_or_else(|| "not shown".to_owned())
}

/// A value in words, all of it; `None` when part of it is not there or was too large to be read.
pub(super) fn words(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(words).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Map(map) => {
            let pair = |(key, value): (&Key, &Value)| Some(format!("{key}: {}", words(value)?));
            let mut pairs: Vec<String> = map.map.iter().map(pair).collect::<Option<_>>()?;
            pairs.sort_unstable();
            format!("{{{}}}", pairs.join(", "))
        }
        _ => return None,
    })
}

/// The name a value of ours is stored under.
fn word<T: serde::Serialize>(value: &T) -> Value {
    let name = serde_json::to_value(value).ok();
    string(name.as_ref().and_then(|name| name.as_str()).unwrap_or_default())
}

fn string(text: &str) -> Value {
    if text.len() > TEXT { Value::Null } else { Value::String(Arc::new(text.to_owned())) }
}

fn optional(text: Option<&Untrusted>) -> Option<Value> {
    text.map(|text| string(text.raw()))
}

/// A list that is not whole is not there: reading it is an error, which asks.
fn texts(list: &[Untrusted], more: bool) -> Option<Value> {
    let items = list.iter().map(|text| string(text.raw())).collect();
    (!more).then(|| Value::List(Arc::new(items)))
}

fn map(members: Vec<(&str, Option<Value>)>) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let map: HashMap<Key, Value> = present.map(|(name, value)| (Key::from(name), value)).collect();
    Value::Map(Map { map: Arc::new(map) })
}

fn double(text: &str) -> Value {
    text.parse().ok().filter(|n: &f64| n.is_finite()).map_or(Value::Null, Value::Float)
}

/// JSON for conditions: integers are integers, and what is too large is null.
fn json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(text) => match text.parse::<i64>() {
            Ok(number) => Value::Int(number),
            // An integer beyond 64 bits would lose digits: it is null, and compares with nothing.
            Err(_) if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => Value::Null,
            Err(_) => double(text),
        },
        Json::String(text) => string(text),
        Json::Array(items) if items.len() > LIST => Value::Null,
        Json::Array(items) => Value::List(Arc::new(items.iter().map(json).collect())),
        Json::Object(members) => {
            let pair = |(name, value): &(String, Json)| (Key::from(name.as_str()), json(value));
            Value::Map(Map { map: Arc::new(members.iter().map(pair).collect()) })
        }
    }
}

/// The level's name as conditions and files write it.
pub(super) fn level_name(level: RiskLevel) -> &'static str {
    match level {
        RiskLevel::Safe => "safe",
        RiskLevel::Risky => "risky",
        RiskLevel::Dangerous => "dangerous",
    }
}
