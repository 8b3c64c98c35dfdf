//! Requests: the queue, the card, the vote.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::notice::Names;
use holdshort_core::{Aggregate, Answer, Ask, Command, Decision, RequestId, Untrusted, may_fill};
use holdshort_store::{QueueCursor, QueueRow, Store};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{bad_cursor, limit, query};
use crate::auth::{Caller, DECIDE, Decided, READ};
use crate::engine::{Applied, Ballot, WORKSPACE};
use crate::parse;
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(vote))
        .routes(routes!(look))
        .routes(routes!(hand_over))
}

/// Which requests to list.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Which {
    /// Those that wait for a person.
    #[default]
    Open,
    /// Those that are over.
    Decided,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct List {
    /// Open (the default) or decided ones.
    #[param(inline)]
    state: Option<Which>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 200)]
    cursor: Option<String>,
    /// Lines, at most 200. Default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The queue.
#[utoipa::path(
    get, path = "/v1/requests", tag = "requests", security(("token" = []), ("session" = [])),
    params(List),
    responses(
        (status = 200, body = api::QueuePage, description = "A page"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn list(
    caller: Caller,
    State(app): State<App>,
    list: Result<Query<List>, QueryRejection>,
) -> Result<Json<api::QueuePage>, Failure> {
    caller.must(READ)?;
    let list = query(list)?;
    let limit = limit(list.limit)?;
    let after = list.cursor.as_deref().map(parse_cursor).transpose()?;
    let db = &app.engine.db;
    let rows = match list.state.unwrap_or_default() {
        Which::Open => db.open_requests(WORKSPACE, after, limit)?,
        Which::Decided => db.closed_requests(WORKSPACE, after, limit)?,
    };
    let full = rows.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = rows.last().filter(|_| full).map(cursor);
    let named = |row: &QueueRow| Ok(wire::queue_row(row, &super::name_of(&app, row.agent)?));
    let items = rows.iter().map(named).collect::<Result<_, Failure>>()?;
    let open = db.open_count(WORKSPACE)?;
    let now_at = app.engine.clock.now().as_micros();
    Ok(Json(api::QueuePage { items, open, next_cursor, now_at }))
}

fn cursor(row: &QueueRow) -> String {
    let request = &row.request;
    let at = match request.closed_at {
        Some(at) if !request.state.is_open() => at,
        _ => request.due_at,
    };
    let rank = match request.level {
        holdshort_core::RiskLevel::Dangerous => 0,
        holdshort_core::RiskLevel::Risky => 1,
        holdshort_core::RiskLevel::Safe => 2,
    };
    format!("{rank}.{}.{}", at.as_micros(), request.id)
}

fn parse_cursor(text: &str) -> Result<QueueCursor, Failure> {
    let parts: Vec<&str> = text.split('.').collect();
    let [rank, at, id] = parts.as_slice() else {
        return Err(bad_cursor());
    };
    Ok(QueueCursor {
        rank: rank.parse().map_err(|_| bad_cursor())?,
        at: at.parse().map_err(|_| bad_cursor())?,
        id: id.parse().map_err(|_| bad_cursor())?,
    })
}

/// Everything a person needs to judge one request.
#[utoipa::path(
    get, path = "/v1/requests/{id}", tag = "requests",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = api::Card, description = "The card"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn show(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<api::Card>, Failure> {
    caller.must(READ)?;
    card(&app, &caller, parse::id(&id)?).map(Json)
}

fn card(app: &App, caller: &Caller, id: RequestId) -> Result<api::Card, Failure> {
    let db = &app.engine.db;
    let action = app.engine.action_of(id)?;
    let aggregate = db.aggregate(WORKSPACE, action)?.ok_or_else(Failure::not_found)?;
    let (action, payload) = aggregate.action.ok_or_else(Failure::not_found)?;
    let request = match aggregate.request {
        Some(request) if request.id == id => request,
        _ => db.request(WORKSPACE, id)?.ok_or_else(Failure::not_found)?,
    };
    let agent = super::name_of(app, action.agent)?;
    let owner = action.owner.map(|owner| super::name_of(app, owner)).transpose()?;
    let names = Names { agent: &agent, owner: owner.as_deref() };
    let people = app.engine.people()?;
    let open = match request.state.is_open() {
        true => Ok(()),
        false => Err("It is already over.".to_owned()),
    };
    let decides = match caller.is_person() || caller.has(DECIDE) {
        true => Ok(()),
        false => Err("Only people decide.".to_owned()),
    };
    let who = caller.principal.id;
    let may_approve = may_fill(who, &request, &action, &people);
    let rights = wire::Rights {
        approve: open.clone().and(decides.clone()).and(may_approve.map_err(|e| e.to_string())),
        deny: open.and(decides).and(people.may_deny(who).map_err(|e| e.to_string())),
    };
    let held = super::run_says(app, &aggregate.run)?.held;
    wire::card((&action, &payload, &request), names, rights, (held, app.engine.clock.now()))
}

/// Answer a request.
///
/// It counts only with a person's proof (`Holdshort-*` headers), or with a token that has
/// `decide:api`, which is shown as a machine.
#[utoipa::path(
    post, path = "/v1/requests/{id}/votes", tag = "requests",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path),
        ("Holdshort-Key" = Option<String>, Header, description = "Id of the signing key"),
        ("Holdshort-Time" = Option<String>, Header, description = "Microseconds since 1970"),
        ("Holdshort-Nonce" = Option<String>, Header, description = "16 to 64 random characters"),
        ("Holdshort-Signature" = Option<String>, Header, description = "Ed25519, base64url")),
    request_body = api::Vote,
    responses(
        (status = 200, body = api::VoteReply, description = "Recorded"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn vote(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::Vote>,
) -> Result<Json<api::VoteReply>, Failure> {
    let vote = body.value;
    let reason = vote.reason.unwrap_or_default();
    parse::text("reason", &reason, 4000)?;
    let request: RequestId = parse::id(&id)?;
    let decision = parse::decision(vote.decision);
    let ballot = Ballot {
        voter: body.voter,
        decision,
        binding: parse::binding(&vote.binding)?,
        version: vote.version,
        reason: Untrusted::new(reason),
        confirm: vote.confirm,
        reply: vote.reply.map(parse::reply),
        arguments: parse::changed(vote.arguments.as_deref())?,
        proof: body.once,
    };
    let cast = app.engine.vote(request, ballot).await;
    let applied = match cast {
        Ok(applied) => applied,
        Err(failure) => return Err(with_current(&app, request, failure)),
    };
    metrics::counter!("holdshort_votes_total", "decision" => decision.name()).increment(1);
    reply(&app, request, decision, applied).map(Json)
}

/// Say that you are looking at a request. Others see it; it keeps nobody from answering.
#[utoipa::path(
    post, path = "/v1/requests/{id}/looking", tag = "requests",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::Because,
    responses(
        (status = 200, body = api::QueueItem, description = "Shown to others"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn look(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::Because>,
) -> Result<Json<api::QueueItem>, Failure> {
    let request: RequestId = parse::id(&id)?;
    let command = Command::Look { voter: body.voter, request };
    app.engine.apply(app.engine.action_of(request)?, command, body.once).await?;
    item(&app, request).map(|(item, _)| Json(item))
}

/// Hand a request to somebody else as well, with the whole time of a step.
#[utoipa::path(
    post, path = "/v1/requests/{id}/handover", tag = "requests",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::HandOver,
    responses(
        (status = 200, body = api::QueueItem, description = "They are asked as well"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn hand_over(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::HandOver>,
) -> Result<Json<api::QueueItem>, Failure> {
    let request: RequestId = parse::id(&id)?;
    let reason = body.value.reason.unwrap_or_default();
    parse::text("reason", &reason, 2000)?;
    let to = Ask::parse(&body.value.to).filter(|to| *to != Ask::Everyone);
    let to = to.ok_or_else(|| {
        Failure::new(Code::InvalidField, "`to` is written `user:NAME` or `group:NAME`.")
    })?;
    let reason = Untrusted::new(reason);
    let command = Command::HandOver { voter: body.voter, request, to, reason };
    app.engine.apply(app.engine.action_of(request)?, command, body.once).await?;
    item(&app, request).map(|(item, _)| Json(item))
}

/// A conflict carries what it collided with.
fn with_current(app: &App, request: RequestId, failure: Failure) -> Failure {
    let conflicts = matches!(failure.code(), Code::Stale | Code::AlreadyDecided);
    match item(app, request) {
        Ok((item, _)) if conflicts => failure.current(&item),
        _ => failure,
    }
}

fn item(app: &App, id: RequestId) -> Result<(api::QueueItem, api::ActionState), Failure> {
    let action = app.engine.action_of(id)?;
    let aggregate = app.engine.db.aggregate(WORKSPACE, action)?;
    item_of(app, id, &aggregate.ok_or_else(Failure::not_found)?)
}

/// The line of a request, from the rows of its action where they have it.
fn item_of(
    app: &App,
    id: RequestId,
    aggregate: &Aggregate,
) -> Result<(api::QueueItem, api::ActionState), Failure> {
    let (action, payload) = aggregate.action.as_ref().ok_or_else(Failure::not_found)?;
    let older;
    let request = match &aggregate.request {
        Some(request) if request.id == id => request,
        _ => {
            older = app.engine.db.request(WORKSPACE, id)?.ok_or_else(Failure::not_found)?;
            &older
        }
    };
    let agent = super::name_of(app, action.agent)?;
    let item = wire::queue_item(request, payload, &agent);
    Ok((item, wire::action_state(&action.state)))
}

fn reply(
    app: &App,
    id: RequestId,
    decision: Decision,
    applied: Applied,
) -> Result<api::VoteReply, Failure> {
    let (request, action_state) = item_of(app, id, &applied.aggregate)?;
    let (effective, asked_again) = match applied.answer {
        Answer::Voted { counts, asked_again } => (counts, asked_again),
        _ => (false, None),
    };
    let changed = decision == Decision::Modify;
    let sentence = match (effective, asked_again, action_state) {
        (false, ..) => "Too late: cancelled or expired. The approval is void; nothing runs.",
        (_, _, api::ActionState::Cancelled) => {
            "Recorded as a denial. It was cancelled before, or had expired; nothing runs."
        }
        (_, Some(_), _) => "Changed. The new call needs another look and is asked again.",
        (_, _, api::ActionState::Answered) => "Answered. The agent is told.",
        (_, _, api::ActionState::Pending) => "Recorded. More people have to agree.",
        (_, _, api::ActionState::Denied) => "Denied. Nothing runs; the agent is told why.",
        _ if changed => "Changed and approved. Only the changed call runs, once.",
        (_, _, api::ActionState::Approved) => "Approved. It runs when the agent claims it, once.",
        _ => "Approved. The agent has claimed it.",
    };
    Ok(api::VoteReply {
        sentence: sentence.to_owned(),
        effective,
        request,
        action_state,
        asked_again: asked_again.map(|id| id.to_string()),
    })
}
