//! The small languages of `sed` and `awk`: whether a script only prints.

use super::judge::Judge;
use super::script::Word;
use crate::finding::Kind;

/// Looks for commands of sed that run programs or write files.
pub(super) fn sed(judge: &mut Judge<'_>, args: &[Word]) {
    let mut scripts: Vec<&Word> = Vec::new();
    let mut words = args.iter();
    let mut given = false;
    let mut first: Option<&Word> = None;
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "-e" | "--expression" => {
                given = true;
                scripts.extend(words.next());
            }
            "-f" | "--file" => {
                given = true;
                let _ = words.next();
                judge.add(Kind::Execute, "a sed script that was not read", "sed");
            }
            text if text.starts_with("--expression=")
                || (text.starts_with("-e") && text.len() > 2) =>
            {
                given = true;
                scripts.push(word);
            }
            // BSD's `-i ''`
            "" => {}
            text if !text.starts_with('-') && first.is_none() => first = Some(word),
            _ => {}
        }
    }
    if !given {
        scripts.extend(first);
    }
    for script in scripts {
        let text = script.text.strip_prefix("--expression=").unwrap_or(&script.text);
        let text = text.strip_prefix("-e").unwrap_or(text);
        match sed_acts(text) {
            Some(why) => judge.add(Kind::Execute, why, "sed"),
            None if !script.is_known() && text.trim_start().starts_with('$') => {
                judge.add(Kind::Unknown, "a sed script that is not known", "sed");
            }
            None => {}
        }
    }
}

/// Why a sed script does more than change the text that passes.
fn sed_acts(script: &str) -> Option<&'static str> {
    const RUNS: &str = "a sed script that runs a command";
    const WRITES: &str = "a sed script that writes a file";
    let mut chars = script.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            // Addresses: numbers, `$`, `/…/`, `\c…c`, and what joins them.
            '/' => skip(&mut chars, '/'),
            '\\' => {
                if let Some(mark) = chars.next() {
                    skip(&mut chars, mark);
                }
            }
            's' => {
                let mark = chars.next()?;
                skip(&mut chars, mark);
                skip(&mut chars, mark);
                loop {
                    match chars.peek() {
                        Some('e') => return Some(RUNS),
                        Some('w') => return Some(WRITES),
                        Some(flag) if flag.is_ascii_alphanumeric() => {
                            let _ = chars.next();
                        }
                        _ => break,
                    }
                }
            }
            'y' => {
                let mark = chars.next()?;
                skip(&mut chars, mark);
                skip(&mut chars, mark);
            }
            'e' => return Some(RUNS),
            'w' | 'W' => return Some(WRITES),
            // Text, labels and file names go to the end of the line.
            'a' | 'i' | 'c' | 'r' | 'R' | ':' | 'b' | 't' | 'T' => {
                while chars
                    .next_if(|char| {
                        *char != '\n' && !(*char == ';' && "btT:".contains(char.to_owned()))
                    })
                    .is_some()
                {}
            }
            _ => {}
        }
    }
    None
}

fn skip(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, mark: char) {
    let mut set = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                let _ = chars.next();
            }
            '[' if mark != '[' => set = true,
            ']' => set = false,
            // Inside a set the mark still ends it for `s`; sed differs between versions.
            _ if char == mark && !set => return,
            _ => {}
        }
    }
}

/// Looks for what an awk program runs or writes.
pub(super) fn awk(judge: &mut Judge<'_>, args: &[Word]) {
    let mut words = args.iter();
    let mut program = None;
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "-F" | "-v" | "--field-separator" | "--assign" => {
                let _ = words.next();
            }
            "-f" | "--file" | "-i" | "--include" | "-l" | "--load" | "-E" | "--exec" => {
                let _ = words.next();
                judge.add(Kind::Execute, "an awk program that was not read", "awk");
                program = Some(word);
            }
            text if text.starts_with('-') => {}
            _ if program.is_none() => program = Some(word),
            _ => {}
        }
    }
    let Some(word) = program else { return };
    let code = outside_strings(&word.text);
    let acts = code.contains("system")
        || code.contains('|') && code.replace("||", "").contains('|')
        || code.contains("getline")
        || code.contains("@load")
        || code.contains("@include");
    let writes = code.split(['{', ';', '\n']).any(|part| {
        let part = part.trim_start();
        (part.starts_with("print")) && part.contains('>')
    });
    if acts {
        judge.add(Kind::Execute, "an awk program that runs commands", "awk");
    } else if writes {
        judge.add(Kind::Write, "an awk program that writes files", "awk");
    } else if !word.is_known() {
        judge.add(Kind::Unknown, "an awk program that is not known", "awk");
    }
}

/// A program without what stands in quotes and between slashes.
fn outside_strings(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    let mut before = '{';
    while let Some(char) = chars.next() {
        let regex = char == '/' && "({,!~&|;\n".contains(before);
        if char == '"' || regex {
            let end = char;
            while let Some(inside) = chars.next() {
                if inside == '\\' {
                    let _ = chars.next();
                } else if inside == end {
                    break;
                }
            }
        } else {
            out.push(char);
        }
        if !char.is_whitespace() {
            before = char;
        }
    }
    out
}
