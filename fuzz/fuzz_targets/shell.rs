//! Commands of a shell: read, judged, wrapped, joined.
#![no_main]

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess};
use libfuzzer_sys::fuzz_target;

fn level(text: &str) -> RiskLevel {
    let arguments = Json::Object(vec![("command".into(), Json::String(text.into()))]);
    let made = assess(&Call::new("run_command", &arguments));
    assert!(!made.evidence.is_empty());
    assert!(made.sentence.render().to_plain().chars().count() <= 120);
    for one in &made.evidence {
        if let Some(at) = &one.at {
            assert!(text.get(at.start..at.end).is_some(), "a place within a letter");
        }
    }
    made.level
}

fuzz_target!(|text: &str| {
    let plain = level(text);
    // What is read to its end is no milder within other words.
    if !text.contains('\n') {
        assert!(level(&format!("{{ {text}\n}}")) >= plain.min(RiskLevel::Risky));
    }
});
