//! Facts that only the agent's machine can see.

use axum::Json;
use axum::extract::{Path, State};
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::Look;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actions::owned;
use super::status;
use crate::auth::{Caller, PROPOSE};
use crate::parse::{self, Strict};
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(bring))
}

/// Looks, as the agent is asked to take them.
pub(super) fn looks(looks: Vec<(String, Look)>) -> Result<Vec<api::Look>, Failure> {
    let look = |(probe, look): (String, Look)| {
        let text = serde_json::to_string(&look)
            .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        Ok(api::Look { probe, look: wire::raw(&text)? })
    };
    looks.into_iter().map(look).collect()
}

/// Bring what was read on this machine for the request of an action. People see that it was read
/// there.
#[utoipa::path(
    post, path = "/v1/actions/{id}/facts", tag = "actions", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::BringFacts,
    responses(
        (status = 200, body = api::ActionStatus, description = "Written down"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn bring(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::BringFacts>,
) -> Result<Json<api::ActionStatus>, Failure> {
    caller.must(PROPOSE)?;
    let request = parse::id(&body.value.request)?;
    let brought = parse::answers(&body.value.answers)?;
    let read = owned(&app, caller.principal.id, parse::id(&id)?)?;
    let applied = app.engine.bring_facts(&read, request, &brought).await?;
    status(&app, &applied.aggregate).map(Json)
}
