//! The web inbox and the pages about problems, built into the binary.

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::problem::Failure;
use crate::state::App;

#[derive(RustEmbed)]
#[folder = "../../web"]
#[include = "index.html"]
#[include = "app.css"]
#[include = "icon.svg"]
#[include = "js/*.js"]
#[include = "vendor/*.js"]
struct Web;

#[derive(RustEmbed)]
#[folder = "../../docs/errors"]
#[include = "*.md"]
struct Errors;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(index))
        .route("/assets/{*path}", get(asset))
        .route("/errors/{code}", get(error_page))
}

async fn index() -> Result<Response, Failure> {
    file("index.html")
}

async fn asset(Path(path): Path<String>) -> Result<Response, Failure> {
    file(&path)
}

fn file(path: &str) -> Result<Response, Failure> {
    let file = Web::get(path).ok_or_else(Failure::not_found)?;
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // The files change with the binary, so they are asked for anew each time; they are small.
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, file.data.into_owned()).into_response())
}

async fn error_page(Path(code): Path<String>) -> Result<Response, Failure> {
    let page = Errors::get(&format!("{code}.md")).ok_or_else(Failure::not_found)?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, page.data.into_owned()).into_response())
}
