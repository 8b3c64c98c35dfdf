//! The organization's file: levels of tools, servers whose hints are trusted, own domains.

use serde_json::json;

use crate::world::World;

const FILE: &str = r#"
domains = ["acme.example"]

[[tool]]
match = "crm.*"
level = "dangerous"

[[tool]]
match = "wipe_scratch"
level = "risky"
lower = true

[[server]]
name = "docs"
trust_annotations = true
"#;

#[tokio::test]
async fn the_organization_raises_lowers_and_trusts() {
    let (mut world, dana, agent) = World::peopled().await;
    std::fs::write(world.data().join("holdshort.toml"), FILE).unwrap();
    world.restart().await;

    let read = json!({ "tool": "crm.list_customers", "arguments": {} });
    let asked = world.propose(&agent, &read).await.ok();
    assert_eq!(asked.at("/action/state"), "pending");
    let card = dana.card(&world, &asked.at("/action/request")).await;
    assert!(card.text.contains("the organization gives this tool a level"), "{}", card.text);

    let lowered = json!({ "tool": "wipe_scratch", "arguments": {} });
    assert_ne!(world.propose(&agent, &lowered).await.ok().at("/action/state"), "pending");
    // A rule lowers what words say, never what cannot be inspected.
    let hidden = json!({ "tool": "wipe_scratch", "arguments": { "path": "a\u{202e}b" } });
    assert_eq!(world.propose(&agent, &hidden).await.ok().at("/action/state"), "pending");

    let mail = json!({ "tool": "send_email",
        "arguments": { "to": ["a@acme.example", "b@other.example"], "subject": "x" } });
    let request = world.propose(&agent, &mail).await.ok().at("/action/request");
    let card = dana.card(&world, &request).await;
    assert!(card.text.contains("1 of 2 recipients are outside"), "{}", card.text);
}

#[tokio::test]
async fn the_card_shows_the_part_that_decides() {
    let (world, dana, agent) = World::peopled().await;
    let call = json!({ "tool": "run_command", "arguments": { "command": "ls && rm -rf src" } });
    let request = world.propose(&agent, &call).await.ok().at("/action/request");
    let card = dana.card(&world, &request).await.json;
    let evidence = card["why"]["evidence"].as_array().unwrap();
    let part = evidence.iter().find(|one| one["level"] == "dangerous").unwrap();
    assert!(part["part"].to_string().contains("rm -rf src"), "{part}");
}
