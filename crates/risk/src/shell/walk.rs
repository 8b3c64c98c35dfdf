//! Follows a command's words through the table: which subcommand, which options, which operands.

use super::patterns::{MaxByLevel, end_of_command, is_file, matches, worst_of};
use super::script::{Open, Word};
use super::table::{Node, Rule, Table, Takes};
use crate::finding::Kind;

/// A rule with the name of its option.
type Named = (&'static str, Rule);

/// Readings of one command, where an unknown option may or may not take the next word.
const READINGS_MAX: usize = 8;

/// An option or operand that has a rule.
#[derive(Clone, Debug)]
pub(super) struct Hit<'w> {
    /// As written.
    pub(super) text: &'w str,
    /// As the table names it.
    pub(super) key: &'static str,
    pub(super) rule: Rule,
    pub(super) value: Option<Word>,
}

/// One reading of a command.
#[derive(Clone, Debug)]
pub(super) struct Reading<'w> {
    /// The program and its subcommands, as places in the table.
    pub(super) chain: Vec<usize>,
    /// The subcommands as written.
    pub(super) subs: Vec<&'w str>,
    /// What stands behind them and is no option.
    pub(super) operands: Vec<&'w Word>,
    /// Options and operands that have a rule.
    pub(super) hits: Vec<Hit<'w>>,
    /// Words that are a command or a script of their own.
    pub(super) inner: Vec<(Takes, &'w [Word])>,
    /// What stands behind a file of code: its own words, not the interpreter's.
    pub(super) tail: &'w [Word],
    /// An option makes it only show what it would do.
    pub(super) dry: bool,
    /// An option makes it another command, which looks.
    pub(super) look: bool,
    /// The worst that an unknown word may stand for.
    pub(super) unsure: Option<Kind>,
    /// A word that names no known subcommand.
    pub(super) stray: Option<&'w str>,
    settled: bool,
    plain: bool,
    /// The word before was an option that may take a value, as far as is known.
    hungry: bool,
    never_dry: bool,
}

/// All readings of the words behind a program.
pub(super) fn readings<'w>(table: &Table, at: usize, args: &'w [Word]) -> Vec<Reading<'w>> {
    let first = Reading {
        chain: vec![at],
        subs: Vec::new(),
        operands: Vec::new(),
        hits: Vec::new(),
        inner: Vec::new(),
        tail: &[],
        dry: false,
        look: false,
        unsure: None,
        stray: None,
        settled: false,
        plain: false,
        hungry: false,
        never_dry: false,
    };
    let mut open = vec![(first, args)];
    let mut done = Vec::new();
    while let Some((mut reading, rest)) = open.pop() {
        if let Some((fork, behind)) = reading.run(table, rest)
            && done.len() + open.len() < READINGS_MAX
        {
            open.push((reading, behind));
            open.push((fork, behind.get(1..).unwrap_or_default()));
            continue;
        }
        reading.dry &= !reading.never_dry;
        reading.look &= !reading.never_dry;
        done.push(reading);
    }
    done
}

impl<'w> Reading<'w> {
    pub(super) fn node<'t>(&self, table: &'t Table) -> &'t Node {
        table.node(self.chain.last().copied().unwrap_or_default())
    }

    /// The nearest answer on the way up from the subcommand.
    pub(super) fn nearest<T>(&self, table: &Table, of: impl Fn(&Node) -> Option<T>) -> Option<T> {
        self.chain.iter().rev().find_map(|at| of(table.node(*at)))
    }

    /// Whether its words hold the statements it runs: `psql -c 'SELECT 1'`.
    pub(super) fn says_what(&self, table: &Table) -> bool {
        let by_option = self.hits.iter().any(|hit| hit.rule.takes == Some(Takes::Sql));
        let skip = self.nearest(table, |node| (node.skip > 0).then_some(node.skip)).unwrap_or(0);
        let by_word = self.nearest(table, |node| node.args) == Some(Takes::Sql);
        by_option || (by_word && self.operands.len() > skip)
    }

    /// Reads on. Gives the other reading and the rest where an option may take a value.
    fn run(&mut self, table: &Table, args: &'w [Word]) -> Option<(Reading<'w>, &'w [Word])> {
        let mut rest = args;
        while let Some((word, behind)) = rest.split_first() {
            if self.plain || !self.looks_like_option(table, word) {
                if self.begins_inner(table, rest) {
                    return None;
                }
                self.hungry = false;
                self.operand(table, word);
                rest = behind;
                continue;
            }
            if word.text == "--" {
                if let Some(rule) = self.rule(table, "--") {
                    self.hit(word, rule, None, behind);
                }
                self.plain = true;
                rest = behind;
                continue;
            }
            let (taken, known) = self.option(table, word, behind);
            self.hungry = !known && word.text.starts_with("--") && !word.text.contains('=');
            rest = behind.get(taken..).unwrap_or_default();
            let next_is_plain = rest.first().is_some_and(|next| !next.text.starts_with('-'));
            let args = self.nearest(table, |node| node.args);
            let undecided = (!self.settled && !self.node(table).subs.is_empty())
                || matches!(args, Some(Takes::Command | Takes::Shell));
            if !known && undecided && next_is_plain && !word.text.contains('=') {
                return Some((self.clone(), rest));
            }
        }
        None
    }

    fn looks_like_option(&self, table: &Table, word: &Word) -> bool {
        if word.may_be_option {
            return false;
        }
        let text = word.text.as_str();
        if text.starts_with('-') && text.len() > 1 {
            return true;
        }
        let listed =
            |name: &str| self.chain.iter().any(|at| table.node(*at).options.contains_key(name));
        match text.split_once('=') {
            Some((name, _)) if !name.is_empty() => self.chain.iter().any(|at| {
                let options = &table.node(*at).options;
                options.keys().any(|key| key.strip_suffix('=') == Some(name))
            }),
            _ => text.starts_with(['/', '+']) && listed(&text.to_ascii_lowercase()),
        }
    }

    /// Takes an option: how many words belong to it, and whether it is known.
    fn option(&mut self, table: &Table, word: &'w Word, behind: &'w [Word]) -> (usize, bool) {
        let text = word.text.as_str();
        if text == "--help" || text == "--version" {
            // Behind the name of what runs it is that program's own.
            let runs = self.runs_operands(table)
                || self.nearest(table, |node| node.effect).is_none_or(|kind| {
                    matches!(kind, Kind::Build | Kind::Execute | Kind::Agent | Kind::Unknown)
                });
            let own = !runs || self.operands.is_empty();
            // `helm upgrade --version 1.2` asks for a version.
            let alone = behind.first().is_none_or(|next| next.text.starts_with('-'));
            self.look |= own && alone && !self.hungry;
            return (0, true);
        }
        if matches!(text, "--no-dry-run" | "--no-dryrun") {
            self.never_dry = true;
        }
        let go = self.chain.iter().any(|at| table.node(*at).go);
        let (name, glued) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let with_sign = text.get(..name.len() + 1).unwrap_or(text);
        let mut taken = 0;
        let exact = self.rule(table, name).or_else(|| self.rule(table, with_sign)).or_else(|| {
            let lower = name.starts_with('/').then(|| name.to_ascii_lowercase());
            lower.and_then(|lower| self.rule(table, &lower))
        });
        let mut known = exact.is_some();
        if let Some(rule) = exact {
            taken = self.hit(word, rule, glued, behind);
        } else if name.len() > 3 && name.starts_with("--") {
            // A long option may be cut short; the worst of those it may stand for counts.
            for rule in self.rules(table, |key| key.starts_with(name)) {
                known = true;
                taken = taken.max(self.hit(word, rule, glued, behind));
            }
        }
        if known || go || text.starts_with("--") || !text.starts_with('-') {
            return (taken, known);
        }
        self.letters(table, word, behind)
    }

    /// `-xzf file`: letters joined behind one dash.
    fn letters(&mut self, table: &Table, word: &'w Word, behind: &'w [Word]) -> (usize, bool) {
        let text = word.text.as_str();
        let mut known = true;
        for (at, letter) in text.char_indices().skip(1) {
            let name = format!("-{letter}");
            let glued = text.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            let rule = self.rule(table, &name);
            known &= rule.is_some() || letter.is_ascii_digit();
            if let Some(rule) = rule {
                let glued = glued.filter(|_| rule.1.takes.is_some());
                let taken = self.hit(word, rule, glued, behind);
                if rule.1.takes.is_some() {
                    return (taken, true);
                }
            }
        }
        (0, known)
    }

    /// The rule for an option, of the subcommand or of what is above it.
    fn rule(&self, table: &Table, name: &str) -> Option<Named> {
        self.nearest(table, |node| {
            node.options.get_key_value(name).map(|(key, rule)| (*key, *rule))
        })
    }

    /// Every rule for options that fit.
    fn rules(&self, table: &Table, fits: impl Fn(&str) -> bool) -> Vec<Named> {
        let nodes = self.chain.iter().rev().map(|at| table.node(*at));
        nodes
            .flat_map(|node| node.options.iter())
            .filter(|(key, _)| fits(key))
            .map(|(key, rule)| (*key, *rule))
            .collect()
    }

    fn hit(
        &mut self,
        word: &'w Word,
        (key, rule): Named,
        glued: Option<&str>,
        behind: &'w [Word],
    ) -> usize {
        // `--dry-run=none` and `--dry-run=false` do not.
        let off = matches!(glued, Some("none" | "false" | "0" | "no"));
        // Behind an option that is not known it may be that option's value.
        self.dry |= rule.dry && !off && !self.hungry;
        self.look |= rule.look && !off && !self.hungry;
        let (value, taken) = match (rule.takes, glued) {
            (None, _) => (None, 0),
            (Some(Takes::Command), None) => {
                let end = end_of_command(behind);
                self.inner.push((Takes::Command, behind.get(..end).unwrap_or_default()));
                (None, (end + 1).min(behind.len()))
            }
            (Some(_), Some(glued)) => {
                (Some(Word { text: glued.to_owned(), values: Vec::new(), ..word.clone() }), 0)
            }
            (Some(_), None) => (behind.first().cloned(), 1.min(behind.len())),
        };
        self.hits.push(Hit { text: &word.text, key, rule, value });
        taken
    }

    fn runs_operands(&self, table: &Table) -> bool {
        let runs = |takes: Option<Takes>| {
            matches!(
                takes,
                Some(Takes::Script | Takes::Command | Takes::Shell | Takes::Task | Takes::Code)
            )
        };
        self.nearest(table, |node| {
            (runs(node.args) || runs(node.first) || runs(node.last)).then_some(())
        })
        .is_some()
    }

    /// Whether the words from here on are a command or script of their own.
    fn begins_inner(&mut self, table: &Table, rest: &'w [Word]) -> bool {
        let node = self.node(table);
        let undecided = !self.settled && !node.subs.is_empty();
        if node.first == Some(Takes::Script)
            && self.operands.is_empty()
            && (!undecided || is_file(rest))
            && let Some((file, tail)) = rest.split_first()
        {
            self.operands.push(file);
            self.tail = tail;
            return true;
        }
        let args = self.nearest(table, |node| node.args);
        let skip = self.nearest(table, |node| (node.skip > 0).then_some(node.skip)).unwrap_or(0);
        let (Some(takes @ (Takes::Command | Takes::Shell)), false) = (args, undecided) else {
            return false;
        };
        if self.operands.len() < skip {
            return false;
        }
        self.inner.push((takes, rest));
        true
    }

    fn operand(&mut self, table: &Table, word: &'w Word) {
        let node = self.node(table);
        if word.may_be_option && !self.plain {
            self.may_be_anything(table, word);
        }
        for at in &self.chain {
            for (pattern, rule) in &table.node(*at).operands {
                if let Some(rest) = matches(pattern, &word.text) {
                    let value = rule.takes.map(|_| Word { text: rest.to_owned(), ..word.clone() });
                    self.hits.push(Hit { text: &word.text, key: pattern, rule: *rule, value });
                }
            }
        }
        if !self.settled && !node.subs.is_empty() {
            let known = word.is_known().then(|| node.subs.get(word.text.as_str())).flatten();
            if let Some(sub) = known {
                self.chain.push(*sub);
                self.subs.push(&word.text);
                return;
            }
            if let Some(sub) = node.subs.get("*") {
                self.chain.push(*sub);
            } else {
                self.settled = true;
                // The node itself says what its operands are, or this is a word we do not know.
                if node.args.is_none() && node.first.is_none() && node.last.is_none() {
                    self.stray = Some(&word.text);
                }
            }
        }
        self.operands.push(word);
    }

    /// A word that begins with something unknown: the worst subcommand or option it may be.
    fn may_be_anything(&mut self, table: &Table, word: &Word) {
        let node = self.node(table);
        let by_sub = if self.settled {
            None
        } else {
            let subs = node.subs.iter().filter(|(name, _)| **name != "*");
            subs.map(|(_, at)| table.node(*at).effect).fold(None, MaxByLevel::max_by_level)
        };
        let rules = self.rules(table, |_| true).into_iter();
        let worst = rules
            .map(|(_, rule)| rule.effect.or(rule.takes.and_then(worst_of)))
            .fold(by_sub, MaxByLevel::max_by_level);
        // In quotes it is one word, most likely a file or a name.
        let worst = if word.open == Open::Split || by_sub.is_some() {
            worst
        } else {
            worst.map(|_| Kind::Unknown)
        };
        self.unsure = self.unsure.max_by_level(worst);
    }
}
