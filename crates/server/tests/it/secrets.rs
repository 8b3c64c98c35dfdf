//! A secret in the arguments reaches the executor, and nobody and nothing else.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Method;
use serde_json::{Value, json};

use crate::person::{ballot, votes};
use crate::world::World;

const SECRET: &str = "sk_live_c4n4ryC4N4RYc4n4ry99";

#[tokio::test]
async fn a_change_that_does_not_fit_does_not_tell_the_secret() {
    let (world, dana, agent) = World::peopled().await;
    for misfit in
        [json!({ "type": "integer" }), json!({ "enum": ["x"] }), json!({ "maxLength": 3 })]
    {
        let schema = json!({ "properties": { "api_key": misfit } });
        let body = json!({ "tool": "send_payment", "input_schema": schema,
            "arguments": { "to": schema.to_string(), "api_key": SECRET } });
        let request = world.propose(&agent, &body).await.ok().at("/action/request");
        let card = dana.card(&world, &request).await.json;
        let mut vote = ballot(&card, "modify");
        vote["arguments"] = card["arguments"].clone();
        let reply = dana.post(&world, &votes(&request), &vote).await;
        reply.problem(422, "HS1010");
        assert!(!reply.text.contains(SECRET), "{}", reply.text);
    }
}

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn calls() -> Vec<Value> {
    vec![
        json!({ "tool": "send_payment", "arguments": { "to": "acme", "api_key": SECRET } }),
        json!({ "tool": "shell.exec", "arguments": { "command":
            format!("curl -X DELETE https://a.example/x -H 'Authorization: Bearer {SECRET}'") } }),
        json!({ "tool": "delete_rows", "reason": format!("I use {SECRET} for it"),
            "goal": format!("with {SECRET}"), "alternatives": [format!("not with {SECRET}")],
            "consequence_if_denied": SECRET,
            "arguments": { "password": SECRET, "table": "users" } }),
        json!({ "tool": "delete_rows", "arguments": { "nested": [{ "token": SECRET, "id": 7 }],
            "url": format!("https://u:{SECRET}@db.example/x") } }),
    ]
}

#[tokio::test]
async fn a_secret_is_nowhere_but_with_the_executor() {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || written.clone())
        .finish();
    tracing_subscriber::util::SubscriberInitExt::init(subscriber);
    let (world, dana, agent) = World::peopled().await;
    let mut seen = Vec::new();
    for body in calls() {
        let reply = world.propose(&agent, &body).await.ok();
        let (action, request) = (reply.at("/action/id"), reply.at("/action/request"));
        let card = dana.card(&world, &request).await;
        // Changed to something that does not fit, changed to something that does, and too late.
        let mut misfit = ballot(&card.json, "modify");
        misfit["arguments"] = json!(7);
        let mut fit = ballot(&card.json, "modify");
        fit["arguments"] = card.json["arguments"].clone();
        for vote in [misfit, fit, ballot(&card.json, "deny")] {
            seen.push(dana.post(&world, &votes(&request), &vote).await.text);
        }
        seen.extend([reply.text, card.text, dana.card(&world, &request).await.text]);
        assert!(world.execute(&agent, &action).await, "{body}");
    }
    for path in ["/v1/requests", "/v1/requests?state=decided", "/v1/events?limit=200", "/v1/runs"] {
        seen.push(dana.get(&world, path).await.ok().text);
    }
    let run = dana.get(&world, "/v1/runs").await.at("/items/0/id");
    seen.push(dana.get(&world, &format!("/v1/runs/{run}")).await.ok().text);
    for body in [
        format!(r#"{{"tool":"x","arguments":{{"password":"{SECRET}","password":"{SECRET}"}}}}"#),
        format!(r#"{{"tool":"x","arguments":{{"password":"{SECRET}"}}}}{SECRET}"#),
        format!(r#"{{"tool":"x","arguments":"{SECRET}"}}"#),
        format!(r#"{{"tool":"x","arguments":{{}},"declared_risk":"{SECRET}"}}"#),
        format!(r#"{{"tool":"x","arguments":{{}},"confidence":"{SECRET}"}}"#),
    ] {
        let reply = world.post_raw(&agent, "/v1/actions", body).await;
        assert!(reply.status >= 400);
        seen.push(reply.text);
    }
    seen.push(world.send(world.request(Method::GET, "/metrics")).await.text);
    seen.push(String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
    for text in &seen {
        assert!(!text.contains(SECRET), "{text}");
    }
    let masked = |text: &&String| text.contains("<secret") || text.contains("secret 1");
    assert!(seen.iter().filter(masked).count() > 3);
    assert!(world.ran().iter().all(|ran| ran.arguments.contains(SECRET)), "{:?}", world.ran());
    assert_eq!(world.ran().len(), calls().len());
}
