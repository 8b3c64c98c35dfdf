//! A file as it is at one moment: bytes and mode, a link, a folder, or not there.

use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::Copies;

/// How a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    /// Digest of its bytes, and its mode.
    File(String, u32),
    /// Where it points.
    Link(String),
    /// Its mode.
    Folder(u32),
}

impl State {
    /// Reads it; with copies, its bytes are kept.
    pub(super) fn of(path: &Path, copies: Option<&Copies>) -> std::io::Result<Self> {
        let about = match std::fs::symlink_metadata(path) {
            Ok(about) => about,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(State::Absent);
            }
            Err(error) => return Err(error),
        };
        let mode = about.permissions().mode() & 0o7777;
        if about.is_symlink() {
            let target = std::fs::read_link(path)?;
            let target = target.to_str().ok_or(ErrorKind::InvalidData)?;
            return Ok(State::Link(target.to_owned()));
        }
        if about.is_dir() {
            return Ok(State::Folder(mode));
        }
        if !about.is_file() {
            return Err(ErrorKind::Unsupported.into());
        }
        let bytes = std::fs::read(path)?;
        let digest = match copies {
            Some(copies) => copies.keep(&bytes)?,
            None => crate::files::digest_of(&bytes),
        };
        Ok(State::File(digest, mode))
    }

    /// As it stands in a call, for people and for [`State::parse`].
    pub(super) fn text(&self) -> String {
        match self {
            State::Absent => "absent".to_owned(),
            State::File(digest, mode) => format!("{digest} mode {mode:o}"),
            State::Link(target) => format!("link to {target}"),
            State::Folder(mode) => format!("folder mode {mode:o}"),
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "absent" {
            return Some(State::Absent);
        }
        if let Some(target) = text.strip_prefix("link to ") {
            return Some(State::Link(target.to_owned()));
        }
        let (what, mode) = text.rsplit_once(" mode ")?;
        let mode = u32::from_str_radix(mode, 8).ok()?;
        match what {
            "folder" => Some(State::Folder(mode)),
            digest if digest.starts_with("sha256:") => Some(State::File(digest.to_owned(), mode)),
            _ => None,
        }
    }

    /// Whether what it takes to put it back is still there.
    pub(super) fn is_kept(&self, copies: &Copies) -> Result<(), &'static str> {
        match self {
            State::File(digest, _) if copies.get(digest).is_none() => {
                Err("the copy of what was in it is not kept any more, or not on this machine")
            }
            _ => Ok(()),
        }
    }

    /// Makes it so, unless that means to remove something.
    pub(super) fn put(&self, path: &Path, copies: &Copies) -> std::io::Result<()> {
        if State::of(path, None)? == *self {
            return Ok(());
        }
        match self {
            State::Absent => Ok(()),
            State::Folder(mode) => {
                std::fs::create_dir_all(path)?;
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(*mode))
            }
            State::File(digest, mode) => {
                let bytes = copies.get(digest).ok_or(ErrorKind::NotFound)?;
                crate::files::replace(path, &bytes, Some(*mode))
            }
            State::Link(target) => {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                symlink(target, path)
            }
        }
    }

    /// Removes what was not there. A folder that others put something into stays.
    pub(super) fn remove(&self, path: &Path) -> std::io::Result<()> {
        if *self != State::Absent {
            return Ok(());
        }
        match State::of(path, None)? {
            State::Absent => Ok(()),
            State::Folder(_) => std::fs::remove_dir(path),
            State::File(..) | State::Link(_) => std::fs::remove_file(path),
        }
    }
}
