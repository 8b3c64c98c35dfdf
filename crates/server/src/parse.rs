//! Wire types become domain types here and nowhere else. Bodies are read once, strictly.

mod body;

use std::str::FromStr;

use holdshort_api::{self as api, Code};
use holdshort_core::{
    Amount, Call, ClaimIntent, Decision, Digest, Json, Phrase, Reply, RiskLevel, Timestamp,
    Untrusted, Words, limits as core_limits,
};
use serde_json::value::RawValue;

use crate::engine::{Answered, Presented, Proposal};
use crate::limits;
use crate::problem::Failure;

pub(crate) use body::{Large, Strict, read_body};

/// A path parameter as an id. Something that is no id names nothing.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

/// A bounded text.
pub(crate) fn text(name: &str, text: &str, most: usize) -> Result<(), Failure> {
    if text.chars().count() > most {
        let detail = format!("`{name}` may have at most {most} characters.");
        return Err(Failure::new(Code::InvalidField, detail));
    }
    if text.contains('\0') {
        return Err(Failure::new(Code::InvalidField, format!("`{name}` holds a NUL character.")));
    }
    Ok(())
}

/// A name people give: not empty, one line, nothing invisible.
pub(crate) fn name(field: &str, name: &str) -> Result<String, Failure> {
    text(field, name, 100)?;
    let trimmed = name.trim();
    let shown = Untrusted::new(trimmed).render(holdshort_core::Place::Name);
    let plain = shown.pieces.iter().all(|piece| !piece.mark);
    if trimmed.is_empty() || !plain {
        let detail = format!("`{field}` must be a plain, visible, non-empty name.");
        return Err(Failure::new(Code::InvalidField, detail));
    }
    Ok(trimmed.to_owned())
}

fn object(field: &str, raw: &RawValue, most: usize) -> Result<Json, Failure> {
    if raw.get().len() > most {
        let detail = format!("`{field}` may have at most {most} bytes.");
        return Err(Failure::new(Code::TooLarge, detail));
    }
    let json = Json::parse(raw.get().as_bytes())?;
    match json {
        Json::Object(_) => Ok(json),
        _ => Err(Failure::new(Code::InvalidField, format!("`{field}` must be an object."))),
    }
}

fn optional(text: Option<String>) -> Untrusted {
    Untrusted::new(text.unwrap_or_default())
}

/// A proposal.
pub(crate) fn proposal(
    body: api::Propose,
    idempotency_key: Option<String>,
) -> Result<Proposal, Failure> {
    check_texts(&body)?;
    let arguments = object("arguments", &body.arguments, core_limits::ARGUMENTS_BYTES)?;
    let definition = definition(&body)?;
    let cost = cost(body.cost.as_deref())?;
    let pins = match &body.pins {
        Some(pins) => object("pins", pins, limits::SCHEMA_BYTES)?.canonical(),
        None => String::new(),
    };
    let list = |texts: &[String]| {
        Json::Array(texts.iter().map(|text| Json::String(text.clone())).collect()).canonical()
    };
    let call = Call {
        tool: Untrusted::new(body.tool),
        server: optional(body.server),
        arguments: Untrusted::new(body.arguments.get()),
        cwd: optional(body.cwd),
        env_names: Untrusted::new(list(&body.env_names)),
        definition: Untrusted::new(definition),
        pins: Untrusted::new(pins),
    };
    let words = Words {
        reason: optional(body.reason),
        goal: optional(body.goal),
        if_denied: optional(body.consequence_if_denied),
        alternatives: Untrusted::new(list(&body.alternatives)),
        phase: optional(body.phase),
        confidence: optional(body.confidence.map(|value| value.to_string())),
    };
    let claim = body.claim.as_ref();
    let claim = claim.map(|claim| intent(&claim.nonce, claim.start, claim.lease_s)).transpose()?;
    Ok(Proposal {
        run: body.run.unwrap_or_else(|| "default".to_owned()),
        call_id: body.call_id.or(idempotency_key),
        call,
        arguments,
        words,
        declared: body.declared_risk.map(risk_level),
        expires_at: body.expires_at.map(Timestamp::from_micros),
        cost,
        claim,
        undo: None,
    })
}

/// The call that would take an action back, and for how many seconds it works.
pub(crate) fn undo(body: api::Undo) -> Result<(Call, u32), Failure> {
    let api::Undo { tool, server, arguments, cwd, for_s } = body;
    if tool.trim().is_empty() {
        return Err(Failure::new(Code::InvalidField, "`undo.tool` must not be empty."));
    }
    text("undo.tool", &tool, 256)?;
    text("undo.server", server.as_deref().unwrap_or_default(), 256)?;
    text("undo.cwd", cwd.as_deref().unwrap_or_default(), 4096)?;
    object("undo.arguments", &arguments, core_limits::ARGUMENTS_BYTES)?;
    let for_secs = for_s.unwrap_or(limits::UNDO_SECS);
    if !(1..=limits::UNDO_MAX_SECS).contains(&for_secs) {
        let detail = format!("`undo.for_s` must be between 1 and {}.", limits::UNDO_MAX_SECS);
        return Err(Failure::new(Code::InvalidField, detail));
    }
    let call = Call {
        tool: Untrusted::new(tool),
        server: optional(server),
        arguments: Untrusted::new(arguments.get()),
        cwd: optional(cwd),
        env_names: Untrusted::new("[]"),
        definition: Untrusted::default(),
        pins: Untrusted::default(),
    };
    Ok((call, for_secs))
}

fn check_texts(body: &api::Propose) -> Result<(), Failure> {
    if body.tool.trim().is_empty() {
        return Err(Failure::new(Code::InvalidField, "`tool` must not be empty."));
    }
    text("tool", &body.tool, 256)?;
    let optional = [
        ("server", &body.server, 256),
        ("run", &body.run, 200),
        ("call_id", &body.call_id, 200),
        ("reason", &body.reason, 8000),
        ("goal", &body.goal, 2000),
        ("consequence_if_denied", &body.consequence_if_denied, 2000),
        ("phase", &body.phase, 100),
        ("cwd", &body.cwd, 4096),
        ("description", &body.description, 16_000),
    ];
    for (field, value, most) in optional {
        if let Some(value) = value {
            text(field, value, most)?;
        }
    }
    for id in [&body.run, &body.call_id].into_iter().flatten() {
        if id.is_empty() {
            let detail = "`run` and `call_id` must not be empty; leave them out instead.";
            return Err(Failure::new(Code::InvalidField, detail));
        }
    }
    if body.alternatives.len() > 10 || body.env_names.len() > 100 {
        let detail = "At most 10 `alternatives` and 100 `env_names`.";
        return Err(Failure::new(Code::InvalidField, detail));
    }
    for item in body.alternatives.iter().chain(&body.env_names) {
        text("alternatives` and `env_names", item, 2000)?;
    }
    match body.confidence {
        Some(value) if !(0.0..=1.0).contains(&value) => {
            Err(Failure::new(Code::InvalidField, "`confidence` must be between 0 and 1."))
        }
        _ => Ok(()),
    }
}

/// What the tool is said to be: part of what is approved, so that a changed tool asks again.
fn definition(body: &api::Propose) -> Result<String, Failure> {
    let mut parts = Vec::new();
    if let Some(description) = &body.description {
        parts.push(("description".to_owned(), Json::String(description.clone())));
    }
    if let Some(schema) = &body.input_schema {
        let schema = object("input_schema", schema, limits::SCHEMA_BYTES)?;
        parts.push(("input_schema".to_owned(), schema));
    }
    if let Some(annotations) = &body.annotations {
        let annotations = object("annotations", annotations, limits::SCHEMA_BYTES)?;
        parts.push(("annotations".to_owned(), annotations));
    }
    Ok(if parts.is_empty() { String::new() } else { Json::Object(parts).canonical() })
}

/// Checks changed arguments against the schema in a tool's definition, if it gave one.
pub(crate) fn check_schema(definition: &str, arguments: &str) -> Result<(), Failure> {
    let mismatch = |detail: String| Failure::new(Code::SchemaMismatch, detail);
    let Ok(definition) = Json::parse(definition.as_bytes()) else {
        return Ok(());
    };
    let Some(schema) = definition.get("input_schema") else {
        return Ok(());
    };
    let schema: serde_json::Value = serde_json::from_str(&schema.to_text())
        .map_err(|error| mismatch(format!("the tool's schema cannot be used: {error}")))?;
    let arguments: serde_json::Value =
        serde_json::from_str(arguments).map_err(|error| mismatch(error.to_string()))?;
    let validator = jsonschema::validator_for(&schema)
        .map_err(|error| mismatch(format!("the tool's schema cannot be used: {error}")))?;
    validator.validate(&arguments).map_err(|error| {
        let place = error.instance_path().to_string();
        let place = if place.is_empty() { "the arguments".to_owned() } else { place };
        // The value may be a secret that was put back: it is not told.
        mismatch(format!("{place}: {}", error.masked()))
    })
}

/// How a claimer claims. Its nonce is kept as a digest.
pub(crate) fn intent(
    nonce: &str,
    start: bool,
    lease_secs: Option<u32>,
) -> Result<ClaimIntent, Failure> {
    let lease_secs = lease_secs.unwrap_or(core_limits::LEASE_SECS);
    if !(1..=core_limits::LEASE_MAX_SECS).contains(&lease_secs) {
        let most = core_limits::LEASE_MAX_SECS;
        let detail = format!("`lease_s` must be between 1 and {most}.");
        return Err(Failure::new(Code::InvalidField, detail));
    }
    Ok(ClaimIntent { nonce: nonce_digest(nonce)?, lease_secs, start })
}

/// The digest a nonce is known by.
pub(crate) fn nonce_digest(nonce: &str) -> Result<Digest, Failure> {
    if !(16..=64).contains(&nonce.chars().count()) {
        let detail = "`nonce` must have 16 to 64 characters.";
        return Err(Failure::new(Code::InvalidField, detail));
    }
    Ok(Digest::of("holdshort-claim-nonce", &[nonce.as_bytes()]))
}

/// What an executor presents with its claim.
pub(crate) fn presented(claim: &api::Claim) -> Result<Presented, Failure> {
    let intent = intent(&claim.nonce, claim.start, claim.lease_s)?;
    let arguments = match &claim.arguments {
        Some(raw) => {
            object("arguments", raw, core_limits::ARGUMENTS_BYTES)?;
            Some(Untrusted::new(raw.get()))
        }
        None => None,
    };
    let pins = match &claim.pins {
        Some(raw) => Some(Untrusted::new(object("pins", raw, limits::SCHEMA_BYTES)?.canonical())),
        None => None,
    };
    Ok(Presented { intent, arguments, pins, facts: answers(&claim.facts)? })
}

/// What an agent read for probes.
pub(crate) fn answers(answers: &[api::LookAnswer]) -> Result<Vec<Answered>, Failure> {
    if answers.len() > limits::ANSWERS {
        let detail = format!("At most {} answers at once.", limits::ANSWERS);
        return Err(Failure::new(Code::InvalidField, detail));
    }
    answers.iter().map(answer).collect()
}

fn answer(answer: &api::LookAnswer) -> Result<Answered, Failure> {
    text("probe", &answer.probe, 200)?;
    let found = match (&answer.output, &answer.not_known) {
        (Some(output), None) => Ok(object("output", output, limits::SCHEMA_BYTES)?),
        (None, Some(because)) => {
            text("not_known", because, 500)?;
            Err(Phrase::ours("").theirs(because.clone()))
        }
        _ => {
            let detail = "An answer has either `output` or `not_known`.";
            return Err(Failure::new(Code::InvalidField, detail));
        }
    };
    Ok(Answered { probe: answer.probe.clone(), found })
}

/// A level.
pub(crate) fn risk_level(level: api::RiskLevel) -> RiskLevel {
    match level {
        api::RiskLevel::Safe => RiskLevel::Safe,
        api::RiskLevel::Risky => RiskLevel::Risky,
        api::RiskLevel::Dangerous => RiskLevel::Dangerous,
    }
}

/// A decision.
pub(crate) fn decision(decision: api::Decision) -> Decision {
    match decision {
        api::Decision::Approve => Decision::Approve,
        api::Decision::Modify => Decision::Modify,
        api::Decision::Deny => Decision::Deny,
        api::Decision::Answer => Decision::Answer,
    }
}

/// An answer to a question of a run.
pub(crate) fn reply(reply: api::Reply) -> Reply {
    match reply {
        api::Reply::Continue => Reply::Continue,
        api::Reply::Pause => Reply::Pause,
        api::Reply::Stop => Reply::Stop,
        api::Reply::Redirect => Reply::Redirect,
        api::Reply::Happened => Reply::Happened,
        api::Reply::DidNotHappen => Reply::DidNotHappen,
        api::Reply::Reconsider => Reply::Reconsider,
        api::Reply::Text => Reply::Text,
    }
}

/// An amount of money, when there is one.
pub(crate) fn cost(text: Option<&str>) -> Result<Option<Amount>, Failure> {
    let parse = |text: &str| {
        text.parse::<Amount>()
            .map_err(|error| Failure::new(Code::InvalidField, format!("`cost`: {error}.")))
    };
    text.map(parse).transpose()
}

/// A binding as it was quoted. Anything else is not what is held.
pub(crate) fn binding(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|_| {
        Failure::new(Code::Stale, "`binding` is not the binding of this request; read it again.")
    })
}

/// Changed arguments.
pub(crate) fn changed(raw: Option<&RawValue>) -> Result<Option<Json>, Failure> {
    raw.map(|raw| object("arguments", raw, core_limits::ARGUMENTS_BYTES)).transpose()
}
