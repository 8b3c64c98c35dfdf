//! What is wrong with a policy file, and where: line, column, the text and a hint.

use std::fmt;
use std::ops::Range;

/// Something wrong in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line itself.
    text: String,
    /// Characters to underline.
    width: usize,
}

impl Problem {
    /// A problem with the bytes `span` of `source`.
    pub(super) fn at(
        file: &str,
        source: &str,
        span: Range<usize>,
        what: impl Into<String>,
    ) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let text = source.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let marked = source.get(span).unwrap_or_default();
        let width = marked.lines().next().unwrap_or_default().chars().count().max(1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column,
            what: what.into(),
            hint: None,
            text: text.to_owned(),
            width,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A problem with a file as a whole.
    #[must_use]
    pub fn whole(file: &str, what: impl Into<String>) -> Self {
        Self::at(file, "", 0..0, what)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(out, "{}", self.what)?;
        write!(out, "{margin}--> {}:{}:{}", self.file, self.line, self.column)?;
        if !self.text.is_empty() {
            let indent: String = self
                .text
                .chars()
                .take(self.column.saturating_sub(1))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            write!(out, "\n{margin} |\n{number} | {}", self.text)?;
            write!(out, "\n{margin} | {indent}{}", "^".repeat(self.width))?;
        }
        if let Some(hint) = &self.hint {
            write!(out, "\n{margin} = hint: {hint}")?;
        }
        Ok(())
    }
}

/// The one of `known` that was probably meant.
pub(super) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let far = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, name)| name)
}
