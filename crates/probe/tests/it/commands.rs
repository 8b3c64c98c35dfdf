//! Commands: what they print, and all the ways in which they do not.

use std::time::{Duration, Instant};

use holdshort_core::{Look, Reads};

use crate::{look, look_with, settings, text};

fn sh(script: &str) -> Look {
    run(&["sh", "-c", script], Reads::Json)
}

fn run(argv: &[&str], reads: Reads) -> Look {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    Look::Command { argv, env: vec!["HOLDSHORT_NAMED".into()], cwd: None, reads }
}

#[tokio::test]
async fn what_a_program_prints_is_read_whole() {
    assert_eq!(text(look(&sh("echo '{\"a\": [1, 2]}'")).await), r#"{"a":[1,2]}"#);
    let lines = run(&["printf", "a\\nb c\\n"], Reads::Lines);
    assert_eq!(text(look(&lines).await), r#"{"lines":["a","b c"]}"#);
    // No shell, and no environment but what is named.
    let plain = run(&["printf", "%s", "$HOME; ls"], Reads::Lines);
    assert_eq!(text(look(&plain).await), r#"{"lines":["$HOME; ls"]}"#);
    let env = text(look(&run(&["env"], Reads::Lines)).await);
    assert!(!env.contains("HOME=") && env.contains("PATH=/usr/local/sbin:"), "{env}");
}

#[tokio::test]
async fn what_is_not_whole_is_not_known() {
    for (script, says) in [
        ("exit 3", "it failed (exit status: 3)"),
        ("echo no such thing >&2; exit 1", "no such thing"),
        ("true", "no JSON"),
        ("echo '{} {}'", "no JSON"),
        ("echo '{\"a\":1,\"a\":2}'", "no JSON"),
        ("echo '{\"a\":'", "no JSON"),
        ("printf '\\377\\376'", "no text"),
        ("head -c 10000000 /dev/zero", "more than 65536 bytes"),
        ("yes x >&2 & sleep 0.2; kill $!; wait; exit 9", "it failed"),
    ] {
        let seen = look(&sh(script)).await.unwrap_err();
        assert!(seen.contains(says), "{script}: {seen}");
    }
    let binary = run(&["printf", "a\\0b"], Reads::Lines);
    assert!(look(&binary).await.unwrap_err().contains("no text"));
    for argv in [&["./x"][..], &["no-such-program"], &["a/b"], &[]] {
        assert!(look(&run(argv, Reads::Json)).await.is_err(), "{argv:?}");
    }
}

#[tokio::test]
async fn what_hangs_is_ended_with_all_it_started() {
    let place = tempfile::tempdir().unwrap();
    let mark = place.path().join("alive");
    let script = format!("(sleep 2; touch {0}) & sleep 60 & wait", mark.display());
    let mut quick = settings();
    quick.timeout = Duration::from_millis(300);
    let begun = Instant::now();
    let seen = look_with(quick, &sh(&script)).await.unwrap_err();
    assert_eq!(seen, "it took too long");
    assert!(begun.elapsed() < Duration::from_secs(2));
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!mark.exists(), "a child of it went on");
}
