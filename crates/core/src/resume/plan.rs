//! Plans: steps and what each of them needs. A plan that cannot be worked off is refused whole.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

/// Steps a plan may have.
pub const PLAN_STEPS: usize = 10_000;
/// Characters of the id of a step.
const ID: usize = 150;

/// A step of a plan, as the agent states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStep {
    /// Its id, which is the call id it is proposed with.
    pub id: String,
    /// The tool it calls.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Steps that have to be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The phase it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phase: String,
}

impl PlanStep {
    /// A step that needs nothing.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            tool: String::new(),
            title: String::new(),
            needs: Vec::new(),
            phase: String::new(),
        }
    }

    /// The same, after another step.
    #[must_use]
    pub fn after(mut self, id: &str) -> Self {
        self.needs.push(id.to_owned());
        self
    }
}

/// Why a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// There is nothing in it.
    #[error("a plan has at least one step")]
    Empty,
    /// It is too long.
    #[error("a plan may have {PLAN_STEPS} steps; this one has {0}")]
    TooLong(usize),
    /// An id that cannot be one.
    #[error("the id of a step has 1 to {ID} characters and no `#`: `{0}`")]
    Id(String),
    /// Two steps of one id.
    #[error("two steps are called `{0}`")]
    Twice(String),
    /// A step that is not there.
    #[error("`{step}` needs `{needs}`, which is no step of this plan")]
    Missing {
        /// The step.
        step: String,
        /// What it needs.
        needs: String,
    },
    /// Steps that wait for each other.
    #[error("these steps wait for each other: {0}")]
    Cycle(String),
}

/// Checks a plan.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_plan(plan: &[PlanStep]) -> Result<(), BadPlan> {
    if plan.is_empty() {
        return Err(BadPlan::Empty);
    }
    if plan.len() > PLAN_STEPS {
        return Err(BadPlan::TooLong(plan.len()));
    }
    let mut index = HashMap::new();
    for (at, step) in plan.iter().enumerate() {
        let chars = step.id.chars().count();
        if chars == 0 || chars > ID || step.id.contains('#') {
            return Err(BadPlan::Id(step.id.chars().take(ID).collect()));
        }
        if index.insert(step.id.as_str(), at).is_some() {
            return Err(BadPlan::Twice(step.id.clone()));
        }
    }
    for step in plan {
        if let Some(needs) = step.needs.iter().find(|need| !index.contains_key(need.as_str())) {
            return Err(BadPlan::Missing { step: step.id.clone(), needs: needs.clone() });
        }
    }
    let reached: HashSet<usize> = in_order(plan, &index).into_iter().collect();
    let left = plan.iter().enumerate().filter(|(at, _)| !reached.contains(at));
    let left: Vec<&str> = left.map(|(_, step)| step.id.as_str()).take(10).collect();
    if left.is_empty() { Ok(()) } else { Err(BadPlan::Cycle(left.join(", "))) }
}

/// The steps in an order in which each comes after all it needs; those of a cycle are left out.
pub(super) fn in_order(plan: &[PlanStep], index: &HashMap<&str, usize>) -> Vec<usize> {
    let mut open: Vec<usize> = vec![0; plan.len()];
    let mut wanted_by: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, step) in plan.iter().enumerate() {
        let needs: HashSet<usize> =
            step.needs.iter().filter_map(|need| index.get(need.as_str()).copied()).collect();
        if let Some(count) = open.get_mut(at) {
            *count = needs.len();
        }
        for need in needs {
            wanted_by.entry(need).or_default().push(at);
        }
    }
    let mut order: Vec<usize> =
        open.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| at).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for wants in wanted_by.get(&at).into_iter().flatten() {
            if let Some(count) = open.get_mut(*wants) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    order.push(*wants);
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_worked_off_is_refused() {
        let step = PlanStep::new;
        assert_eq!(check_plan(&[]), Err(BadPlan::Empty));
        assert_eq!(check_plan(&[step("a"), step("a")]), Err(BadPlan::Twice("a".into())));
        assert!(matches!(check_plan(&[step("a#2")]), Err(BadPlan::Id(_))));
        assert!(matches!(check_plan(&[step("a").after("b")]), Err(BadPlan::Missing { .. })));
        let cycle = [step("a"), step("b").after("c").after("a"), step("c").after("b")];
        assert_eq!(check_plan(&cycle), Err(BadPlan::Cycle("b, c".into())));
        assert_eq!(check_plan(&[step("a").after("a")]), Err(BadPlan::Cycle("a".into())));
        assert_eq!(check_plan(&[step("b").after("a").after("a"), step("a")]), Ok(()));
    }
}
