//! How a run goes on: its plan and its actions put together, what was decided, what changed.

use std::collections::{BTreeMap, HashMap};

use holdshort_core::resume::{self, Decided, PlanStep, Standing, StepState, Told, places};
use holdshort_core::{
    ActionId, Basis, CancelReason, Json, Paper, PaperKind, Run, State, first_change,
};
use holdshort_store::{ActionRow, RunRow, StepRow, Store};

use super::{Engine, WORKSPACE};
use crate::limits;
use crate::problem::Failure;
use crate::wire;
use holdshort_api as api;

/// Approved steps whose facts are read again before a run goes on.
const FACTS_READ: usize = 20;

/// How a run goes on.
#[derive(Debug)]
pub(crate) struct Going {
    pub(crate) plan: Vec<PlanStep>,
    pub(crate) plan_version: u64,
    pub(crate) steps: Vec<(String, StepState, Option<Last>)>,
    pub(crate) decided: Vec<api::StepDecided>,
    pub(crate) changes: Vec<api::ChangedThing>,
    pub(crate) watched: Vec<String>,
    pub(crate) paused_secs: i64,
    pub(crate) kept: Option<Paper>,
    pub(crate) text: String,
}

/// The last attempt at a step.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    pub(crate) action: ActionId,
    /// Which attempt it was, the first being 0.
    attempt: u32,
    standing: Standing,
}

impl Last {
    /// The call id of the next attempt, when there can be one.
    pub(crate) fn next_call_id(&self, step: &str) -> Option<String> {
        let again = self.standing == Standing::DidNotHappen;
        again.then(|| resume::call_id(step, self.attempt.saturating_add(1)))
    }
}

type Watched = BTreeMap<String, String>;

impl Engine {
    /// How a run goes on. `watched` are the files it watches, as they are now.
    pub(crate) async fn resume(
        &self,
        row: &RunRow,
        says: &wire::RunSays,
        watched: Option<&Watched>,
    ) -> Result<Going, Failure> {
        let run = &row.run;
        let recent = self.db.actions_of(WORKSPACE, run.id, limits::RUN_ACTIONS)?;
        let rows = self.db.steps_of(WORKSPACE, run.id)?;
        let known = self.known_steps(run, &rows, &recent);
        let (plan, plan_version) = self.plan(run, &rows)?;
        let standing: HashMap<&str, Standing> =
            known.iter().map(|(step, last)| (*step, last.standing)).collect();
        let states = places(&plan, &standing);
        let before = self.watched(run)?;
        let mut changes = files_changed(&before, watched);
        changes.extend(self.facts_changed(&recent).await?);
        let decided: Vec<api::StepDecided> = recent.iter().filter_map(decided).collect();
        let since = run.seen_at.unwrap_or(run.created_at);
        let paused = self.clock.now().as_micros().saturating_sub(since.as_micros());
        let paused_secs = paused / 1_000_000;
        let steps = plan
            .iter()
            .zip(states)
            .map(|(step, state)| (step.id.clone(), state, known.get(step.id.as_str()).cloned()));
        let mut going = Going {
            steps: steps.collect(),
            plan,
            plan_version,
            decided,
            changes,
            watched: before.into_keys().collect(),
            paused_secs,
            kept: self.db.paper(WORKSPACE, run.id, PaperKind::State)?,
            text: String::new(),
        };
        going.text = going.tell(row, says);
        Ok(going)
    }

    /// The last attempt at each step.
    fn known_steps<'r>(
        &self,
        run: &Run,
        rows: &'r [StepRow],
        recent: &[ActionRow],
    ) -> HashMap<&'r str, Last> {
        let in_full: HashMap<ActionId, &ActionRow> =
            recent.iter().map(|row| (row.action.id, row)).collect();
        let mut known: HashMap<&str, Last> = HashMap::new();
        for row in rows {
            let Some(call_id) = &row.call_id else { continue };
            let (step, attempt) = resume::step_of(call_id);
            if known.get(step).is_some_and(|last| last.attempt > attempt) {
                continue;
            }
            let standing = standing(run, row, in_full.get(&row.action).copied());
            known.insert(step, Last { action: row.action, attempt, standing });
        }
        known
    }

    /// The plan; without one, the actions of the run in their order.
    fn plan(&self, run: &Run, rows: &[StepRow]) -> Result<(Vec<PlanStep>, u64), Failure> {
        if let Some(paper) = self.db.paper(WORKSPACE, run.id, PaperKind::Plan)? {
            let steps = serde_json::from_str(paper.body.raw()).map_err(|error| {
                Failure::new(api::Code::Internal, format!("a kept plan cannot be read: {error}"))
            })?;
            return Ok((steps, paper.version));
        }
        let mut seen = std::collections::HashSet::new();
        let steps = rows.iter().filter_map(|row| row.call_id.as_deref());
        let steps = steps.map(|call_id| resume::step_of(call_id).0);
        let steps = steps.filter(|step| seen.insert(*step)).map(PlanStep::new);
        Ok((steps.collect(), 0))
    }

    fn watched(&self, run: &Run) -> Result<Watched, Failure> {
        let paper = self.db.paper(WORKSPACE, run.id, PaperKind::Watched)?;
        let read = paper.and_then(|paper| serde_json::from_str(paper.body.raw()).ok());
        Ok(read.unwrap_or_default())
    }

    /// Facts under approvals that nobody has used yet, when they are not what they were.
    async fn facts_changed(&self, recent: &[ActionRow]) -> Result<Vec<api::ChangedThing>, Failure> {
        let mut changes = Vec::new();
        let cleared = recent.iter().filter_map(|row| match &row.action.state {
            State::Approved(clearance) if row.action.probed => Some((row, clearance)),
            _ => None,
        });
        for (row, clearance) in cleared.take(FACTS_READ) {
            let call = row.payload.effective_call();
            let arguments = Json::parse(call.arguments.raw().as_bytes())?;
            let seen = crate::probes::Seen {
                call: &call,
                arguments: &arguments,
                assessment: &row.payload.assessment,
            };
            let now = self.read_from_here(seen).await;
            if let Some(fact) = first_change(clearance.facts(), &now) {
                let said = fact.claim.clone().and(": ").with(&fact.detail).render().to_plain();
                let name = row.action.call_id.as_deref().map_or("", |id| resume::step_of(id).0);
                changes.push(api::ChangedThing {
                    what: api::ChangedWhat::Fact,
                    name: name.to_owned(),
                    text: format!("a fact under an approval changed: {said}"),
                });
            }
        }
        Ok(changes)
    }
}

impl Going {
    /// Ids of the steps in a state.
    fn in_state(&self, wanted: StepState) -> impl Iterator<Item = &str> {
        self.steps.iter().filter(move |(_, state, _)| *state == wanted).map(|(id, ..)| id.as_str())
    }

    /// The denied steps that nothing can go on without, when that is so.
    pub(crate) fn blocked_by(&self) -> Vec<String> {
        let states: Vec<StepState> = self.steps.iter().map(|(_, state, _)| *state).collect();
        if !resume::is_stuck(&states) {
            return Vec::new();
        }
        let needed = |id: &&str| self.plan.iter().any(|step| step.needs.iter().any(|n| n == id));
        self.in_state(StepState::Skipped).filter(needed).map(str::to_owned).collect()
    }

    fn tell(&self, row: &RunRow, says: &wire::RunSays) -> String {
        let decided: Vec<Decided> = self.decided.iter().map(told).collect();
        let changes: Vec<String> = self.changes.iter().map(|one| one.text.clone()).collect();
        let instructions = says.instructions.as_ref();
        resume::tell(&Told {
            name: &row.run.name,
            goal: &row.goal,
            held: says.held.as_deref(),
            paused_secs: self.paused_secs,
            steps: self.steps.iter().map(|(id, state, _)| (id.as_str(), *state)).collect(),
            decided: &decided,
            changes: &changes,
            instructions: instructions.map(|told| (told.text.as_str(), told.by.as_str())),
        })
    }
}

fn told(decided: &api::StepDecided) -> Decided {
    let what = match decided.what.as_str() {
        "denied" => "denied",
        "changed" => "changed",
        "cancelled" => "cancelled",
        _ => "approved",
    };
    let (step, by) = (decided.step.clone(), decided.by.clone());
    Decided { step, what, by, because: decided.because.clone() }
}

fn standing(run: &Run, row: &StepRow, in_full: Option<&ActionRow>) -> Standing {
    match row.state.as_str() {
        "pending" => Standing::Waiting,
        "approved" => Standing::Cleared,
        "claimed" | "started" => Standing::Running,
        "succeeded" | "answered" => Standing::Done,
        "failed" => Standing::Failed,
        "unknown" => match run.outcomes.get(&row.action) {
            Some(true) => Standing::Done,
            Some(false) => Standing::DidNotHappen,
            None => Standing::InDoubt,
        },
        "denied" if run.lifted.contains(&row.action) => Standing::DidNotHappen,
        // What only ran out of time was never denied: it may be asked for again.
        "cancelled" => match in_full.map(|row| &row.action.state) {
            Some(State::Cancelled { reason: CancelReason::NeverClaimed }) => Standing::DidNotHappen,
            _ => Standing::Skipped,
        },
        _ => Standing::Skipped,
    }
}

/// What was decided about an action, when somebody did.
fn decided(row: &ActionRow) -> Option<api::StepDecided> {
    let ActionRow { action, payload, .. } = row;
    let call_id = action.call_id.as_deref()?;
    let by_people = |basis: &Basis| !matches!(basis, Basis::Policy { .. });
    let changed = action.effective != action.proposed;
    let what = match &action.state {
        State::Denied { .. } => "denied",
        State::Cancelled { .. } => "cancelled",
        State::Approved(clearance) if by_people(clearance.basis()) => "approved",
        State::Executing(execution) | State::Completed { execution, .. }
            if by_people(execution.clearance().basis()) =>
        {
            "approved"
        }
        _ => return None,
    };
    let what = if changed && what == "approved" { "changed" } else { what };
    let (by, by_person) = wire::decided_by(&action.state);
    let said = payload.reasons.last().map(|reason| reason.text.raw().to_owned());
    let by_rule = matches!(&action.state, State::Denied { by: holdshort_core::Denier::Policy(_) });
    let because = said.or(by_rule.then(|| action.verdict.reason.clone()));
    Some(api::StepDecided {
        step: resume::step_of(call_id).0.to_owned(),
        what: what.to_owned(),
        by: by.unwrap_or_default(),
        by_person,
        because: because.filter(|text| !text.is_empty()),
        at: action.updated_at.as_micros(),
    })
}

fn files_changed(before: &Watched, now: Option<&Watched>) -> Vec<api::ChangedThing> {
    let Some(now) = now else { return Vec::new() };
    let changed = before.iter().filter_map(|(path, was)| {
        let text = match now.get(path) {
            Some(is) if is == was => return None,
            Some(_) => format!("`{path}` is not what it was"),
            None => format!("`{path}` is not watched any more"),
        };
        Some(api::ChangedThing { what: api::ChangedWhat::File, name: path.clone(), text })
    });
    changed.collect()
}
