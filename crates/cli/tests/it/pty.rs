//! A program in a pseudo-terminal, typed to and read from.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that believes a person sits at it.
pub(crate) struct Pty {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Pty {
    /// Starts a command line in a pseudo-terminal (`script` of util-linux makes it).
    pub(crate) fn start(home: &std::path::Path, command: &str) -> Self {
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", command, "/dev/null"])
            .env("HOME", home)
            .env("USER", "dana")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let keys = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (send, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = output.read(&mut buffer) {
                if read == 0 || send.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys, screen, seen: String::new() }
    }

    /// Waits until `text` stands on the screen; gives everything up to there.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let Ok(bytes) = self.screen.recv_timeout(PATIENCE) else {
                panic!("`{text}` never came; on the screen: {}", self.seen);
            };
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        // A program that takes input away first must have done so before one types.
        std::thread::sleep(Duration::from_millis(100));
        writeln!(self.keys, "{line}").unwrap();
    }

    /// Waits for the end; gives the exit code and the rest of the screen.
    pub(crate) fn end(mut self) -> (i32, String) {
        while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), std::mem::take(&mut self.seen))
    }

    /// Waits for the end, and types the passphrase when it is asked for.
    pub(crate) fn end_with(mut self, passphrase: &str) -> (i32, String) {
        let mut typed = false;
        while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
            if !typed && self.seen.contains("Passphrase:") {
                typed = true;
                self.enter(passphrase);
            }
        }
        self.end()
    }

    /// Ends the program with Ctrl-C, as at a keyboard.
    pub(crate) fn interrupt(mut self) -> (i32, String) {
        self.keys.write_all(b"\x03").unwrap();
        self.keys.flush().unwrap();
        self.end()
    }
}
