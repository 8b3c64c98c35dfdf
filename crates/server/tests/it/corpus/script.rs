//! Plays the steps of a case: each operation as what it is over HTTP.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::display;
use crate::person::{Person, Surface, ballot, random_text, votes};
use crate::world::{Agent, Reply, World};

/// What a step left behind for later ones.
#[derive(Clone, Default)]
struct Held {
    action: String,
    request: String,
    call: Value,
}

/// A case being played.
pub(super) struct Play<'a> {
    case: &'a Value,
    world: World,
    owner: Person,
    reviewers: HashMap<String, Person>,
    agent: Agent,
    held: HashMap<String, Held>,
    last: Held,
    seen: String,
    statuses: Vec<u16>,
    annotations: Value,
    /// The executor died before it could claim.
    dead: bool,
}

impl<'a> Play<'a> {
    pub(super) async fn of(case: &'a Value) -> Result<(), String> {
        let world = World::new().await;
        // At a terminal: what it reads with does not end while the clock is turned by days.
        let setup = world.setup().await;
        let dana = setup.person("Dana").await.unwrap();
        let code = setup.invite(dana, &world.origin).await.unwrap().code;
        let owner = Person::enrol(&world, &code, Surface::Terminal).await;
        let agent = world.agent("agent-a").await;
        let mut reviewers = HashMap::new();
        for name in ["reviewer", "reviewer-2"] {
            reviewers.insert(name.to_owned(), owner.invite(&world, name, Some("team")).await);
        }
        let mut play = Play {
            case,
            world,
            owner,
            reviewers,
            agent,
            held: HashMap::new(),
            last: Held::default(),
            seen: String::new(),
            statuses: Vec::new(),
            annotations: Value::Null,
            dead: false,
        };
        play.approvers().await;
        let result = play.play().await;
        play.world.end().await;
        result
    }

    /// Groups that the case keeps deciding to.
    async fn approvers(&self) {
        let groups = self.case["given"]["approvers"].as_array().cloned().unwrap_or_default();
        for group in groups {
            let name = group.as_str().unwrap().trim_start_matches("group:");
            let made = json!({ "name": name });
            self.owner.post(&self.world, "/v1/groups", &made).await.ok();
            let path = format!("/v1/groups/{name}/members");
            for member in ["reviewer", "Dana"] {
                self.owner.post(&self.world, &path, &json!({ "person": member })).await.ok();
            }
            let set = json!({ "approvers": name });
            self.owner.put(&self.world, "/v1/settings", &set).await.ok();
        }
    }

    async fn play(&mut self) -> Result<(), String> {
        let display = self.case["must_kind"] == "display";
        match self.case["payload"]["steps"].as_array() {
            Some(steps) => {
                for (index, step) in steps.iter().enumerate() {
                    let next = steps.get(index + 1).unwrap_or(&Value::Null);
                    self.step(step, next).await?;
                }
            }
            None => {
                let call = self.case["call"].clone();
                self.submit(&json!({ "call": call }), display).await;
            }
        }
        if self.seen.is_empty() && !self.last.request.is_empty() {
            self.render().await;
        }
        self.judge().await
    }

    async fn step(&mut self, step: &Value, next: &Value) -> Result<(), String> {
        let count = step["count"].as_u64().unwrap_or(1).min(100);
        match step["op"].as_str().unwrap_or_default() {
            "submit" => self.submit(step, self.case["must_kind"] == "display").await,
            "submit_many" => {
                for _ in 0..count {
                    self.submit(step, false).await;
                }
            }
            "submit_batch" => {
                for (index, call) in step["calls"].as_array().unwrap().iter().enumerate() {
                    let id = (index + 1).to_string();
                    self.submit(&json!({ "call": call, "id": id }), false).await;
                }
            }
            "submit_raw" => {
                let body = step["body_raw"].as_str().unwrap().replace("\"action\"", "\"tool\"");
                let reply = self.world.post_raw(&self.agent, "/v1/actions", body).await;
                self.statuses.push(reply.status);
            }
            "mcp_tools_list" => self.annotations = step["tools"][0].clone(),
            "decide" => {
                self.decide(step).await;
            }
            "decide_batch" => {
                // There is no way to answer many at once; what looks like one is nothing.
                let body = json!({ "decision": "approve" });
                let reply = self.owner.post(&self.world, "/v1/requests/votes", &body).await;
                self.statuses.push(reply.status);
            }
            "execute" => {
                let before = next["at"].as_str().is_some_and(|at| at.contains("before the claim"));
                let unreported = next["op"] == "crash" && !before;
                self.dead = before;
                if !before {
                    self.execute(step, unreported).await;
                }
            }
            "parallel" => self.parallel(step).await,
            "clock" => self.world.turn(step["advance_s"].as_u64().unwrap() as u32),
            "crash" | "gateway_restart" => {
                self.world.restart().await;
                if !self.dead {
                    self.world.turn(61);
                }
            }
            "fault" => self.fail().await,
            "resume" => {
                for held in self.held.clone().into_values() {
                    self.resume(&held).await;
                }
            }
            "review_loop" => self.review_loop(step).await,
            "directory" => self.leave(&step["remove_from_group"]).await,
            "http" => self.http(step).await,
            "read" | "render" => self.render().await,
            "list" => self.other_tenant().await?,
            "create" => {
                for number in 0..100 {
                    let call = json!({ "action": "file.delete", "arguments": { "n": number } });
                    self.submit(&json!({ "call": call, "id": format!("{number}") }), false).await;
                }
            }
            "check" => self.unguessable()?,
            other => return Err(format!("no equivalent of `{other}`")),
        }
        Ok(())
    }

    fn proposal(&self, call: &Value) -> Value {
        let name = call["action"].as_str().unwrap();
        let parts: Vec<&str> = name.splitn(3, '.').collect();
        let mut body = json!({ "arguments": call["arguments"], "run": "case" });
        match parts.as_slice() {
            ["mcp", server, tool] => {
                body["server"] = json!(server);
                body["tool"] = json!(tool);
            }
            _ => body["tool"] = json!(name),
        }
        if let Some(said) = call["declared"]["description"].as_str() {
            body["reason"] = json!(said);
        }
        for name in ["annotations", "description"] {
            if let Some(value) = self.annotations.get(name) {
                body[name] = value.clone();
            }
        }
        body
    }

    async fn submit(&mut self, step: &Value, raise: bool) {
        let mut body = self.proposal(&step["call"]);
        if raise {
            // So that there is a page to look at, whatever the level.
            body["declared_risk"] = json!("dangerous");
        }
        if let Some(id) = step["id"].as_str() {
            body["call_id"] = json!(id);
        }
        if let Some(secs) = step["timeout_s"].as_i64() {
            body["expires_at"] = json!(self.world.now() + secs * 1_000_000);
        }
        let reply = self.world.propose(&self.agent, &body).await;
        self.statuses.push(reply.status);
        let held = Held {
            action: reply.json["action"]["id"].as_str().unwrap_or_default().to_owned(),
            request: reply.json["action"]["request"].as_str().unwrap_or_default().to_owned(),
            call: body,
        };
        self.last = held.clone();
        self.held.insert(step["id"].as_str().unwrap_or("last").to_owned(), held);
    }

    fn find(&self, step: &Value) -> Held {
        let id = step["request"].as_str().unwrap_or("last");
        self.held.get(id).cloned().unwrap_or_else(|| self.last.clone())
    }

    async fn decide(&mut self, step: &Value) -> Option<Reply> {
        let held = self.find(step);
        if held.request.is_empty() {
            return None;
        }
        let who = step["as"].as_str().unwrap_or("reviewer");
        let person = self.reviewers.get(who).unwrap_or(&self.owner);
        let reply =
            person.decide(&self.world, &held.request, step["decision"].as_str().unwrap()).await;
        self.seen.push_str(&display::plain(&reply.json));
        Some(reply)
    }

    async fn execute(&mut self, step: &Value, unreported: bool) {
        let held = self.find(step);
        let mut presented = held.call["arguments"].clone();
        if let Some(with) = step["with"].as_object() {
            for (name, value) in with {
                match name.as_str() {
                    "arguments" => presented = value.clone(),
                    other => presented[other] = value.clone(),
                }
            }
        }
        let claim = json!({ "arguments": presented });
        let nonce = random_text();
        if unreported {
            self.world.begin_run(&self.agent, &held.action, (&nonce, claim)).await;
        } else {
            self.world.execute_as(&self.agent, &held.action, claim).await;
        }
    }

    /// The tool fails after the approval was used.
    async fn fail(&mut self) {
        let nonce = random_text();
        let action = self.last.action.clone();
        self.world.begin_run(&self.agent, &action, (&nonce, json!({}))).await;
        let report = json!({ "nonce": nonce, "outcome": "failed" });
        self.world.post(&self.agent, &format!("/v1/actions/{action}/report"), &report).await.ok();
    }

    async fn parallel(&mut self, step: &Value) {
        let steps = step["steps"].as_array().unwrap().clone();
        let held = self.find(&steps[0]);
        let card = self.owner.card(&self.world, &held.request).await.json;
        let path = votes(&held.request);
        let votes: Vec<_> = steps
            .iter()
            .map(|step| {
                let who = step["as"].as_str().unwrap_or("reviewer");
                let person = self.reviewers.get(who).unwrap_or(&self.owner);
                let body = ballot(&card, step["decision"].as_str().unwrap());
                let (world, path) = (&self.world, &path);
                async move { person.post(world, path, &body).await.status }
            })
            .collect();
        let mut statuses = Vec::new();
        let mut votes = votes.into_iter();
        if let (Some(one), Some(two)) = (votes.next(), votes.next()) {
            let (one, two) = tokio::join!(one, two);
            statuses.extend([one, two]);
        }
        self.statuses.extend(statuses);
        // Whatever was decided, two executors try.
        for _ in 0..2 {
            self.world.execute(&self.agent, &held.action).await;
        }
    }

    /// The agent begins again and proposes what it proposed before.
    async fn resume(&mut self, held: &Held) {
        let again = self.world.propose(&self.agent, &held.call).await.ok();
        assert_eq!(again.at("/action/id"), held.action, "a repeat is the same action");
        self.world.execute(&self.agent, &held.action).await;
    }

    async fn review_loop(&mut self, step: &Value) {
        let tool = &step["side_effect_before_interrupt"];
        for round in 0..step["rounds"].as_u64().unwrap() {
            let body = json!({ "tool": tool, "arguments": { "text": "hello" },
                "run": "case", "call_id": "before", "claim": { "nonce": random_text() } });
            let reply = self.world.propose(&self.agent, &body).await.ok();
            assert_eq!(reply.json["reattached"], round > 0);
            self.world.execute(&self.agent, &reply.at("/action/id")).await;
            if reply.json["claim"]["answer"] == "proceed" {
                self.world.run(&reply);
            }
        }
    }

    async fn leave(&mut self, pair: &Value) {
        let (who, group) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let path = format!("/v1/groups/{group}/members/{who}");
        self.owner.call(&self.world, reqwest::Method::DELETE, &path).await.ok();
    }

    async fn http(&mut self, step: &Value) {
        let mut path = step["path"].as_str().unwrap().to_owned();
        path = path.replace("r1", &self.last.request);
        if path.starts_with("/v1/requests") {
            path = path.replace("/approve", "/votes");
        }
        let body = step["body"].to_string();
        let request = self.world.request(reqwest::Method::POST, &path);
        let request = request.header("content-type", "application/json").body(body);
        let reply = match step["as"].as_str() {
            Some("unauthenticated" | "client") => self.world.send(request).await,
            _ => self.owner.post(&self.world, &path, &step["body"]).await,
        };
        self.statuses = vec![reply.status];
    }

    /// A workspace of its own has a server of its own: what waits here is not seen there.
    async fn other_tenant(&mut self) -> Result<(), String> {
        let mut other = World::new().await;
        let alice = other.first("Alice").await;
        let page = alice.get(&other, "/v1/requests").await.ok();
        let here = alice.get(&self.world, "/v1/requests").await.status;
        other.end().await;
        if page.json["items"] == json!([]) && here == 401 {
            return Ok(());
        }
        Err(format!("seen: {} {here}", page.text))
    }

    fn unguessable(&self) -> Result<(), String> {
        let ids: Vec<&str> = self.held.values().map(|held| held.request.as_str()).collect();
        let mut heads: Vec<&str> = ids.iter().filter_map(|id| id.get(..10)).collect();
        heads.sort_unstable();
        heads.dedup();
        // 24 random bits each: among a hundred, hardly two are the same, and none counts up.
        let long = ids.iter().all(|id| id.len() == "req_".len() + 32);
        if long && heads.len() >= 98 { Ok(()) } else { Err("ids can be guessed".to_owned()) }
    }

    async fn render(&mut self) {
        if !self.last.request.is_empty() {
            let card = self.owner.card(&self.world, &self.last.request.clone()).await;
            self.seen.push_str(&display::plain(&card.json));
        }
        if let Some(step) = self.case["payload"]["steps"].as_array().and_then(|steps| steps.last())
            && step["what"].as_str().is_some_and(|what| what.contains("audit"))
        {
            for event in self.world.events(&self.owner).await {
                self.seen.push_str(&format!("{event}\n"));
            }
        }
    }

    async fn judge(&mut self) -> Result<(), String> {
        let expect = &self.case["expect"];
        display::check(&self.seen, expect)?;
        let ran = self.world.ran();
        let most = |name: &str| expect[name].as_u64().unwrap_or(u64::MAX);
        if ran.len() as u64 > most("max_executions").min(most("max_executions_without_approval")) {
            return Err(format!("it ran: {ran:?}"));
        }
        if let Some(least) = expect["min_risk"].as_str() {
            let action = self.world.get(&self.agent, &self.action_path()).await.ok();
            let order = ["safe", "risky", "dangerous"];
            let place = |risk: &str| order.iter().position(|known| *known == risk);
            if place(&action.at("/risk/level")) < place(least) {
                return Err(format!("only {}", action.at("/risk/level")));
            }
        }
        if let Some(wanted) = expect["executions_of"].as_object() {
            for (name, times) in wanted {
                let tool = name.split(' ').next().unwrap();
                let argument = name.split(' ').nth(1).map(|name| format!("\"{name}\""));
                let argument = argument.unwrap_or_default();
                let same = ran.iter().filter(|r| r.tool == tool && r.arguments.contains(&argument));
                if same.count() as u64 != times.as_u64().unwrap() {
                    return Err(format!("{name}: {ran:?}"));
                }
            }
        }
        if let Some(decisions) = expect["decisions_recorded"].as_u64() {
            let count = self.world.count(&self.owner, "request.decided").await;
            if count as u64 != decisions {
                return Err(format!("{count} decisions"));
            }
        }
        self.judge_state(expect).await
    }

    fn action_path(&self) -> String {
        format!("/v1/actions/{}", self.last.action)
    }

    /// Where an action stands; what time changes shows a moment later.
    async fn settled(&self, action: &str, wanted: &str) -> String {
        let mut state = String::new();
        for _ in 0..100 {
            state = self.world.state(&self.agent, action).await;
            if state == wanted {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        state
    }

    async fn judge_state(&self, expect: &Value) -> Result<(), String> {
        if let Some(word) = expect["audit_must_not_contain"].as_str() {
            let events = json!(self.world.events(&self.owner).await).to_string();
            if events.contains(word) {
                return Err(format!("the log says {word}"));
            }
        }
        if let Some(states) = expect["status_of"].as_object() {
            for (id, wanted) in states {
                let ours = match wanted[0].as_str().unwrap() {
                    "in_doubt" => "unknown",
                    "approved, runnable once" => "approved",
                    other => other,
                };
                let state = self.settled(&self.held[id].action, ours).await;
                if state != ours {
                    return Err(format!("{id} is {state}"));
                }
            }
        }
        match expect["status"].as_array() {
            Some(codes) if codes.iter().all(Value::is_u64) => {
                let last = self.statuses.last().copied().unwrap_or_default();
                if codes.contains(&json!(last)) { Ok(()) } else { Err(format!("status {last}")) }
            }
            _ => Ok(()),
        }
    }
}
