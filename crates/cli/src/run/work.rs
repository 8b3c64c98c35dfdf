//! Which steps are taken, and when: everything that can be done is done, while what waits for a
//! person waits.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holdshort_core::resume::{Standing, StepState, places};
use holdshort_sdk::api::{self, RunState};
use holdshort_sdk::{Client, Wait};
use tokio::task::JoinSet;

use super::journal::Journal;
use super::plan::Step;
use super::planner::GiveUp;
use super::replan::Onward;
use super::screen::Screen;
use super::step::{Ended, Through};
use super::tools::Tools;
use super::{Finished, Kept, fill};
use crate::output::Stop;
use crate::undo::Copies;

/// How often it is looked whether somebody said what came of a step in doubt.
const LOOK: Duration = Duration::from_secs(2);

type Taken = (Step, Result<Ended, Stop>);

/// A run at work.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) through: Through,
    pub(crate) run: api::Run,
    pub(crate) kept: Kept,
    /// Whether it leaves what waits for a person.
    pub(crate) parks: bool,
    /// Steps that are taken at once, beside those that wait.
    pub(crate) parallel: usize,
    /// Steps that are over, or in doubt.
    pub(crate) standing: HashMap<String, Standing>,
    /// Steps that are being taken.
    pub(crate) active: HashSet<String>,
    /// What steps gave.
    pub(crate) outputs: HashMap<String, String>,
    /// Last actions of steps, `act_…`.
    pub(crate) actions: HashMap<String, String>,
    pub(crate) denied: HashSet<String>,
    /// Call ids of steps that are asked for again.
    call_ids: HashMap<String, String>,
    /// Steps that this program leaves waiting.
    parked: HashSet<String>,
    /// Places in the plan of steps that can begin.
    ready: VecDeque<usize>,
    /// Which steps need a step.
    wanted_by: HashMap<String, Vec<usize>>,
    /// Steps whose arguments could not be filled: the gate never heard of them.
    unfit: HashSet<String>,
    /// What a planner said that found no way around a step.
    given_up: HashMap<String, GiveUp>,
}

impl Work {
    pub(crate) fn new(
        data: &Path,
        client: Client,
        (run, kept): (api::Run, Kept),
    ) -> Result<Self, Stop> {
        let copies = Copies::open(data)?;
        copies.tidy()?;
        let through = Through {
            client,
            run: run.name.clone(),
            goal: kept.plan.goal.clone(),
            tools: Arc::new(Tools::of(&kept.plan)),
            journal: Arc::new(Journal::open(data, &run.id)?),
            copies,
            screen: Screen::default(),
            parks: false,
            cwd: kept.plan.cwd.display().to_string(),
            late: Arc::default(),
        };
        Ok(Self {
            through,
            run,
            kept,
            parks: false,
            parallel: 4,
            standing: HashMap::new(),
            active: HashSet::new(),
            outputs: HashMap::new(),
            actions: HashMap::new(),
            denied: HashSet::new(),
            call_ids: HashMap::new(),
            parked: HashSet::new(),
            ready: VecDeque::new(),
            wanted_by: HashMap::new(),
            unfit: HashSet::new(),
            given_up: HashMap::new(),
        })
    }

    /// Works until nothing is left to do here.
    pub(crate) async fn run(&mut self) -> Result<Finished, Stop> {
        self.through.parks = self.parks;
        self.come_back().await?;
        let mut tasks = JoinSet::new();
        loop {
            self.launch(&mut tasks).await?;
            let screen = self.through.screen.clone();
            tokio::select! {
                taken = tasks.join_next(), if !tasks.is_empty() => {
                    let taken = taken.transpose().map_err(|error| Stop::failed(&error))?;
                    if let Some((step, ended)) = taken {
                        self.ended(&step, ended?).await?;
                    }
                }
                // One more waits for a person: there is room for another.
                () = screen.waiting(), if !tasks.is_empty() => {}
                () = std::future::ready(()), if tasks.is_empty() => {
                    if let Some(finished) = self.rest().await? {
                        return Ok(finished);
                    }
                }
            }
        }
    }

    /// Tells the gate that it is back, reads what is watched, and where every step stands.
    async fn come_back(&mut self) -> Result<(), Stop> {
        let watched: BTreeMap<String, String> = self
            .kept
            .plan
            .watch
            .iter()
            .map(|path| {
                let path = self.kept.plan.cwd.join(path);
                let digest = std::fs::read(&path).ok();
                let digest =
                    digest.map_or_else(|| "absent".into(), |b| crate::files::digest_of(&b));
                (path.display().to_string(), digest)
            })
            .collect();
        let watched = (!watched.is_empty()).then_some(watched);
        let resume = self.through.client.go_on(&self.run.id, watched).await?;
        for change in &resume.changes {
            self.through.screen.note(format!("Changed meanwhile: {}", change.text));
        }
        self.read(resume);
        let done = self.standing.values().filter(|one| **one == Standing::Done).count();
        if done > 0 {
            self.through.screen.note(format!("{done} of {} steps are done.", self.steps()));
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        self.kept.plan.steps.len()
    }

    /// Takes over where the gate says that steps stand, but for those that are being taken.
    fn read(&mut self, resume: api::Resume) {
        use api::StepState as At;
        self.run.state = resume.state;
        for step in resume.steps {
            if self.active.contains(&step.id) || self.unfit.contains(&step.id) {
                continue;
            }
            if let Some(action) = step.action {
                self.actions.insert(step.id.clone(), action);
            }
            let standing = match step.state {
                At::Done => Some(Standing::Done),
                At::Failed => Some(Standing::Failed),
                At::Skipped => Some(Standing::Skipped),
                At::InDoubt => Some(Standing::InDoubt),
                At::Running if self.standing.get(&step.id) == Some(&Standing::InDoubt) => {
                    Some(Standing::InDoubt)
                }
                At::Ready | At::Waiting | At::Cleared | At::Running | At::Blocked | At::Later => {
                    None
                }
            };
            match standing {
                Some(standing) => self.standing.insert(step.id.clone(), standing),
                None => self.standing.remove(&step.id),
            };
            if let Some(call_id) = step.call_id {
                self.call_ids.insert(step.id, call_id);
            }
        }
        let denied = resume.decided.into_iter().filter(|decided| decided.what == "denied");
        self.denied.extend(denied.map(|decided| decided.step));
        self.look_for_ready();
    }

    /// Begins what can begin.
    async fn launch(&mut self, tasks: &mut JoinSet<Taken>) -> Result<(), Stop> {
        if self.run.state == RunState::Stopped {
            return Ok(());
        }
        while self.active.len() < self.parallel + self.through.screen.how_many_wait() {
            let Some(at) = self.ready.pop_front() else { break };
            let Some(step) = self.kept.plan.steps.get(at).cloned() else { continue };
            if self.active.contains(&step.id) || self.parked.contains(&step.id) {
                continue;
            }
            let given = self.given(&step).await?;
            let arguments = match fill::fill(&step.arguments, &|id| given.get(id).cloned()) {
                Ok(arguments) => arguments,
                Err(error) => {
                    self.unfit.insert(step.id.clone());
                    self.ended(&step, Ended::Failed { error }).await?;
                    continue;
                }
            };
            let call_id = self.call_ids.get(&step.id).unwrap_or(&step.id).clone();
            self.active.insert(step.id.clone());
            let through = self.through.clone();
            tasks.spawn(async move {
                let ended = through.take((&step, &call_id), arguments, &given).await;
                (step, ended)
            });
        }
        Ok(())
    }

    /// Looks anew for all steps that can begin.
    pub(crate) fn look_for_ready(&mut self) {
        let states = self.places();
        let ready = states.iter().enumerate().filter(|(_, state)| **state == StepState::Ready);
        self.ready = ready.map(|(at, _)| at).collect();
        self.wanted_by.clear();
        for (at, step) in self.kept.plan.steps.iter().enumerate() {
            for need in &step.needs {
                self.wanted_by.entry(need.clone()).or_default().push(at);
            }
        }
    }

    /// The steps that can begin now that this one is done.
    fn next_after(&mut self, done: &str) {
        let is_done = |id: &String| self.standing.get(id) == Some(&Standing::Done);
        for at in self.wanted_by.get(done).into_iter().flatten() {
            let step = self.kept.plan.steps.get(*at);
            let step = step.filter(|step| !self.standing.contains_key(&step.id));
            if step.is_some_and(|step| step.needs.iter().all(is_done)) {
                self.ready.push_back(*at);
            }
        }
    }

    fn places(&self) -> Vec<StepState> {
        let known = self.standing.iter().map(|(id, known)| (id.as_str(), *known)).collect();
        places(&self.kept.plan.graph(), &known)
    }

    /// What the steps gave that a step's arguments name.
    async fn given(&mut self, step: &Step) -> Result<HashMap<String, String>, Stop> {
        let mut names = fill::names(&step.arguments).unwrap_or_default();
        if let Some(undo) = &step.undo {
            names.extend(fill::names(&undo.arguments).unwrap_or_default());
        }
        let mut given = HashMap::new();
        for name in names {
            if !self.outputs.contains_key(&name)
                && let Some(action) = self.actions.get(&name)
            {
                let status = self.through.client.action(action, 0, Wait::No).await?;
                self.outputs.insert(name.clone(), status.output.unwrap_or_default());
            }
            if let Some(output) = self.outputs.get(&name) {
                given.insert(name, output.clone());
            }
        }
        Ok(given)
    }

    async fn ended(&mut self, step: &Step, ended: Ended) -> Result<(), Stop> {
        self.active.remove(&step.id);
        self.through.screen.ended(step, &ended);
        let id = step.id.clone();
        let standing = match ended {
            Ended::Done { output } => {
                self.outputs.insert(id.clone(), output);
                Standing::Done
            }
            Ended::Failed { .. } => Standing::Failed,
            Ended::Denied { .. } => {
                self.denied.insert(id.clone());
                Standing::Skipped
            }
            Ended::Cancelled { .. } => Standing::Skipped,
            Ended::InDoubt => Standing::InDoubt,
            Ended::Parked => {
                self.parked.insert(id);
                return Ok(());
            }
        };
        self.standing.insert(id.clone(), standing);
        if standing == Standing::Done {
            self.next_after(&id);
        }
        let over = matches!(standing, Standing::Failed | Standing::Skipped);
        // What else can be done goes on meanwhile.
        if over
            && self.kept.plan.planner.is_some()
            && let Some(step) = self.in_the_way()
        {
            self.try_around(&step).await?;
        }
        Ok(())
    }

    async fn try_around(&mut self, step: &Step) -> Result<(), Stop> {
        // A stop is no denial to plan around.
        self.run.state = self.through.client.run(&self.run.id).await?.state;
        if self.run.state != RunState::Stopped
            && !self.given_up.contains_key(&step.id)
            && let Err(gives_up) = self.plan_around(step).await?
        {
            self.given_up.insert(step.id.clone(), gives_up);
        }
        Ok(())
    }

    /// Nothing is being taken: says how it ended, or that there is something to do again.
    async fn rest(&mut self) -> Result<Option<Finished>, Stop> {
        self.through.reported().await?;
        let resume = self.through.client.resume(&self.run.id).await?;
        self.read(resume);
        if self.run.state == RunState::Stopped {
            return Ok(Some(Finished::Stopped));
        }
        let states = self.places();
        let parked = |step: &Step| self.parked.contains(&step.id);
        let ready =
            |(step, state): (&Step, &StepState)| *state == StepState::Ready && !parked(step);
        if self.kept.plan.steps.iter().zip(&states).any(ready) {
            return Ok(None);
        }
        if states.contains(&StepState::InDoubt) && !self.parks {
            tokio::time::sleep(LOOK).await;
            return Ok(None);
        }
        if states.contains(&StepState::InDoubt) || !self.parked.is_empty() {
            return Ok(Some(Finished::Parked));
        }
        let Some(step) = self.in_the_way() else { return self.finish(&states).await.map(Some) };
        self.try_around(&step).await?;
        if self.run.state == RunState::Stopped {
            return Ok(Some(Finished::Stopped));
        }
        let Some(why) = self.given_up.get(&step.id).cloned() else { return Ok(None) };
        if self.kept.plan.planner.is_none() && !step.required {
            // Nobody plans anew: what needed it is left out.
            self.kept.around.push(step.id);
            return Ok(None);
        }
        let onward = self.state(&step, &why).await?;
        self.given_up.remove(&step.id);
        match onward {
            Onward::GoOn => Ok(None),
            Onward::Waits => Ok(Some(Finished::Parked)),
            Onward::Stopped => Ok(Some(Finished::Stopped)),
            Onward::Ends => {
                self.kept.around.push(step.id);
                Ok(None)
            }
        }
    }

    async fn finish(&mut self, states: &[StepState]) -> Result<Finished, Stop> {
        self.through.client.finish_run(&self.run.id).await?;
        self.through.journal.forget()?;
        let done = states.iter().filter(|state| **state == StepState::Done).count();
        let skipped = states.len() - done;
        self.through.screen.note(match skipped {
            0 => format!("All {done} steps are done."),
            more => format!("{done} steps are done, {more} are not."),
        });
        Ok(Finished::Done { skipped })
    }
}
