//! `holdshort classify`: what a call would do, for a person or for a program.

mod explain;
mod lines;

use std::path::{Path, PathBuf};

use holdshort_core::{Json, RiskLevel};
use holdshort_risk::{Call, assess, code_files};

use crate::output::Stop;

pub(crate) use lines::stream;

/// A longer file of code is not read.
const CODE_BYTES: u64 = 64 * 1024;

/// Explains one call.
pub(crate) fn run(
    tool: &str,
    arguments: &str,
    cwd: Option<PathBuf>,
    as_json: bool,
) -> Result<(), Stop> {
    let arguments = Json::parse(arguments.as_bytes()).map_err(|error| {
        Stop::failed(&error).code(2).hint("give the arguments as one JSON object in quotes")
    })?;
    let cwd = cwd.or_else(|| std::env::current_dir().ok());
    let folder = cwd.as_deref().map(|path| path.to_string_lossy().into_owned());
    let call = Call { cwd: folder.as_deref(), ..Call::new(tool, &arguments) };
    let scripts = read_code(&call, cwd.as_deref());
    let call = Call { scripts: &scripts, ..call };
    let assessment = assess(&call);
    if as_json {
        return crate::output::json(&lines::answer(&Json::Null, &assessment));
    }
    explain::print(&arguments, &assessment);
    Ok(())
}

/// Files of code that the call would run, where they can be read.
fn read_code(call: &Call<'_>, cwd: Option<&Path>) -> Vec<(String, String)> {
    let folder = cwd.unwrap_or(Path::new("."));
    code_files(call)
        .into_iter()
        .filter_map(|named| {
            let path = folder.join(&named);
            let small = std::fs::metadata(&path).is_ok_and(|file| file.len() <= CODE_BYTES);
            let text = small.then(|| std::fs::read_to_string(path).ok()).flatten()?;
            Some((named, text))
        })
        .collect()
}

/// The name of a level in answers for programs.
fn name(level: RiskLevel) -> &'static str {
    match level {
        RiskLevel::Safe => "safe",
        RiskLevel::Risky => "risky",
        RiskLevel::Dangerous => "dangerous",
    }
}
