//! Our reading of the shell against bash itself: bash prints a function in its own spelling, and
//! both spellings must hold the same commands. Nothing is run.

use std::process::Command;

use crate::command;

/// What bash makes of a text, as the body of a function; nothing where bash refuses it.
fn spelt_by_bash(text: &str) -> Option<String> {
    let script = format!("f() {{\n{text}\n}}\ndeclare -f f");
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", &script])
        .env_clear()
        .output()
        .ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    let body = printed.split_once("{ \n")?.1.trim_end().strip_suffix('}')?.to_owned();
    output.status.success().then_some(body)
}

#[test]
fn bash_reads_the_same_commands() {
    if Command::new("bash").arg("--version").output().is_err() {
        println!("left out: there is no bash");
        return;
    }
    for text in [
        "ls -la | grep x && rm a || echo b",
        "if [ -f a ]; then cat a; elif true; then rm b; else rm c; fi",
        "for f in *.rs; do rm \"$f\"; done",
        "while read -r l; do echo \"$l\"; done < f",
        "until false; do rm a; break; done",
        "case $x in a|b) rm a;; (c) ls;; *) rm d;; esac",
        "f2() { rm a; }; f2",
        "function g { rm a; }",
        "( cd a && rm b )",
        "{ rm a; ls; } > out 2>&1",
        "cat <<E\nrm a\n$(rm b)\nE\nls",
        "cat <<'E' | sh\nrm a\nE",
        "cat <<-E\n\trm a\n\tE\nrm b",
        "echo $(( $(rm a) + 1 ))",
        "(( x++ )); rm a",
        "[[ -f a && ! -d $(rm b) ]] && ls",
        "A=(1 \"$(rm a)\" 3); echo ${A[0]}",
        "echo a > >(rm b) 2> /dev/null",
        "time -p rm a",
        "! rm a",
        "echo \"a `rm b` c\"",
        "select x in a b; do rm $x; done",
        "for ((i=0;i<3;i++)); do rm $i; done",
        "coproc rm a",
        "ls & rm a & wait",
        "echo a # rm b\nrm c",
        "echo a \\\n  b; rm c",
        "rm a |& ls",
        "X=1 Y=\"$(rm a)\" ls",
        "echo ${x:-$(rm a)} ${y//$(rm b)/c}",
        "rm $'a\\nb' $\"c\"",
        "{ rm a; } 3>&1 4<f",
        "if ! rm a; then :; fi; rm b",
    ] {
        let spelt = spelt_by_bash(text).unwrap_or_else(|| panic!("bash refuses: {text}"));
        let (ours, theirs) = (command(text), command(&spelt));
        let count = |made: &holdshort_core::Assessment| made.commands.len();
        assert!(ours.uninspectable.is_none() && theirs.uninspectable.is_none());
        assert_eq!(ours.level, theirs.level, "{text}\n{spelt}");
        assert_eq!(count(&ours), count(&theirs), "{text}\n{spelt}");
    }
}

#[test]
fn what_bash_refuses_is_never_read_as_harmless() {
    if Command::new("bash").arg("--version").output().is_err() {
        println!("left out: there is no bash");
        return;
    }
    for text in ["ls |", "ls ;; ls", "if ls; fi", "for x in; ls; done", "ls <", "( ls", "case x in"]
    {
        assert!(spelt_by_bash(text).is_none(), "bash reads: {text}");
        assert_eq!(command(text).level, holdshort_core::RiskLevel::Dangerous, "{text}");
    }
}
