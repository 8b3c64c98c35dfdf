//! A small world in memory: rows as the store keeps them, hand-driven time, and executors that
//! keep a log of their own of what they ran.

use std::collections::{BTreeMap, HashSet};

use holdshort_core::{
    Action, Aggregate, Answer, Cast, Changes, Command, Context, Decision, Digest, Effect, Event,
    EventId, Judged, Mode, NewQuestion, Payload, People, Policy, Propose, Refusal, Reported,
    Request, RequestId, Run, RunId, State, Stops, TakeClaim, Timestamp, Untrusted, Voter, Words,
    decide,
};

use crate::builders::{self, AGENT, OWNER, WORKSPACE};

/// One command, and the rows after it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) people: People,
    pub(crate) policy: Policy,
    pub(crate) command: Command,
    pub(crate) result: Result<Answer, Refusal>,
    pub(crate) before: Aggregate,
    pub(crate) after: Aggregate,
    pub(crate) events: Vec<Event>,
    pub(crate) effects: Vec<Effect>,
}

/// An executor was told to go ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) nonce: Digest,
    pub(crate) at: Timestamp,
    pub(crate) lease_until: Timestamp,
}

/// An executor ran a call: written down by it, not by the gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub(crate) nonce: Digest,
    pub(crate) call: Digest,
    /// Without having said that it begins, which executors must.
    pub(crate) careless: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) people: People,
    pub(crate) rows: Aggregate,
    pub(crate) stops: Stops,
    /// Questions of the run that were opened.
    pub(crate) questions: Vec<NewQuestion>,
    /// Every request there ever was, as last written.
    pub(crate) requests: BTreeMap<RequestId, Request>,
    pub(crate) history: Vec<Step>,
    pub(crate) told: Vec<Told>,
    pub(crate) ran: Vec<Ran>,
    /// Ids of events, and whether one came twice.
    seen: HashSet<EventId>,
    pub(crate) event_twice: bool,
    drawn: u64,
}

impl World {
    pub(crate) fn new(mode: Mode) -> Self {
        let now = Timestamp::from_micros(1_795_000_000_000_000);
        let mut run = Run::new(RunId::at(now, [3; 16]), AGENT, "cleanup", now);
        run.owner = Some(OWNER);
        Self {
            now,
            policy: Policy::default(),
            people: builders::people(mode),
            rows: Aggregate::of_run(WORKSPACE, run),
            stops: Stops::default(),
            questions: Vec::new(),
            requests: BTreeMap::new(),
            history: Vec::new(),
            told: Vec::new(),
            ran: Vec::new(),
            seen: HashSet::new(),
            event_twice: false,
            drawn: 0,
        }
    }

    /// A world in which this call has been proposed.
    pub(crate) fn with(judged: Judged) -> Self {
        let mut world = Self::new(Mode::Personal);
        world.apply(propose(judged)).unwrap();
        world
    }

    /// Decides a command, and writes what follows, as the store does.
    pub(crate) fn apply(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.drawn += 1;
        let random = *Digest::of("world", &[&self.drawn.to_be_bytes()]).as_bytes();
        let context = Context {
            now: self.now,
            random,
            policy: &self.policy,
            people: &self.people,
            stops: &self.stops,
        };
        let before = self.rows.clone();
        let decided = decide(&before, command.clone(), &context);
        let (result, events, effects) = match decided {
            Ok(transition) => {
                if let Some(changes) = transition.next {
                    self.write(changes);
                }
                (Ok(transition.answer), transition.events, transition.effects)
            }
            Err(refusal) => (Err(refusal), Vec::new(), Vec::new()),
        };
        if let Ok(answer) = &result {
            self.executors_hear(&command, answer);
        }
        for event in &events {
            self.event_twice |= !self.seen.insert(event.id);
        }
        self.history.push(Step {
            at: self.now,
            people: self.people.clone(),
            policy: self.policy.clone(),
            command,
            result: result.clone(),
            before,
            after: self.rows.clone(),
            events,
            effects,
        });
        result
    }

    fn write(&mut self, changes: Changes) {
        let payload = match (changes.payload, self.rows.action.take()) {
            (Some(payload), _) => payload,
            (None, Some((_, payload))) => payload,
            (None, None) => panic!("a new action without a payload"),
        };
        for mut request in changes.requests {
            if request.number == 0 {
                request.number = self.requests.len() as u64 + 1;
            }
            self.requests.insert(request.id, request);
        }
        let action = changes.action.expect("a command on an action changes the action");
        self.rows.request = action.request.map(|id| self.requests[&id].clone());
        self.rows.action = Some((action, payload));
        self.rows.run = changes.run.unwrap_or_else(|| self.rows.run.clone());
        self.rows.today = changes.today.unwrap_or_else(|| self.rows.today.clone());
        self.questions.extend(changes.questions);
    }

    fn executors_hear(&mut self, command: &Command, answer: &Answer) {
        let Answer::Proceed { lease_until } = *answer else {
            return self.executors_see(command);
        };
        match command {
            Command::Propose(propose) => {
                let intent = propose.claim.expect("proceed without a claim");
                self.hear(intent.nonce, lease_until, intent.start);
            }
            Command::Claim(claim) => {
                self.hear(claim.intent.nonce, lease_until, claim.intent.start);
            }
            Command::Started { nonce, .. } => self.hear(*nonce, lease_until, true),
            other => panic!("proceed in answer to {other:?}"),
        }
    }

    /// What executors learn otherwise: from the decision they wait for, or from their own report.
    fn executors_see(&mut self, command: &Command) {
        match command {
            Command::Decide(cast) => {
                let State::Executing(execution) = &self.action().state else { return };
                let mine = cast.waiting.filter(|intent| intent.nonce == execution.nonce());
                let lease_until = execution.lease_until();
                if let Some(intent) = mine {
                    self.hear(intent.nonce, lease_until, intent.start);
                }
            }
            Command::Report { nonce, .. } => self.run(*nonce, true),
            _ => {}
        }
    }

    fn hear(&mut self, nonce: Digest, lease_until: Timestamp, start: bool) {
        self.told.push(Told { nonce, at: self.now, lease_until });
        if start {
            self.run(nonce, false);
        }
    }

    /// An executor runs the call, unless it already did.
    fn run(&mut self, nonce: Digest, careless: bool) {
        if self.ran.iter().any(|ran| ran.nonce == nonce) {
            return;
        }
        let call = self.payload().effective_call().digest(WORKSPACE).unwrap();
        self.ran.push(Ran { nonce, call, careless });
    }

    pub(crate) fn action(&self) -> &Action {
        &self.rows.action.as_ref().unwrap().0
    }

    pub(crate) fn payload(&self) -> &Payload {
        &self.rows.action.as_ref().unwrap().1
    }

    pub(crate) fn request(&self) -> &Request {
        self.rows.request.as_ref().unwrap()
    }

    pub(crate) fn state(&self) -> &'static str {
        self.action().state.name()
    }

    pub(crate) fn last(&self) -> &Step {
        self.history.last().unwrap()
    }

    /// An honest vote of someone who read the request as it is.
    pub(crate) fn vote(&self, voter: Voter, decision: Decision) -> Cast {
        let request = self.request();
        let count = self.payload().assessment.count.as_ref();
        Cast {
            voter,
            decision,
            request: request.id,
            binding: request.binding(),
            version: request.version,
            reason: Untrusted::new("seen it"),
            confirm: count.map(|count| count.number.to_string()),
            changed: None,
            reply: None,
            waiting: None,
        }
    }

    pub(crate) fn cast(&mut self, cast: Cast) -> Result<Answer, Refusal> {
        self.apply(Command::Decide(Box::new(cast)))
    }

    pub(crate) fn approve(&mut self) -> Result<Answer, Refusal> {
        self.cast(self.vote(builders::person(OWNER), Decision::Approve))
    }

    pub(crate) fn deny(&mut self) -> Result<Answer, Refusal> {
        self.cast(self.vote(builders::person(OWNER), Decision::Deny))
    }

    pub(crate) fn modify(&mut self, judged: Judged) -> Result<Answer, Refusal> {
        let vote = self.vote(builders::person(OWNER), Decision::Modify);
        self.cast(Cast { changed: Some((judged, Vec::new())), ..vote })
    }

    pub(crate) fn claim(&mut self, number: u8) -> Result<Answer, Refusal> {
        self.apply(claim(number))
    }

    pub(crate) fn start(&mut self, number: u8) -> Result<Answer, Refusal> {
        self.apply(Command::Started { agent: AGENT, nonce: builders::nonce(number) })
    }

    pub(crate) fn report(&mut self, number: u8, worked: bool) -> Result<Answer, Refusal> {
        self.apply(report(number, worked))
    }

    pub(crate) fn cancel(&mut self) -> Result<Answer, Refusal> {
        self.apply(Command::Cancel { agent: AGENT, reason: Untrusted::new("not needed") })
    }

    /// Time goes by, and the gate notices.
    pub(crate) fn pass(&mut self, secs: u32) -> Result<Answer, Refusal> {
        self.now = self.now.plus_secs(secs);
        self.apply(Command::TimePassed)
    }
}

pub(crate) fn propose(judged: Judged) -> Command {
    Command::Propose(Box::new(Propose {
        agent: AGENT,
        agent_name: "cleaner".to_owned(),
        owner: Some(OWNER),
        call_id: None,
        judged,
        words: Words::default(),
        expires_at: None,
        cost: None,
        claim: None,
        undoes: None,
        by: None,
    }))
}

pub(crate) fn claim(number: u8) -> Command {
    let intent = builders::intent(number);
    Command::Claim(Box::new(TakeClaim {
        agent: AGENT,
        intent,
        presented: None,
        pins: None,
        facts: None,
    }))
}

pub(crate) fn said(worked: bool) -> Reported {
    Reported { worked, output: Untrusted::new("done"), cost: None, undo: None }
}

pub(crate) fn report(number: u8, worked: bool) -> Command {
    let nonce = builders::nonce(number);
    Command::Report { agent: AGENT, nonce, said: Box::new(said(worked)) }
}
