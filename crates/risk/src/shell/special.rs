//! Judges programs that are more than a list entry: web clients, editors of streams, clouds,
//! databases.

use super::options::has_option;
use super::programs::{Judged, read_from, why, write_to, writing};
use crate::finding::Kind;
use crate::words::items;
use crate::{files, sql, words};

pub(crate) fn web(name: &str, rest: &[String], out: &mut Judged) {
    const DATA: &str = "\
        -d --data --data-binary --data-raw --data-urlencode -F --form -T --upload-file --json \
        --post-data --post-file --body-data --body-file";
    let text = rest.join(" ");
    let verb = rest.iter().zip(rest.iter().skip(1)).find_map(|(option, value)| {
        matches!(option.as_str(), "-X" | "--request" | "--method").then_some(value.as_str())
    });
    let glued = rest.iter().find_map(|word| {
        ["-X", "--request=", "--method="].iter().find_map(|start| word.strip_prefix(start))
    });
    let verb = verb.or(glued.filter(|verb| !verb.is_empty())).map(str::to_ascii_uppercase);
    out.add(Kind::Fetch, "asks a remote host", name);
    let posts = has_option(rest, DATA) || matches!(name, "http" | "https");
    match verb.as_deref() {
        Some("DELETE") => out.add(Kind::Destroy, "asks a remote host to delete", &text),
        Some("GET" | "HEAD" | "OPTIONS") | None if !posts => {}
        _ => out.add(Kind::Send, why(Kind::Send), &text),
    }
    if posts
        && words::split(&text).iter().any(|word| {
            matches!(
                word.as_str(),
                "delete" | "drop" | "destroy" | "terminate" | "purge" | "remove"
            )
        })
    {
        out.add(Kind::Destroy, "what it sends asks to delete", &text);
    }
    if has_option(rest, "-K --config --use-askpass --execute -e") {
        out.add(Kind::Execute, "an option changes how it is set up", name);
    }
    let saves = has_option(rest, "-o -O --output --output-document --remote-name");
    if saves || name == "wget" {
        out.add(Kind::Write, "saves what it gets", name);
        rest.iter().filter(|word| files::is_sensitive(word)).for_each(|word| write_to(word, out));
    }
    rest.iter().for_each(|word| read_from(word.trim_start_matches(['@', '<']), out));
}

pub(crate) fn sed(rest: &[String], out: &mut Judged) {
    let prints = |script: &str| script.chars().all(|char| "0123456789,$pdq; !".contains(char));
    let flags = |script: &str| {
        let last = script.rsplit(['/', '|', '#', ',', ';', '}', ' ']).next().unwrap_or_default();
        last.chars().all(|char| char.is_ascii_alphanumeric()) && last.contains('e')
    };
    let runs =
        |script: &str| script.trim_start_matches(|c: char| !c.is_alphabetic()).starts_with('e');
    let plain: Vec<&String> = rest.iter().filter(|word| !word.starts_with('-')).collect();
    // With `-e` any word may be a script, without it the first plain one is.
    let many = has_option(rest, "-e --expression -f --file");
    let scripts = rest.iter().filter(|word| many || plain.first() == Some(word));
    let acts = |script: &String| flags(script) || runs(script) || script.contains("w ");
    if scripts.into_iter().any(acts) || has_option(rest, "-f --file") {
        return out.add(Kind::Execute, "a sed script may run commands or write any file", "sed");
    }
    let quiet = rest.iter().all(|word| !word.starts_with('-') || word == "-n" || word == "-E");
    if quiet && plain.first().is_some_and(|script| prints(script)) {
        out.add(Kind::Read, why(Kind::Read), "sed");
        return rest.iter().for_each(|path| read_from(path, out));
    }
    writing("sed", rest, out);
}

pub(crate) fn awk(rest: &[String], out: &mut Judged) {
    let simple = |word: &String| {
        !["system", ">", "|", "getline", "@"].iter().any(|part| word.contains(part))
            && (!word.starts_with('-') || word.starts_with("-F") || word.starts_with("-v"))
    };
    if rest.iter().all(simple) {
        out.add(Kind::Read, why(Kind::Read), "awk");
        rest.iter().for_each(|path| read_from(path, out));
    } else {
        out.add(Kind::Execute, "an awk script may run commands or write files", "awk");
    }
}

pub(crate) fn kill(rest: &[String], out: &mut Judged) {
    // The first word may be a signal (`-9`); a later one that is negative names a whole group.
    let broad = rest.iter().skip(1).any(|word| word.starts_with('-') && word != "--")
        || rest.iter().any(|word| matches!(word.as_str(), "-1" | "0" | "1"))
        || rest.iter().any(|word| word.contains('$'));
    let kind = if broad { Kind::Destroy } else { Kind::Write };
    out.add(kind, "ends processes", &rest.join(" "));
}

pub(crate) fn cloud(name: &str, rest: &[String], out: &mut Judged) {
    // Only the operation counts, so `--name list` or a resource called `list` does not.
    let at = |index: usize| {
        rest.get(index)
            .map(String::as_str)
            .filter(|word| !word.starts_with('-'))
            .unwrap_or_default()
    };
    let (service, operation) = (at(0), at(1));
    let deep = if operation.ends_with('s') && name != "aws" { at(2) } else { "" };
    let shown = format!("{name} {service} {operation} {deep}");
    let shown = shown.trim_end();
    let starts = |list: &str| {
        [operation, deep].iter().any(|word| items(list).any(|start| word.starts_with(start)))
    };
    if starts("terminate delete remove rm rb purge deregister destroy") {
        return out.add(Kind::Destroy, why(Kind::Destroy), shown);
    }
    let reads = match name {
        "aws" => starts("describe- list- get-") || operation == "ls",
        _ => [operation, deep].iter().any(|word| {
            matches!(*word, "list" | "describe" | "show" | "view" | "status" | "checks")
        }),
    };
    if reads && ["secret", "parameter", "token", "password"].iter().any(|part| shown.contains(part))
    {
        out.add(Kind::ReadSecret, "reads keys or credentials", shown);
    } else if reads {
        out.add(Kind::Read, why(Kind::Read), shown);
    } else if matches!(name, "gh" | "glab") {
        out.add(Kind::Send, "changes what others see", shown);
    } else {
        out.add(Kind::Release, why(Kind::Release), shown);
    }
}

pub(crate) fn database(name: &str, rest: &[String], out: &mut Judged) {
    let option = rest.iter().zip(rest.iter().skip(1)).find_map(|(option, value)| {
        matches!(option.as_str(), "-c" | "-e" | "--command" | "--execute").then_some(value)
    });
    let one = rest.iter().filter(|word| matches!(word.as_str(), "-c" | "-e")).count() == 1
        && !has_option(rest, "-f --file --init-command -init --set -v --pager");
    let last = rest.get(1).filter(|_| matches!(name, "sqlite3" | "duckdb") && rest.len() == 2);
    match option.filter(|_| one).or(last) {
        Some(text) if !text.trim_start().starts_with('.') => {
            out.findings.extend(sql::judge(text).findings);
        }
        _ => {
            out.add(Kind::UnknownCode, "opens a database with statements that were not read", name)
        }
    }
}
