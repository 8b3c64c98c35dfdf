//! Tests of the binary as people and scripts use it.

mod commands;
mod demo;
mod kills;
mod pty;
mod terminal;
mod world;
