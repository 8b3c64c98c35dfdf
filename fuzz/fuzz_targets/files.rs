//! Paths, recipients, amounts: values of tools that name them.
#![no_main]

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: (&str, &str)| {
    let (path, other) = parts;
    let text = |text: &str| Json::String(text.into());
    let arguments = Json::Object(vec![
        ("path".into(), text(path)),
        ("content".into(), text(other)),
        ("to".into(), Json::Array(vec![text(other)])),
        ("amount".into(), text(other)),
    ]);
    let read = assess(&Call { cwd: Some("/work"), ..Call::new("read_file", &arguments) });
    let write = assess(&Call { cwd: Some("/work"), ..Call::new("write_file", &arguments) });
    assert!(write.level > RiskLevel::Safe);
    let _ = read;
});
