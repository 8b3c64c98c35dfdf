//! Denial memory: what a person denied in a run is not asked again in other words.

use std::collections::BTreeSet;

use crate::action::{Action, Call};
use crate::assessment::Assessment;
use crate::digest::Digest;
use crate::id::RunId;
use crate::json::Json;
use crate::planted::{self, Bug};
use crate::run::Denied;
use crate::untrusted::Untrusted;

/// What a call acts on, each thing as a digest: rows hold nothing that must be erasable.
fn targets(run: RunId, call: &Call, assessment: &Assessment) -> BTreeSet<Digest> {
    let digest = |kind: &str, text: &str| {
        Digest::of("holdshort-target-v1", &[run.as_bytes(), kind.as_bytes(), text.as_bytes()])
    };
    let target = &assessment.target;
    let lists: [(&str, &[Untrusted]); 4] = [
        ("host", &target.hosts),
        ("path", &target.paths),
        ("account", &target.accounts),
        ("recipient", &target.recipients),
    ];
    let mut found = BTreeSet::new();
    for (kind, list) in lists {
        found.extend(list.iter().map(|text| digest(kind, text.raw())));
    }
    // Things named in a list, such as the ids of machines.
    if let Some(count) = &assessment.count
        && let Ok(arguments) = Json::parse(call.arguments.raw().as_bytes())
    {
        let listed = arguments.get(count.path.raw()).and_then(Json::as_array).unwrap_or_default();
        found.extend(listed.iter().map(|item| digest("listed", &item.canonical())));
    }
    found
}

/// What is remembered of a denied action.
pub(crate) fn remember(action: &Action, call: &Call, assessment: &Assessment) -> Denied {
    Denied {
        action: action.id,
        call: action.effective,
        level: action.level,
        class: assessment.effects.clone(),
        targets: targets(action.run, call, assessment),
    }
}

/// The denial that stands against this call: the same call, or the same kind of thing done to at
/// least the same targets. Less of it at a lower level is a new question.
pub(crate) fn against<'a>(
    denied: &'a [Denied],
    run: RunId,
    (call, digest): (&Call, Digest),
    assessment: &Assessment,
) -> Option<&'a Denied> {
    let denied = if planted::is(Bug::DenialForgotten) { &[][..] } else { denied };
    let now = targets(run, call, assessment);
    denied.iter().find(|old| {
        let known = !old.class.is_empty() && !old.targets.is_empty() && !assessment.target.more;
        let same = old.class == assessment.effects && old.targets.is_subset(&now);
        old.call == digest || (known && same)
    })
}
