//! The log, followed event by event by a reader that knows the rules of the design and nothing of
//! the code: at every claim it asks by whose word, and whether that word still holds.

mod word;

use std::collections::{BTreeMap, BTreeSet};

use holdshort_core::{Event, EventKind, Timestamp};
use holdshort_store::Store;
use serde_json::Value;

use crate::ledger::Ledger;
use crate::outside::Outside;
use crate::people::{AGENTS, PEOPLE, SRE};
use crate::template::{STRICT, WORKSPACE};
use crate::world::World;

#[derive(Clone, Debug, Default)]
struct Request {
    asked: BTreeSet<String>,
    quorum: usize,
    /// Who said yes, and on which request they said it.
    yes: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug, Default)]
struct Action {
    run: String,
    state: &'static str,
    call: String,
    requests: BTreeMap<String, Request>,
    current: Option<String>,
    approved_at: Option<Timestamp>,
    kind: String,
    by_grant: Option<String>,
    free: bool,
    /// What it takes back.
    undoes: Option<String>,
    /// Whether an agent wanted that.
    undo_of_agent: bool,
    /// Who changed it, on which request: that is their vote on the next one.
    changed: Option<(String, String)>,
}

#[derive(Clone, Debug, Default)]
struct Run {
    paused: bool,
    stopped: bool,
    holds: BTreeSet<String>,
    denied: BTreeMap<String, String>,
    unknown: usize,
    shown: usize,
    /// Whether its agent is woken by what is decided.
    wakes: bool,
    /// What was decided since it was woken last.
    owed: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Grant {
    used: u64,
    revoked: bool,
    /// The rules it answers.
    rules: Vec<String>,
}

pub(crate) struct History<'a> {
    ledger: std::sync::MutexGuard<'a, Ledger>,
    outside: std::sync::MutexGuard<'a, Outside>,
    team: bool,
    people: BTreeMap<String, &'static str>,
    agents: BTreeMap<String, &'static str>,
    strict_versions: BTreeSet<u64>,
    strict: bool,
    sre: BTreeSet<String>,
    off: BTreeSet<String>,
    stops: BTreeMap<String, Value>,
    ever_stopped: bool,
    runs: BTreeMap<String, Run>,
    actions: BTreeMap<String, Action>,
    grants: BTreeMap<String, Grant>,
    /// The event before.
    last: Option<(EventKind, String)>,
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// "Dana (terminal)" is Dana.
fn name(by: &str) -> String {
    by.split(" (").next().unwrap_or_default().to_owned()
}

impl<'a> History<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        let store = world.gate().store();
        let principals = store.principals(WORKSPACE).unwrap();
        let named = |known: &[&'static str]| {
            let of = |name: &str| known.iter().copied().find(|one| *one == name);
            let pairs = principals.iter().filter_map(|p| Some((p.id.to_string(), of(&p.name)?)));
            pairs.collect::<BTreeMap<_, _>>()
        };
        let policies = store.policies(WORKSPACE, 1000).unwrap();
        let strict = |one: &&holdshort_store::PolicyVersion| {
            let sources: Value = serde_json::from_str(&one.sources).unwrap();
            sources[0]["text"] == STRICT
        };
        Self {
            ledger: world.ledger.lock().unwrap(),
            outside: world.outside.lock().unwrap(),
            team: world.team,
            people: named(&PEOPLE),
            agents: named(&AGENTS.map(|(agent, _)| agent)),
            strict_versions: policies.iter().filter(strict).map(|p| p.number.into()).collect(),
            strict: false,
            sre: SRE.map(str::to_owned).into(),
            off: BTreeSet::new(),
            stops: BTreeMap::new(),
            ever_stopped: false,
            runs: BTreeMap::new(),
            actions: BTreeMap::new(),
            grants: BTreeMap::new(),
            last: None,
        }
    }

    pub(crate) fn state_of(&self, action: &str) -> Option<&'static str> {
        self.actions.get(action).map(|action| action.state)
    }

    /// Whether somebody was told that their denial counts.
    pub(crate) fn was_denied_by(&self, action: &str) -> bool {
        let requests = self.actions.get(action).map(|action| &action.requests);
        self.ledger.votes.iter().any(|vote| {
            vote.decision == "deny"
                && vote.counts == Some(true)
                && requests.is_some_and(|all| all.contains_key(&vote.request))
                && self.actions.get(action).is_some_and(|action| action.state != "cancelled")
        })
    }

    /// I6: what nobody knows about was put to a person, unless the run had too many questions.
    pub(crate) fn unknown_outcomes_are_shown(&self) -> Result<(), String> {
        match self.runs.iter().find(|(_, run)| run.shown < run.unknown.min(5)) {
            Some((id, run)) => {
                Err(format!("I6: {id} has {} unknown, {} shown", run.unknown, run.shown))
            }
            None => Ok(()),
        }
    }

    /// I22: whoever is woken was woken after what was decided last.
    pub(crate) fn agents_are_woken(&self) -> Result<(), String> {
        let owed = |(id, run): (&String, &Run)| Some((id.clone(), run.owed.clone()?));
        match self.runs.iter().find_map(owed) {
            Some((run, action)) => Err(format!("I22: {action} of {run} was decided, nobody woken")),
            None => Ok(()),
        }
    }

    pub(crate) fn follow(&mut self, event: &Event) -> Result<(), String> {
        let detail = &event.detail;
        match event.kind {
            EventKind::PolicyChanged => {
                self.strict = self.strict_versions.contains(&detail["version"].as_u64().unwrap());
            }
            EventKind::DirectoryChanged => self.directory(detail),
            EventKind::StopMade => {
                self.ever_stopped = true;
                self.stops.insert(text(detail, "stop"), detail["what"].clone());
            }
            EventKind::StopLifted => {
                self.stops.remove(&text(detail, "stop"));
            }
            EventKind::GrantMade => {
                let rules = detail["rules"].as_array().unwrap().iter();
                let rules = rules.map(|rule| rule.as_str().unwrap().to_owned()).collect();
                self.grants.insert(text(detail, "grant"), Grant { rules, ..Grant::default() });
            }
            EventKind::GrantRevoked => {
                self.grants.entry(text(detail, "grant")).or_default().revoked = true;
            }
            EventKind::RunPaused
            | EventKind::RunResumed
            | EventKind::RunStopped
            | EventKind::WakeSet
            | EventKind::Woken
            | EventKind::WakeFailed
            | EventKind::DenialLifted => self.run_event(event),
            _ if event.action.is_some() => self.action_event(event)?,
            _ => {}
        }
        self.last = event.action.map(|action| (event.kind, action.to_string()));
        Ok(())
    }

    fn directory(&mut self, detail: &Value) {
        let who = |name: &str| self.people.get(&text(detail, name)).map(|one| (*one).to_owned());
        if detail["group"] == "sre" {
            let (joins, leaves) = (who("add_member"), who("remove_member"));
            self.sre.extend(joins);
            leaves.iter().for_each(|name| {
                self.sre.remove(name);
            });
        }
        let off = who("disable");
        self.off.extend(off);
    }

    fn run_event(&mut self, event: &Event) {
        let run = self.runs.entry(event.run.unwrap().to_string()).or_default();
        match event.kind {
            EventKind::RunPaused => (run.paused, run.stopped) = (true, false),
            EventKind::RunResumed => (run.paused, run.stopped) = (false, false),
            EventKind::RunStopped => {
                (run.paused, run.stopped) = (false, true);
                self.ever_stopped = true;
            }
            EventKind::WakeSet => {
                run.wakes = event.detail["how"] != "none";
                run.owed = None;
            }
            EventKind::Woken | EventKind::WakeFailed => run.owed = None,
            _ => {
                run.denied.remove(&event.action.unwrap().to_string());
            }
        }
    }

    fn action_event(&mut self, event: &Event) -> Result<(), String> {
        let (id, run) = (event.action.unwrap().to_string(), event.run.unwrap().to_string());
        let detail = &event.detail;
        let action = self.actions.entry(id.clone()).or_default();
        let before = action.state;
        let must = |states: &[&str]| match states.contains(&before) {
            true => Ok(()),
            false => Err(format!("I7: {:?} of {id}, which was {before:?}", event.kind)),
        };
        match event.kind {
            EventKind::Proposed => {
                must(&[""])?;
                (action.run, action.state) = (run, "proposed");
                action.call = text(detail, "call");
                if let Some(of) = detail["undoes"].as_str() {
                    action.undoes = Some(of.to_owned());
                    action.undo_of_agent = AGENTS.iter().any(|(agent, _)| *agent == event.by);
                    return self.taken_back(of, &id);
                }
            }
            EventKind::Allowed => {
                must(&["proposed"])?;
                (action.state, action.free) = ("approved", true);
                action.by_grant = detail["grant"].as_str().map(str::to_owned);
                self.granted(&id)?;
            }
            EventKind::Opened => self.opened(event, &id)?,
            EventKind::Voted | EventKind::Decided | EventKind::Modified => self.voted(event, &id),
            EventKind::Approved => {
                must(&["pending", "stalled"])?;
                action.state = "approved";
                action.approved_at = Some(event.at);
                let run = self.runs.entry(run).or_default();
                run.owed = run.wakes.then(|| id.clone());
            }
            EventKind::Denied => {
                must(&["proposed", "pending", "approved", "claimed"])?;
                action.state = "denied";
                if detail["person"].is_boolean() {
                    let call = action.call.clone();
                    self.runs.entry(run.clone()).or_default().denied.insert(id.clone(), call);
                }
                self.let_go(&run, &id);
            }
            EventKind::Claimed => {
                must(&["approved"])?;
                action.state = if detail["started"] == true { "started" } else { "claimed" };
                // Its executor was there already: approved and claimed in one step.
                if self.last.as_ref() == Some(&(EventKind::Approved, id.clone())) {
                    self.runs.entry(run).or_default().owed = None;
                }
                self.claimed(event, &id)?;
                return if detail["started"] == true { self.agreed(&id) } else { Ok(()) };
            }
            EventKind::Started => {
                must(&["claimed"])?;
                action.state = "started";
                self.not_stopped(&run, "began")?;
                return self.agreed(&id);
            }
            EventKind::Released => {
                must(&["claimed"])?;
                action.state = "approved";
            }
            _ => return self.ended_or_asked(event, (&id, run), before),
        }
        Ok(())
    }

    /// The rest of what happens to an action: it ends, or others are asked.
    fn ended_or_asked(
        &mut self,
        event: &Event,
        (id, run): (&str, String),
        before: &'static str,
    ) -> Result<(), String> {
        let detail = &event.detail;
        let action = self.actions.entry(id.to_owned()).or_default();
        let must = |states: &[&str]| match states.contains(&before) {
            true => Ok(()),
            false => Err(format!("I7: {:?} of {id}, which was {before:?}", event.kind)),
        };
        match event.kind {
            EventKind::Reported => {
                must(&["claimed", "started", "approved"])?;
                let worked = detail["outcome"] == "succeeded";
                action.state = if worked { "succeeded" } else { "failed" };
            }
            EventKind::Unknown => {
                must(&["started"])?;
                action.state = "unknown";
                self.runs.entry(run).or_default().unknown += 1;
            }
            EventKind::Cancelled => {
                must(&["pending", "approved", "proposed"])?;
                action.state = "cancelled";
                self.runs.entry(run).or_default().holds.remove(id);
            }
            EventKind::Answered => {
                action.state = "answered";
                self.runs.entry(run).or_default().holds.remove(id);
            }
            EventKind::RunRedirected => action.state = "answered",
            EventKind::Stalled if action.kind != "question" => {
                self.runs.entry(run).or_default().holds.insert(id.to_owned());
            }
            EventKind::Withdrawn | EventKind::Superseded => self.let_go(&run, id),
            EventKind::HandedOver => {
                let request = action.requests.entry(event.request.unwrap().to_string());
                request.or_default().asked.insert(text(detail, "to"));
                if action.kind == "action" {
                    self.let_go(&run, id);
                }
            }
            EventKind::Escalated => {
                let more = detail["asked"].as_array().cloned().unwrap_or_default();
                let request = action.requests.entry(event.request.unwrap().to_string());
                let names = more.iter().filter_map(Value::as_str).map(str::to_owned);
                request.or_default().asked.extend(names);
            }
            _ => {}
        }
        Ok(())
    }

    /// Nobody has to answer it any more for its run to go on.
    fn let_go(&mut self, run: &str, action: &str) {
        if let Some(run) = self.runs.get_mut(run) {
            run.holds.remove(action);
        }
    }

    fn opened(&mut self, event: &Event, id: &str) -> Result<(), String> {
        let quorum = self.quorum(id).unwrap_or(1);
        let request = event.request.unwrap().to_string();
        let asked = event.detail["asked"].as_array().cloned().unwrap_or_default();
        let asked = asked.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let kind = text(&event.detail, "kind");
        let run_id = event.run.unwrap().to_string();
        let run = self.runs.entry(run_id.clone()).or_default();
        let action = self.actions.entry(id.to_owned()).or_default();
        if kind == "action" {
            let again = run.denied.values().any(|call| *call == action.call);
            if again && action.state == "proposed" {
                return Err(format!("I10: {id} was denied before in {run_id}, and is asked"));
            }
        } else if kind != "question" {
            run.holds.insert(id.to_owned());
        }
        run.shown += usize::from(kind == "unknown_outcome");
        action.kind = kind;
        action.run = run_id;
        (action.state, action.free, action.approved_at) = ("pending", false, None);
        action.by_grant = None;
        let yes = action.changed.take().into_iter().collect();
        action.requests.insert(request.clone(), Request { asked, quorum, yes });
        action.current = Some(request);
        Ok(())
    }

    fn voted(&mut self, event: &Event, id: &str) {
        if event.kind == EventKind::Decided {
            self.let_go(&event.run.unwrap().to_string(), id);
        }
        let action = self.actions.entry(id.to_owned()).or_default();
        if event.kind == EventKind::Modified {
            action.call = text(&event.detail, "call");
            action.changed = action.current.clone().map(|on| (name(&event.by), on));
            return;
        }
        let decision = text(&event.detail, "decision");
        let late = event.detail["late"] == true;
        if late || !["approve", "modify"].contains(&decision.as_str()) {
            return;
        }
        let request = event.request.unwrap().to_string();
        let yes = (name(&event.by), request.clone());
        let entry = action.requests.entry(request).or_default();
        entry.yes.insert(yes);
    }
}
