//! One sentence on what will happen: verb, count, object, place, worst true fact.

use holdshort_core::{Assessment, Json, Money, Phrase, RiskLevel, Source, WayBack};

use crate::call::{Call, find, find_text, plain};
use crate::facts::PAYEE;
use crate::files;
use crate::finding::{Finding, Kind};
use crate::shell::Command;
use crate::words::{self, Name};

/// The longest sentence, in characters as shown.
const CHARS: usize = 120;

/// What the sentence is made from.
pub(crate) struct Matter<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) name: &'a Name,
    pub(crate) findings: &'a [Finding],
    pub(crate) made: &'a Assessment,
    /// The simple commands, for a shell.
    pub(crate) commands: &'a [Command],
    /// Keyword and object of the worst SQL statement.
    pub(crate) sql: Option<&'a (&'static str, String)>,
    /// A text of SQL, and how many statements it has.
    pub(crate) statements: Option<(&'a str, usize)>,
}

/// Makes the sentence. Long values are cut in it, and only in it, until it fits.
pub(crate) fn make(matter: &Matter<'_>) -> Phrase {
    [60, 40, 24, 12, 6]
        .into_iter()
        .map(|limit| matter.phrase(limit))
        .find(|phrase| phrase.render().to_plain().chars().count() <= CHARS)
        .unwrap_or_else(|| {
            Phrase::ours(
                "\
            Call a tool whose values cannot be shown in one sentence",
            )
        })
}

fn cut(text: &str, limit: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Verbs of names, with their form in a sentence.
const VERBS: &[(&str, &str)] = &[
    ("delete", "delete"),
    ("drop", "drop"),
    ("terminate", "terminate"),
    ("destroy", "destroy"),
    ("purge", "purge"),
    ("wipe", "wipe"),
    ("remove", "remove"),
    ("erase", "erase"),
    ("truncate", "truncate"),
    ("reset", "reset"),
    ("rollback", "roll back"),
    ("revert", "revert"),
    ("shutdown", "shut down"),
    ("kill", "kill"),
    ("refund", "refund"),
    ("charge", "charge"),
    ("transfer", "transfer"),
    ("pay", "pay"),
    ("withdraw", "withdraw"),
    ("buy", "buy"),
    ("sell", "sell"),
    ("send", "send"),
    ("payment", "pay"),
    ("money", "send"),
];

const PLACES: &str =
    "region environment env database db cluster project namespace bucket zone host";
const TARGETS: &str = "\
    path file_path file filename name table resource resource_id target url query id key \
    instance_id service user user_id title pattern repo glob directory folder";

impl Matter<'_> {
    fn has(&self, kind: Kind) -> bool {
        self.findings.iter().any(|found| found.kind == kind)
    }

    fn verb(&self) -> Option<&'static str> {
        VERBS.iter().find(|(word, _)| self.name.has(word)).map(|(_, verb)| *verb)
    }

    fn phrase(&self, limit: usize) -> Phrase {
        if let Some(phrase) = self.run(limit) {
            return phrase;
        }
        if let Some((text, statements)) = self.statements {
            return self.sql(text, statements, limit);
        }
        if let Some(phrase) = self.restore(limit) {
            return phrase;
        }
        let known = if self.has(Kind::Send) {
            self.message(limit)
        } else if self.has(Kind::Pay) {
            self.payment(limit)
        } else if self.has(Kind::Destroy) {
            self.destroy(limit)
        } else if self.has(Kind::Release) || self.has(Kind::Stage) {
            self.release(limit)
        } else if self.made.level == RiskLevel::Dangerous && !self.has(Kind::Config) {
            None
        } else {
            self.file(limit)
        };
        known.or_else(|| self.request(limit)).unwrap_or_else(|| self.plain_call(limit))
    }

    /// Files that an undo puts back.
    fn restore(&self, limit: usize) -> Option<Phrase> {
        let Some(Json::Array(files)) = self.call.arguments.get("files") else { return None };
        let first = files.first()?.get("path")?.as_str()?;
        let phrase = |what: &str| Phrase::ours(what).theirs(cut(first, limit));
        (self.call.tool == "restore_files").then(|| match files.len() {
            1 => phrase("Put back as it was: "),
            more => phrase("Put back as they were: ").and(format!(" and {} more files", more - 1)),
        })
    }

    /// A web request by its method, host and path.
    fn request(&self, limit: usize) -> Option<Phrase> {
        let asks = self.findings.iter().any(|found| found.source == Source::Http);
        let url = find_text(self.call.arguments, "url uri endpoint href address")?;
        let method = find_text(self.call.arguments, "method http_method verb").unwrap_or("GET");
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let known = method.len() < 10 && method.chars().all(|char| char.is_ascii_alphabetic());
        let phrase = Phrase::ours("Send a ").theirs(method.to_ascii_uppercase());
        let place = url.split_once("://").map_or(url, |(_, rest)| rest);
        let place = place.rsplit_once('@').map_or(place, |(_, rest)| rest);
        (asks && known).then(|| phrase.and(" request to ").theirs(cut(place, limit)))
    }

    fn plain_call(&self, limit: usize) -> Phrase {
        let number = match self.call.arguments {
            Json::Object(members) => members.len(),
            Json::Array(items) => items.len(),
            Json::Null => 0,
            _ => 1,
        };
        let with = match number {
            0 => " without arguments".to_owned(),
            1 => " with 1 argument".to_owned(),
            more => format!(" with {more} arguments"),
        };
        Phrase::ours("Call ").theirs(cut(self.call.tool, limit)).and(with)
    }

    fn run(&self, limit: usize) -> Option<Phrase> {
        // The worst one is named: a long row of harmless ones must not hide it.
        let worst = self.commands.iter().rev().max_by_key(|command| command.level)?;
        let more = self.commands.len() - 1;
        // In words, where they fit and the command is dangerous; a long one is shown as it is.
        let said = worst.said.as_ref().filter(|said| {
            worst.level == RiskLevel::Dangerous && said.render().to_plain().chars().count() <= 90
        });
        if let Some(said) = said {
            return Some(match more {
                0 => said.clone(),
                1 => said.clone().and(", and run 1 more command"),
                more => said.clone().and(format!(", and run {more} more commands")),
            });
        }
        let phrase = Phrase::ours("Run `").theirs(cut(&worst.text, limit)).and("`");
        Some(match more {
            0 => phrase,
            1 => phrase.and(" and 1 more command"),
            more => phrase.and(format!(" and {more} more commands")),
        })
    }

    /// Starts with a verb; `Permanently` only when nothing brings it back.
    fn start(&self, verb: &str) -> Phrase {
        if self.made.way_back == WayBack::No {
            return Phrase::ours(format!("Permanently {verb}"));
        }
        let mut chars = verb.chars();
        let first = chars.next().map(|char| char.to_ascii_uppercase());
        Phrase::ours(first.into_iter().chain(chars).collect::<String>())
    }

    fn place(&self, phrase: Phrase, limit: usize) -> Phrase {
        match find_text(self.call.arguments, PLACES) {
            Some(place) => phrase.and(" in ").theirs(cut(place, limit)),
            None => phrase,
        }
    }

    fn sql(&self, text: &str, statements: usize, limit: usize) -> Phrase {
        let phrase = match self.sql {
            Some((verb, object)) => self.start(verb).theirs(cut(object, limit)),
            None => Phrase::ours("Run SQL `").theirs(cut(text, limit)).and("`"),
        };
        let phrase = self.place(phrase, limit);
        match statements {
            0 | 1 => phrase,
            2 => phrase.and(" and run 1 more statement"),
            more => phrase.and(format!(" and run {} more statements", more - 1)),
        }
    }

    fn message(&self, limit: usize) -> Option<Phrase> {
        let arguments = self.call.arguments;
        let keys = "to recipients recipient emails email channel user number phone";
        let (_, to) = find(arguments, keys)?;
        let email = self.name.has("email mail");
        let verb = if email { "Email " } else { "Send a message to " };
        let phrase = match to.as_array() {
            Some([one]) => Phrase::ours(verb).theirs(cut(plain(one)?, limit)),
            Some(many) => Phrase::ours(format!("{verb}{} people", many.len())),
            None => Phrase::ours(verb).theirs(cut(plain(to)?, limit)),
        };
        Some(match find_text(arguments, "subject title text body message content") {
            Some(text) => phrase.and(": \"").theirs(cut(text, limit)).and("\""),
            None => phrase,
        })
    }

    fn payment(&self, limit: usize) -> Option<Phrase> {
        let Money::Amount { amount, currency } = &self.made.money else {
            return None;
        };
        let verb = self.verb().unwrap_or("move");
        let capital: String = verb.chars().take(1).map(|c| c.to_ascii_uppercase()).collect();
        let mut phrase =
            Phrase::ours(capital + verb.strip_prefix(|_: char| true).unwrap_or_default())
                .and(" ")
                .theirs(cut(amount.raw(), limit));
        if !currency.raw().is_empty() {
            phrase = phrase.and(" ").theirs(cut(currency.raw(), limit));
        }
        Some(match find_text(self.call.arguments, PAYEE) {
            Some(payee) => phrase.and(" to ").theirs(cut(payee, limit)),
            None => phrase,
        })
    }

    fn destroy(&self, limit: usize) -> Option<Phrase> {
        let start = self.start(self.verb().unwrap_or("delete")).and(" ");
        let phrase = if let Some(count) = &self.made.count {
            start.and(format!("{} ", count.number)).theirs(cut(&things(count.noun.raw()), limit))
        } else {
            let object = ["table", "database", "user", "file", "bucket", "branch"]
                .into_iter()
                .find(|word| self.name.has(word))
                .map_or(String::new(), |word| format!("{word} "));
            start.and(object).theirs(cut(self.target()?, limit))
        };
        Some(self.place(phrase, limit))
    }

    fn release(&self, limit: usize) -> Option<Phrase> {
        let arguments = self.call.arguments;
        let what = find_text(arguments, "service app application project name image")?;
        let mut phrase = Phrase::ours("Deploy ").theirs(cut(what, limit));
        if let Some(version) = find_text(arguments, "version tag commit ref sha") {
            phrase = phrase.and(" ").theirs(cut(version, limit));
        }
        Some(match find_text(arguments, "environment env stage target") {
            Some(place) => phrase.and(" to ").theirs(cut(place, limit)),
            None if self.name.has("production prod") => phrase.and(" to production"),
            None => phrase,
        })
    }

    fn file(&self, limit: usize) -> Option<Phrase> {
        let target = self.target()?;
        let reads = self.made.level == RiskLevel::Safe
            || self.has(Kind::ReadSecret)
            || self.has(Kind::Fetch);
        if reads {
            let search = self.name.has("search find grep glob query");
            let verb = if search { "Search for " } else { "Read " };
            return Some(Phrase::ours(verb).theirs(cut(target, limit)));
        }
        if !self.name.has("write edit create append replace patch save") {
            return None;
        }
        find(self.call.arguments, "path file_path file filename")?;
        let phrase = Phrase::ours("Write ").theirs(cut(target, limit));
        Some(if files::is_ci(target) {
            phrase.and(", a file that runs in CI")
        } else if files::is_sensitive(target, self.call.cwd) {
            phrase.and(", a file that can run code or open access")
        } else {
            phrase
        })
    }

    fn target(&self) -> Option<&str> {
        let members = self.call.arguments.members();
        find_text(self.call.arguments, TARGETS).or_else(|| match members {
            [(_, only)] => plain(only),
            _ => None,
        })
    }
}

/// "instance ids" are instances.
fn things(noun: &str) -> String {
    let words = words::split(noun);
    match words.as_slice() {
        [first @ .., last] if !first.is_empty() && (last == "ids" || last == "id") => {
            format!("{}s", first.join(" "))
        }
        _ => noun.to_owned(),
    }
}
