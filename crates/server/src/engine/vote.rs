//! A vote: what it is on, the changed call if any, and the executor that waits for it.

use holdshort_core::{
    Cast, Command, Decision, Digest, Fact, Json, Judged, Payload, Reply, RequestId, Untrusted,
    Voter, notice,
};
use holdshort_store::{ProofUse, Store};

use super::{Applied, Engine, WORKSPACE};
use crate::parse;
use crate::probes::Seen;
use crate::problem::Failure;
use holdshort_api::Code;

/// A parsed vote with its verified voter.
#[derive(Debug)]
pub(crate) struct Ballot {
    pub(crate) voter: Voter,
    pub(crate) decision: Decision,
    pub(crate) binding: Digest,
    pub(crate) version: u64,
    pub(crate) reason: Untrusted,
    pub(crate) confirm: Option<String>,
    pub(crate) reply: Option<Reply>,
    pub(crate) arguments: Option<Json>,
    pub(crate) proof: Option<ProofUse>,
}

impl Engine {
    pub(crate) async fn vote(
        &self,
        request: RequestId,
        ballot: Ballot,
    ) -> Result<Applied, Failure> {
        let action = self.action_of(request)?;
        let changed = match (&ballot.decision, &ballot.arguments) {
            (Decision::Modify, Some(arguments)) => {
                let aggregate =
                    self.db.aggregate(WORKSPACE, action)?.ok_or_else(Failure::not_found)?;
                let (_, payload) = aggregate.action.ok_or_else(Failure::not_found)?;
                Some(self.changed(&payload, arguments).await?)
            }
            _ => None,
        };
        let cast = Cast {
            voter: ballot.voter,
            decision: ballot.decision,
            request,
            binding: ballot.binding,
            version: ballot.version,
            reason: ballot.reason,
            confirm: ballot.confirm,
            changed,
            reply: ballot.reply,
            waiting: self.waiters.claimer(action),
        };
        self.apply(action, Command::Decide(Box::new(cast)), ballot.proof).await
    }

    /// The changed call: secrets put back, checked against the tool's schema, judged anew, and
    /// its facts read.
    async fn changed(
        &self,
        payload: &Payload,
        edited: &Json,
    ) -> Result<(Judged, Vec<Fact>), Failure> {
        let held = Json::parse(payload.effective_arguments().raw().as_bytes())?;
        let mask = notice::Mask::of(&held, &payload.assessment.secrets);
        let arguments = notice::restore(edited, &mask);
        let text = arguments.to_text();
        if text.len() > holdshort_core::limits::ARGUMENTS_BYTES {
            return Err(Failure::new(Code::TooLarge, "The changed arguments are too large."));
        }
        parse::check_schema(payload.call.definition.raw(), &text)?;
        let call = payload.effective_call().with_arguments(Untrusted::new(text));
        let judged = self.judge(&call, &arguments, None);
        let seen = Seen { call: &call, arguments: &arguments, assessment: &judged.assessment };
        let facts = self.read_from_here(seen).await;
        Ok((judged, facts))
    }
}
