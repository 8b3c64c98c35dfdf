//! The reviewer, in a process of its own: reads request ids, approves each, says when it sent.

use std::io::{BufRead, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::Failed;
use crate::gate::Gate;
use crate::http::{Http, text};
use crate::measure::now_micros;

/// Votes under way at once.
const HANDS: usize = 32;

/// The reviewer's side.
pub(crate) fn run(address: &str, token: &str) -> Result<(), Failed> {
    let mut hands = Vec::new();
    let mut senders = Vec::new();
    for _ in 0..HANDS {
        let (send, receive) = channel::<String>();
        let mut http = Http::connect(address, token)?;
        senders.push(send);
        hands.push(std::thread::spawn(move || -> Result<(), Failed> {
            while let Ok(request) = receive.recv() {
                approve(&mut http, &request)?;
            }
            Ok(())
        }));
    }
    let mut turns = senders.iter().cycle();
    for line in std::io::stdin().lock().lines() {
        let sender = turns.next().ok_or("no hands")?;
        sender.send(line?).map_err(|_| "a hand is gone")?;
    }
    drop(senders);
    for hand in hands {
        hand.join().map_err(|_| "a hand failed")??;
    }
    Ok(())
}

fn approve(http: &mut Http, request: &str) -> Result<(), Failed> {
    let body = ballot(http, request)?;
    let sent = now_micros();
    http.post(&format!("/v1/requests/{request}/votes"), "", &body)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{request} {sent}")?;
    out.flush()?;
    Ok(())
}

/// The vote for what is held.
pub(crate) fn ballot(http: &mut Http, request: &str) -> Result<String, Failed> {
    let card = http.get(&format!("/v1/requests/{request}"))?;
    let (binding, version) = (text(&card, &["binding"])?, text(&card, &["version"])?);
    Ok(format!(r#"{{"decision":"approve","binding":"{binding}","version":{version}}}"#))
}

/// The reviewer as seen from the bench.
pub(crate) struct Reviewer {
    child: Child,
    stdin: Option<ChildStdin>,
    sent: Receiver<(String, u64)>,
}

impl Reviewer {
    pub(crate) fn start(gate: &Gate) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["reviewer", &gate.address, &gate.machine])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("the reviewer has no output")?;
        let (send, sent) = channel();
        std::thread::spawn(move || {
            for line in std::io::BufReader::new(stdout).lines().map_while(Result::ok) {
                let Some((request, at)) = line.split_once(' ') else { return };
                let at = at.parse().unwrap_or(0);
                if send.send((request.to_owned(), at)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, stdin, sent })
    }

    /// Asks for an approval; does not wait for it.
    pub(crate) fn asker(&mut self) -> Result<ChildStdin, Failed> {
        self.stdin.take().ok_or_else(|| "asked twice".into())
    }

    /// When the approval of the next request was sent.
    pub(crate) fn sent_at(&self) -> Result<(String, u64), Failed> {
        Ok(self.sent.recv()?)
    }
}

impl Drop for Reviewer {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It ends when nothing more comes; one that failed has said so.
        let _ = self.child.wait();
    }
}
