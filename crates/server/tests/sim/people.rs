//! The people and agents of a simulated world, and how they call the gate: real requests with
//! real proofs, without a socket.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer, SigningKey};
use holdshort_server::signed_text;
use holdshort_server::sim::{HOST, ORIGIN};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const PEOPLE: [&str; 4] = ["Dana", "Ana", "Ben", "Cleo"];
/// Agents, and whose they are.
pub(crate) const AGENTS: [(&str, &str); 2] = [("alpha", "Dana"), ("beta", "Ana")];
/// Who is in `sre` at the beginning.
pub(crate) const SRE: [&str; 3] = ["Ana", "Ben", "Cleo"];

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) token: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) key_id: String,
    pub(crate) key: SigningKey,
}

/// Everybody.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) agents: Vec<Agent>,
    pub(crate) people: Vec<Person>,
}

impl Cast {
    pub(crate) fn person(&self, name: &str) -> &Person {
        self.people.iter().find(|person| person.name == name).unwrap()
    }
}

/// An answer of the gate.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<String> {
        self.json.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
    }
}

async fn send(router: Router, request: Request<Body>) -> Reply {
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Reply { status, json: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

fn request(method: Method, path: &str, token: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .header("authorization", format!("Bearer {token}"))
}

impl Agent {
    pub(crate) async fn get(&self, router: Router, path: &str) -> Reply {
        let request = request(Method::GET, path, &self.token);
        send(router, request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, router: Router, path: &str, body: &Value) -> Reply {
        let request = request(Method::POST, path, &self.token);
        let request = request.header("content-type", "application/json");
        send(router, request.body(Body::from(body.to_string())).unwrap()).await
    }
}

impl Person {
    pub(crate) async fn get(&self, router: Router, path: &str) -> Reply {
        let request = request(Method::GET, path, &self.token);
        send(router, request.body(Body::empty()).unwrap()).await
    }

    /// A request with a proof over it, made at `now`.
    pub(crate) async fn signed(
        &self,
        router: Router,
        (now, nonce): (i64, String),
        (method, path): (Method, &str),
        body: Option<&Value>,
    ) -> Reply {
        let body = body.map(Value::to_string).unwrap_or_default();
        let time = now.to_string();
        let parts = [ORIGIN, method.as_str(), path, &time, &nonce];
        let text = signed_text(parts, body.as_bytes());
        let signature = BASE64.encode(self.key.sign(text.as_bytes()).to_bytes());
        let mut request = request(method, path, &self.token)
            .header("holdshort-key", &self.key_id)
            .header("holdshort-time", time)
            .header("holdshort-nonce", nonce)
            .header("holdshort-signature", signature);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        send(router, request.body(Body::from(body)).unwrap()).await
    }
}
