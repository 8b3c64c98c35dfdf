//! What was read from the directory, kept for a second at most and only as long as nothing in it
//! changes.
//!
//! This process owns the data directory, and everything that takes a right away goes through it,
//! so the version of the store says when to read again. What another process adds beside it (the
//! first person, a new token) is seen within the second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use holdshort_core::{People, Stops, Timestamp};
use holdshort_store::{Principal, Token};

/// Callers kept at most; then they are read anew.
const CALLERS: usize = 4096;

/// Seconds after which everything is read anew.
const KEPT_SECS: u32 = 1;

/// What was asked for: the version of the directory, and the time.
pub(crate) type AsOf = (u64, Timestamp);

/// What is known about callers and people.
#[derive(Debug, Default)]
pub(crate) struct Known {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    version: u64,
    since: Timestamp,
    people: Option<Arc<People>>,
    stops: Option<(u64, Arc<Stops>)>,
    callers: HashMap<[u8; 32], (Token, Principal)>,
}

impl Known {
    /// What is kept, as of this version of the directory.
    fn at<T>(&self, (version, now): AsOf, look: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let old = kept.version != version || now > kept.since.plus_secs(KEPT_SECS);
        if old || kept.callers.len() > CALLERS {
            *kept = Kept { version, since: now, ..Kept::default() };
        }
        look(&mut kept)
    }

    pub(crate) fn people(&self, as_of: AsOf) -> Option<Arc<People>> {
        self.at(as_of, |kept| kept.people.clone())
    }

    /// Keeps what was read as of then.
    pub(crate) fn keep_people(&self, as_of: AsOf, people: &Arc<People>) {
        self.at(as_of, |kept| kept.people = Some(Arc::clone(people)));
    }

    /// The stops, and their version.
    pub(crate) fn stops(&self, as_of: AsOf) -> Option<(u64, Arc<Stops>)> {
        self.at(as_of, |kept| kept.stops.clone())
    }

    /// Keeps what was read as of then.
    pub(crate) fn keep_stops(&self, as_of: AsOf, stops: &(u64, Arc<Stops>)) {
        self.at(as_of, |kept| kept.stops = Some(stops.clone()));
    }

    pub(crate) fn caller(&self, as_of: AsOf, hash: &[u8; 32]) -> Option<(Token, Principal)> {
        self.at(as_of, |kept| kept.callers.get(hash).cloned())
    }

    /// Keeps what was read as of then.
    pub(crate) fn keep_caller(&self, as_of: AsOf, token: &Token, principal: &Principal) {
        self.at(as_of, |kept| {
            kept.callers.insert(token.hash, (token.clone(), principal.clone()));
        });
    }
}
