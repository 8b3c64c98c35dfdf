//! `holdshort classify`: what a call would do.

use holdshort_core::Json;
use holdshort_risk::{Call, Own, assess};
use serde_json::json;

use crate::output::{self, BOLD, DANGER, RISKY, SAFE, Stop, data, styled};

pub(crate) fn run(tool: &str, arguments: &str, as_json: bool) -> Result<(), Stop> {
    let arguments = Json::parse(arguments.as_bytes()).map_err(|error| {
        Stop::failed(&error).code(2).hint("give the arguments as one JSON object in quotes")
    })?;
    let own = Own::default();
    let assessment = assess(&Call {
        tool,
        server: None,
        arguments: &arguments,
        description: None,
        input_schema: None,
        annotations: None,
        declared: None,
        cwd: None,
        own: &own,
    });
    let sentence = assessment.sentence.render().to_plain();
    if as_json {
        let evidence = assessment.evidence.iter().map(|evidence| {
            json!({
                "source": evidence.source.name(),
                "level": evidence.level,
                "text": evidence.text.render().to_plain(),
            })
        });
        return output::json(&json!({
            "risk": assessment.level,
            "sentence": sentence,
            "way_back": assessment.way_back,
            "reach": assessment.reach,
            "outside": assessment.outside,
            "evidence": evidence.collect::<Vec<_>>(),
        }));
    }
    let level = match assessment.level {
        holdshort_core::RiskLevel::Dangerous => styled(DANGER, "dangerous"),
        holdshort_core::RiskLevel::Risky => styled(RISKY, "risky"),
        holdshort_core::RiskLevel::Safe => styled(SAFE, "safe"),
    };
    data(format!("{level}  {}", styled(BOLD, sentence)));
    for evidence in &assessment.evidence {
        let source = evidence.source.name();
        data(format!("  {source:<11} {}", evidence.text.render().to_plain()));
    }
    for note in &assessment.notes {
        data(format!("  note        {}", note.render().to_plain()));
    }
    Ok(())
}
