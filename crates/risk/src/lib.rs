//! Says how risky a call is, and why, by reading its decoded arguments.
//!
//! Pure: no I/O, no clock, no randomness; every input has an answer, in time and memory linear in
//! its size. Rules find kinds of effect; the kind alone decides level and axes.
//! Claims of agents and servers raise a level and never lower it, and what is not understood is
//! never safe.

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

pub use assess::{assess, code_files};
pub use call::{Call, Own, Rules, ToolLevel};
