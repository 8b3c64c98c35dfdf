//! What a description says first: its verb.

use holdshort_core::{Phrase, Source};

use super::lexicon::lexicon;
use crate::finding::{Finding, Kind};

/// A longer description is not read on.
const WORDS_MAX: usize = 40;

/// Words that stand before the verb of a description and say nothing themselves.
const LEAD: &[&str] = &[
    "this",
    "the",
    "tool",
    "a",
    "an",
    "api",
    "endpoint",
    "operation",
    "action",
    "function",
    "method",
    "use",
    "used",
    "using",
    "it",
    "allows",
    "allow",
    "lets",
    "let",
    "enables",
    "enable",
    "you",
    "to",
    "users",
    "user",
    "can",
    "will",
    "be",
    "is",
    "for",
    "helps",
    "help",
    "permission",
    "grants",
    "grant",
    "provides",
    "ability",
    "and",
    "also",
    "please",
    "efficiently",
    "quickly",
    "your",
    "callers",
    "customers",
    "clients",
    "client",
    "request",
    "command",
    "beta",
    "experimental",
    "deprecated",
    "preview",
    "note",
    "optionally",
    "new",
    "important",
    "internal",
    "admin",
    "only",
    "safely",
    "simply",
    "programmatically",
    "asynchronously",
    "synchronously",
    "immediately",
];

/// What a description says.
pub(crate) struct Told {
    pub(crate) finding: Finding,
    /// Whether its verb admits to more than any name could mean: it deletes, it pays.
    pub(crate) plain: bool,
    /// Whether it plainly says that it looks, and says nothing else.
    pub(crate) looks: bool,
}

/// Verbs that only ever look.
const LOOKS: &[&str] =
    &["get", "list", "retriev", "fetch", "search", "find", "show", "describ", "read", "view"];

/// Whether a verb of another kind stands further on in the first sentence.
fn says_more(text: &str) -> bool {
    let sentence = text.split(['.', '\n', ';']).next().unwrap_or_default();
    sentence
        .split(|char: char| !char.is_ascii_alphabetic())
        .skip(1)
        .filter(|word| !word.is_empty())
        .filter_map(|word| lexicon().exact(&word.to_ascii_lowercase()))
        .any(|entry| entry.core && entry.verb.is_some_and(|kind| kind.level() > Kind::Read.level()))
}

/// What a description says, where its first words hold a verb.
pub(crate) fn judge(text: &str) -> Option<Told> {
    let words = text
        .split(|char: char| !char.is_ascii_alphanumeric() && char != '\'')
        .filter(|word| !word.is_empty());
    for (at, word) in words.take(WORDS_MAX).enumerate() {
        if word.len() > 24 {
            return None;
        }
        let word = word.to_ascii_lowercase();
        if LEAD.contains(&word.as_str()) || (at > 0 && word.ends_with("ly")) {
            continue;
        }
        let kind = lexicon().find(&word)?.verb?;
        let stem = word.trim_end_matches('s').trim_end_matches('e');
        let plain = kind == Kind::Pay
            || ["delet", "destroy", "eras", "purg", "wip", "terminat", "drop", "truncat"]
                .contains(&stem);
        let looks = kind == Kind::Read && LOOKS.contains(&stem) && !says_more(text);
        let shown = Phrase::ours("its description says `").theirs(word).and("`");
        return Some(Told { finding: Finding::new(kind, Source::Word, shown), plain, looks });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Option<Kind> {
        judge(text).map(|told| told.finding.kind)
    }

    #[test]
    fn the_first_verb_counts() {
        assert_eq!(says("Deletes and rewrites records"), Some(Kind::Destroy));
        assert_eq!(says("Grants permission to create a queue"), Some(Kind::Write));
        assert_eq!(says("Use this tool to search the docs"), Some(Kind::Read));
        assert_eq!(says("Lists deleted items"), Some(Kind::Read));
        assert_eq!(says("Safe, read-only operation that needs no approval."), None);
        assert_eq!(says(""), None);
    }
}
