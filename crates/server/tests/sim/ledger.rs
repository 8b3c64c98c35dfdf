//! What the outside world knows by itself: what was sent, what was acknowledged, what people saw,
//! what executors ran. The only truth the gate is measured by.

use crate::outside::Fact;

/// A proposal that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) action: String,
    pub(crate) agent: usize,
    pub(crate) run: String,
    pub(crate) run_name: &'static str,
    pub(crate) tool: &'static str,
    pub(crate) args: String,
    pub(crate) call_id: Option<String>,
    pub(crate) expires_at: Option<i64>,
    /// Whether the agent itself said that it is dangerous.
    pub(crate) declared: bool,
    /// Whether it names what it works on.
    pub(crate) pinned: bool,
}

/// The tool that takes an action back, and its arguments.
pub(crate) const UNDO: &str = "close_issue";

pub(crate) fn undo_args(of: &Known) -> serde_json::Value {
    serde_json::json!({ "title": of.place() })
}

impl Known {
    /// What it works on.
    pub(crate) fn place(&self) -> String {
        let args: serde_json::Value = serde_json::from_str(&self.args).unwrap();
        let name = args.get("name").or(args.get("path")).unwrap_or(&args["title"]);
        name.as_str().unwrap().to_owned()
    }
}

/// A claim that was answered with "proceed".
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) action: String,
    pub(crate) nonce: String,
    /// The moments of the world outside in which it was made.
    pub(crate) moments: (usize, usize),
    /// The pin that was presented.
    pub(crate) pin: Option<String>,
}

/// An executor that was told to go on.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) action: String,
    pub(crate) agent: usize,
    pub(crate) nonce: String,
    pub(crate) args: String,
    pub(crate) begun: bool,
    pub(crate) reported: bool,
    /// It died: it reports nothing.
    pub(crate) dead: bool,
}

/// What a person read.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) person: &'static str,
    pub(crate) request: String,
    pub(crate) action: String,
    pub(crate) kind: String,
    pub(crate) replies: Vec<String>,
    pub(crate) binding: String,
    pub(crate) version: u64,
    pub(crate) args: String,
    pub(crate) confirm: Option<String>,
    pub(crate) fact: Option<Fact>,
    pub(crate) pin: Option<String>,
}

/// A vote that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) person: &'static str,
    pub(crate) request: String,
    pub(crate) decision: &'static str,
    /// The arguments this person agreed to.
    pub(crate) args: String,
    /// What was acknowledged: whether it counts.
    pub(crate) counts: Option<bool>,
    /// What this person saw of the world outside.
    pub(crate) fact: Option<Fact>,
    pub(crate) pin: Option<String>,
}

/// A grant that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) id: String,
    pub(crate) args: String,
    pub(crate) any_title: bool,
    pub(crate) uses: Option<u64>,
    pub(crate) expires_at: i64,
}

/// Something the gate said is done: it must be in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) known: Vec<Known>,
    pub(crate) told: Vec<Told>,
    pub(crate) claimed: Vec<Claimed>,
    /// Nonces that were sent for an action, answered or not.
    pub(crate) nonces: Vec<(String, String)>,
    /// Actions that were run, each time with the arguments.
    pub(crate) ran: Vec<(String, String)>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) votes: Vec<Cast>,
    pub(crate) grants: Vec<Granted>,
    pub(crate) stops: Vec<String>,
    pub(crate) acks: Vec<Ack>,
    /// Actions that somebody wanted taken back.
    pub(crate) taken_back: Vec<String>,
}

impl Ledger {
    pub(crate) fn ack(&mut self, kind: &'static str, id: impl Into<String>) {
        self.acks.push(Ack { kind, id: id.into() });
    }

    pub(crate) fn known(&self, action: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.action == action)
    }

    /// An executor is told to go on; it begins at once when it said so.
    pub(crate) fn tell(&mut self, told: Told) {
        let same = |old: &&mut Told| old.action == told.action && old.nonce == told.nonce;
        if let Some(old) = self.told.iter_mut().find(same) {
            // The same executor, told again: it runs once.
            if told.begun && !old.begun {
                old.begun = true;
                self.ran.push((told.action, told.args));
            }
            return;
        }
        if told.begun {
            self.ran.push((told.action.clone(), told.args.clone()));
        }
        self.told.push(told);
    }

    /// The gate heard that an executor begins: it runs.
    pub(crate) fn begin(&mut self, action: &str, nonce: &str) {
        let told = self.told.iter_mut().find(|told| told.action == action && told.nonce == nonce);
        let Some(told) = told.filter(|told| !told.begun) else { return };
        told.begun = true;
        self.ran.push((told.action.clone(), told.args.clone()));
    }
}
