//! The policy over HTTP: what its rules decide, why a request was made, a file that changes.

use serde_json::{Value, json};

use crate::world::{World, dangerous, risky, safe};

/// A world whose policy file has this text.
pub(crate) async fn governed(text: &str) -> (World, crate::person::Person, crate::world::Agent) {
    let (mut world, dana, agent) = World::peopled().await;
    std::fs::write(world.data().join("policy.toml"), text).unwrap();
    world.restart().await;
    (world, dana, agent)
}

const DEPLOYS: &str = r#"
[[rule]]
id = "prod-deploy"
reason = "Production deploys are asked about."
tool = "stage_*"
when = 'args.env == "production"'
ask = true
match = [{ tool = "stage_service", args = { env = "production" } }]
not_match = [{ tool = "stage_service", args = { env = "staging" } }]

[[rule]]
id = "no-crm"
reason = "The CRM is off limits."
tool = "crm.*"
deny = true
"#;

fn deploy(env: &str) -> Value {
    json!({ "tool": "stage_service", "arguments": { "env": env } })
}

#[tokio::test]
async fn a_rule_asks_and_says_why() {
    let (world, dana, agent) = governed(DEPLOYS).await;
    let asked = world.propose(&agent, &deploy("production")).await.ok();
    assert_eq!(asked.at("/action/state"), "pending");
    assert_eq!(asked.at("/action/risk/rule"), "prod-deploy");
    let card = dana.card(&world, &asked.at("/action/request")).await;
    assert_eq!(card.at("/why/rule"), "prod-deploy");
    assert_eq!(card.at("/why/when"), r#"args.env == "production""#);
    assert_eq!(card.at("/why/looked_at/0/path"), "args.env");
    assert_eq!(card.at("/why/policy"), "2", "the built-in one is the first");
    assert!(card.at("/why/place").ends_with("policy.toml:3"), "{}", card.at("/why/place"));
    let denied = json!({ "tool": "crm.list", "arguments": {} });
    let denied = world.propose(&agent, &denied).await.ok();
    assert_eq!(
        (denied.at("/action/state"), denied.at("/action/decided_by")),
        ("denied".into(), "policy (no-crm)".into())
    );
    assert!(!world.execute(&agent, &denied.at("/action/id")).await);
}

#[tokio::test]
async fn explain_names_every_rule() {
    let (world, dana, agent) = governed(DEPLOYS).await;
    let explain = |body: Value| dana.read(&world, "/v1/policy/explain", body);
    let said = explain(json!({ "tool": "stage_service", "arguments": { "env": "production" } }));
    let said = said.await.ok();
    assert_eq!((said.at("/ruling"), said.at("/rule")), ("ask".into(), "prod-deploy".into()));
    assert_eq!(said.json["considered"].as_array().unwrap().len(), 2);
    assert_eq!(said.at("/considered/1/found"), "other tool");
    let action = world.propose(&agent, &deploy("staging")).await.ok().at("/action/id");
    let said = explain(json!({ "action": action })).await.ok();
    assert_eq!(said.at("/considered/0/found"), "does not apply");
    // The same call under a draft.
    let draft = DEPLOYS.replace("production\"'", "staging\"'");
    let kept = |line: &&str| !line.contains("match");
    let draft: String = draft.lines().filter(kept).map(|line| format!("{line}\n")).collect();
    let files = json!([{ "file": "draft.toml", "text": draft }]);
    let said = explain(json!({ "action": action, "files": files })).await.ok();
    assert_eq!(said.at("/rule"), "prod-deploy");
    assert_eq!(said.at("/considered/0/place"), "draft.toml:3");
}

#[tokio::test]
async fn check_points_at_the_line() {
    let (world, dana, _) = governed("").await;
    let text = "[[rule]]\nid = 'a'\nreason = 'b'\ntool = 'x'\nwhen = 'arg.env == 1'\nask = true\n";
    let body = json!({ "files": [{ "file": "p.toml", "text": text }] });
    let checked = dana.read(&world, "/v1/policy/check", body).await.ok();
    assert_eq!(checked.at("/ok"), "false");
    assert_eq!(checked.at("/problems/0/line"), "5");
    assert!(checked.at("/problems/0/hint").contains("args"), "{}", checked.text);
    let never = "[ladder.a]\nsteps = [{ ask = 'everyone', within = '5m' }]\nthen = 'approve'\n";
    let body = json!({ "files": [{ "file": "p.toml", "text": never }] });
    let checked = dana.read(&world, "/v1/policy/check", body).await.ok();
    assert!(checked.text.contains("no setting decides by time"), "{}", checked.text);
}

#[tokio::test]
async fn a_changed_file_is_in_force_and_a_bad_one_is_not() {
    let (world, dana, agent) = governed("").await;
    let status = || dana.get(&world, "/v1/policy");
    let before = status().await.ok().json["version"].as_u64().unwrap();
    assert_eq!(world.propose(&agent, &deploy("production")).await.at("/action/state"), "approved");
    let path = world.data().join("policy.toml");
    std::fs::write(&path, DEPLOYS).unwrap();
    until(async || status().await.json["version"] == before + 1).await;
    // What was let through before and has not begun is asked about now.
    let again = world.propose(&agent, &deploy("production")).await.ok();
    let nonce = json!({ "nonce": crate::person::random_text() });
    let claimed = world.claim(&agent, &again.at("/action/id"), &nonce).await;
    assert_eq!(claimed.at("/answer"), "ask_again");
    std::fs::write(&path, "[[rule]]\nid = 'x'\n").unwrap();
    until(async || status().await.json["problems"] != json!([])).await;
    let refused = status().await;
    assert_eq!(refused.json["version"], before + 1, "the last good one stays");
    until(async || world.count(&dana, "policy.refused").await == 1).await;
    std::fs::write(&path, "").unwrap();
    until(async || status().await.json["version"] == before + 2).await;
    let versions = dana.get(&world, "/v1/policy/versions").await.ok();
    assert_eq!(versions.at("/items/1/files/0/text"), DEPLOYS);
}

pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it did not come to pass");
}

#[tokio::test]
async fn after_a_restart_the_last_good_policy_stays_and_says_so() {
    let (mut world, dana, agent) = governed(DEPLOYS).await;
    std::fs::write(world.data().join("policy.toml"), "[[rule]]\nid = 1\n").unwrap();
    world.restart().await;
    let status = dana.get(&world, "/v1/policy").await.ok();
    assert!(status.at("/problems/0/file").ends_with("policy.toml"), "{}", status.text);
    assert_eq!(world.propose(&agent, &deploy("production")).await.at("/action/state"), "pending");
    assert_eq!(world.count(&dana, "policy.refused").await, 1);
}

#[tokio::test]
async fn a_server_does_not_begin_on_a_policy_it_cannot_use() {
    let dir = tempfile::tempdir().unwrap();
    holdshort_server::Setup::open(dir.path(), holdshort_server::Purpose::Real).await.unwrap();
    std::fs::write(dir.path().join("policy.toml"), "[[rule]]\nid = 1\n").unwrap();
    let (data, listen) = (dir.path().to_owned(), "127.0.0.1:0".parse().unwrap());
    let config = holdshort_server::Config { data, listen, public_urls: Vec::new() };
    let error = holdshort_server::Server::start(&config).await.unwrap_err().to_string();
    assert!(error.contains("policy.toml:2"), "{error}");
}

#[tokio::test]
async fn budgets_count_what_was_spent_and_this_action() {
    let (world, dana, agent) = governed("[budget]\nper_run = '1.00 USD'\n").await;
    let costly = |path: &str, cost: &str| {
        let mut body = safe(path);
        body["cost"] = json!(cost);
        body
    };
    let first = world.propose(&agent, &costly("/a", "0.60 USD")).await.ok();
    assert_eq!(first.at("/action/state"), "approved");
    assert!(world.execute(&agent, &first.at("/action/id")).await);
    let second = world.propose(&agent, &costly("/b", "0.60 USD")).await.ok();
    assert_eq!(second.at("/action/state"), "pending");
    assert_eq!(second.at("/action/risk/rule"), "budget.run");
    dana.decide(&world, &second.at("/action/request"), "approve").await.ok();
    assert!(world.execute(&agent, &second.at("/action/id")).await);
    let run = dana.get(&world, &format!("/v1/runs/{}", first.at("/action/run"))).await.ok();
    assert_eq!(run.at("/spent/0"), "1.20 USD");
    let odd = world.propose(&agent, &costly("/c", "lots")).await;
    odd.problem(422, "HS1005");
}

#[tokio::test]
async fn low_confidence_and_levels_ask() {
    let (world, _, agent) = governed("[interrupt]\nask = ['risky', 'dangerous']\n").await;
    assert_eq!(world.propose(&agent, &risky("a")).await.at("/action/state"), "pending");
    let mut unsure = risky("b");
    unsure["confidence"] = json!(0.2);
    let (world, _, agent) = governed("").await;
    let asked = world.propose(&agent, &unsure).await.ok();
    assert_eq!(asked.at("/action/risk/rule"), "trigger.confidence");
    // Nothing that asks silences what is dangerous.
    let text = "[interrupt]\nfully_autonomous = true\n";
    let (world, _, agent) = governed(text).await;
    assert_eq!(world.propose(&agent, &unsure).await.at("/action/state"), "approved");
    assert_eq!(world.propose(&agent, &dangerous("/a")).await.at("/action/state"), "pending");
}
