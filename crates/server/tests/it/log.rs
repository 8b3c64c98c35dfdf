//! The log: sealed within a second, and whatever is done to it is found and named.

use holdshort_server::audit::{AuditError, Verified, export, verify};
use reqwest::Method;
use serde_json::Value;

use crate::policy::until;
use crate::world::{World, safe};

/// A world with a decided action, all of it sealed; and the anchor beside it.
async fn sealed() -> (World, crate::person::Person, String, tempfile::TempDir) {
    let (mut world, dana, agent) = World::peopled().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let anchor = elsewhere.path().join("heads");
    let text = format!("[audit]\nanchor_file = {:?}\n", anchor.display().to_string());
    std::fs::write(world.data().join("holdshort.toml"), text).unwrap();
    world.restart().await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    dana.decide(&world, &request, "approve").await.ok();
    assert!(world.execute(&agent, &action).await);
    settled(&world).await;
    (world, dana, action, elsewhere)
}

fn checked(world: &World) -> Result<Verified, String> {
    verify(world.data(), None).map_err(|error| match error {
        AuditError::Broken(broken) => broken.to_string(),
        other => panic!("{other}"),
    })
}

/// Whether all of it is sealed, and the last head was sent elsewhere.
pub(crate) fn is_settled(found: &Verified) -> bool {
    let last = found.head.as_ref().map_or(0, |head| head.number);
    found.unsealed == 0 && found.anchored_to == last
}

async fn settled(world: &World) {
    until(async || is_settled(&checked(world).unwrap())).await;
}

fn sql(world: &World, sql: &str) {
    let db = rusqlite::Connection::open(world.data().join("holdshort.db")).unwrap();
    assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
}

#[tokio::test]
async fn everything_is_sealed_within_a_second_and_anchored() {
    let (world, dana, _action, _elsewhere) = sealed().await;
    let found = checked(&world).unwrap();
    assert_eq!(found.head.unwrap().total, world.events(&dana).await.len() as u64);
    assert!(found.anchors > 0);
    let key = std::fs::metadata(world.data().join("audit.key")).unwrap();
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn an_edit_a_cut_and_a_swap_are_named() {
    let (mut world, _dana, _action, _elsewhere) = sealed().await;
    world.end().await;
    let seq = |kind: &str| {
        let db = rusqlite::Connection::open(world.data().join("holdshort.db")).unwrap();
        let sql = format!("SELECT seq FROM events WHERE kind = '{kind}'");
        db.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let approved = seq("action.approved");
    sql(&world, &format!("UPDATE events SET by = 'Mallory' WHERE seq = {approved}"));
    assert_eq!(checked(&world).unwrap_err(), format!("record {approved} was changed"));
    sql(&world, &format!("UPDATE events SET by = 'Dana (browser)' WHERE seq = {approved}"));
    checked(&world).unwrap();
    sql(&world, &format!("UPDATE events SET seq = -1 WHERE seq = {approved}"));
    assert_eq!(checked(&world).unwrap_err(), "record -1 was put in or moved");
    sql(&world, "DELETE FROM events WHERE seq = -1");
    // Where a batch ends is a matter of time: the gap shows from one side or the other.
    let (before, up_to) = (format!("before {}", approved + 1), format!("up to {approved}"));
    let damage = checked(&world).unwrap_err();
    assert!(damage.contains(&before) || damage.contains(&up_to), "{damage}");
    assert!(damage.ends_with("were taken out"), "{damage}");
}

#[tokio::test]
async fn a_log_cut_at_its_end_does_not_pass_the_anchor() {
    let (mut world, _dana, _action, _elsewhere) = sealed().await;
    world.end().await;
    let last = checked(&world).unwrap().head.unwrap();
    assert!(last.number > 1);
    sql(&world, &format!("DELETE FROM events WHERE seq > {} - 2", last.last));
    sql(&world, &format!("DELETE FROM seals WHERE number = {}", last.number));
    let damage = checked(&world).unwrap_err();
    assert!(damage.contains("taken out") || damage.contains("anchor"), "{damage}");
    // Even the seals made anew do not help without the key.
    std::fs::remove_file(world.data().join("audit.key")).unwrap();
    let error = verify(world.data(), None).unwrap_err().to_string();
    assert!(error.contains("it is missing"), "{error}");
    let listen = world.address.parse().unwrap();
    let data = world.data().to_owned();
    let config = holdshort_server::Config { data, listen, public_urls: Vec::new() };
    assert!(holdshort_server::Server::start(&config).await.is_err(), "no second key is made");
}

#[tokio::test]
async fn erasing_a_payload_leaves_the_chain_whole() {
    let (world, dana, action, _elsewhere) = sealed().await;
    let path = format!("/v1/actions/{action}/erase");
    dana.call(&world, Method::POST, &path).await.ok();
    settled(&world).await;
    let mut out = Vec::new();
    export(world.data(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("/srv/data"), "{text}");
    assert!(text.contains("payload.erased"));
}

#[tokio::test]
async fn an_export_says_who_decided_with_what_proof() {
    let (world, _, action, _elsewhere) = sealed().await;
    let agent = world.agent("other").await;
    world.propose(&agent, &safe("/a")).await.ok();
    let mut out = Vec::new();
    export(world.data(), &mut out).unwrap();
    let lines: Vec<Value> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let find =
        |id: &str| lines.iter().find(|line| line["line"] == "action" && line["action"] == id);
    let told = find(&action).unwrap();
    assert_eq!(told["asked_by"], "nightshift");
    assert_eq!(told["decided_by"], "Dana (browser)");
    assert_eq!(told["decided_by_person"], true);
    assert_eq!(told["votes"][0]["proof"], "browser");
    assert_eq!(told["votes"][0]["binding"], told["binding"]);
    assert_eq!(told["state"], "succeeded");
    assert!(told["shown"].as_str().unwrap().contains("/srv/data"));
    let persons = lines.iter().filter(|line| line["line"] == "event" && line["person"] == true);
    assert!(persons.count() > 0);
    let by_policy =
        lines.iter().filter(|line| line["line"] == "action" && line["decided_by_person"] == false);
    assert_eq!(by_policy.count(), 1);
}
