//! A real server on a real socket with a data directory of its own, people in browsers and
//! terminals, agents, and an executor that keeps its own log of what it ran: the log is the
//! oracle, not what the gate says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use holdshort_server::{Config, Purpose, Server, Setup};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::person::{Person, Surface, random_text};

/// What an executor ran: written down by it, not by the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) action: String,
    pub(crate) tool: String,
    /// The bytes it was told to run.
    pub(crate) arguments: String,
}

/// An agent, and the token it holds.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) token: String,
}

/// An answer of the server.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The stable code of a problem; empty when it is none.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self
    }

    /// A problem document with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["type"], format!("/errors/{code}"));
    }

    /// A text within the answer, by JSON pointer.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> String {
        let found = self.json.pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {self:?}"));
        found.as_str().map_or_else(|| found.to_string(), str::to_owned)
    }
}

struct Running {
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    turn: Box<dyn Fn(u32) + Send + Sync>,
}

pub(crate) struct World {
    dir: tempfile::TempDir,
    purpose: Purpose,
    running: Option<Running>,
    http: reqwest::Client,
    pub(crate) address: String,
    pub(crate) origin: String,
    ahead: AtomicU32,
    ran: Mutex<Vec<Ran>>,
}

impl World {
    /// Real data and nobody in it.
    pub(crate) async fn new() -> Self {
        Self::of(Purpose::Real).await
    }

    pub(crate) async fn of(purpose: Purpose) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Setup::open(dir.path(), purpose).await.unwrap();
        let (address, origin) = (String::from("127.0.0.1:0"), String::new());
        let (ahead, ran) = (AtomicU32::new(0), Mutex::default());
        let http = reqwest::Client::new();
        let mut world = Self { dir, purpose, running: None, http, address, origin, ahead, ran };
        world.begin().await;
        world
    }

    /// Serves the directory; the second time at the same address as the first.
    pub(crate) async fn begin(&mut self) {
        let listen = self.address.parse().unwrap();
        let data = self.dir.path().to_owned();
        let config = Config { data, listen, public_urls: Vec::new() };
        let server = Server::start(&config).await.unwrap();
        self.address = server.address().to_string();
        self.origin = server.origin();
        self.http = reqwest::Client::builder().no_proxy().build().unwrap();
        let turn = Box::new(server.turn_clock());
        turn(self.ahead.load(Ordering::Relaxed));
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            server.serve(async move { stopped.await.unwrap_or_default() }).await.unwrap();
        });
        self.running = Some(Running { stop, served, turn });
    }

    /// Stops the server and waits until it is gone.
    pub(crate) async fn end(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.send(()).unwrap();
        running.served.await.unwrap();
    }

    pub(crate) async fn restart(&mut self) {
        self.end().await;
        self.begin().await;
    }

    /// Seconds pass.
    pub(crate) fn turn(&self, secs: u32) {
        self.ahead.fetch_add(secs, Ordering::Relaxed);
        (self.running.as_ref().unwrap().turn)(secs);
    }

    /// Now, as the server's clock has it.
    #[expect(clippy::disallowed_methods, reason = "a client reads its own clock")]
    pub(crate) fn now(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        i64::try_from(since.as_micros()).unwrap()
            + i64::from(self.ahead.load(Ordering::Relaxed)) * 1_000_000
    }

    pub(crate) fn data(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub(crate) async fn setup(&self) -> Setup {
        Setup::open(self.dir.path(), self.purpose).await.unwrap()
    }

    /// The first person, signed in in a browser with a code that stood in a terminal.
    pub(crate) async fn first(&self, name: &str) -> Person {
        let setup = self.setup().await;
        let person = setup.person(name).await.unwrap();
        let code = setup.invite(person, &self.origin).await.unwrap().code;
        Person::enrol(self, &code, Surface::Browser).await
    }

    pub(crate) async fn agent(&self, name: &str) -> Agent {
        let secret = self.setup().await.agent_token(name).await.unwrap();
        Agent { token: secret.as_str().to_owned() }
    }

    /// A world with a person and an agent of theirs.
    pub(crate) async fn peopled() -> (Self, Person, Agent) {
        let world = Self::new().await;
        let dana = world.first("Dana").await;
        let agent = world.agent("nightshift").await;
        (world, dana, agent)
    }

    /// A request, with nothing added.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.timeout(Duration::from_secs(60)).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, text, json }
    }

    pub(crate) async fn get(&self, agent: &Agent, path: &str) -> Reply {
        self.send(self.request(Method::GET, path).bearer_auth(&agent.token)).await
    }

    pub(crate) async fn post(&self, agent: &Agent, path: &str, body: &Value) -> Reply {
        self.post_raw(agent, path, body.to_string()).await
    }

    pub(crate) async fn put(&self, agent: &Agent, path: &str, body: &Value) -> Reply {
        let request = self.request(Method::PUT, path).bearer_auth(&agent.token);
        self.send(request.json(body)).await
    }

    pub(crate) async fn post_raw(
        &self,
        agent: &Agent,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let request = self.request(Method::POST, path).bearer_auth(&agent.token);
        self.send(request.header("content-type", "application/json").body(body)).await
    }

    pub(crate) async fn propose(&self, agent: &Agent, body: &Value) -> Reply {
        self.post(agent, "/v1/actions", body).await
    }

    /// Proposes something dangerous; its action and request.
    pub(crate) async fn ask(&self, agent: &Agent, path: &str) -> (String, String) {
        let reply = self.propose(agent, &dangerous(path)).await.ok();
        assert_eq!(reply.at("/action/state"), "pending");
        (reply.at("/action/id"), reply.at("/action/request"))
    }

    pub(crate) async fn state(&self, agent: &Agent, action: &str) -> String {
        self.get(agent, &format!("/v1/actions/{action}")).await.ok().at("/state")
    }

    pub(crate) async fn claim(&self, agent: &Agent, action: &str, body: &Value) -> Reply {
        self.post(agent, &format!("/v1/actions/{action}/claim"), body).await
    }

    /// An executor tries: claims, and only when told to proceed says that it begins, runs, and
    /// reports. Whether it ran.
    pub(crate) async fn execute(&self, agent: &Agent, action: &str) -> bool {
        self.execute_as(agent, action, json!({})).await
    }

    /// The same, with what it is about to run in `presented`.
    pub(crate) async fn execute_as(&self, agent: &Agent, action: &str, presented: Value) -> bool {
        let nonce = random_text();
        if !self.begin_run(agent, action, (&nonce, presented)).await {
            return false;
        }
        let report = json!({ "nonce": nonce, "outcome": "succeeded" });
        self.post(agent, &format!("/v1/actions/{action}/report"), &report).await.ok();
        true
    }

    /// Claims, begins and runs, and reports nothing.
    pub(crate) async fn begin_run(
        &self,
        agent: &Agent,
        action: &str,
        (nonce, mut claim): (&str, Value),
    ) -> bool {
        claim["nonce"] = json!(nonce);
        let claimed = self.claim(agent, action, &claim).await;
        if claimed.status != 200 || claimed.json["answer"] != "proceed" {
            return false;
        }
        let started = json!({ "nonce": nonce });
        let begun = self.post(agent, &format!("/v1/actions/{action}/started"), &started).await;
        if begun.status == 200 {
            self.run(&claimed);
        }
        begun.status == 200
    }

    /// Writes down that what a claim handed out was run.
    pub(crate) fn run(&self, claimed: &Reply) {
        let reply: holdshort_api::ClaimReply = match claimed.json.get("claim") {
            Some(_) => {
                let proposed: holdshort_api::Proposed =
                    serde_json::from_str(&claimed.text).unwrap();
                proposed.claim.unwrap()
            }
            None => serde_json::from_str(&claimed.text).unwrap(),
        };
        let arguments = reply.arguments.unwrap().get().to_owned();
        let (action, tool) = (reply.action.id, reply.action.tool);
        self.ran.lock().unwrap().push(Ran { action, tool, arguments });
    }

    /// Everything that was run.
    pub(crate) fn ran(&self) -> Vec<Ran> {
        self.ran.lock().unwrap().clone()
    }

    /// Every event, oldest first, as the feed gives them.
    pub(crate) async fn events(&self, person: &Person) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/v1/events?limit=200&after={after}");
            let page = person.get(self, &path).await.ok().json;
            let items = page["items"].as_array().unwrap().clone();
            if items.is_empty() {
                return events;
            }
            events.extend(items);
            after = page["next_after"].as_i64().unwrap();
        }
    }

    /// How often an event of this kind happened.
    pub(crate) async fn count(&self, person: &Person, kind: &str) -> usize {
        self.events(person).await.iter().filter(|event| event["kind"] == kind).count()
    }
}

/// A call that waits for a person.
pub(crate) fn dangerous(path: &str) -> Value {
    json!({ "tool": "delete_file", "arguments": { "path": path }, "reason": "it is old" })
}

/// A call that only reads.
pub(crate) fn safe(path: &str) -> Value {
    json!({ "tool": "read_file", "arguments": { "path": path } })
}

/// A call that changes something that can be changed back.
pub(crate) fn risky(path: &str) -> Value {
    json!({ "tool": "create_issue", "arguments": { "title": path } })
}
