//! From what was read to a fact: known or not, true or false, and what it rests on.

use super::{Probe, with_seen};
use crate::action::Call;
use crate::assessment::{Alternative, Assessment, Phrase, RiskLevel};
use crate::digest::Digest;
use crate::fact::{Fact, PendingFact, Truth};
use crate::json::Json;
use crate::policy::condition::{Condition, NoAnswer, Wrong};
use crate::policy::values::Seen;
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

/// Names of what fails that a default detail lists.
const NAMED: usize = 3;

/// A sentence with values of what was read in it: `{size(failing)} of them`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::policy) struct Detail(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Condition),
}

impl Detail {
    /// Reads a sentence; the values between `{` and `}` are expressions.
    pub(in crate::policy) fn read(text: &str) -> Result<Self, Wrong> {
        let mut pieces = Vec::new();
        let mut at = 0;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let start = at + before.len() + 1;
            let Some((inner, behind)) = after.split_once('}') else {
                let what = "a `{` is not closed".to_owned();
                return Err(Wrong { span: start.saturating_sub(1)..start, what, hint: None });
            };
            pieces.push(Piece::Text(before.to_owned()));
            let value = Condition::check_probe(inner).map_err(|wrong| Wrong {
                span: start + wrong.span.start..start + wrong.span.end,
                ..wrong
            })?;
            pieces.push(Piece::Value(value));
            at = start + inner.len() + 1;
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn say(&self, seen: &Seen<'_>) -> Phrase {
        self.0.iter().fold(Phrase::default(), |phrase, piece| match piece {
            Piece::Text(text) if text.is_empty() => phrase,
            Piece::Text(text) => phrase.and(text.clone()),
            Piece::Value(value) => match value.text(seen) {
                Ok(text) => phrase.theirs(text),
                Err(NoAnswer(_)) => phrase.and("?"),
            },
        })
    }
}

/// What a conclusion rests on.
struct Found {
    holds: bool,
    failing: Vec<String>,
    bind: Digest,
}

impl Probe {
    /// The fact that follows from what was read.
    #[must_use]
    pub fn conclude(
        &self,
        call: &Call,
        assessment: &Assessment,
        output: &Json,
        now: Timestamp,
    ) -> Fact {
        with_seen(call, assessment, |seen| {
            let seen = seen.with_output(output);
            match self.find(&seen) {
                Ok(found) => self.fact(&seen, call, &found, now),
                Err(because) => self.pending().not_known(because, now),
            }
        })
    }

    fn find(&self, seen: &Seen<'_>) -> Result<Found, Phrase> {
        let no_answer = |NoAnswer(error): NoAnswer| {
            Phrase::ours("what was read does not fit the probe: ").theirs(error)
        };
        if let Some(known) = &self.known_when
            && !known.holds(seen).map_err(no_answer)?
        {
            let because = "what was read is not, or not all of, what the call is about";
            return Err(Phrase::ours(because));
        }
        let failing = match &self.failing {
            Some(failing) => failing.texts(seen).map_err(no_answer)?,
            None => Vec::new(),
        };
        let holds = match &self.true_when {
            Some(truth) => truth.holds(seen).map_err(no_answer)? && failing.is_empty(),
            None => failing.is_empty(),
        };
        let mut rests_on = vec![failing.join("\0")];
        for bind in &self.bind {
            rests_on.push(bind.text(seen).map_err(no_answer)?);
        }
        let rests_on: Vec<&[u8]> = rests_on.iter().map(String::as_bytes).collect();
        Ok(Found { holds, failing, bind: Digest::of("holdshort-fact-v2", &rests_on) })
    }

    fn fact(&self, seen: &Seen<'_>, call: &Call, found: &Found, now: Timestamp) -> Fact {
        let PendingFact { probe, claim, source } = self.pending();
        let seen = seen.with_failing(&found.failing);
        let detail = match found.holds {
            true => self.detail_true.say(&seen),
            false if self.detail.is_empty() => broken(&found.failing),
            false => self.detail.say(&seen),
        };
        Fact {
            probe,
            claim,
            truth: if found.holds { Truth::True } else { Truth::False },
            detail,
            source,
            read_at: now,
            bind: found.bind,
            safer: self.safer(&seen, call, &found.failing),
        }
    }

    /// The call without what fails; `None` when nothing fails or nothing would be left.
    fn safer(&self, seen: &Seen<'_>, call: &Call, failing: &[String]) -> Option<Alternative> {
        let safer = self.safer.as_ref().filter(|_| !failing.is_empty())?;
        let arguments = Json::parse(call.arguments.raw().as_bytes()).ok()?;
        let text = |item: &Json| match item {
            Json::String(text) | Json::Number(text) => Some(text.clone()),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        };
        let fails = |item: &Json| text(item).is_some_and(|text| failing.contains(&text));
        let all = arguments.get(&safer.drop)?.as_array()?;
        let kept: Vec<Json> = all.iter().filter(|item| !fails(item)).cloned().collect();
        if kept.is_empty() || kept.len() == all.len() {
            return None;
        }
        let changed = arguments.members().iter().map(|(name, value)| {
            let changed = *name == safer.drop;
            (name.clone(), if changed { Json::Array(kept.clone()) } else { value.clone() })
        });
        Some(Alternative {
            title: safer.title.say(seen),
            detail: Phrase::ours("Only what passes the check is left in the call."),
            arguments: Untrusted::new(Json::Object(changed.collect()).to_text()),
            // Judged again when it is chosen; until then it counts as the worst.
            becomes: RiskLevel::Dangerous,
        })
    }
}

/// What fails, named, for a probe that says nothing better.
fn broken(failing: &[String]) -> Phrase {
    if failing.is_empty() {
        return Phrase::ours("it does not hold");
    }
    let mut said = Phrase::ours(format!("{} fail: ", failing.len()));
    for (index, name) in failing.iter().take(NAMED).enumerate() {
        said = if index > 0 { said.and(", ") } else { said }.theirs(name.clone());
    }
    if failing.len() > NAMED { said.and(", …") } else { said }
}
