//! What goes wrong with writes, by chance; and the switch that ends the process.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use holdshort_store::{Fault, Faults, Turn};
use tokio::sync::Notify;

use crate::rng::Rng;

/// Chance, for the store.
#[derive(Debug)]
pub(crate) struct Chance {
    rng: Mutex<Rng>,
    /// Whether writes fail and processes end in this run.
    faulty: bool,
    calm: AtomicBool,
    crashed: AtomicBool,
    /// Says that the process has ended.
    pub(crate) ended: Notify,
}

impl Chance {
    pub(crate) fn new(seed: u64, faulty: bool) -> Self {
        Self {
            rng: Mutex::new(Rng::new(seed)),
            faulty,
            calm: AtomicBool::new(true),
            crashed: AtomicBool::new(false),
            ended: Notify::new(),
        }
    }

    /// From now on nothing goes wrong, or it may.
    pub(crate) fn calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::Relaxed);
    }

    /// A new process.
    pub(crate) fn again(&self) {
        self.crashed.store(false, Ordering::Relaxed);
    }
}

impl Faults for Chance {
    fn turn(&self) -> Turn {
        if self.calm.load(Ordering::Relaxed) {
            return Turn { before: 0, fault: Fault::None, after: 0 };
        }
        let mut rng = self.rng.lock().unwrap();
        let fault = match rng.below(1000) {
            0..10 if self.faulty => Fault::Refused,
            10..17 if self.faulty => Fault::CrashBefore,
            17..24 if self.faulty => Fault::CrashAfter,
            _ => Fault::None,
        };
        let mut few = || u8::try_from(rng.below(4)).unwrap();
        Turn { before: few(), fault, after: few() }
    }

    fn crash(&self) {
        self.crashed.store(true, Ordering::Relaxed);
        self.ended.notify_one();
    }

    fn crashed(&self) -> bool {
        self.crashed.load(Ordering::Relaxed)
    }
}
