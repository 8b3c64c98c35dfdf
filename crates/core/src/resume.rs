//! How to go on: where every step of a plan stands, what can be done now, and the words in which
//! a planner is told. Nothing runs by it; every step still goes through the gate.

mod plan;
mod tell;

use std::collections::HashMap;

pub use plan::{BadPlan, PLAN_STEPS, PlanStep, check_plan};
pub use tell::{Decided, Told, tell};

/// What is known of the last action of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A person is asked.
    Waiting,
    /// It may be claimed.
    Cleared,
    /// It was claimed, and its lease has not run out.
    Running,
    /// It began and was never reported, and nobody has said what came of it.
    InDoubt,
    /// It began and was never reported, and it did not happen: it may be asked for again.
    DidNotHappen,
    /// It worked, or it is known that it happened.
    Done,
    /// It failed.
    Failed,
    /// It was denied, or taken back: the plan goes on without it.
    Skipped,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It can be proposed now.
    Ready,
    /// A person is asked.
    Waiting,
    /// It was let through and can be claimed now.
    Cleared,
    /// It was claimed, and its lease has not run out.
    Running,
    /// Nobody knows whether it happened: a person or a probe says.
    InDoubt,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was denied or taken back.
    Skipped,
    /// It needs a step that was skipped or failed, or one that is blocked itself.
    Blocked,
    /// It needs steps that are not done yet.
    Later,
}

impl StepState {
    fn of(standing: Standing) -> Option<Self> {
        Some(match standing {
            Standing::Waiting => StepState::Waiting,
            Standing::Cleared => StepState::Cleared,
            Standing::Running => StepState::Running,
            Standing::InDoubt => StepState::InDoubt,
            Standing::Done => StepState::Done,
            Standing::Failed => StepState::Failed,
            Standing::Skipped => StepState::Skipped,
            Standing::DidNotHappen => return None,
        })
    }

    /// Whether steps that need this one can never begin.
    fn bars(self) -> bool {
        matches!(self, StepState::Skipped | StepState::Failed | StepState::Blocked)
    }

    /// Whether something can still come of it.
    fn is_open(self) -> bool {
        !matches!(self, StepState::Done) && !self.bars()
    }
}

/// Where the steps of a plan stand, in the order of the plan.
///
/// The plan must have been checked: a step that needs what is not there waits for ever.
///
/// ```
/// use holdshort_core::resume::{PlanStep, Standing, StepState, places};
/// let plan = [PlanStep::new("fetch"), PlanStep::new("drop"), PlanStep::new("load").after("drop")];
/// let known = [("fetch", Standing::Done), ("drop", Standing::Skipped)].into();
/// let places = places(&plan, &known);
/// assert_eq!(places, [StepState::Done, StepState::Skipped, StepState::Blocked]);
/// ```
#[must_use]
pub fn places(plan: &[PlanStep], known: &HashMap<&str, Standing>) -> Vec<StepState> {
    let index: HashMap<&str, usize> =
        plan.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
    let mut states: Vec<Option<StepState>> = plan
        .iter()
        .map(|step| known.get(step.id.as_str()).and_then(|known| StepState::of(*known)))
        .collect();
    for at in plan::in_order(plan, &index) {
        let Some(step) = plan.get(at) else { continue };
        let needs = step.needs.iter().map(|need| {
            let state = index.get(need.as_str()).and_then(|at| states.get(*at).copied().flatten());
            state.unwrap_or(StepState::Later)
        });
        let state = needs.fold(StepState::Ready, |so_far, need| match need {
            _ if so_far == StepState::Blocked || need.bars() => StepState::Blocked,
            StepState::Done => so_far,
            _ => StepState::Later,
        });
        if let Some(place) = states.get_mut(at) {
            place.get_or_insert(state);
        }
    }
    states.into_iter().map(|state| state.unwrap_or(StepState::Later)).collect()
}

/// Whether nothing of a plan can go on, though not all of it is done.
#[must_use]
pub fn is_stuck(places: &[StepState]) -> bool {
    places.contains(&StepState::Blocked) && !places.iter().any(|state| state.is_open())
}

/// The call id of the next attempt at a step, after `attempts` that did not happen.
#[must_use]
pub fn call_id(step: &str, attempts: u32) -> String {
    match attempts {
        0 => step.to_owned(),
        more => format!("{step}#{}", more.saturating_add(1)),
    }
}

/// The step that a call id belongs to, and which attempt it is, the first being 0.
#[must_use]
pub fn step_of(call_id: &str) -> (&str, u32) {
    let numbered = call_id.rsplit_once('#').and_then(|(step, number)| {
        let number: u32 = number.parse().ok().filter(|number| *number >= 2)?;
        Some((step, number - 1))
    });
    numbered.unwrap_or((call_id, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_stuck_when_only_barred_steps_are_left() {
        let plan = [
            PlanStep::new("a"),
            PlanStep::new("b").after("a"),
            PlanStep::new("c").after("b"),
            PlanStep::new("d"),
        ];
        let at =
            |pairs: &[(&'static str, Standing)]| places(&plan, &pairs.iter().copied().collect());
        let states = at(&[("a", Standing::Skipped), ("d", Standing::Waiting)]);
        use StepState::{Blocked, Done, InDoubt, Later, Ready, Skipped, Waiting};
        assert_eq!(states, [Skipped, Blocked, Blocked, Waiting]);
        assert!(!is_stuck(&states), "one step waits for a person");
        assert!(is_stuck(&at(&[("a", Standing::Skipped), ("d", Standing::Done)])));
        assert!(!is_stuck(&at(&[("d", Standing::Done)])));
        assert_eq!(at(&[("a", Standing::InDoubt)]), [InDoubt, Later, Later, Ready]);
        assert_eq!(at(&[("a", Standing::DidNotHappen)]), [Ready, Later, Later, Ready]);
        assert_eq!(at(&[("a", Standing::Done)]), [Done, Ready, Later, Ready]);
    }

    #[test]
    fn attempts_have_call_ids_of_their_own() {
        assert_eq!(call_id("load", 0), "load");
        assert_eq!(call_id("load", 1), "load#2");
        assert_eq!(step_of("load#2"), ("load", 1));
        assert_eq!(step_of("load"), ("load", 0));
        assert_eq!(step_of("a#b"), ("a#b", 0));
        assert_eq!(step_of("a#1"), ("a#1", 0));
    }
}
