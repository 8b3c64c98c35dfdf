//! How the agent of a run is woken: said by a person, never by the agent.

use axum::Json;
use axum::extract::{Path, State};
use holdshort_api::{self as api, Code, Problem};
use holdshort_core::{Mode, RunCommand, RunId, Untrusted};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Decided;
use crate::clock;
use crate::parse;
use crate::problem::Failure;
use crate::state::App;
use crate::wake::{How, secret};

/// Words of a command.
const ARGV: usize = 50;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(set))
}

/// Say how the agent of a run is woken when something it waits for is decided: by a webhook, by a
/// command on the gate's machine, or not at all. Needs a person's proof; no machine may say it.
#[utoipa::path(
    put, path = "/v1/runs/{id}/wake", tag = "runs",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path)), request_body = api::SetWake,
    responses(
        (status = 200, body = api::WakeSet, description = "From now on"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn set(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Decided<api::SetWake>,
) -> Result<Json<api::WakeSet>, Failure> {
    let id: RunId = parse::id(&id)?;
    if !body.voter.proof.is_person() {
        return Err(Failure::new(Code::NotEligible, "Only a person says how an agent is woken."));
    }
    let how = how(body.value)?;
    let team = app.engine.people()?.mode == Mode::Team;
    if team && matches!(how, Some(How::Command { .. })) {
        let detail = "In a team an agent is woken by a webhook: a command would run on the gate's \
                      machine, which is not everybody's.";
        return Err(Failure::new(Code::NotEligible, detail));
    }
    let told = match &how {
        Some(How::Webhook { secret, .. }) => Some(secret.clone()),
        Some(How::Command { .. }) | None => None,
    };
    let kept = match &how {
        None => None,
        Some(how) => {
            let text = serde_json::to_string(how);
            let text = text.map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
            Some((how.name(), Untrusted::new(text)))
        }
    };
    app.engine.apply_to_run(id, RunCommand::SetWake(body.voter, kept), body.once).await?;
    Ok(Json(api::WakeSet { run: super::runs::full(&app, id)?, secret: told }))
}

fn how(body: api::SetWake) -> Result<Option<How>, Failure> {
    let refused = |detail: &str| Err(Failure::new(Code::InvalidField, detail));
    match (body.webhook, body.command) {
        (None, argv) if argv.is_empty() => Ok(None),
        (Some(url), argv) if argv.is_empty() => {
            parse::text("webhook", &url, 2000)?;
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains(['@', ' '])) {
                return refused("`webhook` is an address: `https://…`.");
            }
            Ok(Some(How::Webhook { url, secret: secret(clock::random()?) }))
        }
        (None, argv) => {
            for word in &argv {
                parse::text("command", word, 4096)?;
            }
            match argv.len() > ARGV || argv.first().is_none_or(String::is_empty) {
                true => refused("`command` is a program and at most 49 arguments."),
                false => Ok(Some(How::Command { argv })),
            }
        }
        (Some(_), _) => refused("Give `webhook` or `command`, not both."),
    }
}
