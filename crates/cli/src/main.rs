//! `holdshort`: holds an AI agent short of any action that needs a person.

mod args;
mod card;
mod commands;
mod connect;
mod demo;
mod eyes;
mod files;
mod output;
mod person;
mod run;
mod undo;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::output::Stop;

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(args));
            // A prompt that still reads the terminal must not keep the program alive.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Stop::failed(&error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.tell(),
    }
}
