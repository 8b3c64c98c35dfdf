//! Web requests: method and address.
#![no_main]

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: (&str, &str)| {
    let (method, url) = parts;
    let text = |text: &str| Json::String(text.into());
    let arguments = Json::Object(vec![("method".into(), text(method)), ("url".into(), text(url))]);
    let made = assess(&Call::new("http_request", &arguments));
    let looks = ["GET", "HEAD", "OPTIONS"].iter().any(|name| name.eq_ignore_ascii_case(method));
    // An empty address is none, and an empty method is none: then the name is all there is.
    if !looks && !url.trim().is_empty() && !method.trim().is_empty() {
        assert!(made.level > RiskLevel::Safe, "{method} {url}");
    }
});
