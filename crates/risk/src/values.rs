//! Judges the values of a call one by one: paths, addresses, recipients, amounts.

use holdshort_core::{Json, Phrase, Place, Source, Untrusted};

use crate::call::{Call, Leaf, find_text, snake};
use crate::decoded::COMMAND_KEYS;
use crate::finding::{Finding, Kind};
use crate::words::{Name, listed};
use crate::{facts, files, gate, http};

const NAME_KEYS: &str = "to recipient recipients payee host url id table email";

/// What is known about the call before its values are looked at.
pub(crate) struct Looks {
    pub(crate) only_reads: bool,
    /// A command or statement was read.
    pub(crate) by_argument: bool,
}

pub(crate) fn by_values(
    call: &Call<'_>,
    name: &Name,
    leaves: &[Leaf<'_>],
    looks: &Looks,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if hidden(call.tool) {
        found.push(hidden_finding(call.tool));
    }
    // Elements of one list share their key, which may be long: it is split once.
    let mut last: (&str, String) = ("", String::new());
    for leaf in leaves {
        let Json::String(text) = leaf.value else {
            continue;
        };
        found.extend(gate::judge(text, call.cwd, call.own));
        if !std::ptr::eq(last.0, leaf.key()) {
            last = (leaf.key(), snake(leaf.key()));
        }
        let key = last.1.as_str();
        let is_path = facts::is_path_key(key);
        if (is_path || listed(COMMAND_KEYS, key) || listed(NAME_KEYS, key)) && hidden(text) {
            found.push(hidden_finding(text));
        }
        if is_path && !text.contains("://") {
            let one = if looks.only_reads {
                files::judge_read(text)
            } else {
                files::judge_write(text, call.cwd)
            };
            // The name already says that it reads or writes; only more than that is news.
            if !matches!(one.kind, Kind::Read | Kind::Write) {
                found.push(one);
            }
        }
        if let Some((_, path)) = text.split_once('=').filter(|(name, _)| {
            name.starts_with("--") && !name.contains(char::is_whitespace) && !looks.by_argument
        }) {
            let why = Phrase::ours("a value looks like an option: `").theirs(text).and("`");
            found.push(Finding::new(Kind::Unknown, Source::Argument, why));
            found.push(files::judge_write(path, call.cwd));
        }
        if name.has("patch") {
            found.extend(patched(text, call.cwd));
        }
    }
    if let Some(url) = find_text(call.arguments, "url uri href")
        && looks.only_reads
    {
        found.extend(http::judge("GET", url));
    }
    if !looks.only_reads && !looks.by_argument && facts::pays(call.arguments) {
        let why = Phrase::ours("the arguments name an amount and who gets it");
        found.push(Finding::new(Kind::Pay, Source::Argument, why));
    }
    found
}

/// Files a patch writes, where they are not just files.
fn patched<'t>(text: &'t str, cwd: Option<&'t str>) -> impl Iterator<Item = Finding> + 't {
    let starts = [
        "*** Add File: ",
        "*** Update File: ",
        "*** Delete File: ",
        "*** Move to: ",
        "+++ b/",
        "+++ ",
    ];
    text.lines()
        .filter_map(move |line| starts.iter().find_map(|start| line.strip_prefix(start)))
        .map(move |path| files::judge_write(path.trim(), cwd))
        .filter(|one| one.kind != Kind::Write)
}

fn hidden(text: &str) -> bool {
    !text.is_ascii() && Untrusted::new(text).render(Place::Code).revealed > 0
        || text.chars().any(|char| char.is_control() && char != '\n' && char != '\t')
}

fn hidden_finding(text: &str) -> Finding {
    let count = Untrusted::new(text).render(Place::Code).revealed;
    let why =
        Phrase::ours(format!("{count} invisible or misleading characters in a name or command"));
    Finding::new(Kind::Opaque, Source::Argument, why)
}
