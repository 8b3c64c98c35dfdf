//! Puts a word together from quoted, plain and unknown parts, and expands its braces.

use super::script::{Open, Word};

/// More words than this from braces are not written out.
const BRACES_MAX: usize = 64;
/// Braces in a word longer than this are not written out.
const CHARS_MAX: usize = 1024;

/// A word in the making.
#[derive(Default)]
pub(super) struct Build {
    word: Word,
    /// Which characters were quoted; kept only to find braces.
    chars: Vec<(char, bool)>,
    /// Whether anything was read, also an empty quote.
    pub(super) any: bool,
}

impl Build {
    pub(super) fn char(&mut self, char: char, quoted: bool) {
        self.any = true;
        if !quoted {
            self.word.glob |= matches!(char, '*' | '?' | '[');
            self.word.tilde |= char == '~' && self.word.text.is_empty() && !self.word.quoted;
        }
        self.word.text.push(char);
        self.chars.push((char, quoted));
    }

    pub(super) fn quote(&mut self) {
        self.any = true;
        self.word.quoted = true;
    }

    /// A part that cannot be known. `plain` parts cannot be an option, a path upwards or a blank.
    pub(super) fn unknown(&mut self, source: &str, quoted: bool, plain: bool) {
        self.any = true;
        let open = if quoted || plain { Open::Part } else { Open::Split };
        self.word.open = self.word.open.max(open);
        self.word.may_be_option |= self.word.text.is_empty() && !plain;
        self.word.text.push_str(source);
        self.chars.extend(source.chars().map(|char| (char, true)));
    }

    /// A value the text itself gave to a variable.
    pub(super) fn value(&mut self, value: &str, quoted: bool) {
        self.any |= quoted || !value.is_empty();
        for char in value.chars() {
            self.word.glob |= !quoted && matches!(char, '*' | '?' | '[');
            self.word.text.push(char);
            self.chars.push((char, true));
        }
    }

    /// One of the values of a loop.
    pub(super) fn loop_values(&mut self, source: &str, values: &[String]) {
        self.any = true;
        if self.word.text.is_empty() && self.word.values.is_empty() {
            self.word.values = values.to_vec();
        }
        self.unknown(source, true, true);
    }

    pub(super) fn text(&self) -> &str {
        &self.word.text
    }

    /// Whether nothing in it was quoted or expanded.
    pub(super) fn is_plain(&self) -> bool {
        !self.word.quoted && self.chars.iter().all(|(_, quoted)| !quoted)
    }

    pub(super) fn is_known(&self) -> bool {
        self.word.open == Open::No
    }

    /// The word as it stands, its braces left alone.
    pub(super) fn finish_one(self) -> Word {
        self.word
    }

    /// The word, or the words its braces make.
    pub(super) fn finish(mut self) -> Vec<Word> {
        // A loop's values stand for the whole word only.
        let whole = !self.word.values.is_empty()
            && self.word.text.starts_with('$')
            && self.word.text.chars().skip(1).all(|c| c.is_alphanumeric() || "_{}".contains(c));
        if !whole {
            self.word.values.clear();
        }
        if !self.chars.contains(&('{', false)) {
            return vec![self.word];
        }
        match braces(&self.chars) {
            Some(texts) if texts.len() > 1 => texts
                .into_iter()
                .map(|text| Word { text, values: Vec::new(), ..self.word.clone() })
                .collect(),
            Some(_) => vec![self.word],
            None => {
                self.word.open = Open::Split;
                self.word.may_be_option = true;
                vec![self.word]
            }
        }
    }
}

/// What braces make of a word; nothing when that is too much.
fn braces(chars: &[(char, bool)]) -> Option<Vec<String>> {
    if chars.len() > CHARS_MAX {
        return None;
    }
    let mut done: Vec<String> = Vec::new();
    let mut open: Vec<Vec<(char, bool)>> = vec![chars.to_vec()];
    let mut steps = 0;
    while let Some(next) = open.pop() {
        steps += 1;
        if done.len() + open.len() > BRACES_MAX || steps > 4 * BRACES_MAX {
            return None;
        }
        match first_brace(&next) {
            None => done.push(next.iter().map(|(char, _)| *char).collect()),
            Some((from, to, cuts)) => {
                let mut made = Vec::new();
                let mut start = from + 1;
                for cut in cuts.into_iter().chain([to]) {
                    let mut one = next.get(..from).unwrap_or_default().to_vec();
                    one.extend(next.get(start..cut).unwrap_or_default());
                    one.extend(next.get(to + 1..).unwrap_or_default());
                    made.push(one);
                    start = cut + 1;
                }
                open.extend(made.into_iter().rev());
            }
        }
    }
    Some(done)
}

/// The first pair of braces with a comma between: where it opens, closes, and its commas.
fn first_brace(chars: &[(char, bool)]) -> Option<(usize, usize, Vec<usize>)> {
    for (from, _) in chars.iter().enumerate().filter(|(_, char)| **char == ('{', false)) {
        let mut depth = 0usize;
        let mut cuts = Vec::new();
        for (at, char) in chars.iter().enumerate().skip(from) {
            match char {
                ('{', false) => depth += 1,
                ('}', false) => {
                    depth -= 1;
                    if depth == 0 {
                        if cuts.is_empty() {
                            break;
                        }
                        return Some((from, at, cuts));
                    }
                }
                (',', false) if depth == 1 => cuts.push(at),
                _ => {}
            }
        }
    }
    None
}
