//! Whole calls: a tool and any JSON.
#![no_main]

use holdshort_core::Json;
use holdshort_risk::{Call, assess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: (&str, &[u8])| {
    let (tool, bytes) = parts;
    let Ok(arguments) = Json::parse(bytes) else { return };
    let made = assess(&Call { cwd: Some("/work"), ..Call::new(tool, &arguments) });
    assert!(!made.evidence.is_empty());
    assert_eq!(made.evidence[0].level, made.level);
    let strings = arguments.strings();
    let places = made.secrets.iter().chain(made.evidence.iter().filter_map(|one| one.at.as_ref()));
    for span in places {
        let inside = strings.iter().any(|(path, text)| {
            path == span.path.raw() && text.get(span.start..span.end).is_some()
        });
        assert!(inside, "a place that is not in the arguments");
    }
    for way in &made.safer {
        assert!(way.becomes <= made.level);
    }
});
