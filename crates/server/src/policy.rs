//! The policy in force: read from its files, read again when they change. A file that cannot be
//! used is refused, and the last good policy stays and says so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use holdshort_core::{Assessment, Call, Digest, Json, Policy, PolicySource, Problem};
use holdshort_risk::{Own, Rules};
use serde::{Deserialize, Serialize};

use crate::engine::assess;

/// Name of the organization's policy in the data directory.
pub const FILE: &str = "policy.toml";
/// Where a repository keeps its own.
const WORKSPACE_FILE: &str = ".holdshort/policy.toml";
/// Bytes of a policy file.
pub(crate) const FILE_BYTES: u64 = 256 * 1024;

/// One file, as it is stored with a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) file: String,
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workspace: Option<String>,
}

/// Why files of a policy cannot be used.
#[derive(Debug)]
pub struct PolicyProblems(pub(crate) Vec<Problem>);

impl std::error::Error for PolicyProblems {}

impl std::fmt::Display for PolicyProblems {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the policy cannot be used")?;
        self.0.iter().try_for_each(|problem| write!(out, "\n\n{problem}"))
    }
}

/// What is known about the policy.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) policy: Arc<Policy>,
    pub(crate) sources: Vec<Stored>,
    /// Why the files as they are now are not in force.
    pub(crate) problems: Vec<Problem>,
}

/// The policy in force.
#[derive(Debug)]
pub(crate) struct InForce {
    path: PathBuf,
    status: RwLock<Status>,
    seen: RwLock<Vec<Stamp>>,
}

/// Digest of the texts of a policy.
pub(crate) fn digest(sources: &[Stored]) -> Digest {
    let parts: Vec<&[u8]> = sources
        .iter()
        .flat_map(|source| {
            [source.file.as_bytes(), source.text.as_bytes()]
                .into_iter()
                .chain(source.workspace.as_ref().map(String::as_bytes))
        })
        .collect();
    Digest::of("holdshort-policy-v1", &parts)
}

/// A policy from texts, judging its examples as calls are judged.
pub(crate) fn check(
    sources: &[Stored],
    (rules, own): (&Rules, &Own),
) -> Result<Policy, Vec<Problem>> {
    let judge = |call: &Call| -> Assessment {
        let arguments = Json::parse(call.arguments.raw().as_bytes()).unwrap_or(Json::Null);
        assess(call, &arguments, None, (rules, own))
    };
    let sources: Vec<PolicySource> = sources
        .iter()
        .map(|stored| PolicySource {
            file: stored.file.clone(),
            text: stored.text.clone(),
            workspace: stored.workspace.clone(),
        })
        .collect();
    Policy::read(&sources, &judge)
}

/// Checks files of a policy without a server: every condition and name, and every example runs.
/// Levels of tools come from the data directory's `holdshort.toml`. Says how many rules there are.
///
/// # Errors
/// Everything that is wrong with them, with its place.
pub fn check_policy(data: &Path, files: &[PathBuf]) -> Result<usize, PolicyProblems> {
    read_files(data, files).map(|(policy, ..)| policy.rule_count())
}

/// A policy from files, and what calls are judged with.
pub(crate) fn read_files(
    data: &Path,
    files: &[PathBuf],
) -> Result<(Policy, Rules, Own), PolicyProblems> {
    let whole = |file: &Path, what: String| {
        PolicyProblems(vec![Problem::whole(&file.display().to_string(), what)])
    };
    let loaded = crate::config::load(data).map_err(|error| whole(data, error.to_string()))?;
    let own = Own { data_dir: data.to_string_lossy().into_owned(), addresses: Vec::new() };
    let mut sources = Vec::new();
    for file in files {
        let text = read_text(file).map_err(|problem| PolicyProblems(vec![problem]))?;
        let text = text.ok_or_else(|| whole(file, "there is no such file".to_owned()))?;
        sources.push(Stored { file: file.display().to_string(), text, workspace: None });
    }
    let policy = check(&sources, (&loaded.rules, &own)).map_err(PolicyProblems)?;
    Ok((policy, loaded.rules, own))
}

fn read_text(path: &Path) -> Result<Option<String>, Problem> {
    let name = path.display().to_string();
    match std::fs::metadata(path) {
        Ok(found) if found.len() > FILE_BYTES => {
            let what = format!("it has more than {FILE_BYTES} bytes");
            return Err(Problem::whole(&name, what));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::whole(&name, format!("it cannot be read: {error}"))),
    }
    std::fs::read_to_string(path)
        .map(Some)
        .map_err(|error| Problem::whole(&name, format!("it cannot be read: {error}")))
}

/// The files of a policy: the organization's, and those of the repositories it names. A file that
/// is not there is an empty one.
fn read(path: &Path) -> Result<Vec<Stored>, Problem> {
    let Some(text) = read_text(path)? else { return Ok(Vec::new()) };
    let own = PolicySource::organization(&path.display().to_string(), &text);
    let workspaces = Policy::workspaces(&own);
    let mut sources = vec![Stored { file: own.file, text, workspace: None }];
    for root in workspaces {
        let path = Path::new(&root).join(WORKSPACE_FILE);
        if let Some(text) = read_text(&path)? {
            let file = path.display().to_string();
            sources.push(Stored { file, text, workspace: Some(root) });
        }
    }
    Ok(sources)
}

impl InForce {
    /// Reads the policy of a data directory. Files that cannot be used leave the one that was in
    /// force last, if there is one.
    ///
    /// # Errors
    /// Their problems: a server does not start for the first time on a policy that it cannot use.
    pub(crate) fn load(
        data: &Path,
        kept: Option<Vec<Stored>>,
        judging: (&Rules, &Own),
    ) -> Result<Self, PolicyProblems> {
        let path = data.join(FILE);
        let read = read(&path).map_err(|problem| vec![problem]);
        let (policy, sources, problems) =
            match read.and_then(|new| Ok((check(&new, judging)?, new))) {
                Ok((policy, sources)) => (policy, sources, Vec::new()),
                Err(problems) => {
                    match kept.and_then(|kept| Some((check(&kept, judging).ok()?, kept))) {
                        Some((policy, kept)) => (policy, kept, problems),
                        None => return Err(PolicyProblems(problems)),
                    }
                }
            };
        let seen = RwLock::new(stamps(&path, &sources));
        let status = Status { policy: Arc::new(policy), sources, problems };
        Ok(Self { path, status: RwLock::new(status), seen })
    }

    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.status.read().unwrap_or_else(PoisonError::into_inner).policy)
    }

    pub(crate) fn status(&self) -> Status {
        self.status.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Numbers the policy that is in force.
    pub(crate) fn number(&self, version: u32) {
        let mut status = self.status.write().unwrap_or_else(PoisonError::into_inner);
        let mut policy = Policy::clone(&status.policy);
        policy.version = version;
        status.policy = Arc::new(policy);
    }

    /// Whether a file changed since it was last read.
    pub(crate) fn changed(&self) -> bool {
        let sources = self.status().sources;
        let now = stamps(&self.path, &sources);
        *self.seen.read().unwrap_or_else(PoisonError::into_inner) != now
    }

    /// Reads the files again; the policy they make, when it is another one, to be put into force.
    ///
    /// # Errors
    /// The problems of the files; the policy that was in force stays.
    pub(crate) fn read_again(&self, judging: (&Rules, &Own)) -> Result<Option<Next>, Vec<Problem>> {
        let read = read(&self.path).map_err(|problem| vec![problem]);
        let checked = read.and_then(|sources| Ok((check(&sources, judging)?, sources)));
        let mut status = self.status.write().unwrap_or_else(PoisonError::into_inner);
        match checked {
            Ok((mut policy, sources)) => {
                let seen = stamps(&self.path, &sources);
                if sources != status.sources {
                    policy.version = status.policy.version + 1;
                    return Ok(Some(Next { policy, sources, seen }));
                }
                status.problems.clear();
                *self.seen.write().unwrap_or_else(PoisonError::into_inner) = seen;
                Ok(None)
            }
            Err(problems) => {
                let seen = stamps(&self.path, &status.sources);
                *self.seen.write().unwrap_or_else(PoisonError::into_inner) = seen;
                status.problems.clone_from(&problems);
                Err(problems)
            }
        }
    }

    /// Puts a policy into force.
    pub(crate) fn put(&self, next: Next) {
        let mut status = self.status.write().unwrap_or_else(PoisonError::into_inner);
        let (policy, sources) = (Arc::new(next.policy), next.sources);
        *status = Status { policy, sources, problems: Vec::new() };
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = next.seen;
    }
}

/// A policy that was read and is not in force yet.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) policy: Policy,
    pub(crate) sources: Vec<Stored>,
    seen: Vec<Stamp>,
}

/// A file, when it last changed, and how long it is: two changes can have one time.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

/// How each file stands.
fn stamps(path: &Path, sources: &[Stored]) -> Vec<Stamp> {
    let stamp = |path: PathBuf| {
        let found = std::fs::metadata(&path).ok();
        let stamp = found.and_then(|found| Some((found.modified().ok()?, found.len())));
        (path, stamp)
    };
    let others = sources.iter().filter(|source| source.workspace.is_some());
    std::iter::once(path.to_path_buf())
        .chain(others.map(|source| PathBuf::from(&source.file)))
        .map(stamp)
        .collect()
}
