//! The table of programs, read from the text files in `programs/`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::finding::Kind;

const FILES: &[(&str, &str)] = &[
    ("agents.txt", include_str!("../../programs/agents.txt")),
    ("builtins.txt", include_str!("../../programs/builtins.txt")),
    ("cloud.txt", include_str!("../../programs/cloud.txt")),
    ("containers.txt", include_str!("../../programs/containers.txt")),
    ("databases.txt", include_str!("../../programs/databases.txt")),
    ("files.txt", include_str!("../../programs/files.txt")),
    ("git.txt", include_str!("../../programs/git.txt")),
    ("languages.txt", include_str!("../../programs/languages.txt")),
    ("media.txt", include_str!("../../programs/media.txt")),
    ("network.txt", include_str!("../../programs/network.txt")),
    ("packages.txt", include_str!("../../programs/packages.txt")),
    ("system.txt", include_str!("../../programs/system.txt")),
    ("text.txt", include_str!("../../programs/text.txt")),
];

/// What a value is, and so how it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Value,
    ReadPath,
    WritePath,
    DeletePath,
    Url,
    Sql,
    Shell,
    Code,
    Script,
    Command,
    Task,
}

/// What an option or an operand adds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rule {
    pub(super) effect: Option<Kind>,
    pub(super) takes: Option<Takes>,
    /// The command only shows what it would do.
    pub(super) dry: bool,
    /// The command is another one, which looks.
    pub(super) look: bool,
}

/// A program or a subcommand.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) subs: HashMap<&'static str, usize>,
    pub(super) options: HashMap<&'static str, Rule>,
    /// Patterns of operands, with one `*` at most at either end.
    pub(super) operands: Vec<(&'static str, Rule)>,
    pub(super) effect: Option<Kind>,
    pub(super) args: Option<Takes>,
    pub(super) first: Option<Takes>,
    pub(super) last: Option<Takes>,
    pub(super) skip: usize,
    pub(super) words: bool,
    pub(super) go: bool,
}

/// All programs.
#[derive(Debug, Default)]
pub(super) struct Table {
    nodes: Vec<Node>,
    programs: HashMap<&'static str, usize>,
    /// Lines that could not be read, with their file; a test wants none.
    pub(super) errors: Vec<String>,
}

/// The built-in table.
pub(super) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let mut table = Table::default();
        for (file, text) in FILES {
            for (number, line) in text.lines().enumerate() {
                if let Err(why) = table.line(line) {
                    table.errors.push(format!("{file}:{}: {why}: {line}", number + 1));
                }
            }
        }
        table
    });
    &TABLE
}

impl Table {
    pub(super) fn program(&self, name: &str) -> Option<usize> {
        self.programs.get(name).copied()
    }

    pub(super) fn node(&self, at: usize) -> &Node {
        static NONE: LazyLock<Node> = LazyLock::new(Node::default);
        self.nodes.get(at).unwrap_or(&NONE)
    }

    fn line(&mut self, line: &'static str) -> Result<(), String> {
        let line = match line.split_once(" #") {
            Some((before, _)) => before.trim(),
            None if line.starts_with('#') => "",
            None => line.trim(),
        };
        if line.is_empty() {
            return Ok(());
        }
        let (pattern, terms) = cut(line).ok_or("there is no `:` behind the pattern")?;
        let mut words = pattern.split_ascii_whitespace().peekable();
        let mut nodes = Vec::new();
        for name in words.next().unwrap_or_default().split('|') {
            nodes.push(self.enter(None, name));
        }
        let mut target = Vec::new();
        while let Some(word) = words.next() {
            if is_option(word) || word.starts_with('@') {
                if words.peek().is_some() {
                    return Err("something stands behind the option".into());
                }
                target.extend(word.split('|'));
                break;
            }
            let mut next = Vec::new();
            for parent in &nodes {
                for name in word.split('|') {
                    next.push(self.enter(Some(*parent), name));
                }
            }
            nodes = next;
        }
        for node in nodes {
            self.apply(node, &target, terms)?;
        }
        Ok(())
    }

    fn enter(&mut self, parent: Option<usize>, name: &'static str) -> usize {
        let fresh = self.nodes.len();
        let at = match parent {
            None => *self.programs.entry(name).or_insert(fresh),
            Some(parent) => match self.nodes.get_mut(parent) {
                Some(node) => *node.subs.entry(name).or_insert(fresh),
                None => fresh,
            },
        };
        if at == fresh {
            self.nodes.push(Node::default());
        }
        at
    }

    fn apply(&mut self, at: usize, target: &[&'static str], terms: &str) -> Result<(), String> {
        let Some(node) = self.nodes.get_mut(at) else { return Ok(()) };
        if target.is_empty() {
            return terms.split_ascii_whitespace().try_for_each(|term| node.term(term));
        }
        let mut rule = Rule::default();
        for term in terms.split_ascii_whitespace() {
            match (effect(term), takes(term)) {
                (Some(kind), _) => rule.effect = Some(kind),
                (_, Some(kind)) => rule.takes = Some(kind),
                _ if term == "dry" => rule.dry = true,
                _ if term == "look" => rule.look = true,
                _ => return Err(format!("`{term}` is no term of an option")),
            }
        }
        for name in target {
            match name.strip_prefix('@') {
                Some(pattern) => node.operands.push((pattern, rule)),
                // A later line adds to an earlier one.
                None => {
                    let old = node.options.entry(name).or_default();
                    old.effect = rule.effect.or(old.effect);
                    old.takes = rule.takes.or(old.takes);
                    old.dry |= rule.dry;
                    old.look |= rule.look;
                }
            }
        }
        Ok(())
    }
}

impl Node {
    fn term(&mut self, term: &str) -> Result<(), String> {
        let value = |text: &str| takes(text).ok_or_else(|| format!("`{text}` is no kind of value"));
        if let Some(kind) = effect(term) {
            self.effect = Some(kind);
        } else if let Some(kind) = term.strip_prefix("args=") {
            self.args = Some(value(kind)?);
        } else if let Some(kind) = term.strip_prefix("first=") {
            self.first = Some(value(kind)?);
        } else if let Some(kind) = term.strip_prefix("last=") {
            self.last = Some(value(kind)?);
        } else if let Some(number) = term.strip_prefix("skip=") {
            self.skip = number.parse().map_err(|_| format!("`{number}` is no number"))?;
        } else if term == "words" {
            self.words = true;
        } else if term == "go" {
            self.go = true;
        } else {
            return Err(format!("`{term}` is no term of a command"));
        }
        Ok(())
    }
}

/// At the colon that ends the pattern; `@:*` has one of its own.
fn cut(line: &str) -> Option<(&str, &str)> {
    let at = line.find(": ").or_else(|| line.strip_suffix(':').map(str::len))?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

fn is_option(word: &str) -> bool {
    (word.starts_with(['-', '/', '+']) && word.len() > 1) || word.ends_with('=')
}

fn effect(term: &str) -> Option<Kind> {
    Some(match term {
        "read" => Kind::Read,
        "fetch" => Kind::Fetch,
        "secret" => Kind::ReadSecret,
        "write" => Kind::Write,
        "build" => Kind::Build,
        "push" => Kind::Push,
        "stop" => Kind::Stop,
        "unknown" => Kind::Unknown,
        "destroy" => Kind::Destroy,
        "halt" => Kind::Halt,
        "pay" => Kind::Pay,
        "send" => Kind::Send,
        "release" => Kind::Release,
        "grant" => Kind::Grant,
        "exec" => Kind::Execute,
        "agent" => Kind::Agent,
        "config" => Kind::Config,
        _ => return None,
    })
}

fn takes(term: &str) -> Option<Takes> {
    Some(match term {
        "value" => Takes::Value,
        "read-path" => Takes::ReadPath,
        "write-path" => Takes::WritePath,
        "delete-path" => Takes::DeletePath,
        "url" => Takes::Url,
        "sql" => Takes::Sql,
        "shell" => Takes::Shell,
        "code" => Takes::Code,
        "script" => Takes::Script,
        "command" => Takes::Command,
        "task" => Takes::Task,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert_eq!(table().errors, Vec::<String>::new());
        assert!(table().program("git").is_some());
    }
}
