//! Files go back byte by byte and mode by mode, or not at all.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::*;

struct Place {
    folder: tempfile::TempDir,
    copies: Copies,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let copies = Copies::open(&folder.path().join("data")).unwrap();
    std::fs::create_dir(folder.path().join("work")).unwrap();
    Place { folder, copies }
}

impl Place {
    fn work(&self) -> PathBuf {
        self.folder.path().join("work").canonicalize().unwrap()
    }

    fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        let run = Command::new("git")
            .current_dir(self.work())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(identity)
            .args(arguments)
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }

    /// Everything in the folder, the repository's own data included.
    fn all(&self) -> BTreeMap<PathBuf, State> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.work()];
        while let Some(path) = open.pop() {
            if path.ends_with(".git/objects") || path.ends_with(".git/logs") {
                continue;
            }
            found.insert(path.clone(), State::of(&path, None).unwrap());
            if path.is_dir() && !path.is_symlink() {
                open.extend(std::fs::read_dir(&path).unwrap().map(|one| one.unwrap().path()));
            }
        }
        found
    }
}

#[test]
fn a_written_file_goes_back_with_its_mode() {
    let place = place();
    let path = place.work().join("tool.sh");
    std::fs::write(&path, b"#!/bin/sh\n\xff\x00old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o750)).unwrap();
    let was = place.all();
    let before = Before::of_file(&path, &place.copies).unwrap();
    assert_eq!(before.undo(), None, "nothing has changed yet");
    std::fs::write(&path, "new").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let undo = before.undo().unwrap();
    let (said, redo) = restore(&place.copies, &undo).unwrap();
    assert_eq!(said, "1 file is as it was");
    assert_eq!(place.all(), was);
    restore(&place.copies, &undo).unwrap();
    restore(&place.copies, &redo).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_new_file_goes_away_and_one_that_others_changed_stays() {
    let place = place();
    let path = place.work().join("new.txt");
    let before = Before::of_file(&path, &place.copies).unwrap();
    std::fs::write(&path, "made").unwrap();
    let undo = before.undo().unwrap();
    std::fs::write(&path, "made, and changed by somebody").unwrap();
    let refused = restore(&place.copies, &undo).unwrap_err();
    assert!(refused.contains("is not as the step left it"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "made, and changed by somebody");
    std::fs::write(&path, "made").unwrap();
    restore(&place.copies, &undo).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_worktree_goes_back_whatever_a_command_did() {
    let place = place();
    let at = |name: &str| place.work().join(name);
    place.git(&["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(at(".gitignore"), "target/\n").unwrap();
    std::fs::write(at("a.txt"), "a\n").unwrap();
    std::fs::create_dir(at("deep")).unwrap();
    std::fs::write(at("deep/b.txt"), "b\n").unwrap();
    symlink("a.txt", at("link")).unwrap();
    place.git(&["add", "."]);
    place.git(&["commit", "--quiet", "--message", "one"]);
    std::fs::write(at("a.txt"), "a, not committed\n").unwrap();
    std::fs::write(at("loose.txt"), "not known to git\n").unwrap();
    let was = place.all();
    let before = Before::of_worktree(&at("deep"), &place.copies).unwrap();

    std::fs::write(at("a.txt"), "other\n").unwrap();
    std::fs::remove_file(at("loose.txt")).unwrap();
    std::fs::remove_dir_all(at("deep")).unwrap();
    std::fs::remove_file(at("link")).unwrap();
    symlink("elsewhere", at("link")).unwrap();
    std::fs::create_dir_all(at("new/folder")).unwrap();
    std::fs::write(at("new/folder/c.txt"), "c\n").unwrap();
    place.git(&["checkout", "--quiet", "-b", "other"]);
    place.git(&["add", "."]);
    place.git(&["commit", "--quiet", "--message", "two"]);
    let undo = before.undo().unwrap();

    // One file that somebody changed since is enough for nothing to be touched.
    std::fs::write(at("a.txt"), "somebody's\n").unwrap();
    assert!(restore(&place.copies, &undo).is_err());
    assert!(at("new/folder/c.txt").exists());
    std::fs::write(at("a.txt"), "other\n").unwrap();
    restore(&place.copies, &undo).unwrap();
    let left = |mut all: BTreeMap<PathBuf, State>| {
        // Names of the last commit message and the like: not where a worktree stands.
        all.retain(|path, _| !path.ends_with("COMMIT_EDITMSG"));
        all
    };
    assert_eq!(left(place.all()), left(was));
    place.git(&["fsck", "--no-progress"]);
}

#[test]
fn without_its_copy_nothing_is_touched() {
    let place = place();
    let path = place.work().join("a.txt");
    std::fs::write(&path, "old").unwrap();
    let before = Before::of_file(&path, &place.copies).unwrap();
    std::fs::write(&path, "new").unwrap();
    let undo = before.undo().unwrap();
    let empty = Copies::open(&place.folder.path().join("other")).unwrap();
    let refused = restore(&empty, &undo).unwrap_err();
    assert!(refused.contains("not on this machine"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    for wrong in [
        json!({}),
        json!({"files": []}),
        json!({"files": [{"path": "relative",
        "now": "absent", "back": "absent"}]}),
    ] {
        assert!(restore(&place.copies, wrong.as_object().unwrap()).is_err());
    }
}

#[test]
fn a_folder_that_became_a_link_is_not_written_through() {
    let place = place();
    let folder = place.work().join("deep");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("a.txt");
    std::fs::write(&path, "old").unwrap();
    let before = Before::of_file(&path, &place.copies).unwrap();
    std::fs::write(&path, "new").unwrap();
    let undo = before.undo().unwrap();
    let elsewhere = place.work().join("elsewhere");
    std::fs::rename(&folder, &elsewhere).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    let refused = restore(&place.copies, &undo).unwrap_err();
    assert!(refused.contains("a folder above it"), "{refused}");
    assert_eq!(std::fs::read_to_string(elsewhere.join("a.txt")).unwrap(), "new");
}
