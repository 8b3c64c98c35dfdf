//! Bodies: read once, bounded, and in one way only.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use holdshort_api::Code;
use holdshort_core::{Json, limits as core_limits};
use serde::de::DeserializeOwned;

use crate::limits;
use crate::problem::Failure;

/// A JSON body that can be read in one way only, with the bytes it was read from.
#[derive(Debug)]
pub(crate) struct Strict<T> {
    pub(crate) value: T,
    pub(crate) bytes: Vec<u8>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Strict<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        read_strict(request, limits::BODY_BYTES).await
    }
}

/// The same for what may be large: plans, and what an agent keeps.
#[derive(Debug)]
pub(crate) struct Large<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Large<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        Ok(Self(read_strict(request, limits::LARGE_BODY_BYTES).await?.value))
    }
}

async fn read_strict<T: DeserializeOwned>(
    request: Request,
    most: usize,
) -> Result<Strict<T>, Failure> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Failure::new(
            Code::UnsupportedMediaType,
            "Send the body as `Content-Type: application/json`.",
        ));
    }
    let bytes = read_at_most(request, most).await?;
    Json::parse(&bytes)?;
    let value = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(Code::InvalidField, told(&error)))?;
    Ok(Strict { value, bytes })
}

/// What is wrong with a field, without the value that stood there: it may be a secret.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // What comes after the last "expected" is ours; what comes before may quote the body.
    match text.rsplit_once(", expected") {
        Some((found, wanted)) if !found.starts_with("unknown field") => {
            let kind = found.split(['`', '"']).next().unwrap_or_default().trim_end();
            format!("{kind}, expected{wanted}")
        }
        _ => text,
    }
}

/// The bytes of a body, bounded.
pub(crate) async fn read_body(request: Request) -> Result<Vec<u8>, Failure> {
    read_at_most(request, limits::BODY_BYTES).await
}

async fn read_at_most(request: Request, most: usize) -> Result<Vec<u8>, Failure> {
    let read = axum::body::to_bytes(request.into_body(), most).await;
    read.map(|bytes| bytes.to_vec()).map_err(|_| {
        let arguments = core_limits::ARGUMENTS_BYTES;
        let detail = format!("This body may have {most} bytes; arguments {arguments}.");
        Failure::new(Code::TooLarge, detail)
    })
}
