//! A run as a whole: what its agent asks people, and what people tell it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::{
    ActionId, AgentAsks, Answer, Kind, RunCommand, RunId, Untrusted, Voter, Words,
};
use holdshort_store::{ProofUse, Store};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, Decided, PROPOSE};
use crate::engine::WORKSPACE;
use crate::parse::{self, Strict};
use crate::problem::Failure;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ask))
        .routes(routes!(usage))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(stop))
        .routes(routes!(redirect))
        .routes(routes!(lift_denial))
}

/// Ask people: a milestone, a question, that the agent is stuck, or blocked by a denial.
///
/// The question is an action of kind `checkpoint`, `question` or `exception`; wait for its answer
/// as for any action. A milestone and being stuck hold the run until a person has answered.
#[utoipa::path(
    post, path = "/v1/runs/{id}/questions", tag = "runs", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::AskPeople,
    responses(
        (status = 201, body = api::ActionStatus, description = "Asked"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn ask(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::AskPeople>,
) -> Result<(StatusCode, Json<api::ActionStatus>), Failure> {
    caller.must(PROPOSE)?;
    let body = body.value;
    parse::text("text", &body.text, 2000)?;
    let summary = body.summary.unwrap_or_default();
    parse::text("summary", &summary, 8000)?;
    let consequence = body.consequence.unwrap_or_default();
    parse::text("consequence", &consequence, 2000)?;
    let without = body.without.as_deref().map(parse::id).transpose()?;
    let most = body.choices.len() > 10;
    if body.text.trim().is_empty() || most {
        let detail = "`text` must not be empty, and at most 10 `choices` are shown.";
        return Err(Failure::new(Code::InvalidField, detail));
    }
    for choice in &body.choices {
        parse::text("choices", choice, 200)?;
    }
    let asks = AgentAsks {
        kind: match body.kind {
            api::AgentAsks::Checkpoint => Kind::Checkpoint,
            api::AgentAsks::Question => Kind::Question,
            api::AgentAsks::Stuck => Kind::Exception,
            api::AgentAsks::Blocked => Kind::Blocked,
        },
        text: Untrusted::new(body.text),
        choices: body.choices,
        without,
        words: Words {
            reason: Untrusted::new(summary),
            if_denied: Untrusted::new(consequence),
            ..Words::default()
        },
    };
    let command = RunCommand::Ask(caller.principal.id, Box::new(asks));
    let applied = app.engine.apply_to_run(parse::id(&id)?, command, None).await?;
    let Answer::Asked { question } = applied.answer else {
        return Err(Failure::new(Code::Internal, "nothing was asked"));
    };
    let asked = app.engine.db.aggregate(WORKSPACE, question)?.ok_or_else(Failure::not_found)?;
    Ok((StatusCode::CREATED, Json(super::status(&app, &asked)?)))
}

/// Say what the model of a run cost; counted against budgets.
#[utoipa::path(
    post, path = "/v1/runs/{id}/usage", tag = "runs", security(("token" = [])),
    params(("id" = String, Path)), request_body = api::Usage,
    responses(
        (status = 200, body = api::Run, description = "Counted"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn usage(
    caller: Caller,
    State(app): State<App>,
    Path(id): Path<String>,
    body: Strict<api::Usage>,
) -> Result<Json<api::Run>, Failure> {
    caller.must(PROPOSE)?;
    let Some(cost) = parse::cost(Some(&body.value.cost))? else {
        return Err(Failure::new(Code::InvalidField, "`cost` is missing."));
    };
    tell(&app, &id, (RunCommand::Usage(caller.principal.id, cost), None)).await
}

async fn tell(
    app: &App,
    id: &str,
    (command, proof): (RunCommand, Option<ProofUse>),
) -> Result<Json<api::Run>, Failure> {
    let id: RunId = parse::id(id)?;
    app.engine.apply_to_run(id, command, proof).await?;
    super::runs::full(app, id).map(Json)
}

/// A person says something to a run, with a reason.
async fn say(
    app: &App,
    id: &str,
    body: Decided<api::Because>,
    command: impl FnOnce(Voter, Untrusted) -> RunCommand,
) -> Result<Json<api::Run>, Failure> {
    let reason = body.value.reason.unwrap_or_default();
    parse::text("reason", &reason, 4000)?;
    tell(app, id, (command(body.voter, Untrusted::new(reason)), body.once)).await
}

/// Pause a run: nothing of it begins until a person lets it go on. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/runs/{id}/pause", tag = "runs",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::Because,
    responses(
        (status = 200, body = api::Run, description = "Paused"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn pause(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::Because>,
) -> Result<Json<api::Run>, Failure> {
    say(&app, &id, body, |voter, _| RunCommand::Pause(voter)).await
}

/// Let a paused or stopped run go on. A stopped one needs a reason. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/runs/{id}/resume", tag = "runs",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::Because,
    responses(
        (status = 200, body = api::Run, description = "It goes on"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn resume(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::Because>,
) -> Result<Json<api::Run>, Failure> {
    say(&app, &id, body, RunCommand::Resume).await
}

/// Stop a run: nothing more of it begins. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/runs/{id}/stop", tag = "runs",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::Because,
    responses(
        (status = 200, body = api::Run, description = "Stopped"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn stop(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::Because>,
) -> Result<Json<api::Run>, Failure> {
    say(&app, &id, body, RunCommand::Stop).await
}

/// Tell a run to go on differently; the agent gets the instructions with its next answer. Needs a
/// person's proof.
#[utoipa::path(
    post, path = "/v1/runs/{id}/redirect", tag = "runs",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::Redirect,
    responses(
        (status = 200, body = api::Run, description = "Told"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn redirect(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::Redirect>,
) -> Result<Json<api::Run>, Failure> {
    parse::text("instructions", &body.value.instructions, 4000)?;
    let text = Untrusted::new(body.value.instructions);
    tell(&app, &id, (RunCommand::Redirect(body.voter, text), body.once)).await
}

/// Let the agent of a run ask again for something that was denied. Needs a person's proof.
#[utoipa::path(
    post, path = "/v1/runs/{id}/denials/{action}/lift", tag = "runs",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path), ("action" = String, Path)), request_body = api::Because,
    responses(
        (status = 200, body = api::Run, description = "It may ask again"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn lift_denial(
    State(app): State<App>,
    Path((id, action)): Path<(String, String)>,
    body: Decided<api::Because>,
) -> Result<Json<api::Run>, Failure> {
    let action: ActionId = parse::id(&action)?;
    say(&app, &id, body, |voter, _| RunCommand::LiftDenial(voter, action)).await
}
