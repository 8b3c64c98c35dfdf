//! A command: no shell, no environment but what is named, and no child of it left behind.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::{NotKnown, Settings};

/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Bytes of what a program says about its failure.
const COMPLAINT: usize = 4096;

/// Kills a group of processes when it goes out of scope: whatever a program started goes with it.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // It is gone already when everything went well.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

pub(crate) async fn run(
    settings: &Settings,
    argv: &[String],
    (env, cwd): (&[String], Option<&str>),
) -> Result<Vec<u8>, NotKnown> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(NotKnown::because("there is no command"));
    };
    if argv.iter().any(|argument| argument.contains('\0')) {
        return Err(NotKnown::because("an argument holds a NUL character"));
    }
    let mut command = Command::new(find(program)?);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .current_dir(cwd.unwrap_or("/"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    for name in env {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let mut child =
        command.spawn().map_err(|error| NotKnown::said("it does not start: ", error))?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let _group = Group(pid);
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(NotKnown::because("its output cannot be read"));
    };
    let (out, complaint) = tokio::join!(at_most(out, settings.bytes), first_of(err));
    let out = out?;
    let status = child.wait().await.map_err(|error| NotKnown::said("it was lost: ", error))?;
    if status.success() {
        return Ok(out);
    }
    let text = String::from_utf8_lossy(&complaint);
    let line = text.lines().next().unwrap_or_default();
    Err(NotKnown::said(&format!("it failed ({status}): "), line))
}

/// The program by its path, or where programs are; never in a directory of the caller's choice.
fn find(program: &str) -> Result<std::path::PathBuf, NotKnown> {
    if program.starts_with('/') {
        return Ok(program.into());
    }
    if !program.contains('/') {
        let found = PATH.split(':').map(|directory| std::path::Path::new(directory).join(program));
        if let Some(found) = found.into_iter().find(|path| path.is_file()) {
            return Ok(found);
        }
    }
    Err(NotKnown::said("there is no program ", program))
}

async fn at_most(mut from: impl AsyncRead + Unpin, most: usize) -> Result<Vec<u8>, NotKnown> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    (&mut from)
        .take(limit)
        .read_to_end(&mut bytes)
        .await
        .map_err(|error| NotKnown::said("its output cannot be read: ", error))?;
    match bytes.len() > most {
        true => Err(NotKnown::because(format!("it says more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// The beginning of what it complains about; the rest is read and dropped, so that it can end.
async fn first_of(mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0u8; 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if kept.len() < COMPLAINT {
            kept.extend(buffer.iter().take(read));
        }
    }
    kept
}
