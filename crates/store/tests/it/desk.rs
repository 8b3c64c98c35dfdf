//! A desk that decides and writes, and checks each time that what is read back is what was meant.

use std::collections::{BTreeMap, BTreeSet};

use holdshort_core::{
    ActionId, Aggregate, Answer, Assessment, Call, Cast, Changes, ClaimIntent, Command, Context,
    Decision, Digest, Judged, Mode, Money, Outside, PendingFact, People, Phrase, Policy,
    PrincipalId, Proof, Propose, Reach, RiskLevel, Run, RunId, Stops, TakeClaim, Timestamp,
    Transition, Untrusted, Voter, WayBack, Words, WorkspaceId, decide,
};
use holdshort_store::{Cause, Commit, Committed, ProofUse, Store, StoreError};

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([1; 16]);
pub(crate) const OTHER_WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([2; 16]);
pub(crate) const DANA: PrincipalId = PrincipalId::from_bytes([1; 16]);
pub(crate) const AGENT: PrincipalId = PrincipalId::from_bytes([10; 16]);
pub(crate) const OTHER_AGENT: PrincipalId = PrincipalId::from_bytes([11; 16]);

pub(crate) fn judged(level: RiskLevel, number: u64) -> Judged {
    let text = |text: &str| Untrusted::new(text);
    let call = Call {
        tool: text("terminate"),
        server: text("aws"),
        arguments: Untrusted::new(format!("{{\"first\":{number}}}")),
        cwd: text("/srv"),
        env_names: text("[]"),
        definition: text(""),
        pins: text(""),
    };
    let assessment = Assessment {
        level,
        way_back: WayBack::No,
        reach: Reach::Service,
        outside: Outside::No,
        money: Money::None,
        evidence: Vec::new(),
        sentence: Phrase::ours("Terminate ").theirs(number.to_string()),
        commands: Vec::new(),
        notes: Vec::new(),
        count: None,
        secrets: Vec::new(),
        target: holdshort_core::Target::default(),
        effects: BTreeSet::new(),
        safer: Vec::new(),
        touches_gate: false,
        uninspectable: None,
    };
    Judged { call, assessment, probes: Vec::new() }
}

pub(crate) fn probed(judged: Judged) -> Judged {
    let (claim, source) = (Phrase::ours("No standby"), Phrase::ours("inventory"));
    Judged { probes: vec![PendingFact { probe: "standby".to_owned(), claim, source }], ..judged }
}

pub(crate) fn start() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000)
}

pub(crate) fn run(number: u8, agent: PrincipalId) -> Run {
    let created_at = start().plus_secs(u32::from(number));
    Run::new(RunId::at(created_at, [number; 16]), agent, &format!("run {number}"), created_at)
}

/// Who changed the directory in a test.
pub(crate) fn cause() -> Cause {
    Cause { by: "Dana".to_owned(), at: start(), random: [7; 16] }
}

pub(crate) fn intent() -> ClaimIntent {
    ClaimIntent { nonce: Digest::from_bytes([9; 32]), lease_secs: 60, start: true }
}

pub(crate) fn proof(nonce: &str, at: Timestamp) -> ProofUse {
    ProofUse { key_id: "key_1".to_owned(), nonce: nonce.to_owned(), at }
}

/// What to propose, and how it is written.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) run: Run,
    pub(crate) judged: Judged,
    pub(crate) call_id: Option<String>,
    pub(crate) dedupe: Option<[u8; 32]>,
    pub(crate) cap: Option<u32>,
}

impl Proposal {
    pub(crate) fn new(run: Run, judged: Judged) -> Self {
        Self { run, judged, call_id: None, dedupe: None, cap: None }
    }
}

pub(crate) struct Desk<'a, S> {
    pub(crate) store: &'a S,
    pub(crate) workspace: WorkspaceId,
    pub(crate) now: Timestamp,
    policy: Policy,
    people: People,
    drawn: u64,
}

impl<'a, S: Store> Desk<'a, S> {
    /// A desk where everything is asked about.
    pub(crate) fn new(store: &'a S) -> Self {
        let people = People {
            mode: Mode::Personal,
            approvers: None,
            disabled: BTreeSet::new(),
            groups: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        let policy = Policy::asking(&[RiskLevel::Safe, RiskLevel::Risky, RiskLevel::Dangerous]);
        Self { store, workspace: WORKSPACE, now: start(), policy, people, drawn: 0 }
    }

    /// A desk whose random numbers are not those of other desks.
    pub(crate) fn seeded(store: &'a S, seed: u64) -> Self {
        Self { drawn: seed << 32, ..Self::new(store) }
    }

    pub(crate) fn transition(&mut self, aggregate: &Aggregate, command: Command) -> Transition {
        self.drawn += 1;
        let random = *Digest::of("desk", &[&self.drawn.to_be_bytes()]).as_bytes();
        let stops = Stops::default();
        let context = Context {
            now: self.now,
            random,
            policy: &self.policy,
            people: &self.people,
            stops: &stops,
        };
        decide(aggregate, command, &context).unwrap()
    }

    pub(crate) fn commit_of(&self, aggregate: &Aggregate, transition: Transition) -> Commit {
        Commit {
            workspace: self.workspace,
            run: aggregate.run.clone(),
            goal: "Cut the cost".to_owned(),
            expected_run: Some(aggregate.run.version),
            run_wake: None,
            control: None,
            policy: None,
            expected: aggregate.action.as_ref().map(|(action, _)| action.version),
            dedupe: None,
            changes: transition.next,
            events: transition.events,
            effects: transition.effects,
            proof: None,
            open_cap: None,
        }
    }

    /// The commit of a proposal, not yet written.
    pub(crate) fn proposing(&mut self, proposal: &Proposal) -> Commit {
        let run = self.store.run(self.workspace, proposal.run.id).unwrap();
        let known = run.is_some();
        let run = run.map_or_else(|| proposal.run.clone(), |row| row.run);
        let aggregate = Aggregate::of_run(self.workspace, run);
        let command = Command::Propose(Box::new(Propose {
            agent: proposal.run.agent,
            agent_name: "cleaner".to_owned(),
            owner: Some(DANA),
            call_id: proposal.call_id.clone(),
            judged: proposal.judged.clone(),
            words: Words::default(),
            expires_at: None,
            cost: None,
            claim: None,
            undoes: None,
            by: None,
        }));
        let transition = self.transition(&aggregate, command);
        let commit = self.commit_of(&aggregate, transition);
        let expected_run = commit.expected_run.filter(|_| known);
        Commit { expected_run, dedupe: proposal.dedupe, open_cap: proposal.cap, ..commit }
    }

    pub(crate) async fn propose(&mut self, proposal: &Proposal) -> Result<ActionId, StoreError> {
        let commit = self.proposing(proposal);
        let before = commit.run.clone();
        let changes = commit.changes.clone().unwrap();
        let written = self.store.commit(commit).await?;
        let id = changes.action.as_ref().unwrap().id;
        let before = Aggregate::of_run(self.workspace, before);
        assert_eq!(self.load(id), merged(before, changes, written));
        Ok(id)
    }

    /// A new dangerous action in run 1.
    pub(crate) async fn ask(&mut self, number: u64) -> ActionId {
        let judged = judged(RiskLevel::Dangerous, number);
        self.propose(&Proposal::new(run(1, AGENT), judged)).await.unwrap()
    }

    pub(crate) fn load(&self, id: ActionId) -> Aggregate {
        self.store.aggregate(self.workspace, id).unwrap().unwrap()
    }

    pub(crate) async fn apply(&mut self, id: ActionId, command: Command) -> Answer {
        self.apply_with(id, command, None).await.unwrap()
    }

    pub(crate) async fn apply_with(
        &mut self,
        id: ActionId,
        command: Command,
        proof: Option<ProofUse>,
    ) -> Result<Answer, StoreError> {
        let before = self.load(id);
        let transition = self.transition(&before, command);
        let answer = transition.answer.clone();
        let next = transition.next.clone();
        let commit = Commit { proof, ..self.commit_of(&before, transition) };
        let written = self.store.commit(commit).await?;
        let after = match next {
            Some(changes) => merged(before, changes, written),
            None => before,
        };
        assert_eq!(self.load(id), after);
        Ok(answer)
    }

    pub(crate) fn vote(&self, id: ActionId, decision: Decision) -> Command {
        let request = self.load(id).request.unwrap();
        Command::Decide(Box::new(Cast {
            voter: Voter { id: DANA, name: "Dana".to_owned(), proof: Proof::Machine },
            decision,
            request: request.id,
            binding: request.binding(),
            version: request.version,
            reason: Untrusted::new("because"),
            confirm: None,
            changed: None,
            reply: None,
            waiting: None,
        }))
    }

    pub(crate) async fn deny(&mut self, id: ActionId) {
        let vote = self.vote(id, Decision::Deny);
        self.apply(id, vote).await;
    }

    pub(crate) async fn approve(&mut self, id: ActionId) {
        let vote = self.vote(id, Decision::Approve);
        self.apply(id, vote).await;
    }

    pub(crate) fn claim(&self, id: ActionId) -> Command {
        let (action, payload) = self.load(id).action.unwrap();
        let presented = Some(payload.effective_arguments().clone());
        let (agent, intent) = (action.agent, intent());
        let claim = TakeClaim { agent, intent, presented, pins: None, facts: None };
        Command::Claim(Box::new(claim))
    }

    /// How many events there are in all.
    pub(crate) fn events(&self) -> usize {
        self.store.events_after(self.workspace, 0, u32::MAX).unwrap().len()
    }
}

fn merged(before: Aggregate, changes: Changes, written: Committed) -> Aggregate {
    let payload = changes.payload.or(before.action.map(|(_, payload)| payload)).unwrap();
    let request = changes.requests.into_iter().next_back().map(|mut request| {
        if request.number == 0 {
            request.number = written.number.unwrap();
        }
        request
    });
    let request = request.or(before.request);
    let run = changes.run.unwrap_or(before.run.clone());
    let action = Some((changes.action.unwrap(), payload));
    Aggregate { action, request, run, ..before }
}
