//! A proposal: recognise a repeat, assess, decide, commit.

use holdshort_core::{
    Aggregate, Amount, Call, ClaimIntent, Command, Digest, Json, Judged, Propose, Run, RunId,
    Timestamp, Untrusted, Words, decide,
};
use holdshort_store::{Principal, Store, StoreError};

use super::{Applied, Engine, Presented, WORKSPACE, With};
use crate::clock;
use crate::limits;
use crate::probes::{self, Seen};
use crate::problem::Failure;
use holdshort_api::Code;

/// A parsed proposal.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) run: String,
    pub(crate) call_id: Option<String>,
    pub(crate) call: Call,
    pub(crate) arguments: Json,
    pub(crate) words: Words,
    pub(crate) declared: Option<holdshort_core::RiskLevel>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) cost: Option<Amount>,
    pub(crate) claim: Option<ClaimIntent>,
    pub(crate) undo: Option<super::TakesBack>,
}

/// What a proposal led to.
#[derive(Debug)]
pub(crate) struct Proposed {
    pub(crate) applied: Applied,
    pub(crate) reattached: bool,
}

impl Engine {
    pub(crate) async fn propose(
        &self,
        agent: &Principal,
        proposal: Proposal,
    ) -> Result<Proposed, Failure> {
        let digest = proposal.call.digest(WORKSPACE)?;
        let dedupe = match &proposal.call_id {
            Some(id) => Digest::of("holdshort-repeat-by-id", &[id.as_bytes()]),
            None => Digest::of("holdshort-repeat-by-call", &[digest.as_bytes()]),
        };
        let judged = self.judge(&proposal.call, &proposal.arguments, proposal.declared);
        for _ in 0..limits::RETRIES {
            let known = self.db.run_named(WORKSPACE, agent.id, &proposal.run)?;
            if let Some((run, _)) = &known {
                let repeat = self.db.find_repeat(WORKSPACE, run.id, *dedupe.as_bytes())?;
                if let Some(action) = repeat {
                    return self.reattach(action, digest, &proposal, agent).await;
                }
            }
            let run = match known {
                Some((run, _)) => (run, false),
                None => (self.new_run(agent, &proposal.run)?, true),
            };
            match self.propose_new(agent, &proposal, &judged, (run, dedupe)).await {
                Err(Rejected::Conflict) => tokio::task::yield_now().await,
                Err(Rejected::Failed(failure)) => return Err(failure),
                Ok(applied) => {
                    return Ok(Proposed { applied, reattached: false });
                }
            }
        }
        Err(Failure::from(StoreError::Conflict))
    }

    /// A run that is not stored yet.
    pub(crate) fn new_run(&self, agent: &Principal, name: &str) -> Result<Run, Failure> {
        let now = self.clock.now();
        let run = Run::new(RunId::at(now, clock::random()?), agent.id, name, now);
        Ok(Run { agent_name: agent.name.clone(), owner: agent.owner, ..run })
    }

    pub(super) async fn propose_new(
        &self,
        agent: &Principal,
        proposal: &Proposal,
        judged: &Judged,
        ((run, new_run), dedupe): ((Run, bool), Digest),
    ) -> Result<Applied, Rejected> {
        let at = self.clock.now();
        let mut aggregate = Aggregate::of_run(WORKSPACE, run);
        aggregate.today.day = at.day();
        if proposal.cost.is_some() {
            aggregate.today =
                self.db.spending(WORKSPACE, agent.id, at.day()).map_err(Failure::from)?;
        }
        aggregate.grants = self.db.grants_of(WORKSPACE, agent.id, at).map_err(Failure::from)?;
        let propose = Propose {
            agent: agent.id,
            agent_name: agent.name.clone(),
            owner: agent.owner,
            call_id: proposal.call_id.clone(),
            judged: judged.clone(),
            words: proposal.words.clone(),
            expires_at: proposal.expires_at,
            cost: proposal.cost.clone(),
            claim: proposal.claim,
            undoes: proposal.undo.as_ref().map(|undo| undo.undoes),
            by: proposal.undo.as_ref().and_then(|undo| undo.by.clone()),
        };
        let now = self.now()?;
        let context = now.context(at)?;
        let transition = decide(&aggregate, Command::Propose(Box::new(propose)), &context)
            .map_err(Failure::from)?;
        let new = Some((proposal.words.goal.raw().to_owned(), *dedupe.as_bytes()));
        let proof = proposal.undo.as_ref().and_then(|undo| undo.proof.clone());
        let with = With { proof, new, new_run };
        match self.write(aggregate, transition, with, &now).await {
            Ok(applied) => Ok(applied),
            Err(StoreError::Conflict) => Err(Rejected::Conflict),
            Err(error) => Err(Rejected::Failed(error.into())),
        }
    }

    /// The same call again: nobody is asked twice, and nothing runs twice.
    async fn reattach(
        &self,
        action: holdshort_core::ActionId,
        digest: Digest,
        proposal: &Proposal,
        agent: &Principal,
    ) -> Result<Proposed, Failure> {
        let aggregate = self.db.aggregate(WORKSPACE, action)?.ok_or_else(Failure::not_found)?;
        let same = aggregate.action.as_ref().is_some_and(|(action, _)| action.proposed == digest);
        if !same {
            return Err(Failure::new(
                Code::KeyReused,
                "This call id was used for another call in this run.",
            )
            .hint("Give every call an id of its own."));
        }
        let applied = match proposal.claim {
            Some(intent) => {
                // It proposes what it is about to run: its pins are those of now.
                let pins = proposal.call.pins.clone();
                let pins = Some(pins).filter(|pins| *pins != Untrusted::default());
                let claim = Presented { intent, arguments: None, pins, facts: Vec::new() };
                self.claim(aggregate.clone(), agent.id, claim).await
            }
            None => self.apply(action, Command::TimePassed, None).await,
        };
        match applied {
            // Claimed by somebody already: they are told where it stands, not that they failed.
            Err(failure)
                if matches!(
                    failure.code(),
                    Code::ClaimedElsewhere | Code::WrongState | Code::CallMismatch
                ) =>
            {
                let answer = holdshort_core::Answer::Wait;
                Ok(Proposed { applied: Applied { aggregate, answer }, reattached: true })
            }
            other => Ok(Proposed { applied: other?, reattached: true }),
        }
    }

    /// Assesses a call and finds the probes that cover it.
    pub(crate) fn judge(
        &self,
        call: &Call,
        arguments: &Json,
        declared: Option<holdshort_core::RiskLevel>,
    ) -> Judged {
        let assessment = assess(call, arguments, declared, (&self.rules, &self.own));
        let seen = Seen { call, arguments, assessment: &assessment };
        let probes = probes::claims(&self.policy.policy(), seen);
        Judged { call: call.clone(), assessment, probes }
    }
}

/// What a call would do.
pub(crate) fn assess(
    call: &Call,
    arguments: &Json,
    declared: Option<holdshort_core::RiskLevel>,
    (rules, own): (&holdshort_risk::Rules, &holdshort_risk::Own),
) -> holdshort_core::Assessment {
    let definition = Json::parse(call.definition.raw().as_bytes()).unwrap_or(Json::Null);
    let named = |text: &'static str| definition.get(text);
    holdshort_risk::assess(&holdshort_risk::Call {
        server: Some(call.server.raw()).filter(|server| !server.is_empty()),
        description: named("description").and_then(Json::as_str),
        input_schema: named("input_schema"),
        annotations: named("annotations"),
        declared,
        cwd: Some(call.cwd.raw()).filter(|cwd| !cwd.is_empty()),
        rules,
        own,
        ..holdshort_risk::Call::new(call.tool.raw(), arguments)
    })
}

pub(super) enum Rejected {
    /// Something was written meanwhile: to be tried again.
    Conflict,
    Failed(Failure),
}

impl From<Failure> for Rejected {
    fn from(failure: Failure) -> Self {
        Rejected::Failed(failure)
    }
}
