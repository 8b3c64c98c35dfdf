//! Statements of SQL, for every dialect that a tool's name can say.
#![no_main]

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let arguments = Json::Object(vec![("sql".into(), Json::String(text.into()))]);
    for tool in ["execute_sql", "mysql_query", "postgres_query", "sqlite_query", "bigquery_query"] {
        let made = assess(&Call::new(tool, &arguments));
        assert!(!made.evidence.is_empty());
        let drops = text.trim().to_ascii_uppercase();
        let plain = drops.strip_prefix("DROP TABLE ").is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        });
        assert!(!plain || made.level == RiskLevel::Dangerous);
    }
});
