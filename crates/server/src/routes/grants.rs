//! Grants: standing permissions, made by a person from a request they saw.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::{
    Action, Aggregate, Grant, GrantId, Json as Document, Mode, Payload, Request, RequestId,
    RiskLevel, Timestamp, may_fill, notice, scope_of,
};
use holdshort_store::{Change, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, Proven, READ, Signed, SignedBare};
use crate::clock;
use crate::engine::WORKSPACE;
use crate::limits;
use crate::parse;
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(revoke))
}

/// Grants, the newest first.
#[utoipa::path(
    get, path = "/v1/grants", tag = "grants", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = api::Grants, description = "The grants"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(caller: Caller, State(app): State<App>) -> Result<Json<api::Grants>, Failure> {
    caller.must(READ)?;
    let grants = app.engine.db.grants(WORKSPACE, limits::PAGE_MAX)?;
    let items = grants.iter().map(|grant| shown(&app, grant)).collect::<Result<_, _>>()?;
    Ok(Json(api::Grants { items }))
}

/// Make a standing permission from a request, or see what it would be. Never for dangerous
/// actions. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/grants", tag = "grants", security(("session" = [])),
    request_body = api::MakeGrant,
    responses(
        (status = 200, body = api::GrantScope, description = "What it would be"),
        (status = 201, body = api::GrantScope, description = "Made"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn make(
    State(app): State<App>,
    body: Signed<api::MakeGrant>,
) -> Result<(StatusCode, Json<api::GrantScope>), Failure> {
    let id: RequestId = parse::id(&body.value.request)?;
    let aggregate = app.engine.db.aggregate(WORKSPACE, app.engine.action_of(id)?)?;
    let Aggregate { action, request, .. } = aggregate.ok_or_else(Failure::not_found)?;
    let (action, payload) = action.ok_or_else(Failure::not_found)?;
    let request = request.filter(|request| request.id == id).ok_or_else(Failure::not_found)?;
    let grant = grant(&app, &body.value, &body.proven, (&action, &payload, &request))?;
    let mut scope = scope(&app, &grant, (&action, &payload))?;
    if body.value.preview {
        scope.grant.id = None;
        return Ok((StatusCode::OK, Json(scope)));
    }
    app.change(body.proven, vec![Change::AddGrant(Box::new(grant))]).await?;
    Ok((StatusCode::CREATED, Json(scope)))
}

fn grant(
    app: &App,
    body: &api::MakeGrant,
    by: &Proven,
    (action, payload, request): (&Action, &Payload, &Request),
) -> Result<Grant, Failure> {
    if parse::binding(&body.binding)? != request.binding() {
        return Err(Failure::new(Code::Stale, "The request is not the one that was seen."));
    }
    let people = app.engine.people()?;
    may_fill(by.person.id, request, action, &people)
        .map_err(|error| Failure::new(Code::NotEligible, error.to_string()))?;
    let refused = |detail: &str| Err(Failure::new(Code::WrongState, detail));
    if action.level >= RiskLevel::Dangerous {
        return refused("No grant covers a dangerous action; each one is asked about.");
    }
    if !action.verdict.may_be_granted() {
        return refused(
            "What asked about this is answered each time: a budget, or a call that \
                        cannot be judged.",
        );
    }
    if people.mode == Mode::Team && request.asks.seats() > 1 {
        return refused("This needs more than one person each time; one cannot grant it.");
    }
    if !(60..=limits::GRANT_MAX_SECS).contains(&body.for_s) || body.uses == Some(0) {
        let most = limits::GRANT_MAX_SECS;
        let detail = format!("`for_s` must be between 60 and {most}, `uses` at least 1.");
        return Err(Failure::new(Code::InvalidField, detail));
    }
    must_be_free(payload, &body.free)?;
    let now = app.engine.clock.now();
    Ok(Grant {
        id: GrantId::at(now, clock::random()?),
        by: by.voter(),
        rules: action.verdict.rules().into_iter().map(str::to_owned).collect(),
        agent: action.agent,
        run: body.this_run.then_some(action.run),
        free: body.free.clone(),
        scope: scope_of(&payload.effective_call(), &body.free, WORKSPACE)?,
        level: action.level,
        uses: body.uses,
        used: 0,
        made_at: now,
        expires_at: now.plus_secs(body.for_s),
        revoked_at: None,
    })
}

/// Arguments that may differ are arguments of the call, and none that its level rests on.
fn must_be_free(payload: &Payload, free: &[String]) -> Result<(), Failure> {
    let arguments = Document::parse(payload.effective_arguments().raw().as_bytes())?;
    for name in free {
        let problem = |what: &str| {
            let detail = format!("`free` names `{name}`, {what}");
            Err(Failure::new(Code::InvalidField, detail))
        };
        if arguments.get(name).is_none() {
            return problem("which is no argument of this call.");
        }
        let rests =
            payload.assessment.evidence.iter().filter_map(|one| one.at.as_ref()).any(|at| {
                let rest = at.path.raw().strip_prefix(name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            });
        if rests {
            return problem("and what this call would do was read from it: it cannot differ.");
        }
    }
    Ok(())
}

/// The grant with what it lets through, in words and in calls that were made.
fn scope(
    app: &App,
    grant: &Grant,
    (action, payload): (&Action, &Payload),
) -> Result<api::GrantScope, Failure> {
    let same = match grant.free.as_slice() {
        [] => "exactly this call".to_owned(),
        free => format!("this call with any {}", free.join(", ")),
    };
    let ours = |text: String| wire::text(&holdshort_core::Phrase::ours(text).render());
    let covers = vec![
        ours(same),
        ours(match grant.run {
            Some(_) => "in this run only".to_owned(),
            None => format!("in every run of {}", action.agent_name),
        }),
        ours(match grant.uses {
            Some(1) => "once".to_owned(),
            Some(uses) => format!("{uses} times"),
            None => "as often as wanted until it ends".to_owned(),
        }),
    ];
    let (mut compared, mut would_match) = (0, Vec::new());
    let runs = app.engine.db.runs(WORKSPACE, None, limits::PAGE)?;
    let runs = runs.iter().filter(|row| row.run.agent == grant.agent);
    for row in runs.filter(|row| grant.run.is_none_or(|own| own == row.run.id)) {
        for other in app.engine.db.actions_of(WORKSPACE, row.run.id, limits::RUN_ACTIONS)? {
            compared += 1;
            let call = other.payload.effective_call();
            let whose = (other.action.agent, other.action.run, WORKSPACE);
            let rules: Vec<&str> = grant.rules.iter().map(String::as_str).collect();
            let not_itself = other.action.id != action.id
                && call.arguments != payload.effective_call().arguments;
            if not_itself && grant.covers(&call, other.action.level, &rules, whose) {
                would_match.push(wire::text(&notice::sentence(&other.payload)));
            }
        }
    }
    would_match.reverse();
    would_match.truncate(20);
    Ok(api::GrantScope { grant: shown(app, grant)?, covers, would_match, compared })
}

fn shown(app: &App, grant: &Grant) -> Result<api::Grant, Failure> {
    Ok(api::Grant {
        id: Some(grant.id.to_string()),
        by: grant.by.describe(),
        agent: super::name_of(app, grant.agent)?,
        run: grant.run.map(|run| run.to_string()),
        rules: grant.rules.clone(),
        free: grant.free.clone(),
        level: wire::level(grant.level),
        uses: grant.uses,
        used: grant.used,
        expires_at: grant.expires_at.as_micros(),
        revoked_at: grant.revoked_at.map(Timestamp::as_micros),
        live: grant.is_live(app.engine.clock.now()),
    })
}

/// Take a grant back: what it let through and did not begin is asked about. Needs a person's
/// proof.
#[utoipa::path(
    post, path = "/v1/grants/{id}/revoke", tag = "grants", security(("session" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Taken back"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn revoke(
    State(app): State<App>,
    Path(id): Path<String>,
    body: SignedBare,
) -> Result<StatusCode, Failure> {
    let change = Change::RevokeGrant(parse::id(&id)?, app.engine.clock.now());
    app.change(body.proven, vec![change]).await?;
    Ok(StatusCode::NO_CONTENT)
}
