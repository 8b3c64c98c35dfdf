//! Hostile input: every text has an answer, soon, and what cannot be read is never safe.

use std::time::{Duration, Instant};

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess};

use crate::{command, reasons};

/// Far above what any answer takes, so that a slow machine does not fail: it catches what hangs.
const SOON: Duration = Duration::from_secs(5);

fn soon(text: &str) -> RiskLevel {
    let start = Instant::now();
    let made = command(text);
    let shown: String = text.chars().take(40).collect();
    assert!(start.elapsed() < SOON, "{shown}: {:?}", start.elapsed());
    made.level
}

#[test]
fn large_and_deep_texts_are_dangerous() {
    for text in [
        "a".repeat(1 << 20),
        "ls; ".repeat(1 << 18),
        "$(".repeat(10_000),
        "$(".repeat(10_000) + &")".repeat(10_000),
        "(".repeat(10_000),
        "((".repeat(5_000),
        "{ ".repeat(10_000),
        "if ".repeat(10_000),
        "`".repeat(9_999),
        "${x:-".repeat(10_000),
        "\"$(".repeat(5_000),
        "<(".repeat(5_000),
        "case x in a) ".repeat(3_000),
        "sh -c '".repeat(5_000),
        "env ".repeat(10_000) + "ls",
        "{a,b}".repeat(1_000),
        "{".repeat(20_000),
        "cat <<A\n".repeat(3_000),
    ] {
        assert_eq!(soon(&text), RiskLevel::Dangerous, "{}", text.get(..20).unwrap());
    }
}

#[test]
fn values_that_double_stay_small() {
    assert_eq!(soon(&format!("X=a; {}ls", "X=$X$X; ".repeat(1_000))), RiskLevel::Safe);
    assert_eq!(
        soon(&format!("X={}; {}", "a".repeat(4_000), "ls $X$X$X$X; ".repeat(1_000))),
        RiskLevel::Dangerous
    );
}

#[test]
fn what_cannot_be_read_is_never_safe() {
    for text in [
        "ls '",
        "ls \"",
        "ls $(",
        "ls `",
        "ls ${",
        "ls )",
        "fi",
        "ls <",
        "ls <<X",
        "ls \u{0}",
        "l\u{430}s",
        "ls\u{202e}",
        "ls | | ls",
        "ls && ",
        "ls !(a)",
        "for in x; do ls; done",
        "$'\\xff'",
        "]]",
        "",
        " ",
        "#",
        "\u{1b}[2Jls",
    ] {
        let made = command(text);
        assert!(made.level > RiskLevel::Safe, "{text:?}: {}", reasons(&made));
    }
}

#[test]
fn sql_that_nests_or_lies() {
    for sql in [
        "SELECT ".to_owned() + &"(".repeat(20_000),
        "SELECT 1".to_owned() + &"+1".repeat(20_000),
        "SELECT 1 WHERE ".to_owned() + &"NOT ".repeat(10_000) + "1",
        "SELECT 1 ".to_owned() + &"UNION SELECT 1 ".repeat(3_000),
        "WITH a AS (".repeat(2_000),
        "SELECT '".to_owned() + &"''".repeat(30_000),
        "/*".repeat(20_000),
        "\u{0}".to_owned(),
        "SELECT 1; DROP TABLE a".to_owned(),
        "SELECT 1 /*! ; DROP TABLE a */".to_owned(),
    ] {
        let arguments = Json::Object(vec![("sql".to_owned(), Json::String(sql.clone()))]);
        let start = Instant::now();
        let made = assess(&Call::new("execute_sql", &arguments));
        assert!(start.elapsed() < SOON);
        assert!(made.level > RiskLevel::Safe, "{}", sql.chars().take(40).collect::<String>());
    }
}

#[test]
fn what_the_fuzzer_found_has_an_answer() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut judged = 0;
    for target in std::fs::read_dir(corpus).unwrap() {
        for file in std::fs::read_dir(target.unwrap().path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let _ = soon(&text);
            let value = || Json::String(text.clone().into_owned());
            for (tool, key) in [("execute_sql", "sql"), ("http_request", "url"), ("x", "path")] {
                let arguments = Json::Object(vec![(key.to_owned(), value())]);
                assert!(!assess(&Call::new(tool, &arguments)).evidence.is_empty());
            }
            assert!(!assess(&Call::new(&text, &Json::Null)).evidence.is_empty());
            judged += 1;
        }
    }
    assert!(judged > 100);
}
