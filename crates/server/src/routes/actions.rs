//! The four verbs of an agent.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::{
    ActionId, Aggregate, Answer, ClaimIntent, Command, PrincipalId, Reported, State as ActionState,
    Untrusted,
};
use holdshort_store::Store;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{facts, query, status, wait};
use crate::auth::{Caller, Decided, PROPOSE, SignedBare};
use crate::engine::{Presented, WORKSPACE};
use crate::limits;
use crate::parse::{self, Strict};
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(propose))
        .routes(routes!(show))
        .routes(routes!(claim))
        .routes(routes!(started))
        .routes(routes!(report))
        .routes(routes!(cancel))
        .routes(routes!(revoke))
        .routes(routes!(erase))
}

/// Propose an action.
///
/// Allowed actions can be claimed in the same round trip. A repeat of the same call re-attaches
/// to what is known about it and never asks twice.
#[utoipa::path(
    post, path = "/v1/actions", tag = "actions", security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Stands in for `call_id` when that is absent")),
    request_body = api::Propose,
    responses(
        (status = 200, body = api::Proposed, description = "Known already"),
        (status = 201, body = api::Proposed, description = "New"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn propose(
    caller: Caller,
    State(app): State<App>,
    headers: HeaderMap,
    body: Strict<api::Propose>,
) -> Result<(StatusCode, Json<api::Proposed>), Failure> {
    caller.must(PROPOSE)?;
    let key = idempotency_key(&headers)?;
    let proposal = parse::proposal(body.value, key)?;
    let claims = proposal.claim.is_some();
    let proposed = app.engine.propose(&caller.principal, proposal).await?;
    metrics::counter!("holdshort_proposals_total").increment(1);
    let aggregate = &proposed.applied.aggregate;
    let action = status(&app, aggregate)?;
    let claim = match (&proposed.applied.answer, claims) {
        (answer @ Answer::Proceed { .. }, true) => Some(reply(&app, aggregate, answer.clone())?),
        _ => None,
    };
    let status = if proposed.reattached { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(api::Proposed { action, reattached: proposed.reattached, claim })))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim().trim_matches('"');
    if key.is_empty() || key.len() > 200 {
        let detail = "`Idempotency-Key` must have 1 to 200 visible ASCII characters.";
        return Err(Failure::new(Code::BadParameter, detail));
    }
    Ok(Some(key.to_owned()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct After {
    /// Wait (see `Prefer: wait=30`) until the version is greater than this.
    after: Option<u64>,
}

/// Where an action stands; waits for a change when asked to.
#[utoipa::path(
    get, path = "/v1/actions/{id}", tag = "actions", security(("token" = []), ("session" = [])),
    params(("id" = String, Path), After,
        ("Prefer" = Option<String>, Header, description = "`wait=30`: seconds, at most 55")),
    responses(
        (status = 200, body = api::ActionStatus, description = "The action"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn show(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    after: Result<Query<After>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<api::ActionStatus>, Failure> {
    let id: ActionId = parse::id(&id)?;
    let after = query(after)?.after.unwrap_or_default();
    let until = wait(&headers).map(|wait| Instant::now() + wait);
    let run = visible(&app, &caller, id)?.run.id;
    let waiting = app.engine.waiters.wait((id, run), None);
    loop {
        let changed = waiting.next();
        let aggregate = visible(&app, &caller, id)?;
        let status = with_output(&app, &aggregate)?;
        let settled = aggregate.action.as_ref().is_none_or(|(row, _)| row.state.is_final());
        let Some(until) = until.filter(|_| status.version <= after && !settled) else {
            return Ok(Json(status));
        };
        if wait_for(&app, changed, until).await.is_err() {
            return with_output(&app, &visible(&app, &caller, id)?).map(Json);
        }
    }
}

/// An action with what its tool returned, which an agent that comes back goes on with.
fn with_output(app: &App, aggregate: &Aggregate) -> Result<api::ActionStatus, Failure> {
    let mut status = status(app, aggregate)?;
    let output = aggregate.action.as_ref().map(|(_, payload)| payload.output.raw());
    status.output = output.filter(|output| !output.is_empty()).map(str::to_owned);
    Ok(status)
}

/// Waits for a change, until the time is up or the server stops.
async fn wait_for(app: &App, changed: impl Future<Output = ()>, until: Instant) -> Result<(), ()> {
    tokio::select! {
        () = changed => Ok(()),
        () = tokio::time::sleep_until(until) => Err(()),
        () = app.stopping.cancelled() => Err(()),
    }
}

fn visible(app: &App, caller: &Caller, id: ActionId) -> Result<Aggregate, Failure> {
    let aggregate = app.engine.db.aggregate(WORKSPACE, id)?;
    aggregate.filter(|aggregate| caller.sees(aggregate.run.agent)).ok_or_else(Failure::not_found)
}

/// Claim an action: single use, safe to repeat with the same nonce until it is started.
///
/// With `Prefer: wait=30` the claim waits for the decision and is made in the same step.
#[utoipa::path(
    post, path = "/v1/actions/{id}/claim", tag = "actions", security(("token" = [])),
    params(("id" = String, Path),
        ("Prefer" = Option<String>, Header, description = "`wait=30`: seconds, at most 55")),
    request_body = api::Claim,
    responses(
        (status = 200, body = api::ClaimReply, description = "What to do now"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn claim(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Strict<api::Claim>,
) -> Result<Json<api::ClaimReply>, Failure> {
    caller.must(PROPOSE)?;
    let id: ActionId = parse::id(&id)?;
    let presented = parse::presented(&body.value)?;
    let intent = presented.intent;
    let until = wait(&headers).map(|wait| Instant::now() + wait);
    let agent = caller.principal.id;
    let read = owned(&app, agent, id)?;
    let run = read.run.id;
    let first = try_claim(&app, read, agent, presented.clone()).await?;
    let Some(until) = until.filter(|_| first.answer == api::ClaimAnswer::Wait) else {
        return Ok(Json(first));
    };
    // It was pending a moment ago: from here on a decision may hand the claim over.
    let waiting = app.engine.waiters.wait((id, run), Some(intent));
    loop {
        let changed = waiting.next();
        let aggregate = owned(&app, agent, id)?;
        let now = match still_or_handed_over(&aggregate, intent) {
            Some(answer) => reply(&app, &aggregate, answer)?,
            None => try_claim(&app, aggregate, agent, presented.clone()).await?,
        };
        let still = now.answer == api::ClaimAnswer::Wait;
        if !still || wait_for(&app, changed, until).await.is_err() {
            return Ok(Json(now));
        }
    }
}

/// Still pending, or the claim that a decision made for the executor that waits right here.
/// Anything else takes a claim to find out.
fn still_or_handed_over(aggregate: &Aggregate, intent: ClaimIntent) -> Option<Answer> {
    let (action, _) = aggregate.action.as_ref()?;
    match &action.state {
        ActionState::Pending { .. } => Some(Answer::Wait),
        ActionState::Executing(execution) if execution.nonce() == intent.nonce => {
            Some(Answer::Proceed { lease_until: execution.lease_until() })
        }
        _ => None,
    }
}

async fn try_claim(
    app: &App,
    read: Aggregate,
    agent: PrincipalId,
    presented: Presented,
) -> Result<api::ClaimReply, Failure> {
    let brought = presented.facts.clone();
    let applied = app.engine.claim(read, agent, presented).await?;
    let refresh = applied.answer == Answer::Refresh;
    let mut reply = reply(app, &applied.aggregate, applied.answer)?;
    if refresh {
        reply.looks = facts::looks(app.engine.to_bring(&applied.aggregate, &brought)?)?;
        reply.pins_needed = applied
            .aggregate
            .action
            .as_ref()
            .is_some_and(|(_, payload)| payload.effective_call().pins != Untrusted::default());
    }
    Ok(reply)
}

fn reply(app: &App, aggregate: &Aggregate, answer: Answer) -> Result<api::ClaimReply, Failure> {
    let says = super::run_says(app, &aggregate.run)?;
    wire::claim_reply(aggregate, answer, says, app.engine.clock.now())
}

pub(super) fn owned(app: &App, agent: PrincipalId, id: ActionId) -> Result<Aggregate, Failure> {
    let aggregate = app.engine.db.aggregate(WORKSPACE, id)?;
    aggregate.filter(|aggregate| aggregate.run.agent == agent).ok_or_else(Failure::not_found)
}

/// Say that the execution begins, or that it is still going on (extends the lease).
#[utoipa::path(
    post, path = "/v1/actions/{id}/started", tag = "actions", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::Nonce,
    responses(
        (status = 200, body = api::ActionStatus, description = "Begun"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn started(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::Nonce>,
) -> Result<Json<api::ActionStatus>, Failure> {
    caller.must(PROPOSE)?;
    let nonce = parse::nonce_digest(&body.value.nonce)?;
    let command = Command::Started { agent: caller.principal.id, nonce };
    let applied = app.engine.apply(parse::id(&id)?, command, None).await?;
    status(&app, &applied.aggregate).map(Json)
}

/// Report what came of it.
#[utoipa::path(
    post, path = "/v1/actions/{id}/report", tag = "actions", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::Report,
    responses(
        (status = 200, body = api::ActionStatus, description = "Written down"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn report(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::Report>,
) -> Result<Json<api::ActionStatus>, Failure> {
    caller.must(PROPOSE)?;
    let output = body.value.output.unwrap_or_default();
    parse::text("output", &output, limits::OUTPUT_BYTES)?;
    let undo = match body.value.undo {
        Some(undo) => {
            let (call, for_secs) = parse::undo(undo)?;
            Some(app.engine.compensation(call, for_secs)?)
        }
        None => None,
    };
    let said = Box::new(Reported {
        worked: body.value.outcome == api::ReportedOutcome::Succeeded,
        output: Untrusted::new(output),
        cost: parse::cost(body.value.cost.as_deref())?,
        undo,
    });
    let nonce = parse::nonce_digest(&body.value.nonce)?;
    let command = Command::Report { agent: caller.principal.id, nonce, said };
    let applied = app.engine.apply(parse::id(&id)?, command, None).await?;
    status(&app, &applied.aggregate).map(Json)
}

/// Take an action back that was not claimed yet.
#[utoipa::path(
    post, path = "/v1/actions/{id}/cancel", tag = "actions", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::Cancel,
    responses(
        (status = 200, body = api::ActionStatus, description = "Cancelled"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn cancel(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::Cancel>,
) -> Result<Json<api::ActionStatus>, Failure> {
    caller.must(PROPOSE)?;
    let reason = body.value.reason.unwrap_or_default();
    parse::text("reason", &reason, 2000)?;
    let command = Command::Cancel { agent: caller.principal.id, reason: Untrusted::new(reason) };
    let applied = app.engine.apply(parse::id(&id)?, command, None).await?;
    status(&app, &applied.aggregate).map(Json)
}

/// Stop one action: an open request is denied, an approval that was not used is taken back. What
/// began cannot be taken back. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/actions/{id}/stop", tag = "actions",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::Because,
    responses(
        (status = 200, body = api::ActionStatus, description = "It does not begin any more"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn revoke(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::Because>,
) -> Result<Json<api::ActionStatus>, Failure> {
    let reason = body.value.reason.unwrap_or_default();
    parse::text("reason", &reason, 4000)?;
    let command = Command::Revoke { voter: body.voter, reason: Untrusted::new(reason) };
    let applied = app.engine.apply(parse::id(&id)?, command, body.once).await?;
    status(&app, &applied.aggregate).map(Json)
}

/// Erase arguments, words, reasons and output of an action that is over. What happened, who
/// decided and when stays in the log. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/actions/{id}/erase", tag = "actions", security(("session" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Erased"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn erase(
    State(app): State<App>,
    Path(id): Path<String>,
    body: SignedBare,
) -> Result<StatusCode, Failure> {
    let id: ActionId = parse::id(&id)?;
    let name = body.proven.voter().describe();
    app.change(body.proven, Vec::new()).await?;
    app.engine.erase(id, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
