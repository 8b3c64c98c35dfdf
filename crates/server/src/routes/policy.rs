//! The policy: what is in force, what a draft would do, and why.

use axum::Json;
use axum::extract::State;
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::notice::Mask;
use holdshort_core::{
    Action, Assessment, Call, Found, Json as Document, Payload, Place, Policy, Ruling, Run, RunId,
    Spending, Subject, Untrusted, Words,
};
use holdshort_store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Caller, READ};
use crate::engine::WORKSPACE;
use crate::limits;
use crate::parse::{self, Strict};
use crate::policy::{Stored, check as check_files};
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

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
        None => about_call(&app, &body)?,
    };
    let subject = Subject {
        call: &asked.call,
        assessment: &asked.assessment,
        words: &asked.words,
        cost: asked.cost.as_ref(),
        agent: &asked.agent,
        run: &asked.run,
        today: &asked.today,
        now: engine.clock.now(),
    };
    Ok(Json(explained(&policy, &subject)))
}

/// A call to ask about.
struct Asked {
    call: Call,
    assessment: Assessment,
    words: Words,
    cost: Option<holdshort_core::Amount>,
    agent: String,
    run: Run,
    today: Spending,
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

fn about_call(app: &App, body: &api::ExplainPolicy) -> Result<Asked, Failure> {
    let Some(tool) = &body.tool else {
        let detail = "Say `action`, or `tool` and `arguments`.";
        return Err(Failure::new(Code::InvalidField, detail));
    };
    let arguments = parse::changed(body.arguments.as_deref())?;
    let arguments = arguments.unwrap_or(Document::Object(Vec::new()));
    let call = Call {
        tool: Untrusted::new(tool.clone()),
        server: Untrusted::new(body.server.clone().unwrap_or_default()),
        arguments: Untrusted::new(arguments.to_text()),
        cwd: Untrusted::new(body.cwd.clone().unwrap_or_default()),
        env_names: Untrusted::new("[]"),
        definition: Untrusted::default(),
        pins: Untrusted::default(),
    };
    let judged = app.engine.judge(&call, &arguments, None);
    let nobody = holdshort_core::PrincipalId::from_bytes([0; 16]);
    let run = Run::new(RunId::from_bytes([0; 16]), nobody, "explain", app.engine.clock.now());
    Ok(Asked {
        call,
        assessment: judged.assessment,
        words: Words::default(),
        cost: parse::cost(body.cost.as_deref())?,
        agent: body.agent.clone().unwrap_or_default(),
        run,
        today: Spending::default(),
    })
}

fn explained(policy: &Policy, subject: &Subject<'_>) -> api::PolicyExplained {
    let (verdict, considered) = policy.explain(subject);
    let arguments = Document::parse(subject.call.arguments.raw().as_bytes());
    let mask = Mask::of(&arguments.unwrap_or(Document::Null), &subject.assessment.secrets);
    let looked = |look: &holdshort_core::Look| api::Looked {
        path: look.path.clone(),
        value: wire::text(&mask.text(&look.value, Place::Code)),
    };
    let asks = verdict.asks.clone().unwrap_or_default();
    let place = verdict.why.as_ref().and_then(|why| why.place.as_ref());
    api::PolicyExplained {
        ruling: match verdict.ruling {
            Ruling::Allow => api::Ruling::Allow,
            Ruling::Ask => api::Ruling::Ask,
            Ruling::Deny => api::Ruling::Deny,
        },
        place: place.map(|place| format!("{}:{}", place.file, place.line)),
        rule: verdict.rule,
        reason: verdict.reason,
        also: verdict.also,
        asks: match verdict.ruling {
            Ruling::Ask => {
                let ladder = format!("ladder {}", asks.ladder);
                std::iter::once(ladder).chain(wire::needs(&asks)).collect()
            }
            Ruling::Allow | Ruling::Deny => Vec::new(),
        },
        level: wire::level(subject.assessment.level),
        sentence: wire::text(&mask.phrase(&subject.assessment.sentence)),
        considered: considered
            .iter()
            .map(|one| api::RuleConsidered {
                rule: one.rule.clone(),
                effect: one.effect.to_owned(),
                place: format!("{}:{}", one.place.file, one.place.line),
                applies: matches!(one.found, Found::Yes | Found::NoAnswer(_)),
                found: match &one.found {
                    Found::Yes => "applies".to_owned(),
                    Found::No => "does not apply".to_owned(),
                    Found::OtherTool => "other tool".to_owned(),
                    Found::Elsewhere => "other place".to_owned(),
                    Found::NoAnswer(why) => format!("no answer, so a person is asked: {why}"),
                },
                when: one.when.clone(),
                looked_at: one.looked_at.iter().map(looked).collect(),
            })
            .collect(),
    }
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
