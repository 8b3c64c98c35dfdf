//! The server under test: the release binary in a process of its own, on data of its own.

use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use holdshort_server::{Purpose, Setup};
use tempfile::TempDir;

use crate::Failed;
use crate::http::Http;

/// A running server.
pub(crate) struct Gate {
    data: TempDir,
    child: Child,
    // Held open: the server ends when it closes.
    stdin: Option<ChildStdin>,
    pub(crate) address: String,
    pub(crate) agent: String,
    pub(crate) machine: String,
}

pub(crate) fn binary() -> Result<PathBuf, Failed> {
    let beside = std::env::current_exe()?.with_file_name("holdshort");
    match beside.exists() {
        true => Ok(beside),
        false => Err("build it first: cargo build --release -p holdshort".into()),
    }
}

impl Gate {
    pub(crate) fn start() -> Result<Self, Failed> {
        Self::start_with(None)
    }

    /// The same under a policy.
    pub(crate) fn start_with(policy: Option<&str>) -> Result<Self, Failed> {
        let data = tempfile::tempdir()?;
        if let Some(policy) = policy {
            std::fs::write(data.path().join("policy.toml"), policy)?;
        }
        let runtime = tokio::runtime::Runtime::new()?;
        let (agent, machine) = runtime.block_on(async {
            let setup = Setup::open(data.path(), Purpose::Bench).await?;
            let agent = setup.agent_token("bench").await?.as_str().to_owned();
            let machine = setup.machine_token("bench reviewer").await?.as_str().to_owned();
            Ok::<_, holdshort_server::SetupError>((agent, machine))
        })?;
        let (child, stdin, address) = launch(&data)?;
        Ok(Self { data, child, stdin: Some(stdin), address, agent, machine })
    }

    /// kill -9, and a new server on the same data.
    pub(crate) fn kill_and_restart(mut self) -> Result<Self, Failed> {
        self.child.kill()?;
        self.child.wait()?;
        let (child, stdin, address) = launch(&self.data)?;
        self.child = child;
        self.stdin = Some(stdin);
        self.address = address;
        Ok(self)
    }

    pub(crate) fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    pub(crate) fn http(&self) -> Result<Http, Failed> {
        Http::connect(&self.address, &self.agent)
    }

    pub(crate) fn reviewer(&self) -> Result<Http, Failed> {
        Http::connect(&self.address, &self.machine)
    }

    /// Memory of the server, in MB.
    pub(crate) fn resident_mb(&self) -> Result<f64, Failed> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line.unwrap_or("0").trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib / 1024.0)
    }

    /// Bytes of the data directory.
    pub(crate) fn disk_bytes(&self) -> Result<u64, Failed> {
        let mut bytes = 0;
        for file in std::fs::read_dir(self.data.path())? {
            bytes += file?.metadata()?.len();
        }
        Ok(bytes)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It is ending by itself; a server that is gone already is no loss here.
        let _ = self.child.wait();
    }
}

fn launch(data: &TempDir) -> Result<(Child, ChildStdin, String), Failed> {
    let file = data.path().join("server.json");
    // The former server's; a new one appears when this server answers.
    let _ = std::fs::remove_file(&file);
    let mut child = Command::new(binary()?)
        .args(["serve", "--until-stdin-closes", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let stdin = child.stdin.take().ok_or("the server has no standard input")?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Err(format!("the server ended with {status}").into());
        }
        if let Ok(text) = std::fs::read(&file) {
            let address = crate::http::text(&text, &["address"])?;
            let address = address.trim_start_matches("http://").to_owned();
            // It listens before it writes the file, so this is answered as soon as it serves.
            Http::connect(&address, "none")?.get("/healthz")?;
            return Ok((child, stdin, address));
        }
        std::thread::yield_now();
    }
}
