//! One step through the gate: proposed, waited for, begun, carried out, reported. Each of these
//! can be repeated after a kill, and nothing is carried out twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use holdshort_sdk::api::{self, ActionState, ActionStatus, Code, ReportedOutcome};
use holdshort_sdk::{Action, Approved, Client, Gate, RunError, Wait};
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use super::fill;
use super::journal::{Journal, Known, UndoLine};
use super::plan::Step;
use super::screen::Screen;
use super::tools::{self, Call, Tools};
use crate::eyes::Local;
use crate::output::Stop;
use crate::undo::{self, Before, Copies};

/// Seconds of a claim; it is extended while a tool is at work.
const LEASE: Duration = Duration::from_secs(20);

/// How long it waits for room among the open questions of its agent.
const ROOM: Duration = Duration::from_secs(2);
/// Bytes of a call that takes back; what would be larger cannot be undone.
const UNDO: usize = 250_000;

/// How a step ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    Done {
        output: String,
    },
    Failed {
        error: String,
    },
    Denied {
        by: String,
        because: String,
    },
    Cancelled {
        because: String,
    },
    /// It began, and nobody knows whether it happened.
    InDoubt,
    /// It waits for a person, and this program was told not to.
    Parked,
}

/// What steps gave, by their ids.
type Given = HashMap<String, String>;

/// What every step is taken through with.
#[derive(Clone, Debug)]
pub(crate) struct Through {
    pub(crate) client: Client,
    /// The name of the run.
    pub(crate) run: String,
    pub(crate) goal: String,
    pub(crate) tools: Arc<Tools>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) copies: Copies,
    pub(crate) screen: Screen,
    /// Whether it leaves what waits for a person.
    pub(crate) parks: bool,
    pub(crate) cwd: String,
    /// Reports that are on their way.
    pub(crate) late: Arc<tokio::sync::Mutex<JoinSet<Result<Ended, Stop>>>>,
}

impl Through {
    /// Takes a step through. `call_id` is its id, or that of a later attempt.
    pub(crate) async fn take(
        &self,
        (step, call_id): (&Step, &str),
        arguments: Map<String, Value>,
        given: &Given,
    ) -> Result<Ended, Stop> {
        let nonce = self.journal.nonce(call_id);
        let repeatable = self.tools.may_be_repeated(&step.tool);
        let (screen, id) = (self.screen.clone(), step.id.clone());
        let mut gate = Gate::new(self.client.clone(), &self.run)
            .with_eyes(Local)
            .watched_by(move |status| screen.waits(&id, status));
        if repeatable {
            gate = gate.starting_at_once();
        }
        if self.parks {
            gate = gate.wait_at_most(Duration::ZERO);
        }
        loop {
            let action = self.action(step, call_id, &arguments)?;
            match gate.clear(action, &nonce).await {
                Ok(approved) => {
                    if !repeatable && let Some(ended) = self.start(&approved.action, &nonce).await?
                    {
                        return Ok(ended);
                    }
                    return self.carry_out((step, given), call_id, &approved).await;
                }
                Err(RunError::AlreadyRan(status)) => {
                    return self.known((step, given), call_id, &status).await;
                }
                Err(RunError::Denied { by, reason }) => {
                    return Ok(Ended::Denied { by, because: reason });
                }
                Err(RunError::Expired(because)) => return Ok(Ended::Cancelled { because }),
                Err(RunError::Unknown) => return Ok(Ended::InDoubt),
                Err(RunError::Pending(_) | RunError::AskAgain { .. }) => return Ok(Ended::Parked),
                Err(RunError::Stalled(_)) if self.parks => return Ok(Ended::Parked),
                // It still waits; so do we.
                Err(RunError::Stalled(ticket)) => {
                    let status = self.client.action(&ticket.action, 0, Wait::No).await?;
                    self.client.action(&ticket.action, status.version, Wait::Seconds(50)).await?;
                }
                // This agent has too many open questions: when one is answered there is room.
                Err(RunError::Gate(error)) if error.is(Code::TooManyOpen) => {
                    tokio::time::sleep(ROOM).await;
                }
                Err(RunError::Gate(error)) => return Err(error.into()),
                Err(RunError::Failed(never)) => match never {},
            }
        }
    }

    /// Waits until the gate has everything in writing.
    pub(crate) async fn reported(&self) -> Result<(), Stop> {
        let mut late = self.late.lock().await;
        while let Some(reported) = late.join_next().await {
            // Where the step stands then is read from the gate.
            reported.map_err(|error| Stop::failed(&error))??;
        }
        Ok(())
    }

    fn action(
        &self,
        step: &Step,
        call_id: &str,
        arguments: &Map<String, Value>,
    ) -> Result<Action, Stop> {
        let mut action = Action::new(&step.tool, arguments)?.call_id(call_id).cwd(&self.cwd);
        if let Some(schema) = self.tools.schema(&step.tool) {
            action = action.input_schema(&schema)?;
        }
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let (reason, phase, cost) = (text(&step.reason), text(&step.phase), step.cost.clone());
        let goal = text(&self.goal);
        Ok(action.with(|body| {
            body.reason = reason;
            body.phase = phase;
            body.goal = goal;
            body.cost = cost;
        }))
    }

    /// Says that it begins. Something else came in between when this gives an end.
    async fn start(&self, action: &str, nonce: &str) -> Result<Option<Ended>, Stop> {
        match self.client.started(action, nonce).await {
            Ok(_) => Ok(None),
            Err(error) if error.is(Code::WrongState) || error.is(Code::ClaimedElsewhere) => {
                Ok(Some(Ended::InDoubt))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An action that began, or is over, before this process took it up.
    async fn known(
        &self,
        (step, given): (&Step, &Given),
        call_id: &str,
        status: &ActionStatus,
    ) -> Result<Ended, Stop> {
        match status.state {
            ActionState::Succeeded => {
                let status = self.client.action(&status.id, 0, Wait::No).await?;
                return Ok(Ended::Done { output: status.output.unwrap_or_default() });
            }
            ActionState::Failed => {
                let status = self.client.action(&status.id, 0, Wait::No).await?;
                return Ok(Ended::Failed { error: status.output.unwrap_or_default() });
            }
            _ => {}
        }
        // Whoever knows the nonce holds the claim: it began on this machine, and was killed.
        let nonce = self.journal.nonce(call_id);
        if self.start(&status.id, &nonce).await?.is_some() {
            return Ok(Ended::InDoubt);
        }
        let status = self.client.action(&status.id, 0, Wait::No).await?;
        let Some(arguments) = status.effective_arguments else { return Ok(Ended::InDoubt) };
        let (action, modified) = (status.id, status.modified);
        let approved = Approved { action, arguments, modified, risk: status.risk.level };
        let repeatable = self.tools.may_be_repeated(&step.tool);
        match self.journal.known(call_id) {
            Some(Known::Ended { worked, output, undo }) => {
                self.report(call_id, &approved.action, (worked, output, undo)).await
            }
            // The tool was not called yet, or knows itself what it did.
            None => self.carry_out((step, given), call_id, &approved).await,
            Some(Known::Began { .. }) if repeatable => {
                self.carry_out((step, given), call_id, &approved).await
            }
            Some(Known::Began { before }) => {
                let call = self.call(step, &approved)?;
                match self.tools.happened(&call, before.as_deref()) {
                    Some(Some(output)) => {
                        self.report(call_id, &approved.action, (true, output, None)).await
                    }
                    Some(None) => self.carry_out((step, given), call_id, &approved).await,
                    None => Ok(Ended::InDoubt),
                }
            }
        }
    }

    fn call(&self, step: &Step, approved: &Approved) -> Result<Call, Stop> {
        let arguments = approved.parse().map_err(|error| Stop::failed(&error))?;
        Ok(Call { action: approved.action.clone(), tool: step.tool.clone(), arguments })
    }

    async fn carry_out(
        &self,
        (step, given): (&Step, &Given),
        call_id: &str,
        approved: &Approved,
    ) -> Result<Ended, Stop> {
        let call = self.call(step, approved)?;
        let nonce = self.journal.nonce(call_id);
        let repeatable = self.tools.may_be_repeated(&step.tool);
        let point = self.restore_point(&call, approved.risk);
        if !repeatable {
            self.journal.begins(call_id, tools::before(&self.tools, &call))?;
        }
        let done =
            with_lease(&self.client, (&approved.action, &nonce), self.tools.carry_out(&call)).await;
        let (worked, output) = match done {
            Ok(output) => (true, output),
            Err(failed) => (false, failed.to_string()),
        };
        let undo = point.and_then(|point| point.undo());
        let undo = undo.map(|arguments| UndoLine { tool: undo::TOOL.to_owned(), arguments });
        let undo = undo.or_else(|| own_undo(step, worked.then_some(&output), given));
        if repeatable && worked && undo.is_none() {
            // What rests on it need not wait until the gate has it in writing: should this program
            // end before that, it is done once more and does nothing more.
            let (through, call_id) = (self.clone(), call_id.to_owned());
            let (action, said) = (approved.action.clone(), output.clone());
            let late = async move { through.report(&call_id, &action, (true, said, None)).await };
            self.late.lock().await.spawn(late);
            return Ok(Ended::Done { output });
        }
        if !repeatable {
            self.journal.ended(call_id, (worked, &output), undo.clone())?;
        }
        self.report(call_id, &approved.action, (worked, output, undo)).await
    }

    /// What is kept of files that the call may change.
    fn restore_point(&self, call: &Call, risk: api::RiskLevel) -> Option<Before> {
        match call.tool.as_str() {
            "write_file" => Before::of_file(&self.tools.path(call).ok()?, &self.copies),
            "run_command" if risk > api::RiskLevel::Safe => {
                let folder = call.arguments.get("cwd").and_then(Value::as_str);
                let folder = std::path::Path::new(&self.cwd).join(folder.unwrap_or_default());
                Before::of_worktree(&folder, &self.copies)
            }
            _ => None,
        }
    }

    async fn report(
        &self,
        call_id: &str,
        action: &str,
        (worked, output, undo): (bool, String, Option<UndoLine>),
    ) -> Result<Ended, Stop> {
        let undo = undo.and_then(|undo| undo_of(&undo, &self.cwd));
        let outcome = if worked { ReportedOutcome::Succeeded } else { ReportedOutcome::Failed };
        let nonce = self.journal.nonce(call_id);
        let body = api::Report { nonce, outcome, output: Some(output.clone()), cost: None, undo };
        match self.client.report(action, &body).await {
            Ok(_) => {}
            // Its lease ran out, and a person or a probe says what came of it.
            Err(error) if error.is(Code::WrongState) || error.is(Code::ClaimedElsewhere) => {
                return Ok(Ended::InDoubt);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(if worked { Ended::Done { output } } else { Ended::Failed { error: output } })
    }
}

/// Runs a tool, and says now and then that it is still at work.
pub(crate) async fn with_lease<T>(
    client: &Client,
    (action, nonce): (&str, &str),
    tool: impl Future<Output = T>,
) -> T {
    let mut tool = std::pin::pin!(tool);
    loop {
        tokio::select! {
            done = &mut tool => return done,
            () = tokio::time::sleep(LEASE) => {
                // If this fails the report will say so; the tool is at work either way.
                let _ = client.started(action, nonce).await;
            }
        }
    }
}

/// The call that takes back, as it is registered with the gate.
pub(crate) fn undo_of(undo: &UndoLine, cwd: &str) -> Option<api::Undo> {
    let arguments = serde_json::value::to_raw_value(&undo.arguments).ok()?;
    let (tool, cwd) = (undo.tool.clone(), Some(cwd.to_owned()));
    let fits = arguments.get().len() <= UNDO;
    fits.then_some(api::Undo { tool, server: None, arguments, cwd, for_s: None })
}

/// The compensating call that the plan has for a step, with what the step gave.
fn own_undo(step: &Step, output: Option<&String>, given: &Given) -> Option<UndoLine> {
    let (undo, output) = (step.undo.as_ref()?, output?);
    let given =
        |id: &str| if id == step.id { Some(output.clone()) } else { given.get(id).cloned() };
    let arguments = fill::fill(&undo.arguments, &given).ok()?;
    Some(UndoLine { tool: undo.tool.clone(), arguments })
}
