//! Plays a case: who is there, step by step, and an agent that tries to run what it can at every
//! turn.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::person::{Person, Surface, random_text};
use crate::world::{Agent, World};

use super::display;

/// A call that was proposed.
#[derive(Clone, Default)]
pub(super) struct Held {
    pub(super) action: String,
    pub(super) request: String,
    pub(super) proposal: Value,
}

/// A case being played.
pub(super) struct Play<'a> {
    pub(super) case: &'a Value,
    pub(super) world: World,
    /// Another workspace, with an administrator of its own.
    pub(super) elsewhere: Option<(World, Person)>,
    pub(super) owner: Person,
    pub(super) reviewers: BTreeMap<String, Person>,
    pub(super) agent: Agent,
    pub(super) held: BTreeMap<String, Held>,
    pub(super) last: Held,
    /// The page a person judges by.
    pub(super) page: String,
    /// Everything that was shown anywhere.
    pub(super) all: String,
    pub(super) statuses: Vec<u16>,
    /// What tool servers say about their tools.
    pub(super) tools: BTreeMap<String, Value>,
    /// Listens where the attacker's host is said to be.
    pub(super) attacker: std::net::TcpListener,
    /// What a check of the log said.
    pub(super) verified: Option<Result<(), String>>,
    /// What an agent that asked for too much was told.
    pub(super) refusal: String,
    /// How often a person was asked.
    pub(super) asked: u64,
}

/// Plays a case on a server of its own.
pub(super) async fn play(case: &Value) -> Result<(), String> {
    let mut play = Play::of(case).await;
    let result = play.steps().await;
    play.world.end().await;
    if let Some((mut other, _)) = play.elsewhere.take() {
        other.end().await;
    }
    result
}

impl<'a> Play<'a> {
    /// Dana, whose agent it is, and two reviewers, in a team. Dana sits at a terminal: a browser's
    /// session would end when the clock is turned by days.
    async fn of(case: &'a Value) -> Self {
        let world = World::new().await;
        let setup = world.setup().await;
        let dana = setup.person("Dana").await.unwrap();
        let code = setup.invite(dana, &world.origin).await.unwrap().code;
        let owner = Person::enrol(&world, &code, Surface::Terminal).await;
        let agent = world.agent("agent-a").await;
        let mut reviewers = BTreeMap::new();
        for name in ["reviewer", "reviewer-2"] {
            reviewers.insert(name.to_owned(), owner.invite(&world, name, Some("team")).await);
        }
        let attacker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        attacker.set_nonblocking(true).unwrap();
        let (held, last, statuses) = (BTreeMap::new(), Held::default(), Vec::new());
        let (page, all, tools) = (String::new(), String::new(), BTreeMap::new());
        let elsewhere = None;
        let play = Self {
            case,
            world,
            elsewhere,
            owner,
            reviewers,
            agent,
            held,
            last,
            page,
            all,
            statuses,
            tools,
            attacker,
            verified: None,
            refusal: String::new(),
            asked: 0,
        };
        play.keep_to_groups().await;
        play
    }

    /// Groups that the case keeps deciding to.
    async fn keep_to_groups(&self) {
        let groups = self.case["given"]["approvers"].as_array().cloned().unwrap_or_default();
        for group in groups {
            let name = group.as_str().unwrap().trim_start_matches("group:");
            self.owner.post(&self.world, "/v1/groups", &json!({ "name": name })).await.ok();
            let path = format!("/v1/groups/{name}/members");
            for member in ["reviewer", "Dana"] {
                self.owner.post(&self.world, &path, &json!({ "person": member })).await.ok();
            }
            self.owner.put(&self.world, "/v1/settings", &json!({ "approvers": name })).await.ok();
        }
    }

    /// Whether the case says itself when something is run.
    pub(super) fn scripted(&self) -> bool {
        let steps = self.case["payload"]["steps"].as_array();
        let runs = |step: &Value| {
            matches!(step["op"].as_str(), Some("execute" | "fault" | "resume" | "review_loop"))
        };
        self.shown() || steps.is_some_and(|steps| steps.iter().any(runs))
    }

    /// Whether the case is about what is shown.
    pub(super) fn shown(&self) -> bool {
        self.case["must_kind"] == "display"
    }

    async fn steps(&mut self) -> Result<(), String> {
        let lone = json!([{ "op": "submit", "call": self.case["call"] }, { "op": "render" }]);
        let steps = self.case["payload"]["steps"].as_array().or(lone.as_array()).cloned();
        let steps = steps.unwrap_or_default();
        self.govern().await?;
        self.grants().await?;
        for (index, step) in steps.iter().enumerate() {
            let next = steps.get(index + 1).unwrap_or(&Value::Null);
            self.step(step, next).await?;
            if !self.scripted() {
                self.try_everything().await;
            }
        }
        self.judge().await
    }

    /// An agent that runs whatever it is let: two executors race for each action.
    pub(super) async fn try_everything(&self) {
        for held in self.held.values() {
            let run = || self.world.execute(&self.agent, &held.action);
            tokio::join!(run(), run());
        }
    }

    /// A call of the corpus as a proposal of ours.
    pub(super) fn proposal(&self, call: &Value) -> Value {
        let name = call["action"].as_str().unwrap();
        let mut body = json!({ "tool": name, "arguments": call["arguments"], "run": "case" });
        if let ["mcp", server, tool] = name.splitn(3, '.').collect::<Vec<_>>().as_slice() {
            (body["server"], body["tool"]) = (json!(server), json!(tool));
        }
        if let Some(said) = call["declared"]["description"].as_str() {
            body["reason"] = json!(said);
        }
        if let Some(tool) = self.tools.get(name) {
            let names = [("description", "description"), ("inputSchema", "input_schema")];
            for (theirs, ours) in names.into_iter().chain([("annotations", "annotations")]) {
                if let Some(value) = tool.get(theirs) {
                    body[ours] = value.clone();
                }
            }
        }
        if self.case["expect"].get("outbound_requests_while_rendering").is_some() {
            let address = self.attacker.local_addr().unwrap().to_string();
            let text =
                body.to_string().replace("https://attacker.example", &format!("http://{address}"));
            body = serde_json::from_str(&text).unwrap();
        }
        body
    }

    pub(super) async fn submit(&mut self, step: &Value) {
        let mut body = self.proposal(&step["call"]);
        if self.shown() && self.case["expect"].get("records_added").is_none() {
            // So that there is a page to look at, whatever the level.
            body["declared_risk"] = json!("dangerous");
        } else if !self.scripted() {
            body["claim"] = json!({ "nonce": random_text(), "start": true });
        }
        if let Some(id) = step["id"].as_str() {
            body["call_id"] = json!(id);
        }
        if let Some(secs) = step["timeout_s"].as_i64() {
            body["expires_at"] = json!(self.world.now() + secs * 1_000_000);
        }
        let reply = self.world.propose(&self.agent, &body).await;
        self.statuses.push(reply.status);
        if reply.json["claim"]["answer"] == "proceed" {
            self.world.run(&reply);
        }
        let text = |name: &str| reply.json["action"][name].as_str().unwrap_or_default().to_owned();
        let held = Held { action: text("id"), request: text("request"), proposal: body };
        self.last = held.clone();
        let id = step["id"].as_str().map_or_else(|| held.action.clone(), str::to_owned);
        self.held.insert(id, held);
    }

    pub(super) fn named(&self, step: &Value) -> Held {
        let id = step["request"].as_str().unwrap_or_default();
        self.held.get(id).cloned().unwrap_or_else(|| self.last.clone())
    }

    pub(super) fn person(&self, step: &Value) -> &Person {
        let who = step["as"].as_str().unwrap_or("reviewer");
        self.reviewers.get(who).unwrap_or(&self.owner)
    }

    /// What every surface shows now.
    pub(super) async fn render(&mut self) {
        if !self.last.request.is_empty() {
            let card = self.owner.card(&self.world, &self.last.request).await;
            self.page.push_str(&display::plain(&card.json));
        }
        let status =
            self.world.get(&self.agent, &format!("/v1/actions/{}", self.last.action)).await;
        let run = format!("/v1/runs/{}", status.at("/run"));
        let mut all = display::plain(&status.json["risk"]);
        for path in ["/v1/requests", "/v1/requests?state=decided", &run, "/"] {
            let reply = self.owner.get(&self.world, path).await;
            all.push_str(&display::plain(&reply.json));
        }
        self.all.push_str(&self.page);
        self.all.push_str(&all);
    }
}
