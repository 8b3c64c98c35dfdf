//! `holdshort run`: the reference agent. It works off a plan of steps over real tools, each
//! through the gate. It can be killed anywhere and goes on, here or on another machine.

mod fill;
mod journal;
mod plan;
mod planner;
mod replan;
mod screen;
mod step;
mod tools;
mod work;

use std::path::Path;

use holdshort_sdk::Client;
use holdshort_sdk::api::{self, RunState};
use serde::{Deserialize, Serialize};

use crate::args::RunPlan;
use crate::connect::{LOCAL_TOKEN, client};
use crate::output::{BOLD, Stop, say, styled};

pub(crate) use journal::{Journal, UndoLine};
pub(crate) use plan::Plan;
pub(crate) use step::{undo_of, with_lease};
pub(crate) use tools::{Call, Tools};
use work::Work;

/// For how long the gate is tried again while it cannot be reached.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// Runs of one plan.
const NUMBERS: u32 = 1000;

/// What is kept with the run: enough to go on from the gate alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) plan: Plan,
    /// How often it was planned anew.
    #[serde(default)]
    pub(crate) replans: u32,
    /// Steps that were planned around.
    #[serde(default)]
    pub(crate) around: Vec<String>,
    /// The statement that nothing can go on, once it was put to a person.
    #[serde(default)]
    pub(crate) stated: Option<Stated>,
}

/// That nothing can go on without a step, as it was put to a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stated {
    pub(crate) step: String,
    /// The question, `act_…`.
    pub(crate) question: String,
}

/// How a run ended, or where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    /// Everything that could be done is done.
    Done { skipped: usize },
    /// The rest waits for a person.
    Parked,
    /// A person stopped it.
    Stopped,
}

pub(crate) async fn run(data: &Path, args: RunPlan) -> Result<(), Stop> {
    let client = client(data, LOCAL_TOKEN).await?.patient(PATIENCE);
    let (run, kept) = match (&args.plan, &args.resume) {
        (_, Some(id)) => find(&client, id).await?,
        (Some(path), None) => begin(&client, Plan::read(path)?, args.new).await?,
        (None, None) => return Err(Stop::new(2, "say which plan, or --resume RUN")),
    };
    let id = run.id.clone();
    if run.state == RunState::Finished {
        let steps = client.resume(&id).await?.steps;
        let done = steps.iter().filter(|step| step.state == api::StepState::Done).count();
        say("This run is finished.");
        return tell(&Finished::Done { skipped: steps.len() - done }, &id);
    }
    let mut work = Work::new(data, client, (run, kept))?;
    work.parks = args.park;
    work.parallel = args.parallel.max(1);
    let finished = tokio::select! {
        finished = work.run() => finished?,
        _ = tokio::signal::ctrl_c() => {
            say(format!("\nStopped here. Go on with: holdshort run --resume {id}"));
            return Err(Stop::new(130, "interrupted"));
        }
    };
    tell(&finished, &id)
}

/// How it ended, as an exit code and what to do next.
fn tell(finished: &Finished, id: &str) -> Result<(), Stop> {
    match finished {
        Finished::Done { skipped: 0 } => Ok(()),
        Finished::Done { skipped } => {
            Err(Stop::new(5, format!("finished without {skipped} of its steps")))
        }
        Finished::Parked => {
            say(format!(
                "Parked: nothing is kept running. Go on with: holdshort run --resume {id}"
            ));
            Err(Stop::new(6, "the rest waits for a person"))
        }
        Finished::Stopped => Err(Stop::new(5, "a person stopped this run")),
    }
}

/// A run that is kept at the gate.
async fn find(client: &Client, id: &str) -> Result<(api::Run, Kept), Stop> {
    let run = client.run(id).await?;
    let kept = kept(client, id).await?.ok_or_else(|| {
        Stop::new(1, format!("no plan is kept with {id}"))
            .hint("it is not a run of `holdshort run`")
    })?;
    say(format!("Going on with {}.", styled(BOLD, &run.name)));
    Ok((run, kept))
}

/// What is kept with a run, if it is a run of this agent.
pub(crate) async fn kept(client: &Client, id: &str) -> Result<Option<Kept>, Stop> {
    let resume = client.resume(id).await?;
    let Some(state) = resume.kept else { return Ok(None) };
    Ok(serde_json::from_str(state.state.get()).ok())
}

/// The run of a plan: the last one when that is not over, else a new one.
async fn begin(client: &Client, plan: Plan, new: bool) -> Result<(api::Run, Kept), Stop> {
    let name = plan.name.clone().unwrap_or_default();
    let goal = (!plan.goal.is_empty()).then(|| plan.goal.clone());
    for number in 1..NUMBERS {
        let name = if number == 1 { name.clone() } else { format!("{name} {number}") };
        let body = api::StartRun { run: name.clone(), goal: goal.clone() };
        let run = client.start_run(&body).await?;
        if matches!(run.state, RunState::Finished | RunState::Stopped) {
            continue;
        }
        match kept(client, &run.id).await? {
            None => {
                let kept = Kept { plan, replans: 0, around: Vec::new(), stated: None };
                keep(client, &run.id, &kept).await?;
                say(format!("{} {}", styled(BOLD, &name), run.id));
                return Ok((run, kept));
            }
            Some(_) if new => {}
            // Planned anew, it is no longer what the file says.
            Some(kept) if kept.plan == plan || kept.replans > 0 => {
                say(format!("Going on with {}.", styled(BOLD, &name)));
                return Ok((run, kept));
            }
            Some(_) => {
                let message = format!("`{name}` is under way with another plan");
                return Err(Stop::new(1, message).hint(format!(
                    "go on with that: holdshort run --resume {}; or begin anew: add --new",
                    run.id
                )));
            }
        }
    }
    Err(Stop::new(1, "there are too many runs of this name").hint("give the plan another `name`"))
}

/// Keeps plan and state with the run.
pub(crate) async fn keep(client: &Client, run: &str, kept: &Kept) -> Result<(), Stop> {
    client.keep_plan(run, &kept.plan.kept()).await?;
    client.keep_state(run, kept, None).await?;
    Ok(())
}
