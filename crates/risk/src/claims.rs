//! What server and agent claim. A claim can raise a level and never lowers one.

use holdshort_core::{Json, Phrase, RiskLevel, Source};

use crate::call::Call;
use crate::finding::{Finding, Kind};
use crate::words;

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

/// What the description admits to, for tools whose arguments do not say it.
pub(crate) fn description(call: &Call<'_>) -> Option<Finding> {
    words::judge_description(call.description?)
}
