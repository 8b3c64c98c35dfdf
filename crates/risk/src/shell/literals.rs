//! Parts of words with a small language of their own: `$'…'`, `$(( … ))`, here-documents.

use super::build::Build;
use super::cursor::{Cursor, Why};

impl Cursor<'_> {
    /// `$'…'`, with the escapes of C.
    pub(super) fn ansi(&mut self, build: &mut Build) -> Result<(), Why> {
        build.quote();
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some('\\') => {
                    let escape = self.next().ok_or("a quote is not closed")?;
                    let char = self.escape(escape).ok_or("a character that is not text")?;
                    build.char(char, true);
                }
                Some(char) => build.char(char, true),
                None => return Err("a quote is not closed"),
            }
        }
    }

    fn escape(&mut self, escape: char) -> Option<char> {
        let (radix, most) = match escape {
            'n' => return Some('\n'),
            't' => return Some('\t'),
            'r' => return Some('\r'),
            'a' => return Some('\u{7}'),
            'b' => return Some('\u{8}'),
            'e' | 'E' => return Some('\u{1b}'),
            'f' => return Some('\u{c}'),
            'v' => return Some('\u{b}'),
            'c' => return self.next().map(|_| '\u{1}'),
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            '0'..='7' => {
                self.at -= 1;
                (8, 3)
            }
            other => return Some(other),
        };
        let digits: String =
            self.rest().chars().take(most).take_while(|char| char.is_digit(radix)).collect();
        self.at += digits.len();
        // A byte beyond ASCII is a part of some character that we would have to guess.
        let value = u32::from_str_radix(&digits, radix).ok().filter(|value| *value != 0)?;
        if matches!(escape, 'x' | '0'..='7') && value > 127 {
            return None;
        }
        char::from_u32(value)
    }

    /// At the second `(` of `((`: whether it is arithmetic, which is then read.
    pub(super) fn arithmetic(&mut self) -> Result<bool, Why> {
        let mut depth = 0usize;
        let mut quote = None;
        let mut end = None;
        for (at, char) in self.rest().char_indices() {
            match (quote, char) {
                (Some(open), _) if open == char => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(char),
                (None, '(') => depth += 1,
                (None, ')') => {
                    depth -= 1;
                    if depth == 0 {
                        end = Some(at);
                        break;
                    }
                }
                _ => {}
            }
        }
        let Some(end) = end else { return Ok(false) };
        if !self.rest().get(end + 1..).unwrap_or_default().starts_with(')') {
            return Ok(false);
        }
        let inside = self.rest().get(1..end).unwrap_or_default();
        self.at += end + 2;
        if inside.contains(['$', '`']) {
            self.nested(inside, |inner| inner.here_text())?;
        }
        Ok(true)
    }

    /// A here-document or the like: only expansions count. The text, and whether it is known.
    pub(super) fn here_text(&mut self) -> Result<(String, bool), Why> {
        let mut build = Build::default();
        while let Some(char) = self.next() {
            match char {
                '\\' => match self.next() {
                    Some('\n') => {}
                    Some(next @ ('$' | '`' | '\\')) => build.char(next, true),
                    Some(next) => {
                        build.char('\\', true);
                        build.char(next, true);
                    }
                    None => build.char('\\', true),
                },
                '$' => self.dollar(&mut build, true)?,
                '`' => self.backticks(&mut build, true)?,
                _ => build.char(char, true),
            }
        }
        let known = build.is_known();
        Ok((build.text().to_owned(), known))
    }
}
