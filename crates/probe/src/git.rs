//! Repositories, read with a library: no program of git runs, and nothing that a repository is
//! set up to run does. Its own configuration is read as data, that of the account not at all.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use gix::{ObjectId, Repository};
use holdshort_core::{Json, PushedRef};

use crate::{NotKnown, number};

/// Commits that are walked through at most.
const COMMITS: usize = 200_000;
/// Commits that are counted as overwritten at most.
const OVERWRITTEN: usize = 10_000;
/// Commits that are named.
const NAMED: usize = 10;

fn open(path: &Path) -> Result<Repository, NotKnown> {
    let isolated = gix::open::Options::isolated();
    gix::open_opts(path, isolated)
        .map_err(|error| NotKnown::said("a repository cannot be read: ", error))
}

/// The directory above (or at) a path in which a repository is.
fn root_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|at| at.join(".git").symlink_metadata().is_ok()).map(Path::to_owned)
}

/// Which files git tracks, repository by repository.
#[derive(Default)]
pub(crate) struct Tracked {
    roots: HashMap<PathBuf, Option<PathBuf>>,
    indexes: HashMap<PathBuf, HashSet<Vec<u8>>>,
}

impl Tracked {
    pub(crate) fn knows(&mut self, path: &Path) -> Result<bool, NotKnown> {
        let Some(directory) = path.parent() else { return Ok(false) };
        let root = self.roots.entry(directory.to_owned()).or_insert_with(|| root_of(directory));
        let Some(root) = root.clone() else { return Ok(false) };
        if !self.indexes.contains_key(&root) {
            self.indexes.insert(root.clone(), index(&root)?);
        }
        let Ok(below) = path.strip_prefix(&root) else { return Ok(false) };
        let name = std::os::unix::ffi::OsStrExt::as_bytes(below.as_os_str());
        Ok(self.indexes.get(&root).is_some_and(|index| index.contains(name)))
    }
}

fn index(root: &Path) -> Result<HashSet<Vec<u8>>, NotKnown> {
    let repository = open(root)?;
    let unreadable = |error| NotKnown::said("the index of a repository cannot be read: ", error);
    let index = repository.index_or_empty().map_err(|error| unreadable(error.to_string()))?;
    // An entry of a directory stands for files that are not listed.
    if index.is_sparse() {
        return Err(NotKnown::because("the repository lists only some of its files"));
    }
    Ok(index.entries().iter().map(|entry| entry.path(&index).to_vec()).collect())
}

/// Where a push goes, and what is known of it here.
struct Target {
    /// The other repository, when it is on this machine; else what was last fetched from it.
    there: Option<Repository>,
    /// Its name, for the refs that were fetched from it.
    name: String,
}

pub(crate) fn push(cwd: &str, remote: Option<&str>, refs: &[PushedRef]) -> Result<Json, NotKnown> {
    let root = root_of(Path::new(cwd));
    let root = root.ok_or_else(|| NotKnown::because("there is no repository here"))?;
    let here = open(&root)?;
    let target = target(&here, &root, remote)?;
    let current = [PushedRef { from: None, to: None, force: false }];
    let refs = if refs.is_empty() { &current[..] } else { refs };
    let (mut lost, mut deletes) = (Vec::new(), Vec::new());
    for one in refs {
        let (from, to) = names(&here, one)?;
        let Some(from) = from else {
            deletes.push(to);
            continue;
        };
        if let Some(theirs) = target.has(&here, &to)?.filter(|_| one.force) {
            lost.extend(overwritten(&here, from, (target.repository(&here), theirs))?);
        }
    }
    let list = |texts: Vec<String>| Json::Array(texts.into_iter().map(Json::String).collect());
    let count = lost.len();
    let named = lost.into_iter().take(NAMED).collect();
    Ok(Json::Object(vec![
        ("overwritten".to_owned(), number(count)),
        ("commits".to_owned(), list(named)),
        ("deletes".to_owned(), list(deletes)),
        ("as_of_last_fetch".to_owned(), Json::Bool(target.there.is_none())),
    ]))
}

fn setting(repository: &Repository, key: &str) -> Option<String> {
    repository.config_snapshot().string(key).map(|value| value.to_string())
}

fn target(here: &Repository, root: &Path, given: Option<&str>) -> Result<Target, NotKnown> {
    let unclear = |what: &str| Err(NotKnown::because(what));
    let branch = here.head_name().ok().flatten().map(|name| name.shorten().to_string());
    let of_branch = |key: &str| setting(here, &format!("branch.{}.{key}", branch.as_ref()?));
    let usual = || {
        of_branch("pushRemote")
            .or_else(|| setting(here, "remote.pushDefault"))
            .or_else(|| of_branch("remote"))
            .unwrap_or_else(|| "origin".to_owned())
    };
    let name = given.map_or_else(usual, str::to_owned);
    let of_remote = |key: &str| setting(here, &format!("remote.{name}.{key}"));
    if of_remote("push").is_some() || of_remote("mirror").is_some() {
        return unclear("the repository itself says what is pushed");
    }
    if setting(here, "push.default").is_some_and(|how| how != "simple" && how != "current") {
        return unclear("the repository itself says what is pushed");
    }
    let url = of_remote("pushurl").or_else(|| of_remote("url"));
    let direct = || (name.contains('/') || name.contains(':')).then(|| name.clone());
    let Some(url) = url.or_else(direct) else {
        return Err(NotKnown::said("there is no remote ", &name));
    };
    let path = match url.strip_prefix("file://") {
        Some(path) => Some(PathBuf::from(path)),
        None if !url.contains(':') => Some(root.join(&url)),
        None => None,
    };
    let there = path.map(|path| open(&path)).transpose()?;
    Ok(Target { there, name })
}

impl Target {
    fn repository<'a>(&'a self, here: &'a Repository) -> &'a Repository {
        self.there.as_ref().unwrap_or(here)
    }

    /// What it has under a name.
    fn has(&self, here: &Repository, to: &str) -> Result<Option<ObjectId>, NotKnown> {
        if let Some(there) = &self.there {
            return commit_of(there, to);
        }
        let fetched = to.strip_prefix("refs/heads/");
        let fetched = fetched.map(|branch| format!("refs/remotes/{}/{branch}", self.name));
        let known = fetched.map(|name| commit_of(here, &name)).transpose()?.flatten();
        // Not fetched is not the same as not there.
        known.map(Some).ok_or_else(|| NotKnown::said("nothing was fetched of ", to))
    }
}

fn commit_of(repository: &Repository, name: &str) -> Result<Option<ObjectId>, NotKnown> {
    let found = repository
        .try_find_reference(name)
        .map_err(|error| NotKnown::said("a name in the repository cannot be read: ", error))?;
    let Some(mut found) = found else { return Ok(None) };
    let id = found
        .peel_to_id()
        .map_err(|error| NotKnown::said("a name in the repository leads nowhere: ", error))?;
    Ok(Some(id.detach()))
}

/// The commit that is pushed, if it is not a deletion, and the full name it gets there.
fn names(here: &Repository, one: &PushedRef) -> Result<(Option<ObjectId>, String), NotKnown> {
    let full = |name: &str| match name.starts_with("refs/") {
        true => name.to_owned(),
        false => format!("refs/heads/{name}"),
    };
    match &one.from {
        Some(from) if from.is_empty() => {
            let to = one.to.as_deref();
            let to = to.ok_or_else(|| NotKnown::because("what is deleted has no name"))?;
            Ok((None, full(to)))
        }
        Some(from) if from != "HEAD" => {
            let found = [full(from), format!("refs/tags/{from}")];
            for name in found {
                if let Some(id) = commit_of(here, &name)? {
                    let to = one.to.as_deref().map_or(name, full);
                    return Ok((Some(id), to));
                }
            }
            Err(NotKnown::said("there is nothing here called ", from))
        }
        _ => {
            let head = here.head_name().ok().flatten().map(|name| name.as_bstr().to_string());
            let to = one.to.as_deref().map(full).or(head);
            let to = to.ok_or_else(|| NotKnown::because("no branch is checked out"))?;
            let id = here.head_id().map_err(|_| NotKnown::because("there is no commit yet"))?;
            Ok((Some(id.detach()), to))
        }
    }
}

/// Commits that are there and not among what is pushed, each with its title.
fn overwritten(
    here: &Repository,
    ours: ObjectId,
    (there, theirs): (&Repository, ObjectId),
) -> Result<Vec<String>, NotKnown> {
    if ours == theirs {
        return Ok(Vec::new());
    }
    let mut kept = HashSet::new();
    for id in walk(here, ours)? {
        kept.insert(id?);
        if kept.contains(&theirs) {
            return Ok(Vec::new());
        }
        if kept.len() > COMMITS {
            return Err(NotKnown::because("the history is too long to be compared"));
        }
    }
    let whole = |repository: &Repository| repository.is_shallow().is_ok_and(|shallow| !shallow);
    if !whole(here) || !whole(there) {
        return Err(NotKnown::because("only a part of the history is here"));
    }
    let mut lost = Vec::new();
    let (mut open, mut seen) = (vec![theirs], HashSet::new());
    while let Some(id) = open.pop() {
        if kept.contains(&id) || !seen.insert(id) {
            continue;
        }
        if lost.len() == OVERWRITTEN {
            let most = OVERWRITTEN;
            return Err(NotKnown::because(format!("more than {most} commits would be lost")));
        }
        let unreadable = |error: String| NotKnown::said("a commit cannot be read: ", error);
        let commit = there.find_commit(id).map_err(|error| unreadable(error.to_string()))?;
        let title = commit.message().map_err(|error| unreadable(error.to_string()))?;
        let short: String = id.to_string().chars().take(7).collect();
        lost.push(format!("{short} {}", title.title.to_string().trim()));
        open.extend(commit.parent_ids().map(gix::Id::detach));
    }
    Ok(lost)
}

fn walk(
    repository: &Repository,
    from: ObjectId,
) -> Result<impl Iterator<Item = Result<ObjectId, NotKnown>> + '_, NotKnown> {
    let unreadable = |error: String| NotKnown::said("the history cannot be read: ", error);
    let walk = repository.rev_walk([from]).all().map_err(|error| unreadable(error.to_string()))?;
    Ok(walk.map(move |info| info.map(|info| info.id).map_err(|e| unreadable(e.to_string()))))
}
