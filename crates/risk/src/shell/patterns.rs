//! Patterns of operands, the ends of commands within commands, the worse of two effects.

use super::script::Word;
use super::table::Takes;
use crate::finding::Kind;

/// Whether a word looks like a file rather than a subcommand.
pub(super) fn is_file(rest: &[Word]) -> bool {
    rest.first().is_some_and(|word| word.text.contains(['/', '.', '$']))
}

/// Where the command of `find -exec` ends: at `;`, or at a `+` behind `{}`.
pub(super) fn end_of_command(words: &[Word]) -> usize {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    (0..words.len())
        .find(|at| match text(*at) {
            ";" | "\\;" => true,
            "+" => at.checked_sub(1).is_some_and(|before| text(before).contains("{}")),
            _ => false,
        })
        .unwrap_or(words.len())
}

/// The worst that a value of this kind may do.
pub(super) fn worst_of(takes: Takes) -> Option<Kind> {
    Some(match takes {
        Takes::WritePath => Kind::Write,
        Takes::DeletePath => Kind::Destroy,
        Takes::Shell | Takes::Code | Takes::Script | Takes::Command => Kind::Execute,
        _ => return None,
    })
}

/// Of two effects the worse.
pub(super) trait MaxByLevel {
    fn max_by_level(self, other: Self) -> Self;
}

impl MaxByLevel for Option<Kind> {
    fn max_by_level(self, other: Self) -> Self {
        match (self, other) {
            (Some(one), Some(two)) if one.level() >= two.level() => Some(one),
            (_, Some(two)) => Some(two),
            (one, None) => one,
        }
    }
}

/// What stands for the `*` of a pattern.
pub(super) fn matches<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    if let Some(start) = pattern.strip_suffix('*') {
        return match start.strip_prefix('*') {
            Some(inside) => text.contains(inside).then_some(text),
            None => text.strip_prefix(start),
        };
    }
    if let Some(end) = pattern.strip_prefix('*') {
        return text.strip_suffix(end).map(|_| text);
    }
    if let Some(start) = pattern.strip_suffix('=') {
        return text.strip_prefix(start).and_then(|rest| rest.strip_prefix('='));
    }
    (pattern == text).then_some(text)
}
