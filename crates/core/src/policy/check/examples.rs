//! Examples that every rule can carry: they are judged like real calls when the file is loaded.

use toml::Spanned;

use super::super::Found;
use super::super::file::{Example, File};
use super::super::values::Subject;
use super::{Checking, Judge};
use crate::action::{Call, Words};
use crate::id::{PrincipalId, RunId};
use crate::run::{Run, Spending};
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

/// A point in time, as `2026-11-25T09:00:00Z`.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let at = text.parse::<jiff::Timestamp>().ok()?;
    Some(Timestamp::from_micros(at.as_microsecond()))
}

impl Checking<'_> {
    pub(super) fn examples(&mut self, file: &File, judge: Judge<'_>) {
        for rule in &file.rule {
            let rule = rule.get_ref();
            let id = rule.id.get_ref();
            for example in &rule.matches {
                match self.try_example(id, example, judge) {
                    None | Some(Found::Yes) => {}
                    Some(Found::NoAnswer(error)) => {
                        let what = format!("the condition gives no answer here: {error}");
                        self.problem(example.span(), what).hint =
                            Some("use `has(args.x)` before reading what may be absent".to_owned());
                    }
                    Some(_) => {
                        self.problem(example.span(), format!("`{id}` does not match this"));
                    }
                }
            }
            for example in &rule.not_match {
                match self.try_example(id, example, judge) {
                    Some(Found::Yes) => {
                        self.problem(example.span(), format!("`{id}` matches this"));
                    }
                    Some(Found::NoAnswer(error)) => {
                        let what =
                            format!("the condition gives no answer here, which asks: {error}");
                        self.problem(example.span(), what).hint =
                            Some("use `has(args.x)` before reading what may be absent".to_owned());
                    }
                    None | Some(_) => {}
                }
            }
        }
    }

    /// What the rule says about an example; `None` when the rule itself has a problem.
    fn try_example(
        &mut self,
        rule: &str,
        example: &Spanned<Example>,
        judge: Judge<'_>,
    ) -> Option<Found> {
        let given = example.get_ref();
        let now = match &given.at {
            None => Timestamp::default(),
            Some(text) => match instant(text) {
                Some(at) => at,
                None => {
                    self.problem(example.span(), format!("`{text}` is no point in time"));
                    return None;
                }
            },
        };
        let call = call_of(given);
        let assessment = judge(&call);
        let words = Words {
            phase: Untrusted::new(given.phase.clone().unwrap_or_default()),
            confidence: Untrusted::new(
                given.confidence.map(|value| value.to_string()).unwrap_or_default(),
            ),
            ..Words::default()
        };
        let nobody = PrincipalId::from_bytes([0; 16]);
        let run = Run::new(RunId::from_bytes([0; 16]), nobody, "example", now);
        let subject = Subject {
            call: &call,
            assessment: &assessment,
            words: &words,
            cost: given.cost.as_ref(),
            agent: given.agent.as_deref().unwrap_or("example"),
            run: &run,
            today: &Spending::default(),
            now,
        };
        let (_, considered) = self.policy.explain(&subject);
        considered.into_iter().find(|one| one.rule == rule).map(|one| one.found)
    }
}

fn call_of(example: &Example) -> Call {
    let args = example.args.clone().unwrap_or_default();
    let arguments = serde_json::to_string(&args).unwrap_or_else(|_| "{}".to_owned());
    Call {
        tool: Untrusted::new(example.tool.clone()),
        server: Untrusted::new(example.server.clone().unwrap_or_default()),
        arguments: Untrusted::new(arguments),
        cwd: Untrusted::new(example.cwd.clone().unwrap_or_default()),
        env_names: Untrusted::default(),
        definition: Untrusted::default(),
        pins: Untrusted::default(),
    }
}
