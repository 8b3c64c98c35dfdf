//! What every route shares.

use std::sync::Arc;

use governor::DefaultKeyedRateLimiter;
use holdshort_store::Change;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::auth::Proven;
use crate::engine::Engine;
use crate::problem::Failure;

/// Shared by every route; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    /// Host headers that mean this server.
    pub(crate) hosts: Arc<[String]>,
    /// Origins of its pages.
    pub(crate) origins: Arc<[String]>,
    pub(crate) limiter: Option<Arc<DefaultKeyedRateLimiter<[u8; 32]>>>,
    /// Proves to clients that this is the enrolled server.
    pub(crate) key: Arc<ed25519_dalek::SigningKey>,
    pub(crate) metrics: PrometheusHandle,
    /// Ends streams and waits when the server stops.
    pub(crate) stopping: CancellationToken,
}

impl App {
    /// Changes what a person proved that they want changed; the proof is used up with it.
    pub(crate) async fn change(&self, by: Proven, changes: Vec<Change>) -> Result<(), Failure> {
        let name = by.voter().describe();
        let proof = std::iter::once(Change::UseProof(by.once));
        self.engine.change(name, proof.chain(changes).collect()).await
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("App").field("origins", &self.origins).finish_non_exhaustive()
    }
}
