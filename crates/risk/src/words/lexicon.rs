//! The lexicon: verbs and nouns by what they say, read from `lexicon/verbs.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::finding::Kind;

const TEXT: &str = include_str!("../../lexicon/verbs.txt");

/// What one word says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    /// As a verb.
    pub(super) verb: Option<Kind>,
    /// As a word that is a verb only where no other one leads.
    pub(super) weak: Option<Kind>,
    /// As a thing that is changed.
    pub(super) noun: Option<Kind>,
    /// As a thing of one of these groups.
    pub(super) things: Things,
    /// Hardly ever a noun.
    pub(super) core: bool,
    /// Takes back what another call set up.
    pub(super) undo: bool,
    /// Says nothing.
    pub(super) filler: bool,
}

/// Groups of things that change what a verb means.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Things {
    /// Code: `evaluate_script`.
    pub(super) code: bool,
    /// A question to a database: `execute_query`.
    pub(super) query: bool,
    /// Work that is under way: `cancel_job`.
    pub(super) job: bool,
    /// A database: `d1_database_query`.
    pub(super) place: bool,
    /// What one program tells another: `send_heartbeat`.
    pub(super) sign: bool,
    /// Keys and passwords: `get_secret`.
    pub(super) secret: bool,
    /// Who it is about, or what it is called: `update_order_notes` moves no money.
    pub(super) who: bool,
    /// What is stuck on something: `remove_tags`.
    pub(super) mark: bool,
    /// What a policy about access belongs to: `put_bucket_policy`.
    pub(super) iam: bool,
}

/// All words.
#[derive(Default)]
pub(super) struct Lexicon {
    words: HashMap<&'static str, Entry>,
    compounds: Vec<(&'static str, &'static str)>,
    /// Lines that could not be read; a test wants none.
    pub(super) errors: Vec<String>,
}

pub(super) fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
        let mut lexicon = Lexicon::default();
        for line in TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if lexicon.line(line).is_none() {
                lexicon.errors.push(line.to_owned());
            }
        }
        lexicon
    });
    &LEXICON
}

impl Lexicon {
    fn line(&mut self, line: &'static str) -> Option<()> {
        let (class, words) = line.split_once(": ")?;
        let (how, class) = class.split_once(' ').unwrap_or(("", class));
        for word in words.split_ascii_whitespace() {
            if class == "compound" {
                self.compounds.push(word.split_once('_')?);
                continue;
            }
            let entry = self.words.entry(word).or_default();
            match (how, class) {
                ("", "filler") => entry.filler = true,
                ("", "core") => entry.core = true,
                ("", "undo") => entry.undo = true,
                ("noun", "code") => entry.things.code = true,
                ("noun", "query") => entry.things.query = true,
                ("noun", "job") => entry.things.job = true,
                ("noun", "place") => entry.things.place = true,
                ("noun", "sign") => entry.things.sign = true,
                ("noun", "secret") => entry.things.secret = true,
                ("noun", "who") => entry.things.who = true,
                ("noun", "mark") => entry.things.mark = true,
                ("noun", "iam") => entry.things.iam = true,
                ("", class) => entry.verb = entry.verb.or(Some(kind(class)?)),
                ("weak", class) => entry.weak = entry.weak.or(Some(kind(class)?)),
                ("noun", class) => entry.noun = entry.noun.or(Some(kind(class)?)),
                _ => return None,
            }
        }
        Some(())
    }

    /// Whether two words together are the name of a thing.
    pub(super) fn is_compound(&self, one: &str, two: &str) -> bool {
        self.compounds.contains(&(one, two))
    }

    /// The entry of a word, also in the third person, the gerund or the plural.
    pub(super) fn find(&self, word: &str) -> Option<Entry> {
        self.words.get(word).copied().or_else(|| {
            let base = base(word, |base| self.words.contains_key(base))?;
            self.words.get(base.as_str()).copied()
        })
    }

    /// The entry of the word as it is.
    pub(super) fn exact(&self, word: &str) -> Option<Entry> {
        self.words.get(word).copied()
    }
}

/// The base form of an inflected word, if it is known.
fn base(word: &str, known: impl Fn(&str) -> bool) -> Option<String> {
    let try_it = |text: String| known(&text).then_some(text);
    if let Some(stem) = word.strip_suffix("ies") {
        return try_it(format!("{stem}y"));
    }
    if let Some(stem) = word.strip_suffix("ing").filter(|stem| stem.len() > 2) {
        let doubled = stem.len() > 3
            && stem.as_bytes().windows(2).last().is_some_and(|w| matches!(w, [a, b] if a == b));
        return try_it(stem.to_owned()).or_else(|| try_it(format!("{stem}e"))).or_else(|| {
            stem.get(..stem.len() - 1).filter(|_| doubled).map(str::to_owned).and_then(try_it)
        });
    }
    if let Some(stem) = word.strip_suffix("es").filter(|stem| stem.len() > 2)
        && let Some(found) = try_it(stem.to_owned())
    {
        return Some(found);
    }
    word.strip_suffix('s').filter(|stem| stem.len() > 1).and_then(|stem| try_it(stem.to_owned()))
}

fn kind(class: &str) -> Option<Kind> {
    Some(match class {
        "read" => Kind::Read,
        "write" => Kind::Write,
        "stop" => Kind::Stop,
        "destroy" => Kind::Destroy,
        "pay" => Kind::Pay,
        "send" => Kind::Send,
        "release" => Kind::Release,
        "grant" => Kind::Grant,
        "execute" => Kind::Execute,
        "agent" => Kind::Agent,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert!(lexicon().errors.is_empty(), "{:?}", lexicon().errors);
    }

    #[test]
    fn words_are_found_in_their_forms() {
        for (word, kind) in [
            ("deletes", Kind::Destroy),
            ("deleting", Kind::Destroy),
            ("retrieves", Kind::Read),
            ("searches", Kind::Read),
            ("getting", Kind::Read),
            ("modifies", Kind::Write),
        ] {
            assert_eq!(lexicon().find(word).and_then(|entry| entry.verb), Some(kind), "{word}");
        }
        assert!(lexicon().find("bus").is_none());
    }
}
