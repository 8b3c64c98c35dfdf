//! Commands over many actions at once: questions, stops, runs, grants, policy, log.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

/// What a person says to a question of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reply {
    /// Go on
    Continue,
    /// Begin nothing until told to go on
    Pause,
    /// End here
    Stop,
    /// Go on differently: --reason says how
    Redirect,
    /// What was never reported did happen
    Happened,
    /// What was never reported did not happen
    DidNotHappen,
    /// An answer in words: --reason
    Text,
    /// What was denied may be asked for once more
    Reconsider,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Stop {
    /// Stop everything
    Everything(Why),
    /// Stop one agent
    Agent {
        /// Its name
        name: String,
        #[command(flatten)]
        why: Why,
    },
    /// Stop all agents of a person
    Owner {
        /// Their name
        name: String,
        #[command(flatten)]
        why: Why,
    },
    /// Stop one action: its request is denied, an approval that was not used is taken back
    Action {
        /// Its id (act_…)
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// List stops, and what still runs under them
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Lift a stop; deadlines get exactly the time back that it lasted
    Lift {
        /// Its id (stop_…)
        id: String,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// Why
    #[arg(long, short = 'm')]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Runs {
    /// Show a run
    Show {
        /// Its id (run_…)
        id: String,
    },
    /// Let nothing of it begin until it is resumed
    Pause {
        /// Its id (run_…)
        id: String,
    },
    /// Let it go on
    Resume {
        /// Its id (run_…)
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// Let nothing more of it through
    Stop {
        /// Its id (run_…)
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// Tell it to go on differently
    Redirect {
        /// Its id (run_…)
        id: String,
        /// What it does differently
        instructions: String,
    },
    /// Say how its agent is woken when something it waits for is decided; without an option: not
    Wake {
        /// Its id (run_…)
        id: String,
        /// Send a signed POST to this address
        #[arg(long, value_name = "URL", conflicts_with = "command")]
        webhook: Option<String>,
        /// Start this program here, with its arguments: --command PROGRAM ARGUMENTS…
        #[arg(long, num_args = 1.., value_name = "PROGRAM", allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Grants {
    /// List them
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make one from a request, after showing what it lets through
    Make {
        /// Label (HS-12) or id (req_…)
        request: String,
        /// Arguments that may differ
        #[arg(long, value_name = "NAME")]
        free: Vec<String>,
        /// How often it may be used [default: until it ends]
        #[arg(long)]
        uses: Option<u32>,
        /// Minutes until it ends
        #[arg(long, default_value_t = 60)]
        minutes: u32,
        /// For every run of the agent, not only this one
        #[arg(long)]
        all_runs: bool,
    },
    /// Take one back
    Revoke {
        /// Its id (grant_…)
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Check files: conditions, names, and every example in them
    #[command(visible_alias = "test")]
    Check {
        /// The files [default: policy.toml in the data directory]
        files: Vec<PathBuf>,
    },
    /// Say what policy does with a call, rule by rule
    Explain {
        /// A stored action (act_…), or the name of a tool
        call: String,
        /// For a tool: its arguments, as JSON
        #[arg(default_value = "{}")]
        arguments: String,
        /// Ask this file instead of the policy in force
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The folder the agent works in
        #[arg(long, value_name = "DIR")]
        cwd: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List the versions that were in force
    Versions,
    /// Print a version
    Show {
        /// Its number
        version: u32,
    },
    /// Show what changed from one version to the next, or to another
    Diff {
        /// The older one
        from: u32,
        /// The newer one [default: the one in force]
        to: Option<u32>,
    },
    /// Put the file of an older version back; the server reads it within a second
    Restore {
        /// Its number
        version: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check the whole chain; the first damage is named
    Verify {
        /// Heads that were kept elsewhere [default: the configured anchor]
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the log as JSON lines to standard output
    Export,
}
