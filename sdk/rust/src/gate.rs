//! The wrapper: an action goes through the gate, or it does not run.

mod ending;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use holdshort_api as api;
use holdshort_api::{ActionState, ClaimAnswer, ClaimReply, Code};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::client::{Client, Wait};
use crate::error::Error;
use crate::eyes::{self, Eyes};
use crate::pin::{self, Pin};

pub use ending::{RunError, Ticket};
use ending::{over, ticket};

/// An action to put through the gate.
#[derive(Clone, Debug)]
pub struct Action {
    body: api::Propose,
    pins: Vec<Pin>,
}

impl Action {
    /// A call of `tool` with `arguments`.
    ///
    /// # Errors
    /// When the arguments cannot be written as JSON.
    pub fn new(tool: &str, arguments: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        let body = api::Propose {
            tool: tool.to_owned(),
            server: None,
            arguments: to_raw_value(arguments)?,
            run: None,
            call_id: None,
            reason: None,
            goal: None,
            alternatives: Vec::new(),
            consequence_if_denied: None,
            confidence: None,
            phase: None,
            cwd: None,
            env_names: Vec::new(),
            description: None,
            input_schema: None,
            annotations: None,
            declared_risk: None,
            pins: None,
            expires_at: None,
            claim: None,
            cost: None,
        };
        Ok(Self { body, pins: Vec::new() })
    }

    /// Why: shown to the person last, as the agent's own words.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.body.reason = Some(reason.into());
        self
    }

    /// The task the agent was given.
    #[must_use]
    pub fn goal(mut self, goal: impl Into<String>) -> Self {
        self.body.goal = Some(goal.into());
        self
    }

    /// The agent's own id of this call: the same id in the same run is the same action, so a
    /// program that starts again neither asks twice nor runs twice.
    #[must_use]
    pub fn call_id(mut self, id: impl Into<String>) -> Self {
        self.body.call_id = Some(id.into());
        self
    }

    /// What it costs, as `0.75 USD`: counted against budgets when it is claimed.
    #[must_use]
    pub fn cost(mut self, amount: impl Into<String>) -> Self {
        self.body.cost = Some(amount.into());
        self
    }

    /// Directory the call runs in.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<String>) -> Self {
        self.body.cwd = Some(cwd.into());
        self
    }

    /// Pins something the call works on: when it is another at the claim, what was approved is
    /// asked about again.
    #[must_use]
    pub fn pin(mut self, pin: Pin) -> Self {
        self.pins.push(pin);
        self
    }

    /// JSON schema of the arguments: the form a person edits them with, and what a change is
    /// checked against.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn input_schema(mut self, schema: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        self.body.input_schema = Some(to_raw_value(schema)?);
        Ok(self)
    }

    /// Everything else, as the wire has it.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut api::Propose)) -> Self {
        change(&mut self.body);
        self
    }
}

/// What was approved, given to the function that runs it.
#[derive(Clone, Debug)]
pub struct Approved {
    /// Id of the action: an idempotency key for whatever carries it out.
    pub action: String,
    /// The arguments to run with, which differ from the proposed ones after a change.
    pub arguments: Box<RawValue>,
    /// Whether they differ.
    pub modified: bool,
    /// How risky the gate found it.
    pub risk: api::RiskLevel,
}

impl Approved {
    /// The arguments as a type of yours.
    ///
    /// # Errors
    /// When they do not fit it.
    pub fn parse<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.arguments.get())
    }

    /// A text among the arguments.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let arguments: serde_json::Value = self.parse().ok()?;
        arguments.get(name)?.as_str().map(str::to_owned)
    }
}

/// A gate for the actions of one run.
#[derive(Clone, Debug)]
pub struct Gate {
    client: Client,
    run: String,
    patience: Option<Duration>,
    eyes: Option<Arc<dyn Eyes>>,
    watch: Option<Watch>,
    starts: bool,
}

/// Told where an action stands, each time it has to wait.
#[derive(Clone)]
struct Watch(Arc<dyn Fn(&api::ActionStatus) + Send + Sync>);

impl std::fmt::Debug for Watch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Watch")
    }
}

impl Gate {
    /// A gate for the run named `run`.
    #[must_use]
    pub fn new(client: Client, run: impl Into<String>) -> Self {
        let run = run.into();
        Self { client, run, patience: None, eyes: None, watch: None, starts: false }
    }

    /// Waits at most this long for a person, then gives a ticket. Without it, it waits until
    /// somebody answers or the request stalls.
    #[must_use]
    pub fn wait_at_most(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Takes the looks that the gate asks of this machine. Without it they are answered as not
    /// known.
    #[must_use]
    pub fn with_eyes(mut self, eyes: impl Eyes) -> Self {
        self.eyes = Some(Arc::new(eyes));
        self
    }

    /// Tells `watch` where an action stands each time it has to wait, for a progress line.
    #[must_use]
    pub fn watched_by(
        mut self,
        watch: impl Fn(&api::ActionStatus) + Send + Sync + 'static,
    ) -> Self {
        self.watch = Some(Watch(Arc::new(watch)));
        self
    }

    /// Marks actions as started in the very step that claims them: a round trip less, for what
    /// may safely be done again when this program ends before it has begun.
    #[must_use]
    pub fn starting_at_once(mut self) -> Self {
        self.starts = true;
        self
    }

    /// Takes an action as far as its claim: proposes it and waits where a person is needed. What
    /// is cleared for `nonce` may begin ([`Client::started`]) and has to be reported
    /// ([`Client::report`]); a program that keeps its nonces goes on with the same one after a
    /// restart.
    ///
    /// # Errors
    /// Says why it may not run.
    pub async fn clear(
        &self,
        action: Action,
        nonce: &str,
    ) -> Result<Approved, RunError<std::convert::Infallible>> {
        self.propose_and_clear(action, nonce).await
    }

    /// Puts an action through: proposes it, waits where a person is needed, claims it once, runs
    /// `execute` with the approved arguments, and reports.
    ///
    /// # Errors
    /// Says why it did not run, or how it failed.
    pub async fn run<T, E, F>(
        &self,
        action: Action,
        execute: impl FnOnce(Approved) -> F,
    ) -> Result<T, RunError<E>>
    where
        E: std::error::Error + 'static,
        F: Future<Output = Result<T, E>>,
    {
        let nonce = crate::random_text()?;
        let approved = self.propose_and_clear(action, &nonce).await?;
        if !self.starts {
            self.client.started(&approved.action, &nonce).await?;
        }
        let id = approved.action.clone();
        let result = execute(approved).await;
        let (outcome, output) = match &result {
            Ok(_) => (api::ReportedOutcome::Succeeded, None),
            Err(error) => (api::ReportedOutcome::Failed, Some(error.to_string())),
        };
        let report = api::Report { nonce, outcome, output, cost: None, undo: None };
        self.client.report(&id, &report).await?;
        result.map_err(RunError::Failed)
    }

    async fn propose_and_clear<E: std::error::Error + 'static>(
        &self,
        action: Action,
        nonce: &str,
    ) -> Result<Approved, RunError<E>> {
        let Action { mut body, pins } = action;
        if !pins.is_empty() {
            body.pins = Some(pin::read(&pins)?);
        }
        body.run.get_or_insert_with(|| self.run.clone());
        if body.call_id.is_none() {
            body.call_id = Some(crate::random_text()?);
        }
        let (owned, start) = (nonce.to_owned(), self.starts);
        body.claim = Some(api::ClaimOptions { nonce: owned, start, lease_s: None });
        let proposed = self.client.propose(&body).await?;
        let reply = match proposed.claim {
            Some(reply) => reply,
            None => ClaimReply {
                answer: ClaimAnswer::Wait,
                because: None,
                arguments: None,
                lease_until_at: None,
                looks: Vec::new(),
                pins_needed: false,
                action: proposed.action,
            },
        };
        self.cleared(reply, (nonce, &pins)).await
    }

    /// Waits until the action is cleared for this nonce, or will not be.
    async fn cleared<E: std::error::Error + 'static>(
        &self,
        mut reply: ClaimReply,
        (nonce, pins): (&str, &[Pin]),
    ) -> Result<Approved, RunError<E>> {
        let until = self.patience.map(|patience| tokio::time::Instant::now() + patience);
        loop {
            let ClaimReply { answer, because, arguments, action, looks, .. } = reply;
            let because = because.unwrap_or_default();
            match (answer, arguments) {
                (ClaimAnswer::Proceed, Some(arguments)) => {
                    let (modified, risk) = (action.modified, action.risk.level);
                    return Ok(Approved { action: action.id, arguments, modified, risk });
                }
                // An answer without what to run is no permission to run anything.
                (ClaimAnswer::Proceed, None) => {
                    return Err(Error::Unreadable("a claim without arguments".into()).into());
                }
                (ClaimAnswer::Replan, _) => return Err(over(&action, because)),
                (ClaimAnswer::AskAgain, _) if until.is_some() => {
                    return Err(RunError::AskAgain { because, ticket: ticket(&action) });
                }
                (ClaimAnswer::AskAgain | ClaimAnswer::Wait | ClaimAnswer::Refresh, _) => {}
            }
            let waits = action.state == ActionState::Pending || action.held.is_some();
            if let Some(Watch(watch)) = self.watch.as_ref().filter(|_| waits) {
                watch(&action);
            }
            self.bring(&action).await?;
            let facts = self.look(&looks).await;
            if action.stalled {
                return Err(RunError::Stalled(ticket(&action)));
            }
            let seconds = match until {
                None => 50,
                Some(until) => {
                    let left = until.saturating_duration_since(tokio::time::Instant::now());
                    u32::try_from(left.as_secs()).unwrap_or(50).min(50)
                }
            };
            if seconds == 0 && until.is_some() && waits {
                return Err(RunError::Pending(ticket(&action)));
            }
            let body = self.claim_body(nonce, pins, facts)?;
            reply = self.claim(&action.id, body, seconds).await?;
        }
    }

    /// The pins as they are at this moment, and what was read for the looks.
    fn claim_body(
        &self,
        nonce: &str,
        pins: &[Pin],
        facts: Vec<api::LookAnswer>,
    ) -> Result<api::Claim, Error> {
        let pins = if pins.is_empty() { None } else { Some(pin::read(pins)?) };
        let nonce = nonce.to_owned();
        let start = self.starts;
        Ok(api::Claim { nonce, start, lease_s: None, arguments: None, pins, facts })
    }

    async fn look(&self, looks: &[api::Look]) -> Vec<api::LookAnswer> {
        let mut answers = Vec::new();
        for look in looks {
            answers.push(match &self.eyes {
                Some(eyes) => eyes.take(look).await,
                None => eyes::not_known(look, "this agent takes no looks"),
            });
        }
        answers
    }

    /// Brings what the request of a pending action wants read here.
    async fn bring(&self, action: &api::ActionStatus) -> Result<(), Error> {
        let Some(request) = action.request.clone().filter(|_| !action.looks.is_empty()) else {
            return Ok(());
        };
        let answers = self.look(&action.looks).await;
        let body = api::BringFacts { request, answers };
        self.client.bring_facts(&action.id, &body).await.map(|_| ())
    }

    async fn claim<E: std::error::Error + 'static>(
        &self,
        id: &str,
        body: api::Claim,
        seconds: u32,
    ) -> Result<ClaimReply, RunError<E>> {
        let wait = if seconds == 0 { Wait::No } else { Wait::Seconds(seconds) };
        match self.client.claim(id, &body, wait).await {
            Ok(reply) => Ok(reply),
            // Another executor has it, or it has begun: either way it is not ours to run.
            Err(error) if error.is(Code::ClaimedElsewhere) || error.is(Code::WrongState) => {
                let action = self.client.action(id, 0, Wait::No).await?;
                Err(RunError::AlreadyRan(Box::new(action)))
            }
            Err(error) => Err(error.into()),
        }
    }
}
