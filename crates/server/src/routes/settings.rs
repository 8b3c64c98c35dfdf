//! Settings of the workspace.

use axum::Json;
use axum::extract::State;
use holdshort_api::{self as api, Problem};
use holdshort_store::{Change, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, READ, Signed};
use crate::engine::WORKSPACE;
use crate::parse;
use crate::problem::Failure;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, change))
}

pub(super) fn read(app: &App) -> Result<api::Settings, Failure> {
    let db = &app.engine.db;
    let workspace = db.setting(WORKSPACE, "workspace")?.unwrap_or_else(|| "Holdshort".to_owned());
    let mode = match db.setting(WORKSPACE, "mode")?.as_deref() {
        Some("team") => api::Mode::Team,
        _ => api::Mode::Personal,
    };
    let approvers = db.setting(WORKSPACE, "approvers")?.filter(|name| !name.is_empty());
    Ok(api::Settings { workspace, mode, approvers })
}

pub(super) fn set_mode(mode: api::Mode) -> Change {
    let name = match mode {
        api::Mode::Personal => "personal",
        api::Mode::Team => "team",
    };
    Change::Set("mode".to_owned(), name.to_owned())
}

/// The settings.
#[utoipa::path(
    get, path = "/v1/settings", tag = "settings", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = api::Settings, description = "The settings"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn show(caller: Caller, State(app): State<App>) -> Result<Json<api::Settings>, Failure> {
    caller.must(READ)?;
    read(&app).map(Json)
}

/// Change settings. Needs a person's proof.
#[utoipa::path(
    put, path = "/v1/settings", tag = "settings", security(("session" = [])),
    request_body = api::SetSettings,
    responses(
        (status = 200, body = api::Settings, description = "Changed"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn change(
    State(app): State<App>,
    body: Signed<api::SetSettings>,
) -> Result<Json<api::Settings>, Failure> {
    let mut changes = Vec::new();
    if let Some(name) = &body.value.workspace {
        changes.push(Change::Set("workspace".to_owned(), parse::name("workspace", name)?));
    }
    if let Some(mode) = body.value.mode {
        changes.push(set_mode(mode));
    }
    if let Some(group) = &body.value.approvers {
        parse::text("approvers", group, 100)?;
        changes.push(Change::Set("approvers".to_owned(), group.clone()));
    }
    app.change(body.proven, changes).await?;
    read(&app).map(Json)
}
