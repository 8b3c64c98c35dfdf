//! Names, descriptions and hints of tools.
#![no_main]

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: (&str, &str, &str)| {
    let (tool, server, description) = parts;
    let plain = Call::new(tool, &Json::Null);
    let told = Call { description: Some(description), server: Some(server), ..plain };
    let level = assess(&told).level;
    let hints = Json::Object(vec![("readOnlyHint".into(), Json::Bool(true))]);
    let claimed = Call { annotations: Some(&hints), declared: Some(RiskLevel::Safe), ..told };
    assert_eq!(assess(&claimed).level, level, "a claim changed a level");
    let declared = Call { declared: Some(RiskLevel::Dangerous), ..told };
    assert_eq!(assess(&declared).level, RiskLevel::Dangerous);
});
