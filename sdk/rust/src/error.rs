//! What can go wrong between a client and the gate.

use holdshort_api::{Code, Problem};

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The gate answered with a problem document.
    #[error("{}: {} ({})", .0.title, .0.detail, .0.code)]
    Problem(Box<Problem>),
    /// The gate could not be reached, or the connection broke. Nothing runs because of that.
    #[error("cannot reach the gate")]
    Unreachable(#[source] reqwest::Error),
    /// The answer is not one this client understands. Nothing runs because of that either.
    #[error("the gate's answer cannot be read: {0}")]
    Unreadable(String),
    /// The address is not usable.
    #[error("`{0}` is not an address of a gate")]
    BadAddress(String),
    /// The arguments are not JSON.
    #[error("the arguments cannot be written as JSON")]
    BadArguments(#[from] serde_json::Error),
    /// The operating system gives no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

impl Error {
    /// Whether this is the problem with that code.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        matches!(self, Error::Problem(problem) if problem.code == code.as_str())
    }

    /// Whether the same call may be sent again: it never reached the gate, or the gate said so.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        match self {
            Error::Unreachable(_) => true,
            Error::Problem(problem) => problem.status == 503 || problem.status == 429,
            Error::Unreadable(_)
            | Error::BadAddress(_)
            | Error::BadArguments(_)
            | Error::NoRandomness => false,
        }
    }

    /// What to do next, if the gate says so.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Problem(problem) => problem.hint.as_deref(),
            _ => None,
        }
    }
}
