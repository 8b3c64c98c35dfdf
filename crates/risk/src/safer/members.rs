//! Safer values: another place, fewer things, a switch of the tool's own.

use holdshort_core::{Assessment, Json};

use super::{Edit, with};
use crate::call::{Call, find, snake};
use crate::words::{self, listed};

/// Switches that make a call milder when they are on.
const ON: &str =
    "dry_run dryrun draft save_as_draft as_draft archive soft_delete preview validate_only";
/// Switches that make it milder when they are off.
const OFF: &str = "force permanent permanently hard_delete purge cascade skip_final_snapshot";

/// Edits of members of the arguments.
pub(super) fn edits(call: &Call<'_>, made: &Assessment, ways: &mut Vec<Edit>) {
    if !matches!(call.arguments, Json::Object(_)) {
        return;
    }
    place(call, ways);
    switches(call, ways);
    fewer(call, made, ways);
}

/// Somewhere else first.
fn place(call: &Call<'_>, ways: &mut Vec<Edit>) {
    if let Some((key, Json::String(text))) = find(call.arguments, "environment env stage")
        && matches!(text.as_str(), "production" | "prod" | "live")
    {
        let edited = with(call.arguments, key, Json::String("staging".to_owned()));
        ways.push(("Use staging first", "", edited));
    }
}

/// What the tool itself offers, by its schema.
fn switches(call: &Call<'_>, ways: &mut Vec<Edit>) {
    let properties = call.input_schema.and_then(|schema| schema.get("properties"));
    for (key, _) in properties.map_or(&[][..], Json::members) {
        let name = snake(key);
        let now = call.arguments.get(key);
        let (title, value) = match name.as_str() {
            "dry_run" | "dryrun" | "preview" | "validate_only" => ("Try it without effect", true),
            "draft" | "save_as_draft" | "as_draft" => ("Save it as a draft", true),
            "archive" | "soft_delete" => ("Keep it where it can come back", true),
            _ => continue,
        };
        if listed(ON, &name) && now != Some(&Json::Bool(value)) {
            let detail = "the tool says so in its schema; not verified";
            ways.push((title, detail, with(call.arguments, key, Json::Bool(value))));
        }
    }
    for (key, value) in call.arguments.members() {
        if listed(OFF, &snake(key)) && *value == Json::Bool(true) {
            let edited = with(call.arguments, key, Json::Bool(false));
            ways.push(("Without force", "the tool may refuse", edited));
        }
    }
}

/// The first of many: fewer recipients, one machine instead of forty-seven.
fn fewer(call: &Call<'_>, made: &Assessment, ways: &mut Vec<Edit>) {
    let Some(count) = made.count.as_ref().filter(|count| count.number > 1) else { return };
    let Some((key, Json::Array(items))) =
        call.arguments.members().iter().find(|(key, _)| key == count.path.raw())
    else {
        return;
    };
    let Some(first) = items.first() else { return };
    let people = words::split(key).iter().any(|word| {
        listed("to cc bcc recipients recipient emails attendees people users channels", word)
    });
    let title = if people { "Send it to the first one only" } else { "Do the first one only" };
    let edited = with(call.arguments, key, Json::Array(vec![first.clone()]));
    ways.push((title, "look at what it did, then go on", edited));
}
