//! Waking agents: one attempt at a time, each written down.

use holdshort_core::{PaperKind, RunCommand, RunId};
use holdshort_store::Store;

use super::{Engine, WORKSPACE};
use crate::limits;
use crate::problem::Failure;
use crate::wake::{Call, How};
use holdshort_api::Code;

impl Engine {
    /// Wakes the agent of a run, if somebody wants that. `number` is the same for every attempt.
    ///
    /// # Errors
    /// When it failed and is tried again.
    pub(crate) async fn wake_agent(
        &self,
        run: RunId,
        (number, attempts): (i64, u32),
    ) -> Result<(), Failure> {
        let row = self.db.run(WORKSPACE, run)?;
        let Some(row) = row.filter(|row| row.run.wake.is_some()) else { return Ok(()) };
        let paper = self.db.paper(WORKSPACE, run, PaperKind::Wake)?;
        let how = paper.and_then(|paper| serde_json::from_str::<How>(paper.body.raw()).ok());
        let Some(how) = how else { return Ok(()) };
        let call = Call {
            id: format!("{run}_{number}"),
            run: run.to_string(),
            name: row.run.name.clone(),
            now: self.clock.now(),
        };
        let woken = how.wake(call).await;
        self.apply_to_run(run, RunCommand::Woken(woken.clone()), None).await?;
        match woken {
            Err(because) if attempts < limits::WAKE_TRIES => Err(Failure::new(
                Code::Internal,
                format!("the agent of {run} was not woken and is tried again: {because}"),
            )),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
