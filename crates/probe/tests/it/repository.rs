//! Real repositories, made with git, and what makes one hostile.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs git here, with no configuration but the repository's own.
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs([("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
        .envs([("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Writes a file, and the directories above it.
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A commit with a file of this name.
pub(crate) fn commit(directory: &Path, name: &str) {
    write(&directory.join(name), name);
    git(directory, &["add", "."]);
    git(directory, &["commit", "-q", "-m", name]);
}

/// A repository whose branch `main` was pushed to another one beside it.
pub(crate) fn pair() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(place.path()).unwrap();
    let (here, there) = (root.join("here"), root.join("there.git"));
    std::fs::create_dir(&here).unwrap();
    git(&root, &["init", "-q", "--bare", "-b", "main", "there.git"]);
    git(&here, &["init", "-q", "-b", "main"]);
    git(&here, &["remote", "add", "origin", there.to_str().unwrap()]);
    commit(&here, "one");
    commit(&here, "two");
    git(&here, &["push", "-q", "-u", "origin", "main"]);
    (place, here, there)
}

/// Sets the repository up to run a program wherever git would; the file it would leave.
pub(crate) fn make_hostile(here: &Path) -> PathBuf {
    let mark = here.parent().unwrap().join("pwned");
    let program = here.parent().unwrap().join("evil.sh");
    write(&program, &format!("#!/bin/sh\ntouch {}\nexit 1\n", mark.display()));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let evil = program.display().to_string();
    let settings = format!(
        "[core]\n\tfsmonitor = {evil}\n\tsshCommand = {evil}\n\tpager = {evil}\n\teditor = {evil}\n\
         \thooksPath = {0}\n\tattributesFile = {0}/a\n[alias]\n\tpush = !{evil}\n\
         [filter \"x\"]\n\tclean = {evil}\n\tsmudge = {evil}\n\tprocess = {evil}\n\
         [include]\n\tpath = {0}/more\n[credential]\n\thelper = !{evil}\n\
         [diff]\n\texternal = {evil}\n",
        here.parent().unwrap().display()
    );
    let config = here.join(".git/config");
    let known = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, known + &settings).unwrap();
    write(&here.join(".gitattributes"), "* filter=x diff=x\n");
    mark
}
