//! What server and agent claim. A claim can raise a level and never lowers one.

use holdshort_core::{Json, Phrase, RiskLevel, Source};

use crate::call::Call;
use crate::finding::{Finding, Kind};

/// All claims that came with the call.
pub(crate) fn judge(call: &Call<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut hint = |name: &str, value: bool, level: RiskLevel, text: &str| {
        let said = call.annotations.and_then(|all| all.get(name));
        if said == Some(&Json::Bool(value)) {
            found.push(Finding::new(Kind::Claim(level), Source::Annotation, Phrase::ours(text)));
        }
    };
    hint("destructiveHint", true, RiskLevel::Dangerous, "the server says it destroys");
    hint("openWorldHint", true, RiskLevel::Safe, "the server says it reaches outside");
    hint("readOnlyHint", false, RiskLevel::Risky, "the server says it changes something");
    let read_only = "the server claims it is read-only; not verified";
    hint("readOnlyHint", true, RiskLevel::Safe, read_only);
    if let Some(level) = call.declared {
        let text = match level {
            RiskLevel::Safe => "the agent declares it safe; not verified",
            RiskLevel::Risky => "the agent declares it risky",
            RiskLevel::Dangerous => "the agent declares it dangerous",
        };
        found.push(Finding::new(Kind::Claim(level), Source::Declared, Phrase::ours(text)));
    }
    found
}

/// Whether an administrator trusts the hints of the server this tool is of.
pub(crate) fn is_trusted(call: &Call<'_>) -> bool {
    let named = call.server.unwrap_or_default();
    !named.is_empty() && call.rules.trusted.iter().any(|name| name == named)
}

/// What a trusted server's hints make of a level that only words gave: nothing that was read in
/// the arguments is ever lowered.
pub(crate) fn trusted_level(call: &Call<'_>, findings: &[Finding]) -> Option<RiskLevel> {
    let said = |name: &str| match call.annotations?.get(name)? {
        Json::Bool(value) => Some(*value),
        _ => None,
    };
    let by_words = findings.iter().all(|found| {
        found.kind.level() == RiskLevel::Safe
            || matches!(found.source, Source::Word | Source::Table | Source::Schema)
    });
    if !by_words || !is_trusted(call) {
        return None;
    }
    if said("readOnlyHint") == Some(true) {
        return Some(RiskLevel::Safe);
    }
    (said("readOnlyHint") == Some(false) && said("destructiveHint") == Some(false))
        .then_some(RiskLevel::Risky)
}

/// Whether a name fits a pattern in which `*` stands for any run of characters.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut ended = !pattern.contains('*');
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
        ended = false;
    }
    ended && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expect) in [
            ("crm.*", "crm.list", true),
            ("crm.*", "xcrm.list", false),
            ("crm.list", "crm.list", true),
            ("crm.list", "crm.lists", false),
            ("*delete*", "a_delete_b", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), expect, "{pattern} {name}");
        }
    }
}
