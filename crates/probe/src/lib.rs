//! Looks at the world, and changes nothing: commands, web servers, databases, files, repositories.
//!
//! A look always answers, within its time. What fails, floods, hangs, or cannot be read whole is
//! [`NotKnown`], and says why; there is no answer that is half of one.
//!
//! ```
//! use holdshort_core::{Look, Reads};
//! use holdshort_probe::{Prober, Settings};
//!
//! let prober = Prober::new(Settings::default());
//! let argv = vec!["echo".to_owned(), r#"{"role": "standby"}"#.to_owned()];
//! let look = Look::Command { argv, env: vec![], cwd: None, reads: Reads::Json };
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! let seen = runtime.block_on(prober.look(&look)).unwrap();
//! assert_eq!(seen.get("role").and_then(|role| role.as_str()), Some("standby"));
//! ```

mod command;
mod files;
mod git;
mod http;
mod paths;
mod pattern;
mod postgres;
mod sql;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdshort_core::{Json, Look, Phrase, Reads};

/// What a prober may reach, and how long and how much it reads.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Databases by name: `sqlite:/absolute/path` or `postgres://…`.
    pub databases: BTreeMap<String, String>,
    /// Hosts that may be asked, in lower case.
    pub hosts: Vec<String>,
    /// The longest a look may take.
    pub timeout: Duration,
    /// Bytes that are read at most.
    pub bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            databases: BTreeMap::new(),
            hosts: Vec::new(),
            timeout: Duration::from_secs(5),
            bytes: 1024 * 1024,
        }
    }
}

/// Why something is not known, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKnown(Phrase);

impl NotKnown {
    pub(crate) fn because(text: impl Into<String>) -> Self {
        Self(Phrase::ours(text))
    }

    /// Words of ours, and what somebody else said.
    pub(crate) fn said(ours: &str, theirs: impl std::fmt::Display) -> Self {
        let theirs: String = theirs.to_string().chars().take(300).collect();
        Self(Phrase::ours(ours).theirs(theirs))
    }

    /// The words.
    #[must_use]
    pub fn phrase(&self) -> &Phrase {
        &self.0
    }
}

/// Takes looks.
#[derive(Clone, Debug)]
pub struct Prober {
    settings: Settings,
}

impl Prober {
    /// A prober that reaches what the settings say, and nothing else but this machine.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes a look.
    ///
    /// # Errors
    /// When it is not known, and why.
    pub async fn look(&self, look: &Look) -> Result<Json, NotKnown> {
        let taken = tokio::time::timeout(self.settings.timeout, self.take(look)).await;
        taken.unwrap_or_else(|_| Err(NotKnown::because("it took too long")))
    }

    async fn take(&self, look: &Look) -> Result<Json, NotKnown> {
        match look {
            Look::Command { argv, env, cwd, reads } => {
                let text = command::run(&self.settings, argv, (env, cwd.as_deref())).await?;
                read(&text, *reads)
            }
            Look::Http { url, headers, reads } => {
                let text = http::get(&self.settings, url, headers).await?;
                read(&text, *reads)
            }
            Look::Sql { database, query, binds } => {
                self.query(database, query.clone(), binds.clone()).await
            }
            Look::Rows { database, query } => self.rows(database, query.clone()).await,
            Look::Files { remove, cwd } => {
                let (remove, cwd) = (remove.clone(), cwd.clone());
                let given_up = GivenUp::default();
                let flag = Arc::clone(&given_up.0);
                blocking(move || files::look(&remove, &cwd, &flag)).await
            }
            Look::Push { cwd, remote, refs } => {
                let (cwd, remote, refs) = (cwd.clone(), remote.clone(), refs.clone());
                blocking(move || git::push(&cwd, remote.as_deref(), &refs)).await
            }
            Look::Paths { paths, cwd } => {
                let (paths, cwd) = (paths.clone(), cwd.clone());
                blocking(move || paths::look(&paths, &cwd)).await
            }
        }
    }

    async fn query(
        &self,
        database: &str,
        query: String,
        binds: Vec<holdshort_core::Bind>,
    ) -> Result<Json, NotKnown> {
        let url = self.settings.databases.get(database);
        let url = url.ok_or_else(|| NotKnown::said("there is no address for ", database))?;
        if let Some(path) = url.strip_prefix("sqlite:") {
            return sql::ask(path.to_owned(), query, binds, self.settings.timeout).await;
        }
        postgres::ask(url, &query, &binds, self.settings.timeout).await
    }

    /// The one count that a query of ours gives.
    async fn rows(&self, database: &str, query: String) -> Result<Json, NotKnown> {
        let found = self.query(database, query, Vec::new()).await?;
        let rows = found.get("rows").and_then(Json::as_array).unwrap_or_default();
        let count = match rows {
            [row] => row.get("count").cloned(),
            _ => None,
        };
        let count = count.ok_or_else(|| NotKnown::because("the rows could not be counted"))?;
        Ok(Json::Object(vec![("count".to_owned(), count)]))
    }
}

/// Says to work on another thread that nobody waits for it any more.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Work that waits for the disk, off the threads that others wait on.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NotKnown> + Send + 'static,
) -> Result<T, NotKnown> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(NotKnown::because("the look failed")))
}

/// What a program or a server said, as it is to be read.
fn read(bytes: &[u8], reads: Reads) -> Result<Json, NotKnown> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| NotKnown::because("what was read is no text"))?;
    match reads {
        Reads::Json => Json::parse(text.as_bytes())
            .map_err(|error| NotKnown::said("what was read is no JSON: ", error)),
        Reads::Lines => {
            if text.contains('\0') {
                return Err(NotKnown::because("what was read is no text"));
            }
            let lines = text.lines().map(|line| Json::String(line.to_owned())).collect();
            Ok(Json::Object(vec![("lines".to_owned(), Json::Array(lines))]))
        }
    }
}

/// A number for a look's answer.
pub(crate) fn number(value: impl std::fmt::Display) -> Json {
    Json::Number(value.to_string())
}
