//! Extractors for what only a person may do: the body together with the proof over it.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, Method, Uri};
use holdshort_api::Code;
use holdshort_core::{Proof, Voter};
use holdshort_store::ProofUse;
use serde::de::DeserializeOwned;

use super::proof::Proven;
use super::{Caller, DECIDE, prove};
use crate::parse::{self, Strict};
use crate::problem::Failure;
use crate::state::App;

/// A JSON body and the person who signed it.
#[derive(Debug)]
pub(crate) struct Signed<T> {
    pub(crate) proven: Proven,
    pub(crate) headers: HeaderMap,
    pub(crate) value: T,
}

/// A request without a body, and the person who signed it.
#[derive(Debug)]
pub(crate) struct SignedBare {
    pub(crate) proven: Proven,
    pub(crate) headers: HeaderMap,
}

/// A body that a person signed, or that a machine with `decide:api` sent.
#[derive(Debug)]
pub(crate) struct Decided<T> {
    pub(crate) voter: Voter,
    pub(crate) once: Option<ProofUse>,
    pub(crate) value: T,
}

fn head(request: &Request) -> (HeaderMap, Method, Uri) {
    (request.headers().clone(), request.method().clone(), request.uri().clone())
}

/// Bodies are read only for callers that brought a proof: anything else ends before that.
fn must_be_signed(headers: &HeaderMap) -> Result<(), Failure> {
    if headers.contains_key("holdshort-signature") {
        return Ok(());
    }
    Err(Failure::new(
        Code::ProofRequired,
        "This needs a signature of a person's own key; tokens and cookies do not count.",
    )
    .hint("Decide in the inbox in a browser, or with `holdshort approve` in a terminal."))
}

impl<T: DeserializeOwned> FromRequest<App> for Signed<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (headers, method, uri) = head(&request);
        must_be_signed(&headers)?;
        let body = Strict::<T>::from_request(request, app).await?;
        let proven = prove(app, &headers, (&method, &uri), &body.bytes)?;
        Ok(Self { proven, headers, value: body.value })
    }
}

impl FromRequest<App> for SignedBare {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (headers, method, uri) = head(&request);
        must_be_signed(&headers)?;
        let body = parse::read_body(request).await?;
        let proven = prove(app, &headers, (&method, &uri), &body)?;
        Ok(Self { proven, headers })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Decided<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        if request.headers().contains_key("holdshort-signature") {
            let Signed { proven, value, .. } = Signed::<T>::from_request(request, app).await?;
            let voter = proven.voter();
            return Ok(Self { voter, once: Some(proven.once), value });
        }
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        if !caller.has(DECIDE) {
            must_be_signed(&parts.headers)?;
        }
        let request = Request::from_parts(parts, body);
        let Strict { value, .. } = Strict::<T>::from_request(request, app).await?;
        let proof = Proof::Machine;
        let voter = Voter { id: caller.principal.id, name: caller.principal.name, proof };
        Ok(Self { voter, once: None, value })
    }
}
