//! How a run goes on, and what its agent keeps with it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::resume::{PlanStep, StepState, check_plan};
use holdshort_core::{PaperKind, RunCommand, RunId, Untrusted};
use holdshort_store::{RunRow, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, PROPOSE};
use crate::engine::{Going, WORKSPACE};
use crate::limits;
use crate::parse::{self, Large, Strict};
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(go_on))
        .routes(routes!(keep_plan))
        .routes(routes!(keep_state))
}

/// How a run goes on: where each step stands, what was decided and why, what to go on with.
#[utoipa::path(
    get, path = "/v1/runs/{id}/resume", tag = "runs",
    security(("token" = []), ("session" = [])), params(("id" = String, Path)),
    responses(
        (status = 200, body = api::Resume, description = "How to go on"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn show(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<api::Resume>, Failure> {
    let row = app.engine.db.run(WORKSPACE, parse::id(&id)?)?;
    let row = row.filter(|row| caller.sees(row.run.agent)).ok_or_else(Failure::not_found)?;
    resume(&app, &row, None).await.map(Json)
}

/// Come back to a run. After a long pause `refresh` asks for the watched files first.
#[utoipa::path(
    post, path = "/v1/runs/{id}/go-on", tag = "runs", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::GoOn,
    responses(
        (status = 200, body = api::Resume, description = "How to go on"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn go_on(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::GoOn>,
) -> Result<Json<api::Resume>, Failure> {
    caller.must(PROPOSE)?;
    let row = owned(&app, &caller, &id)?;
    let watched = body.value.watched.as_ref();
    check_watched(watched)?;
    let resumed = resume(&app, &row, watched).await?;
    let kept = watched.map(serde_json::to_string).transpose();
    let kept = kept.map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    // A long pause is over once what is watched was read.
    if !resumed.refresh {
        let command = RunCommand::GoOn(caller.principal.id, kept.map(Untrusted::new));
        app.engine.apply_to_run(row.run.id, command, None).await?;
    }
    Ok(Json(resumed))
}

fn check_watched(watched: Option<&BTreeMap<String, String>>) -> Result<(), Failure> {
    let Some(watched) = watched else { return Ok(()) };
    if watched.len() > limits::WATCHED {
        let detail = format!("A run watches at most {} files.", limits::WATCHED);
        return Err(Failure::new(Code::InvalidField, detail));
    }
    for (path, digest) in watched {
        parse::text("watched", path, 4096)?;
        parse::text("watched", digest, 200)?;
    }
    Ok(())
}

fn owned(app: &App, caller: &Caller, id: &str) -> Result<RunRow, Failure> {
    let row = app.engine.db.run(WORKSPACE, parse::id(id)?)?;
    row.filter(|row| row.run.agent == caller.principal.id).ok_or_else(Failure::not_found)
}

async fn resume(
    app: &App,
    row: &RunRow,
    watched: Option<&BTreeMap<String, String>>,
) -> Result<api::Resume, Failure> {
    let says = super::run_says(app, &row.run)?;
    let going = app.engine.resume(row, &says, watched).await?;
    let long = going.paused_secs > i64::from(app.engine.policy.policy().refresh_after_secs());
    let refresh = long && !going.watched.is_empty() && watched.is_none();
    let blocked_by = going.blocked_by();
    let Going { plan, plan_version, steps, decided, changes, watched, paused_secs, kept, text } =
        going;
    let next =
        steps.iter().filter(|(_, state, _)| matches!(state, StepState::Ready | StepState::Cleared));
    let kept = match kept {
        Some(paper) => {
            Some(api::State { version: paper.version, state: wire::raw(paper.body.raw())? })
        }
        None => None,
    };
    Ok(api::Resume {
        run: row.run.id.to_string(),
        name: row.run.name.clone(),
        goal: (!row.goal.is_empty()).then(|| row.goal.clone()),
        state: wire::run_state(row),
        held: says.held,
        paused_s: paused_secs,
        text,
        next: next.map(|(id, ..)| id.clone()).collect(),
        steps: steps.into_iter().map(step).collect(),
        decided,
        changes,
        refresh,
        watched,
        blocked_by,
        plan_version,
        plan: if plan_version == 0 { Vec::new() } else { plan.into_iter().map(shown).collect() },
        kept,
    })
}

fn step((id, state, last): (String, StepState, Option<crate::engine::Last>)) -> api::ResumeStep {
    api::ResumeStep {
        action: last.as_ref().map(|last| last.action.to_string()),
        call_id: last.and_then(|last| last.next_call_id(&id)),
        state: match state {
            StepState::Ready => api::StepState::Ready,
            StepState::Waiting => api::StepState::Waiting,
            StepState::Cleared => api::StepState::Cleared,
            StepState::Running => api::StepState::Running,
            StepState::InDoubt => api::StepState::InDoubt,
            StepState::Done => api::StepState::Done,
            StepState::Failed => api::StepState::Failed,
            StepState::Skipped => api::StepState::Skipped,
            StepState::Blocked => api::StepState::Blocked,
            StepState::Later => api::StepState::Later,
        },
        id,
    }
}

fn shown(step: PlanStep) -> api::PlanStep {
    let PlanStep { id, tool, title, needs, phase } = step;
    api::PlanStep { id, tool, title, needs, phase }
}

/// Keep the plan of a run. A new plan takes the place of the last one; what was done stays done.
#[utoipa::path(
    put, path = "/v1/runs/{id}/plan", tag = "runs", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::KeepPlan,
    responses(
        (status = 200, body = api::Kept, description = "Kept"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn keep_plan(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Large<api::KeepPlan>,
) -> Result<Json<api::Kept>, Failure> {
    caller.must(PROPOSE)?;
    let row = owned(&app, &caller, &id)?;
    let steps: Vec<PlanStep> = body.0.steps.into_iter().map(known).collect();
    for step in &steps {
        parse::text("tool", &step.tool, 256)?;
        parse::text("title", &step.title, 500)?;
        parse::text("phase", &step.phase, 100)?;
    }
    check_plan(&steps).map_err(|error| Failure::new(Code::InvalidField, format!("{error}.")))?;
    let text = serde_json::to_string(&steps);
    let text = text.map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    keep(&app, (row.run.id, &caller), (PaperKind::Plan, body.0.replaces), text).await
}

fn known(step: api::PlanStep) -> PlanStep {
    let api::PlanStep { id, tool, title, needs, phase } = step;
    PlanStep { id, tool, title, needs, phase }
}

/// Keep a state with a run, in a form of the agent's own.
#[utoipa::path(
    put, path = "/v1/runs/{id}/state", tag = "runs", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::KeepState,
    responses(
        (status = 200, body = api::Kept, description = "Kept"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn keep_state(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Large<api::KeepState>,
) -> Result<Json<api::Kept>, Failure> {
    caller.must(PROPOSE)?;
    let row = owned(&app, &caller, &id)?;
    let text = body.0.state.get().to_owned();
    if text.len() > limits::STATE_BYTES {
        let (is, most) = (text.len(), limits::STATE_BYTES);
        let detail = format!("The state has {is} bytes; at most {most} are kept.");
        return Err(Failure::new(Code::TooLarge, detail));
    }
    keep(&app, (row.run.id, &caller), (PaperKind::State, body.0.replaces), text).await
}

async fn keep(
    app: &App,
    (run, caller): (RunId, &Caller),
    (kind, replaces): (PaperKind, Option<u64>),
    text: String,
) -> Result<Json<api::Kept>, Failure> {
    let command = RunCommand::Keep(caller.principal.id, kind, replaces, Untrusted::new(text));
    let applied = app.engine.apply_to_run(run, command, None).await.map_err(|failure| {
        if failure.code() != Code::Stale {
            return failure;
        }
        let detail = "Another version is kept than the one this takes the place of.";
        Failure::new(Code::Stale, detail).hint("Read `resume`, and keep it with its number.")
    })?;
    let version = applied.aggregate.run.papers.get(&kind).copied().unwrap_or_default();
    Ok(Json(api::Kept { version }))
}
