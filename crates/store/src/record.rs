//! Domain values as the text that is stored, and back.

use holdshort_core::{Action, Facts, Payload, Request, Run};

use crate::error::StoreError;

pub(crate) fn write<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}

pub(crate) fn action(text: &str) -> Result<Action, StoreError> {
    Ok(serde_json::from_str(text)?)
}

pub(crate) fn payload(text: &str) -> Result<Payload, StoreError> {
    Ok(serde_json::from_str(text)?)
}

pub(crate) fn run(text: &str) -> Result<Run, StoreError> {
    Ok(serde_json::from_str(text)?)
}

/// A request from its row, its number column and its facts (which are payload).
pub(crate) fn request(text: &str, number: u64, facts: Option<&str>) -> Result<Request, StoreError> {
    let mut request: Request = serde_json::from_str(text)?;
    request.number = number;
    if let Some(facts) = facts {
        request.facts = serde_json::from_str::<Facts>(facts)?;
    }
    Ok(request)
}
