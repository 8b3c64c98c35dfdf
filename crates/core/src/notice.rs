//! What a person sees: built once, from the decoded call, in the same order for every surface.
//!
//! Human wording about an action lives here and nowhere else. Text of the agent's comes in as
//! [`Untrusted`] and leaves as [`Shown`]; secrets leave as chips.

mod confirm;
mod exact;
mod mask;
mod reasons;

use crate::action::{Action, Kind, Outcome, Payload, State};
use crate::assessment::{Alternative, Assessment, Money, Outside, Reach, WayBack};
use crate::fact::{Fact, Facts, Truth};
use crate::json::Json;
use crate::request::{Decision, Request, RequestState};
use crate::untrusted::{Place, Shown, Untrusted};

pub use confirm::{Confirm, confirm};
pub use exact::{Exact, Line, call};
pub use mask::{Mask, conceal, restore};
pub use reasons::Reason;

/// What is known about the people and the agent of a request.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The agent's name.
    pub agent: &'a str,
    /// The person it works for.
    pub owner: Option<&'a str>,
}

/// A fact as a line.
#[derive(Clone, Debug)]
pub struct FactLine {
    /// The claim.
    pub claim: Shown,
    /// Whether it holds; `None` while it is being read.
    pub truth: Option<Truth>,
    /// What was found.
    pub detail: Shown,
    /// Where.
    pub source: Shown,
    /// When it was read, in microseconds.
    pub read_at: Option<i64>,
}

/// A safer way.
#[derive(Clone, Debug)]
pub struct Safer {
    /// What it does.
    pub title: Shown,
    /// A remark.
    pub detail: Shown,
    /// The level it becomes.
    pub becomes: crate::RiskLevel,
    /// The whole changed arguments, secrets concealed.
    pub arguments: String,
}

/// One axis of the risk: a word, and how many of three segments are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The word.
    pub word: &'static str,
    /// Segments; `None` when not known.
    pub filled: Option<u8>,
}

/// The agent's words and the server's claims, all unchecked.
#[derive(Clone, Debug)]
pub struct WordLines {
    /// Why it wants this.
    pub reason: Option<Shown>,
    /// What it says it does when denied.
    pub if_denied: Option<Shown>,
    /// Other ways it considered.
    pub alternatives: Vec<Shown>,
    /// What the tool's server claims.
    pub claims: Vec<Shown>,
}

/// Everything a person needs to judge one request, in the order to show it.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Two tags.
    pub tags: Vec<&'static str>,
    /// What will happen.
    pub sentence: Shown,
    /// Why it is asked again.
    pub again: Option<Shown>,
    /// Who asks.
    pub agent: Shown,
    /// For whom.
    pub owner: Option<Shown>,
    /// On which task, as the agent states it.
    pub task: Option<Shown>,
    /// What happens when approved.
    pub if_approved: Vec<Shown>,
    /// What happens when denied.
    pub if_denied: Vec<Shown>,
    /// Safer ways.
    pub safer: Vec<Safer>,
    /// What has to be true.
    pub facts: Vec<FactLine>,
    /// Exactly what will run.
    pub exact: Exact,
    /// Remarks on the text.
    pub notes: Vec<String>,
    /// The agent's own words.
    pub words: WordLines,
    /// Way back, reach, outside effect, money.
    pub axes: [Axis; 4],
    /// What the assessment rests on.
    pub evidence: Vec<Reason>,
    /// What the rule that asks looked at.
    pub looked_at: Vec<(String, Shown)>,
    /// What must be typed to approve.
    pub confirm: Option<Confirm>,
    /// The arguments for an editor, secrets concealed.
    pub arguments: String,
}

/// Builds the notice of a request.
#[must_use]
pub fn notice(action: &Action, payload: &Payload, request: &Request, names: Names<'_>) -> Notice {
    let assessment = &payload.assessment;
    let arguments = Json::parse(payload.effective_arguments().raw().as_bytes());
    let arguments = arguments.unwrap_or(Json::Null);
    let mask = Mask::of(&arguments, &assessment.secrets);
    let exact = exact::exact((&payload.effective_call(), assessment), &arguments, &mask);
    let words = words(payload, &mask);
    let facts = fact_lines(&request.facts, &mask);
    let is_action = action.kind == Kind::Action;
    let mut notice = Notice {
        tags: if is_action { tags(assessment) } else { Vec::new() },
        sentence: mask.phrase(&assessment.sentence),
        again: (!payload.again.is_empty()).then(|| mask.phrase(&payload.again)),
        agent: Untrusted::new(names.agent).render(Place::Name),
        owner: names.owner.map(|owner| Untrusted::new(owner).render(Place::Name)),
        task: said(&payload.words.goal, &mask),
        if_approved: if is_action { if_approved(assessment, &facts) } else { Vec::new() },
        if_denied: if is_action { if_denied(names.agent) } else { Vec::new() },
        safer: safer(assessment, &request.facts, &mask),
        facts,
        exact,
        notes: notes(payload, &mask),
        words,
        axes: axes(assessment),
        evidence: reasons::reasons(assessment, &arguments, &mask),
        looked_at: looked_at(payload, &mask),
        confirm: (is_action && !action.state.is_final())
            .then(|| confirm(payload, request))
            .flatten(),
        arguments: conceal(&arguments, &mask).to_text(),
    };
    let revealed = notice.revealed();
    if revealed > 0 {
        let plural = if revealed == 1 { "character" } else { "characters" };
        notice.notes.insert(0, format!("{revealed} invisible {plural} made visible"));
    }
    notice
}

impl Notice {
    fn revealed(&self) -> usize {
        let lines = self.exact.arguments.iter().flat_map(|line| {
            std::iter::once(&line.name).chain(std::iter::once(&line.value)).chain(&line.items)
        });
        let words = self.words.reason.iter().chain(&self.words.if_denied).chain(&self.task);
        let words = words.chain(&self.words.alternatives);
        let exact = [&self.exact.tool, &self.exact.server, &self.exact.cwd];
        lines.chain(words).chain(exact).map(|shown| shown.revealed).sum()
    }
}

/// The sentence of an action alone, for lists and steps.
#[must_use]
pub fn sentence(payload: &Payload) -> Shown {
    let arguments = Json::parse(payload.effective_arguments().raw().as_bytes());
    let mask = Mask::of(&arguments.unwrap_or(Json::Null), &payload.assessment.secrets);
    mask.phrase(&payload.assessment.sentence)
}

/// How a request ended, in words.
#[must_use]
pub fn outcome(request: &Request) -> Option<String> {
    let by = request.deciding_vote().map(|vote| vote.by.describe()).unwrap_or_default();
    match request.state {
        RequestState::Open | RequestState::Stalled => None,
        RequestState::Decided(Decision::Approve) => Some(format!("Approved by {by}")),
        RequestState::Decided(Decision::Modify) => Some(format!("Changed by {by}")),
        RequestState::Decided(Decision::Deny) => Some(format!("Denied by {by}")),
        RequestState::Decided(Decision::Answer) => Some(format!("Answered by {by}")),
        RequestState::Superseded => Some("Replaced by a newer request".to_owned()),
        RequestState::Withdrawn => {
            Some(match request.votes.iter().rev().find(|vote| !vote.counts) {
                Some(vote) => {
                    format!("Expired before {} answered; the answer is void", vote.by.describe())
                }
                None => match request.votes.last() {
                    Some(vote) => format!("Expired; then denied by {}", vote.by.describe()),
                    None => "Taken back, or expired".to_owned(),
                },
            })
        }
    }
}

/// What came of an action, in words.
#[must_use]
pub fn result(state: &State) -> &'static str {
    match state {
        State::Pending { .. } => "Not run: a person is asked.",
        State::Approved(_) => "Not run yet: it runs when the agent claims it.",
        State::Executing(execution) if execution.started() => "Running now; the approval is used.",
        State::Executing(_) => "Claimed; the approval is used.",
        State::Completed { outcome: Outcome::Succeeded, .. } => "It ran, once.",
        State::Completed { outcome: Outcome::Failed, .. } => {
            "It failed; approval used. It does not run again by itself."
        }
        State::Completed { outcome: Outcome::Unknown, .. } => {
            "It began and was never reported: in doubt. It does not run again by itself."
        }
        State::Denied { .. } => "It did not run.",
        State::Answered { .. } => "It was answered; the agent is told.",
        State::Cancelled { .. } => "It did not run: cancelled or expired.",
    }
}

/// Remarks on the call, and the part of it that is neither tool nor argument.
fn notes(payload: &Payload, mask: &Mask) -> Vec<String> {
    let notes = payload.assessment.notes.iter().map(|note| mask.phrase(note).to_plain());
    let names = Json::parse(payload.call.env_names.raw().as_bytes());
    let names = names.ok().and_then(|names| names.as_array().map(<[Json]>::to_vec));
    let names: Vec<String> = names
        .unwrap_or_default()
        .iter()
        .filter_map(Json::as_str)
        .map(|name| mask.text(&Untrusted::new(name), Place::Name).to_plain())
        .collect();
    let set = (!names.is_empty()).then(|| format!("Environment it sets: {}", names.join(", ")));
    notes.chain(set).collect()
}

fn looked_at(payload: &Payload, mask: &Mask) -> Vec<(String, Shown)> {
    let looks = payload.why.iter().flat_map(|why| &why.looked_at);
    looks.map(|look| (look.path.clone(), mask.text(&look.value, Place::Code))).collect()
}

fn said(text: &Untrusted, mask: &Mask) -> Option<Shown> {
    (!text.raw().trim().is_empty()).then(|| mask.text(text, Place::Prose))
}

fn words(payload: &Payload, mask: &Mask) -> WordLines {
    let alternatives = Json::parse(payload.words.alternatives.raw().as_bytes());
    let alternatives = alternatives.ok();
    let alternatives = alternatives.as_ref().and_then(Json::as_array).unwrap_or_default();
    let claimed = payload.assessment.evidence.iter().filter(|evidence| {
        matches!(evidence.source, crate::Source::Annotation | crate::Source::Declared)
    });
    let definition = Json::parse(payload.call.definition.raw().as_bytes()).ok();
    let described = definition.as_ref().and_then(|definition| definition.get("description"));
    let described = described.and_then(Json::as_str).map(|text| {
        let mut shown = Shown::ours("The tool describes itself: ");
        shown.append(mask.text(&Untrusted::new(text), Place::Prose));
        shown
    });
    WordLines {
        reason: said(&payload.words.reason, mask),
        if_denied: said(&payload.words.if_denied, mask),
        alternatives: alternatives
            .iter()
            .filter_map(Json::as_str)
            .map(|text| mask.text(&Untrusted::new(text), Place::Prose))
            .collect(),
        claims: claimed.map(|evidence| mask.phrase(&evidence.text)).chain(described).collect(),
    }
}

fn tags(assessment: &Assessment) -> Vec<&'static str> {
    let way_back = match assessment.way_back {
        WayBack::Yes => "Can be undone",
        WayBack::WithEffort => "Can be undone with effort",
        WayBack::No => "Cannot be undone",
        WayBack::NotKnown => "Way back not known",
    };
    let reach = match (assessment.outside, assessment.reach) {
        (Outside::Yes, _) => "Felt outside",
        (_, Reach::None) => "Changes nothing",
        (_, Reach::Local) => "Affects this workspace",
        (_, Reach::Service) => "Affects a service",
        (_, Reach::Organization) => "Affects the organization",
        (_, Reach::NotKnown) => "Reach not known",
    };
    vec![way_back, reach]
}

fn axes(assessment: &Assessment) -> [Axis; 4] {
    let axis = |word, filled| Axis { word, filled };
    [
        match assessment.way_back {
            WayBack::Yes => axis("yes", Some(0)),
            WayBack::WithEffort => axis("with effort", Some(2)),
            WayBack::No => axis("none", Some(3)),
            WayBack::NotKnown => axis("not known", None),
        },
        match assessment.reach {
            Reach::None => axis("none", Some(0)),
            Reach::Local => axis("local", Some(1)),
            Reach::Service => axis("service", Some(2)),
            Reach::Organization => axis("organization", Some(3)),
            Reach::NotKnown => axis("not known", None),
        },
        match assessment.outside {
            Outside::No => axis("none", Some(0)),
            Outside::Yes => axis("outside", Some(3)),
            Outside::NotKnown => axis("not known", None),
        },
        match assessment.money {
            Money::None => axis("none", Some(0)),
            Money::Amount { .. } => axis("moves money", Some(3)),
            Money::NotKnown => axis("not known", None),
        },
    ]
}

fn if_approved(assessment: &Assessment, facts: &[FactLine]) -> Vec<Shown> {
    let mut lines = Vec::new();
    let false_facts = facts.iter().filter(|fact| fact.truth == Some(Truth::False));
    lines.extend(false_facts.map(|fact| fact.detail.clone()).take(1));
    lines.push(Shown::ours("It runs once, exactly as shown here."));
    lines.push(Shown::ours(match assessment.way_back {
        WayBack::Yes => "It can be undone.",
        WayBack::WithEffort => "It can be undone with effort.",
        WayBack::No => "There is no way back.",
        WayBack::NotKnown => "Whether there is a way back is not known.",
    }));
    if assessment.outside == Outside::Yes && lines.len() < 3 {
        lines.push(Shown::ours("It is felt outside the organization."));
    }
    lines
}

fn if_denied(agent: &str) -> Vec<Shown> {
    let mut told = Untrusted::new(agent).render(Place::Name);
    told.append(Shown::ours(" is told why, in your words, and plans on without it."));
    vec![Shown::ours("Nothing runs."), told, Shown::ours("What waiting costs is not known.")]
}

fn fact_lines(facts: &Facts, mask: &Mask) -> Vec<FactLine> {
    match facts {
        Facts::None => Vec::new(),
        Facts::Checking { claims, read, .. } => {
            let checking = claims.iter().map(|claim| FactLine {
                claim: mask.phrase(&claim.claim),
                truth: None,
                detail: Shown::ours("checking…"),
                source: mask.phrase(&claim.source),
                read_at: None,
            });
            read_lines(read, mask).into_iter().chain(checking).collect()
        }
        Facts::Read(facts) => read_lines(facts, mask),
    }
}

/// Facts that were read, the worst first.
fn read_lines(facts: &[Fact], mask: &Mask) -> Vec<FactLine> {
    let mut lines: Vec<&Fact> = facts.iter().collect();
    lines.sort_by_key(|fact| match fact.truth {
        Truth::False => 0,
        Truth::NotKnown => 1,
        Truth::True => 2,
    });
    let line = |fact: &Fact| FactLine {
        claim: mask.phrase(&fact.claim),
        truth: Some(fact.truth),
        detail: mask.phrase(&fact.detail),
        source: mask.phrase(&fact.source),
        read_at: Some(fact.read_at.as_micros()),
    };
    lines.into_iter().map(line).collect()
}

fn safer(assessment: &Assessment, facts: &Facts, mask: &Mask) -> Vec<Safer> {
    let from_facts = facts.read().iter().filter_map(|fact| fact.safer.as_ref());
    let ways: Vec<&Alternative> = from_facts.chain(&assessment.safer).take(3).collect();
    ways.into_iter()
        .filter_map(|way| {
            let arguments = Json::parse(way.arguments.raw().as_bytes()).ok()?;
            Some(Safer {
                title: mask.phrase(&way.title),
                detail: mask.phrase(&way.detail),
                becomes: way.becomes,
                arguments: conceal(&arguments, mask).to_text(),
            })
        })
        .collect()
}
