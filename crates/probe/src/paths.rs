//! Where paths lead: every link on the way is followed, also where nothing is yet.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use holdshort_core::Json;

use crate::{NotKnown, number};

/// Links that are followed on the way of one path, as the system has it.
const LINKS: usize = 40;

pub(crate) fn look(paths: &[String], cwd: &str) -> Result<Json, NotKnown> {
    let cwd = PathBuf::from(cwd);
    let home = std::fs::canonicalize(&cwd)
        .map_err(|error| NotKnown::said("the working directory cannot be found: ", error))?;
    let mut outside = 0;
    let mut told = Vec::new();
    for path in paths {
        if path.starts_with('~') || path.contains(['$', '`', '\0']) {
            return Err(NotKnown::said("this path is worked out by the shell: ", path));
        }
        let leads_to = resolve(&home.join(path))?;
        let is_outside = !leads_to.starts_with(&home);
        outside += usize::from(is_outside);
        told.push(Json::Object(vec![
            ("path".to_owned(), Json::String(path.clone())),
            ("leads_to".to_owned(), Json::String(leads_to.to_string_lossy().into_owned())),
            ("outside".to_owned(), Json::Bool(is_outside)),
        ]));
    }
    Ok(Json::Object(vec![
        ("paths".to_owned(), Json::Array(told)),
        ("outside".to_owned(), number(outside)),
    ]))
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().map(|part| part.as_os_str().to_owned())
}

fn resolve(path: &Path) -> Result<PathBuf, NotKnown> {
    let mut left: VecDeque<OsString> = parts(path).collect();
    let mut at = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::Normal(_)) => {}
            Some(Component::ParentDir) => {
                at.pop();
                continue;
            }
            Some(Component::RootDir | Component::Prefix(_)) => {
                at = PathBuf::from("/");
                continue;
            }
            Some(Component::CurDir) | None => continue,
        }
        let next = at.join(&part);
        match std::fs::read_link(&next) {
            Ok(target) => {
                links += 1;
                if links > LINKS {
                    return Err(NotKnown::said("these links lead in a circle: ", path.display()));
                }
                parts(&target).rev().for_each(|part| left.push_front(part));
            }
            // No link, or nothing there yet.
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::InvalidInput | std::io::ErrorKind::NotFound
                ) =>
            {
                at = next;
            }
            Err(error) => return Err(NotKnown::said("a path cannot be followed: ", error)),
        }
    }
    Ok(at)
}
