//! The command line.

mod control;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use control::{Audit, Grants, Policy, Reply, Runs, Stop, Why};

/// Holds an AI agent short of any action that needs a person.
///
/// An agent proposes what it wants to do. Safe actions run at once and are written down; a
/// dangerous one waits until a person has judged exactly that call. It then runs exactly once,
/// exactly as approved, or not at all.
#[derive(Debug, Parser)]
#[command(name = "holdshort", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Directory everything is kept in [default: ~/.local/share/holdshort]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 the request changed, read it again ·
4 decide this one in the browser or at a terminal · 5 denied · 6 still waiting for a person.
`exec` gives the exit code of the command it ran, or 125 (gate failed), 126 (denied), 127 (waiting).

Try it: holdshort demo";

const RUN_TOOLS: &str = "\
Tools:
  note          text                       gives its text to later steps
  read_file     path
  write_file    path, content              can be undone
  run_command   argv, [cwd], [stdin]       no shell; in a git worktree it can be undone
  http_request  method, url, [headers], [body]
  sql_query     database, sql, [params]    needs [database.NAME] with `url` or `url_env`
  send_email    to, subject, body, [cc]    needs [mail] with `server` and `from`
  and each [tool.NAME] of the plan: a program that gets its arguments as JSON

What a step gave stands in the arguments of another that needs it: ${step.output}, and as a whole
value ${step.lines} or ${step.json}.

Exit codes: 0 all done · 2 the plan is wrong · 5 finished without some steps, or stopped ·
6 parked: the rest waits for a person.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: API, web inbox, timers
    ///
    /// Started at a terminal for the first time, it prints a sign-in link for the first person.
    /// The link is printed there and nowhere else, and works once.
    Serve(Serve),
    /// Watch a real agent stop before the one action that needs a person
    ///
    /// Makes a scratch directory with a git repository and a fleet database of idle instances.
    /// An agent wants to terminate them; some are standbys of a disaster-recovery cluster. You
    /// decide here or in the browser. Needs no account, key or network.
    Demo(Demo),
    /// List requests
    List {
        /// Requests that are over, newest first
        #[arg(long)]
        decided: bool,
        /// Lines
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show everything about one request
    Show {
        /// Label (HS-12) or id (req_…)
        request: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Approve a request: exactly what you saw runs, once
    Approve(Decide),
    /// Deny a request: it does not run, and the agent is told why
    Deny(Decide),
    /// Change the arguments and approve the change
    Modify {
        #[command(flatten)]
        decide: Decide,
        /// The whole changed arguments, as JSON
        #[arg(long, value_name = "JSON", conflicts_with = "safer")]
        arguments: Option<String>,
        /// Take safer way N of the card
        #[arg(long, value_name = "N")]
        safer: Option<usize>,
    },
    /// Answer a question of a run: a milestone, a check-in, a failure, a question of the agent
    Answer {
        /// Label (HS-12) or id (req_…)
        request: String,
        /// What you say
        #[arg(value_enum)]
        reply: Reply,
        /// In your words; the agent receives it
        #[arg(long, short = 'm')]
        reason: Option<String>,
    },
    /// Stop: nothing begins in the scope from the answer on
    #[command(subcommand)]
    Stop(Stop),
    /// Work off a plan, each step through the gate
    ///
    /// The plan is TOML: a `goal`, and `[[step]]`s with `id`, `tool`, `arguments`, and what each
    /// `needs`. It is refused whole when something is wrong with it. Steps that wait for a person
    /// hold up only what needs them. Ended at any point, it goes on where it was: give the same
    /// plan again, or --resume with the id of the run, here or on another machine.
    #[command(after_help = RUN_TOOLS)]
    Run(RunPlan),
    /// Runs: show, pause, resume, stop, redirect, wake
    #[command(subcommand)]
    Runs(Runs),
    /// List what can be taken back, or take an action back
    ///
    /// Shows what that would do, asks, and has it done by an action of its own that goes through
    /// the gate. Files go back byte by byte, or not at all when they have changed since.
    Undo(Undo),
    /// Standing permissions
    #[command(subcommand)]
    Grants(Grants),
    /// The policy: check a file, explain a call, go back to a version
    #[command(subcommand)]
    Policy(Policy),
    /// The log: check its chain, export it
    #[command(subcommand)]
    Audit(Audit),
    /// Put one command through the gate, then run it
    ///
    /// The command line is assessed; a dangerous one waits for a person. Denied or unanswered, it
    /// does not run.
    Exec {
        /// Why, in your words
        #[arg(long)]
        reason: Option<String>,
        /// Wait at most this many seconds for a person
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
        /// The command and its arguments
        #[arg(trailing_var_arg = true, required = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Say what a call would do, without a server
    Classify {
        /// Name of the tool
        #[arg(required_unless_present = "jsonl")]
        tool: Option<String>,
        /// Its arguments, as JSON
        #[arg(default_value = "{}")]
        arguments: String,
        /// The folder the agent works in
        #[arg(long, value_name = "DIR")]
        cwd: Option<std::path::PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Read one call a line from standard input and answer one a line
        #[arg(long, conflicts_with_all = ["tool", "arguments", "json"])]
        jsonl: bool,
        /// Let hints of the server lower a level that only words gave
        #[arg(long, requires = "jsonl")]
        trust_annotations: bool,
    },
    /// Enrol this terminal for a person, with a one-time code
    Login {
        /// The code, or the whole sign-in link
        code: String,
    },
    /// People
    #[command(subcommand)]
    User(User),
    /// Tokens of agents
    #[command(subcommand)]
    Token(Token),
    /// Check that everything is in order
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Address to listen on; anything but loopback is reachable by others
    #[arg(long, default_value = "127.0.0.1:8787", value_name = "ADDR:PORT")]
    pub(crate) listen: SocketAddr,
    /// Origin people use when a proxy stands in front, for example <https://gate.example>
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Vec<String>,
    /// Name of the first person [default: your login name]
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// End when standard input is closed (for a program that starts the server itself)
    #[arg(long, hide = true)]
    pub(crate) until_stdin_closes: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Which instances are standbys, and how many, varies with it
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Answer the questions by itself, for scripts
    #[arg(long, value_enum)]
    pub(crate) decide: Option<Answer>,
    /// Go on with the last demo, after any interruption
    #[arg(long)]
    pub(crate) resume: bool,
    /// Scratch directory [default: a new one under ~/.local/share/holdshort/demos]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// End with one JSON object as the last line of standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunPlan {
    /// The plan
    #[arg(value_name = "PLAN.toml", required_unless_present = "resume")]
    pub(crate) plan: Option<PathBuf>,
    /// Go on with this run, from what the gate keeps of it
    #[arg(long, value_name = "RUN", conflicts_with = "plan")]
    pub(crate) resume: Option<String>,
    /// Begin anew although the plan is under way
    #[arg(long, conflicts_with = "resume")]
    pub(crate) new: bool,
    /// End as soon as the rest waits for a person
    #[arg(long)]
    pub(crate) park: bool,
    /// Steps at once, beside those that wait
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub(crate) parallel: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Undo {
    /// The action, `act_…`; without it, what can be taken back is listed
    pub(crate) action: Option<String>,
    /// Why
    #[arg(long, short = 'm')]
    pub(crate) reason: Option<String>,
    /// The digest of the call that was seen; needed without a terminal
    #[arg(long, value_name = "sha256:…")]
    pub(crate) digest: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `demo` answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answer {
    /// Let exactly what was asked run
    Approve,
    /// Let nothing run
    Deny,
    /// Leave out what the checks say must not be touched
    Modify,
    /// Leave it parked
    Wait,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Decide {
    /// Label (HS-12) or id (req_…)
    pub(crate) request: String,
    /// Reason; the agent receives it
    #[arg(long, short = 'm')]
    pub(crate) reason: Option<String>,
    /// The binding of what you saw; needed without a terminal
    #[arg(long, value_name = "sha256:…")]
    pub(crate) binding: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a person and print their sign-in link
    Add {
        /// Name
        name: String,
        /// Whether this is now a team (nobody approves what their own agent asks)
        #[arg(long, value_enum)]
        mode: Option<Mode>,
    },
    /// List people
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a new sign-in link of your own, for another browser or terminal
    Link,
}

/// Mode of the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// One human, who may approve what their own agents ask
    Personal,
    /// Nobody approves what their own agent asks
    Team,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it, alone, on standard output
    Create {
        /// For an agent of this name: it proposes, claims and reports, and never decides
        #[arg(long, value_name = "NAME", required_unless_present = "person")]
        agent: Option<String>,
        /// For reading as this person; it never decides
        #[arg(long, value_name = "NAME", conflicts_with = "agent")]
        person: Option<String>,
    },
}
