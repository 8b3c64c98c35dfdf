//! `holdshort serve`: the server, and the first person's sign-in link.

use std::path::Path;

use base64::Engine as _;
use holdshort_server::{Config, Purpose, Server, ServerError, Setup};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Serve;
use crate::connect::{LOCAL_TOKEN, ServerFile, login_name, write_private, write_server};
use crate::output::{BOLD, Stop, at_terminal, say, styled};

pub(crate) async fn run(data: &Path, args: Serve) -> Result<(), Stop> {
    let filter = tracing_subscriber::EnvFilter::new("info,hyper=warn");
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    let setup = Setup::open(data, Purpose::Real).await?;
    let config = Config {
        data: data.to_path_buf(),
        listen: args.listen,
        public_urls: args.public_url.clone(),
    };
    let server = Server::start(&config).await.map_err(|error| refused(&error))?;
    let origin = server.origin();
    let key = setup.server_key()?;
    let file = ServerFile {
        address: format!("http://{}", server.address()),
        server_key: base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode(key.verifying_key().as_bytes()),
        pid: std::process::id(),
    };
    local_token(data, &setup).await?;
    say(format!("Holdshort listens on {}", styled(BOLD, &file.address)));
    welcome(&setup, &args, &origin).await?;
    write_server(data, &file)?;
    let stop = stop(args.until_stdin_closes)?;
    server.serve(stop).await.map_err(|error| Stop::failed(&error))?;
    say("Holdshort has stopped. What waits still waits.");
    Ok(())
}

fn refused(error: &ServerError) -> Stop {
    match error {
        ServerError::Listen(..) => Stop::failed(error)
            .hint("another program uses this address; choose one with --listen ADDR:PORT"),
        _ => Stop::failed(error),
    }
}

/// Programs of this account may propose without further ado; the token never decides.
async fn local_token(data: &Path, setup: &Setup) -> Result<(), Stop> {
    let path = data.join(LOCAL_TOKEN);
    if !path.exists() && !setup.is_scratch()? {
        let secret = setup.agent_token("local").await?;
        write_private(&path, secret.as_str())?;
    }
    Ok(())
}

/// Only a server started at a terminal enrols the first person; the link is printed there alone.
async fn welcome(setup: &Setup, args: &Serve, origin: &str) -> Result<(), Stop> {
    if setup.has_enrolled_people()? || args.until_stdin_closes {
        return Ok(());
    }
    if !at_terminal() {
        say("Nobody is enrolled to decide yet. Start this at a terminal to get a sign-in link.");
        return Ok(());
    }
    let name = args.user.clone().unwrap_or_else(login_name);
    let person = setup.person(&name).await?;
    let link = setup.invite(person, origin).await?;
    say(format!("Nobody is enrolled yet. {name}, sign in within ten minutes (works once):"));
    say(format!("\n  {}\n", styled(BOLD, &link.link)));
    say("For deciding in a terminal instead: `holdshort login` with that link.");
    Ok(())
}

/// Resolves when the server is asked to stop.
fn stop(until_stdin_closes: bool) -> Result<impl Future<Output = ()> + Send, Stop> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let closed = async {
            if !until_stdin_closes {
                return std::future::pending().await;
            }
            let mut nothing = Vec::new();
            // An error ends the wait like the end of the input does.
            let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            // Where a program supervises this server, Ctrl-C at its terminal is its own affair.
            _ = interrupt.recv(), if !until_stdin_closes => {}
            () = closed => {}
        }
    })
}
