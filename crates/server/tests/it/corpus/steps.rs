//! Each operation of the corpus as what it is over HTTP.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::person::{ballot, random_text, votes};
use crate::world::World;

use super::display;
use super::play::{Held, Play};

impl Play<'_> {
    pub(super) async fn step(&mut self, step: &Value, next: &Value) -> Result<(), String> {
        match step["op"].as_str().unwrap_or_default() {
            "submit" => self.submit(step).await,
            "submit_batch" => self.submit_batch(step).await,
            "submit_raw" => self.submit_raw(step).await,
            "submit_many" => self.submit_many(step).await,
            "register_many" => self.register_many(step).await,
            "grant" => self.grant_step(step).await?,
            "run" => self.fill(step).await,
            "tamper" => self.tamper(step).await?,
            "audit_verify" => self.verify(),
            "mcp_tools_list" => self.list_tools(step),
            "decide" => self.decide(step).await,
            "execute" => self.execute(step, next).await,
            "parallel" => self.parallel(step).await,
            "clock" => self.turn(u32::try_from(step["advance_s"].as_u64().unwrap()).unwrap()).await,
            // What an executor did before it died was played with the step before.
            "crash" => {}
            "gateway_restart" => self.world.restart().await,
            "fault" => self.fail().await,
            "resume" => self.resume().await,
            "review_loop" => self.review_loop(step).await,
            "directory" => self.leave(&step["remove_from_group"]).await,
            "http" => self.http(step).await,
            "read" => self.read(step).await,
            "render" => self.render().await,
            "list" => self.list_elsewhere().await?,
            "create" => self.create().await,
            "check" => self.unguessable().await?,
            other => return Err(format!("no equivalent of `{other}`")),
        }
        Ok(())
    }

    async fn submit_batch(&mut self, step: &Value) {
        for (index, call) in step["calls"].as_array().unwrap().iter().enumerate() {
            let id = (index + 1).to_string();
            self.submit(&json!({ "call": call, "id": id })).await;
        }
    }

    /// The bytes as given, and once more with the field that is called otherwise here.
    async fn submit_raw(&mut self, step: &Value) {
        let body = step["body_raw"].as_str().unwrap();
        for body in [body.to_owned(), body.replace("\"action\"", "\"tool\"")] {
            let reply = self.world.post_raw(&self.agent, "/v1/actions", body).await;
            self.statuses.push(reply.status);
        }
    }

    fn list_tools(&mut self, step: &Value) {
        let server = step["server"].as_str().unwrap();
        for tool in step["tools"].as_array().unwrap() {
            let name = format!("mcp.{server}.{}", tool["name"].as_str().unwrap());
            self.tools.insert(name, tool.clone());
        }
    }

    async fn decide(&mut self, step: &Value) {
        let held = self.named(step);
        if held.request.is_empty() {
            // It runs without a question: there is nothing to answer.
            return;
        }
        let decision = step["decision"].as_str().unwrap();
        let reply = self.person(step).decide(&self.world, &held.request, decision).await;
        self.statuses.push(reply.status);
        self.all.push_str(&display::plain(&reply.json));
    }

    async fn execute(&mut self, step: &Value, next: &Value) {
        let held = self.named(step);
        let mut claim = json!({ "arguments": held.proposal["arguments"] });
        for (name, value) in step["with"].as_object().into_iter().flatten() {
            match name.as_str() {
                "arguments" => claim["arguments"] = value.clone(),
                // Where the call itself names its environment, it is among the arguments.
                name => claim["arguments"][name] = value.clone(),
            }
        }
        match next["at"].as_str() {
            Some(at) if at.contains("before the claim") => {}
            Some(_) => {
                let nonce = random_text();
                self.world.begin_run(&self.agent, &held.action, (&nonce, claim)).await;
            }
            None => {
                self.world.execute_as(&self.agent, &held.action, claim).await;
            }
        }
    }

    async fn parallel(&mut self, step: &Value) {
        let steps = step["steps"].as_array().unwrap();
        let held = self.named(&steps[0]);
        let card = self.owner.card(&self.world, &held.request).await.json;
        let path = votes(&held.request);
        let cast = steps.iter().map(|step| {
            let body = ballot(&card, step["decision"].as_str().unwrap());
            let (person, world, path) = (self.person(step), &self.world, &path);
            async move { person.post(world, path, &body).await.status }
        });
        let statuses = join_all(cast).await;
        self.statuses.extend(statuses);
    }

    /// Time passes, and the timers have done what it brings.
    async fn turn(&self, secs: u32) {
        self.world.turn(secs);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    /// The tool does not start after the approval was used.
    async fn fail(&mut self) {
        let nonce = random_text();
        let claim = json!({ "nonce": nonce });
        let claimed = self.world.claim(&self.agent, &self.last.action, &claim).await;
        assert_eq!(claimed.at("/answer"), "proceed");
        let report = json!({ "nonce": nonce, "outcome": "failed", "output": "no such program" });
        let path = format!("/v1/actions/{}/report", self.last.action);
        self.world.post(&self.agent, &path, &report).await.ok();
    }

    /// The agent begins again from the top: it proposes everything and runs what it may.
    async fn resume(&mut self) {
        for held in self.held.values() {
            let again = self.world.propose(&self.agent, &held.proposal).await.ok();
            assert_eq!(again.at("/action/id"), held.action, "a repeat is the same action");
            self.world.execute(&self.agent, &held.action).await;
        }
    }

    /// Before each answer of the reviewer, the agent's code runs from the top.
    async fn review_loop(&mut self, step: &Value) {
        let tool = &step["side_effect_before_interrupt"];
        for round in 0..step["rounds"].as_u64().unwrap() {
            let call = json!({ "action": tool, "arguments": { "text": "hello" } });
            self.submit(&json!({ "call": call, "id": "before" })).await;
            self.world.execute(&self.agent, &self.last.action).await;
            let call = json!({ "action": "email.send", "arguments": { "draft": round } });
            self.submit(&json!({ "call": call, "id": format!("draft {round}") })).await;
            assert!(!self.last.request.is_empty(), "it asks");
            self.decide(&json!({ "decision": "deny" })).await;
        }
    }

    async fn leave(&mut self, pair: &Value) {
        let (who, group) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let path = format!("/v1/groups/{group}/members/{who}");
        self.owner.call(&self.world, Method::DELETE, &path).await.ok();
    }

    /// A request as given, and as what it means here.
    async fn http(&mut self, step: &Value) {
        let path = step["path"].as_str().unwrap();
        let post = |path: &str, body: &Value| {
            let request = self.world.request(Method::POST, path).body(body.to_string());
            self.world.send(request.header("content-type", "application/json"))
        };
        let mut replies = Vec::new();
        if path.contains("/tenants/") {
            // A workspace is a data directory with a server: its administrator votes there.
            let card = self.owner.card(&self.world, &self.last.request).await.json;
            let path = votes(&self.last.request);
            let (other, admin) = self.elsewhere().await;
            let reply = admin.post(other, &path, &ballot(&card, "approve")).await;
            self.statuses = vec![reply.status];
            return;
        }
        if self.last.request.is_empty() {
            replies.push(post(path, &step["body"]).await);
            let body = &step["body"];
            replies.push(self.world.post(&self.agent, path, body).await);
            replies.push(self.world.post(&self.agent, "/v1/actions", body).await);
            assert!(replies.iter().all(|reply| reply.status >= 400), "{replies:?}");
        } else {
            let card = self.owner.card(&self.world, &self.last.request).await.json;
            let path = votes(&self.last.request);
            for body in [&step["body"], &ballot(&card, "approve")] {
                replies.push(post(&path, body).await);
            }
        }
        self.statuses = replies.iter().map(|reply| reply.status).collect();
    }

    async fn elsewhere(&mut self) -> &(World, crate::person::Person) {
        if self.elsewhere.is_none() {
            let other = World::new().await;
            let admin = other.first("Alice").await;
            self.elsewhere = Some((other, admin));
        }
        self.elsewhere.as_ref().unwrap()
    }

    /// What waits here is not listed in another workspace, nor is its session one of ours.
    async fn list_elsewhere(&mut self) -> Result<(), String> {
        let (other, alice) = self.elsewhere().await;
        let page = alice.get(other, "/v1/requests").await.ok();
        let alice = alice.clone();
        let here = alice.get(&self.world, "/v1/requests").await.status;
        let listed = page.json["items"] == self.case["expect"]["listed"];
        if listed && here == 401 { Ok(()) } else { Err(format!("{} {here}", page.text)) }
    }

    async fn read(&mut self, step: &Value) {
        self.render().await;
        if step["what"].as_str().is_some_and(|what| what.contains("audit")) {
            for event in self.world.events(&self.owner).await {
                self.all.push_str(&format!("{event}\n"));
            }
        }
        self.page = self.all.clone();
    }

    async fn create(&mut self) {
        for number in 0..100 {
            let call = json!({ "action": "file.delete", "arguments": { "path": number } });
            self.submit(&json!({ "call": call, "id": format!("{number:03}") })).await;
        }
    }

    /// Every bit of an id and every character of a link takes part, and none counts up.
    async fn unguessable(&self) -> Result<(), String> {
        let ids: Vec<&Held> = self.held.values().collect();
        let number = |held: &Held| {
            let digits = held.request.trim_start_matches("req_");
            assert_eq!(digits.len(), 32, "128 bits");
            u128::from_str_radix(digits, 16).unwrap()
        };
        let ids: Vec<u128> = ids.into_iter().map(number).collect();
        let (ones, zeros) = ids.iter().fold((0, 0), |(ones, zeros), id| (ones | id, zeros | !id));
        if ones != u128::MAX || zeros != u128::MAX || ids.is_sorted() {
            return Err(format!("guessable: {ids:x?}"));
        }
        let far = ids.windows(2).filter(|two| (two[0] ^ two[1]).count_ones() > 32).count();
        let mut columns = vec![std::collections::BTreeSet::new(); 26];
        for _ in 0..100 {
            let code = self.owner.call(&self.world, Method::POST, "/v1/enrolments").await.ok();
            let code = code.at("/code");
            let code = code.trim_start_matches("hsc_");
            assert_eq!(code.len(), 27, "160 bits");
            columns.iter_mut().zip(code.bytes()).for_each(|(column, byte)| {
                column.insert(byte);
            });
        }
        let varied = columns.iter().all(|column| column.len() > 30);
        if far == ids.len() - 1 && varied { Ok(()) } else { Err("guessable".to_owned()) }
    }
}
