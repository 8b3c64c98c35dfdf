//! Tokens of agents.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Problem};
use holdshort_store::{Change, PrincipalKind, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{self, Caller, PROPOSE, READ, Signed, SignedBare};
use crate::engine::WORKSPACE;
use crate::parse;
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// The tokens of the workspace, without their secrets.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = Vec<api::Token>, description = "The tokens"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(caller: Caller, State(app): State<App>) -> Result<Json<Vec<api::Token>>, Failure> {
    caller.must(READ)?;
    let mut shown = Vec::new();
    for token in app.engine.db.tokens(WORKSPACE)? {
        if let Some(owner) = app.engine.db.principal(WORKSPACE, token.principal)? {
            shown.push(wire::token(&token, &owner));
        }
    }
    Ok(Json(shown))
}

/// Make a token for an agent of the caller's. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "tokens", security(("session" = [])),
    request_body = api::CreateToken,
    responses(
        (status = 201, body = api::CreatedToken, description = "Made; the secret is shown once"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn create(
    State(app): State<App>,
    body: Signed<api::CreateToken>,
) -> Result<(StatusCode, Json<api::CreatedToken>), Failure> {
    let name = parse::name("agent", &body.value.agent)?;
    let now = app.engine.clock.now();
    let owner = Some(body.proven.person.id);
    let known = app
        .engine
        .db
        .principals(WORKSPACE)?
        .into_iter()
        .find(|principal| principal.kind == PrincipalKind::Agent && principal.name == name);
    let mut changes = Vec::new();
    let agent = match known {
        Some(agent) => agent,
        None => {
            let agent = super::people::new_principal(PrincipalKind::Agent, name, owner, now)?;
            changes.push(Change::AddPrincipal(agent.clone()));
            agent
        }
    };
    let secret = auth::new_secret()?;
    let token = auth::token(&secret, agent.id, PROPOSE, now);
    changes.push(Change::AddToken(token.clone()));
    app.change(body.proven, changes).await?;
    let token = wire::token(&token, &agent);
    let secret = secret.as_str().to_owned();
    Ok((StatusCode::CREATED, Json(api::CreatedToken { token, secret })))
}

/// Revoke a token. Needs a person's proof.
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", tag = "tokens", security(("session" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Revoked"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn revoke(
    State(app): State<App>,
    Path(id): Path<String>,
    body: SignedBare,
) -> Result<StatusCode, Failure> {
    let now = app.engine.clock.now();
    let changes = vec![Change::RevokeToken(id, now)];
    app.change(body.proven, changes).await?;
    Ok(StatusCode::NO_CONTENT)
}
