//! A transition in the making: the rows as they will be, and what is said about them.

use serde_json::{Value, json};

use super::{Aggregate, Answer, Changes, Clearance, Context, Judged, Refusal, Transition};
use crate::action::{Action, CancelReason, Denier, Payload, Reason, State};
use crate::digest::Digest;
use crate::event::{Effect, Event, EventKind};
use crate::fact::Facts;
use crate::id::{EventId, PrincipalId, RequestId, WorkspaceId};
use crate::limits;
use crate::request::{Request, RequestState};
use crate::run::{Run, RunState};
use crate::untrusted::Untrusted;

/// The rows before and after, while a command is being decided.
pub(super) struct Draft<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) run: &'a Run,
    workspace: WorkspaceId,
    pub(super) action: Action,
    pub(super) payload: Payload,
    /// The open or last request.
    pub(super) request: Option<Request>,
    /// Requests that a newer one took the place of in this step.
    replaced: Vec<Request>,
    before: Option<(&'a Action, &'a Payload, Option<&'a Request>)>,
    events: Vec<Event>,
    effects: Vec<Effect>,
    drawn: u32,
}

impl<'a> Draft<'a> {
    pub(super) fn of(aggregate: &'a Aggregate, context: &'a Context<'a>) -> Option<Self> {
        let (action, payload) = aggregate.action.as_ref()?;
        let request = aggregate.request.clone();
        let mut draft = Self::fresh(aggregate, context, action.clone(), payload.clone());
        draft.request = request;
        draft.before = Some((action, payload, aggregate.request.as_ref()));
        Some(draft)
    }

    pub(super) fn fresh(
        aggregate: &'a Aggregate,
        context: &'a Context<'a>,
        action: Action,
        payload: Payload,
    ) -> Self {
        Self {
            context,
            run: &aggregate.run,
            workspace: aggregate.workspace,
            action,
            payload,
            request: None,
            replaced: Vec::new(),
            before: None,
            events: Vec::new(),
            effects: Vec::new(),
            drawn: 0,
        }
    }

    pub(super) fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// 16 fresh bytes out of the 32 of the context.
    pub(super) fn random(&mut self) -> [u8; 16] {
        self.drawn += 1;
        random(self.context, self.drawn)
    }

    pub(super) fn event(&mut self, kind: EventKind, by: &str, detail: Value) {
        let (action, run) = (self.action.id, self.action.run);
        let request = self.request.as_ref().map(|request| request.id);
        let id = EventId::at(self.context.now, self.random());
        let at = self.context.now;
        let by = by.to_owned();
        self.events.push(Event { id, kind, at, action: Some(action), request, run, by, detail });
    }

    pub(super) fn must_belong_to(&self, agent: PrincipalId) -> Result<(), Refusal> {
        if self.action.agent == agent { Ok(()) } else { Err(Refusal::NotFound) }
    }

    /// For what was claimed before its run was stopped, and has not begun.
    pub(super) fn must_not_be_stopped(&self) -> Result<(), Refusal> {
        match self.run.state {
            RunState::Stopped => Err(Refusal::WrongState("claimed in a stopped run")),
            RunState::Running | RunState::Finished => Ok(()),
        }
    }

    pub(super) fn give_reason(&mut self, by: &str, text: Untrusted) {
        if text != Untrusted::default() {
            self.payload.reasons.push(Reason { by: by.to_owned(), text });
        }
    }

    /// Ends the open request, if there is one.
    pub(super) fn close_request(&mut self, state: RequestState) {
        let now = self.context.now;
        if let Some(request) = self.request.as_mut().filter(|request| request.state.is_open()) {
            request.state = state;
            request.closed_at = Some(now);
        }
    }

    pub(super) fn cancel(&mut self, reason: CancelReason, by: &str) {
        let was_open = self.request.as_ref().is_some_and(|request| request.state.is_open());
        self.close_request(RequestState::Withdrawn);
        self.action.state = State::Cancelled { reason };
        self.event(EventKind::Cancelled, by, json!({ "reason": reason }));
        if was_open {
            self.event(EventKind::Withdrawn, by, json!({ "reason": reason }));
        }
    }

    pub(super) fn deny(&mut self, by: Denier, name: &str) {
        let detail = match &by {
            Denier::Policy(rule) => json!({ "rule": rule }),
            Denier::Voter(voter) => json!({ "proof": voter.proof }),
        };
        self.action.state = State::Denied { by };
        self.event(EventKind::Denied, name, detail);
    }

    pub(super) fn approve(&mut self, clearance: Clearance) {
        // INVARIANT: a clearance opens only the call that would run.
        debug_assert_eq!(clearance.call(), self.action.effective);
        self.action.state = State::Approved(clearance);
    }

    /// Makes `judged` the call that would run.
    pub(super) fn revise(&mut self, judged: Judged, digest: Digest) {
        self.action.effective = digest;
        self.action.level = judged.assessment.level;
        self.action.verdict = self.context.policy.evaluate(&judged.assessment);
        self.action.probed = !judged.probes.is_empty();
        self.payload.changed = judged.call.arguments;
        self.payload.assessment = judged.assessment;
    }

    /// Puts a new request for the effective call to people. `facts` says what is known already.
    pub(super) fn ask(&mut self, facts: Facts) -> RequestId {
        let now = self.context.now;
        let id = RequestId::from_bytes(self.random());
        if self.request.as_ref().is_some_and(|request| request.state.is_open()) {
            self.close_request(RequestState::Superseded);
            self.event(EventKind::Superseded, "Holdshort", json!({ "by": id }));
        }
        let request = Request {
            id,
            number: 0,
            action: self.action.id,
            run: self.action.run,
            call: self.action.effective,
            salt: self.random(),
            level: self.action.level,
            policy: self.context.policy.version,
            state: RequestState::Open,
            facts,
            votes: Vec::new(),
            opened_at: now,
            due_at: now.plus_secs(limits::DEADLINE_SECS),
            closed_at: None,
            version: 0,
        };
        let checking = matches!(request.facts, Facts::Checking { .. });
        let binding = request.binding();
        self.replaced.extend(self.request.replace(request));
        self.action.state = State::Pending { request: id };
        self.action.request = Some(id);
        self.action.asked += 1;
        if checking {
            self.effects.push(Effect::CollectFacts { action: self.action.id, request: id });
        }
        let rule = self.action.verdict.rule.clone();
        let policy = self.context.policy.version;
        let detail = json!({ "rule": rule, "policy": policy, "binding": binding });
        self.event(EventKind::Opened, "Holdshort", detail);
        id
    }

    pub(super) fn finish(mut self, answer: Answer) -> Transition {
        let now = self.context.now;
        let before_request = self.before.and_then(|(_, _, request)| request);
        let mut requests: Vec<Request> =
            self.replaced.into_iter().chain(self.request.take()).collect();
        requests.retain(|request| Some(request) != before_request);
        for request in &mut requests {
            request.version += 1;
        }
        let payload_changed = self.before.is_none_or(|(_, payload, _)| *payload != self.payload);
        let changed = payload_changed
            || !requests.is_empty()
            || self.before.is_none_or(|(action, _, _)| *action != self.action);
        let next = changed.then(|| {
            self.action.version += 1;
            self.action.updated_at = now;
            Changes {
                action: self.action,
                payload: payload_changed.then_some(self.payload),
                requests,
            }
        });
        Transition { next, events: self.events, effects: self.effects, answer }
    }
}

/// The `index`-th 16 bytes that follow from the random bytes of a context.
pub(super) fn random(context: &Context<'_>, index: u32) -> [u8; 16] {
    let digest = Digest::of("holdshort-random-v1", &[&context.random, &index.to_be_bytes()]);
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(byte, from)| *byte = *from);
    bytes
}
