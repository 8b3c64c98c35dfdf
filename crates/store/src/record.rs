//! Domain values as the text that is stored, and back.

use holdshort_core::{
    Action, Assessment, Call, Facts, Payload, Phrase, Request, Run, Untrusted, Words,
};
use serde::de::DeserializeOwned;

use crate::error::StoreError;

pub(crate) fn write<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}

pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(text)?)
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

/// What stands in the place of a payload that was erased.
pub(crate) fn erased() -> Payload {
    let call = Call {
        tool: Untrusted::new("erased"),
        server: Untrusted::default(),
        arguments: Untrusted::new("{}"),
        cwd: Untrusted::default(),
        env_names: Untrusted::default(),
        definition: Untrusted::default(),
        pins: Untrusted::default(),
    };
    Payload {
        call,
        changed: Untrusted::default(),
        pins_now: Untrusted::default(),
        words: Words::default(),
        probes: Vec::new(),
        again: Phrase::default(),
        assessment: Assessment::question(Phrase::ours("Erased")),
        reasons: Vec::new(),
        output: Untrusted::default(),
        why: None,
        undo: None,
    }
}
