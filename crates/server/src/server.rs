//! Start, serve, stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ed25519_dalek::SigningKey;
use governor::{Quota, RateLimiter};
use holdshort_risk::Own;
use holdshort_store::{Sqlite, Store, StoreError, Tuning};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::audit::{self, AuditError, Sealer};
use crate::clock::Clock;
use crate::config::{self, BadConfig, Config};
use crate::engine::{Engine, Known, WORKSPACE, Waiters};
use crate::limits;
use crate::policy::{InForce, PolicyProblems};
use crate::probes::Eyes;
use crate::problem::Failure;
use crate::routes;
use crate::setup;
use crate::state::App;
use crate::worker;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] BadConfig),
    /// The address cannot be used.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The data directory was not set up.
    #[error("the data directory was not set up")]
    NotSetUp,
    /// The log cannot be sealed.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyProblems),
    /// The policy could not be written down.
    #[error("{}", .0.detail())]
    Engine(Failure),
    /// Serving failed.
    #[error("serving failed: {0}")]
    Serve(std::io::Error),
}

/// A server that is ready to answer.
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
    sealer: Sealer,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the directory and the address.
    ///
    /// # Errors
    /// When either refuses, or the configuration cannot be used.
    pub async fn start(config: &Config) -> Result<Self, ServerError> {
        let loaded = config::load(&config.data)?;
        let db = Arc::new(Sqlite::open(&config.data, Tuning::default())?);
        let (_, latest) = db.feed_end()?;
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.map_err(|error| ServerError::Listen(config.listen, error))?;
        let address = listener.local_addr().map_err(ServerError::Serve)?;
        let memory = (db, Clock::starting_at(latest));
        let loaded = (loaded, Eyes::World);
        let (app, sealer) = assemble(config, loaded, memory, address).await?;
        Ok(Self { app, listener, address, sealer })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first origin of its pages.
    #[must_use]
    pub fn origin(&self) -> String {
        self.app.origins.first().cloned().unwrap_or_default()
    }

    /// The clock, for tests that turn it.
    pub fn turn_clock(&self) -> impl Fn(u32) + Send + Sync + 'static + use<> {
        let engine = Arc::clone(&self.app.engine);
        move |secs| {
            engine.clock.advance(secs);
            engine.timers.notify_one();
        }
    }

    /// What it answers, without a socket, for tests.
    pub fn router(&self) -> Router {
        routes::router(self.app.clone())
    }

    /// Serves until `stop` resolves, then ends streams and waits, drains, and closes the store.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServerError> {
        let stopping = self.app.stopping.clone();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let engine = || Arc::clone(&self.app.engine);
        let effects = tokio::spawn(worker::effects(engine(), stopping.clone(), begin));
        let timers = tokio::spawn(worker::timers(engine(), stopping.clone(), begun));
        let policy = tokio::spawn(worker::policy(engine(), stopping.clone()));
        let seals = audit::seal(engine(), self.sealer, stopping.clone());
        let seals = tokio::spawn(seals);
        let router = routes::router(self.app.clone());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let graceful = stopping.clone();
        let listener = axum::serve::ListenerExt::tap_io(self.listener, |stream| {
            // Answers are small and awaited; collecting them costs a round trip of 40 ms.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
        });
        let serving = axum::serve(listener, service)
            .with_graceful_shutdown(async move { graceful.cancelled().await });
        let serving = tokio::spawn(async move { serving.await });
        stop.await;
        stopping.cancel();
        let drained = tokio::time::timeout(Duration::from_secs(limits::DRAIN_SECS), serving).await;
        effects.abort();
        timers.abort();
        policy.abort();
        seals.abort();
        match drained {
            Ok(Ok(result)) => result.map_err(ServerError::Serve),
            // What is still open after the drain is cut; nothing acknowledged is lost by it.
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }
}

/// Everything between the memory and the socket.
pub(crate) async fn assemble(
    config: &Config,
    (loaded, eyes): (config::Loaded, Eyes),
    (db, clock): (Arc<Sqlite>, Clock),
    address: SocketAddr,
) -> Result<(App, Sealer), ServerError> {
    let config::Loaded { rules, audit } = loaded;
    db.release_work().await?;
    let seed = db.setting(WORKSPACE, "server_seed")?;
    let seed = seed.as_deref().and_then(setup::decode).ok_or(ServerError::NotSetUp)?;
    let bench = db.setting(WORKSPACE, "purpose")?.as_deref() == Some("bench");
    let (last_seq, _) = db.feed_end()?;
    let hosts = hosts(address, config);
    let origins = origins(&hosts, config);
    let data = std::fs::canonicalize(&config.data).unwrap_or_else(|_| config.data.clone());
    let own = Own {
        data_dir: data.to_string_lossy().into_owned(),
        addresses: hosts.iter().filter(|host| host.contains(':')).cloned().collect(),
    };
    let sealer = Sealer::open(&config.data, &audit, &db)?;
    let kept = db.policies(WORKSPACE, 1)?.pop();
    let kept = kept.and_then(|kept| serde_json::from_str(&kept.sources).ok());
    let policy = InForce::load(&config.data, kept, (&rules, &own))?;
    let engine = Engine {
        db,
        clock,
        policy,
        rules,
        own,
        eyes,
        waiters: Waiters::default(),
        known: Known::default(),
        open_cap: (!bench).then_some(holdshort_core::limits::OPEN_PER_AGENT),
        feed: tokio::sync::watch::channel(last_seq).0,
        work: tokio::sync::Notify::new(),
        timers: tokio::sync::Notify::new(),
    };
    engine.begin_policy().await.map_err(ServerError::Engine)?;
    let app = App {
        engine: Arc::new(engine),
        hosts: hosts.into(),
        origins: origins.into(),
        limiter: limiter(bench).map(Arc::new),
        key: Arc::new(SigningKey::from_bytes(&seed)),
        metrics: metrics_handle(),
        stopping: CancellationToken::new(),
    };
    Ok((app, sealer))
}

fn hosts(address: SocketAddr, config: &Config) -> Vec<String> {
    let port = address.port();
    let mut hosts = vec![address.to_string()];
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        hosts.extend(["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}")));
    }
    let public = config.public_urls.iter().filter_map(|url| url.split("://").nth(1));
    hosts.extend(public.map(|host| host.trim_end_matches('/').to_owned()));
    hosts.dedup();
    hosts
}

fn origins(hosts: &[String], config: &Config) -> Vec<String> {
    let public = config.public_urls.iter().map(|url| url.trim_end_matches('/').to_owned());
    let local = hosts.iter().filter(|host| host.contains(':')).map(|host| format!("http://{host}"));
    public.chain(local).collect()
}

fn limiter(bench: bool) -> Option<governor::DefaultKeyedRateLimiter<[u8; 32]>> {
    let per_second = std::num::NonZeroU32::new(limits::RATE_PER_SEC)?;
    let burst = std::num::NonZeroU32::new(limits::RATE_BURST)?;
    (!bench).then(|| RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst)))
}

/// The recorder of this process; a second server in one process (tests) shares it.
fn metrics_handle() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Someone else's recorder in this process keeps its place; ours then stays empty.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}
