//! What calling a function of a database does, read from `lexicon/sql_functions.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::finding::Kind;

const TEXT: &str = include_str!("../../lexicon/sql_functions.txt");

struct Functions {
    exact: HashMap<&'static str, Kind>,
    starts: Vec<(&'static str, Kind)>,
}

static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut functions = Functions { exact: HashMap::new(), starts: Vec::new() };
    let lines = TEXT.lines().filter_map(|line| line.split_once(": "));
    for (class, names) in lines.filter(|(class, _)| !class.starts_with('#')) {
        let Some(kind) = kind(class) else { continue };
        for name in names.split_ascii_whitespace() {
            match name.strip_suffix('*') {
                Some(start) => functions.starts.push((start, kind)),
                None => {
                    let _ = functions.exact.insert(name, kind);
                }
            }
        }
    }
    // The longest start counts, and of two equal ones the worse.
    functions.starts.sort_by_key(|(start, kind)| std::cmp::Reverse((start.len(), kind.level())));
    functions
});

fn kind(class: &str) -> Option<Kind> {
    Some(match class {
        "pure" => Kind::Read,
        "sleep" | "lock" | "write" => Kind::Write,
        "secret" => Kind::ReadSecret,
        "execute" => Kind::Execute,
        "stop" => Kind::Halt,
        _ => return None,
    })
}

/// What calling it does; nothing where that is not known.
pub(super) fn find(name: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    FUNCTIONS.exact.get(name.as_str()).copied().or_else(|| {
        let mut starts = FUNCTIONS.starts.iter();
        starts.find(|(start, _)| name.starts_with(start)).map(|(_, kind)| *kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_known() {
        for line in TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(line.split_once(": ").and_then(|(class, _)| kind(class)).is_some(), "{line}");
        }
        assert_eq!(find("PG_READ_FILE"), Some(Kind::ReadSecret));
        assert_eq!(find("date_trunc"), Some(Kind::Read));
        assert_eq!(find("my_function"), None);
    }
}
