//! The verdict, in one order: freeze, deny, dangerous, ask rules and budgets, allow rules,
//! confidence, the default of the level. What cannot be answered asks a person.

use super::ladder::Asks;
use super::rule::{Effect, Rule};
use super::values::{Seen, Subject, level_name};
use super::{Considered, Found, Policy, Ruling, Verdict, Why};
use crate::assessment::RiskLevel;

/// A rule that matched, or whose condition gave no answer.
struct Hit<'a> {
    rule: &'a Rule,
    no_answer: Option<String>,
}

impl Policy {
    /// Judges an action.
    ///
    /// A call that touches Holdshort's own data, address or program is denied: a gate that can be
    /// opened through itself is none.
    #[must_use]
    pub fn evaluate(&self, subject: &Subject<'_>) -> Verdict {
        let seen = Seen::new(subject, &self.zone);
        self.judge(&seen, &mut |_, _| {})
    }

    /// The same, with every rule that was looked at and what it said.
    #[must_use]
    pub fn explain(&self, subject: &Subject<'_>) -> (Verdict, Vec<Considered>) {
        let seen = Seen::new(subject, &self.zone);
        let mut looked = Vec::new();
        let verdict = self.judge(&seen, &mut |rule, found| {
            looked.push(Considered {
                rule: rule.id.clone(),
                place: rule.place.clone(),
                effect: rule.effect.name(),
                when: rule.matcher.when.as_ref().map(|when| when.source().to_owned()),
                looked_at: rule.matcher.when.as_ref().map_or(vec![], |when| when.looked_at(&seen)),
                found,
            });
        });
        let tool = subject.call.tool.raw().to_lowercase();
        let others = self.rules.iter().filter(|rule| !rule.matcher.is_for(&tool));
        looked.extend(others.map(|rule| Considered {
            rule: rule.id.clone(),
            place: rule.place.clone(),
            effect: rule.effect.name(),
            when: None,
            looked_at: Vec::new(),
            found: Found::OtherTool,
        }));
        looked.sort_by_key(|one| (one.place.file.clone(), one.place.line));
        (verdict, looked)
    }

    fn judge(&self, seen: &Seen<'_>, note: &mut dyn FnMut(&Rule, Found)) -> Verdict {
        let subject = seen.subject;
        if let Some(verdict) = self.frozen(seen) {
            return verdict;
        }
        let hits = self.hits(seen, note);
        let sure = |hit: &&Hit<'_>| hit.no_answer.is_none();
        let denied = hits.iter().filter(sure).find(|hit| hit.rule.effect == Effect::Deny);
        if subject.assessment.touches_gate {
            return Verdict::built_in(
                Ruling::Deny,
                "builtin.protect-holdshort",
                "It touches Holdshort's own data, address or program; no policy can allow that.",
            );
        }
        if let Some(hit) = denied {
            return verdict(Ruling::Deny, hit, seen);
        }
        let asked = self.asked(&hits, seen);
        let allowed = hits.iter().filter(sure).find_map(|hit| match hit.rule.effect {
            Effect::Allow { accept_dangerous } => Some((hit, accept_dangerous)),
            Effect::Ask(_) | Effect::Deny => None,
        });
        if subject.assessment.uninspectable.is_some() {
            let why = "The call cannot be shown in full, so it cannot be judged.";
            return Verdict::built_in(Ruling::Ask, "builtin.uninspectable", why).of(asked);
        }
        let dangerous = subject.assessment.level == RiskLevel::Dangerous
            && self.settings.asks(RiskLevel::Dangerous)
            && !matches!(allowed, Some((_, true)));
        if let Some(asked) = asked {
            return asked;
        }
        if dangerous {
            return self.by_level(RiskLevel::Dangerous);
        }
        if let Some(verdict) = self.over_budget(subject) {
            return verdict;
        }
        if let Some((hit, _)) = allowed {
            return verdict(Ruling::Allow, hit, seen);
        }
        if let Some(verdict) = self.unsure(subject) {
            return verdict;
        }
        self.by_level(subject.assessment.level)
    }

    /// The rules that apply.
    fn hits(&self, seen: &Seen<'_>, note: &mut dyn FnMut(&Rule, Found)) -> Vec<Hit<'_>> {
        let call = seen.subject.call;
        let mut hits = Vec::new();
        for index in self.table.find(call.tool.raw()) {
            let Some(rule) = self.rules.get(index) else { continue };
            if rule.is_elsewhere(call.cwd.raw()) {
                note(rule, Found::Elsewhere);
                continue;
            }
            match rule.matcher.holds(seen) {
                Ok(false) => note(rule, Found::No),
                Ok(true) => {
                    note(rule, Found::Yes);
                    hits.push(Hit { rule, no_answer: None });
                }
                Err(error) => {
                    note(rule, Found::NoAnswer(error.0.clone()));
                    hits.push(Hit { rule, no_answer: Some(error.0) });
                }
            }
        }
        hits
    }

    /// The first rule that asks, with what all of them need; and those without an answer.
    fn asked(&self, hits: &[Hit<'_>], seen: &Seen<'_>) -> Option<Verdict> {
        let asks =
            |hit: &&Hit<'_>| hit.no_answer.is_some() || matches!(hit.rule.effect, Effect::Ask(_));
        let mut asking = hits.iter().filter(asks);
        let first = asking.next()?;
        let of = |hit: &Hit<'_>| match &hit.rule.effect {
            Effect::Ask(asks) => asks.clone(),
            Effect::Allow { .. } | Effect::Deny => Asks::default(),
        };
        let mut verdict = verdict(Ruling::Ask, first, seen);
        verdict.also = asking.clone().map(|hit| hit.rule.id.clone()).collect();
        let needs = asking.fold(of(first), |needs, hit| needs.and(&of(hit)));
        if let Some(error) = &first.no_answer {
            verdict.reason = format!("{} (The condition gave no answer: {error}.)", verdict.reason);
        }
        verdict.asks = Some(needs);
        Some(verdict)
    }

    fn frozen(&self, seen: &Seen<'_>) -> Option<Verdict> {
        let subject = seen.subject;
        let tool = subject.call.tool.raw().to_lowercase();
        let on = self.freezes.iter().filter(|freeze| freeze.is_on(subject.now));
        // A freeze whose condition gives no answer is on.
        let hit = on
            .filter(|freeze| freeze.matcher.is_for(&tool))
            .find(|freeze| freeze.matcher.holds(seen).unwrap_or(true))?;
        // Looking is no change, and a freeze is about changes.
        if subject.assessment.level == RiskLevel::Safe {
            return None;
        }
        let until = hit.every.as_ref().map_or(String::new(), |w| format!(" ({})", w.text()));
        let reason = format!("Frozen{until}: {}", hit.reason);
        let why = Why { place: Some(hit.place.clone()), when: None, looked_at: Vec::new() };
        Some(Verdict { why: Some(why), ..Verdict::built_in(Ruling::Deny, &hit.id, &reason) })
    }

    fn over_budget(&self, subject: &Subject<'_>) -> Option<Verdict> {
        let cost = subject.cost?;
        let over = |limit: &crate::Amount, spent: &crate::run::Spending| {
            // A sum in another currency, or too large to be exact, cannot be compared: ask.
            limit.currency() != cost.currency()
                || spent.with(cost).is_none_or(|sum| sum.number() > limit.number())
        };
        let asks = |rule: &str, limit: &crate::Amount, what: &str| {
            let reason = format!("With {cost} it would spend more than {limit} {what}.");
            Verdict { reason, ..Verdict::built_in(Ruling::Ask, rule, "") }
        };
        let settings = &self.settings;
        let run = settings.per_run.as_ref().filter(|limit| over(limit, &subject.run.spending));
        let day = settings.per_day.as_ref().filter(|limit| over(limit, subject.today));
        run.map(|limit| asks("budget.run", limit, "in this run"))
            .or_else(|| day.map(|limit| asks("budget.day", limit, "today")))
    }

    /// Below the threshold of confidence, when the agent said how sure it is.
    fn unsure(&self, subject: &Subject<'_>) -> Option<Verdict> {
        if self.settings.fully_autonomous || subject.assessment.level == RiskLevel::Safe {
            return None;
        }
        let text = subject.words.confidence.raw();
        if text.is_empty() {
            return None;
        }
        let threshold = self.settings.confidence_below;
        let sure = text.parse::<f64>().is_ok_and(|confidence| confidence >= threshold);
        let reason = format!("The agent is less sure than {threshold}.");
        (!sure)
            .then(|| Verdict { reason, ..Verdict::built_in(Ruling::Ask, "trigger.confidence", "") })
    }

    fn by_level(&self, level: RiskLevel) -> Verdict {
        if self.settings.asks(level) {
            let (rule, reason) = match level {
                RiskLevel::Dangerous => {
                    ("default.ask-dangerous", "Dangerous actions wait for a person.")
                }
                RiskLevel::Risky => ("default.ask-risky", "Risky actions wait for a person here."),
                RiskLevel::Safe => ("default.ask-safe", "Everything waits for a person here."),
            };
            return Verdict::built_in(Ruling::Ask, rule, reason);
        }
        let reason = match level {
            RiskLevel::Safe => "It only reads.",
            RiskLevel::Risky => "It changes something that can be changed back.",
            RiskLevel::Dangerous => "Policy does not ask about dangerous actions.",
        };
        Verdict::built_in(Ruling::Allow, &format!("default.{}", level_name(level)), reason)
    }
}

fn verdict(ruling: Ruling, hit: &Hit<'_>, seen: &Seen<'_>) -> Verdict {
    let rule = hit.rule;
    let when = rule.matcher.when.as_ref();
    let why = Why {
        place: Some(rule.place.clone()),
        when: when.map(|when| when.source().to_owned()),
        looked_at: when.map_or(Vec::new(), |when| when.looked_at(seen)),
    };
    Verdict { why: Some(why), ..Verdict::built_in(ruling, &rule.id, &rule.reason) }
}
