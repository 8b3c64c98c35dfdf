//! A step was denied or failed and others needed it: the plan is made anew around it, or a person
//! is told that there is no way.

use std::collections::HashMap;

use holdshort_core::resume::{Standing, StepState, places};
use holdshort_sdk::Wait;
use holdshort_sdk::api::{self, ActionState, Reply, StepDecided};
use serde_json::{Value, json};

use super::plan::{Plan, Step};
use super::planner::{Answer, Asking, GiveUp};
use super::work::Work;
use super::{Stated, keep, tools};
use crate::output::Stop;

/// Characters of what a step gave that a planner is told.
const OUTPUT: usize = 2000;

/// What became of a run that cannot go on as planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onward {
    /// There is something to do again.
    GoOn,
    /// A person has been told, and has not answered.
    Waits,
    /// A person stopped it.
    Stopped,
    /// It ends without the rest.
    Ends,
}

impl Work {
    /// The step that has to be planned around: denied or failed, and needed or required.
    pub(crate) fn in_the_way(&self) -> Option<Step> {
        let graph = self.kept.plan.graph();
        let known: HashMap<&str, _> =
            self.standing.iter().map(|(id, known)| (id.as_str(), *known)).collect();
        let states = places(&graph, &known);
        let blocked = |id: &str| {
            let mut steps = self.kept.plan.steps.iter().zip(&states);
            steps.any(|(step, state)| {
                *state == StepState::Blocked && step.needs.iter().any(|need| need == id)
            })
        };
        let over = self.kept.plan.steps.iter().zip(&states).find(|(step, state)| {
            matches!(state, StepState::Skipped | StepState::Failed)
                && !self.kept.around.contains(&step.id)
                && (step.required || blocked(&step.id))
        });
        over.map(|(step, _)| step.clone())
    }

    /// Plans around a step, when there is a planner that can.
    pub(crate) async fn plan_around(&mut self, step: &Step) -> Result<Result<(), GiveUp>, Stop> {
        let Some(by) = self.kept.plan.planner.clone() else { return Ok(Err(GiveUp::default())) };
        if self.kept.replans >= by.replans {
            let consequence = format!("It was planned anew {} times.", by.replans);
            return Ok(Err(GiveUp { consequence, choices: Vec::new() }));
        }
        self.through.screen.note(format!("{:<20} planning without it…", step.id));
        let question = self.question(step).await?;
        let mut asking = Asking::new(&by, question);
        let mut wrong: Option<String> = None;
        for _ in 0..by.attempts.max(1) {
            let merged = match asking.ask(wrong.as_deref()).await {
                Ok(Answer::GivesUp(gives_up)) => return Ok(Err(gives_up.give_up)),
                Ok(Answer::Plan(new)) => self.merged(new.steps),
                Err(error) => Err(error),
            };
            match merged {
                Ok(plan) => {
                    self.kept.plan = plan;
                    self.kept.replans += 1;
                    self.kept.around.push(step.id.clone());
                    self.look_for_ready();
                    keep(&self.through.client, &self.run.id, &self.kept).await?;
                    let left = self.kept.plan.steps.len() - self.standing.len();
                    self.through.screen.note(format!("{:<20} a new plan: {left} steps", step.id));
                    return Ok(Ok(()));
                }
                Err(error) => {
                    self.through.screen.note(format!("{:<20} a plan is refused: {error}", step.id));
                    wrong = Some(error);
                }
            }
        }
        let consequence = format!("No other plan was found: {}", wrong.unwrap_or_default());
        Ok(Err(GiveUp { consequence, choices: Vec::new() }))
    }

    /// The plan with the remaining work replaced, or what is wrong with that.
    fn merged(&self, steps: Vec<Step>) -> Result<Plan, String> {
        let begun = |id: &str| self.standing.contains_key(id) || self.active.contains(id);
        let kept = self.kept.plan.steps.iter().filter(|step| begun(&step.id));
        let mut all: Vec<Step> = kept.cloned().collect();
        for step in steps {
            if let Some(known) = all.iter().find(|known| known.id == step.id) {
                if *known == step {
                    continue;
                }
                return Err(format!("`{}` has begun already; give a new step a new id", step.id));
            }
            let denied = self.kept.plan.steps.iter().find(|old| {
                self.denied.contains(&old.id)
                    && old.tool == step.tool
                    && old.arguments == step.arguments
            });
            if let Some(denied) = denied {
                return Err(format!("`{}` is what was denied as `{}`", step.id, denied.id));
            }
            let barred = |need: &&String| {
                let known = self.standing.get(need.as_str());
                matches!(known, Some(Standing::Skipped | Standing::Failed))
            };
            if let Some(need) = step.needs.iter().find(barred) {
                return Err(format!("`{}` needs `{need}`, which will not be done", step.id));
            }
            all.push(step);
        }
        let plan = Plan { steps: all, ..self.kept.plan.clone() };
        plan.check()?;
        Ok(plan)
    }

    /// What a planner is asked.
    async fn question(&self, step: &Step) -> Result<Value, Stop> {
        let resume = self.through.client.resume(&self.run.id).await?;
        let decided = |decided: &StepDecided| {
            json!({ "step": decided.step, "what": decided.what, "by": decided.by,
                    "because": decided.because })
        };
        let plan = &self.kept.plan;
        let done = plan.steps.iter().filter_map(|step| {
            let output = self.outputs.get(&step.id)?;
            let output: String = output.chars().take(OUTPUT).collect();
            Some(json!({ "id": step.id, "tool": step.tool, "output": output }))
        });
        let begun = |id: &str| self.standing.contains_key(id) || self.active.contains(id);
        let remaining = plan.steps.iter().filter(|step| !begun(&step.id));
        Ok(json!({
            "goal": plan.goal,
            "text": resume.text,
            "without": step,
            "decided": resume.decided.iter().map(decided).collect::<Vec<_>>(),
            "done": done.collect::<Vec<_>>(),
            "remaining": remaining.collect::<Vec<_>>(),
            "tools": tools::describe(plan),
        }))
    }

    /// Puts it to a person that there is no way without a step, and waits for what they say.
    pub(crate) async fn state(&mut self, step: &Step, why: &GiveUp) -> Result<Onward, Stop> {
        let question = match &self.kept.stated {
            Some(stated) if stated.step == step.id => stated.question.clone(),
            _ => self.put_statement(step, why).await?,
        };
        let mut seen = 0;
        loop {
            let wait = if self.parks { Wait::No } else { Wait::Seconds(50) };
            let status = self.through.client.action(&question, seen, wait).await?;
            seen = status.version;
            self.through.screen.waits(&step.id, &status);
            match (status.state, status.answer) {
                (ActionState::Answered, Some(Reply::Stop)) => return Ok(Onward::Stopped),
                (ActionState::Answered, answer) => {
                    self.kept.stated = None;
                    if answer == Some(Reply::Redirect) {
                        // What they said is in the words for a planner; without one it ends here.
                        let told = status.reason.unwrap_or_default();
                        self.through.screen.note(format!("{:<20} told: {told}", step.id));
                    }
                    if answer != Some(Reply::Reconsider) && self.kept.plan.planner.is_none() {
                        self.kept.around.push(step.id.clone());
                    }
                    self.kept.replans = 0;
                    keep(&self.through.client, &self.run.id, &self.kept).await?;
                    return Ok(Onward::GoOn);
                }
                (ActionState::Cancelled | ActionState::Denied, _) => return Ok(Onward::Ends),
                _ if self.parks => return Ok(Onward::Waits),
                _ => {}
            }
        }
    }

    /// The action a person denied that stands in the way of a step: its own, or the one it was
    /// taken for by the gate.
    async fn standing_denial(&self, step: &Step) -> Result<Option<String>, Stop> {
        if !self.denied.contains(&step.id) {
            return Ok(None);
        }
        let resume = self.through.client.resume(&self.run.id).await?;
        let by_people: Vec<&str> = resume
            .decided
            .iter()
            .filter(|one| one.what == "denied" && !one.by.starts_with("policy"))
            .map(|one| one.step.as_str())
            .collect();
        let own = by_people.iter().find(|id| **id == step.id).or(by_people.last());
        let denied = own.and_then(|id| resume.steps.iter().find(|step| step.id == **id));
        Ok(denied.and_then(|step| step.action.clone()))
    }

    async fn put_statement(&mut self, step: &Step, why: &GiveUp) -> Result<String, Stop> {
        let without = self.standing_denial(step).await?;
        let title = if step.title.is_empty() { &step.id } else { &step.title };
        let blocked = without.is_some();
        let kind = if blocked { api::AgentAsks::Blocked } else { api::AgentAsks::Stuck };
        let consequence = match why.consequence.is_empty() {
            true => "The rest of the plan is left out.".to_owned(),
            false => why.consequence.chars().take(2000).collect(),
        };
        let choice = |choice: &String| choice.chars().take(200).collect();
        let body = api::AskPeople {
            kind,
            text: title.chars().take(2000).collect(),
            choices: why.choices.iter().take(10).map(choice).collect(),
            without,
            consequence: blocked.then(|| consequence.clone()),
            summary: (!blocked).then_some(consequence),
        };
        let asked = self.through.client.ask(&self.run.id, &body).await?;
        let question = asked.id.clone();
        self.kept.stated = Some(Stated { step: step.id.clone(), question: question.clone() });
        keep(&self.through.client, &self.run.id, &self.kept).await?;
        Ok(question)
    }
}
