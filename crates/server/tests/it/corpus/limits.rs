//! Floods, runaway spending, and a log that somebody bends.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::person::random_text;
use crate::policy::until;

use super::play::Play;

/// As many strangers at once as call.
const AT_ONCE: usize = 64;

impl Play<'_> {
    /// So many requests, each decided, and the log sealed.
    pub(super) async fn fill(&mut self, step: &Value) {
        let (reviewer, count) = (self.reviewers["reviewer"].clone(), step["requests"].as_u64());
        for number in 0..count.unwrap() {
            let path = format!("/srv/{number}");
            let (_, request) = self.world.ask(&self.agent, &path).await;
            let decision = if number % 2 == 0 { "approve" } else { "deny" };
            reviewer.decide(&self.world, &request, decision).await.ok();
        }
        let data = self.world.data();
        let verify = || holdshort_server::audit::verify(data, None).unwrap();
        until(async || crate::log::is_settled(&verify())).await;
    }

    fn sql(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.world.data().join("holdshort.db")).unwrap();
        db.execute_batch(sql).unwrap();
    }

    /// Somebody with the database in hand, and what they think is enough.
    pub(super) async fn tamper(&mut self, step: &Value) -> Result<(), String> {
        let key = self.world.data().join("audit.key");
        let newest = "seq > (SELECT max(last) FROM seals WHERE number < \
                      (SELECT max(number) FROM seals))";
        self.world.end().await;
        if step["edit_record"].is_number() {
            self.sql("UPDATE events SET by = 'Mallory' WHERE seq = 20");
        }
        if step["fix"].is_string() {
            // What stands beside the record is made to fit as well as can be without the key.
            self.sql("UPDATE seals SET marks = randomblob(length(marks)) WHERE number = 1");
        }
        if step["truncate_to_zero"].is_string() {
            self.sql(&format!("DELETE FROM events WHERE {newest}"));
        }
        if step["write_one_byte_to"].is_string() {
            self.sql(&format!("UPDATE events SET detail = 'x' WHERE {newest}"));
        }
        if step["delete"].is_string() {
            self.sql(
                "DELETE FROM events WHERE seq > (SELECT max(seq) FROM events) - 5; \
                 DELETE FROM seals WHERE last > (SELECT max(seq) FROM events)",
            );
        }
        if step["replace_all_with"].is_string() {
            // With the key itself: only what was sent elsewhere tells.
            self.sql("DELETE FROM events WHERE seq > 30; DELETE FROM seals");
            self.reseal().await;
        }
        if step["re_mac_with"].is_string() {
            let own = std::fs::read(&key).unwrap();
            self.sql("DELETE FROM seals");
            std::fs::remove_file(&key).unwrap();
            self.reseal().await;
            std::fs::write(&key, own).unwrap();
        }
        self.world.begin().await;
        Ok(())
    }

    /// A server seals all of it anew.
    async fn reseal(&mut self) {
        self.world.begin().await;
        tokio::time::sleep(Duration::from_millis(800)).await;
        self.world.end().await;
    }

    pub(super) fn verify(&mut self) {
        let verified = holdshort_server::audit::verify(self.world.data(), None);
        self.verified = Some(verified.map(|_| ()).map_err(|error| error.to_string()));
    }

    /// The same call many times, each with other arguments; it stops where it is held.
    pub(super) async fn submit_many(&mut self, step: &Value) {
        for number in 0..step["count"].as_u64().unwrap() {
            let text = step["call"].to_string().replace("$i", &number.to_string());
            let call: Value = serde_json::from_str(&text).unwrap();
            let mut body = self.proposal(&call);
            body["call_id"] = json!(number.to_string());
            let nonce = random_text();
            body["claim"] = json!({ "nonce": nonce, "start": true });
            if let Some(cost) = call["arguments"]["cost"].as_str() {
                body["cost"] = json!(format!("{cost} USD"));
            }
            let reply = self.world.propose(&self.agent, &body).await;
            self.statuses.push(reply.status);
            if reply.status >= 400 {
                self.refusal.clone_from(&reply.text);
                continue;
            }
            if reply.json["claim"]["answer"] != "proceed" {
                self.asked += 1;
                if body.get("cost").is_some() {
                    // A run that has to ask is not heard again until somebody answers.
                    self.last.action = reply.at("/action/id");
                    return;
                }
                continue;
            }
            self.world.run(&reply);
            let path = format!("/v1/actions/{}/report", reply.at("/action/id"));
            let report = json!({ "nonce": nonce, "outcome": "succeeded" });
            self.world.post(&self.agent, &path, &report).await.ok();
        }
    }

    /// Strangers who want in, in great numbers: a few thousand are enough to meet the bound.
    pub(super) async fn register_many(&mut self, step: &Value) {
        let count = step["count"].as_u64().unwrap().min(6_400);
        for _ in 0..count / AT_ONCE as u64 {
            let knocks = (0..AT_ONCE).map(|_| {
                let body = json!({ "code": random_text(), "public_key": "", "surface": "browser" });
                let request = self.world.request(Method::POST, "/v1/enrolments/redeem");
                let request = request.header("origin", &self.world.origin);
                let request = request.header("content-type", "application/json");
                self.world.send(request.body(body.to_string()))
            });
            let statuses: Vec<u16> =
                join_all(knocks).await.iter().map(|reply| reply.status).collect();
            assert!(statuses.iter().all(|status| *status >= 400), "{statuses:?}");
            self.statuses = statuses.into_iter().filter(|status| *status == 429).collect();
            if !self.statuses.is_empty() {
                return;
            }
        }
    }
}
