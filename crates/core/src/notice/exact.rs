//! Exactly what will run: tool, place, commands, and every argument in full.

use super::mask::Mask;
use crate::action::Call;
use crate::assessment::Assessment;
use crate::json::Json;
use crate::untrusted::{Place, Shown, Untrusted};

/// The decoded call.
#[derive(Clone, Debug)]
pub struct Exact {
    /// The tool.
    pub tool: Shown,
    /// Its server; empty when there is none.
    pub server: Shown,
    /// Where it runs; empty when not named.
    pub cwd: Shown,
    /// For a command: one simple command a line.
    pub command: Vec<Shown>,
    /// Every argument, sorted by name.
    pub arguments: Vec<Line>,
    /// Why it cannot be shown in full, if so.
    pub uninspectable: Option<String>,
}

/// One argument.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its path.
    pub name: Shown,
    /// Its value; empty when `items` has it.
    pub value: Shown,
    /// The elements of a list of plain values.
    pub items: Vec<Shown>,
    /// Characters in all.
    pub chars: usize,
    /// Whether a secret was masked in it.
    pub secret: bool,
}

/// A call that no request is about: what it does in one sentence, and in full.
#[must_use]
pub fn call(call: &Call, assessment: &Assessment) -> (Shown, Exact) {
    let arguments = Json::parse(call.arguments.raw().as_bytes()).unwrap_or(Json::Null);
    let mask = Mask::of(&arguments, &assessment.secrets);
    (mask.phrase(&assessment.sentence), exact((call, assessment), &arguments, &mask))
}

pub(super) fn exact(
    (call, assessment): (&Call, &Assessment),
    arguments: &Json,
    mask: &Mask,
) -> Exact {
    let mut lines = Vec::new();
    flatten(String::new(), arguments, mask, &mut lines);
    if let Ok(pins) = Json::parse(call.pins.raw().as_bytes()) {
        flatten("(pinned)".to_owned(), &pins, mask, &mut lines);
    }
    Exact {
        tool: call.tool.render(Place::Name),
        server: call.server.render(Place::Name),
        cwd: mask.text(&call.cwd, Place::Name),
        command: assessment.commands.iter().map(|line| mask.phrase(line)).collect(),
        arguments: lines,
        uninspectable: assessment.uninspectable.clone(),
    }
}

fn flatten(path: String, value: &Json, mask: &Mask, lines: &mut Vec<Line>) {
    match value {
        Json::Object(members) if !members.is_empty() => {
            let mut sorted: Vec<&(String, Json)> = members.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, item) in sorted {
                let key = segment(key);
                let below = if path.is_empty() { key } else { format!("{path}.{key}") };
                flatten(below, item, mask, lines);
            }
        }
        Json::Array(items) if !items.is_empty() && items.iter().all(is_plain) => {
            let texts: Vec<String> = items.iter().map(|item| plain_text(item, mask)).collect();
            lines.push(Line {
                name: Untrusted::new(path).render(Place::Name),
                value: Shown::default(),
                chars: texts.iter().map(|text| text.chars().count()).sum(),
                secret: texts.iter().any(|text| mask.hides(text)),
                items: texts
                    .into_iter()
                    .map(|text| mask.text(&Untrusted::new(text), Place::Code))
                    .collect(),
            });
        }
        Json::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flatten(format!("{path}[{index}]"), item, mask, lines);
            }
        }
        other => {
            let text = plain_text(other, mask);
            lines.push(Line {
                name: Untrusted::new(path).render(Place::Name),
                chars: text.chars().count(),
                secret: mask.hides(&text),
                value: mask.text(&Untrusted::new(text), Place::Code),
                items: Vec::new(),
            });
        }
    }
}

fn is_plain(value: &Json) -> bool {
    !matches!(value, Json::Array(_) | Json::Object(_))
}

/// A key as part of a path; in quotes when it could be taken for more than one.
fn segment(key: &str) -> String {
    let plain = !key.is_empty() && !key.contains(['.', '[', ']', '"']);
    if plain { key.to_owned() } else { Json::String(key.to_owned()).to_text() }
}

/// Strings in quotes only when they could be taken for something else. A secret stays as it is:
/// quoting would change it, and the mask would not find it.
fn plain_text(value: &Json, mask: &Mask) -> String {
    match value {
        Json::String(text) if mask.hides(text) => text.clone(),
        Json::String(text) => {
            let ambiguous = text.is_empty()
                || matches!(text.as_str(), "null" | "true" | "false" | "[]" | "{}")
                || text.starts_with('"')
                || text.parse::<f64>().is_ok();
            if ambiguous { value.to_text() } else { text.clone() }
        }
        other => other.to_text(),
    }
}
