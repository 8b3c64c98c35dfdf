//! `cargo xtask tidy`: the rules of the house that no other tool checks.

mod source;
mod tree;

use std::fmt;
use std::process::ExitCode;

use crate::say;
use crate::workspace;

/// Something that is not as it should be.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Untidy {
    file: String,
    line: usize,
    what: String,
}

impl Untidy {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Untidy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.line, self.what)
    }
}

pub(crate) fn run() -> ExitCode {
    match look() {
        Ok(found) if found.is_empty() => ExitCode::SUCCESS,
        Ok(found) => {
            for one in &found {
                say(one);
            }
            say(format!("{} to tidy", found.len()));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(error);
            ExitCode::FAILURE
        }
    }
}

/// Everything that is untidy.
pub(crate) fn look() -> Result<Vec<Untidy>, String> {
    let root = workspace::root();
    let files = tree::files(&root).map_err(|error| format!("cannot read the tree: {error}"))?;
    let mut found = Vec::new();
    for file in &files {
        found.extend(source::check(&file.path, &file.text));
    }
    found.extend(tree::errors(&files));
    found.extend(tree::integration_tests(&files));
    found.extend(tree::banned(&files));
    found.extend(tree::arrows(&workspace::metadata()?));
    found.sort();
    Ok(found)
}
