//! The server as the simulation drives it: the real engine, routes, worker and store, with time,
//! chance and faults by hand, and without a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use axum::Router;
use holdshort_store::{Faults, Sqlite, Store};
use tokio::task::JoinSet;

use crate::audit::Sealer;
use crate::clock::{self, Clock};
use crate::config::{self, Config};
use crate::probes::Eyes;
use crate::server::{self, ServerError};
use crate::state::App;
use crate::{routes, worker};

/// The port it would listen on.
const PORT: u16 = 7700;
/// The host that requests name.
pub const HOST: &str = "127.0.0.1:7700";
/// The origin that people sign for.
pub const ORIGIN: &str = "http://127.0.0.1:7700";

/// All random bytes of this thread follow from this seed from now on.
pub fn seed(seed: u64) {
    clock::seeded::seed(seed);
}

pub use crate::probes::See;

/// A server without a socket.
pub struct Gate {
    app: App,
    sealer: Sealer,
    router: Router,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Gate {
    /// Opens a directory that was set up. `hand` is the system's time, in microseconds; `see` is
    /// what probes see.
    ///
    /// # Errors
    /// As a server does not start.
    pub async fn open(
        data: &Path,
        faults: Arc<dyn Faults>,
        hand: Arc<AtomicI64>,
        see: See,
    ) -> Result<Self, ServerError> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        let config = Config { data: data.to_owned(), listen, public_urls: Vec::new() };
        let db = Arc::new(Sqlite::open_inline(data, faults)?);
        let (_, latest) = db.feed_end()?;
        let memory = (db, Clock::by_hand(latest, hand));
        let loaded = config::load(data)?;
        let eyes = Eyes::ByHand(see);
        let (app, sealer) = server::assemble(&config, (loaded, eyes), memory, listen).await?;
        let router = routes::router(app.clone());
        Ok(Self { app, sealer, router })
    }

    /// What it answers.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The store, to look at what is written.
    #[must_use]
    pub fn store(&self) -> &Sqlite {
        &self.app.engine.db
    }

    /// Now, as the server has it.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.app.engine.clock.now().as_micros()
    }

    /// One look at the timers.
    ///
    /// # Errors
    /// What the worker would write down as an error.
    pub async fn pass_time(&self) -> Result<(), String> {
        let passed = worker::pass_time(&self.app.engine).await;
        passed.map(|_| ()).map_err(|failure| failure.detail().to_owned())
    }

    /// One look at the outbox.
    pub async fn work(&self) {
        let mut running = JoinSet::new();
        worker::take_all(&self.app.engine, &mut running).await;
        while running.join_next().await.is_some() {}
    }

    /// One look at the files of the policy.
    ///
    /// # Errors
    /// What the worker would write down as an error.
    pub async fn reload_policy(&self) -> Result<(), String> {
        self.app.engine.reload_policy().await.map_err(|failure| failure.detail().to_owned())
    }

    /// Seals what is new.
    ///
    /// # Errors
    /// What the worker would write down as an error.
    pub async fn seal(&self) -> Result<(), String> {
        self.sealer.seal(&self.app.engine).await.map_err(|error| error.to_string())
    }
}
