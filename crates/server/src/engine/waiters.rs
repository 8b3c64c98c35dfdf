//! Who waits for an action, in memory only: a wake-up is a hint, the row is the truth.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use holdshort_core::{ActionId, ClaimIntent, RunId};
use tokio::sync::Notify;

/// Callers that wait for an action to change.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    slots: Mutex<HashMap<ActionId, Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    changed: Arc<Notify>,
    waiting: usize,
    /// The run of the action.
    run: Option<RunId>,
    /// A claimer that wants the claim in the very commit that approves.
    claimer: Option<ClaimIntent>,
}

/// One caller's place; leaving it forgets them.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    waiters: &'a Waiters,
    action: ActionId,
    claims: bool,
    changed: Arc<Notify>,
}

impl Waiters {
    /// Waits for `action`, from now on. With `claimer`, a decision may hand over the claim at
    /// once; the first such caller gets it.
    pub(crate) fn wait(
        &self,
        (action, run): (ActionId, RunId),
        claimer: Option<ClaimIntent>,
    ) -> Waiting<'_> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(action).or_default();
        slot.waiting += 1;
        slot.run = Some(run);
        let claims = claimer.is_some() && slot.claimer.is_none();
        if claims {
            slot.claimer = claimer;
        }
        Waiting { waiters: self, action, claims, changed: Arc::clone(&slot.changed) }
    }

    /// Wakes everybody who waits for an action of `run`.
    pub(crate) fn wake_run(&self, run: RunId) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .values()
            .filter(|slot| slot.run == Some(run))
            .for_each(|slot| slot.changed.notify_waiters());
    }

    /// Wakes everybody: a stop was lifted.
    pub(crate) fn wake_all(&self) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().for_each(|slot| slot.changed.notify_waiters());
    }

    /// Wakes everybody who waits for `action`.
    pub(crate) fn wake(&self, action: ActionId) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&action) {
            slot.changed.notify_waiters();
        }
    }

    /// The claimer that waits for `action`.
    pub(crate) fn claimer(&self, action: ActionId) -> Option<ClaimIntent> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(&action).and_then(|slot| slot.claimer)
    }
}

impl Waiting<'_> {
    /// A future that resolves at the next change after this call.
    pub(crate) fn next(&self) -> tokio::sync::futures::OwnedNotified {
        Arc::clone(&self.changed).notified_owned()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut slots = self.waiters.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.get_mut(&self.action) else {
            return;
        };
        slot.waiting -= 1;
        if self.claims {
            slot.claimer = None;
        }
        if slot.waiting == 0 {
            slots.remove(&self.action);
        }
    }
}
