//! What a removal would take, and where paths lead.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use holdshort_core::{Json, Look, Removal};

use crate::look;
use crate::repository::{git, make_hostile, pair, write};

fn remove(cwd: &Path, paths: &[(&str, bool, bool)]) -> Look {
    let remove = paths.iter().map(|(path, pattern, recursive)| Removal {
        path: (*path).to_owned(),
        pattern: *pattern,
        recursive: *recursive,
    });
    Look::Files { remove: remove.collect(), cwd: cwd.display().to_string() }
}

fn at(seen: &Json, name: &str) -> String {
    seen.get(name).unwrap().to_text()
}

#[tokio::test]
async fn files_are_counted_and_those_git_knows_are_told_apart() {
    let (_place, here, _) = pair();
    for name in ["build/a.o", "build/sub/b.o", "build/.hidden", "src/c.rs"] {
        write(&here.join(name), "12345");
    }
    git(&here, &["add", "src"]);
    let all = look(&remove(&here, &[("build", false, true), ("src", false, true)])).await.unwrap();
    let counts = ["count", "bytes", "tracked", "untracked"].map(|name| at(&all, name));
    assert_eq!(counts, ["4", "20", "1", "3"]);
    let stars = look(&remove(&here, &[("build/*", true, false)])).await.unwrap();
    assert_eq!((at(&stars, "count"), at(&stars, "names")), ("1".into(), r#"["build/a.o"]"#.into()));
    let none =
        look(&remove(&here, &[("nothing*", true, true), ("gone", false, true)])).await.unwrap();
    assert_eq!(
        (at(&none, "count"), at(&none, "missing")),
        ("0".into(), r#"["nothing*","gone"]"#.into())
    );
}

#[tokio::test]
async fn odd_names_links_and_hostile_repositories_are_only_looked_at() {
    let (_place, here, _) = pair();
    let mark = make_hostile(&here);
    let outside = here.parent().unwrap().join("precious");
    write(&outside.join("p"), "x");
    std::fs::create_dir(here.join("odd")).unwrap();
    symlink(&outside, here.join("odd/link")).unwrap();
    symlink(here.join("odd"), here.join("odd/loop")).unwrap();
    write(&here.join("odd/-rf"), "x");
    write(&here.join("odd/new\nline"), "x");
    std::fs::write(here.join("odd").join(OsStr::from_bytes(b"\xff\xfe")), "x").unwrap();
    let seen = look(&remove(&here, &[("odd", false, true)])).await.unwrap();
    assert_eq!(at(&seen, "count"), "5", "links are counted and not followed");
    assert!(!mark.exists());
    for worked_out in ["~/x", "$HOME/x", "{a,b}"] {
        assert!(look(&remove(&here, &[(worked_out, false, true)])).await.is_err(), "{worked_out}");
    }
    assert!(look(&remove(Path::new(""), &[("a", false, true)])).await.is_err());
    std::fs::write(here.join(".git/index"), "garbage").unwrap();
    let garbage = look(&remove(&here, &[("odd", false, true)])).await.unwrap_err();
    assert!(garbage.contains("index of a repository"), "{garbage}");
}

#[tokio::test]
async fn paths_are_followed_to_where_they_lead() {
    let place = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(place.path()).unwrap();
    let work = root.join("work");
    write(&work.join("in/file"), "x");
    symlink("/etc", work.join("out")).unwrap();
    symlink("in", work.join("inner")).unwrap();
    symlink("b", work.join("a")).unwrap();
    symlink("a", work.join("b")).unwrap();
    let look_at = |paths: &[&str]| Look::Paths {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        cwd: work.display().to_string(),
    };
    let paths = ["in/file", "inner/new", "out/passwd", "../x", "out/../tmp", "/etc/hosts"];
    let seen = look(&look_at(&paths)).await.unwrap();
    let outside: Vec<String> =
        seen.get("paths").unwrap().as_array().unwrap().iter().map(|p| at(p, "outside")).collect();
    assert_eq!(outside, ["false", "false", "true", "true", "true", "true"]);
    assert_eq!(at(&seen, "outside"), "4");
    assert!(look(&look_at(&["a"])).await.unwrap_err().contains("circle"));
    assert!(look(&look_at(&["~/x"])).await.is_err());
}
