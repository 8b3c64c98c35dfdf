//! What must hold between files: pages for codes, listed tests, allowed dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::Untidy;

/// Where sources are.
const FOLDERS: [&str; 6] = ["crates", "sdk", "xtask", "web", "docs", "fuzz"];
/// What is read.
const KINDS: [&str; 10] = ["rs", "js", "mjs", "ts", "py", "css", "html", "sh", "sql", "md"];
/// What is never ours.
const FOREIGN: [&str; 5] = ["target", "node_modules", "vendor", "out", "venv"];
/// The file that lists the problem codes.
const CODES: &str = "crates/api/src/problem.rs";
/// Packages that need a C tool chain of their own, or bring what nothing here uses.
const BANNED: [&str; 3] = ["aws-lc-sys", "openssl-sys", "zstd-sys"];

/// Which of our packages a package may depend on.
const ARROWS: [(&str, &[&str]); 10] = [
    ("holdshort-core", &[]),
    ("holdshort-api", &[]),
    ("holdshort-audit", &[]),
    ("holdshort-risk", &["holdshort-core"]),
    ("holdshort-probe", &["holdshort-core"]),
    ("holdshort-store", &["holdshort-core"]),
    ("holdshort-channels", &["holdshort-core"]),
    ("holdshort-sdk", &["holdshort-api"]),
    (
        "holdshort-server",
        &[
            "holdshort-core",
            "holdshort-risk",
            "holdshort-probe",
            "holdshort-store",
            "holdshort-channels",
            "holdshort-api",
            "holdshort-audit",
        ],
    ),
    (
        "holdshort",
        &[
            "holdshort-server",
            "holdshort-sdk",
            "holdshort-core",
            "holdshort-risk",
            "holdshort-probe",
        ],
    ),
];

/// A file of ours, by its path from the root.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// Reads the sources.
pub(super) fn files(root: &Path) -> std::io::Result<Vec<File>> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        if root.join(folder).is_dir() {
            walk(root, &root.join(folder), &mut files)?;
        }
    }
    let lock = std::fs::read_to_string(root.join("Cargo.lock"))?;
    files.push(File { path: "Cargo.lock".to_owned(), text: lock });
    Ok(files)
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !FOREIGN.contains(&name) && !name.starts_with('.') {
                walk(root, &path, files)?;
            }
            continue;
        }
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if KINDS.contains(&kind) {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let path_text = relative.to_string_lossy().replace('\\', "/");
            let text = std::fs::read_to_string(&path)?;
            files.push(File { path: path_text, text });
        }
    }
    Ok(())
}

/// Every problem code has its page under its own title, and every page its code.
pub(super) fn errors(files: &[File]) -> Vec<Untidy> {
    let codes: BTreeMap<&str, (usize, &str)> = files
        .iter()
        .filter(|file| file.path == CODES)
        .flat_map(|file| file.text.lines().enumerate())
        .filter_map(|(index, line)| code(line).map(|(code, title)| (code, (index + 1, title))))
        .collect();
    let pages: BTreeMap<&str, &File> = files
        .iter()
        .filter_map(|file| {
            let page = file.path.strip_prefix("docs/errors/")?.strip_suffix(".md")?;
            Some((page, file))
        })
        .collect();
    let mut found = Vec::new();
    for (code, (line, title)) in &codes {
        let heading = format!("# {code}: {title}");
        match pages.get(code) {
            None => found.push(Untidy::new(CODES, *line, format!("no page docs/errors/{code}.md"))),
            Some(page) if page.text.lines().next() != Some(heading.as_str()) => {
                found.push(Untidy::new(&page.path, 1, format!("must open with `{heading}`")));
            }
            Some(_) => {}
        }
    }
    for (page, file) in &pages {
        if !codes.contains_key(page) {
            found.push(Untidy::new(&file.path, 1, "there is no such code"));
        }
    }
    found
}

/// Reads `Name = "HSnnnn", "Title";`.
fn code(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once(" = \"HS")?;
    let (digits, rest) = rest.split_once("\", \"")?;
    let (title, _) = rest.split_once("\";")?;
    let start = line.find("HS")?;
    let code = line.get(start..start + 2 + digits.len())?;
    (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some((code, title))
}

/// A file of integration tests that `main.rs` does not list never runs.
pub(super) fn integration_tests(files: &[File]) -> Vec<Untidy> {
    let mut found = Vec::new();
    for file in files {
        let Some((crate_path, name)) = file.path.split_once("/tests/it/") else { continue };
        let name = name.strip_suffix(".rs").unwrap_or_default();
        if name.is_empty() || name == "main" || name.contains('/') {
            continue;
        }
        let main = format!("{crate_path}/tests/it/main.rs");
        let listed = files.iter().filter(|file| file.path == main).any(|file| {
            let line = format!("mod {name};");
            file.text.lines().any(|text| text.trim() == line)
        });
        if !listed {
            found.push(Untidy::new(&file.path, 1, format!("not listed in {main}: it never runs")));
        }
    }
    found
}

/// No package is in the tree that must not be.
pub(super) fn banned(files: &[File]) -> Vec<Untidy> {
    let lock = files.iter().filter(|file| file.path == "Cargo.lock");
    lock.flat_map(|file| file.text.lines().enumerate())
        .filter_map(|(index, line)| {
            let name = line.strip_prefix("name = \"")?.strip_suffix('"')?;
            let what = format!("`{name}` must not be depended on");
            BANNED.contains(&name).then(|| Untidy::new("Cargo.lock", index + 1, what))
        })
        .collect()
}

/// Our packages depend on each other only along the allowed arrows. Dependencies of tests are
/// not part of what is shipped and may point anywhere.
pub(super) fn arrows(metadata: &Value) -> Vec<Untidy> {
    let list = |value: &Value, key: &str| -> Vec<Value> {
        value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let text = |value: &Value, key: &str| -> String {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let root = text(metadata, "workspace_root");
    let packages = list(metadata, "packages");
    let ours: BTreeSet<String> = packages.iter().map(|package| text(package, "name")).collect();
    let mut found = Vec::new();
    for package in packages {
        let name = text(&package, "name");
        let path = text(&package, "manifest_path");
        let file = path.strip_prefix(&root).unwrap_or(&path).trim_start_matches('/');
        // Tasks may use anything.
        if file.starts_with("xtask/") {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            found.push(Untidy::new(file, 1, "say in xtask/src/tidy/tree.rs what it may use"));
            continue;
        };
        for dependency in list(&package, "dependencies") {
            let to = text(&dependency, "name");
            let shipped = text(&dependency, "kind") != "dev";
            if shipped && ours.contains(&to) && !allowed.contains(&to.as_str()) {
                found.push(Untidy::new(file, 1, format!("must not depend on {to}")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn codes_and_pages_belong_together() {
        let codes = file(CODES, "    A = \"HS1001\", \"One\";\n    B = \"HS1002\", \"Two\";\n");
        let page = file("docs/errors/HS1001.md", "# HS1001: One\n");
        let found = errors(&[codes, page, file("docs/errors/HS9999.md", "# HS9999: No\n")]);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/api/src/problem.rs:2: no page docs/errors/HS1002.md",
                "docs/errors/HS9999.md:1: there is no such code",
            ]
        );
    }

    #[test]
    fn an_unlisted_test_is_found() {
        let main = file("crates/a/tests/it/main.rs", "//! A.\nmod one;\n");
        let one = file("crates/a/tests/it/one.rs", "//! One.\n");
        let two = file("crates/a/tests/it/two.rs", "//! Two.\n");
        let found = integration_tests(&[main, one, two]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, "crates/a/tests/it/two.rs");
    }

    #[test]
    fn an_arrow_the_wrong_way_is_found() {
        let package = |name: &str, to: &str, kind: Value| {
            let dependency = json!({ "name": to, "kind": kind });
            json!({ "name": name, "dependencies": [dependency] })
        };
        let tree = |package: Value| {
            let core = json!({ "name": "holdshort-core", "dependencies": [] });
            let store = json!({ "name": "holdshort-store", "dependencies": [] });
            json!({ "packages": [core, store, package] })
        };
        let bad = package("holdshort-risk", "holdshort-store", Value::Null);
        assert_eq!(arrows(&tree(bad)).len(), 1);
        let good = package("holdshort-risk", "holdshort-core", Value::Null);
        assert_eq!(arrows(&tree(good)), []);
        let dev = package("holdshort-risk", "holdshort-store", json!("dev"));
        assert_eq!(arrows(&tree(dev)), []);
        assert_eq!(arrows(&tree(package("stranger", "x", Value::Null))).len(), 1);
    }

    #[test]
    fn a_banned_package_is_found() {
        let lock = "[[package]]\nname = \"zstd-sys\"\n\n[[package]]\nname = \"serde\"\n";
        assert_eq!(banned(&[file("Cargo.lock", lock)]).len(), 1);
    }
}
