//! One method for each thing the gate offers.

mod runs;

use std::time::Duration;

use holdshort_api as api;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::person::PersonKey;

/// How long the gate may hold a call until there is something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Answer at once.
    No,
    /// Up to this many seconds, at most 55.
    Seconds(u32),
}

/// A connection to a gate, with a token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// For how long a gate that cannot be reached is tried again.
    patience: Duration,
}

/// Longer than the gate ever holds a call.
const TIMEOUT: Duration = Duration::from_secs(75);

impl Client {
    /// A client for the gate at `base` (`http://127.0.0.1:8787`) with a bearer token.
    ///
    /// # Errors
    /// When the address is not usable.
    pub fn new(base: &str, token: &str) -> Result<Self, Error> {
        let mut client = Self::anonymous(base)?;
        client.token = Some(token.to_owned());
        Ok(client)
    }

    /// A client without a token, for signing in.
    ///
    /// # Errors
    /// When the address is not usable.
    pub fn anonymous(base: &str) -> Result<Self, Error> {
        let base = base.trim_end_matches('/').to_owned();
        let bad = || Error::BadAddress(base.clone());
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(bad());
        }
        // Addresses come from the configuration alone: no proxy of the environment in between.
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| bad())?;
        Ok(Self { http, base, token: None, patience: Duration::ZERO })
    }

    /// Tries a gate that cannot be reached again for this long. Every call that is repeated so is
    /// safe to repeat: proposals by their call id, claims by their nonce.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The address of the gate.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Proposes an action.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn propose(&self, body: &api::Propose) -> Result<api::Proposed, Error> {
        self.post("/v1/actions", body, Wait::No).await
    }

    /// Where an action stands; with a wait, answers when its version is greater than `after`.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn action(
        &self,
        id: &str,
        after: u64,
        wait: Wait,
    ) -> Result<api::ActionStatus, Error> {
        self.get(&format!("/v1/actions/{id}?after={after}"), wait).await
    }

    /// Claims an action; with a wait, in the very step that approves it.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn claim(
        &self,
        id: &str,
        body: &api::Claim,
        wait: Wait,
    ) -> Result<api::ClaimReply, Error> {
        self.post(&format!("/v1/actions/{id}/claim"), body, wait).await
    }

    /// Says that the execution begins, or still goes on.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn started(&self, id: &str, nonce: &str) -> Result<api::ActionStatus, Error> {
        let body = api::Nonce { nonce: nonce.to_owned() };
        self.post(&format!("/v1/actions/{id}/started"), &body, Wait::No).await
    }

    /// Reports what came of it.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn report(&self, id: &str, body: &api::Report) -> Result<api::ActionStatus, Error> {
        self.post(&format!("/v1/actions/{id}/report"), body, Wait::No).await
    }

    /// Brings what was read on this machine for the request of an action.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn bring_facts(
        &self,
        id: &str,
        body: &api::BringFacts,
    ) -> Result<api::ActionStatus, Error> {
        self.post(&format!("/v1/actions/{id}/facts"), body, Wait::No).await
    }

    /// Takes an action back.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn cancel(&self, id: &str, reason: &str) -> Result<api::ActionStatus, Error> {
        let body = api::Cancel { reason: Some(reason.to_owned()) };
        self.post(&format!("/v1/actions/{id}/cancel"), &body, Wait::No).await
    }

    /// Who the token belongs to.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn me(&self) -> Result<api::Me, Error> {
        self.get("/v1/me", Wait::No).await
    }

    /// The people of the workspace.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn people(&self) -> Result<Vec<api::Person>, Error> {
        self.get("/v1/people", Wait::No).await
    }

    /// A page of the queue: `open` or `decided`.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn requests(
        &self,
        state: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<api::QueuePage, Error> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        self.get(&format!("/v1/requests?state={state}&limit={limit}{cursor}"), Wait::No).await
    }

    /// The card of a request.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn card(&self, id: &str) -> Result<api::Card, Error> {
        self.get(&format!("/v1/requests/{id}"), Wait::No).await
    }

    /// Votes as a machine, with a token that has `decide:api`.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn vote(&self, id: &str, vote: &api::Vote) -> Result<api::VoteReply, Error> {
        self.post(&format!("/v1/requests/{id}/votes"), vote, Wait::No).await
    }

    /// Events after a place in the feed.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn events(&self, after: i64, limit: u32) -> Result<api::EventPage, Error> {
        self.get(&format!("/v1/events?after={after}&limit={limit}"), Wait::No).await
    }

    /// What policy says about a call, rule by rule.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn explain(&self, body: &api::ExplainPolicy) -> Result<api::PolicyExplained, Error> {
        self.post("/v1/policy/explain", body, Wait::No).await
    }

    /// Policies that were in force, the newest first.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn policy_versions(&self) -> Result<api::PolicyVersions, Error> {
        self.get("/v1/policy/versions", Wait::No).await
    }

    /// The policy in force.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn policy(&self) -> Result<api::PolicyStatus, Error> {
        self.get("/v1/policy", Wait::No).await
    }

    /// Stops, and what still runs under them.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn stops(&self) -> Result<api::Stops, Error> {
        self.get("/v1/stops", Wait::No).await
    }

    /// Grants, the newest first.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn grants(&self) -> Result<api::Grants, Error> {
        self.get("/v1/grants", Wait::No).await
    }

    /// What a terminal needs to derive the caller's key from their passphrase.
    ///
    /// # Errors
    /// When there is none, or the gate cannot be reached.
    pub async fn terminal_key(&self) -> Result<api::TerminalKey, Error> {
        self.get("/v1/me/terminal-key", Wait::No).await
    }

    /// Uses a sign-in code up.
    ///
    /// # Errors
    /// When the code is spent, or the gate cannot be reached.
    pub async fn redeem(&self, body: &api::Redeem) -> Result<api::Redeemed, Error> {
        self.post("/v1/enrolments/redeem", body, Wait::No).await
    }

    /// Asks the server to prove itself; see [`crate::verify_server`].
    ///
    /// # Errors
    /// When the gate cannot be reached.
    pub async fn hello(&self, nonce: &str) -> Result<api::HelloReply, Error> {
        self.post("/v1/hello", &api::Hello { nonce: nonce.to_owned() }, Wait::No).await
    }

    /// Sends something that a person signs: a vote, a new token, a new person.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn signed<T: DeserializeOwned>(
        &self,
        key: &PersonKey,
        (method, path): (Method, &str),
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, Error> {
        let bytes = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let proof = key.sign(&self.base, (method.as_str(), path), &bytes)?;
        let mut request = self.request(method, path, Wait::No);
        for (name, value) in proof {
            request = request.header(name, value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json").body(bytes);
        }
        answer(request.send().await).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, wait: Wait) -> Result<T, Error> {
        self.again(|| self.request(Method::GET, path, wait)).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
        wait: Wait,
    ) -> Result<T, Error> {
        self.put_or_post(Method::POST, path, (body, wait)).await
    }

    async fn put_or_post<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        (body, wait): (&(impl Serialize + Sync), Wait),
    ) -> Result<T, Error> {
        let bytes = serde_json::to_vec(body)?;
        self.again(|| {
            let request = self.request(method.clone(), path, wait);
            request.header("content-type", "application/json").body(bytes.clone())
        })
        .await
    }

    fn request(&self, method: Method, path: &str, wait: Wait) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match wait {
            Wait::No => request,
            Wait::Seconds(seconds) => request.header("prefer", format!("wait={seconds}")),
        }
    }

    /// Sends a call, again while the gate cannot be reached and patience lasts.
    async fn again<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, Error> {
        let until = tokio::time::Instant::now() + self.patience;
        let mut pause = Duration::from_millis(20);
        loop {
            let result = answer(request().send().await).await;
            let retry = matches!(&result, Err(error) if error.may_retry());
            if !retry || tokio::time::Instant::now() + pause > until {
                return result;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}

async fn answer<T: DeserializeOwned>(
    sent: Result<reqwest::Response, reqwest::Error>,
) -> Result<T, Error> {
    let response = sent.map_err(Error::Unreachable)?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(Error::Unreachable)?;
    if status.is_success() {
        let empty: &[u8] = b"null";
        let bytes = if status == StatusCode::NO_CONTENT { empty } else { &bytes };
        return serde_json::from_slice(bytes).map_err(|e| Error::Unreadable(e.to_string()));
    }
    match serde_json::from_slice(&bytes) {
        Ok(problem) => Err(Error::Problem(Box::new(problem))),
        Err(_) => Err(Error::Unreadable(format!("status {status} without a problem document"))),
    }
}
