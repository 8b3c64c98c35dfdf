//! Runs.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Problem};
use holdshort_core::{RunCommand, RunId};
use holdshort_store::{RunRow, Store, StoreError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Page, bad_cursor, limit, query};
use crate::auth::{Caller, PROPOSE, READ};
use crate::engine::WORKSPACE;
use crate::limits;
use crate::parse::{self, Strict};
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, start)).routes(routes!(show)).routes(routes!(finish))
}

/// Start a run, or describe one that exists. The same name is the same run.
#[utoipa::path(
    post, path = "/v1/runs", tag = "runs", security(("token" = [])), request_body = api::StartRun,
    responses(
        (status = 200, body = api::Run, description = "Known already"),
        (status = 201, body = api::Run, description = "New"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn start(
    caller: Caller,
    State(app): State<App>,
    body: Strict<api::StartRun>,
) -> Result<(StatusCode, Json<api::Run>), Failure> {
    caller.must(PROPOSE)?;
    let goal = body.value.goal.unwrap_or_default();
    parse::text("goal", &goal, 2000)?;
    parse::text("run", &body.value.run, 200)?;
    if body.value.run.is_empty() {
        return Err(Failure::new(api::Code::InvalidField, "`run` must not be empty."));
    }
    for _ in 0..limits::RETRIES {
        let known = app.engine.db.run_named(WORKSPACE, caller.principal.id, &body.value.run)?;
        let (run, status) = match known {
            Some((run, known_goal)) if goal.is_empty() || goal == known_goal => {
                return Ok((StatusCode::OK, Json(full(&app, run.id)?)));
            }
            Some((run, _)) => (run, StatusCode::OK),
            None => (app.engine.new_run(&caller.principal, &body.value.run)?, StatusCode::CREATED),
        };
        let id = run.id;
        match app.engine.db.put_run(WORKSPACE, run, goal.clone()).await {
            // Another one of this name got there first.
            Err(StoreError::Conflict) => {}
            other => {
                other?;
                return Ok((status, Json(full(&app, id)?)));
            }
        }
    }
    Err(Failure::from(StoreError::Conflict))
}

pub(super) fn full(app: &App, id: RunId) -> Result<api::Run, Failure> {
    let row = app.engine.db.run(WORKSPACE, id)?.ok_or_else(Failure::not_found)?;
    show_row(app, &row)
}

fn show_row(app: &App, row: &RunRow) -> Result<api::Run, Failure> {
    let actions = app.engine.db.actions_of(WORKSPACE, row.run.id, limits::RUN_ACTIONS)?;
    let says = super::run_says(app, &row.run)?;
    Ok(wire::run(row, &super::name_of(app, row.run.agent)?, says, &actions))
}

/// Runs, newest first. An agent sees its own.
#[utoipa::path(
    get, path = "/v1/runs", tag = "runs", security(("token" = []), ("session" = [])), params(Page),
    responses(
        (status = 200, body = api::RunPage, description = "A page"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(
    caller: Caller,
    State(app): State<App>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<api::RunPage>, Failure> {
    caller.must(READ)?;
    let page = query(page)?;
    let limit = limit(page.limit)?;
    let before = page.cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| bad_cursor())?;
    let rows = app.engine.db.runs(WORKSPACE, before, limit)?;
    let full = rows.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = rows.last().filter(|_| full).map(|row| row.run.id.to_string());
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let says = super::run_says(&app, &row.run)?;
        items.push(wire::run(row, &super::name_of(&app, row.run.agent)?, says, &[]));
    }
    Ok(Json(api::RunPage { items, next_cursor }))
}

/// A run with its actions.
#[utoipa::path(
    get, path = "/v1/runs/{id}", tag = "runs", security(("token" = []), ("session" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = api::Run, description = "The run"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn show(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<api::Run>, Failure> {
    let row = app.engine.db.run(WORKSPACE, parse::id(&id)?)?;
    let row = row.filter(|row| caller.sees(row.run.agent)).ok_or_else(Failure::not_found)?;
    Ok(Json(show_row(&app, &row)?))
}

/// End a run. What waits for a person still waits.
#[utoipa::path(
    post, path = "/v1/runs/{id}/finish", tag = "runs", security(("token" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = api::Run, description = "Ended"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn finish(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<api::Run>, Failure> {
    caller.must(PROPOSE)?;
    let id: RunId = parse::id(&id)?;
    app.engine.apply_to_run(id, RunCommand::Finish(caller.principal.id), None).await?;
    Ok(Json(full(&app, id)?))
}
