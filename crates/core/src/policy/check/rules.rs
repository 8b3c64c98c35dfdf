//! The rules of a file.

use std::ops::Range;

use toml::Spanned;

use super::super::condition::Condition;
use super::super::file::{self, File, OneOrMany};
use super::super::glob::Glob;
use super::super::ladder::{Asks, Need};
use super::super::rule::{Effect, Layer, Matcher, Rule};
use super::{Checking, RULES};
use crate::assessment::RiskLevel;

/// People one request may need.
const SEATS: u32 = 20;

pub(super) fn globs(names: &OneOrMany) -> Vec<Glob> {
    names.list().iter().map(|name| Glob::new(name)).collect()
}

impl Checking<'_> {
    pub(super) fn rules(&mut self, file: &File) {
        for table in &file.rule {
            let rule = table.get_ref();
            self.check_id(&rule.id);
            if rule.reason.trim().is_empty() {
                self.problem(rule.id.span(), "a rule has a reason: people and agents read it");
            }
            let when = rule.when.as_ref().and_then(|when| self.condition(when));
            let Some(effect) = self.effect(rule) else { continue };
            let matcher = Matcher {
                tools: globs(&rule.tool),
                servers: globs(&rule.server),
                agents: globs(&rule.agent),
                levels: rule.level.clone(),
                when,
            };
            if let Effect::Allow { accept_dangerous } = effect {
                self.check_allow(rule, &matcher, accept_dangerous);
            }
            let place = self.place(&rule.id.span());
            let layer = self.layer();
            let id = rule.id.get_ref().clone();
            let reason = rule.reason.clone();
            self.policy.rules.push(Rule { id, reason, place, layer, matcher, effect });
        }
        if self.policy.rules.len() > RULES
            && let Some(last) = file.rule.last()
        {
            self.problem(last.span(), format!("a policy may have {RULES} rules"));
        }
    }

    pub(super) fn check_id(&mut self, id: &Spanned<String>) {
        let name = id.get_ref();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(plain) {
            self.problem(id.span(), "an id is made of letters, digits, `-`, `_` and `.`");
        }
        let reserved = ["builtin.", "default.", "budget.", "trigger.", "stop."];
        if reserved.iter().any(|prefix| name.starts_with(prefix)) {
            self.problem(id.span(), format!("ids beginning like `{name}` are Holdshort's own"));
        }
        let known = self.policy.rules.iter().find(|rule| rule.id == *name);
        if let Some(known) = known {
            let what = format!("`{name}` is the id of another rule, in line {}", known.place.line);
            self.problem(id.span(), what);
        }
    }

    pub(super) fn condition(&mut self, when: &Spanned<String>) -> Option<Condition> {
        match Condition::check(when.get_ref()) {
            Ok(condition) => Some(condition),
            Err(wrong) => {
                let span = self.within(when, wrong.span);
                self.problem(span, wrong.what).hint = wrong.hint;
                None
            }
        }
    }

    /// Bytes of the file for bytes of a text in it. A text with escapes is marked as a whole.
    pub(super) fn within(&self, text: &Spanned<String>, part: Range<usize>) -> Range<usize> {
        let whole = text.span();
        let written = self.source.text.get(whole.clone()).unwrap_or_default();
        match written.find(text.get_ref().as_str()) {
            Some(at) => {
                let start = whole.start + at;
                start + part.start..start + part.end
            }
            None => whole,
        }
    }

    fn effect(&mut self, rule: &file::Rule) -> Option<Effect> {
        let asks = rule.ask.as_ref().map(|ask| (ask, ask.span()));
        let wanted = usize::from(rule.allow) + usize::from(rule.deny) + usize::from(asks.is_some());
        if wanted != 1 {
            let what = "a rule does one of three things: `allow = true`, `deny = true` or `ask`";
            self.problem(rule.id.span(), what);
            return None;
        }
        if rule.accept_dangerous && !rule.allow {
            self.problem(rule.id.span(), "`accept_dangerous` is for rules that allow");
        }
        if rule.deny {
            return Some(Effect::Deny);
        }
        let Some((ask, span)) = asks else {
            return Some(Effect::Allow { accept_dangerous: rule.accept_dangerous });
        };
        match ask.get_ref() {
            file::Ask::Plain(true) => Some(Effect::Ask(Asks::default())),
            file::Ask::Plain(false) => {
                self.problem(span, "`ask = false` says nothing; a rule that lets through allows");
                None
            }
            file::Ask::Of(of) => self.asks(of, span).map(Effect::Ask),
        }
    }

    fn asks(&mut self, of: &file::AskOf, span: Range<usize>) -> Option<Asks> {
        let mut needs = Vec::new();
        for text in &of.needs {
            match need(text) {
                Some(need) => needs.push(need),
                None => {
                    self.problem(span.clone(), format!("`{text}` names no seats")).hint =
                        Some("write `2 of group:sre`".to_owned());
                }
            }
        }
        match (of.quorum, needs.is_empty()) {
            (Some(_), false) => {
                self.problem(span.clone(), "`quorum` and `needs` both say how many: give one");
            }
            (count, true) => needs.push(Need { count: count.unwrap_or(1), group: None }),
            (None, false) => {}
        }
        let seats: u32 = needs.iter().map(|need| need.count).fold(0, u32::saturating_add);
        if needs.iter().any(|need| need.count == 0) || seats > SEATS {
            self.problem(span, format!("a request needs 1 to {SEATS} people"));
            return None;
        }
        let ladder = of.ladder.clone().unwrap_or_else(|| Asks::default().ladder);
        Some(Asks { ladder, needs, blind: of.blind.unwrap_or(true) })
    }

    /// A rule that lets through must not rest on what the caller can spell in many ways.
    fn check_allow(&mut self, rule: &file::Rule, matcher: &Matcher, accept_dangerous: bool) {
        if self.layer() != Layer::Organization {
            self.problem(rule.id.span(), "a repository's file cannot allow anything").hint =
                Some("move it to the organization's policy.toml".to_owned());
        }
        if let (Some(when), Some(condition)) = (&rule.when, &matcher.when)
            && condition.reads("args")
        {
            let what =
                "a rule that allows must not read `args`: raw text can be spelt in many ways";
            self.problem(when.span(), what).hint = Some(
                "read `target`, `money` or `env` instead: they are decoded and resolved".to_owned(),
            );
        }
        if matcher.tools.is_empty() {
            self.problem(rule.id.span(), "a rule that allows names its tools");
        }
        let dangerous = matcher.levels.as_ref().is_some_and(|l| l.contains(&RiskLevel::Dangerous));
        if dangerous && !accept_dangerous {
            let what = "dangerous actions are not allowed by a rule unless it says so";
            self.problem(rule.id.span(), what).hint =
                Some("add `accept_dangerous = true`".to_owned());
        }
        if accept_dangerous && !matcher.tools.iter().all(Glob::is_exact) {
            let what = "a rule that accepts dangerous actions names each tool in full, without `*`";
            self.problem(rule.id.span(), what);
        }
    }
}

/// `2 of group:sre`.
fn need(text: &str) -> Option<Need> {
    let (count, group) = text.split_once(" of group:")?;
    let group = group.trim();
    let count = count.trim().parse().ok()?;
    (!group.is_empty()).then(|| Need { count, group: Some(group.to_owned()) })
}
