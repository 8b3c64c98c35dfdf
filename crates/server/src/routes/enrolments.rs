//! Signing in: one-time codes that enrol a browser or a terminal for a person.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdshort_api::{self as api, Code, Problem, Surface};
use holdshort_store::{Change, Store, Token};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{self, Caller, READ, Secret, SignedBare};
use crate::engine::WORKSPACE;
use crate::limits;
use crate::parse::Strict;
use crate::problem::Failure;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(redeem))
        .routes(routes!(session))
        .routes(routes!(sign_out))
}

/// The origin the caller used, or the first of ours.
pub(super) fn origin_of(app: &App, headers: &HeaderMap) -> String {
    let named = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let of_host = host.and_then(|host| {
        app.origins.iter().find(|origin| origin.split("://").nth(1) == Some(host))
    });
    let known = named.and_then(|named| app.origins.iter().find(|origin| *origin == named));
    known.or(of_host).or(app.origins.first()).cloned().unwrap_or_default()
}

/// Make a one-time code for another browser or terminal of one's own. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/enrolments", tag = "sign-in", security(("session" = [])),
    responses(
        (status = 201, body = api::Enrolment, description = "Made"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn create(
    State(app): State<App>,
    body: SignedBare,
) -> Result<(StatusCode, Json<api::Enrolment>), Failure> {
    let now = app.engine.clock.now();
    let origin = origin_of(&app, &body.headers);
    let (enrolment, code) = auth::new_code(&origin, body.proven.person.id, now)?;
    app.change(body.proven, vec![code]).await?;
    Ok((StatusCode::CREATED, Json(enrolment)))
}

/// Use a one-time code up: enrol this browser's or terminal's public key.
///
/// A browser gets a session cookie, which reads and never decides.
#[utoipa::path(
    post, path = "/v1/enrolments/redeem", tag = "sign-in", request_body = api::Redeem,
    responses(
        (status = 201, body = api::Redeemed, description = "Enrolled"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn redeem(
    State(app): State<App>,
    headers: HeaderMap,
    body: Strict<api::Redeem>,
) -> Result<Response, Failure> {
    let browser = body.value.surface == Surface::Browser;
    if browser && !headers.contains_key(header::ORIGIN) {
        return Err(Failure::new(Code::HostRefused, "A browser names its origin."));
    }
    let origin = origin_of(&app, &headers);
    let redeemed = auth::redeem(&app, &origin, &body.value).await?;
    let person = app.engine.db.principal(WORKSPACE, redeemed.token.principal)?;
    let person = person.ok_or_else(Failure::not_found)?;
    let reply = api::Redeemed {
        key_id: redeemed.key_id,
        me: super::people::describe(&app, &person, READ)?,
        reading_token: (!browser).then(|| redeemed.secret.as_str().to_owned()),
    };
    let mut response = (StatusCode::CREATED, Json(reply)).into_response();
    if browser {
        set_cookie(&mut response, &redeemed.secret, &origin)?;
    }
    Ok(response)
}

fn set_cookie(response: &mut Response, secret: &Secret, origin: &str) -> Result<(), Failure> {
    let secure = if origin.starts_with("https://") { "; Secure" } else { "" };
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
        auth::COOKIE,
        secret.as_str(),
        limits::SESSION_SECS,
    );
    let cookie =
        cookie.parse().map_err(|_| Failure::new(Code::Internal, "the cookie cannot be written"))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(())
}

/// Open a new session for reading, with the key that this browser holds. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "sign-in",
    responses(
        (status = 201, body = api::Me, description = "A session cookie comes with this answer"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn session(State(app): State<App>, body: SignedBare) -> Result<Response, Failure> {
    let person = body.proven.person.clone();
    let origin = origin_of(&app, &body.headers);
    let secret = auth::new_secret()?;
    let now = app.engine.clock.now();
    let token = Token {
        session: true,
        expires_at: Some(now.plus_secs(limits::SESSION_SECS)),
        ..auth::token(&secret, person.id, READ, now)
    };
    app.change(body.proven, vec![Change::AddToken(token)]).await?;
    let me = super::people::describe(&app, &person, READ)?;
    let mut response = (StatusCode::CREATED, Json(me)).into_response();
    set_cookie(&mut response, &secret, &origin)?;
    Ok(response)
}

/// End the session or revoke the token that calls.
#[utoipa::path(
    post, path = "/v1/sign-out", tag = "sign-in", security(("session" = []), ("token" = [])),
    responses(
        (status = 204, description = "Signed out"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn sign_out(caller: Caller, State(app): State<App>) -> Result<StatusCode, Failure> {
    let now = app.engine.clock.now();
    let change = Change::RevokeToken(caller.token.id.clone(), now);
    app.engine.change(caller.principal.name, vec![change]).await?;
    Ok(StatusCode::NO_CONTENT)
}
