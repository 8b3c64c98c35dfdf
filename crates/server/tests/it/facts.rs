//! Facts: looked at by the gate when it asks and before it releases, or on the agent's machine,
//! which they say; and pins, which are looked at by the executor.

use serde_json::{Value, json};

use crate::person::random_text;
use crate::policy::{governed, until};
use crate::world::{Agent, World};

/// A probe over a file that stands for what is out there.
fn roles(world_file: &str, more: &str) -> String {
    format!(
        r#"
[[probe]]
id = "no-standby"
tool = "terminate_instances"
fact = "No instance is a standby"
run = ["cat", "{world_file}"]
known_when = "size(output) == size(args.ids)"
failing = "output.filter(one, one.role == 'standby').map(one, one.id)"
detail = "{{size(failing)}} of {{size(args.ids)}} are standbys"
safer = {{ title = "Only the other {{size(args.ids) - size(failing)}}", drop = "ids" }}
{more}
"#
    )
}

fn terminate(ids: &[&str]) -> Value {
    json!({ "tool": "terminate_instances", "arguments": { "ids": ids } })
}

/// A file outside of what the gate owns, with what is out there.
fn out_there(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join(name);
    std::fs::write(&file, text).unwrap();
    let path = file.display().to_string();
    (place, path)
}

async fn asked(world: &World, agent: &Agent, body: &Value) -> (String, String) {
    let proposed = world.propose(agent, body).await.ok();
    (proposed.at("/action/id"), proposed.at("/action/request"))
}

#[tokio::test]
async fn a_fact_is_on_the_card_and_a_changed_one_asks_again() {
    let two = r#"[{"id":"a","role":"standby"},{"id":"b","role":"test"}]"#;
    let (_place, file) = out_there("roles.json", two);
    let (world, dana, agent) = governed(&roles(&file, "")).await;
    let (action, request) = asked(&world, &agent, &terminate(&["a", "b"])).await;
    until(async || dana.card(&world, &request).await.at("/facts/0/status") == "false").await;
    let card = dana.card(&world, &request).await;
    assert!(card.text.contains("of "), "{}", card.text);
    assert_eq!(card.json["safer"][0]["arguments"], json!({ "ids": ["b"] }));
    dana.decide(&world, &request, "approve").await.ok();
    // What it rests on is another instance now.
    let other = r#"[{"id":"a","role":"test"},{"id":"b","role":"standby"}]"#;
    std::fs::write(&file, other).unwrap();
    let claimed = world.claim(&agent, &action, &json!({ "nonce": random_text() })).await.ok();
    assert_eq!(claimed.at("/answer"), "ask_again");
    assert!(claimed.at("/because").contains("No instance is a standby"), "{}", claimed.text);
    let again = world.get(&agent, &format!("/v1/actions/{action}")).await.at("/request");
    let card = dana.card(&world, &again).await;
    assert!(card.json["again"].to_string().contains("a checked fact changed"), "{}", card.text);
    dana.decide(&world, &again, "approve").await.ok();
    assert!(world.execute(&agent, &action).await);
}

#[tokio::test]
async fn what_is_not_about_the_call_is_not_known_and_never_delays_a_denial() {
    let (_place, file) = out_there("roles.json", r#"[{"id":"a","role":"test"}]"#);
    let (world, dana, agent) = governed(&roles(&file, "")).await;
    let (_, request) = asked(&world, &agent, &terminate(&["a", "b"])).await;
    until(async || dana.card(&world, &request).await.at("/facts/0/status") == "not_known").await;
    for (text, args) in [("not json", ["c", "d"]), ("[]", ["e", "f"]), ("", ["g", "h"])] {
        std::fs::write(&file, text).unwrap();
        let (_, request) = asked(&world, &agent, &terminate(&args)).await;
        until(async || dana.card(&world, &request).await.at("/facts/0/status") == "not_known")
            .await;
    }
    // One that hangs.
    let hangs = roles(&file, "").replace(&format!("\"cat\", \"{file}\""), "\"sleep\", \"30\"");
    let (world, dana, agent) = governed(&hangs).await;
    let (action, request) = asked(&world, &agent, &terminate(&["a"])).await;
    assert_eq!(dana.card(&world, &request).await.at("/facts/0/status"), "checking");
    dana.decide(&world, &request, "deny").await.ok();
    assert_eq!(world.state(&agent, &action).await, "denied");
}

#[tokio::test]
async fn a_value_that_is_not_of_its_type_reaches_no_program() {
    let (place, marker) = out_there("marker", "");
    std::fs::remove_file(&marker).unwrap();
    let probe = format!(
        r#"
[[probe]]
id = "p"
tool = "terminate_instances"
fact = "x"
run = ["touch", "{}", "${{args.ids...:instance_id}}"]
known_when = "true"
true_when = "true"
"#,
        place.path().join("marker").display()
    );
    let (world, dana, agent) = governed(&probe).await;
    for evil in ["--reference=/etc/passwd", "i-1; rm -rf /", "$(id)", "../x", "i-zz", ""] {
        let (_, request) = asked(&world, &agent, &terminate(&["i-00000001", evil])).await;
        until(async || dana.card(&world, &request).await.at("/facts/0/status") == "not_known")
            .await;
    }
    assert!(!place.path().join("marker").exists());
}

#[tokio::test]
async fn a_fact_that_does_not_hold_can_deny_and_never_allows() {
    let (_place, file) = out_there("roles.json", r#"[{"id":"a","role":"standby"}]"#);
    let (world, _, agent) = governed(&roles(&file, "if_false = \"deny\"")).await;
    let (action, _) = asked(&world, &agent, &terminate(&["a"])).await;
    until(async || world.state(&agent, &action).await == "denied").await;
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await;
    assert_eq!(status.at("/decided_by"), "policy (probe.no-standby)");
}

#[tokio::test]
async fn what_only_the_agents_machine_sees_is_read_there_and_says_so() {
    let (_place, file) = out_there("roles.json", "never read here");
    let (world, dana, agent) = governed(&roles(&file, "at = \"client\"")).await;
    let (action, request) = asked(&world, &agent, &terminate(&["a"])).await;
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await;
    assert_eq!(status.at("/looks/0/look/kind"), "command");
    let path = format!("/v1/actions/{action}/facts");
    let brings = |role: &str| json!([{ "probe": "no-standby", "output": { "x": role } }]);
    let bad = json!({ "request": request, "answers": brings("test") });
    world.post(&agent, &path, &bad).await.ok();
    until(async || dana.card(&world, &request).await.at("/facts/0/status") == "not_known").await;
    let card = dana.card(&world, &request).await;
    assert!(card.text.contains("read on the agent's machine"), "{}", card.text);
    dana.decide(&world, &request, "approve").await.ok();
    // Nothing is released on what was read before.
    let nonce = random_text();
    let claimed = world.claim(&agent, &action, &json!({ "nonce": nonce })).await.ok();
    assert_eq!((claimed.at("/answer"), claimed.at("/looks/0/probe")), refresh());
    let not_known = json!([{ "probe": "no-standby", "not_known": "gone" }]);
    let claim = json!({ "nonce": nonce, "facts": not_known });
    assert_eq!(world.claim(&agent, &action, &claim).await.ok().at("/answer"), "proceed");
}

fn refresh() -> (String, String) {
    ("refresh".to_owned(), "no-standby".to_owned())
}

#[tokio::test]
async fn pins_are_looked_at_before_anything_runs() {
    let (world, dana, agent) = governed("").await;
    let mut body = terminate(&["a"]);
    body["pins"] = json!({ "file /x": "sha256:1" });
    let (action, request) = asked(&world, &agent, &body).await;
    dana.decide(&world, &request, "approve").await.ok();
    let nonce = random_text();
    let claim = |pins: Option<Value>| match pins {
        Some(pins) => json!({ "nonce": nonce, "pins": pins }),
        None => json!({ "nonce": nonce }),
    };
    let first = world.claim(&agent, &action, &claim(None)).await.ok();
    assert_eq!((first.at("/answer"), first.at("/pins_needed")), ("refresh".into(), "true".into()));
    for moved in [json!({ "file /x": "sha256:2" }), json!({}), json!({ "file /x": "sha256:1" })] {
        let claimed = world.claim(&agent, &action, &claim(Some(moved.clone()))).await.ok();
        if claimed.at("/answer") == "ask_again" {
            assert!(claimed.at("/because").contains("file /x"), "{}", claimed.text);
        } else {
            assert_eq!(claimed.at("/answer"), "wait", "{moved}");
        }
    }
    // The person sees what it is now, and that is what runs.
    let status = world.get(&agent, &format!("/v1/actions/{action}")).await;
    let card = dana.card(&world, &status.at("/request")).await;
    assert!(card.json["again"].to_string().contains("file /x"), "{}", card.text);
    assert!(card.text.contains("sha256:2"), "{}", card.text);
    dana.decide(&world, &status.at("/request"), "approve").await.ok();
    let now = json!({ "pins": { "file /x": "sha256:2" } });
    assert!(world.execute_as(&agent, &action, now).await);
}

#[tokio::test]
async fn a_probe_in_a_file_is_checked_when_it_is_loaded() {
    let (world, dana, _) = governed("").await;
    let secret = "[database.d]\nurl = 'postgres://me:hunter2@db/x'";
    let body = json!({ "files": [{ "file": "policy.toml", "text": secret }] });
    let checked = dana.read(&world, "/v1/policy/check", body).await.ok();
    assert!(checked.json["problems"].to_string().contains("a password does not stand"));
    for (probe, says) in [
        ("id = 'a'\nfact = 'x'\nrun = ['x']\ntrue_when = 'true'", "known_when"),
        ("id = 'a'\nfact = 'x'\nrun = ['x']\nknown_when = 'true'", "true_when"),
        ("id = 'a'\nfact = 'x'\nrun = ['sh', '-c', 'x ${args.a:id}']", "one whole argument"),
        ("id = 'a'\nfact = 'x'\nrun = ['${args.a:id}']", "begins with the program"),
        ("id = 'a'\nfact = 'x'\nrun = ['x', '${args.a:any}']", "there is no type"),
        ("id = 'a'\nfact = 'x'\nget = 'https://${args.h:host}/x'", "written out"),
        ("id = 'a'\nfact = 'x'\nget = 'https://u@h/x'", "written out"),
        (
            "id = 'a'\nfact = 'x'\nquery = \"SELECT '${args.a:id}'\"\ndatabase = 'd'",
            "outside quotes",
        ),
        ("id = 'a'\nfact = 'x'\nquery = 'SELECT 1'\ndatabase = 'd'", "no database `d`"),
        ("id = 'a'\nbuiltin = 'fils'", "no built-in look"),
        ("id = 'a'\nbuiltin = 'files'\nif_false = 'allow'", "ask` or `deny"),
        ("id = 'a'\nbuiltin = 'files'\ndetail = '{output.cout}'", ""),
        ("id = 'a'\nbuiltin = 'files'\ndetail = '{outputs.count}'", "did you mean `output`"),
        ("id = 'a'\nbuiltin = 'files'\ntrue_when = 'run.steps > 1'", "no `run`"),
        ("id = 'a'\nbuiltin = 'files'\nverifies = true", "a probe that verifies"),
    ] {
        let text = format!("[[probe]]\n{probe}\n");
        let body = json!({ "files": [{ "file": "policy.toml", "text": text }] });
        let checked = dana.read(&world, "/v1/policy/check", body).await.ok();
        let found = checked.json["problems"].to_string();
        assert!(found.contains(says), "{probe}: {found}");
        assert_eq!(found == "[]", says.is_empty(), "{probe}: {found}");
    }
}

#[tokio::test]
async fn a_probe_says_what_came_of_what_was_never_reported() {
    for (found, reply, held) in [
        (r#"{"state": "gone"}"#, "happened", false),
        (r#"{"state": "there"}"#, "did_not_happen", false),
        ("nobody knows", "", true),
    ] {
        let (_place, file) = out_there("state.json", found);
        let probe = format!(
            "[[probe]]\nid = 'gone'\ntool = 'read_file'\nfact = 'It was read'\nverifies = true\n\
             run = ['cat', '{file}']\nknown_when = 'has(output.state)'\n\
             true_when = 'output.state == \"gone\"'\n"
        );
        let (world, dana, agent) = governed(&probe).await;
        let proposed = world.propose(&agent, &crate::world::safe("/a")).await.ok();
        let (action, run) = (proposed.at("/action/id"), proposed.at("/action/run"));
        assert!(world.begin_run(&agent, &action, (&random_text(), json!({}))).await);
        world.turn(120);
        until(async || world.state(&agent, &action).await == "unknown").await;
        let path = format!("/v1/runs/{run}");
        let settled = async || {
            let run = dana.get(&world, &path).await.ok().json;
            let question = run["actions"].as_array().unwrap()[1].clone();
            (question["state"].clone(), question["decided_by"].clone())
        };
        if held {
            let request = dana.get(&world, "/v1/requests").await.ok().at("/items/0/id");
            until(async || dana.card(&world, &request).await.at("/facts/0/status") == "not_known")
                .await;
            assert_eq!(settled().await.0, "pending", "a person says");
            continue;
        }
        until(async || settled().await.0 == "answered").await;
        assert_eq!(settled().await.1, "gone (probe)");
        let answered = world.events(&dana).await;
        let answered = answered.iter().find(|event| event["kind"] == "question.answered").unwrap();
        assert_eq!(answered["detail"]["reply"], reply);
        assert_eq!(answered["detail"]["person"], false);
    }
}
