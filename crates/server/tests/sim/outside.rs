//! The world outside: what probes see, and what pins name. It changes while people think.

use std::collections::BTreeMap;

use holdshort_core::{Json, Look, Phrase};
use serde_json::{Value, json};

/// What there is at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) clean: bool,
    pub(crate) version: u64,
}

/// How it was at one time; `None` when nobody could look.
type Moment = Option<BTreeMap<String, Place>>;

/// All of it, as it was and as it is.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    moments: Vec<Moment>,
    last: BTreeMap<String, Place>,
}

impl Default for Outside {
    fn default() -> Self {
        let last = BTreeMap::new();
        Self { moments: vec![Some(last.clone())], last }
    }
}

impl Outside {
    /// The number of the moment that is now.
    pub(crate) fn now(&self) -> usize {
        self.moments.len() - 1
    }

    /// What was at a place in any of these moments; `None` when it could not be seen.
    pub(crate) fn at(
        &self,
        name: &str,
        moments: std::ops::RangeInclusive<usize>,
    ) -> Vec<Option<Place>> {
        let place = |moment: &Moment| Some(moment.as_ref()?.get(name).copied().unwrap_or_default());
        self.moments[moments].iter().map(place).collect()
    }

    pub(crate) fn version(&self, name: &str) -> u64 {
        self.last.get(name).copied().unwrap_or_default().version
    }

    /// Something changes at a place.
    pub(crate) fn change(&mut self, name: &str, clean: bool) {
        let place = self.last.entry(name.to_owned()).or_default();
        *place = Place { clean, version: place.version + 1 };
        self.moments.push(Some(self.last.clone()));
    }

    /// Nobody can look, or they can again.
    pub(crate) fn dark(&mut self, dark: bool) {
        self.moments.push((!dark).then(|| self.last.clone()));
    }

    fn seen(&self, name: &str) -> Option<Value> {
        let place = self.at(name, self.now()..=self.now())[0]?;
        Some(json!({ "name": name, "clean": place.clean, "version": place.version }))
    }

    /// What the gate sees.
    pub(crate) fn see(&self, look: &Look) -> Result<Json, Phrase> {
        let Look::Command { argv, .. } = look else { return Err(Phrase::ours("no such look")) };
        let seen = self.seen(&argv[1]).ok_or_else(|| Phrase::ours("it is dark"))?;
        Ok(Json::parse(seen.to_string().as_bytes()).unwrap())
    }

    /// What an agent answers to the looks it is asked for.
    pub(crate) fn answers(&self, looks: &Value) -> Value {
        let all = looks.as_array().cloned().unwrap_or_default();
        let answer = |look: &Value| {
            let name = look["look"]["argv"][1].as_str().unwrap();
            match self.seen(name) {
                Some(output) => json!({ "probe": look["probe"], "output": output }),
                None => json!({ "probe": look["probe"], "not_known": "it is dark" }),
            }
        };
        all.iter().map(answer).collect()
    }
}

/// What a person saw of a fact: whether it holds, and the version it names.
pub(crate) type Fact = (String, Option<u64>);

/// The fact of a place, as a card shows it.
pub(crate) fn shown(place: Option<Place>) -> Fact {
    match place {
        None => ("not_known".to_owned(), None),
        Some(place) => {
            let status = if place.clean { "true" } else { "false" };
            (status.to_owned(), Some(place.version))
        }
    }
}

/// The fact on a card, when there is one.
pub(crate) fn on_card(card: &Value) -> Option<Fact> {
    let fact = card["facts"].get(0)?;
    let detail = fact["detail"].as_array().into_iter().flatten();
    let text: String = detail.filter_map(|piece| piece["text"].as_str()).collect();
    let version = text.strip_prefix("version ").and_then(|version| version.parse().ok());
    Some((fact["status"].as_str()?.to_owned(), version))
}

/// The pin on a card, when there is one.
pub(crate) fn pin_on_card(card: &Value) -> Option<String> {
    let lines = card["exact"]["arguments"].as_array()?;
    let line = lines.iter().find(|line| line["name"].to_string().contains("(pinned)"))?;
    Some(line["value"][0]["text"].as_str()?.trim_matches('"').to_owned())
}
