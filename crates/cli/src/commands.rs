//! One file for each command.

mod audit;
mod classify;
mod decide;
mod doctor;
mod exec;
mod list;
mod login;
mod policy;
mod serve;
mod steer;
mod token;
mod undo;
mod user;

use clap::CommandFactory;

use crate::args::{Args, Command};
use crate::connect::data_dir;
use crate::demo;
use crate::output::Stop;
use crate::run;

/// Runs what was asked for.
pub(crate) async fn run(args: Args) -> Result<(), Stop> {
    let given = args.data.as_deref();
    let data = || data_dir(given);
    match args.command {
        Command::Serve(serve) => serve::run(&data()?, serve).await,
        Command::Demo(demo) => demo::run(demo).await,
        Command::List { decided, limit, json } => list::run(&data()?, decided, limit, json).await,
        Command::Show { request, json } => list::show(&data()?, &request, json).await,
        Command::Approve(decide) => decide::approve(&data()?, decide).await,
        Command::Deny(decide) => decide::deny(&data()?, decide).await,
        Command::Modify { decide, arguments, safer } => {
            decide::modify(&data()?, decide, arguments, safer).await
        }
        Command::Answer { request, reply, reason } => {
            steer::answer(&data()?, (request, reply), reason).await
        }
        Command::Stop(stop) => steer::stop(&data()?, stop).await,
        Command::Run(args) => run::run(&data()?, args).await,
        Command::Runs(runs) => steer::runs(&data()?, runs).await,
        Command::Undo(undo) => undo::run(&data()?, undo).await,
        Command::Grants(grants) => steer::grants(&data()?, grants).await,
        Command::Policy(policy) => policy::run(&data()?, policy).await,
        Command::Audit(audit) => audit::run(&data()?, audit),
        Command::Exec { reason, wait, command } => exec::run(&data()?, reason, wait, command).await,
        Command::Classify { jsonl: true, trust_annotations, cwd, .. } => {
            classify::stream(trust_annotations, cwd.as_deref())
        }
        Command::Classify { tool, arguments, cwd, json, .. } => {
            classify::run(&tool.unwrap_or_default(), &arguments, cwd, json)
        }
        Command::Login { code } => login::run(&data()?, &code).await,
        Command::User(user) => user::run(&data()?, user).await,
        Command::Token(token) => token::run(&data()?, token).await,
        Command::Doctor { json } => doctor::run(&data()?, json).await,
        Command::Completions { shell } => {
            let mut command = Args::command();
            clap_complete::generate(shell, &mut command, "holdshort", &mut std::io::stdout());
            Ok(())
        }
    }
}

pub(crate) use decide::cast;
