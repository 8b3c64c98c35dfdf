//! Problems: what can go wrong, each with a stable code and a page (`docs/errors/HSnnnn.md`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Address of the page about this problem, `/errors/HSnnnn`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of problem this is.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code, `HSnnnn`. Programs read this, never `detail`.
    pub code: String,
    /// What happened this time.
    pub detail: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The state it collided with, for conflicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub current: Option<serde_json::Value>,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal;)*) => {
        /// Stable codes. HS1 the input, HS2 the caller, HS3 the state, HS4 limits, HS5 the server.
        ///
        /// ```
        /// assert_eq!(holdshort_api::Code::Stale.as_str(), "HS3002");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as text, `HSnnnn`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// What kind of problem this is, in words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    MalformedJson = "HS1001", "The body is not valid JSON";
    AmbiguousJson = "HS1002", "The JSON can be read in two ways";
    TooLarge = "HS1003", "The body or a part of it is too large";
    TooDeep = "HS1004", "The JSON is nested too deeply";
    InvalidField = "HS1005", "A field is missing, unknown or of the wrong kind";
    UnsupportedMediaType = "HS1006", "The body must be application/json";
    BadParameter = "HS1007", "A header, path or query parameter cannot be used";
    KeyReused = "HS1008", "The idempotency key was used for another call";
    MethodNotAllowed = "HS1009", "This address does not take that method";
    SchemaMismatch = "HS1010", "The changed arguments do not fit the tool's schema";
    Unauthenticated = "HS2001", "The caller is not known";
    Forbidden = "HS2002", "The caller may not do this";
    ProofRequired = "HS2003", "A person must prove that they do this themselves";
    ProofInvalid = "HS2004", "The proof does not hold";
    WrongOrigin = "HS2005", "The proof was made for another address";
    ProofReplayed = "HS2006", "The proof was used before";
    CodeSpent = "HS2007", "The sign-in code is used, expired or unknown";
    HostRefused = "HS2008", "The request names a host or origin that is not this server's";
    NotEligible = "HS2009", "This person may not decide this request";
    NotFound = "HS3001", "There is no such thing here";
    Stale = "HS3002", "What was seen is no longer what is held";
    AlreadyDecided = "HS3003", "The request is already decided";
    ClaimedElsewhere = "HS3004", "The action is claimed by another executor";
    WrongState = "HS3005", "The action is not in a state that allows this";
    FactsPending = "HS3006", "The facts are still being checked";
    ConfirmMismatch = "HS3007", "What was typed does not match the request";
    NameTaken = "HS3008", "The name is taken";
    CallMismatch = "HS3009", "The call about to run is not the approved one";
    TooManyOpen = "HS4001", "The agent has too many open requests";
    RateLimited = "HS4002", "Too many requests";
    Internal = "HS5001", "The server failed";
    StorageRefused = "HS5002", "The server cannot write to its disk";
    ShuttingDown = "HS5003", "The server is shutting down";
}
