//! What can be taken back, and taking it back.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Problem};
use holdshort_core::{Timestamp, notice};
use holdshort_store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Page, limit, query, status};
use crate::auth::{Caller, Decided, PROPOSE, READ};
use crate::engine::{Undoing, WORKSPACE};
use crate::parse::{self, Strict};
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, undo)).routes(routes!(propose))
}

/// What can be taken back, newest first.
#[utoipa::path(
    get, path = "/v1/undo", tag = "undo", security(("token" = []), ("session" = [])),
    params(Page),
    responses(
        (status = 200, body = api::UndoPage, description = "What can be taken back"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(
    caller: Caller,
    State(app): State<App>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<api::UndoPage>, Failure> {
    caller.must(READ)?;
    let page = query(page)?;
    let limit = limit(page.limit)?;
    let cursor = page.cursor.as_deref().map(str::parse).transpose();
    let before = cursor.map_err(|_| super::bad_cursor())?;
    let now = app.engine.clock.now();
    let ids = app.engine.db.undoable(WORKSPACE, before, (now, limit))?;
    let full = ids.len() == limit as usize;
    let next_cursor = ids.last().filter(|_| full).map(ToString::to_string);
    let mut items = Vec::new();
    for id in ids {
        if let Some(undoing) = app.engine.undoing(id)? {
            items.push(shown(&app, &undoing));
        }
    }
    Ok(Json(api::UndoPage { items, next_cursor }))
}

/// What taking an action back would do.
#[utoipa::path(
    get, path = "/v1/actions/{id}/undo", tag = "undo",
    security(("token" = []), ("session" = [])), params(("id" = String, Path)),
    responses(
        (status = 200, body = api::Undoable, description = "What it would do"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn show(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<api::Undoable>, Failure> {
    let undoing = app.engine.undoing(parse::id(&id)?)?;
    let undoing = undoing.filter(|undoing| caller.sees(undoing.action.agent));
    let undoing = undoing.ok_or_else(|| {
        Failure::not_found().hint("Its executor registered nothing to take it back.")
    })?;
    Ok(Json(shown(&app, &undoing)))
}

/// Have an action taken back: by an action of its own, which goes through the gate and is run by
/// the executor that ran the first one. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/actions/{id}/undo", tag = "undo",
    security(("token" = []), ("session" = [])), params(("id" = String, Path)),
    request_body = api::TakeBack,
    responses(
        (status = 201, body = api::ActionStatus, description = "The action that takes it back"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn undo(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::TakeBack>,
) -> Result<(StatusCode, Json<api::ActionStatus>), Failure> {
    let reason = body.value.reason.unwrap_or_default();
    parse::text("reason", &reason, 4000)?;
    let seen = parse::binding(&body.value.digest)?;
    let by = (Some(body.voter), body.once, reason);
    let applied = app.engine.undo(parse::id(&id)?, Some(seen), by).await?;
    Ok((StatusCode::CREATED, Json(status(&app, &applied.aggregate)?)))
}

/// Propose to take an action of one's own back: a person is asked, whatever policy allows.
#[utoipa::path(
    post, path = "/v1/actions/{id}/propose-undo", tag = "undo", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::Because,
    responses(
        (status = 201, body = api::ActionStatus, description = "The action that takes it back"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn propose(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::Because>,
) -> Result<(StatusCode, Json<api::ActionStatus>), Failure> {
    caller.must(PROPOSE)?;
    let reason = body.value.reason.unwrap_or_default();
    parse::text("reason", &reason, 4000)?;
    let id = parse::id(&id)?;
    super::actions::owned(&app, caller.principal.id, id)?;
    let applied = app.engine.undo(id, None, (None, None, reason)).await?;
    Ok((StatusCode::CREATED, Json(status(&app, &applied.aggregate)?)))
}

fn shown(app: &App, undoing: &Undoing) -> api::Undoable {
    let Undoing { done, action, payload, compensation, digest, attempt, .. } = undoing;
    let (undo, exact) = notice::call(&compensation.call, &compensation.assessment);
    let attempt = attempt.as_ref().and_then(|attempt| attempt.action.as_ref());
    api::Undoable {
        action: action.id.to_string(),
        sentence: notice::sentence(payload).to_plain(),
        agent: action.agent_name.clone(),
        run: done.run.id.to_string(),
        undo: undo.to_plain(),
        risk: wire::level(compensation.assessment.level),
        exact: wire::exact(&exact),
        digest: digest.to_string(),
        why_not: undoing.why_not(&app.engine),
        undone_by: attempt.map(|(action, _)| action.id.to_string()),
        undone: attempt.map(|(action, _)| wire::action_state(&action.state)),
        at: action.updated_at.as_micros(),
        until_at: action.undo_until.map_or(0, Timestamp::as_micros),
    }
}
