//! The HTTP API, one file per resource, and what every route shares.

mod actions;
mod assets;
mod enrolments;
mod events;
mod facts;
mod grants;
mod groups;
mod meta;
mod people;
mod policy;
mod requests;
mod resume;
mod runs;
mod settings;
mod steer;
mod stops;
mod tokens;
mod undo;
mod wake;

use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{OriginalUri, Query};
use axum::http::HeaderMap;
use axum::{Router, middleware};
use holdshort_api::{Code, Problem};
use holdshort_core::{Aggregate, Run};
use holdshort_store::Store;
use serde::Deserialize;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::auth;
use crate::engine::WORKSPACE;
use crate::limits;
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Holdshort",
        description = "Propose, wait, claim, report; list, judge, decide.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    modifiers(&Security)
)]
struct Doc;

struct Security;

impl Modify for Security {
    fn modify(&self, doc: &mut utoipa::openapi::OpenApi) {
        let components = doc.components.get_or_insert_with(Default::default);
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Doc::openapi())
        .merge(actions::routes())
        .merge(facts::routes())
        .merge(runs::routes())
        .merge(resume::routes())
        .merge(wake::routes())
        .merge(undo::routes())
        .merge(steer::routes())
        .merge(requests::routes())
        .merge(grants::routes())
        .merge(stops::routes())
        .merge(policy::routes())
        .merge(events::routes())
        .merge(people::routes())
        .merge(groups::routes())
        .merge(tokens::routes())
        .merge(enrolments::routes())
        .merge(settings::routes())
        .merge(meta::routes())
}

/// The description of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

/// Everything the server answers.
pub(crate) fn router(app: App) -> Router {
    // The description of the API, built with its routes, takes most of the time of a start.
    static API: OnceLock<Router<App>> = OnceLock::new();
    API.get_or_init(|| api().split_for_parts().0)
        .clone()
        .merge(assets::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), auth::rate_limit))
        .layer(middleware::from_fn_with_state(app.clone(), auth::guard))
        .with_state(app)
}

async fn not_found(OriginalUri(uri): OriginalUri) -> Failure {
    Failure::new(Code::NotFound, format!("There is nothing at `{}`.", uri.path()))
}

async fn method_not_allowed(OriginalUri(uri): OriginalUri) -> Failure {
    let detail = format!("`{}` does not take that method.", uri.path());
    Failure::new(Code::MethodNotAllowed, detail)
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 200)]
    cursor: Option<String>,
    /// Lines, at most 200. Default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

fn limit(asked: Option<u32>) -> Result<u32, Failure> {
    let limit = asked.unwrap_or(limits::PAGE);
    if (1..=limits::PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("`limit` must be between 1 and {}.", limits::PAGE_MAX);
    Err(Failure::new(Code::BadParameter, detail))
}

/// Query parameters, or the problem with them.
fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Failure> {
    match query {
        Ok(Query(value)) => Ok(value),
        Err(rejection) => Err(Failure::new(Code::BadParameter, rejection.body_text())),
    }
}

fn bad_cursor() -> Failure {
    Failure::new(Code::BadParameter, "`cursor` is not one this server gave.")
}

/// How long the caller is willing to wait: `Prefer: wait=30` (RFC 7240).
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let prefer = headers.get("prefer")?.to_str().ok()?;
    let wait = prefer.split([',', ';']).find_map(|part| part.trim().strip_prefix("wait="))?;
    let secs: u32 = wait.trim().parse().ok()?;
    Some(Duration::from_secs(u64::from(secs.min(limits::WAIT_SECS))))
}

/// What a run says to its agent with every answer: what holds it, and what it was last told.
fn run_says(app: &App, run: &Run) -> Result<wire::RunSays, Failure> {
    let (_, stops) = app.engine.stops()?;
    let told = match run.redirected_by {
        Some(by) => app.engine.db.aggregate(WORKSPACE, by)?.and_then(|told| told.action),
        None => None,
    };
    let instructions = told.and_then(|(question, payload)| {
        let reason = payload.reasons.last()?;
        Some(holdshort_api::Instructions {
            text: reason.text.raw().to_owned(),
            by: reason.by.clone(),
            at: question.updated_at.as_micros(),
        })
    });
    Ok(wire::RunSays { held: run.held(&stops), instructions })
}

/// An action as its agent sees it.
fn status(app: &App, aggregate: &Aggregate) -> Result<holdshort_api::ActionStatus, Failure> {
    let says = run_says(app, &aggregate.run)?;
    let mut status = wire::status(aggregate, says, app.engine.clock.now())?;
    status.looks = facts::looks(app.engine.asked_of_agent(aggregate)?)?;
    Ok(status)
}

/// The name of a principal.
fn name_of(app: &App, id: holdshort_core::PrincipalId) -> Result<String, Failure> {
    let principal = app.engine.db.principal(WORKSPACE, id)?;
    Ok(principal.map_or_else(|| "unknown".to_owned(), |principal| principal.name))
}
