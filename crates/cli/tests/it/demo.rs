//! The demo's four answers leave the world exactly as decided.

use crate::world::{Demo, events};

const SEEDS: [&str; 5] = ["1", "34", "77", "4127", "18446744073709551615"];

fn check(answer: &str) {
    for seed in SEEDS {
        let demo = Demo::new();
        let said = demo.finish(&["--seed", seed, "--decide", answer]);
        assert_eq!(demo.idle().len(), 47);
        assert_eq!(demo.terminated(), demo.expected(answer), "seed {seed}");
        let standbys = demo.terminated().intersection(&demo.standbys()).count();
        assert_eq!(said["instances_terminated"], demo.terminated().len());
        assert_eq!(said["standbys_terminated"], standbys);
        let tools: Vec<String> = demo.executor_log().into_iter().map(|done| done.tool).collect();
        let mut expected = vec!["sql_query", "write_file", "run_command"];
        if answer == "approve" || answer == "modify" {
            expected.extend(["terminate_instances", "send_email"]);
        }
        assert_eq!(tools, expected);
        let mails = usize::from(expected.contains(&"send_email"));
        assert_eq!(demo.mails().len(), mails);
    }
}

#[test]
fn approve_terminates_exactly_the_idle_ones() {
    check("approve");
}

#[test]
fn deny_terminates_none_and_goes_on() {
    check("deny");
}

#[test]
fn modify_terminates_only_the_changed_set() {
    check("modify");
}

#[test]
fn wait_leaves_it_parked_and_resume_goes_on() {
    let demo = Demo::new();
    let parked = demo.finish(&["--seed", "34", "--decide", "wait"]);
    assert_eq!(parked["actions"][3]["status"], "pending");
    assert_eq!(parked["actions"][3]["risk"], "dangerous");
    assert!(demo.terminated().is_empty());
    let again = demo.finish(&["--resume"]);
    assert_eq!(again["actions"][3]["id"], parked["actions"][3]["id"], "asked once");
    let done = demo.finish(&["--resume", "--decide", "modify"]);
    assert_eq!(demo.terminated(), demo.expected("modify"));
    assert_eq!(done["actions"][3]["decided_by"], "demo --decide (machine)");
    let log = demo.dir().join("log.jsonl");
    assert_eq!(events(&log, "request.opened").len(), 3, "terminate, its change, and the mail");
}

#[test]
fn the_request_shows_the_checked_fact() {
    let demo = Demo::new();
    demo.finish(&["--seed", "34", "--decide", "deny"]);
    let facts = events(&demo.dir().join("log.jsonl"), "request.facts");
    assert_eq!(facts[0]["detail"]["facts"][0][1], "false");
    assert_eq!(demo.standbys().len(), 31);
}

#[test]
fn a_second_demo_in_one_directory_is_refused() {
    let demo = Demo::new();
    demo.finish(&["--decide", "wait"]);
    let output = demo.run(&["--decide", "approve"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && errors.contains("--resume"), "{errors}");
    assert!(demo.terminated().is_empty());
}
