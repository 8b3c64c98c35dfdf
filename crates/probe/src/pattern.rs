//! Patterns of file names, as a shell reads them: `*`, `?`, `[…]`, a name at a time.

use std::path::{Path, PathBuf};

use crate::NotKnown;

/// Whether a name fits a pattern. A leading dot is only matched by a dot.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    matches(&pattern, &name)
}

/// Linear in both: on a failure only the last star takes one character more.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        let one = name.get(read).copied().unwrap_or_default();
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
                continue;
            }
            Some(_) => {
                let rest = pattern.get(at..).unwrap_or_default();
                if let Some(taken) = single(rest, one) {
                    (at, read) = (at + taken, read + 1);
                    continue;
                }
            }
            None => {}
        }
        let Some((of, from)) = star else { return false };
        star = Some((of, from + 1));
        (at, read) = (of + 1, from + 1);
    }
    pattern.get(at..).unwrap_or_default().iter().all(|left| *left == '*')
}

/// How many characters of the pattern stand for this one, if they do.
fn single(pattern: &[char], one: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => {
            let inner = pattern.get(1..)?;
            let negated = matches!(inner.first(), Some('!' | '^'));
            let from = usize::from(negated);
            // A `]` that stands first is one of the set.
            let end = inner.iter().skip(from + 1).position(|c| *c == ']')? + from + 1;
            let set = inner.get(from..end)?;
            (holds(set, one) != negated).then_some(end + 2)
        }
        '\\' => (*pattern.get(1)? == one).then_some(2),
        literal => (*literal == one).then_some(1),
    }
}

fn holds(set: &[char], one: char) -> bool {
    let mut at = 0;
    while let Some(low) = set.get(at) {
        match (set.get(at + 1), set.get(at + 2)) {
            (Some('-'), Some(high)) => {
                if (*low..=*high).contains(&one) {
                    return true;
                }
                at += 3;
            }
            _ => {
                if *low == one {
                    return true;
                }
                at += 1;
            }
        }
    }
    false
}

/// The paths a pattern stands for; the pattern itself when there are none, as in a shell.
pub(crate) fn expand(base: &Path, pattern: &str, most: usize) -> Result<Vec<PathBuf>, NotKnown> {
    let mut found = vec![if pattern.starts_with('/') { PathBuf::from("/") } else { base.into() }];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?', '[']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let mut next = Vec::new();
        for directory in found.iter().filter(|path| path.is_dir()) {
            let entries = std::fs::read_dir(directory)
                .map_err(|error| NotKnown::said("a directory cannot be read: ", error))?;
            for entry in entries {
                let entry =
                    entry.map_err(|error| NotKnown::said("a directory cannot be read: ", error))?;
                if fits(part, &entry.file_name().to_string_lossy()) {
                    next.push(entry.path());
                }
            }
            if next.len() > most {
                return Err(NotKnown::because(format!("it stands for more than {most} files")));
            }
        }
        found = next;
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn names_are_matched_as_a_shell_does() {
        for (pattern, name, expected) in [
            ("*", "a", true),
            ("*", ".hidden", false),
            (".*", ".hidden", true),
            ("*.rs", "main.rs", true),
            ("*.rs", "main.rc", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbY", false),
            ("?", "é", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]x]", "]", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("**********b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
