//! Runs: what an agent keeps with them, what it asks, how it goes on.

use std::collections::BTreeMap;

use holdshort_api as api;
use reqwest::Method;
use serde::Serialize;
use serde_json::value::to_raw_value;

use super::{Client, Wait};
use crate::error::Error;

impl Client {
    /// Starts or describes a run.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn start_run(&self, body: &api::StartRun) -> Result<api::Run, Error> {
        self.post("/v1/runs", body, Wait::No).await
    }

    /// Ends a run.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn finish_run(&self, id: &str) -> Result<api::Run, Error> {
        self.post(&format!("/v1/runs/{id}/finish"), &(), Wait::No).await
    }

    /// Asks people: a milestone, a question, or that the agent is stuck.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn ask(&self, run: &str, body: &api::AskPeople) -> Result<api::ActionStatus, Error> {
        self.post(&format!("/v1/runs/{run}/questions"), body, Wait::No).await
    }

    /// Says what the model of a run cost.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn usage(&self, run: &str, cost: &str) -> Result<api::Run, Error> {
        let body = api::Usage { cost: cost.to_owned() };
        self.post(&format!("/v1/runs/{run}/usage"), &body, Wait::No).await
    }

    /// A run.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn run(&self, id: &str) -> Result<api::Run, Error> {
        self.get(&format!("/v1/runs/{id}"), Wait::No).await
    }

    /// Keeps the plan of a run; it takes the place of the last one.
    ///
    /// # Errors
    /// When the gate refuses it (a cycle, a step twice, a need that is no step), or cannot be
    /// reached.
    pub async fn keep_plan(&self, run: &str, plan: &api::KeepPlan) -> Result<api::Kept, Error> {
        self.put_or_post(Method::PUT, &format!("/v1/runs/{run}/plan"), (plan, Wait::No)).await
    }

    /// Keeps a state of the agent's own with a run. `replaces` is the version it takes the place
    /// of, 0 for none; without it, of whatever is there.
    ///
    /// # Errors
    /// When another version is kept, the state is too large, or the gate cannot be reached.
    pub async fn keep_state(
        &self,
        run: &str,
        state: &(impl Serialize + ?Sized),
        replaces: Option<u64>,
    ) -> Result<api::Kept, Error> {
        let body = api::KeepState { state: to_raw_value(state)?, replaces };
        self.put_or_post(Method::PUT, &format!("/v1/runs/{run}/state"), (&body, Wait::No)).await
    }

    /// What can be taken back, newest first.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn undoables(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<api::UndoPage, Error> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        self.get(&format!("/v1/undo?limit={limit}{cursor}"), Wait::No).await
    }

    /// What taking an action back would do.
    ///
    /// # Errors
    /// When nothing would take it back, or the gate cannot be reached.
    pub async fn undoable(&self, action: &str) -> Result<api::Undoable, Error> {
        self.get(&format!("/v1/actions/{action}/undo"), Wait::No).await
    }

    /// Proposes to take an action of this agent back: a person is asked.
    ///
    /// # Errors
    /// When nothing would take it back, or the gate cannot be reached.
    pub async fn propose_undo(
        &self,
        action: &str,
        reason: Option<&str>,
    ) -> Result<api::ActionStatus, Error> {
        let body = api::Because { reason: reason.map(str::to_owned) };
        self.post(&format!("/v1/actions/{action}/propose-undo"), &body, Wait::No).await
    }

    /// How a run goes on.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn resume(&self, run: &str) -> Result<api::Resume, Error> {
        self.get(&format!("/v1/runs/{run}/resume"), Wait::No).await
    }

    /// Comes back to a run, with digests of the files it watches when they were read.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn go_on(
        &self,
        run: &str,
        watched: Option<BTreeMap<String, String>>,
    ) -> Result<api::Resume, Error> {
        let body = api::GoOn { watched };
        self.post(&format!("/v1/runs/{run}/go-on"), &body, Wait::No).await
    }
}
