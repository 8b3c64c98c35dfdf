//! JSON read once and strictly: what two parsers could read differently is refused.
//!
//! Duplicate keys (also when spelt with escapes), lone surrogates, NaN, trailing data, a byte
//! order mark and deep nesting are errors. Numbers keep their source text, so integers beyond
//! 2^53 stay exact.

use std::collections::HashSet;
use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits;

/// A JSON value. Members keep the order of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as its source text.
    Number(String),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// An object; no key stands twice.
    Object(Vec<(String, Json)>),
}

/// Why a text is not accepted as JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It does not follow the grammar.
    #[error("{0}")]
    Syntax(String),
    /// One key stands twice in an object.
    #[error("the key `{0}` stands twice in one object")]
    DuplicateKey(String),
    /// It is nested deeper than [`limits::JSON_DEPTH`].
    #[error("nested deeper than {} levels", limits::JSON_DEPTH)]
    TooDeep,
}

impl Json {
    /// Reads a whole document.
    ///
    /// # Errors
    /// When the text is not JSON, is ambiguous, or is nested too deeply.
    ///
    /// ```
    /// use holdshort_core::Json;
    /// assert!(Json::parse(br#"{"path": "/tmp/a"}"#).is_ok());
    /// assert!(Json::parse(br#"{"path": "/tmp/a", "p\u0061th": "/srv"}"#).is_err());
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| JsonError::Syntax("the text is not valid UTF-8".into()))?;
        let raw: &RawValue = serde_json::from_str(text).map_err(syntax)?;
        read(raw.get(), limits::JSON_DEPTH)
    }

    /// The member with this name, if this is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => {
                members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if this is a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if this is an object.
    #[must_use]
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// How deep it is nested: 0 for a plain value.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Json::Array(items) => 1 + items.iter().map(Json::depth).max().unwrap_or(0),
            Json::Object(members) => {
                1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// A text without blanks, members sorted by UTF-16 code units and strings escaped as in
    /// RFC 8785. Numbers keep their source text, unlike there: `1` and `1.0` differ.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        write(&mut out, self, true);
        out
    }

    /// A text without blanks, members in the order of the source.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        write(&mut out, self, false);
        out
    }

    /// Every string in it, with the path to it (`env.PATH`, `ids[3]`).
    #[must_use]
    pub fn strings(&self) -> Vec<(String, &str)> {
        let mut found = Vec::new();
        collect(self, String::new(), &mut found);
        found
    }
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        input.deserialize_map(Read)
    }
}

fn syntax(error: serde_json::Error) -> JsonError {
    JsonError::Syntax(error.to_string())
}

fn read(text: &str, depth: usize) -> Result<Json, JsonError> {
    match text.as_bytes().first() {
        Some(b'{') => read_object(text, depth),
        Some(b'[') => {
            let below = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(syntax)?;
            items
                .into_iter()
                .map(|item| read(item.get(), below))
                .collect::<Result<_, _>>()
                .map(Json::Array)
        }
        Some(b'"') => serde_json::from_str(text).map(Json::String).map_err(syntax),
        Some(b't') => Ok(Json::Bool(true)),
        Some(b'f') => Ok(Json::Bool(false)),
        Some(b'n') => Ok(Json::Null),
        _ => Ok(Json::Number(text.to_owned())),
    }
}

fn read_object(text: &str, depth: usize) -> Result<Json, JsonError> {
    let below = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
    let Members(raw) = serde_json::from_str(text).map_err(syntax)?;
    let mut seen = HashSet::with_capacity(raw.len());
    let mut members = Vec::with_capacity(raw.len());
    for (key, value) in raw {
        if !seen.insert(key.clone()) {
            return Err(JsonError::DuplicateKey(key));
        }
        members.push((key, read(value.get(), below)?));
    }
    Ok(Json::Object(members))
}

fn write(out: &mut String, value: &Json, sorted: bool) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(text) => out.push_str(text),
        Json::String(text) => write_string(out, text),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item, sorted);
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut order: Vec<&(String, Json)> = members.iter().collect();
            if sorted {
                order.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            }
            out.push('{');
            for (index, (key, item)) in order.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key);
                out.push(':');
                write(out, item, sorted);
            }
            out.push('}');
        }
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

fn collect<'a>(value: &'a Json, path: String, found: &mut Vec<(String, &'a str)>) {
    match value {
        Json::String(text) => found.push((path, text)),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{path}[{index}]"), found);
            }
        }
        Json::Object(members) => {
            for (key, item) in members {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(item, below, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(input: &str, expect: Result<&str, &str>) {
        let got = Json::parse(input.as_bytes()).map(|json| json.canonical());
        match (got, expect) {
            (Ok(got), Ok(text)) => assert_eq!(got, text),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, _) => panic!("{input}: {got:?}"),
        }
    }

    #[test]
    fn one_reading_or_none() {
        check(r#" {"b":1.0,"a":[true,null,"x\u00e9"]} "#, Ok(r#"{"a":[true,null,"xé"],"b":1.0}"#));
        check("9007199254740993", Ok("9007199254740993"));
        check(r#"{"a":1,"a":2}"#, Err("stands twice"));
        check(r#"{"x":{"a":1,"\u0061":2}}"#, Err("stands twice"));
        check(r#"{"a":1}{"b":2}"#, Err("trailing"));
        check("\u{feff}{}", Err("expected"));
        check(r#""\ud800""#, Err("hex escape"));
        check("NaN", Err("expected"));
        check("[1,]", Err(""));
        check(&("[".repeat(24) + &"]".repeat(24)), Ok(&("[".repeat(24) + &"]".repeat(24))));
        check(&("[".repeat(25) + &"]".repeat(25)), Err("nested deeper"));
        check(&"[".repeat(100_000), Err(""));
    }

    #[test]
    fn keys_sort_by_utf16_code_units() {
        // U+10000 is D800 DC00 in UTF-16 and so comes before U+FFFD.
        check("{\"\u{fffd}\":1,\"\u{10000}\":2}", Ok("{\"\u{10000}\":2,\"\u{fffd}\":1}"));
    }

    #[test]
    fn not_utf8_is_refused() {
        assert!(Json::parse(b"\"\xff\"").is_err());
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<i64>().prop_map(|n| Json::Number(n.to_string())),
            ".*".prop_map(Json::String),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
                prop::collection::btree_map(".*", inner, 0..5)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back_to_itself(json in any_json()) {
            let text = json.canonical();
            let back = Json::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(back.canonical(), text);
        }

        #[test]
        fn any_bytes_are_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Json::parse(&bytes);
        }
    }
}
