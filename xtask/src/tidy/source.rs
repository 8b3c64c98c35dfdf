//! What one file may look like.

use super::Untidy;

/// Lines a file may have before its tests.
const LINES: usize = 400;
/// Columns a line may have.
const COLUMNS: usize = 100;
/// Words for what is not finished, in pieces so that this file may hold them.
const UNFINISHED: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];
/// How statements of SQL begin in a string.
const SQL: [&str; 4] = ["\"SELECT ", "\"INSERT INTO", "\"UPDATE ", "\"DELETE FROM"];
/// Where SQL may stand: the store, what reads SQL to judge it, what runs an organization's own
/// SQL, and the fleet of the demo.
const SQL_HOMES: [&str; 4] =
    ["crates/store/", "crates/risk/", "crates/probe/", "crates/cli/src/demo"];
/// Where status codes may stand.
const STATUS_HOMES: [&str; 4] = [
    "crates/server/src/problem.rs",
    "crates/server/src/routes.rs",
    "crates/server/src/routes/",
    "crates/probe/",
];

/// Checks one file.
pub(super) fn check(path: &str, text: &str) -> Vec<Untidy> {
    let mut found = unfinished(path, text);
    if path.ends_with(".rs") {
        found.extend(rust(path, text));
    }
    found
}

fn unfinished(path: &str, text: &str) -> Vec<Untidy> {
    if path.ends_with(".md") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            found.push(Untidy::new(path, index + 1, format!("`{word}`: finish it")));
        }
    }
    found
}

fn rust(path: &str, text: &str) -> Vec<Untidy> {
    let mut found = Vec::new();
    let all_tests = path.contains("/tests/") || path.ends_with("/tests.rs");
    if !text.starts_with("//!") {
        found.push(Untidy::new(path, 1, "open with `//!`: what is this file for?"));
    }
    if path.ends_with("/mod.rs") {
        found.push(Untidy::new(path, 1, "name it after its folder, beside the folder"));
    }
    let tests = text.lines().position(|line| line.trim_start().starts_with("#[cfg(test)]"));
    let own = tests.unwrap_or_else(|| text.lines().count());
    if own > LINES && !all_tests {
        let what = format!("{own} lines before its tests, at most {LINES}: split it");
        found.push(Untidy::new(path, LINES, what));
    }
    for (index, line) in text.lines().enumerate() {
        let in_tests = all_tests || tests.is_some_and(|tests| index > tests);
        for what in one_line(path, line, in_tests) {
            found.push(Untidy::new(path, index + 1, what));
        }
    }
    found
}

fn one_line(path: &str, line: &str, in_tests: bool) -> Vec<String> {
    let mut found = Vec::new();
    let columns = line.chars().count();
    if columns > COLUMNS {
        found.push(format!("{columns} columns, at most {COLUMNS}"));
    }
    let start = line.trim_start();
    if start.starts_with("#[allow") || start.starts_with("#![allow") {
        found.push("`#[expect(…, reason = \"…\")]` instead of allow".to_owned());
    }
    if in_tests || path.starts_with("xtask/") {
        return found;
    }
    let home = |homes: &[&str]| homes.iter().any(|home| path.starts_with(home));
    if SQL.iter().any(|sql| line.contains(sql)) && !home(&SQL_HOMES) {
        found.push("SQL stands in the store".to_owned());
    }
    // Clients read status codes; only one place makes them.
    if line.contains("StatusCode::") && path.starts_with("crates/") && !home(&STATUS_HOMES) {
        found.push("status codes stand in `server/src/problem.rs` and the routes".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_file(path: &str, text: &str, expect: &[(usize, &str)]) {
        let found = check(path, text);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (one, (line, what)) in found.iter().zip(expect) {
            assert_eq!(one.line, *line);
            assert!(one.what.contains(what), "{one}");
        }
    }

    #[test]
    fn a_good_file_is_tidy() {
        check_file("crates/core/src/a.rs", "//! What a is for.\n\nfn a() {}\n", &[]);
    }

    #[test]
    fn every_rule_finds_what_breaks_it() {
        let path = "crates/server/src/a.rs";
        check_file(path, "fn a() {}\n", &[(1, "open with")]);
        check_file("crates/server/src/a/mod.rs", "//! A.\n", &[(1, "name it")]);
        check_file(path, "//! A.\n#[allow(x)]\n", &[(2, "expect")]);
        check_file(path, &format!("//! A.\n// {}\n", "é".repeat(98)), &[(2, "101 columns")]);
        check_file(path, &format!("//! A.\n// {}\n", "é".repeat(97)), &[]);
        check_file(path, "//! A.\nlet a = \"SELECT 1\";\n", &[(2, "SQL")]);
        check_file(path, "//! A.\nStatusCode::OK\n", &[(2, "status")]);
        check_file(path, &format!("//! A.\n{}\n", UNFINISHED[0]), &[(2, "finish")]);
        check_file(path, &format!("//! A.\n{}", "\n".repeat(400)), &[(400, "401 lines")]);
    }

    #[test]
    fn homes_and_tests_are_exempt() {
        let sql = "//! A.\nlet a = \"SELECT 1\";\n";
        check_file("crates/store/src/a.rs", sql, &[]);
        check_file("crates/server/tests/it/a.rs", sql, &[]);
        check_file("crates/server/src/routes/a.rs", "//! A.\nStatusCode::OK\n", &[]);
        check_file("sdk/rust/src/a.rs", "//! A.\nStatusCode::OK\n", &[]);
        let long = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(900));
        check_file("crates/core/src/a.rs", &long, &[]);
    }
}
