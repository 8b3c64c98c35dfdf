//! A person's side: a key in a browser or a terminal, and the proofs made with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer, SigningKey};
use holdshort_server::{random, signed_text};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::{Reply, World};

/// Where a key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    Browser,
    Terminal,
}

/// A person who signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) key_id: String,
    pub(crate) surface: Surface,
    /// Session cookie of a browser, reading token of a terminal.
    pub(crate) secret: String,
    pub(crate) key: SigningKey,
}

/// What goes into a proof; tests change parts of it.
#[derive(Clone, Debug)]
pub(crate) struct Signing {
    pub(crate) origin: String,
    pub(crate) time: i64,
    pub(crate) nonce: String,
    pub(crate) key_id: String,
}

/// 32 random characters.
pub(crate) fn random_text() -> String {
    BASE64.encode(random::<24>().unwrap())
}

/// The body that uses a sign-in code up.
pub(crate) fn redeem_body(code: &str, key: &SigningKey, surface: Surface) -> Value {
    let public = BASE64.encode(key.verifying_key().as_bytes());
    match surface {
        Surface::Browser => json!({ "code": code, "public_key": public, "surface": "browser" }),
        Surface::Terminal => json!({
            "code": code, "public_key": public, "surface": "terminal",
            "salt": BASE64.encode(random::<16>().unwrap()),
        }),
    }
}

impl Person {
    /// Uses a sign-in code up in a new browser or terminal.
    pub(crate) async fn enrol(world: &World, code: &str, surface: Surface) -> Self {
        let key = SigningKey::from_bytes(&random().unwrap());
        let mut request = world
            .request(Method::POST, "/v1/enrolments/redeem")
            .header("content-type", "application/json")
            .body(redeem_body(code, &key, surface).to_string());
        if surface == Surface::Browser {
            request = request.header("origin", &world.origin);
        }
        let reply = world.send(request).await.ok();
        let secret = match surface {
            Surface::Browser => cookie(&reply),
            Surface::Terminal => reply.at("/reading_token"),
        };
        Self { id: reply.at("/me/id"), key_id: reply.at("/key_id"), surface, secret, key }
    }

    /// The same person with a new session, opened with the key this browser holds.
    pub(crate) async fn again(&self, world: &World) -> Self {
        let reply = self.call(world, Method::POST, "/v1/sessions").await.ok();
        Self { secret: cookie(&reply), ..self.clone() }
    }

    /// Adds a person, and enrols a browser of theirs.
    pub(crate) async fn invite(&self, world: &World, name: &str, mode: Option<&str>) -> Self {
        let mut body = json!({ "name": name });
        if let Some(mode) = mode {
            body["mode"] = json!(mode);
        }
        let reply = self.post(world, "/v1/people", &body).await.ok();
        Self::enrol(world, &reply.at("/enrolment/code"), Surface::Browser).await
    }

    /// With what lets this person read.
    pub(crate) fn reading(&self, request: RequestBuilder) -> RequestBuilder {
        match self.surface {
            Surface::Browser => {
                request.header("cookie", format!("holdshort_session={}", self.secret))
            }
            Surface::Terminal => request.bearer_auth(&self.secret),
        }
    }

    pub(crate) async fn get(&self, world: &World, path: &str) -> Reply {
        world.send(self.reading(world.request(Method::GET, path))).await
    }

    pub(crate) fn signing(&self, world: &World) -> Signing {
        let (origin, key_id) = (world.origin.clone(), self.key_id.clone());
        Signing { origin, time: world.now(), nonce: random_text(), key_id }
    }

    /// The headers of a proof over a request.
    pub(crate) fn proof(
        &self,
        signing: &Signing,
        (method, path): (&Method, &str),
        body: &str,
    ) -> [(&'static str, String); 4] {
        let time = signing.time.to_string();
        let parts = [&signing.origin, method.as_str(), path, &time, &signing.nonce];
        let text = signed_text(parts, body.as_bytes());
        let signature = BASE64.encode(self.key.sign(text.as_bytes()).to_bytes());
        [
            ("holdshort-key", signing.key_id.clone()),
            ("holdshort-time", time),
            ("holdshort-nonce", signing.nonce.clone()),
            ("holdshort-signature", signature),
        ]
    }

    /// A request with a proof over it, made as told.
    pub(crate) async fn send_as(
        &self,
        world: &World,
        signing: &Signing,
        (method, path): (Method, &str),
        body: &str,
    ) -> Reply {
        let mut request = self.reading(world.request(method.clone(), path));
        for (name, value) in self.proof(signing, (&method, path), body) {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        world.send(request).await
    }

    /// Something that only reads, with a body.
    pub(crate) async fn read(&self, world: &World, path: &str, body: Value) -> Reply {
        let request = self.reading(world.request(Method::POST, path));
        let request = request.header("origin", &world.origin);
        let request = request.header("content-type", "application/json");
        world.send(request.body(body.to_string())).await
    }

    /// A request with a proof over it.
    pub(crate) async fn call(&self, world: &World, method: Method, path: &str) -> Reply {
        self.send_as(world, &self.signing(world), (method, path), "").await
    }

    pub(crate) async fn post(&self, world: &World, path: &str, body: &Value) -> Reply {
        let route = (Method::POST, path);
        self.send_as(world, &self.signing(world), route, &body.to_string()).await
    }

    pub(crate) async fn put(&self, world: &World, path: &str, body: &Value) -> Reply {
        let route = (Method::PUT, path);
        self.send_as(world, &self.signing(world), route, &body.to_string()).await
    }

    pub(crate) async fn card(&self, world: &World, request: &str) -> Reply {
        self.get(world, &format!("/v1/requests/{request}")).await.ok()
    }

    /// Reads the card and answers it.
    pub(crate) async fn decide(&self, world: &World, request: &str, decision: &str) -> Reply {
        let card = self.card(world, request).await;
        self.post(world, &votes(request), &ballot(&card.json, decision)).await
    }
}

/// The address of the votes on a request.
pub(crate) fn votes(request: &str) -> String {
    format!("/v1/requests/{request}/votes")
}

/// The secret of the session cookie that came with an answer.
pub(crate) fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie");
    let value = set.strip_prefix("holdshort_session=").unwrap();
    value.split(';').next().unwrap().to_owned()
}

/// The answer of someone who read this card.
pub(crate) fn ballot(card: &Value, decision: &str) -> Value {
    let mut body = json!({
        "decision": decision, "binding": card["binding"], "version": card["version"],
    });
    match decision {
        "deny" => body["reason"] = json!("not today"),
        _ => {
            if let Some(expected) = card.pointer("/confirm/expected") {
                body["confirm"] = expected.clone();
            }
        }
    }
    body
}
