//! The engine: load, decide, commit, wake. Every change goes through [`Engine::apply`].

mod directory;
mod facts;
mod propose;
mod vote;
mod waiters;

use std::collections::BTreeSet;
use std::sync::Arc;

use holdshort_core::{
    ActionId, Aggregate, Answer, Changes, ClaimIntent, Command, Context, Digest, Mode, People,
    Policy, PrincipalId, RequestId, TakeClaim, Transition, WorkspaceId, decide,
};
use holdshort_risk::{Own, Rules};
use holdshort_store::{Commit, Committed, Db, ProofUse, Store, StoreError};
use tokio::sync::watch;

use crate::clock::{self, Clock};
use crate::limits;
use crate::probes::Probes;
use crate::problem::Failure;

pub(crate) use directory::{AsOf, Known};
pub(crate) use propose::Proposal;
pub(crate) use vote::Ballot;
pub(crate) use waiters::Waiters;

/// The workspace of this server. One for now; every key and query carries it all the same.
pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([1; 16]);

/// Load, decide, commit, wake.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) db: Arc<Db>,
    pub(crate) clock: Clock,
    pub(crate) policy: Policy,
    /// What the organization says about tools.
    pub(crate) rules: Rules,
    pub(crate) own: Own,
    pub(crate) probes: Probes,
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
        let approvers = match self.db.setting(WORKSPACE, "approvers")? {
            Some(name) if !name.is_empty() => {
                let groups = self.db.groups(WORKSPACE)?;
                let group = groups.into_iter().find(|group| group.name == name);
                Some(group.map(|group| group.members.into_iter().collect()).unwrap_or_default())
            }
            _ => None,
        };
        let disabled = self.db.principals(WORKSPACE)?;
        let disabled = disabled.into_iter().filter(|principal| principal.disabled_at.is_some());
        Ok(People { mode, approvers, disabled: disabled.map(|principal| principal.id).collect() })
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
        self.db.aggregate(WORKSPACE, action)?.ok_or_else(Failure::not_found)
    }

    /// The same, for rows that were just read; they are read again when they changed since.
    async fn apply_to(
        &self,
        read: Aggregate,
        command: Command,
        proof: Option<ProofUse>,
    ) -> Result<Applied, Failure> {
        let needs_people = matches!(command, Command::Decide(_) | Command::Claim(_));
        let people = if needs_people { self.people()? } else { Arc::new(nobody()) };
        let action = read.action.as_ref().map(|(action, _)| action.id);
        let action = action.ok_or_else(Failure::not_found)?;
        let mut read = Some(read);
        for _ in 0..limits::RETRIES {
            let aggregate = match read.take() {
                Some(aggregate) => aggregate,
                None => self.load(action)?,
            };
            let context = self.context(&people)?;
            let transition = decide(&aggregate, command.clone(), &context)?;
            match self.write(aggregate, transition, proof.clone(), None).await {
                Err(StoreError::Conflict) => {}
                other => return Ok(other?),
            }
        }
        Err(Failure::from(StoreError::Conflict))
    }

    fn context<'a>(&'a self, people: &'a People) -> Result<Context<'a>, Failure> {
        let random = clock::random()?;
        Ok(Context { now: self.clock.now(), random, policy: &self.policy, people })
    }

    /// Commits a transition and wakes who waits for it. The answer is sent by the commit itself.
    async fn write(
        &self,
        mut aggregate: Aggregate,
        transition: Transition,
        proof: Option<ProofUse>,
        new: Option<(String, [u8; 32])>,
    ) -> Result<Applied, StoreError> {
        let Transition { next, events, effects, answer } = transition;
        if next.is_none() && events.is_empty() && proof.is_none() {
            return Ok(Applied { aggregate, answer });
        }
        let has_work = !effects.is_empty();
        let expected = aggregate.action.as_ref().map(|(action, _)| action.version);
        let (goal, dedupe) = new.map_or((String::new(), None), |(goal, key)| (goal, Some(key)));
        let commit = Commit {
            workspace: WORKSPACE,
            run: aggregate.run.clone(),
            goal,
            expected,
            dedupe,
            changes: next.clone(),
            events,
            effects,
            proof,
            open_cap: self.open_cap,
        };
        let committed = self.db.commit(commit).await?;
        if let Some(changes) = next {
            let (action, counts) = (changes.action.id, changes.requests.len());
            merge(&mut aggregate, changes, committed);
            self.waiters.wake(action);
            if has_work || counts > 0 {
                self.timers.notify_one();
            }
        }
        if committed.last_seq > 0 {
            self.feed.send_if_modified(|seq| {
                let moved = committed.last_seq > *seq;
                *seq = (*seq).max(committed.last_seq);
                moved
            });
        }
        if has_work {
            self.work.notify_one();
        }
        Ok(Applied { aggregate, answer })
    }

    /// Claims an action; probes are read just before release.
    pub(crate) async fn claim(
        &self,
        read: Aggregate,
        agent: PrincipalId,
        intent: ClaimIntent,
        presented: Option<Digest>,
    ) -> Result<Applied, Failure> {
        let facts = self.facts_for_release(&read, agent).await?;
        let claim = TakeClaim { agent, intent, presented, facts };
        self.apply_to(read, Command::Claim(Box::new(claim)), None).await
    }

    /// The action a request is about.
    pub(crate) fn action_of(&self, request: RequestId) -> Result<ActionId, Failure> {
        self.db.action_of(WORKSPACE, request)?.ok_or_else(Failure::not_found)
    }
}

/// For commands that do not look at people: nobody may, so a mistake here permits nothing.
fn nobody() -> People {
    People { mode: Mode::Team, approvers: Some(BTreeSet::new()), disabled: BTreeSet::new() }
}

fn merge(aggregate: &mut Aggregate, changes: Changes, committed: Committed) {
    let Changes { action, payload, mut requests } = changes;
    let payload = payload.or_else(|| aggregate.action.take().map(|(_, payload)| payload));
    if let Some(mut last) = requests.pop() {
        if last.number == 0 {
            last.number = committed.number.unwrap_or_default();
        }
        aggregate.request = Some(last);
    }
    aggregate.action = payload.map(|payload| (action, payload));
}
