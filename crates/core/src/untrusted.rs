//! Text written by agents, tools and repositories, and the only way to show it.
//!
//! [`Untrusted`] has no `Display`, `Deref` or plain serializer: what reaches a person goes
//! through [`Untrusted::render`], which makes visible whatever could hide, reorder or forge.
//! Nothing is ever dropped, so two different texts never look the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_properties::{GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};

/// Text that must not be believed and must not be printed as it is.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Untrusted(String);

impl std::fmt::Debug for Untrusted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Untrusted({} bytes)", self.0.len())
    }
}

/// Where a text will stand, which decides what is harmless in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Sentences: emoji stay emoji, line breaks stay line breaks.
    Prose,
    /// Commands, file contents: line breaks stay, nothing invisible does.
    Code,
    /// Names, paths, hosts, ids: one line.
    Name,
}

/// One piece of rendered text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What to show.
    pub text: String,
    /// Draw it as a boxed chip: it names something that cannot be shown itself.
    pub mark: bool,
}

/// Text that is safe to show, and how many invisible characters were made visible in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
    /// Invisible, reordering or look-alike characters that became chips.
    pub revealed: usize,
}

impl Shown {
    /// Text of Holdshort's own.
    #[must_use]
    pub fn ours(text: impl Into<String>) -> Self {
        Self { pieces: vec![Piece { text: text.into(), mark: false }], revealed: 0 }
    }

    /// Appends another text.
    pub fn append(&mut self, other: Shown) {
        self.revealed += other.revealed;
        for piece in other.pieces {
            match self.pieces.last_mut() {
                Some(last) if !last.mark && !piece.mark => last.text.push_str(&piece.text),
                _ => self.pieces.push(piece),
            }
        }
    }

    /// As one line of plain text; chips stand in angle brackets, as in `idle<U+200B>`.
    #[must_use]
    pub fn to_plain(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            if piece.mark {
                out.push('<');
                out.push_str(&piece.text);
                out.push('>');
            } else {
                out.push_str(&piece.text);
            }
        }
        out
    }
}

impl Untrusted {
    /// Wraps a text from outside.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The bytes as they came, for hashing, matching, storing and forwarding. Never for showing.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text made safe to show in `place`.
    ///
    /// ```
    /// use holdshort_core::{Place, Untrusted};
    /// let shown = Untrusted::new("idle\u{200b} boxes").render(Place::Prose);
    /// assert_eq!(shown.to_plain(), "idle<U+200B> boxes");
    /// assert_eq!(shown.revealed, 1);
    /// ```
    #[must_use]
    pub fn render(&self, place: Place) -> Shown {
        Renderer::new(&self.0, place).run()
    }
}

/// Serializer for stored records: the raw text. Use it with `#[serde(with = "…")]` on purpose.
pub mod stored {
    use super::{Deserialize, Deserializer, Serializer, Untrusted};

    /// Writes the raw text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(text: &Untrusted, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&text.0)
    }

    /// Reads the raw text.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Untrusted, D::Error> {
        String::deserialize(input).map(Untrusted)
    }
}

/// The same for a value that may be absent.
pub(crate) mod stored_option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Untrusted};

    pub(crate) fn serialize<S: Serializer>(
        text: &Option<Untrusted>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_ref().map(Untrusted::raw).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<Untrusted>, D::Error> {
        Ok(Option::<String>::deserialize(input)?.map(Untrusted))
    }
}

/// The same for a list.
pub(crate) mod stored_list {
    use super::{Deserialize, Deserializer, Serializer, Untrusted};

    pub(crate) fn serialize<S: Serializer>(texts: &[Untrusted], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(texts.iter().map(Untrusted::raw))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Vec<Untrusted>, D::Error> {
        Ok(Vec::<String>::deserialize(input)?.into_iter().map(Untrusted).collect())
    }
}

const SPACES_SHOWN: usize = 4;
const COMBINING_SHOWN: usize = 3;

struct Renderer<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    place: Place,
    out: Shown,
    previous: Option<char>,
    combining: usize,
}

impl<'a> Renderer<'a> {
    fn new(text: &'a str, place: Place) -> Self {
        let chars = text.chars().peekable();
        Self { chars, place, out: Shown::default(), previous: None, combining: 0 }
    }

    fn run(mut self) -> Shown {
        while let Some(char) = self.chars.next() {
            match char {
                ' ' => self.blanks(),
                '\n' => self.line_breaks(),
                '\t' => self.mark("→".to_owned(), false),
                '<' if self.looks_like_a_chip() => self.mark(name_of(char), false),
                _ => self.other(char),
            }
            self.previous = Some(char);
        }
        self.out
    }

    fn other(&mut self, char: char) {
        if is_combining(char) && !must_show(char) {
            self.combining += 1;
            if self.combining > COMBINING_SHOWN {
                return self.mark(name_of(char), true);
            }
            return self.push(char);
        }
        self.combining = 0;
        if self.keeps_emoji(char) || !must_show(char) {
            self.push(char);
        } else {
            self.mark(name_of(char), true);
        }
    }

    /// Plain text shows chips in angle brackets; a text that spells one out must not pass for it.
    fn looks_like_a_chip(&self) -> bool {
        let rest: String = self.chars.clone().take(5).collect();
        ["U+", "NBSP>", "CR>", "␣×", "⏎×", "→>"].iter().any(|start| rest.starts_with(start))
    }

    /// Joiners and selectors are harmless only between the emoji they join, and only in prose.
    fn keeps_emoji(&mut self, char: char) -> bool {
        let previous_is_emoji =
            self.previous.is_some_and(|c| c == '\u{fe0f}' || (!c.is_ascii() && c.is_emoji_char()));
        match char {
            '\u{fe0f}' => self.place == Place::Prose && previous_is_emoji,
            '\u{200d}' => {
                let next = self.chars.peek().is_some_and(|c| !c.is_ascii() && c.is_emoji_char());
                self.place == Place::Prose && previous_is_emoji && next
            }
            _ => false,
        }
    }

    fn blanks(&mut self) {
        let count = 1 + self.take_while_is(' ');
        let leading = matches!(self.previous, None | Some('\n'));
        if count > SPACES_SHOWN && !(leading && self.place == Place::Code && count <= 16) {
            self.mark(format!("␣×{count}"), false);
        } else {
            for _ in 0..count {
                self.push(' ');
            }
        }
        self.combining = 0;
    }

    fn line_breaks(&mut self) {
        let count = 1 + self.take_while_is('\n');
        self.combining = 0;
        if self.place == Place::Name {
            return self.mark(format!("⏎×{count}"), false);
        }
        if count > 2 {
            self.push('\n');
            self.mark(format!("⏎×{count}"), false);
            return self.push('\n');
        }
        for _ in 0..count {
            self.push('\n');
        }
    }

    fn take_while_is(&mut self, wanted: char) -> usize {
        let mut count = 0;
        while self.chars.next_if_eq(&wanted).is_some() {
            count += 1;
        }
        count
    }

    fn push(&mut self, char: char) {
        match self.out.pieces.last_mut() {
            Some(last) if !last.mark => last.text.push(char),
            _ => self.out.pieces.push(Piece { text: char.to_string(), mark: false }),
        }
    }

    fn mark(&mut self, text: String, revealed: bool) {
        self.out.revealed += usize::from(revealed);
        self.out.pieces.push(Piece { text, mark: true });
    }
}

fn is_combining(char: char) -> bool {
    !char.is_ascii()
        && matches!(
            char.general_category(),
            GeneralCategory::NonspacingMark
                | GeneralCategory::EnclosingMark
                | GeneralCategory::SpacingMark
        )
}

/// Characters that are invisible, reorder their neighbours, stand for nothing, or would let a
/// text wear this product's own marks.
fn must_show(char: char) -> bool {
    // Most text is plain; the tables of Unicode are slow to ask.
    if char.is_ascii() {
        return char.is_ascii_control() || is_own_mark(char);
    }
    let by_category = match char.general_category() {
        GeneralCategory::Control
        | GeneralCategory::Format
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::PrivateUse
        | GeneralCategory::Surrogate
        | GeneralCategory::Unassigned => true,
        GeneralCategory::SpaceSeparator => char != ' ',
        _ => false,
    };
    by_category || is_filler(char) || is_own_mark(char)
}

/// Letters, marks and symbols that draw nothing.
fn is_filler(char: char) -> bool {
    matches!(
        char,
        '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{fffc}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// The product's marks: octagon, diamond, and the lines of the hold-short marking.
fn is_own_mark(char: char) -> bool {
    matches!(char, '\u{2b23}' | '\u{2bc3}' | '\u{25c6}' | '\u{2b16}' | '\u{2500}'..='\u{257f}')
}

fn name_of(char: char) -> String {
    match char {
        '\u{a0}' => "NBSP".to_owned(),
        '\r' => "CR".to_owned(),
        other => format!("U+{:04X}", u32::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(place: Place, input: &str, expect: &str) {
        assert_eq!(Untrusted::new(input).render(place).to_plain(), expect);
    }

    #[test]
    fn hides_nothing() {
        check(Place::Code, "a\u{202e}b", "a<U+202E>b");
        check(Place::Code, "\u{1b}[2K", "<U+001B>[2K");
        check(Place::Code, "a\u{9b}31m", "a<U+009B>31m");
        check(Place::Code, "x\r\ny", "x<CR>\ny");
        check(Place::Code, "a\u{e0041}", "a<U+E0041>");
        check(Place::Prose, "a\u{a0}b\u{2003}c", "a<NBSP>b<U+2003>c");
        check(Place::Code, "ls      ; rm", "ls<␣×6>; rm");
        check(Place::Code, "ls\n\n\n\nrm", "ls\n<⏎×4>\nrm");
        check(Place::Name, "a\nb", "a<⏎×1>b");
        check(Place::Prose, "═══ Approved", "<U+2550><U+2550><U+2550> Approved");
        check(Place::Prose, "e\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}\u{301}<U+0301>");
        check(Place::Code, "\u{3164}x\u{2800}", "<U+3164>x<U+2800>");
    }

    #[test]
    fn a_chip_cannot_be_typed() {
        check(Place::Code, "a<U+200B>", "a<U+003C>U+200B>");
        check(Place::Code, "<Ul> a < b", "<Ul> a < b");
    }

    #[test]
    fn emoji_stay_whole_in_prose_only() {
        let family = "\u{1f468}\u{200d}\u{1f469}";
        check(Place::Prose, family, family);
        check(Place::Code, family, "\u{1f468}<U+200D>\u{1f469}");
        check(Place::Prose, "a\u{200d}b", "a<U+200D>b");
    }

    proptest! {
        #[test]
        fn no_control_reaches_a_surface(text in any::<String>()) {
            for place in [Place::Prose, Place::Code, Place::Name] {
                let shown = Untrusted::new(text.clone()).render(place);
                for char in shown.pieces.iter().flat_map(|piece| piece.text.chars()) {
                    prop_assert!(char == '\n' || !char.is_control());
                }
            }
        }

        #[test]
        fn different_texts_look_different(
            a in "[<U+0B2> \u{200b}\n\t]{0,12}",
            b in "[<U+0B2> \u{200b}\n\t]{0,12}",
        ) {
            let plain = |text: &str| Untrusted::new(text).render(Place::Code).to_plain();
            prop_assert_eq!(plain(&a) == plain(&b), a == b);
        }
    }
}
