//! Tests of the binary as people and scripts use it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, reads its own settings, and waits as a person does"
)]

mod commands;
mod demo;
mod full_disk;
mod guides;
mod kills;
mod long_run;
mod pty;
mod run;
mod shop;
mod terminal;
mod undo;
mod world;
