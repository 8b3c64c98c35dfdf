//! Read-only connections beside the writer.

use std::sync::{Condvar, Mutex};

use rusqlite::Connection;

use crate::error::StoreError;

/// Sizes that trade memory for speed.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Connections that read.
    pub readers: usize,
    /// Page cache of each connection, in KiB.
    pub cache_kib: i64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { readers: 3, cache_kib: 4096 }
    }
}

/// A few read-only connections, lent out one query at a time.
pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self { idle: Mutex::new(connections), returned: Condvar::new() }
    }

    pub(super) fn with<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let closed = |_| StoreError::Closed;
        let mut idle = self.idle.lock().map_err(closed)?;
        let connection = loop {
            match idle.pop() {
                Some(connection) => break connection,
                None => idle = self.returned.wait(idle).map_err(|_| StoreError::Closed)?,
            }
        };
        drop(idle);
        let result = query(&connection);
        self.idle.lock().map_err(|_| StoreError::Closed)?.push(connection);
        self.returned.notify_one();
        result
    }
}
