//! Places for values of the call: `${args.region:region}`. Each value has a type that leaves no
//! room for flags, paths or syntax, and becomes one whole argument, path segment or bound value.

use crate::assessment::Phrase;
use crate::json::Json;

/// Bytes a value may have.
const VALUE_BYTES: usize = 512;
/// Values a list may have.
const LIST: usize = 1000;

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Kind {
    Word,
    Id,
    Number,
    Uuid,
    Host,
    Email,
    Path,
    Region,
    InstanceId,
}

impl Kind {
    const ALL: [(&'static str, Kind); 9] = [
        ("word", Kind::Word),
        ("id", Kind::Id),
        ("number", Kind::Number),
        ("uuid", Kind::Uuid),
        ("host", Kind::Host),
        ("email", Kind::Email),
        ("path", Kind::Path),
        ("region", Kind::Region),
        ("instance_id", Kind::InstanceId),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("value", |(name, _)| name)
    }

    /// Names of all of them, for hints.
    pub(in crate::policy) fn names() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }

    fn fits(self, text: &str) -> bool {
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let made_of = |extra: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || extra.as_bytes().contains(&byte))
        };
        if text.is_empty() || text.len() > VALUE_BYTES {
            return false;
        }
        match self {
            Kind::Word => begins && made_of("_.-"),
            // No `=` and `,`, which filters are written with; no `://`, which some programs fetch.
            Kind::Id => {
                begins && made_of("_.:/@+-") && !text.contains("://") && !text.contains("..")
            }
            Kind::Number => text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()),
            Kind::Uuid => is_uuid(text),
            Kind::Host => begins && text.split('.').all(is_label),
            Kind::Email => is_email(text),
            Kind::Path => is_path(text),
            Kind::Region => is_region(text),
            Kind::InstanceId => text.strip_prefix("i-").is_some_and(|hex| {
                (8..=17).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
            }),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    begins && name.bytes().all(plain) && host.split('.').all(is_label)
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.chars().any(char::is_control)
        && text.split('/').all(|part| part != "..")
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    words.len() >= 2
        && words.iter().all(word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A place for one value, or for each value of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Slot {
    /// Names below the arguments.
    path: Vec<String>,
    kind: Kind,
    /// Whether it is a list, and each of its values stands on its own.
    pub(in crate::policy) spread: bool,
}

/// A text in which the places are marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Part {
    Text(String),
    Slot(Slot),
}

/// Finds the places in a text.
///
/// What is wrong with it, when something is.
pub(in crate::policy) fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inner, behind) = after.split_once('}').ok_or("a `${` is not closed")?;
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        parts.push(Part::Slot(slot(inner)?));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

fn slot(inner: &str) -> Result<Slot, String> {
    let shape = "a value is written `${args.name:type}`, a list `${args.names...:type}`";
    let (path, kind) = inner.split_once(':').ok_or(shape)?;
    let kind = Kind::named(kind.trim())
        .ok_or_else(|| format!("there is no type `{}`; there is {}", kind.trim(), Kind::names()))?;
    let path = path.trim();
    let (path, spread) = match path.strip_suffix("...") {
        Some(path) => (path, true),
        None => (path, false),
    };
    let path = path.strip_prefix("args.").ok_or("a value comes from `args`")?;
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) {
        return Err(shape.to_owned());
    }
    Ok(Slot { path, kind, spread })
}

impl Slot {
    fn name(&self) -> String {
        self.path.join(".")
    }

    /// The values that belong here; why there are none, in words.
    pub(in crate::policy) fn values(&self, arguments: &Json) -> Result<Vec<String>, Phrase> {
        let found = self.path.iter().try_fold(arguments, |at, name| at.get(name));
        let missing = || Phrase::ours("the call has no ").theirs(self.name());
        let found = found.ok_or_else(missing)?;
        let items = match (self.spread, found) {
            (true, Json::Array(items)) if items.is_empty() => return Err(missing()),
            (true, Json::Array(items)) if items.len() <= LIST => items.as_slice(),
            (true, Json::Array(_)) => return Err(self.wrong("is too long a list")),
            (true, _) => return Err(self.wrong("is no list")),
            (false, one) => std::slice::from_ref(one),
        };
        items.iter().map(|item| self.value(item)).collect()
    }

    fn value(&self, item: &Json) -> Result<String, Phrase> {
        let text = match item {
            Json::String(text) => text,
            Json::Number(text) => text,
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => "",
        };
        match self.kind.fits(text) {
            true => Ok(text.to_owned()),
            false => Err(self.wrong(&format!("is no {}", self.kind.name()))),
        }
    }

    fn wrong(&self, what: &str) -> Phrase {
        Phrase::ours("")
            .theirs(self.name())
            .and(format!(" in the call {what}, so nothing was read"))
    }

    /// Whether its values are numbers.
    pub(in crate::policy) fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_leave_no_room_for_syntax() {
        let fits = |kind: &str, text: &str| Kind::named(kind).unwrap().fits(text);
        for (kind, good) in [
            ("word", "web-01"),
            ("id", "arn:aws:ec2:eu-west-1:12:i/1"),
            ("number", "4711"),
            ("uuid", "0194fdc2-fa2f-4cc0-81d3-ff12045b73c8"),
            ("host", "db.example.com"),
            ("email", "a.b+c@example.com"),
            ("path", "/srv/data/x y"),
            ("region", "eu-west-1"),
            ("instance_id", "i-0123456789abcdef0"),
        ] {
            assert!(fits(kind, good), "{kind} {good}");
            for evil in [
                "",
                "-f",
                "--output=x",
                "a\nb",
                "a;b",
                "a b'",
                "$(x)",
                "`x`",
                "file:///etc/passwd",
                "Name=x,Values=y",
                "../../x",
                "@/etc/passwd",
                "a\0b",
                "{x}",
            ] {
                assert!(!fits(kind, evil), "{kind} {evil:?}");
            }
        }
        assert!(!fits("path", "/srv/../etc"));
        assert!(!fits("region", "eu"));
        assert!(!fits("instance_id", "i-xyz"));
    }

    #[test]
    fn a_list_is_whole_or_nothing() {
        let parts = parts("${args.of.ids...:instance_id}").unwrap();
        let [Part::Slot(slot)] = parts.as_slice() else { panic!("{parts:?}") };
        let values = |json: &str| slot.values(&Json::parse(json.as_bytes()).unwrap());
        assert_eq!(values(r#"{"of":{"ids":["i-00000001"]}}"#).unwrap(), ["i-00000001"]);
        for bad in [
            r#"{"of":{"ids":["i-00000001","--force"]}}"#,
            r#"{"of":{"ids":[]}}"#,
            r#"{"of":{"ids":"i-00000001"}}"#,
            r#"{"of":{}}"#,
        ] {
            assert!(values(bad).is_err(), "{bad}");
        }
    }
}
