//! The tables beside the rules: defaults, budgets, check-ins, exceptions, ladders, freezes.

use std::ops::Range;

use super::super::file::{self, File};
use super::super::ladder::{Ladder, Step};
use super::super::rule::{Freeze, Matcher};
use super::super::zone::Window;
use super::super::{CheckIn, Checkpoint, WITHIN_SECS};
use super::Checking;
use crate::time::Timestamp;

/// Steps a ladder may have.
const STEPS: usize = 20;

/// Exceptions that can be switched off, by name.
const EXCEPTIONS: [&str; 4] = ["unknown", "failed", "stuck", "denials"];

impl Checking<'_> {
    pub(super) fn settings(&mut self, file: &File) {
        if let Some(interrupt) = &file.interrupt {
            let interrupt = interrupt.get_ref();
            if let Some(ask) = &interrupt.ask {
                self.policy.settings.ask.clone_from(ask);
            }
            if let Some(threshold) = &interrupt.confidence_below {
                match (0.0..=1.0).contains(threshold.get_ref()) {
                    true => self.policy.settings.confidence_below = *threshold.get_ref(),
                    false => {
                        self.problem(threshold.span(), "a confidence is between 0 and 1");
                    }
                }
            }
            self.policy.settings.fully_autonomous = interrupt.fully_autonomous;
        }
        if let Some(budget) = &file.budget {
            self.policy.settings.per_run.clone_from(&budget.get_ref().per_run);
            self.policy.settings.per_day.clone_from(&budget.get_ref().per_day);
        }
        self.check_in(file);
        self.exceptions(file);
        let resume = file.resume.as_ref().and_then(|table| table.get_ref().refresh_after.as_ref());
        if let Some(secs) = resume.and_then(|text| self.secs(text)) {
            self.policy.settings.refresh_after_secs = secs;
        }
    }

    fn check_in(&mut self, file: &File) {
        let Some(table) = &file.check_in else { return };
        let check_in = table.get_ref();
        let every_secs = check_in.every.as_ref().and_then(|every| self.secs(every));
        let steps = check_in.steps.as_ref().map(|steps| *steps.get_ref());
        if let Some(steps) = &check_in.steps
            && *steps.get_ref() == 0
        {
            self.problem(steps.span(), "a check-in every 0 steps would never let a run begin");
        }
        if steps.is_none() && check_in.every.is_none() {
            self.problem(table.span(), "a check-in needs `steps` or `every`");
        }
        let asks = Self::asks_of(check_in.ladder.as_ref());
        self.policy.settings.check_in = Some(CheckIn { steps, every_secs, asks });
    }

    fn exceptions(&mut self, file: &File) {
        let Some(table) = &file.exceptions else { return };
        let table = table.get_ref();
        let mut off = Vec::new();
        for name in &table.off {
            if EXCEPTIONS.contains(&name.get_ref().as_str()) {
                off.push(name.get_ref().clone());
            } else {
                let what = format!("there is no exception `{}`", name.get_ref());
                self.problem(name.span(), what).hint =
                    Some(format!("there is {}", EXCEPTIONS.join(", ")));
            }
        }
        for count in [&table.denials_in_row, &table.denials_in_total].into_iter().flatten() {
            if *count.get_ref() == 0 {
                self.problem(count.span(), "0 denials are none; leave it out, or switch it off");
            }
        }
        let on = |name: &str| !off.iter().any(|off| off == name);
        let exceptions = &mut self.policy.settings.exceptions;
        exceptions.unknown = on("unknown");
        exceptions.failed = on("failed");
        exceptions.stuck = on("stuck");
        exceptions.any_failure = table.any_failure.unwrap_or(exceptions.any_failure);
        let number = |given: Option<&toml::Spanned<u32>>, known: Option<u32>| {
            given.map(|count| *count.get_ref()).or(known).filter(|_| on("denials"))
        };
        exceptions.denials_in_row =
            number(table.denials_in_row.as_ref(), exceptions.denials_in_row);
        exceptions.denials_in_total =
            number(table.denials_in_total.as_ref(), exceptions.denials_in_total);
        exceptions.asks = Self::asks_of(table.ladder.as_ref());
    }

    pub(super) fn checkpoints(&mut self, file: &File) {
        for table in &file.checkpoint {
            let one = table.get_ref();
            if one.after.is_some() == one.before.is_some() {
                let what = "a checkpoint is `after` a phase or `before` one";
                self.problem(table.span(), what).hint =
                    Some("give exactly one of the two".to_owned());
                continue;
            }
            let reason = one.reason.clone().unwrap_or_default();
            self.policy.checkpoints.push(Checkpoint {
                after: one.after.clone(),
                before: one.before.clone(),
                reason,
                asks: Self::asks_of(one.ladder.as_ref()),
            });
        }
    }

    pub(super) fn ladders(&mut self, file: &File) {
        for (name, table) in &file.ladder {
            let ladder = table.get_ref();
            self.nothing_by_time([&ladder.then, &ladder.on_timeout]);
            let steps = &ladder.steps;
            if steps.is_empty() || steps.len() > STEPS {
                let what = format!("a ladder has 1 to {STEPS} steps");
                self.problem(table.span(), what);
                continue;
            }
            let steps = steps.iter().filter_map(|step| self.step(step.get_ref(), step.span()));
            let steps = steps.collect();
            self.policy.ladders.push(Ladder { name: name.clone(), steps });
        }
    }

    /// Refuses what would decide by time, and says why there is no such setting.
    fn nothing_by_time(&mut self, outcomes: [&Option<toml::Spanned<toml::Value>>; 2]) {
        for outcome in outcomes.into_iter().flatten() {
            let what = "no setting decides by time: silence asks the next step, and after the \
                        last one the request stays pending";
            self.problem(outcome.span(), what).hint =
                Some("leave it out; add a step to ask somebody else".to_owned());
        }
    }

    fn step(&mut self, step: &file::LadderStep, span: Range<usize>) -> Option<Step> {
        self.nothing_by_time([&step.then, &step.on_timeout]);
        let within_secs = match &step.within {
            Some(within) => self.secs(within)?,
            None => WITHIN_SECS,
        };
        let hours = match &step.hours {
            Some(hours) => Some(self.window(hours)?),
            None => None,
        };
        if step.ask.list().is_empty() {
            self.problem(span.clone(), "a step asks somebody");
        }
        let asks = step.ask.list().iter().filter_map(|text| self.ask(text, span.clone()));
        Some(Step { ask: asks.collect(), within_secs, hours })
    }

    fn window(&mut self, text: &toml::Spanned<String>) -> Option<Window> {
        let window = Window::parse(text.get_ref(), &self.policy.zone);
        if window.is_none() {
            let what = format!("`{}` is no part of a week", text.get_ref());
            self.problem(text.span(), what).hint = Some(
                "write `Mon-Fri 09:00-17:00` or `Fri 16:00 - Mon 08:00`, and a zone after it \
                 when it is not the file's"
                    .to_owned(),
            );
        }
        window
    }

    pub(super) fn freezes(&mut self, file: &File) {
        for table in &file.freeze {
            let one = table.get_ref();
            let every = one.every.as_ref().and_then(|text| self.window(text));
            let from = one.from.as_ref().and_then(|text| self.instant(text));
            let until = one.until.as_ref().and_then(|text| self.instant(text));
            let when = one.when.as_ref().and_then(|when| self.condition(when));
            let place = self.place(&table.span());
            self.policy.freezes.push(Freeze {
                id: one.id.get_ref().clone(),
                reason: one.reason.clone(),
                place,
                matcher: Matcher {
                    tools: super::rules::globs(&one.tool),
                    servers: Vec::new(),
                    agents: Vec::new(),
                    levels: None,
                    when,
                },
                every,
                from,
                until,
            });
        }
    }

    fn instant(&mut self, text: &toml::Spanned<String>) -> Option<Timestamp> {
        let instant = super::examples::instant(text.get_ref());
        if instant.is_none() {
            let what = format!("`{}` is no point in time", text.get_ref());
            self.problem(text.span(), what).hint =
                Some("write one like `2026-12-20T18:00:00Z`".to_owned());
        }
        instant
    }
}
