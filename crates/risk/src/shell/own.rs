//! Programs whose arguments say more than a table can: `kill`, `tar`, `cd`, `alias`.

use super::judge::Judge;
use super::script::{Input, Script, Word};
use super::streams;
use super::walk::Hit;
use crate::files;
use crate::finding::Kind;

/// Looks at a program's own arguments. Says whether nothing is left for the table.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    name: &str,
    args: &[Word],
    input: &Input,
    script: &Script,
) -> bool {
    let texts: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    match name {
        "cd" | "pushd" => {
            judge.enter(args.iter().find(|word| !word.text.starts_with('-') || word.text == "-"))
        }
        "sed" | "gsed" => streams::sed(judge, args),
        "awk" | "gawk" | "mawk" | "nawk" => streams::awk(judge, args),
        "kill" => {
            kill(judge, &texts);
            return true;
        }
        "alias" => {
            for text in texts.iter().filter_map(|text| text.split_once('=')) {
                // What the alias gets as its words is not known.
                judge.nested(&format!("{} \"$@\"", text.1));
            }
        }
        "test" | "[" | "let" | "printf" | "unset" | "declare" | "typeset" | "local" | "export"
        | "readonly" | "read" => {
            if texts.iter().any(|text| text.contains("[$(") || text.contains("[`")) {
                judge.add(Kind::Execute, "a subscript that runs a command", name);
            }
            for (variable, value) in texts.iter().filter_map(|text| text.split_once('=')) {
                if texts.contains(&"-n") && matches!(name, "declare" | "typeset" | "local") {
                    judge.add(Kind::Unknown, "a name that stands for another variable", variable);
                }
                let declares =
                    matches!(name, "declare" | "typeset" | "local" | "export" | "readonly");
                if declares {
                    judge.variable(variable, &Word::exact(value));
                }
            }
            if name == "unset" && texts.iter().any(|text| text.starts_with("HIST")) {
                judge.add(Kind::Unknown, "hides what is typed", name);
            }
            if name == "printf" && texts.first() == Some(&"-v") {
                let variable = texts.get(1).copied().unwrap_or_default();
                judge.variable(variable, &Word::exact("…"));
            }
        }
        _ if name.starts_with("python") || matches!(name, "py" | "pypy" | "pypy3") => {
            return module(judge, args, input, script);
        }
        // `tar xzf a`: the first word is options without a dash.
        "tar" | "bsdtar" | "ar" if texts.first().is_some_and(|text| bundled(text)) => {
            let mut args = args.to_vec();
            if let Some(first) = args.first_mut() {
                first.text.insert(0, '-');
            }
            let words: Vec<Word> = [Word::exact(name)].into_iter().chain(args).collect();
            judge.command(&words, input, script);
            return true;
        }
        _ => {}
    }
    false
}

/// `python -m pytest …` is judged as `pytest …`, where the table has it.
fn module(judge: &mut Judge<'_>, args: &[Word], input: &Input, script: &Script) -> bool {
    let options = args.iter().take_while(|word| word.text.starts_with('-') && word.text != "-m");
    let before = options.clone().count();
    let plain =
        options.clone().all(|word| matches!(word.text.as_str(), "-u" | "-B" | "-I" | "-s" | "-E"));
    let Some([dash, module, ..]) = args.get(before..) else { return false };
    let known = super::table::table().program(&module.text).is_some();
    if dash.text != "-m" || !plain || !known {
        return false;
    }
    let words = args.get(before + 1..).unwrap_or_default().to_vec();
    judge.command(&words, input, script);
    true
}

/// Whether a package runner finds this tool in the project: one that the table knows, unpinned.
pub(super) fn is_local_tool(named: &str) -> bool {
    super::table::table().program(named).is_some()
}

/// An option that names the method of a request.
pub(super) fn asks_to_delete(hit: &Hit<'_>) -> bool {
    let value = hit.value.as_ref().map_or("", |word| word.text.as_str());
    matches!(hit.key, "-X" | "--method" | "--request" | "-m")
        && value.eq_ignore_ascii_case("DELETE")
}

/// An option that is harmless for this value: a folder of the workspace, or a volume with a name,
/// shown to a container.
pub(super) fn is_mild(hit: &Hit<'_>) -> bool {
    let Some(value) = hit.value.as_ref().filter(|_| hit.rule.effect == Some(Kind::Grant)) else {
        return false;
    };
    let source = match hit.key {
        "-v" | "--volume" => value.text.split(':').next(),
        "--mount" => value
            .text
            .split(',')
            .find_map(|part| part.strip_prefix("source=").or_else(|| part.strip_prefix("src="))),
        _ => None,
    };
    source.is_some_and(|path| {
        let own = path == "$PWD" || path == "$(pwd)" || path == ".";
        own || (files::is_within(path, None)
            && !path.starts_with("..")
            && !files::is_sensitive(path, None))
    })
}

fn bundled(text: &str) -> bool {
    !text.starts_with('-')
        && !text.is_empty()
        && text.chars().all(|char| char.is_ascii_alphabetic())
}

fn kill(judge: &mut Judge<'_>, texts: &[&str]) {
    if texts.first() == Some(&"-l") || texts == ["-0"] {
        return judge.add(Kind::Read, "only lists signals", "kill");
    }
    // The first word may be a signal (`-9`); a later one that is negative names a whole group.
    let signal = texts.first().is_some_and(|text| text.starts_with('-'));
    let processes = texts.iter().skip(usize::from(signal));
    let broad = processes
        .clone()
        .any(|text| (text.starts_with('-') && *text != "--") || matches!(*text, "0" | "1"))
        || texts == ["-1"];
    let kind = if broad { Kind::Halt } else { Kind::Stop };
    judge.add(kind, "ends processes", &texts.join(" "));
}
