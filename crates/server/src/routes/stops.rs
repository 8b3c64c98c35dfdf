//! Stops: nothing begins in their scope, on any worker, from the answer on.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::{Belongs, Stop, StopId, StopScope, notice};
use holdshort_store::{Change, PrincipalKind, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, Decided, READ};
use crate::clock;
use crate::engine::WORKSPACE;
use crate::limits;
use crate::parse;
use crate::problem::Failure;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(lift))
}

/// Stops, and what began before them and may still run.
#[utoipa::path(
    get, path = "/v1/stops", tag = "stops", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = api::Stops, description = "The stops"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(caller: Caller, State(app): State<App>) -> Result<Json<api::Stops>, Failure> {
    caller.must(READ)?;
    let (_, mut stops) = app.engine.db.stops(WORKSPACE)?;
    stops.sort_by_key(|stop| (stop.until.is_some(), std::cmp::Reverse(stop.since)));
    stops.truncate(usize::try_from(limits::PAGE_MAX).unwrap_or_default());
    let live: Vec<StopScope> =
        stops.iter().filter(|stop| stop.until.is_none()).map(|stop| stop.scope).collect();
    let items = stops.iter().map(|stop| shown(&app, stop)).collect::<Result<_, _>>()?;
    Ok(Json(api::Stops { items, still_running: running(&app, &live)? }))
}

/// Stop. From the answer on nothing begins in the scope; what already runs is listed. Needs a
/// person's proof.
#[utoipa::path(
    post, path = "/v1/stops", tag = "stops", security(("token" = []), ("session" = [])),
    request_body = api::MakeStop,
    responses(
        (status = 201, body = api::Stopped, description = "Stopped"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn make(
    State(app): State<App>,
    body: Decided<api::MakeStop>,
) -> Result<(StatusCode, Json<api::Stopped>), Failure> {
    let reason = body.value.reason.unwrap_or_default();
    parse::text("reason", &reason, 2000)?;
    let scope = scope(&app, body.value.scope, body.value.of.as_deref())?;
    may_stop(&app, body.voter.id)?;
    let now = app.engine.clock.now();
    let by = body.voter.describe();
    let id = StopId::at(now, clock::random()?);
    let stop = Stop { id, scope, by: by.clone(), since: now, until: None };
    let proof = body.once.map(Change::UseProof);
    let changes = proof.into_iter().chain([Change::AddStop(stop.clone(), reason)]).collect();
    app.engine.change(by, changes).await?;
    app.engine.waiters.wake_all();
    let stopped =
        api::Stopped { stop: shown(&app, &stop)?, still_running: running(&app, &[scope])? };
    Ok((StatusCode::CREATED, Json(stopped)))
}

/// Lift a stop, with a reason. Deadlines get exactly the time back that it lasted. Needs a
/// person's proof.
#[utoipa::path(
    post, path = "/v1/stops/{id}/lift", tag = "stops", security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::LiftStop,
    responses(
        (status = 200, body = api::Stop, description = "Lifted"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn lift(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::LiftStop>,
) -> Result<Json<api::Stop>, Failure> {
    let id: StopId = parse::id(&id)?;
    parse::text("reason", &body.value.reason, 2000)?;
    if body.value.reason.trim().is_empty() {
        return Err(Failure::new(Code::InvalidField, "`reason` says why it may go on."));
    }
    may_stop(&app, body.voter.id)?;
    let now = app.engine.clock.now();
    let proof = body.once.map(Change::UseProof);
    let lift = Change::LiftStop(id, now, body.value.reason);
    app.engine.change(body.voter.describe(), proof.into_iter().chain([lift]).collect()).await?;
    // Deadlines that stood still go on from here.
    app.engine.db.rouse(WORKSPACE, None, now).await?;
    app.engine.timers.notify_one();
    app.engine.waiters.wake_all();
    let (_, stops) = app.engine.db.stops(WORKSPACE)?;
    let stop = stops.iter().find(|stop| stop.id == id).ok_or_else(Failure::not_found)?;
    shown(&app, stop).map(Json)
}

fn may_stop(app: &App, who: holdshort_core::PrincipalId) -> Result<(), Failure> {
    let may = app.engine.people()?.may_deny(who);
    may.map_err(|error| Failure::new(Code::NotEligible, error.to_string()))
}

fn scope(app: &App, scope: api::StopScope, of: Option<&str>) -> Result<StopScope, Failure> {
    let named = |kind: PrincipalKind| {
        let name = of.ok_or_else(|| {
            Failure::new(Code::InvalidField, "`of` says whom: the name of the agent or person.")
        })?;
        let all = app.engine.db.principals(WORKSPACE)?;
        let found = all.into_iter().find(|one| one.kind == kind && one.name == name);
        found.map(|one| one.id).ok_or_else(Failure::not_found)
    };
    Ok(match scope {
        api::StopScope::Everything => StopScope::Everything,
        api::StopScope::Owner => StopScope::Owner(named(PrincipalKind::Person)?),
        api::StopScope::Agent => StopScope::Agent(named(PrincipalKind::Agent)?),
        api::StopScope::Run => {
            let id = parse::id(of.unwrap_or_default())?;
            app.engine.db.run(WORKSPACE, id)?.ok_or_else(Failure::not_found)?;
            StopScope::Run(id)
        }
    })
}

fn shown(app: &App, stop: &Stop) -> Result<api::Stop, Failure> {
    let (scope, of) = match stop.scope {
        StopScope::Everything => (api::StopScope::Everything, None),
        StopScope::Owner(id) => (api::StopScope::Owner, Some(super::name_of(app, id)?)),
        StopScope::Agent(id) => (api::StopScope::Agent, Some(super::name_of(app, id)?)),
        StopScope::Run(id) => (api::StopScope::Run, Some(id.to_string())),
    };
    Ok(api::Stop {
        id: stop.id.to_string(),
        scope,
        of,
        by: stop.by.clone(),
        since_at: stop.since.as_micros(),
        until_at: stop.until.map(holdshort_core::Timestamp::as_micros),
    })
}

/// What was claimed and is not over, within these scopes.
fn running(app: &App, scopes: &[StopScope]) -> Result<Vec<api::StillRuns>, Failure> {
    let rows = app.engine.db.executing(WORKSPACE, limits::PAGE_MAX)?;
    let within = |whose: &Belongs| scopes.iter().any(|scope| scope.covers(whose));
    rows.iter()
        .filter(|(run, ..)| within(&run.whose()))
        .map(|(run, action, payload)| {
            Ok(api::StillRuns {
                action: action.id.to_string(),
                run: run.id.to_string(),
                agent: super::name_of(app, run.agent)?,
                sentence: notice::sentence(payload).to_plain(),
                started: action.state.name() == "started",
            })
        })
        .collect()
}
