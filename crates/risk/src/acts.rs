//! What exactly a call would act on, for whoever looks at that before it runs: the files of a
//! removal, the names of a push, the rows of a statement. Told whole, or not at all.

mod pushes;
mod removals;
mod rows;

use holdshort_core::Json;

use crate::call::{Call, find, find_text, plain};
use crate::decoded::COMMAND_KEYS;
use crate::shell::{self, Script, Simple, Word};

pub use pushes::{Pushes, pushes};
pub use removals::{Removals, removals};
pub use rows::count_query;

/// Arguments that name the directory a command runs in.
const CWD_KEYS: &str = "cwd workdir working_directory working_dir directory";

/// The one command text of a call, taken apart; `None` when it is not known in full.
fn script_of(call: &Call<'_>) -> Option<Script> {
    let (_, value) = find(call.arguments, COMMAND_KEYS)?;
    if find(call.arguments, "args arguments").is_some() {
        return None;
    }
    let script = match value {
        Json::String(text) => shell::parse(text),
        Json::Array(items) => {
            let words: Option<Vec<Word>> =
                items.iter().map(|item| plain(item).map(Word::exact)).collect();
            let simple = Simple { words: words?, ..Simple::default() };
            Script { commands: vec![simple], ..Script::default() }
        }
        _ => return None,
    };
    let known = script.opaque.is_none()
        && script.evaluates.is_empty()
        && script.functions.is_empty()
        && !script.indirect
        && script.commands.iter().all(|simple| simple.words.iter().all(is_whole));
    known.then_some(script)
}

fn is_whole(word: &Word) -> bool {
    word.is_known() && !word.tilde
}

/// The words of a command, without a `sudo` in front.
fn words_of(simple: &Simple) -> &[Word] {
    match simple.words.split_first() {
        Some((first, rest)) if first.text == "sudo" => match rest.first() {
            Some(next) if !next.text.starts_with('-') => rest,
            _ => &simple.words,
        },
        _ => &simple.words,
    }
}

/// The directory a call runs in; empty when it does not say.
fn cwd_of(call: &Call<'_>) -> String {
    let named = call.cwd.or_else(|| find_text(call.arguments, CWD_KEYS));
    named.unwrap_or_default().to_owned()
}

/// A directory below another one, or one of its own.
fn join(base: &str, to: &str) -> Option<String> {
    match (to.starts_with('/'), base.is_empty()) {
        (true, _) => Some(to.to_owned()),
        (false, true) => None,
        (false, false) => Some(format!("{}/{to}", base.trim_end_matches('/'))),
    }
}
