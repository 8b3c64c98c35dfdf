//! Reads a tool's name as words, never as substrings: `budget_update` does not "get".

mod description;
mod judge;
mod lexicon;

pub(crate) use description::judge as judge_description;
pub(crate) use judge::{Head, Said, head, is_money, judge, strong, verb};

/// A tool's name, taken apart.
pub(crate) struct Name {
    /// All words of the tool, lower case, without the server's.
    pub(crate) words: Vec<String>,
    /// Where the part after the last dot, slash or colon begins among the words.
    last: usize,
    /// The words of the server. They may raise a level, never lower it.
    pub(crate) server: Vec<String>,
    /// Letters beyond ASCII may look like others, so such a name is never one we know.
    pub(crate) ascii: bool,
}

impl Name {
    /// Takes `mcp__server__tool`, `mcp.server.tool` or a plain name apart.
    pub(crate) fn new(tool: &str, server: Option<&str>) -> Self {
        let mut rest = tool;
        let mut server_words = server.map(split).unwrap_or_default();
        for separator in ["__", "."] {
            let mut parts = tool.splitn(3, separator);
            if let (Some("mcp"), Some(owner), Some(own)) =
                (parts.next(), parts.next(), parts.next())
            {
                server_words.extend(split(owner));
                rest = own;
            }
        }
        let mut words = Vec::new();
        let mut last = 0;
        for part in rest.split(['.', '/', ':']) {
            let before = words.len();
            split_into(part, &mut words);
            if words.len() > before {
                last = before;
            }
        }
        Self { words, last, server: server_words, ascii: tool.is_ascii() }
    }

    /// The words of the part after the last dot, slash or colon.
    pub(crate) fn own(&self) -> &[String] {
        self.words.get(self.last..).unwrap_or_default()
    }

    /// The words in front of that part.
    pub(crate) fn scope(&self) -> &[String] {
        self.words.get(..self.last).unwrap_or_default()
    }

    /// The name as the built-in table spells it.
    pub(crate) fn snake(&self) -> String {
        self.words.join("_")
    }

    pub(crate) fn has(&self, list: &str) -> bool {
        self.words.iter().any(|word| listed(list, word.as_str()))
    }

    pub(crate) fn has_or_server(&self, list: &str) -> bool {
        self.has(list) || self.server.iter().any(|word| listed(list, word.as_str()))
    }
}

/// The members of a list that is written as one text, which keeps long lists readable.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split_ascii_whitespace()
}

/// Whether `word` stands in such a list.
pub(crate) fn listed(list: &str, word: &str) -> bool {
    items(list).any(|item| item == word)
}

/// Words of a name: at blanks, signs, between letters and digits, and where the case rises.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    split_into(text, &mut words);
    words
}

fn split_into(text: &str, words: &mut Vec<String>) {
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(char) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let cut = before.is_some_and(|last| {
            (last.is_lowercase() && char.is_uppercase())
                || (last.is_uppercase() && char.is_uppercase() && next_is_lower)
                || (last.is_numeric() != char.is_numeric())
        });
        if (cut || !char.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if char.is_ascii() {
            if char.is_ascii_alphanumeric() {
                word.push(char.to_ascii_lowercase());
            }
        } else if char.is_alphanumeric() {
            word.extend(char.to_lowercase());
        }
        before = Some(char);
    }
    if !word.is_empty() {
        words.push(word);
    }
}

/// Places that are not production.
const SANDBOX: &str = "staging stage dev development test testing sandbox preview qa local";

/// Whether a text names a place that is not production, and names no other.
pub(crate) fn is_sandbox(text: &str) -> bool {
    let words = split(text);
    words.iter().any(|word| listed(SANDBOX, word.as_str()))
        && !words.iter().any(|word| matches!(word.as_str(), "prod" | "production" | "live"))
}
