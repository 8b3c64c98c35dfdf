//! What a push would overwrite, in real repositories.

use std::path::Path;

use holdshort_core::{Json, Look, PushedRef};

use crate::look;
use crate::repository::{commit, git, make_hostile, pair};

fn push(here: &Path, refs: &[(&str, Option<&str>, bool)]) -> Look {
    let refs = refs.iter().map(|(from, to, force)| PushedRef {
        from: Some((*from).to_owned()).filter(|from| from != "HEAD"),
        to: to.map(str::to_owned),
        force: *force,
    });
    Look::Push { cwd: here.display().to_string(), remote: None, refs: refs.collect() }
}

fn count(seen: &Json) -> String {
    seen.get("overwritten").unwrap().to_text()
}

#[tokio::test]
async fn what_is_ahead_overwrites_nothing_and_what_was_rewritten_does() {
    let (_place, here, there) = pair();
    commit(&here, "three");
    let ahead = look(&push(&here, &[("main", None, true)])).await.unwrap();
    assert_eq!(count(&ahead), "0");
    // Two commits that only the other one has.
    let other = here.parent().unwrap().join("other");
    git(here.parent().unwrap(), &["clone", "-q", there.to_str().unwrap(), "other"]);
    commit(&other, "theirs");
    commit(&other, "more of theirs");
    git(&other, &["push", "-q"]);
    let behind = look(&push(&here, &[("HEAD", None, true)])).await.unwrap();
    assert_eq!(count(&behind), "2");
    assert!(behind.get("commits").unwrap().to_text().contains("more of theirs"), "{behind:?}");
    // Without force it is refused there, and nothing is lost.
    assert_eq!(count(&look(&push(&here, &[("main", None, false)])).await.unwrap()), "0");
    let fresh = look(&push(&here, &[("main", Some("brand-new"), true)])).await.unwrap();
    assert_eq!(count(&fresh), "0");
    let gone = look(&push(&here, &[("", Some("main"), false)])).await.unwrap();
    assert_eq!(gone.get("deletes").unwrap().to_text(), r#"["refs/heads/main"]"#);
}

#[tokio::test]
async fn a_remote_elsewhere_is_known_as_far_as_it_was_fetched() {
    let (_place, here, _) = pair();
    git(&here, &["remote", "set-url", "origin", "ssh://git@example.com/x.git"]);
    git(&here, &["reset", "-q", "--hard", "HEAD~1"]);
    let seen = look(&push(&here, &[("main", None, true)])).await.unwrap();
    assert_eq!((count(&seen), seen.get("as_of_last_fetch")), ("1".into(), Some(&Json::Bool(true))));
    let never = look(&push(&here, &[("main", Some("other"), true)])).await.unwrap_err();
    assert!(never.contains("nothing was fetched"), "{never}");
    let nobody =
        Look::Push { cwd: here.display().to_string(), remote: Some("nobody".into()), refs: vec![] };
    assert!(look(&nobody).await.unwrap_err().contains("no remote"));
    git(&here, &["config", "remote.origin.push", "+refs/heads/*:refs/heads/*"]);
    assert!(look(&push(&here, &[("main", None, true)])).await.unwrap_err().contains("itself says"));
}

#[tokio::test]
async fn a_hostile_repository_runs_nothing() {
    let (_place, here, _) = pair();
    git(&here, &["reset", "-q", "--hard", "HEAD~1"]);
    let mark = make_hostile(&here);
    let seen = look(&push(&here, &[("main", None, true)])).await.unwrap();
    assert_eq!(count(&seen), "1");
    assert!(!mark.exists());
    for (file, bytes) in [(".git/HEAD", "ref: ../../etc/passwd"), (".git/config", "[core\n")] {
        let whole = std::fs::read(here.join(file)).unwrap();
        std::fs::write(here.join(file), bytes).unwrap();
        assert!(look(&push(&here, &[("HEAD", None, true)])).await.is_err(), "{file}");
        std::fs::write(here.join(file), whole).unwrap();
    }
    let elsewhere = Look::Push { cwd: "/".into(), remote: None, refs: vec![] };
    assert!(look(&elsewhere).await.unwrap_err().contains("no repository"));
}
