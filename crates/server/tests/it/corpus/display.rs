//! What a person sees of a request, as plain text, and whether it shows what a case asks for.

use serde_json::Value;

/// What we say for what a case wants flagged: one of these stands on the card.
const FLAGS: &[(&str, &[&str])] = &[
    ("credential in arguments", &["credential in arguments"]),
    ("irreversible", &["Cannot be undone"]),
    ("encoded command", &["encoded command"]),
    ("3 commands, no error stop", &["3 commands; a later one runs even if an earlier one fails"]),
    ("read-only claimed by server, not verified", &["claims it is read-only; not verified"]),
];

/// Every text of an answer; marks in angle brackets. The held arguments of a card are for an
/// editor and not for the eye.
pub(crate) fn plain(answer: &Value) -> String {
    let mut out = String::new();
    collect(answer, &mut out);
    out
}

fn collect(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) if items.iter().any(|item| item.get("text").is_some()) => {
            for piece in items {
                let text = piece["text"].as_str().unwrap_or_default();
                let marked = piece["mark"] == true;
                out.push_str(&if marked { format!("<{text}>") } else { text.to_owned() });
            }
            out.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        Value::Object(members) => {
            for (name, item) in members {
                if name != "input_schema" && (name != "arguments" || item.is_array()) {
                    collect(item, out);
                }
            }
        }
        Value::String(text) => {
            out.push_str(text);
            out.push('\n');
        }
        _ => {}
    }
}

fn list(expect: &Value, name: &str) -> Vec<String> {
    let list = expect[name].as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// Whether `page` shows what it must, and `all` (every surface) nothing that it must not.
pub(super) fn check(page: &str, all: &str, expect: &Value) -> Result<(), String> {
    for wanted in list(expect, "visible") {
        // `U+061C|escape`: the code point by name, or any other escape.
        let code = wanted.split('|').next().filter(|code| code.starts_with("U+"));
        let wanted = code.unwrap_or(&wanted);
        if !contains(page, wanted) {
            return Err(format!("`{wanted}` is not shown:\n{page}"));
        }
    }
    for flag in list(expect, "flagged") {
        let ours = FLAGS.iter().find(|(name, _)| *name == flag);
        let ours = ours.ok_or(format!("nothing of ours stands for `{flag}`"))?.1;
        if !ours.iter().any(|text| page.contains(text)) {
            return Err(format!("`{flag}` is not said:\n{page}"));
        }
    }
    for hidden in list(expect, "absent") {
        if contains(all, &hidden) {
            return Err(format!("`{hidden}` is shown:\n{all}"));
        }
    }
    for raw in list(expect, "absent_raw") {
        let code = if raw == "ESC" { "U+001B" } else { &raw };
        let number = u32::from_str_radix(code.trim_start_matches("U+"), 16).unwrap();
        if all.contains(char::from_u32(number).unwrap()) {
            return Err(format!("{raw} reaches the reader"));
        }
        if !all.contains(&format!("<{code}>")) {
            return Err(format!("{raw} is left out:\n{all}"));
        }
    }
    Ok(())
}
