//! Facts: read by Holdshort when a request is made, and again before release.

use holdshort_core::{
    ActionId, Aggregate, Basis, Command, Fact, Json, PrincipalId, RequestId, State,
};
use holdshort_store::Store;

use super::{Engine, WORKSPACE};
use crate::problem::Failure;

impl Engine {
    /// The facts as they are now, where an approval rests on facts.
    pub(super) async fn facts_for_release(
        &self,
        read: &Aggregate,
        agent: PrincipalId,
    ) -> Result<Option<Vec<Fact>>, Failure> {
        let Some((action, payload)) = &read.action else { return Ok(None) };
        let by_people = match &action.state {
            State::Approved(clearance) => matches!(clearance.basis(), Basis::People { .. }),
            State::Pending { .. }
            | State::Executing(_)
            | State::Completed { .. }
            | State::Denied { .. }
            | State::Answered { .. }
            | State::Cancelled { .. } => false,
        };
        if action.agent != agent || !action.probed || !by_people {
            return Ok(None);
        }
        let arguments = Json::parse(payload.effective_arguments().raw().as_bytes())?;
        let tool = payload.call.tool.raw();
        Ok(Some(self.probes.read(tool, &arguments, self.clock.now()).await))
    }

    /// Reads the facts of a request and writes them down.
    pub(crate) async fn collect_facts(
        &self,
        action: ActionId,
        request: RequestId,
    ) -> Result<(), Failure> {
        let aggregate = self.db.aggregate(WORKSPACE, action)?.ok_or_else(Failure::not_found)?;
        let Some((_, payload)) = aggregate.action else {
            return Ok(());
        };
        let arguments = Json::parse(payload.effective_arguments().raw().as_bytes())?;
        let tool = payload.call.tool.raw();
        let facts = self.probes.read(tool, &arguments, self.clock.now()).await;
        self.apply(action, Command::FactsArrived { request, facts }, None).await?;
        Ok(())
    }
}
