//! About the server itself: is it well, is it the enrolled one, what does it offer.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::Signer;
use holdshort_api::{self as api, Code, Problem};
use holdshort_store::Store;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::parse::Strict;
use crate::problem::Failure;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(openapi))
        .routes(routes!(metrics))
        .routes(routes!(hello))
}

/// Whether the server answers and its store can be read.
#[utoipa::path(
    get, path = "/healthz", tag = "meta",
    responses(
        (status = 200, body = String, content_type = "text/plain", description = "Well"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn healthz(State(app): State<App>) -> Result<&'static str, Failure> {
    app.engine.db.feed_end()?;
    Ok("ok\n")
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "meta",
    responses((status = 200, body = Object, description = "OpenAPI"))
)]
async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(super::openapi())
}

/// Figures for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "meta",
    responses((status = 200, body = String, content_type = "text/plain", description = "Figures"))
)]
async fn metrics(State(app): State<App>) -> Response {
    if let Ok(open) = app.engine.db.open_count(crate::engine::WORKSPACE) {
        // Counts of requests stay far below 2^53.
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        metrics::gauge!("holdshort_requests_open").set(open as f64);
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, app.metrics.render()).into_response()
}

/// Proof that this is the enrolled server: a signature over the caller's nonce.
#[utoipa::path(
    post, path = "/v1/hello", tag = "meta", request_body = api::Hello,
    responses(
        (status = 200, body = api::HelloReply, description = "The proof"),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn hello(
    State(app): State<App>,
    body: Strict<api::Hello>,
) -> Result<Json<api::HelloReply>, Failure> {
    let nonce = &body.value.nonce;
    if !(16..=64).contains(&nonce.chars().count()) {
        let detail = "`nonce` must have 16 to 64 characters.";
        return Err(Failure::new(Code::InvalidField, detail));
    }
    let signature = app.key.sign(format!("holdshort-hello-v1\n{nonce}").as_bytes());
    Ok(Json(api::HelloReply {
        server_key: BASE64.encode(app.key.verifying_key().as_bytes()),
        signature: BASE64.encode(signature.to_bytes()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}
