//! A coding session is not buried in questions.

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess};

use crate::{level, reasons};

/// Calls that may be asked about although they should not be.
const WRONGLY_DANGEROUS_MAX: usize = 2;

#[test]
fn a_coding_session_is_not_buried() {
    let rows: Vec<Json> = include_str!("session.jsonl")
        .lines()
        .map(|line| Json::parse(line.as_bytes()).unwrap())
        .collect();
    assert_eq!(rows.len(), 300);
    let (mut asked, mut missed) = (Vec::new(), Vec::new());
    for row in &rows {
        let text = |key: &str| row.get(key).and_then(Json::as_str);
        let arguments = row.get("arguments").unwrap();
        let tool = text("tool").unwrap();
        let made = assess(&Call { cwd: text("cwd"), ..Call::new(tool, arguments) });
        let expect = level(text("expect").unwrap());
        let also = text("also").map(level);
        let shown = format!("{tool} {}: {}", arguments.to_text(), reasons(&made));
        if made.level == RiskLevel::Dangerous && expect != RiskLevel::Dangerous {
            asked.push(shown);
        } else if made.level != expect && also != Some(made.level) {
            missed.push(format!("{expect:?}, not {:?}: {shown}", made.level));
        }
    }
    assert!(asked.len() <= WRONGLY_DANGEROUS_MAX, "{}", asked.join("\n"));
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
