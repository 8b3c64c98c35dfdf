//! Judges the values of a call one by one: paths, addresses, recipients, amounts.

use holdshort_core::{Json, Phrase, Place, Source, Untrusted};

use crate::call::{Call, Leaf, find_text, snake};
use crate::decoded::COMMAND_KEYS;
use crate::finding::{Finding, Kind};
use crate::words::{Name, listed};
use crate::{facts, files, gate};

const PATH_KEYS: &str = "\
    path paths file_path file files filename notebook_path destination dest target_file \
    relative_workspace_path absolute_path uri new_path output_path output";
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
        let is_path = listed(PATH_KEYS, key);
        if (is_path || listed(COMMAND_KEYS, key) || listed(NAME_KEYS, key)) && hidden(text) {
            found.push(hidden_finding(text));
        }
        if is_path && !text.contains("://") {
            let one =
                if looks.only_reads { files::judge_read(text) } else { files::judge_write(text) };
            // The name already says that it reads or writes; only more than that is news.
            if !matches!(one.kind, Kind::Read | Kind::Write) {
                found.push(one);
            }
        }
        if let Some((_, path)) = text.split_once('=').filter(|_| text.starts_with("--")) {
            let why = Phrase::ours("a value looks like an option: `").theirs(text).and("`");
            found.push(Finding::new(Kind::Unknown, Source::Argument, why));
            found.push(files::judge_write(path));
        }
        if name.has("patch") {
            found.extend(patched(text));
        }
    }
    found.extend(request(call));
    if !looks.only_reads && !looks.by_argument && facts::pays(call.arguments) {
        let why = Phrase::ours("the arguments name an amount and who gets it");
        found.push(Finding::new(Kind::Pay, Source::Argument, why));
    }
    found
}

/// Files a patch writes, where they are not just files.
fn patched(text: &str) -> impl Iterator<Item = Finding> {
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
        .map(|path| files::judge_write(path.trim()))
        .filter(|one| one.kind != Kind::Write)
}

/// A web request: the method says what it asks for.
fn request(call: &Call<'_>) -> Option<Finding> {
    let url = find_text(call.arguments, "url uri endpoint href")?;
    if url.starts_with("file:") {
        return Some(files::judge_read(url));
    }
    let host = url.split("://").nth(1).unwrap_or(url).split(['/', '?']).next().unwrap_or_default();
    let method = find_text(call.arguments, "method http_method verb").map(str::to_ascii_uppercase);
    let (kind, why) = match method.as_deref() {
        None | Some("GET" | "HEAD" | "OPTIONS") => (Kind::Fetch, "asks the host `"),
        Some("DELETE") => (Kind::Destroy, "asks to delete at the host `"),
        Some(_) => (Kind::Send, "sends data to the host `"),
    };
    Some(Finding::new(kind, Source::Http, Phrase::ours(why).theirs(host).and("`")))
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
