//! Says how risky a call is, and why, by reading its decoded arguments.
//!
//! Pure: no I/O, no clock, no randomness; every input has an answer, in time and memory linear in
//! its size. Rules find kinds of effect; the kind alone decides level and axes.
//! Claims of agents and servers raise a level and never lower it, and what is not understood is
//! never safe.
//!
//! # Examples
//!
//! The same tool is not always the same risk; the arguments decide.
//!
//! ```
//! use holdshort_core::{Json, RiskLevel};
//! use holdshort_risk::{Call, assess};
//!
//! let level = |tool: &str, arguments: &str| {
//!     let arguments = Json::parse(arguments.as_bytes()).unwrap();
//!     assess(&Call::new(tool, &arguments)).level
//! };
//! assert_eq!(level("run_command", r#"{"command": "git status"}"#), RiskLevel::Safe);
//! assert_eq!(level("run_command", r#"{"command": "git commit -am x"}"#), RiskLevel::Risky);
//! assert_eq!(level("run_command", r#"{"command": "git push -f"}"#), RiskLevel::Dangerous);
//! assert_eq!(level("execute_sql", r#"{"sql": "SELECT 1"}"#), RiskLevel::Safe);
//! assert_eq!(level("execute_sql", r#"{"sql": "DROP TABLE a"}"#), RiskLevel::Dangerous);
//! assert_eq!(level("frobnicate", "{}"), RiskLevel::Risky);
//! ```
//!
//! Every answer says why, and where in the arguments that stands.
//!
//! ```
//! use holdshort_core::{Json, Source};
//! use holdshort_risk::{Call, assess};
//!
//! let arguments = Json::parse(br#"{"command": "ls && rm -rf src"}"#).unwrap();
//! let made = assess(&Call::new("run_command", &arguments));
//! let reason = &made.evidence[0];
//! assert_eq!(reason.source, Source::Shell);
//! let at = reason.at.as_ref().unwrap();
//! assert_eq!((at.path.raw(), at.start, at.end), ("command", 6, 16));
//! assert_eq!(made.safer.len(), 0, "only a single command is offered an edit");
//! ```
//!
//! An organization sets levels of its own tools, and trusts the hints of servers by name.
//!
//! ```
//! use holdshort_core::{Json, RiskLevel};
//! use holdshort_risk::{Call, Rules, ToolLevel, assess};
//!
//! let rules = Rules {
//!     levels: vec![ToolLevel::new("payroll.*", RiskLevel::Dangerous)],
//!     trusted: vec!["docs".into()],
//!     ..Rules::default()
//! };
//! let hints = Json::parse(br#"{"readOnlyHint": true}"#).unwrap();
//! let payroll = Call { rules: &rules, ..Call::new("payroll.list", &Json::Null) };
//! assert_eq!(assess(&payroll).level, RiskLevel::Dangerous);
//! let docs = Call::new("frobnicate", &Json::Null);
//! let docs = Call { rules: &rules, server: Some("docs"), annotations: Some(&hints), ..docs };
//! assert_eq!(assess(&docs).level, RiskLevel::Safe);
//! ```

mod acts;
mod assess;
mod call;
mod claims;
mod decoded;
mod encoded;
mod facts;
mod files;
mod finding;
mod gate;
mod http;
mod mail;
mod safer;
mod schema;
mod secrets;
mod sentence;
mod shell;
mod sql;
mod table;
mod target;
mod values;
mod words;

#[cfg(test)]
mod tests;

pub use acts::{Pushes, Removals, count_query, pushes, removals};
pub use assess::{assess, code_files};
pub use call::{Call, Own, Rules, ToolLevel};
