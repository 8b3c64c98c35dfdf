//! A transition in the making: the rows as they will be, and what is said about them.

use serde_json::{Value, json};

use super::book::Book;
use super::{
    Aggregate, Answer, Changes, Clearance, Context, Judged, Refusal, Transition, exceptions,
};
use crate::action::{Action, CancelReason, Denier, Kind, Payload, Reason, State};
use crate::denial;
use crate::digest::Digest;
use crate::event::{Effect, EventKind};
use crate::fact::Facts;
use crate::grant::Grant;
use crate::id::{GrantId, PrincipalId, RequestId, WorkspaceId};
use crate::limits;
use crate::people::Mode;
use crate::planted::{self, Bug};
use crate::policy::{Asks, Ruling, Subject, Verdict};
use crate::request::{Request, RequestState};
use crate::untrusted::Untrusted;

/// The rows before and after, while a command is being decided.
pub(super) struct Draft<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) book: Book<'a>,
    pub(super) action: Action,
    pub(super) payload: Payload,
    /// The open or last request.
    pub(super) request: Option<Request>,
    pub(super) grants: &'a [Grant],
    pub(super) redeemed: Option<GrantId>,
    /// Whether facts were given up in this very step: nobody has seen that yet.
    pub(super) gave_up_facts: bool,
    /// Requests that a newer one took the place of in this step.
    replaced: Vec<Request>,
    before: Option<(&'a Action, &'a Payload, Option<&'a Request>)>,
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
            book: Book::new(context, aggregate.workspace, &aggregate.run, &aggregate.today),
            action,
            payload,
            request: None,
            grants: &aggregate.grants,
            redeemed: None,
            gave_up_facts: false,
            replaced: Vec::new(),
            before: None,
        }
    }

    pub(super) fn workspace(&self) -> WorkspaceId {
        self.book.workspace
    }

    pub(super) fn event(&mut self, kind: EventKind, by: &str, detail: Value) {
        let request = self.request.as_ref().map(|request| request.id);
        self.book.event(kind, (Some(self.action.id), request), by, detail);
    }

    pub(super) fn must_belong_to(&self, agent: PrincipalId) -> Result<(), Refusal> {
        if self.action.agent == agent { Ok(()) } else { Err(Refusal::NotFound) }
    }

    pub(super) fn must_be_an_action(&self) -> Result<(), Refusal> {
        match self.action.kind {
            Kind::Action => Ok(()),
            other => Err(Refusal::WrongState(other.name())),
        }
    }

    /// For what was claimed before its run was stopped, and has not begun.
    pub(super) fn must_not_be_stopped(&self) -> Result<(), Refusal> {
        if self.book.is_stopped() && !planted::is(Bug::StartWhileStopped) {
            return Err(Refusal::WrongState("claimed, and its run is stopped"));
        }
        Ok(())
    }

    pub(super) fn give_reason(&mut self, by: &str, text: Untrusted) {
        if text != Untrusted::default() {
            self.payload.reasons.push(Reason { by: by.to_owned(), text });
        }
    }

    /// What policy says about the effective call now.
    pub(super) fn judge(&self) -> Verdict {
        let verdict = self.judge_call(&self.payload.effective_call(), &self.payload.assessment);
        match verdict.ruling {
            Ruling::Allow if self.is_undo_of_agent() => {
                let why = "An agent may propose to take something back; a person has it run.";
                Verdict::built_in(Ruling::Ask, "builtin.undo", why)
            }
            Ruling::Allow | Ruling::Ask | Ruling::Deny => verdict,
        }
    }

    /// Whether an agent wants to take something back: it may propose that, never have it run.
    fn is_undo_of_agent(&self) -> bool {
        let by_agent = self.action.undoes.is_some_and(|undoes| !undoes.by_person);
        by_agent && !planted::is(Bug::AgentUndoes)
    }

    /// What policy says about a call.
    pub(super) fn judge_call(
        &self,
        call: &crate::action::Call,
        assessment: &crate::assessment::Assessment,
    ) -> Verdict {
        let mut run = self.book.run.clone();
        let mut today = self.book.today.spending.clone();
        // What is reserved for this very action is not counted against it twice.
        if let Some(reserved) = &self.action.reserved {
            run.spending.take_back(reserved);
            today.take_back(reserved);
        }
        let subject = Subject {
            call,
            assessment,
            words: &self.payload.words,
            cost: self.action.cost.as_ref(),
            agent: &self.action.agent_name,
            run: &run,
            today: &today,
            now: self.context.now,
        };
        self.context.policy.evaluate(&subject)
    }

    /// Whether what a verdict asks about may have been granted before: in a team, not what needs
    /// more than one person each time. A grant made by one of one is no grant of two.
    pub(super) fn may_be_granted(&self, verdict: &Verdict) -> bool {
        let seats = verdict.asks.as_ref().map_or(1, Asks::seats);
        verdict.may_be_granted()
            && !self.is_undo_of_agent()
            && (seats <= 1 || self.context.people.mode == Mode::Personal)
    }

    /// The grant that covers the effective call, which `verdict` would ask about.
    pub(super) fn granted(&self, verdict: &Verdict) -> Option<&'a Grant> {
        if verdict.ruling != Ruling::Ask || !self.may_be_granted(verdict) {
            return None;
        }
        let call = self.payload.effective_call();
        let whose = (self.action.agent, self.action.run, self.book.workspace);
        self.grants.iter().find(|grant| {
            grant.is_live(self.context.now)
                && grant.covers(&call, self.action.level, &verdict.rules(), whose)
        })
    }

    /// Ends the open request, if there is one.
    pub(super) fn close_request(&mut self, state: RequestState) {
        let now = self.context.now;
        if let Some(request) = self.request.as_mut().filter(|request| request.state.is_open()) {
            request.state = state;
            request.closed_at = Some(now);
            self.book.let_go(self.action.id);
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
        self.book.let_go(self.action.id);
    }

    pub(super) fn deny(&mut self, by: Denier, name: &str) {
        let detail = match &by {
            Denier::Policy(rule) => json!({ "rule": rule }),
            Denier::Voter(voter) => {
                json!({ "proof": voter.proof, "person": voter.proof.is_person() })
            }
        };
        let by_person = matches!(by, Denier::Voter(_));
        self.action.state = State::Denied { by };
        self.event(EventKind::Denied, name, detail);
        let call = self.payload.effective_call();
        if by_person && self.book.run.denied.len() < limits::DENIED_MAX {
            let denied = denial::remember(&self.action, &call, &self.payload.assessment);
            self.book.run.denied.push(denied);
        }
        exceptions::denied(&mut self.book, self.action.id);
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
        self.action.probed = !judged.probes.is_empty();
        if !planted::is(Bug::ModifyRunsOriginal) {
            self.payload.changed = judged.call.arguments;
        }
        self.payload.assessment = judged.assessment;
        self.payload.probes = judged.probes;
        let verdict = self.judge();
        self.set_verdict(verdict);
    }

    /// Keeps the verdict, and why, as it is now.
    pub(super) fn set_verdict(&mut self, mut verdict: Verdict) {
        self.payload.why = verdict.why.take();
        self.action.verdict = verdict;
    }

    /// The facts of the effective call, all of them still to be checked.
    pub(super) fn to_check(&self) -> Facts {
        let claims = self.payload.probes.clone();
        let until = self.context.now.plus_secs(limits::FACTS_SECS);
        match claims.is_empty() {
            true => Facts::None,
            false => Facts::Checking { until, claims, read: Vec::new() },
        }
    }

    /// Puts a new request for the effective call to people. `facts` says what is known already.
    pub(super) fn ask(&mut self, facts: Facts) -> RequestId {
        let request = self.book.request(&self.action, facts);
        let id = request.id;
        if self.request.as_ref().is_some_and(|request| request.state.is_open()) {
            self.close_request(RequestState::Superseded);
            self.event(EventKind::Superseded, "Holdshort", json!({ "by": id }));
        }
        let checking = matches!(request.facts, Facts::Checking { .. });
        self.action.state = State::Pending { request: id };
        self.action.request = Some(id);
        self.action.asked += 1;
        self.book.opened(&self.action, &request);
        self.replaced.extend(self.request.replace(request));
        if checking {
            let action = self.action.id;
            self.book.effects.push(Effect::CollectFacts { action, request: id });
        }
        id
    }

    /// Whether something was decided that the agent may be waiting for, by somebody else.
    fn was_decided(&self) -> bool {
        let waited =
            self.before.is_some_and(|(before, ..)| matches!(before.state, State::Pending { .. }));
        waited
            && match &self.action.state {
                State::Approved(_) | State::Denied { .. } | State::Answered { .. } => true,
                State::Cancelled { reason } => *reason != CancelReason::Withdrawn,
                // Still waiting, or its executor is there already.
                State::Pending { .. } | State::Executing(_) | State::Completed { .. } => false,
            }
    }

    pub(super) fn finish(mut self, answer: Answer) -> Transition {
        if self.was_decided() {
            self.book.wake();
        }
        let now = self.context.now;
        let before_request = self.before.and_then(|(_, _, request)| request);
        let mut requests: Vec<Request> =
            self.replaced.into_iter().chain(self.request.take()).collect();
        requests.retain(|request| Some(request) != before_request);
        for request in &mut requests {
            let known = before_request.filter(|before| before.id == request.id);
            if known.is_none_or(|before| before.substance() != request.substance()) {
                request.version += 1;
            }
        }
        let run = self.book.changed_run();
        let today = self.book.changed_today();
        let payload_changed = self.before.is_none_or(|(_, payload, _)| *payload != self.payload);
        let changed = payload_changed
            || !requests.is_empty()
            || run.is_some()
            || !self.book.questions.is_empty()
            || self.before.is_none_or(|(action, _, _)| *action != self.action);
        let next = changed.then(|| {
            self.action.version += 1;
            self.action.updated_at = now;
            Changes {
                action: Some(self.action),
                payload: payload_changed.then_some(self.payload),
                requests,
                run,
                questions: self.book.questions,
                papers: self.book.papers,
                today,
                redeemed: self.redeemed,
            }
        });
        Transition { next, events: self.book.events, effects: self.book.effects, answer }
    }
}
