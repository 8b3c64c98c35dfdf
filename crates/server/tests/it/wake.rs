//! Waking an agent that has no process.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::policy::{governed, until};

/// A web server that answers once with this status; what it was sent.
async fn hears(status: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/wake", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        while !text.contains("run.decided") {
            let mut part = [0u8; 4096];
            let read = socket.read(&mut part).await.unwrap();
            assert!(read > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        socket.write_all(answer.as_bytes()).await.unwrap();
        text
    });
    (url, heard)
}

#[tokio::test]
async fn a_decision_wakes_by_a_signed_webhook() {
    let (world, dana, agent) = governed("").await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let run = world.get(&agent, &format!("/v1/actions/{action}")).await.at("/run");
    let (url, heard) = hears("204 No Content").await;
    let path = format!("/v1/runs/{run}/wake");
    // An agent does not say how it is woken.
    let body = json!({ "webhook": url });
    world.put(&agent, &path, &body).await.problem(403, "HS2003");
    let set = dana.put(&world, &path, &body).await.ok();
    assert_eq!(set.at("/run/wake/how"), "webhook");
    let secret = set.at("/secret");
    dana.decide(&world, &request, "approve").await.ok();
    let heard = heard.await.unwrap();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        let found = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap().to_owned()
    };
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), expected);
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["data"]["run"], run);
    until(async || world.count(&dana, "run.woken").await == 1).await;
    assert!(!heard.contains("/srv/data"), "what was decided is learnt from the gate");
}

#[tokio::test]
async fn a_wake_that_fails_is_seen_and_one_that_is_not_wanted_is_not_sent() {
    let (world, dana, agent) = governed("").await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let run = world.get(&agent, &format!("/v1/actions/{action}")).await.at("/run");
    let path = format!("/v1/runs/{run}/wake");
    let (url, heard) = hears("500 Oh").await;
    dana.put(&world, &path, &json!({ "webhook": url })).await.ok();
    dana.decide(&world, &request, "deny").await.ok();
    heard.await.unwrap();
    until(async || world.count(&dana, "run.wake_failed").await == 1).await;
    let shown = dana.get(&world, &format!("/v1/runs/{run}")).await.ok();
    assert_eq!(shown.at("/wake/failed"), "it answers 500 Internal Server Error");
    dana.put(&world, &path, &json!({})).await.ok();
    let (_, request) = world.ask(&agent, "/srv/other").await;
    dana.decide(&world, &request, "approve").await.ok();
    assert_eq!(world.count(&dana, "run.woken").await, 0);
}

#[tokio::test]
async fn a_command_is_started_without_a_shell_and_only_for_one_person() {
    let (world, dana, agent) = governed("").await;
    let (action, request) = world.ask(&agent, "/srv/data").await;
    let run = world.get(&agent, &format!("/v1/actions/{action}")).await.at("/run");
    let place = tempfile::tempdir().unwrap();
    let mark = place.path().join("a b; $(x)");
    let path = format!("/v1/runs/{run}/wake");
    let command = json!({ "command": ["touch", mark.display().to_string()] });
    dana.put(&world, &path, &command).await.ok();
    dana.decide(&world, &request, "approve").await.ok();
    until(async || mark.exists()).await;
    for bad in [
        json!({ "webhook": "ftp://x/" }),
        json!({ "webhook": "https://u@x/" }),
        json!({ "webhook": "https://x/", "command": ["x"] }),
        json!({ "command": [""] }),
    ] {
        dana.put(&world, &path, &bad).await.problem(422, "HS1005");
    }
    dana.put(&world, "/v1/settings", &json!({ "mode": "team" })).await.ok();
    dana.put(&world, &path, &command).await.problem(403, "HS2009");
}
