//! Why a level is what it is: the evidence, and the part of the call it rests on.

use crate::assessment::{Assessment, Evidence};
use crate::json::Json;
use crate::notice::Mask;
use crate::untrusted::{Place, Shown, Untrusted};

/// One reason for the level, made safe to show.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The evidence.
    pub evidence: Evidence,
    /// What it says.
    pub text: Shown,
    /// The part of the call it rests on, where that is less than the whole.
    pub part: Option<Shown>,
}

/// The reasons of an assessment, its secrets masked.
pub(super) fn reasons(assessment: &Assessment, arguments: &Json, mask: &Mask) -> Vec<Reason> {
    let strings = arguments.strings();
    let part = |evidence: &Evidence| {
        let at = evidence.at.as_ref()?;
        let (_, text) = strings.iter().find(|(path, _)| *path == at.path.raw())?;
        let part = text.get(at.start..at.end)?;
        // A part that is the whole adds nothing.
        (part.len() < text.trim().len()).then(|| mask.text(&Untrusted::new(part), Place::Code))
    };
    let reason = |evidence: &Evidence| Reason {
        evidence: evidence.clone(),
        text: mask.phrase(&evidence.text),
        part: part(evidence),
    };
    assessment.evidence.iter().map(reason).collect()
}
