//! Problem documents (RFC 9457): the only place with status codes.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdshort_api::{Code, Problem};
use holdshort_core::{JsonError, Refusal};
use holdshort_store::StoreError;

/// Something that went wrong, ready to be told to the caller.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    detail: String,
    hint: Option<String>,
    current: Option<serde_json::Value>,
}

impl Failure {
    /// A problem of this kind, with what happened this time.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), hint: None, current: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the state it collided with.
    #[must_use]
    pub fn current(mut self, current: &impl serde::Serialize) -> Self {
        self.current = serde_json::to_value(current).ok();
        self
    }

    /// There is no such thing, or it is not the caller's: the answer is the same.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is no such thing here, or it is not yours.")
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// What happened.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// As a problem document.
    #[must_use]
    pub fn document(self) -> Problem {
        Problem {
            kind: format!("/errors/{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: status(self.code).as_u16(),
            code: self.code.as_str().to_owned(),
            detail: self.detail,
            hint: self.hint,
            current: self.current,
        }
    }
}

/// The HTTP status of a code.
#[must_use]
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::MalformedJson | Code::AmbiguousJson | Code::TooDeep | Code::BadParameter => {
            StatusCode::BAD_REQUEST
        }
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::InvalidField | Code::KeyReused | Code::SchemaMismatch | Code::ConfirmMismatch => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden
        | Code::ProofRequired
        | Code::ProofInvalid
        | Code::WrongOrigin
        | Code::HostRefused
        | Code::NotEligible => StatusCode::FORBIDDEN,
        Code::CodeSpent => StatusCode::GONE,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::ProofReplayed
        | Code::Stale
        | Code::AlreadyDecided
        | Code::ClaimedElsewhere
        | Code::WrongState
        | Code::FactsPending
        | Code::NameTaken
        | Code::CallMismatch => StatusCode::CONFLICT,
        Code::TooManyOpen | Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::StorageRefused | Code::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.code;
        metrics::counter!("holdshort_problems_total", "code" => code.as_str()).increment(1);
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = (status(code), body).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        match code {
            Code::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Code::TooManyOpen | Code::RateLimited | Code::StorageRefused | Code::ShuttingDown => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooManyOpen => Self::new(
                Code::TooManyOpen,
                "This agent has too many open requests; have some answered or cancelled first.",
            ),
            StoreError::ProofUsed => {
                Self::new(Code::ProofReplayed, "This proof was used before; sign again.")
            }
            StoreError::Taken => Self::new(Code::NameTaken, "The name is taken."),
            StoreError::CodeSpent => Self::new(Code::CodeSpent, error.to_string()).hint(
                "Ask a signed-in person for a new link, or restart the server at a terminal.",
            ),
            StoreError::NotFound => Self::not_found(),
            StoreError::Refused(_) => {
                tracing::error!(%error, "the store refuses to write");
                Self::new(Code::StorageRefused, error.to_string())
                    .hint("Nothing was written and nothing runs. Free space or mend permissions.")
            }
            StoreError::Closed => Self::new(Code::ShuttingDown, "The server is shutting down."),
            StoreError::Conflict => Self::new(Code::Stale, "The row kept changing; try again."),
            StoreError::InUse(_)
            | StoreError::Newer { .. }
            | StoreError::MigrationChanged(_)
            | StoreError::Damaged(_) => {
                tracing::error!(%error, "the store failed");
                Self::new(Code::Internal, "The store failed; the server's log says how.")
            }
        }
    }
}

impl From<JsonError> for Failure {
    fn from(error: JsonError) -> Self {
        let code = match error {
            JsonError::Syntax(_) => Code::MalformedJson,
            JsonError::DuplicateKey(_) => Code::AmbiguousJson,
            JsonError::TooDeep => Code::TooDeep,
        };
        Self::new(code, error.to_string())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::NotFound => return Self::not_found(),
            Refusal::Json(error) => return Self::from(error.clone()),
            Refusal::Stale => Code::Stale,
            Refusal::AlreadyDecided => Code::AlreadyDecided,
            Refusal::NotEligible(_) => Code::NotEligible,
            Refusal::FactsPending | Refusal::FactsNeeded => Code::FactsPending,
            Refusal::ConfirmMismatch => Code::ConfirmMismatch,
            Refusal::ReasonMissing
            | Refusal::ChangeMissing
            | Refusal::TextMissing
            | Refusal::WrongAnswer(_)
            | Refusal::NamesNobody(_) => Code::InvalidField,
            Refusal::ClaimedElsewhere => Code::ClaimedElsewhere,
            Refusal::CallMismatch => Code::CallMismatch,
            Refusal::Uninspectable(_)
            | Refusal::NotAllowed(_)
            | Refusal::WrongState(_)
            | Refusal::RunOver
            | Refusal::TooMany(_)
            | Refusal::TooManyVotes => Code::WrongState,
        };
        Self::new(code, refusal.to_string())
    }
}

impl From<crate::clock::RandomFailed> for Failure {
    fn from(error: crate::clock::RandomFailed) -> Self {
        Self::new(Code::Internal, error.to_string())
    }
}
