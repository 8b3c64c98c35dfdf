//! Runs: what an agent is working on, how far it is, and what holds it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::action::Kind;
use crate::amount::Amount;
use crate::assessment::RiskLevel;
use crate::digest::Digest;
use crate::id::{ActionId, PrincipalId, RunId};
use crate::planted::{self, Bug};
use crate::stop::{Belongs, Stops};
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

/// What an agent keeps with a run, to find it again when it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// Its plan: steps, and what each needs.
    Plan,
    /// Its state, in a form of its own.
    State,
    /// Digests of the files it watches.
    Watched,
    /// How its agent is woken; written by a person.
    Wake,
}

impl PaperKind {
    /// The name in events and rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PaperKind::Plan => "plan",
            PaperKind::State => "state",
            PaperKind::Watched => "watched",
            PaperKind::Wake => "wake",
        }
    }
}

/// That somebody had the agent of a run woken when something is decided, and how that went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// `webhook` or `command`.
    pub how: String,
    /// Who set it.
    pub by: String,
    /// When it was tried last.
    #[serde(default)]
    pub tried_at: Option<Timestamp>,
    /// Why the last try failed, when it did.
    #[serde(default)]
    pub failed: Option<String>,
}

/// A paper as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Which.
    pub kind: PaperKind,
    /// Grows with every change.
    pub version: u64,
    /// What it says, as JSON text.
    pub body: Untrusted,
}

/// Where a run stands. Whether it waits for a person is read off its actions and holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Working, or waiting.
    Running,
    /// Paused by a person: nothing of it begins until a person lets it go on.
    Paused,
    /// Ended by the agent.
    Finished,
    /// Stopped by a person: nothing more of it is let through.
    Stopped,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Actions that were claimed.
    pub steps: u32,
    /// Actions that were denied.
    pub denials: u32,
    /// Denied since the last one that was let through.
    pub denials_in_row: u32,
    /// The phase it is in, in the agent's words; empty before the first.
    #[serde(default)]
    pub phase: String,
    /// Checkpoints a person let it pass.
    #[serde(default)]
    pub passed: BTreeSet<String>,
    /// Checkpoints a person is asked about now.
    #[serde(default)]
    pub asked: BTreeSet<String>,
    /// Steps at the last check-in.
    pub checked_steps: u32,
    /// When the last check-in was answered; `None` before the first.
    pub checked_at: Option<Timestamp>,
}

/// What was spent, by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spending(Vec<Amount>);

impl Spending {
    /// What was spent in the currency of `amount`, with it; `None` when that is too large to be
    /// exact.
    #[must_use]
    pub fn with(&self, amount: &Amount) -> Option<Amount> {
        match self.0.iter().find(|spent| spent.currency() == amount.currency()) {
            Some(spent) => spent.plus(amount),
            None => Some(amount.clone()),
        }
    }

    /// Adds an amount; `false` when the sum is too large to be exact, and nothing changes.
    pub fn add(&mut self, amount: &Amount) -> bool {
        let Some(sum) = self.with(amount) else { return false };
        self.0.retain(|spent| spent.currency() != amount.currency());
        self.0.push(sum);
        true
    }

    /// Takes an amount back.
    pub fn take_back(&mut self, amount: &Amount) {
        for spent in &mut self.0 {
            if let Some(less) = spent.minus(amount) {
                *spent = less;
            }
        }
    }

    /// The amounts, one for each currency.
    #[must_use]
    pub fn amounts(&self) -> &[Amount] {
        &self.0
    }
}

/// A question or a stalled request that a run waits for: nothing of it begins until a person has
/// answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The question.
    pub question: ActionId,
    /// What it is.
    pub kind: Kind,
}

/// What a person denied in a run, so that it is not asked again in other words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// The action that was denied.
    pub action: ActionId,
    /// The exact call.
    pub call: Digest,
    /// Its level.
    pub level: RiskLevel,
    /// What kind of thing it would have done; empty when that is not known.
    pub class: BTreeSet<String>,
    /// What it would have been done to, each as a digest; empty when that is not known.
    pub targets: BTreeSet<Digest>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Id.
    pub id: RunId,
    /// The agent.
    pub agent: PrincipalId,
    /// The agent's name.
    #[serde(default)]
    pub agent_name: String,
    /// The person behind the agent.
    #[serde(default)]
    pub owner: Option<PrincipalId>,
    /// The agent's own name of it.
    pub name: String,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub created_at: Timestamp,
    /// Grows with every change.
    #[serde(default)]
    pub version: u64,
    /// How far it is.
    #[serde(default)]
    pub progress: Progress,
    /// Questions it waits for.
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// What was denied in it.
    #[serde(default)]
    pub denied: Vec<Denied>,
    /// What it spent, reserved amounts included.
    #[serde(default)]
    pub spending: Spending,
    /// Since when it is stopped.
    #[serde(default)]
    pub stopped_since: Option<Timestamp>,
    /// When it was stopped, and until when: deadlines get that time back.
    #[serde(default)]
    pub stood_still: Vec<(Timestamp, Timestamp)>,
    /// The last answer that told it to go on differently.
    #[serde(default)]
    pub redirected_by: Option<ActionId>,
    /// Versions of its papers.
    #[serde(default)]
    pub papers: BTreeMap<PaperKind, u64>,
    /// When the agent last began something, kept something or came back.
    #[serde(default)]
    pub seen_at: Option<Timestamp>,
    /// How its agent is woken.
    #[serde(default)]
    pub wake: Option<Wake>,
    /// Denied actions that may be asked for again, as a person said.
    #[serde(default)]
    pub lifted: BTreeSet<ActionId>,
    /// Whether what was never reported happened, as somebody said.
    #[serde(default)]
    pub outcomes: BTreeMap<ActionId, bool>,
}

impl Run {
    /// A run that begins now.
    #[must_use]
    pub fn new(id: RunId, agent: PrincipalId, name: &str, now: Timestamp) -> Self {
        Self {
            id,
            agent,
            agent_name: String::new(),
            owner: None,
            name: name.to_owned(),
            state: RunState::Running,
            created_at: now,
            version: 0,
            progress: Progress::default(),
            holds: Vec::new(),
            denied: Vec::new(),
            spending: Spending::default(),
            stopped_since: None,
            stood_still: Vec::new(),
            redirected_by: None,
            papers: BTreeMap::new(),
            seen_at: None,
            wake: None,
            lifted: BTreeSet::new(),
            outcomes: BTreeMap::new(),
        }
    }

    /// Lets the agent ask again for what was denied; `false` when it was not remembered.
    pub(crate) fn lift(&mut self, action: ActionId) -> bool {
        let before = self.denied.len();
        self.denied.retain(|denied| denied.action != action);
        let known = self.denied.len() < before;
        if known {
            self.lifted.insert(action);
        }
        known
    }

    /// Whose it is, for stops.
    #[must_use]
    pub fn whose(&self) -> Belongs {
        Belongs { run: self.id, agent: self.agent, owner: self.owner }
    }

    /// Whether it is stopped, alone or with others.
    #[must_use]
    pub fn is_stopped(&self, stops: &Stops) -> bool {
        self.state == RunState::Stopped || stops.in_force(&self.whose()).is_some()
    }

    /// Why nothing of it may begin now, if so.
    #[must_use]
    pub fn held(&self, stops: &Stops) -> Option<String> {
        if let Some(stop) = stops.in_force(&self.whose()) {
            return Some(format!("{} by {}", stop.scope.words(), stop.by));
        }
        match self.state {
            RunState::Stopped => Some("the run was stopped".to_owned()),
            RunState::Paused => Some("the run is paused by a person".to_owned()),
            RunState::Running | RunState::Finished
                if self.holds.is_empty() || planted::is(Bug::HoldsForgotten) =>
            {
                None
            }
            RunState::Running | RunState::Finished => {
                let stalled = self.holds.iter().any(|hold| hold.kind == Kind::Action);
                let because = match stalled {
                    true => "nobody has answered a request of this run in time; it waits for that",
                    false => "the run waits for a person to answer a question",
                };
                Some(because.to_owned())
            }
        }
    }
}
