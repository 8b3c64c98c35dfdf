//! Groups of people.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Problem};
use holdshort_core::PrincipalId;
use holdshort_store::{Change, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, READ, Signed, SignedBare};
use crate::engine::WORKSPACE;
use crate::parse;
use crate::problem::Failure;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(add)).routes(routes!(remove))
}

/// The groups of the workspace.
#[utoipa::path(
    get, path = "/v1/groups", tag = "groups", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = Vec<api::Group>, description = "The groups"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(caller: Caller, State(app): State<App>) -> Result<Json<Vec<api::Group>>, Failure> {
    caller.must(READ)?;
    let mut groups = Vec::new();
    for group in app.engine.db.groups(WORKSPACE)? {
        let names = group.members.iter().map(|id| super::name_of(&app, *id));
        let members = names.collect::<Result<_, _>>()?;
        groups.push(api::Group { name: group.name, members });
    }
    Ok(Json(groups))
}

/// Make a group. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/groups", tag = "groups", security(("session" = [])),
    request_body = api::CreateGroup,
    responses(
        (status = 201, body = api::Group, description = "Made"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn create(
    State(app): State<App>,
    body: Signed<api::CreateGroup>,
) -> Result<(StatusCode, Json<api::Group>), Failure> {
    let name = parse::name("name", &body.value.name)?;
    let changes = vec![Change::AddGroup(name.clone())];
    app.change(body.proven, changes).await?;
    Ok((StatusCode::CREATED, Json(api::Group { name, members: Vec::new() })))
}

fn person(app: &App, name: &str) -> Result<PrincipalId, Failure> {
    let people = super::people::people(app)?;
    let person = people.into_iter().find(|person| person.name == name);
    person.map(|person| person.id).ok_or_else(Failure::not_found)
}

/// Add a member. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/groups/{name}/members", tag = "groups", security(("session" = [])),
    params(("name" = String, Path)), request_body = api::Member,
    responses(
        (status = 204, description = "Added"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn add(
    State(app): State<App>,
    Path(group): Path<String>,
    body: Signed<api::Member>,
) -> Result<StatusCode, Failure> {
    let member = person(&app, &body.value.person)?;
    let changes = vec![Change::AddMember(group, member)];
    app.change(body.proven, changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a member: what they approved and was not used yet no longer counts, where deciding is
/// kept to this group. Needs a person's proof.
#[utoipa::path(
    delete, path = "/v1/groups/{name}/members/{person}", tag = "groups",
    security(("session" = [])), params(("name" = String, Path), ("person" = String, Path)),
    responses(
        (status = 204, description = "Removed"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn remove(
    State(app): State<App>,
    Path((group, name)): Path<(String, String)>,
    body: SignedBare,
) -> Result<StatusCode, Failure> {
    let member = person(&app, &name)?;
    let changes = vec![Change::RemoveMember(group, member)];
    app.change(body.proven, changes).await?;
    Ok(StatusCode::NO_CONTENT)
}
