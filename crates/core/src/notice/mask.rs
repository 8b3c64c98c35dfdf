//! Secrets: masked wherever a text is shown, concealed in what an editor gets, restored from it.

use crate::assessment::{ArgumentSpan, Phrase};
use crate::json::Json;
use crate::untrusted::{Piece, Place, Shown, Untrusted};

/// The secrets of a call. Whatever is shown through it shows chips in their place.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    secrets: Vec<String>,
    short: Vec<Short>,
}

/// A secret too short to look for elsewhere: the whole string it stands in, and where.
#[derive(Clone, Debug)]
struct Short {
    text: String,
    start: usize,
    end: usize,
}

/// Shorter than this is masked only where it was found: everywhere else it may be anything.
const SHORTEST: usize = 4;

impl Mask {
    /// The secrets that were found in these arguments.
    #[must_use]
    pub fn of(arguments: &Json, spans: &[ArgumentSpan]) -> Self {
        if spans.is_empty() {
            return Self::default();
        }
        let strings = arguments.strings();
        let (mut secrets, mut short) = (Vec::new(), Vec::new());
        for span in spans {
            let found = strings.iter().find(|(path, _)| *path == span.path.raw());
            let Some((_, text)) = found else { continue };
            let secret = text.get(span.start..span.end).unwrap_or_default();
            if secret.chars().count() >= SHORTEST {
                secrets.push(secret.to_owned());
            } else if !secret.is_empty() {
                let text = (*text).to_owned();
                short.push(Short { text, start: span.start, end: span.end });
            }
        }
        // Longest first, so that a secret within another does not leave a rest in view.
        secrets.sort_by_key(|secret: &String| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        short.sort_by_key(|short| short.start);
        Self { secrets, short }
    }

    /// Whether a text holds a secret.
    #[must_use]
    pub fn hides(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.as_str()))
            || self.short.iter().any(|short| short.text == text)
    }

    /// A text from outside, made safe to show.
    #[must_use]
    pub fn text(&self, text: &Untrusted, place: Place) -> Shown {
        let mut shown = Shown::default();
        for part in self.split(text.raw()) {
            shown.append(match part {
                Ok(plain) => Untrusted::new(plain).render(place),
                Err(index) => Shown {
                    pieces: vec![Piece { text: format!("secret {}", index + 1), mark: true }],
                    revealed: 0,
                },
            });
        }
        shown
    }

    /// A phrase, made safe to show.
    #[must_use]
    pub fn phrase(&self, phrase: &Phrase) -> Shown {
        phrase.render_with(self)
    }

    /// The text in parts: plain ones, and the index of the secret that stands between them.
    fn split<'a>(&self, text: &'a str) -> Vec<Result<&'a str, usize>> {
        let mut parts = Vec::new();
        let mut at = 0;
        for (index, short) in self.short.iter().enumerate() {
            if short.text == text && short.start >= at {
                parts.push(Ok(text.get(at..short.start).unwrap_or_default()));
                parts.push(Err(self.secrets.len() + index));
                at = short.end;
            }
        }
        parts.push(Ok(text.get(at..).unwrap_or_default()));
        for (index, secret) in self.secrets.iter().enumerate() {
            parts = parts.into_iter().flat_map(|part| cut(part, secret, index)).collect();
        }
        parts
    }
}

fn cut<'a>(
    part: Result<&'a str, usize>,
    secret: &str,
    index: usize,
) -> Vec<Result<&'a str, usize>> {
    let Ok(text) = part else { return vec![part] };
    let mut parts = Vec::new();
    for (position, plain) in text.split(secret).enumerate() {
        if position > 0 {
            parts.push(Err(index));
        }
        parts.push(Ok(plain));
    }
    parts
}

/// The arguments with each secret replaced by a stand-in, for an editor.
#[must_use]
pub fn conceal(arguments: &Json, mask: &Mask) -> Json {
    map_strings(arguments, &|text| {
        mask.split(text).into_iter().map(|part| part.map_or_else(stand_in, str::to_owned)).collect()
    })
}

/// Edited arguments with each stand-in replaced by the secret it stands for.
#[must_use]
pub fn restore(edited: &Json, mask: &Mask) -> Json {
    map_strings(edited, &|text| {
        let short = mask.short.iter().map(|short| short.text.get(short.start..short.end));
        let long = mask.secrets.iter().map(|secret| Some(secret.as_str()));
        let secrets = long.chain(short).map(Option::unwrap_or_default).enumerate();
        secrets
            .fold(text.to_owned(), |text, (index, secret)| text.replace(&stand_in(index), secret))
    })
}

fn stand_in(index: usize) -> String {
    format!("\u{27e6}secret {}\u{27e7}", index + 1)
}

fn map_strings(json: &Json, change: &dyn Fn(&str) -> String) -> Json {
    match json {
        Json::String(text) => Json::String(change(text)),
        Json::Array(items) => {
            Json::Array(items.iter().map(|item| map_strings(item, change)).collect())
        }
        Json::Object(members) => Json::Object(
            members.iter().map(|(key, value)| (key.clone(), map_strings(value, change))).collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> (Json, Mask) {
        let json = Json::parse(br#"{"header":"Bearer tok_1234","n":1}"#).unwrap();
        let path = Untrusted::new("header");
        let mask = Mask::of(&json, &[ArgumentSpan { path, start: 7, end: 15 }]);
        (json, mask)
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let (_, mask) = mask();
        let shown = mask.text(&Untrusted::new("use tok_1234 twice: tok_1234"), Place::Prose);
        assert_eq!(shown.to_plain(), "use <secret 1> twice: <secret 1>");
        assert_eq!(mask.phrase(&Phrase::ours("a ").theirs("tok_1234")).to_plain(), "a <secret 1>");
    }

    #[test]
    fn concealed_arguments_come_back_whole() {
        let (json, mask) = mask();
        let concealed = conceal(&json, &mask);
        assert_eq!(concealed.to_text(), "{\"header\":\"Bearer \u{27e6}secret 1\u{27e7}\",\"n\":1}");
        assert_eq!(restore(&concealed, &mask), json);
    }
}
