//! The policy: what is in force, what a draft would do, and why.

use axum::Json;
use axum::extract::State;
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::{Action, Payload, Policy};
use holdshort_store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, READ};
use crate::engine::WORKSPACE;
use crate::explain::{Asked, about_call};
use crate::limits;
use crate::parse::{self, Strict};
use crate::policy::{Stored, check as check_files};
use crate::problem::Failure;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(check))
        .routes(routes!(explain))
        .routes(routes!(versions))
}

/// The policy in force, and what is wrong with its files if they were refused.
#[utoipa::path(
    get, path = "/v1/policy", tag = "policy", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = api::PolicyStatus, description = "The policy"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn status(
    caller: Caller,
    State(app): State<App>,
) -> Result<Json<api::PolicyStatus>, Failure> {
    caller.must(READ)?;
    let status = app.engine.policy.status();
    Ok(Json(api::PolicyStatus {
        version: status.policy.version,
        path: app.engine.policy.path().display().to_string(),
        files: status.sources.iter().map(file).collect(),
        rules: status.policy.rule_count() as u64,
        problems: status.problems.iter().map(problem).collect(),
    }))
}

fn file(stored: &Stored) -> api::PolicyFile {
    let Stored { file, text, workspace } = stored.clone();
    api::PolicyFile { file, text, workspace }
}

fn problem(problem: &holdshort_core::Problem) -> api::PolicyProblem {
    api::PolicyProblem {
        file: problem.file.clone(),
        line: problem.line as u64,
        column: problem.column as u64,
        what: problem.what.clone(),
        hint: problem.hint.clone(),
        shown: problem.to_string(),
    }
}

fn stored(files: Vec<api::PolicyFile>) -> Vec<Stored> {
    let one = |api::PolicyFile { file, text, workspace }| Stored { file, text, workspace };
    files.into_iter().map(one).collect()
}

/// Check a draft: every problem with its line, and its examples run.
#[utoipa::path(
    post, path = "/v1/policy/check", tag = "policy", security(("token" = []), ("session" = [])),
    request_body = api::CheckPolicy,
    responses(
        (status = 200, body = api::PolicyChecked, description = "What is wrong with it"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn check(
    caller: Caller,
    State(app): State<App>,
    body: Strict<api::CheckPolicy>,
) -> Result<Json<api::PolicyChecked>, Failure> {
    caller.must(READ)?;
    let engine = &app.engine;
    let checked = match check_files(&stored(body.value.files), (&engine.rules, &engine.own)) {
        Ok(policy) => {
            let rules = policy.rule_count() as u64;
            api::PolicyChecked { ok: true, rules, problems: Vec::new() }
        }
        Err(problems) => {
            let problems = problems.iter().map(problem).collect();
            api::PolicyChecked { ok: false, rules: 0, problems }
        }
    };
    Ok(Json(checked))
}

/// What policy says about a call, rule by rule: the one in force, or a draft.
#[utoipa::path(
    post, path = "/v1/policy/explain", tag = "policy", security(("token" = []), ("session" = [])),
    request_body = api::ExplainPolicy,
    responses(
        (status = 200, body = api::PolicyExplained, description = "What it says, and why"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn explain(
    caller: Caller,
    State(app): State<App>,
    body: Strict<api::ExplainPolicy>,
) -> Result<Json<api::PolicyExplained>, Failure> {
    caller.must(READ)?;
    let engine = &app.engine;
    let mut body = body.value;
    let policy = match body.files.take() {
        None => Policy::clone(&engine.policy.policy()),
        Some(files) => {
            check_files(&stored(files), (&engine.rules, &engine.own)).map_err(|problems| {
                let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
                Failure::new(Code::InvalidField, shown.join("\n"))
            })?
        }
    };
    let asked = match &body.action {
        Some(id) => about_action(&app, id)?,
        None => about_call(&body, (&engine.rules, &engine.own), engine.clock.now())?,
    };
    Ok(Json(asked.explained(&policy, engine.clock.now())))
}

fn about_action(app: &App, id: &str) -> Result<Asked, Failure> {
    let found = app.engine.db.aggregate(WORKSPACE, parse::id(id)?)?;
    let found = found.ok_or_else(Failure::not_found)?;
    let (action, payload) = found.action.ok_or_else(Failure::not_found)?;
    let now = app.engine.clock.now();
    let today = app.engine.db.spending(WORKSPACE, action.agent, now.day())?;
    let Action { cost, agent_name, .. } = action;
    let call = payload.effective_call();
    let Payload { assessment, words, .. } = payload;
    let (run, today) = (found.run, today.spending);
    Ok(Asked { call, assessment, words, cost, agent: agent_name, run, today })
}

/// Policies that were in force, the newest first. To go back to one, put its files back.
#[utoipa::path(
    get, path = "/v1/policy/versions", tag = "policy", security(("token" = []), ("session" = [])),
    responses(
        (status = 200, body = api::PolicyVersions, description = "The versions"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn versions(
    caller: Caller,
    State(app): State<App>,
) -> Result<Json<api::PolicyVersions>, Failure> {
    caller.must(READ)?;
    let kept = app.engine.db.policies(WORKSPACE, limits::PAGE)?;
    let items = kept.into_iter().map(|version| {
        let files: Vec<Stored> = serde_json::from_str(&version.sources)
            .map_err(|_| Failure::new(Code::Internal, "a stored policy cannot be read"))?;
        Ok(api::PolicyVersion {
            version: version.number,
            at: version.at.as_micros(),
            by: version.by,
            files: files.iter().map(file).collect(),
        })
    });
    Ok(Json(api::PolicyVersions { items: items.collect::<Result<_, Failure>>()? }))
}
