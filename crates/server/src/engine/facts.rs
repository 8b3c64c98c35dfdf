//! Facts: read by Holdshort when a request is made, and again before release. What only the
//! agent's machine can see is read there, and the fact says so.

use holdshort_core::{
    Action, ActionId, Aggregate, At, Basis, Call, ClaimIntent, Command, Fact, Facts, Json, Kind,
    Look, Payload, Phrase, PrincipalId, Probe, RequestId, State, Untrusted,
};
use holdshort_store::Store;

use super::{Engine, WORKSPACE};
use crate::probes::{self, Seen, Sought};
use crate::problem::Failure;

/// What an agent read for a probe.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) probe: String,
    pub(crate) found: Result<Json, Phrase>,
}

/// What an executor presents with its claim.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    pub(crate) intent: ClaimIntent,
    /// The arguments it is about to run.
    pub(crate) arguments: Option<Untrusted>,
    /// The pins as they are now, canonical.
    pub(crate) pins: Option<Untrusted>,
    /// What it read on its machine.
    pub(crate) facts: Vec<Answered>,
}

/// A call that is about to be looked at: what belongs to it, together.
struct Held {
    call: Call,
    arguments: Json,
}

impl Held {
    fn of(payload: &Payload) -> Result<Self, Failure> {
        let call = payload.effective_call();
        let arguments = Json::parse(call.arguments.raw().as_bytes())?;
        Ok(Self { call, arguments })
    }

    fn seen<'a>(&'a self, payload: &'a Payload) -> Seen<'a> {
        Seen { call: &self.call, arguments: &self.arguments, assessment: &payload.assessment }
    }
}

impl Engine {
    /// The facts as they are now, where an approval rests on facts: those read from here, and
    /// those the agent brings along.
    pub(super) async fn facts_for_release(
        &self,
        read: &Aggregate,
        agent: PrincipalId,
        brought: &[Answered],
    ) -> Result<Option<Vec<Fact>>, Failure> {
        let Some((action, payload)) = &read.action else { return Ok(None) };
        if action.agent != agent || !rests_on_facts(action) {
            return Ok(None);
        }
        let held = Held::of(payload)?;
        let mut facts = self.read_from_here(held.seen(payload)).await;
        facts.extend(self.read_by_agent(held.seen(payload), brought));
        Ok(Some(facts))
    }

    /// The probes whose looks have to be taken on the agent's machine before this is released, and
    /// are not among what it brought.
    pub(crate) fn to_bring(
        &self,
        read: &Aggregate,
        brought: &[Answered],
    ) -> Result<Vec<(String, Look)>, Failure> {
        let Some((action, payload)) = &read.action else { return Ok(Vec::new()) };
        if !rests_on_facts(action) {
            return Ok(Vec::new());
        }
        let mut looks = self.looks_of_agent(payload)?;
        looks.retain(|(probe, _)| brought.iter().all(|one| one.probe != *probe));
        Ok(looks)
    }

    /// The looks that the agent of a pending action is asked to take.
    pub(crate) fn asked_of_agent(
        &self,
        aggregate: &Aggregate,
    ) -> Result<Vec<(String, Look)>, Failure> {
        let request = aggregate.request.as_ref().filter(|request| request.state.is_open());
        let (Some((_, payload)), Some(request)) = (&aggregate.action, request) else {
            return Ok(Vec::new());
        };
        let Facts::Checking { claims, .. } = &request.facts else { return Ok(Vec::new()) };
        let mut looks = self.looks_of_agent(payload)?;
        looks.retain(|(probe, _)| claims.iter().any(|claim| claim.probe == *probe));
        Ok(looks)
    }

    fn looks_of_agent(&self, payload: &Payload) -> Result<Vec<(String, Look)>, Failure> {
        let held = Held::of(payload)?;
        let policy = self.policy.policy();
        let seen = held.seen(payload);
        let at_client = probes::covering(&policy, seen).into_iter();
        let looks = at_client.filter(|probe| probe.at() == At::Client).filter_map(|probe| {
            match probes::sought(probe, seen) {
                Some(Sought::Look(look)) => Some((probe.id().to_owned(), look)),
                Some(Sought::Known(_) | Sought::Unclear(_)) | None => None,
            }
        });
        Ok(looks.collect())
    }

    /// Facts of the probes that look from here.
    pub(super) async fn read_from_here(&self, seen: Seen<'_>) -> Vec<Fact> {
        let policy = self.policy.policy();
        let mut probes = probes::covering(&policy, seen);
        // What needs no look is known wherever it would be taken.
        probes.retain(|probe| {
            probe.at() == At::Server
                || !matches!(probes::sought(probe, seen), Some(Sought::Look(_)))
        });
        let now = self.clock.now();
        let mut facts = self.eyes.read(&policy, &probes, seen, now).await;
        for fact in &mut facts {
            self.judge_safer(fact, seen.call);
        }
        facts
    }

    fn read_by_agent(&self, seen: Seen<'_>, brought: &[Answered]) -> Vec<Fact> {
        let (policy, now) = (self.policy.policy(), self.clock.now());
        let asked: Vec<&Probe> = probes::covering(&policy, seen)
            .into_iter()
            .filter(|probe| probe.at() == At::Client)
            .collect();
        let mut facts = Vec::new();
        for one in brought {
            let Some(probe) = asked.iter().find(|probe| probe.id() == one.probe) else { continue };
            if matches!(probes::sought(probe, seen), Some(Sought::Look(_))) {
                let mut fact = probes::conclude(probe, seen, one.found.clone(), now);
                self.judge_safer(&mut fact, seen.call);
                facts.push(fact);
            }
        }
        facts
    }

    /// The level of the edit that follows from a fact.
    fn judge_safer(&self, fact: &mut Fact, call: &Call) {
        let Some(safer) = &mut fact.safer else { return };
        if let Ok(arguments) = Json::parse(safer.arguments.raw().as_bytes()) {
            let call = call.with_arguments(safer.arguments.clone());
            let judging = (&self.rules, &self.own);
            safer.becomes = super::assess(&call, &arguments, None, judging).level;
        }
    }

    /// Reads the facts of a request and writes them down.
    pub(crate) async fn collect_facts(
        &self,
        action: ActionId,
        request: RequestId,
    ) -> Result<(), Failure> {
        let aggregate = self.db.aggregate(WORKSPACE, action)?.ok_or_else(Failure::not_found)?;
        let Some((action_row, payload)) = &aggregate.action else { return Ok(()) };
        let mut facts = match action_row.kind {
            Kind::UnknownOutcome => self.verify(payload).await?,
            _ => {
                let held = Held::of(payload)?;
                self.read_from_here(held.seen(payload)).await
            }
        };
        let (policy, now) = (self.policy.policy(), self.clock.now());
        let open = aggregate.request.as_ref().filter(|open| open.id == request);
        if let Some(Facts::Checking { claims, .. }) = open.map(|open| &open.facts) {
            // What nobody can check any more is not known, and does not keep people waiting.
            let gone = claims.iter().filter(|claim| {
                facts.iter().all(|fact| fact.probe != claim.probe)
                    && !probes::is_at_client(&policy, &claim.probe)
            });
            let because = || Phrase::ours("its probe is not in the policy any more");
            let gone: Vec<Fact> =
                gone.map(|claim| claim.clone().not_known(because(), now)).collect();
            facts.extend(gone);
        }
        self.apply(action, Command::FactsArrived { request, facts }, None).await?;
        Ok(())
    }

    /// What probes say came of the action that a question is about.
    async fn verify(&self, question: &Payload) -> Result<Vec<Fact>, Failure> {
        let about = Json::parse(question.call.arguments.raw().as_bytes())?;
        let lost = about.get("action").and_then(Json::as_str).and_then(|id| id.parse().ok());
        let lost = match lost {
            Some(id) => self.db.aggregate(WORKSPACE, id)?.and_then(|lost| lost.action),
            None => None,
        };
        let Some((_, payload)) = lost else { return Ok(Vec::new()) };
        let held = Held::of(&payload)?;
        let seen = held.seen(&payload);
        let policy = self.policy.policy();
        let probes: Vec<&Probe> = policy
            .probes()
            .iter()
            .filter(|probe| probe.verifies() && probe.covers(seen.call, seen.assessment))
            .collect();
        Ok(self.eyes.read(&policy, &probes, seen, self.clock.now()).await)
    }

    /// Writes down what an agent read for the request of its action.
    pub(crate) async fn bring_facts(
        &self,
        read: &Aggregate,
        request: RequestId,
        brought: &[Answered],
    ) -> Result<super::Applied, Failure> {
        let (action, payload) = read.action.as_ref().ok_or_else(Failure::not_found)?;
        let held = Held::of(payload)?;
        let facts = self.read_by_agent(held.seen(payload), brought);
        self.apply(action.id, Command::FactsArrived { request, facts }, None).await
    }
}

/// Whether an action was let through by people who saw facts.
fn rests_on_facts(action: &Action) -> bool {
    let by_people = match &action.state {
        State::Approved(clearance) => matches!(clearance.basis(), Basis::People { .. }),
        State::Pending { .. }
        | State::Executing(_)
        | State::Completed { .. }
        | State::Denied { .. }
        | State::Answered { .. }
        | State::Cancelled { .. } => false,
    };
    by_people && action.probed
}
