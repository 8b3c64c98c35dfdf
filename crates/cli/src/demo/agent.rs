//! The agent: five steps, each through the gate. It can be killed anywhere and go on.

use holdshort_sdk::api::{
    ActionState, ActionStatus, Claim, ClaimAnswer, ClaimOptions, ClaimReply, Code, Propose, Report,
    ReportedOutcome,
};
use holdshort_sdk::{Action, Client, Wait};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::decider::{Decider, Looked};
use super::place::{Memory, Place, Progress};
use super::tools;
use crate::output::{BOLD, DIM, RISKY, Stop, say, styled};

/// Name of the run.
const RUN: &str = "clean-up";

/// One step of the plan.
struct Step {
    id: &'static str,
    tool: &'static str,
    title: &'static str,
    reason: &'static str,
}

const PLAN: [Step; 5] = [
    Step {
        id: "1-inventory",
        tool: "sql_query",
        title: "Read the inventory",
        reason: "I need to know which instances are idle.",
    },
    Step {
        id: "2-report",
        tool: "write_file",
        title: "Write a report",
        reason: "So that the team can read what I found.",
    },
    Step {
        id: "3-status",
        tool: "run_command",
        title: "Look at the repository",
        reason: "To see that only the report is new.",
    },
    Step {
        id: "4-terminate",
        tool: "terminate_instances",
        title: "Terminate the idle instances",
        reason: "They were under 5 % CPU for 30 days, so nobody uses them. Safe to remove.",
    },
    Step {
        id: "5-mail",
        tool: "send_email",
        title: "Tell the team",
        reason: "The team should know what was done.",
    },
];

/// The agent at work.
pub(super) struct Agent<'a> {
    place: &'a Place,
    client: Client,
    decider: Decider,
    progress: Progress,
    statuses: Vec<ActionStatus>,
}

/// Whether the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finished {
    /// All steps are over.
    Yes,
    /// One waits for a person.
    Parked,
}

impl<'a> Agent<'a> {
    pub(super) fn new(place: &'a Place, client: Client, decider: Decider) -> Result<Self, Stop> {
        let progress = place.load()?;
        Ok(Self { place, client, decider, progress, statuses: Vec::new() })
    }

    /// Where each step stands, in order.
    pub(super) fn statuses(&self) -> &[ActionStatus] {
        &self.statuses
    }

    pub(super) fn seed(&self) -> u64 {
        self.progress.seed
    }

    /// Works through the plan, from wherever it was.
    pub(super) async fn work(&mut self) -> Result<Finished, Stop> {
        for (index, step) in PLAN.iter().enumerate() {
            let title = format!("{}. {}", index + 1, step.title);
            let memory = self.remember(step)?;
            let status = self.through(step, &memory).await?;
            // What a step gave is kept in the file by `execute`.
            self.progress = self.place.load()?;
            say(format!("{title:<34} {}", outcome(&status)));
            let waits = status.state == ActionState::Pending;
            self.statuses.push(status);
            if waits {
                return Ok(Finished::Parked);
            }
        }
        Ok(Finished::Yes)
    }

    /// The call and nonce of a step: written down before anything is done about it, so that a
    /// restart goes on with the same ones.
    fn remember(&mut self, step: &Step) -> Result<Memory, Stop> {
        if let Some(memory) = self.progress.steps.get(step.id) {
            return Ok(memory.clone());
        }
        let arguments = self.arguments(step)?;
        let nonce = holdshort_sdk::random_text()?;
        let memory = Memory { nonce, arguments, output: None };
        self.progress.steps.insert(step.id.to_owned(), memory.clone());
        self.place.save(&self.progress)?;
        Ok(memory)
    }

    fn output_of(&self, step: &str) -> String {
        let memory = self.progress.steps.get(step);
        memory.and_then(|memory| memory.output.clone()).unwrap_or_default()
    }

    fn arguments(&self, step: &Step) -> Result<Box<RawValue>, Stop> {
        let work = self.place.work();
        let idle = self.output_of("1-inventory");
        let idle: Vec<&str> = idle.lines().collect();
        let arguments = match step.tool {
            "sql_query" => json!({
                "database": self.place.fleet(),
                "sql": "SELECT instance_id FROM inventory \
                        WHERE cpu_30d < 5 AND state = 'running' ORDER BY instance_id",
            }),
            "write_file" => json!({
                "path": work.join("idle.md"),
                "content": format!("# Idle for 30 days\n\n- {}\n", idle.join("\n- ")),
            }),
            "run_command" => json!({ "argv": ["git", "status", "--short"], "cwd": work }),
            "terminate_instances" => json!({ "region": "eu-west-1", "instance_ids": idle }),
            _ => {
                let result = match self.output_of("4-terminate") {
                    done if done.is_empty() => "No instance was terminated.".to_owned(),
                    done => format!("{done}."),
                };
                json!({
                    "to": ["team@example.org"],
                    "subject": "Idle instances",
                    "body": format!("{} instances were idle. {result}", idle.len()),
                })
            }
        };
        to_raw_value(&arguments).map_err(|error| Stop::failed(&error))
    }

    /// Takes a step through the gate, until it is over or parked.
    async fn through(&mut self, step: &Step, memory: &Memory) -> Result<ActionStatus, Stop> {
        let proposal = self.proposal(step, memory)?;
        let proposed = self.client.propose(&proposal).await?;
        let mut status = proposed.action;
        if let Some(ClaimReply { arguments: Some(arguments), .. }) = proposed.claim {
            status = self.execute(step, &status.id, &arguments).await?;
        }
        loop {
            status = match status.state {
                ActionState::Pending => match self.ask(&status).await? {
                    Looked::Parked => return Ok(status),
                    Looked::GoOn => self.claim(step, memory, &status.id).await?,
                },
                ActionState::Approved if status.held.is_some() => {
                    let held = status.held.clone().unwrap_or_default();
                    say(format!("   {} {held}", styled(RISKY, "held short:")));
                    return Ok(status);
                }
                ActionState::Approved | ActionState::Claimed => {
                    self.claim(step, memory, &status.id).await?
                }
                // It began before a kill. The tool itself knows whether it was carried out.
                ActionState::Started => {
                    let arguments = status.effective_arguments.clone();
                    let arguments = arguments.unwrap_or_else(|| memory.arguments.clone());
                    self.execute(step, &status.id, &arguments).await?
                }
                ActionState::Succeeded
                | ActionState::Failed
                | ActionState::Unknown
                | ActionState::Denied
                | ActionState::Answered
                | ActionState::Cancelled => return Ok(status),
            };
        }
    }

    fn proposal(&self, step: &Step, memory: &Memory) -> Result<Propose, Stop> {
        let mut proposal = None;
        let claim = ClaimOptions { nonce: memory.nonce.clone(), start: false, lease_s: None };
        let action = Action::new(step.tool, &memory.arguments)?
            .reason(step.reason)
            .goal(super::GOAL)
            .call_id(step.id)
            .with(|body| {
                body.run = Some(RUN.to_owned());
                body.claim = Some(claim);
            });
        let action = match schema(step.tool) {
            Some(schema) => action.input_schema(&schema)?,
            None => action,
        };
        let _ = action.with(|body| proposal = Some(body.clone()));
        proposal.ok_or_else(|| Stop::new(1, "the proposal is empty"))
    }

    async fn ask(&mut self, status: &ActionStatus) -> Result<Looked, Stop> {
        let label = status.label.clone().unwrap_or_default();
        let held = styled(RISKY, "held short");
        say(format!("   {held} ({label}): {}", styled(BOLD, &status.risk.sentence)));
        let request = status.request.clone().unwrap_or_default();
        self.decider.look(&self.client, (&status.id, &request)).await
    }

    async fn claim(&self, step: &Step, memory: &Memory, id: &str) -> Result<ActionStatus, Stop> {
        let nonce = memory.nonce.clone();
        let body = Claim {
            nonce,
            start: false,
            lease_s: None,
            arguments: None,
            pins: None,
            facts: Vec::new(),
        };
        match self.client.claim(id, &body, Wait::Seconds(1)).await {
            Ok(ClaimReply { arguments: Some(arguments), .. }) => {
                self.execute(step, id, &arguments).await
            }
            Ok(reply) => {
                if reply.answer == ClaimAnswer::AskAgain {
                    let because = reply.because.unwrap_or_default();
                    say(format!("   {} {because}", styled(RISKY, "asked again:")));
                }
                Ok(reply.action)
            }
            Err(error) if error.is(Code::WrongState) || error.is(Code::ClaimedElsewhere) => {
                Ok(self.client.action(id, 0, Wait::No).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Begins, carries out, reports. Each of the three can be repeated after a kill.
    async fn execute(
        &self,
        step: &Step,
        id: &str,
        arguments: &RawValue,
    ) -> Result<ActionStatus, Stop> {
        let memory = self.progress.steps.get(step.id);
        let nonce = memory.map(|memory| memory.nonce.clone()).unwrap_or_default();
        match self.client.started(id, &nonce).await {
            Ok(_) => {}
            // Its lease ran out meanwhile: see where it stands now.
            Err(error) if error.is(Code::WrongState) || error.is(Code::ClaimedElsewhere) => {
                return Ok(self.client.action(id, 0, Wait::No).await?);
            }
            Err(error) => return Err(error.into()),
        }
        let done = tools::carry_out(self.place, (id, step.tool), arguments);
        let (outcome, output) = match &done {
            Ok(output) => (ReportedOutcome::Succeeded, output.clone()),
            Err(error) => (ReportedOutcome::Failed, format!("{error:?}")),
        };
        self.keep_output(step, &done)?;
        let report = Report { nonce, outcome, output: Some(output), cost: None, undo: None };
        Ok(self.client.report(id, &report).await?)
    }

    fn keep_output(&self, step: &Step, done: &Result<String, Stop>) -> Result<(), Stop> {
        let mut progress = self.place.load()?;
        if let (Some(memory), Ok(output)) = (progress.steps.get_mut(step.id), done) {
            memory.output = Some(output.clone());
        }
        self.place.save(&progress)
    }
}

/// Schema of a tool's arguments, for the form a person edits them with.
fn schema(tool: &str) -> Option<serde_json::Value> {
    (tool == "terminate_instances").then(|| {
        json!({
            "type": "object",
            "properties": {
                "region": { "type": "string", "title": "Region" },
                "instance_ids": {
                    "type": "array",
                    "title": "Instances",
                    "items": { "type": "string", "pattern": "^i-[0-9a-f]{12}$" },
                    "minItems": 1,
                },
            },
            "required": ["region", "instance_ids"],
            "additionalProperties": false,
        })
    })
}

fn outcome(status: &ActionStatus) -> String {
    let by = status.decided_by.clone().unwrap_or_default();
    let words = match status.state {
        ActionState::Succeeded if status.modified => "done, as changed".to_owned(),
        ActionState::Succeeded => "done".to_owned(),
        ActionState::Failed => styled(RISKY, "failed"),
        ActionState::Unknown => styled(RISKY, "in doubt; not run again"),
        ActionState::Denied => styled(BOLD, "not run: denied"),
        ActionState::Pending => styled(RISKY, "waits for a person"),
        _ => "not run".to_owned(),
    };
    format!("{words}  {}", styled(DIM, by))
}
