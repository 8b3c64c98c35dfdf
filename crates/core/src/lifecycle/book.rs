//! What every transition writes beside its action: the run, events, effects, questions.

use serde_json::Value;

use super::{Context, NewQuestion, Today, ladder};
use crate::action::{Action, Call, Kind, Payload, State, Words};
use crate::amount::Amount;
use crate::assessment::{Assessment, Phrase, RiskLevel};
use crate::digest::Digest;
use crate::event::{Effect, Event, EventKind};
use crate::fact::Facts;
use crate::id::{ActionId, EventId, RequestId, WorkspaceId};
use crate::limits;
use crate::planted::{self, Bug};
use crate::policy::{Asks, Ruling, Verdict};
use crate::request::{Request, RequestState};
use crate::run::{Hold, Paper, Run};
use crate::untrusted::Untrusted;

/// The rows around an action while a command is being decided.
pub(super) struct Book<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) workspace: WorkspaceId,
    pub(super) run: Run,
    run_before: &'a Run,
    pub(super) today: Today,
    today_before: &'a Today,
    pub(super) events: Vec<Event>,
    pub(super) effects: Vec<Effect>,
    pub(super) questions: Vec<NewQuestion>,
    pub(super) papers: Vec<Paper>,
    drawn: u32,
}

/// A question in the making.
pub(super) struct Asking {
    pub(super) kind: Kind,
    pub(super) sentence: Phrase,
    /// What it is about, as the arguments of a call.
    pub(super) about: Value,
    pub(super) words: Words,
    pub(super) asks: Asks,
    pub(super) rule: &'static str,
    pub(super) reason: String,
    /// Whether the run begins nothing until it is answered.
    pub(super) holds: bool,
    /// What probes may find out about it.
    pub(super) facts: Facts,
}

impl<'a> Book<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        workspace: WorkspaceId,
        run: &'a Run,
        today: &'a Today,
    ) -> Self {
        Self {
            context,
            workspace,
            run: run.clone(),
            run_before: run,
            today: today.clone(),
            today_before: today,
            events: Vec::new(),
            effects: Vec::new(),
            questions: Vec::new(),
            papers: Vec::new(),
            drawn: 0,
        }
    }

    /// 16 fresh bytes out of the 32 of the context.
    pub(super) fn random(&mut self) -> [u8; 16] {
        self.drawn += 1;
        random(self.context, self.drawn)
    }

    pub(super) fn event(
        &mut self,
        kind: EventKind,
        about: (Option<ActionId>, Option<RequestId>),
        by: &str,
        detail: Value,
    ) {
        let at = self.context.now;
        let id = EventId::at(at, self.random());
        let (action, request) = about;
        let run = Some(self.run.id);
        self.events.push(Event { id, kind, at, action, request, run, by: by.to_owned(), detail });
    }

    /// Why nothing of this run may begin now, if so.
    pub(super) fn held(&self) -> Option<String> {
        self.run.held(self.context.stops)
    }

    /// Whether a stop covers this run now.
    pub(super) fn is_stopped(&self) -> bool {
        self.run.is_stopped(self.context.stops)
    }

    /// Counts an amount as spent. One that cannot be counted exactly is not: the budget asks
    /// about it before.
    pub(super) fn spend(&mut self, amount: &Amount) {
        self.run.spending.add(amount);
        self.today.spending.add(amount);
    }

    pub(super) fn take_back(&mut self, amount: &Amount) {
        self.run.spending.take_back(amount);
        self.today.spending.take_back(amount);
    }

    /// Puts a question of the run to people.
    pub(super) fn ask(&mut self, asking: Asking) -> Option<ActionId> {
        let questions = self.run.holds.iter().filter(|hold| hold.kind != Kind::Action);
        if asking.holds && questions.count() >= limits::HOLDS_MAX {
            return None;
        }
        let now = self.context.now;
        let id = ActionId::at(now, self.random());
        let call = call_of(&asking);
        let digest = call.digest(self.workspace).ok()?;
        let verdict = Verdict {
            ruling: Ruling::Ask,
            rule: asking.rule.to_owned(),
            reason: asking.reason,
            asks: Some(asking.asks),
            why: None,
            also: Vec::new(),
            grant: None,
        };
        let mut action = Action {
            id,
            run: self.run.id,
            kind: asking.kind,
            agent: self.run.agent,
            agent_name: self.run.agent_name.clone(),
            owner: self.run.owner,
            call_id: None,
            proposed: digest,
            effective: digest,
            level: RiskLevel::Risky,
            verdict,
            probed: false,
            // Replaced below.
            state: State::Pending { request: RequestId::from_bytes([0; 16]) },
            request: None,
            asked: 1,
            expires_at: None,
            cost: None,
            reserved: None,
            undoes: None,
            undo_until: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let checking = matches!(asking.facts, Facts::Checking { .. });
        let mut request = self.request(&action, asking.facts);
        request.version = 1;
        if checking {
            self.effects.push(Effect::CollectFacts { action: id, request: request.id });
        }
        action.state = State::Pending { request: request.id };
        action.request = Some(request.id);
        let payload = Payload {
            call,
            changed: Untrusted::default(),
            pins_now: Untrusted::default(),
            words: asking.words,
            probes: Vec::new(),
            again: Phrase::default(),
            assessment: Assessment::question(asking.sentence),
            reasons: Vec::new(),
            output: Untrusted::default(),
            why: None,
            undo: None,
        };
        if asking.holds {
            self.run.holds.push(Hold { question: id, kind: asking.kind });
        }
        self.opened(&action, &request);
        self.questions.push(NewQuestion { action, payload, request });
        Some(id)
    }

    /// A new request for an action, at the first step of its ladder.
    pub(super) fn request(&mut self, action: &Action, facts: Facts) -> Request {
        let now = self.context.now;
        let id = RequestId::from_bytes(self.random());
        let asks = action.verdict.asks.clone().unwrap_or_default();
        let first = ladder::climb(self.context, &asks.ladder, None);
        let state = if first.is_some() { RequestState::Open } else { RequestState::Stalled };
        let rung = first.unwrap_or_else(|| ladder::Rung::nobody(self.context, &asks.ladder));
        Request {
            id,
            number: 0,
            kind: action.kind,
            action: action.id,
            run: action.run,
            call: action.effective,
            salt: self.random(),
            level: action.level,
            policy: self.context.policy.version,
            state,
            facts,
            votes: Vec::new(),
            asks,
            step: rung.step,
            asked: rung.asked,
            step_at: now,
            reminded: false,
            credited_at: now,
            looking: None,
            opened_at: now,
            due_at: rung.due_at,
            closed_at: None,
            version: 0,
        }
    }

    /// Says that people are asked.
    pub(super) fn opened(&mut self, action: &Action, request: &Request) {
        let names: Vec<String> = request.asked.iter().map(crate::policy::Ask::text).collect();
        let detail = serde_json::json!({
            "kind": action.kind.name(),
            "rule": action.verdict.rule,
            "policy": self.context.policy.version,
            "binding": request.binding(),
            "asked": names,
        });
        let about = (Some(action.id), Some(request.id));
        self.event(EventKind::Opened, about, "Holdshort", detail);
        if request.state == RequestState::Stalled {
            let detail = serde_json::json!({ "because": "nobody is there to ask" });
            self.event(EventKind::Stalled, about, "Holdshort", detail);
            self.hold(action);
        }
    }

    /// The run begins nothing until somebody answers what nobody answered in time. A question of
    /// the agent holds nothing, answered or not.
    pub(super) fn hold(&mut self, action: &Action) {
        let held = self.run.holds.iter().any(|hold| hold.question == action.id);
        if !held && action.kind != Kind::Question {
            self.run.holds.push(Hold { question: action.id, kind: action.kind });
        }
    }

    /// Has the agent woken, where a person wants that.
    pub(super) fn wake(&mut self) {
        if self.run.wake.is_some() && !planted::is(Bug::WakeForgotten) {
            self.effects.push(Effect::WakeAgent { run: self.run.id });
        }
    }

    /// What was held for this is not held any more.
    pub(super) fn let_go(&mut self, action: ActionId) {
        self.run.holds.retain(|hold| hold.question != action);
    }

    /// The run as it will be, when it changed.
    pub(super) fn changed_run(&self) -> Option<Run> {
        (self.run != *self.run_before)
            .then(|| Run { version: self.run.version + 1, ..self.run.clone() })
    }

    /// What was spent today, when that changed.
    pub(super) fn changed_today(&self) -> Option<Today> {
        (self.today != *self.today_before)
            .then(|| Today { version: self.today.version + 1, ..self.today.clone() })
    }
}

/// A question, as a call of nobody's tool.
fn call_of(asking: &Asking) -> Call {
    Call {
        tool: Untrusted::new(format!("holdshort.{}", asking.kind.name())),
        server: Untrusted::default(),
        arguments: Untrusted::new(asking.about.to_string()),
        cwd: Untrusted::default(),
        env_names: Untrusted::default(),
        definition: Untrusted::default(),
        pins: Untrusted::default(),
    }
}

/// The `index`-th 16 bytes that follow from the random bytes of a context.
pub(super) fn random(context: &Context<'_>, index: u32) -> [u8; 16] {
    let digest = Digest::of("holdshort-random-v1", &[&context.random, &index.to_be_bytes()]);
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(byte, from)| *byte = *from);
    bytes
}
