//! Undo: an action is taken back by another action, in a run of its own, so that it can be done
//! when the run it belongs to was stopped. The call is judged anew each time.

use holdshort_core::planted::{self, Bug};
use holdshort_core::{
    Action, ActionId, Aggregate, Answer, Assessment, Call, Compensation, Digest, Json, Outcome,
    Payload, State, Undoes, Untrusted, Voter, Words,
};
use holdshort_store::{Principal, ProofUse, Store, StoreError};

use super::propose::Rejected;
use super::{Applied, Engine, Proposal, WORKSPACE};
use crate::limits;
use crate::problem::Failure;
use holdshort_api::Code;

/// The name of the run that an agent's undos are in.
const RUN: &str = "undo";

/// What is taken back, and who has it done.
#[derive(Clone, Debug)]
pub(crate) struct TakesBack {
    pub(crate) undoes: Undoes,
    /// The person; nobody when the agent proposes it.
    pub(crate) by: Option<Voter>,
    pub(crate) proof: Option<ProofUse>,
}

/// An action that may be taken back, the call that does it, and where that stands.
#[derive(Debug)]
pub(crate) struct Undoing {
    pub(crate) done: Aggregate,
    pub(crate) action: Action,
    pub(crate) payload: Payload,
    pub(crate) compensation: Compensation,
    pub(crate) digest: Digest,
    /// The last action that takes it back.
    pub(crate) attempt: Option<Aggregate>,
    attempts: u32,
}

impl Undoing {
    /// Why it cannot be taken back, if so.
    pub(crate) fn why_not(&self, engine: &Engine) -> Option<String> {
        if self.compensation.until <= engine.clock.now() {
            return Some("The time for that is over.".into());
        }
        match self.state()? {
            State::Completed { .. } if planted::is(Bug::UndoTwice) => None,
            State::Completed { outcome: Outcome::Succeeded, .. } => {
                Some("It was taken back already.".into())
            }
            State::Completed { outcome: Outcome::Unknown, .. } => match self.said() {
                Some(true) => Some("It was taken back already.".into()),
                Some(false) => None,
                None => Some("It is not known whether it was taken back; a person says.".into()),
            },
            _ => None,
        }
    }

    /// What a person said came of the last attempt, which was never reported.
    fn said(&self) -> Option<bool> {
        let attempt = self.attempt.as_ref()?;
        let (action, _) = attempt.action.as_ref()?;
        attempt.run.outcomes.get(&action.id).copied()
    }

    fn state(&self) -> Option<&State> {
        self.attempt.as_ref()?.action.as_ref().map(|(action, _)| &action.state)
    }

    /// Whether somebody asked for it and it is not over.
    fn is_under_way(&self) -> bool {
        self.state().is_some_and(|state| !state.is_final())
    }
}

impl Engine {
    /// What would take an action back; `None` when nothing would.
    pub(crate) fn undoing(&self, id: ActionId) -> Result<Option<Undoing>, Failure> {
        let done = self.db.aggregate(WORKSPACE, id)?.ok_or_else(Failure::not_found)?;
        let (action, payload) = done.action.clone().ok_or_else(Failure::not_found)?;
        let Some(mut compensation) = payload.undo.clone() else { return Ok(None) };
        compensation.assessment = self.judge_now(&compensation.call)?;
        let digest = compensation.call.digest(WORKSPACE)?;
        let (mut attempt, mut attempts) = (None, 0);
        if let Some((run, _)) = self.db.run_named(WORKSPACE, action.agent, RUN)? {
            for number in 0..limits::UNDO_ATTEMPTS {
                let key = *attempt_key(id, number).as_bytes();
                let Some(found) = self.db.find_repeat(WORKSPACE, run.id, key)? else { break };
                attempt = self.db.aggregate(WORKSPACE, found)?;
                attempts = number + 1;
            }
        }
        Ok(Some(Undoing { done, action, payload, compensation, digest, attempt, attempts }))
    }

    fn judge_now(&self, call: &Call) -> Result<Assessment, Failure> {
        let arguments = Json::parse(call.arguments.raw().as_bytes())?;
        Ok(self.judge(call, &arguments, None).assessment)
    }

    /// A call as its executor registered it, judged.
    pub(crate) fn compensation(&self, call: Call, for_secs: u32) -> Result<Compensation, Failure> {
        let assessment = self.judge_now(&call)?;
        Ok(Compensation { call, assessment, until: self.clock.now().plus_secs(for_secs) })
    }

    /// Proposes the action that takes another one back, or finds the one that is under way.
    pub(crate) async fn undo(
        &self,
        id: ActionId,
        digest: Option<Digest>,
        (by, proof, reason): (Option<Voter>, Option<ProofUse>, String),
    ) -> Result<Applied, Failure> {
        for _ in 0..limits::RETRIES {
            let undoing = self.undoing(id)?;
            let undoing = undoing.ok_or_else(|| {
                Failure::new(Code::WrongState, "Its executor registered nothing to take it back.")
            })?;
            if digest.is_some_and(|seen| seen != undoing.digest) {
                let detail = "The call that takes it back is not the one that was seen.";
                return Err(Failure::new(Code::Stale, detail));
            }
            if let Some(why) = undoing.why_not(self) {
                return Err(Failure::new(Code::WrongState, why));
            }
            if undoing.is_under_way()
                && let Some(aggregate) = undoing.attempt
            {
                return Ok(Applied { aggregate, answer: Answer::Wait });
            }
            let agent = self.db.principal(WORKSPACE, undoing.action.agent)?;
            let agent = agent.ok_or_else(Failure::not_found)?;
            let undoes = Undoes { action: id, by_person: by.is_some() };
            let takes = TakesBack { undoes, by: by.clone(), proof: proof.clone() };
            match self.propose_undo(&agent, &undoing, (takes, &reason)).await {
                Err(Rejected::Conflict) => tokio::task::yield_now().await,
                Err(Rejected::Failed(failure)) => return Err(failure),
                Ok(applied) => return Ok(applied),
            }
        }
        Err(Failure::from(StoreError::Conflict))
    }

    async fn propose_undo(
        &self,
        agent: &Principal,
        undoing: &Undoing,
        (takes, reason): (TakesBack, &str),
    ) -> Result<Applied, Rejected> {
        let id = takes.undoes.action;
        let call = undoing.compensation.call.clone();
        let arguments = Json::parse(call.arguments.raw().as_bytes()).map_err(Failure::from)?;
        let judged = self.judge(&call, &arguments, None);
        let proposal = Proposal {
            run: RUN.to_owned(),
            call_id: Some(holdshort_core::resume::call_id(&format!("undo {id}"), undoing.attempts)),
            call,
            arguments,
            words: Words { reason: Untrusted::new(reason), ..Words::default() },
            declared: None,
            expires_at: Some(undoing.compensation.until),
            cost: None,
            claim: None,
            undo: Some(takes),
        };
        let known = self.db.run_named(WORKSPACE, agent.id, RUN).map_err(Failure::from)?;
        let run = match known {
            Some((run, _)) => (run, false),
            None => (self.new_run(agent, RUN)?, true),
        };
        let key = attempt_key(id, undoing.attempts);
        self.propose_new(agent, &proposal, &judged, (run, key)).await
    }
}

/// What an attempt to take an action back is recognised by. No proposal of an agent has it.
fn attempt_key(id: ActionId, number: u32) -> Digest {
    Digest::of("holdshort-undo", &[id.as_bytes(), &number.to_be_bytes()])
}
