//! What a person sees of a request, as plain text, and whether it shows what a case asks for.

use serde_json::Value;

/// What we say for what a case wants flagged: one of these stands on the card.
const FLAGS: &[(&str, &[&str])] = &[
    ("credential in arguments", &["credential in arguments", "secret 1"]),
    ("irreversible", &["Cannot be undone"]),
    ("encoded command", &["encoded command"]),
    ("3 commands, no error stop", &["3 commands; a later one runs even if an earlier one fails"]),
    (
        "read-only claimed by server, not verified",
        &["claims it is read-only", "claims to be read-only", "read-only; not verified"],
    ),
];

/// Every text of a card in the order of the page; marks in angle brackets.
pub(super) fn plain(card: &Value) -> String {
    let mut out = String::new();
    collect(card, &mut out);
    out
}

fn collect(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) if items.iter().any(|item| item.get("text").is_some()) => {
            for piece in items {
                let text = piece["text"].as_str().unwrap_or_default();
                match piece["mark"].as_bool() {
                    Some(true) => out.push_str(&format!("<{text}>")),
                    _ => out.push_str(text),
                }
            }
            out.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        Value::Object(members) => {
            for (name, item) in members {
                // For an editor, not for the eye.
                if name != "arguments" || item.is_array() {
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

/// Whether a rendering shows what it must and nothing it must not.
pub(super) fn check(shown: &str, expect: &Value) -> Result<(), String> {
    let texts = |name: &str| -> Vec<String> {
        let list = expect[name].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let joined = shown.replace('\n', " ");
    for wanted in texts("visible") {
        let found = wanted.split('|').any(|wanted| joined.contains(wanted));
        if !found {
            return Err(format!("`{wanted}` is not on the card:\n{shown}"));
        }
    }
    for hidden in texts("absent") {
        if shown.contains(&hidden) {
            return Err(format!("`{hidden}` is on the card:\n{shown}"));
        }
    }
    for raw in texts("absent_raw") {
        let code = if raw == "ESC" { "U+001B" } else { &raw };
        let number = u32::from_str_radix(code.trim_start_matches("U+"), 16).unwrap();
        if shown.contains(char::from_u32(number).unwrap()) {
            return Err(format!("{raw} reaches the reader"));
        }
    }
    for flag in texts("flagged") {
        let ours = FLAGS.iter().find(|(name, _)| *name == flag);
        let ours = ours.ok_or(format!("nothing of ours stands for `{flag}`"))?.1;
        if !ours.iter().any(|text| shown.contains(text)) {
            return Err(format!("`{flag}` is not said:\n{shown}"));
        }
    }
    Ok(())
}
