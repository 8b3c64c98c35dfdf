//! People, and who the caller is.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::{PrincipalId, Timestamp};
use holdshort_store::{Change, Principal, PrincipalKind, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{self, Caller, READ, Signed, SignedBare};
use crate::clock;
use crate::engine::WORKSPACE;
use crate::parse;
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(list, invite))
        .routes(routes!(disable))
        .routes(routes!(terminal_key))
}

/// The caller as they see themselves.
pub(super) fn describe(app: &App, who: &Principal, scopes: &str) -> Result<api::Me, Failure> {
    let settings = super::settings::read(app)?;
    Ok(api::Me {
        id: who.id.to_string(),
        name: who.name.clone(),
        kind: wire::principal_kind(who.kind),
        scopes: scopes.split(' ').map(str::to_owned).collect(),
        workspace: settings.workspace,
        mode: settings.mode,
        now_at: app.engine.clock.now().as_micros(),
    })
}

/// Who the caller is.
#[utoipa::path(
    get, path = "/v1/me", tag = "people", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = api::Me, description = "The caller"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn me(caller: Caller, State(app): State<App>) -> Result<Json<api::Me>, Failure> {
    describe(&app, &caller.principal, &caller.scopes).map(Json)
}

/// The people of the workspace.
#[utoipa::path(
    get, path = "/v1/people", tag = "people", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = Vec<api::Person>, description = "The people"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(caller: Caller, State(app): State<App>) -> Result<Json<Vec<api::Person>>, Failure> {
    caller.must(READ)?;
    let people = people(&app)?.into_iter().map(|person| show(&app, &person));
    people.collect::<Result<_, _>>().map(Json)
}

pub(super) fn people(app: &App) -> Result<Vec<Principal>, Failure> {
    let mut all = app.engine.db.principals(WORKSPACE)?;
    all.retain(|principal| principal.kind == PrincipalKind::Person);
    Ok(all)
}

fn show(app: &App, person: &Principal) -> Result<api::Person, Failure> {
    let db = &app.engine.db;
    let groups = db.groups(WORKSPACE)?.into_iter();
    let groups = groups.filter(|group| group.members.contains(&person.id));
    let keys = db.keys(WORKSPACE)?.into_iter();
    let keys = keys.filter(|key| key.principal == person.id && key.revoked_at.is_none());
    let surface = |surface: String| match surface.as_str() {
        "browser" => api::Surface::Browser,
        _ => api::Surface::Terminal,
    };
    Ok(api::Person {
        id: person.id.to_string(),
        name: person.name.clone(),
        groups: groups.map(|group| group.name).collect(),
        surfaces: keys.map(|key| surface(key.surface)).collect(),
        disabled: person.disabled_at.is_some(),
        created_at: person.created_at.as_micros(),
    })
}

/// Add a person and make their sign-in link. Needs a person's proof.
///
/// Adding the second person must say whether the workspace becomes a team.
#[utoipa::path(
    post, path = "/v1/people", tag = "people", security(("session" = [])),
    request_body = api::InvitePerson,
    responses(
        (status = 201, body = api::PersonInvited, description = "Added"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn invite(
    State(app): State<App>,
    body: Signed<api::InvitePerson>,
) -> Result<(StatusCode, Json<api::PersonInvited>), Failure> {
    let name = parse::name("name", &body.value.name)?;
    let mut changes = Vec::new();
    match body.value.mode {
        Some(mode) => changes.push(super::settings::set_mode(mode)),
        None if people(&app)?.len() == 1 => {
            return Err(Failure::new(
                Code::InvalidField,
                "Adding a second person: say `mode`, `personal` or `team`.",
            )
            .hint("In a team nobody approves what their own agent asks."));
        }
        None => {}
    }
    let now = app.engine.clock.now();
    let person = new_principal(PrincipalKind::Person, name, None, now)?;
    let origin = super::enrolments::origin_of(&app, &body.headers);
    let (enrolment, code) = auth::new_code(&origin, person.id, now)?;
    changes.push(Change::AddPrincipal(person.clone()));
    changes.push(code);
    app.change(body.proven, changes).await?;
    let person = show(&app, &person)?;
    Ok((StatusCode::CREATED, Json(api::PersonInvited { person, enrolment })))
}

/// A principal that is not stored yet.
pub(super) fn new_principal(
    kind: PrincipalKind,
    name: String,
    owner: Option<PrincipalId>,
    now: Timestamp,
) -> Result<Principal, Failure> {
    let id = PrincipalId::at(now, clock::random()?);
    Ok(Principal { id, kind, name, owner, created_at: now, disabled_at: None })
}

/// Switch a person (or an agent) off: tokens, sessions and keys stop with it, and approvals that
/// were not used yet no longer count. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/people/{id}/disable", tag = "people", security(("session" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Switched off"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn disable(
    State(app): State<App>,
    Path(id): Path<String>,
    body: SignedBare,
) -> Result<StatusCode, Failure> {
    let id = parse::id(&id)?;
    let now = app.engine.clock.now();
    let changes = vec![Change::Disable(id, now)];
    app.change(body.proven, changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a terminal needs to derive the caller's key from their passphrase.
#[utoipa::path(
    get, path = "/v1/me/terminal-key", tag = "people", security(("token" = [])),
    responses(
        (status = 200, body = api::TerminalKey, description = "The newest terminal key"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn terminal_key(
    caller: Caller,
    State(app): State<App>,
) -> Result<Json<api::TerminalKey>, Failure> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    let keys = app.engine.db.keys(WORKSPACE)?.into_iter();
    let mine = |key: &holdshort_store::Key| {
        key.principal == caller.principal.id
            && key.surface == "terminal"
            && key.revoked_at.is_none()
    };
    let key = keys
        .into_iter()
        .find(mine)
        .ok_or_else(|| Failure::not_found().hint("`holdshort login` enrols this terminal."))?;
    Ok(Json(api::TerminalKey {
        key_id: key.id,
        public_key: BASE64.encode(key.public),
        salt: BASE64.encode(key.salt),
    }))
}
