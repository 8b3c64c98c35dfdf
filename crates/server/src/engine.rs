//! The engine: load, decide, commit, wake. Every change goes through [`Engine::apply`].

mod directory;
mod facts;
mod policy;
mod propose;
mod resume;
mod undo;
mod vote;
mod waiters;
mod wake;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdshort_core::{
    ActionId, Aggregate, Answer, Changes, Command, Context, Event, EventId, EventKind, Mode,
    People, Policy, PrincipalId, RequestId, RunCommand, RunId, Stops, TakeClaim, Timestamp, Today,
    Transition, WorkspaceId, decide, decide_run, next_run_wake,
};
use holdshort_risk::{Own, Rules};
use holdshort_store::{
    Cause, Change, Commit, Committed, Db, PrincipalKind, ProofUse, Store, StoreError,
};
use tokio::sync::watch;

use crate::clock::{self, Clock};
use crate::limits;
use crate::policy::InForce;
use crate::probes::Eyes;
use crate::problem::Failure;
use holdshort_api::Code;

pub(crate) use directory::{AsOf, Known};
pub(crate) use facts::{Answered, Presented};
pub(crate) use propose::{Proposal, assess};
pub(crate) use resume::{Going, Last};
pub(crate) use undo::{TakesBack, Undoing};
pub(crate) use vote::Ballot;
pub(crate) use waiters::Waiters;

/// The workspace of this server. One for now; every key and query carries it all the same.
pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([1; 16]);

/// Load, decide, commit, wake.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) db: Arc<Db>,
    pub(crate) clock: Clock,
    /// The policy in force, read anew when its files change.
    pub(crate) policy: InForce,
    /// What the organization says about tools.
    pub(crate) rules: Rules,
    pub(crate) own: Own,
    /// Who takes the looks of probes.
    pub(crate) eyes: Eyes,
    pub(crate) waiters: Waiters,
    pub(crate) known: Known,
    /// Open requests an agent may have; `None` in scratch data of the bench.
    pub(crate) open_cap: Option<u32>,
    /// Position of the last event; readers of the feed wait for it to move.
    pub(crate) feed: watch::Sender<i64>,
    /// Moves when there is work in the outbox.
    pub(crate) work: tokio::sync::Notify,
    /// Moves when something may be due earlier than the timers think.
    pub(crate) timers: tokio::sync::Notify,
}

/// What a command led to.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) aggregate: Aggregate,
    pub(crate) answer: Answer,
}

/// Who and what applies now, as it was read.
#[derive(Clone, Debug)]
struct Now {
    policy: Arc<Policy>,
    people: Arc<People>,
    stops: Arc<Stops>,
    /// Version of the stops; a commit that was decided under others is decided again.
    control: u64,
}

impl Now {
    fn context(&self, now: Timestamp) -> Result<Context<'_>, Failure> {
        let random = clock::random()?;
        let Self { policy, people, stops, .. } = self;
        Ok(Context { now, random, policy, people, stops })
    }
}

/// What goes with a transition into its commit.
#[derive(Clone, Debug, Default)]
struct With {
    proof: Option<ProofUse>,
    /// Of a new action: the run's task, and what a repeat is recognised by.
    new: Option<(String, [u8; 32])>,
    /// Whether the run is not stored yet.
    new_run: bool,
}

impl Engine {
    /// The directory as it is now.
    pub(crate) fn people(&self) -> Result<Arc<People>, Failure> {
        // Read before the rows: a change meanwhile makes what is kept old at once.
        let as_of = self.as_of();
        if let Some(people) = self.known.people(as_of) {
            return Ok(people);
        }
        let people = Arc::new(self.read_people()?);
        self.known.keep_people(as_of, &people);
        Ok(people)
    }

    /// The stops as they are now, and their version.
    pub(crate) fn stops(&self) -> Result<(u64, Arc<Stops>), Failure> {
        let as_of = self.as_of();
        if let Some(stops) = self.known.stops(as_of) {
            return Ok(stops);
        }
        let (version, stops) = self.db.stops(WORKSPACE)?;
        let stops = (version, Arc::new(Stops::new(stops)));
        self.known.keep_stops(as_of, &stops);
        Ok(stops)
    }

    fn now(&self) -> Result<Now, Failure> {
        let (control, stops) = self.stops()?;
        Ok(Now { policy: self.policy.policy(), people: self.people()?, stops, control })
    }

    /// The version of the directory, and the time.
    pub(crate) fn as_of(&self) -> AsOf {
        (self.db.directory_version(), self.clock.now())
    }

    /// An approvers' group that does not exist is an empty one.
    fn read_people(&self) -> Result<People, Failure> {
        let mode = match self.db.setting(WORKSPACE, "mode")?.as_deref() {
            Some("team") => Mode::Team,
            _ => Mode::Personal,
        };
        let groups = self.db.groups(WORKSPACE)?;
        let groups: BTreeMap<String, BTreeSet<PrincipalId>> = groups
            .into_iter()
            .map(|group| (group.name, group.members.into_iter().collect()))
            .collect();
        let approvers = match self.db.setting(WORKSPACE, "approvers")? {
            Some(name) if !name.is_empty() => Some(groups.get(&name).cloned().unwrap_or_default()),
            _ => None,
        };
        let all = self.db.principals(WORKSPACE)?;
        let off = all.iter().filter(|principal| principal.disabled_at.is_some());
        let disabled = off.map(|principal| principal.id).collect();
        let persons = all.iter().filter(|one| one.kind == PrincipalKind::Person);
        let names = persons.map(|person| (person.name.clone(), person.id)).collect();
        Ok(People { mode, approvers, disabled, groups, names })
    }

    /// Who changes the directory, for the log.
    pub(crate) fn cause(&self, by: impl Into<String>) -> Result<Cause, Failure> {
        Ok(Cause { by: by.into(), at: self.clock.now(), random: clock::random()? })
    }

    /// Changes the directory, and wakes those who read the feed.
    pub(crate) async fn change(
        &self,
        by: impl Into<String>,
        changes: Vec<Change>,
    ) -> Result<(), Failure> {
        let cause = self.cause(by)?;
        self.db.change(WORKSPACE, changes, cause).await?;
        let (last, _) = self.db.feed_end()?;
        self.move_feed(last);
        Ok(())
    }

    /// Erases what belongs to an action that is over, for `by`.
    pub(crate) async fn erase(&self, action: ActionId, by: String) -> Result<(), Failure> {
        let at = self.clock.now();
        let event = Event {
            id: EventId::at(at, clock::random()?),
            kind: EventKind::PayloadErased,
            at,
            action: Some(action),
            request: None,
            run: None,
            by,
            detail: serde_json::json!({}),
        };
        self.db.erase(WORKSPACE, action, event).await.map_err(|error| match error {
            StoreError::Conflict => {
                Failure::new(Code::WrongState, "It is not over yet; what waits is not erased.")
            }
            other => other.into(),
        })?;
        self.move_feed(self.db.feed_end()?.0);
        Ok(())
    }

    /// Decides a command on an action and writes what follows, once.
    pub(crate) async fn apply(
        &self,
        action: ActionId,
        command: Command,
        proof: Option<ProofUse>,
    ) -> Result<Applied, Failure> {
        self.apply_to(self.load(action)?, command, proof).await
    }

    /// The rows of an action.
    fn load(&self, action: ActionId) -> Result<Aggregate, Failure> {
        let aggregate = self.db.aggregate(WORKSPACE, action)?.ok_or_else(Failure::not_found)?;
        self.with_account(aggregate)
    }

    /// The same with what the agent spent today and what it was granted, where that matters.
    fn with_account(&self, mut aggregate: Aggregate) -> Result<Aggregate, Failure> {
        let now = self.clock.now();
        let agent = aggregate.run.agent;
        let costs = aggregate.action.as_ref().is_some_and(|(action, _)| action.cost.is_some());
        aggregate.today = match costs {
            true => self.db.spending(WORKSPACE, agent, now.day())?,
            false => Today { day: now.day(), ..Today::default() },
        };
        let by_grant = aggregate.action.as_ref().is_some_and(|(a, _)| a.verdict.grant.is_some());
        if by_grant {
            aggregate.grants = self.db.grants_of(WORKSPACE, agent, now)?;
        }
        Ok(aggregate)
    }

    /// The same, for rows that were just read; they are read again when they changed since.
    async fn apply_to(
        &self,
        read: Aggregate,
        command: Command,
        proof: Option<ProofUse>,
    ) -> Result<Applied, Failure> {
        let action = read.action.as_ref().map(|(action, _)| action.id);
        let action = action.ok_or_else(Failure::not_found)?;
        let mut read = Some(self.with_account(read)?);
        for _ in 0..limits::RETRIES {
            let aggregate = match read.take() {
                Some(aggregate) => aggregate,
                None => self.load(action)?,
            };
            let now = self.now()?;
            let context = now.context(self.clock.now())?;
            let transition = decide(&aggregate, command.clone(), &context)?;
            let with = With { proof: proof.clone(), ..With::default() };
            match self.write(aggregate, transition, with, &now).await {
                Err(StoreError::Conflict) => tokio::task::yield_now().await,
                other => return Ok(other?),
            }
        }
        Err(Failure::from(StoreError::Conflict))
    }

    /// Decides something that happens to a run, and writes what follows, once.
    pub(crate) async fn apply_to_run(
        &self,
        run: RunId,
        command: RunCommand,
        proof: Option<ProofUse>,
    ) -> Result<Applied, Failure> {
        for _ in 0..limits::RETRIES {
            let row = self.db.run(WORKSPACE, run)?.ok_or_else(Failure::not_found)?;
            let at = self.clock.now();
            let mut aggregate = Aggregate::of_run(WORKSPACE, row.run);
            aggregate.today = self.db.spending(WORKSPACE, aggregate.run.agent, at.day())?;
            let now = self.now()?;
            let transition = decide_run(&aggregate, command.clone(), &now.context(at)?)?;
            let with = With { proof: proof.clone(), ..With::default() };
            match self.write(aggregate, transition, with, &now).await {
                Err(StoreError::Conflict) => tokio::task::yield_now().await,
                other => return Ok(other?),
            }
        }
        Err(Failure::from(StoreError::Conflict))
    }

    /// Commits a transition and wakes who waits for it. The answer is sent by the commit itself.
    async fn write(
        &self,
        mut aggregate: Aggregate,
        transition: Transition,
        with: With,
        now: &Now,
    ) -> Result<Applied, StoreError> {
        let Transition { next, events, effects, answer } = transition;
        if next.is_none() && events.is_empty() && with.proof.is_none() {
            return Ok(Applied { aggregate, answer });
        }
        let stalled = events.iter().filter(|event| event.kind == EventKind::Stalled).count();
        metrics::counter!("holdshort_stalled_total").increment(stalled as u64);
        let has_work = !effects.is_empty();
        let expected = aggregate.action.as_ref().map(|(action, _)| action.version);
        let (goal, dedupe) =
            with.new.map_or((String::new(), None), |(goal, key)| (goal, Some(key)));
        let changed_run = next.as_ref().and_then(|changes| changes.run.as_ref());
        let run_wake = next_run_wake(changed_run.unwrap_or(&aggregate.run), &now.policy);
        let commit = Commit {
            workspace: WORKSPACE,
            run: aggregate.run.clone(),
            expected_run: (!with.new_run).then_some(aggregate.run.version),
            run_wake,
            goal,
            expected,
            control: Some(now.control),
            policy: Some(now.policy.version),
            dedupe,
            changes: next.clone(),
            events,
            effects,
            proof: with.proof,
            open_cap: self.open_cap,
        };
        let committed = self.db.commit(commit).await?;
        if let Some(changes) = next {
            if self.wake(&aggregate, &changes) {
                // Deadlines that stood still while it was held are looked at now.
                self.db.rouse(WORKSPACE, Some(aggregate.run.id), self.clock.now()).await?;
                self.waiters.wake_run(aggregate.run.id);
            }
            merge(&mut aggregate, changes, committed);
        }
        self.move_feed(committed.last_seq);
        if has_work {
            self.work.notify_one();
        }
        Ok(Applied { aggregate, answer })
    }

    /// Wakes those who wait for what changed, and the timers when something may be due earlier.
    /// Says whether the run goes on, or stops.
    fn wake(&self, before: &Aggregate, changes: &Changes) -> bool {
        if let Some(action) = &changes.action {
            self.waiters.wake(action.id);
        }
        if !changes.requests.is_empty() || !changes.questions.is_empty() || changes.run.is_some() {
            self.timers.notify_one();
        }
        changes.run.as_ref().is_some_and(|run| {
            run.holds.len() < before.run.holds.len() || run.state != before.run.state
        })
    }

    fn move_feed(&self, last: i64) {
        if last > 0 {
            self.feed.send_if_modified(|seq| {
                let moved = last > *seq;
                *seq = (*seq).max(last);
                moved
            });
        }
    }

    /// Claims an action; probes are read just before release. What the agent's machine has to be
    /// looked at for and was not brought is asked for first.
    pub(crate) async fn claim(
        &self,
        read: Aggregate,
        agent: PrincipalId,
        claim: Presented,
    ) -> Result<Applied, Failure> {
        let Presented { intent, arguments, pins, facts } = claim;
        if read.run.agent == agent && !self.to_bring(&read, &facts)?.is_empty() {
            return Ok(Applied { aggregate: read, answer: Answer::Refresh });
        }
        let facts = self.facts_for_release(&read, agent, &facts).await?;
        let claim = TakeClaim { agent, intent, presented: arguments, pins, facts };
        self.apply_to(read, Command::Claim(Box::new(claim)), None).await
    }

    /// The action a request is about.
    pub(crate) fn action_of(&self, request: RequestId) -> Result<ActionId, Failure> {
        self.db.action_of(WORKSPACE, request)?.ok_or_else(Failure::not_found)
    }
}

fn merge(aggregate: &mut Aggregate, changes: Changes, committed: Committed) {
    let Changes { action, payload, mut requests, run, today, .. } = changes;
    aggregate.run = run.unwrap_or_else(|| aggregate.run.clone());
    aggregate.today = today.unwrap_or_else(|| aggregate.today.clone());
    let Some(action) = action else { return };
    let payload = payload.or_else(|| aggregate.action.take().map(|(_, payload)| payload));
    if let Some(mut last) = requests.pop() {
        if last.number == 0 {
            last.number = committed.number.unwrap_or_default();
        }
        aggregate.request = Some(last);
    }
    aggregate.action = payload.map(|payload| (action, payload));
}
