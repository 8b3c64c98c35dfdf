//! The server of a demo: a process of its own, started again when it dies.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdshort_sdk::Client;
use tokio::process::{Child, Command};

use super::place::Place;
use crate::connect::{ServerFile, read_server, trust};
use crate::output::{RISKY, Stop, say, styled};

/// For how long calls are tried again while the server is started anew.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long a server may take until it answers.
const STARTUP: Duration = Duration::from_secs(20);

/// A server that is started again when it dies.
pub(super) struct Supervised {
    address: String,
    stopping: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl Supervised {
    pub(super) async fn start(place: &Place) -> Result<Self, Stop> {
        // After a kill the last address is used again, so that an open page finds the server.
        let port = read_server(&place.gate()).ok().and_then(|file| port_of(&file));
        let (child, file) = launch(place, port.unwrap_or(0)).await?;
        let stopping = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let keeper = keep(place.clone(), child, port_of(&file), Arc::clone(&stopping), stopped);
        let task = tokio::spawn(keeper);
        Ok(Self { address: file.address, stopping, task, stop })
    }

    pub(super) fn address(&self) -> String {
        self.address.clone()
    }

    /// Ends the server. What waits still waits.
    pub(super) async fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        // The keeper is gone only if it panicked; then there is nothing to end.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

fn port_of(file: &ServerFile) -> Option<u16> {
    file.address.rsplit(':').next()?.parse().ok()
}

/// Waits for the server to end; starts it again unless it was told to.
async fn keep(
    place: Place,
    mut child: Child,
    port: Option<u16>,
    stopping: Arc<AtomicBool>,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
) {
    loop {
        // Taken out, because waiting for a child closes its standard input.
        let stdin = child.stdin.take();
        tokio::select! {
            _ = child.wait() => {}
            _ = &mut stopped => {
                // It ends when its standard input is closed.
                drop(stdin);
                let _ = child.wait().await;
                return;
            }
        }
        if stopping.load(Ordering::Relaxed) {
            return;
        }
        say(styled(RISKY, "  The server is gone. It is started again; nothing is lost."));
        match launch(&place, port.unwrap_or(0)).await {
            Ok((again, _)) => child = again,
            Err(_) => return,
        }
    }
}

async fn launch(place: &Place, port: u16) -> Result<(Child, ServerFile), Stop> {
    let until = tokio::time::Instant::now() + STARTUP;
    let mut port = port;
    let mut attempts = 0;
    loop {
        let mut child = spawn(place, port)?;
        if let Some(file) = answering(place, &mut child, until).await {
            return Ok((child, file));
        }
        // The former server may still be letting go of directory and port.
        attempts += 1;
        if attempts > 20 {
            port = 0;
        }
        if tokio::time::Instant::now() > until {
            return Err(Stop::new(1, "the server does not start")
                .hint(format!("its log: {}", place.root().join("server.log").display())));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn spawn(place: &Place, port: u16) -> Result<Child, Stop> {
    let log =
        std::fs::File::options().create(true).append(true).open(place.root().join("server.log"))?;
    let program = std::env::current_exe()?;
    let child = Command::new(program)
        .args(["serve", "--until-stdin-closes", "--listen", &format!("127.0.0.1:{port}")])
        .arg("--data")
        .arg(place.gate())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C at the terminal ends the demo, which then ends the server.
        .process_group(0)
        .spawn()?;
    Ok(child)
}

/// The server's file, once this very process has written it and answers for its key.
async fn answering(
    place: &Place,
    child: &mut Child,
    until: tokio::time::Instant,
) -> Option<ServerFile> {
    loop {
        if child.try_wait().ok().flatten().is_some() || tokio::time::Instant::now() > until {
            return None;
        }
        let file = read_server(&place.gate()).ok().filter(|file| Some(file.pid) == child.id());
        if let Some(file) = file
            && let Ok(client) = Client::anonymous(&file.address)
            && trust(&client, &file).await.is_ok()
        {
            return Some(file);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
