//! Safer ways to do the same, as ready edits. Each edit is judged like the call itself.

mod commands;
mod members;
mod statements;

use holdshort_core::{Alternative, Assessment, Json, Phrase, Untrusted};

use crate::assess::judge;
use crate::call::Call;

/// Shown at most.
const WAYS: usize = 3;

/// Title, detail, and the whole changed arguments.
type Edit = (&'static str, &'static str, Json);

/// Edits that are no worse than the call.
pub(crate) fn find_ways(call: &Call<'_>, made: &Assessment) -> Vec<Alternative> {
    if made.touches_gate || made.uninspectable.is_some() {
        return Vec::new();
    }
    let mut ways: Vec<Edit> = Vec::new();
    commands::edits(call, &mut ways);
    statements::edits(call, &mut ways);
    members::edits(call, made, &mut ways);
    // What becomes mildest stands first.
    let mut ways: Vec<Alternative> = ways
        .into_iter()
        .map(|(title, detail, arguments)| {
            let becomes = judge(&Call { arguments: &arguments, ..*call }).level;
            Alternative {
                title: Phrase::ours(title),
                detail: Phrase::ours(detail),
                arguments: Untrusted::new(arguments.to_text()),
                becomes,
            }
        })
        .filter(|way| way.becomes <= made.level)
        .collect();
    ways.sort_by_key(|way| way.becomes);
    ways.truncate(WAYS);
    ways
}

/// The arguments with one member changed or added.
fn with(arguments: &Json, key: &str, value: Json) -> Json {
    let mut members = arguments.members().to_vec();
    match members.iter_mut().find(|(name, _)| name == key) {
        Some((_, old)) => *old = value,
        None => members.push((key.to_owned(), value)),
    }
    Json::Object(members)
}
