//! Looks through programs that run other programs, and at variables that make others run code.

use super::assignment;
use super::lists::{INTERPRETERS, SHELLS, Wrapper};
use super::options::has_option;
use super::programs::{Judged, base, command, script, why};
use crate::finding::Kind;
use crate::gate;
use crate::words::{items, listed};

pub(crate) fn variable(name: &str, value: &str, out: &mut Judged) {
    const HARMLESS: &str = "LANG TZ NO_COLOR CI TERM COLUMNS FORCE_COLOR RUST_BACKTRACE";
    const LOADS: &str = "\
        PATH BASH_ENV ENV IFS PS4 PROMPT_COMMAND PAGER EDITOR VISUAL BROWSER NODE_OPTIONS \
        PYTHONSTARTUP PYTHONPATH PERL5OPT PERL5LIB RUBYOPT RUBYLIB SHELL RUSTC_WRAPPER RUSTC \
        MANPAGER LESSOPEN JAVA_TOOL_OPTIONS HOME SHELLOPTS";
    let text = format!("{name}={value}");
    if gate::is_own_variable(name) {
        out.add(Kind::Gate, "sets a variable of Holdshort", &text);
    } else if listed(LOADS, name)
        || ["LD_", "DYLD_", "GIT_", "BASH_FUNC", "npm_config_", "CARGO_"]
            .iter()
            .any(|start| name.starts_with(start))
    {
        out.add(Kind::Execute, "sets a variable that makes other programs run code", &text);
    } else if listed(HARMLESS, name) || name.starts_with("LC_") {
        out.add(Kind::Read, "sets a variable", &text);
    } else {
        out.add(Kind::Write, "sets a variable", &text);
    }
}

pub(crate) fn interpreter(name: &str, rest: &[String], depth: usize, out: &mut Judged) {
    let only = |list: &str| {
        rest.len() == 1 && rest.first().is_some_and(|word| listed(list, word.as_str()))
    };
    if only("--version -V -v") && name != "php" {
        return out.add(Kind::Read, "only shows a version", name);
    }
    if listed(SHELLS, name)
        && let [option, text] = rest
        && matches!(option.as_str(), "-c" | "-lc" | "-ec" | "-ic")
    {
        return if depth == 0 {
            out.add(Kind::Opaque, "shells are nested too deep", name);
        } else {
            script(text, depth - 1, out);
        };
    }
    if let [option, module, ..] = rest
        && option == "-m"
        && matches!(module.as_str(), "pytest" | "unittest" | "mypy" | "black" | "ruff" | "isort")
        && name.starts_with("python")
    {
        return out.add(Kind::Write, why(Kind::Write), module);
    }
    out.add(Kind::Execute, why(Kind::Execute), name);
}

/// `timeout 5 ls` is judged as `ls`.
pub(crate) fn through(wrapper: &Wrapper, rest: &[String], depth: usize, out: &mut Judged) {
    let Wrapper { program, .. } = *wrapper;
    match program {
        "sudo" | "doas" => out.add(Kind::Grant, "runs with other rights", program),
        "xargs" => out.add(Kind::Write, "takes its arguments from the command before", program),
        "command" if has_option(rest, "-v -V") => {
            return out.add(Kind::Read, "only looks a program up", program);
        }
        _ => {}
    }
    if program == "xargs" && rest.iter().any(|word| listed(INTERPRETERS, base(word))) {
        out.add(Kind::Execute, "runs what it is given by the command before", program);
    }
    let mut words = rest.iter();
    let mut plain = wrapper.plain;
    let mut inner: &[String] = words.as_slice();
    while let Some(word) = words.next() {
        if listed(wrapper.with_value, word.as_str()) {
            let _ = words.next();
        } else if listed(wrapper.alone, word.as_str()) || word == "--" {
        } else if word.starts_with('-') {
            if !glued_number(word, wrapper) {
                out.add(Kind::Opaque, "an option of a wrapper is not known", word);
            }
        } else if let (true, Some((name, value))) =
            (matches!(program, "env" | "sudo"), assignment(word))
        {
            variable(&name, &value, out);
        } else if plain > 0 {
            plain -= 1;
        } else {
            break;
        }
        inner = words.as_slice();
    }
    if inner.is_empty() {
        let kind = if program == "env" { Kind::ReadSecret } else { Kind::Write };
        return out.add(kind, "shows or changes the environment", program);
    }
    if depth == 0 {
        return out.add(Kind::Opaque, "wrappers are nested too deep", program);
    }
    command(inner, depth - 1, out);
}

/// `-n5`, `-5`, `-I{}`, `-oL`: an option that takes a value, with the value glued to it.
fn glued_number(word: &str, wrapper: &Wrapper) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|char| char.is_ascii_digit());
    word.strip_prefix('-').is_some_and(|text| wrapper.program == "nice" && digits(text))
        || items(wrapper.with_value).any(|option| {
            word.strip_prefix(option).is_some_and(|text| {
                digits(text) || (text == "{}" && option == "-I") || matches!(text, "L" | "0")
            })
        })
}
