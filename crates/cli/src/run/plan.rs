//! The plan of a run: steps over tools, with what each needs. It is refused whole, before
//! anything runs, when it cannot be worked off.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use holdshort_core::resume::{self, check_plan};
use holdshort_sdk::api;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fill;
use super::tools::{self, Database, Mail, OwnTool};
use crate::output::Stop;

/// A plan, as its file has it and as it is kept with the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The name of the run; the name of the file when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The task.
    #[serde(default)]
    pub(crate) goal: String,
    /// The folder that relative paths and commands start from; that of the file when absent.
    #[serde(default)]
    pub(crate) cwd: PathBuf,
    /// Files whose change during a long pause the planner and the person are told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) watch: Vec<PathBuf>,
    /// Who makes another plan when a step is denied or fails. Nobody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) planner: Option<PlannedBy>,
    #[serde(default, rename = "database", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) databases: BTreeMap<String, Database>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mail: Option<Mail>,
    /// Tools of the plan's own.
    #[serde(default, rename = "tool", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tools: BTreeMap<String, OwnTool>,
    #[serde(default, rename = "step")]
    pub(crate) steps: Vec<Step>,
}

/// Who plans anew: a program, or a model behind an OpenAI-compatible address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedBy {
    /// A program: it gets JSON on standard input and answers with a plan on standard output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) command: Vec<String>,
    /// The name of a model; address and key come from the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// Seconds for one answer.
    #[serde(default = "planner_secs")]
    pub(crate) timeout_s: u64,
    /// How often it is asked again when its answer cannot be used.
    #[serde(default = "planner_attempts")]
    pub(crate) attempts: u32,
    /// How often a run is planned anew.
    #[serde(default = "planner_replans")]
    pub(crate) replans: u32,
}

fn planner_secs() -> u64 {
    120
}

fn planner_attempts() -> u32 {
    3
}

fn planner_replans() -> u32 {
    5
}

/// A step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) tool: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) title: String,
    /// Why: shown to the person last, as the agent's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) phase: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) needs: Vec<String>,
    #[serde(default)]
    pub(crate) arguments: Map<String, Value>,
    /// What it costs, as `0.75 USD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cost: Option<String>,
    /// Whether the run is pointless without it: when it is denied and there is no way around it, a
    /// person is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) required: bool,
    /// The call that would take it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) undo: Option<UndoCall>,
}

/// A call that takes a step back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoCall {
    pub(crate) tool: String,
    #[serde(default)]
    pub(crate) arguments: Map<String, Value>,
}

impl Plan {
    /// Reads a file: TOML, or JSON when it is called `.json`.
    pub(crate) fn read(path: &Path) -> Result<Self, Stop> {
        let wrong = |what: String| Stop::new(2, format!("{}: {what}", path.display()));
        let text = std::fs::read_to_string(path)
            .map_err(|error| Stop::new(2, format!("cannot read {}: {error}", path.display())))?;
        let json = path.extension().is_some_and(|kind| kind == "json");
        let mut plan: Plan = match json {
            true => serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?,
            false => toml::from_str(&text).map_err(|error| wrong(error.to_string()))?,
        };
        let path = std::path::absolute(path)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        plan.cwd = folder.join(&plan.cwd);
        plan.name.get_or_insert_with(|| {
            path.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned())
        });
        plan.check().map_err(|what| {
            wrong(what).hint("nothing was run; `holdshort run --help` names the tools")
        })?;
        Ok(plan)
    }

    /// The steps as the gate and the rules of resuming know them.
    pub(crate) fn graph(&self) -> Vec<resume::PlanStep> {
        let known = |step: &Step| resume::PlanStep {
            id: step.id.clone(),
            tool: step.tool.clone(),
            title: step.title.clone(),
            needs: step.needs.clone(),
            phase: step.phase.clone(),
        };
        self.steps.iter().map(known).collect()
    }

    /// The same, to be kept with the run.
    pub(crate) fn kept(&self) -> api::KeepPlan {
        let known = |step: resume::PlanStep| {
            let resume::PlanStep { id, tool, title, needs, phase } = step;
            api::PlanStep { id, tool, title, needs, phase }
        };
        api::KeepPlan { steps: self.graph().into_iter().map(known).collect(), replaces: None }
    }

    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_plan(&self.graph()).map_err(|error| error.to_string())?;
        for (name, tool) in &self.tools {
            tools::check_own(name, tool)?;
        }
        if let Some(planner) = &self.planner
            && planner.command.is_empty() == planner.model.is_none()
        {
            return Err("[planner] has either `command` or `model`".into());
        }
        let by_id = self.steps.iter().map(|step| (step.id.as_str(), step)).collect();
        self.steps.iter().try_for_each(|step| {
            self.check_step(step, &by_id).map_err(|what| format!("step `{}`: {what}", step.id))
        })
    }

    fn check_step(&self, step: &Step, by_id: &HashMap<&str, &Step>) -> Result<(), String> {
        tools::check(self, &step.tool, &step.arguments)?;
        let mut named = fill::names(&step.arguments)?;
        if let Some(undo) = &step.undo {
            tools::check(self, &undo.tool, &undo.arguments)?;
            named.extend(fill::names(&undo.arguments)?.into_iter().filter(|id| *id != step.id));
        }
        // What each step rests on is looked up only where something is used of it.
        if named.is_empty() {
            return Ok(());
        }
        let before = before(step, by_id);
        match named.into_iter().find(|id| !before.contains(id.as_str())) {
            Some(id) => {
                Err(format!("it uses what `{id}` gives and does not need it: add it to `needs`"))
            }
            None => Ok(()),
        }
    }
}

/// All that a step needs, and what that needs.
fn before<'a>(step: &'a Step, by_id: &HashMap<&str, &'a Step>) -> HashSet<&'a str> {
    let mut found = HashSet::new();
    let mut open: Vec<&str> = step.needs.iter().map(String::as_str).collect();
    while let Some(id) = open.pop() {
        if found.insert(id)
            && let Some(needed) = by_id.get(id)
        {
            open.extend(needed.needs.iter().map(String::as_str));
        }
    }
    found
}
