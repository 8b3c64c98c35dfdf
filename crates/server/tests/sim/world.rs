//! One simulated world: a gate that can end at any write and begins again, agents and people who
//! do several things at once, a clock that jumps, a worker whose wake-ups are lost or doubled.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use holdshort_server::sim::{Gate, See, seed};
use holdshort_store::Store;
use tokio::runtime::Runtime;

use crate::faults::Chance;
use crate::ledger::{Known, Ledger, Told};
use crate::outside::Outside;
use crate::people::Cast;
use crate::rng::Rng;
use crate::template::{self, Template};
use crate::{agents, check, reviewers};

/// Rounds of a run; in each, one to three things happen at once.
const ROUNDS: usize = 50;
/// 2026-11-25, in microseconds.
const BEGIN: i64 = 1_795_600_000_000_000;
const SECOND: i64 = 1_000_000;
const TEN_YEARS: i64 = 10 * 365 * 24 * 60 * 60 * SECOND;

pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a task of this process sees.
#[derive(Clone)]
pub(crate) struct Here {
    pub(crate) gate: Arc<Gate>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) outside: Arc<Mutex<Outside>>,
    pub(crate) cast: &'static Cast,
}

impl Here {
    pub(crate) fn router(&self) -> Router {
        self.gate.router()
    }
}

pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) cast: &'static Cast,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) outside: Arc<Mutex<Outside>>,
    pub(crate) team: bool,
    pub(crate) trace: Vec<String>,
    dir: tempfile::TempDir,
    hand: Arc<AtomicI64>,
    chance: Arc<Chance>,
    process: Option<(Runtime, Arc<Gate>)>,
    drawn: u64,
    /// Looks at rows from outside.
    pub(crate) onlooker: rusqlite::Connection,
    /// States that were final once.
    pub(crate) ended: std::collections::BTreeMap<Vec<u8>, String>,
}

impl World {
    pub(crate) fn begin(number: u64) -> Self {
        seed(number);
        let mut rng = Rng::new(number);
        let (team, faulty) = (rng.percent(70), rng.percent(60));
        let template: &'static Template = template::template(team);
        let dir = template::in_memory();
        template.copy(dir.path());
        let onlooker = rusqlite::Connection::open(dir.path().join("holdshort.db")).unwrap();
        let mut world = Self {
            chance: Arc::new(Chance::new(rng.next(), faulty)),
            rng,
            cast: &template.cast,
            ledger: Arc::default(),
            outside: Arc::default(),
            team,
            trace: Vec::new(),
            dir,
            hand: Arc::new(AtomicI64::new(BEGIN)),
            process: None,
            drawn: 0,
            onlooker,
            ended: std::collections::BTreeMap::new(),
        };
        world.boot();
        world
    }

    /// A new process over the same data.
    fn boot(&mut self) {
        // The old one ends first: its tasks, its connections, its lock.
        self.process = None;
        self.chance.again();
        self.chance.calm(true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outside = Arc::clone(&self.outside);
        let see: See = Arc::new(move |look| outside.lock().unwrap().see(look));
        let opened = Gate::open(self.dir.path(), self.chance.clone(), self.hand.clone(), see);
        let gate = runtime.block_on(opened).unwrap();
        self.process = Some((runtime, Arc::new(gate)));
        self.chance.calm(false);
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.process.as_ref().unwrap().1
    }

    pub(crate) fn data(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub(crate) fn here(&self) -> Here {
        let (_, gate) = self.process.as_ref().unwrap();
        let (gate, ledger) = (Arc::clone(gate), Arc::clone(&self.ledger));
        Here { gate, ledger, outside: Arc::clone(&self.outside), cast: self.cast }
    }

    pub(crate) fn now(&self) -> i64 {
        self.gate().now()
    }

    pub(crate) fn nonce(&mut self) -> String {
        self.drawn += 1;
        format!("nonce-{:016}", self.drawn)
    }

    /// Time and nonce of a person's proof.
    pub(crate) fn proof(&mut self) -> (i64, String) {
        (self.now(), self.nonce())
    }

    /// An action that somebody proposed; late ones more often.
    pub(crate) fn known(&mut self) -> Option<Known> {
        let ledger = self.ledger.lock().unwrap();
        let from = ledger.known.len().saturating_sub(8);
        self.rng.pick(&ledger.known[from..]).cloned()
    }

    pub(crate) fn told(&mut self, which: impl Fn(&Told) -> bool) -> Option<Told> {
        let ledger = self.ledger.lock().unwrap();
        let all: Vec<&Told> = ledger.told.iter().filter(|told| which(told)).collect();
        self.rng.pick(&all).map(|told| (*told).clone())
    }

    /// Everything that happens in a world, and what holds afterwards.
    pub(crate) fn play(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS {
            self.round()?;
            check::final_states_stay(self)?;
        }
        self.settle()?;
        self.finish()?;
        check::history(self)
    }

    fn round(&mut self) -> Result<(), String> {
        if self.rng.percent(30) {
            self.turn_clock();
        }
        if self.rng.percent(4) {
            self.write_policy();
        }
        if self.rng.percent(12) {
            self.change_outside();
        }
        if self.rng.percent(2) {
            self.note("the process is killed");
            self.boot();
        }
        let mut tasks = Vec::new();
        for _ in 0..=self.rng.below(3) {
            tasks.extend(self.something());
        }
        self.run(tasks)
    }

    pub(crate) fn note(&mut self, what: impl Into<String>) {
        self.trace.push(what.into());
    }

    /// One thing that somebody does.
    fn something(&mut self) -> Vec<Task> {
        let dice = self.rng.below(100);
        let one = match dice {
            0..17 => ("propose", agents::propose(self)),
            17..31 => ("claim", agents::claim(self)),
            31..36 => ("start", agents::start(self)),
            36..41 => ("report", agents::report(self)),
            41..43 => ("cancel", agents::cancel(self)),
            43..44 => ("ask", agents::ask(self)),
            44..53 => ("read", reviewers::read(self)),
            53..56 => ("undo", reviewers::undo(self)),
            56..58 => ("propose undo", agents::propose_undo(self)),
            58..73 => {
                self.note("vote");
                return reviewers::vote(self);
            }
            73..75 => ("misdirect", reviewers::misdirect(self)),
            75..77 => ("stop", reviewers::stop(self)),
            77..80 => ("lift", reviewers::lift(self)),
            80..81 => ("stop action", reviewers::stop_action(self)),
            81..83 => ("steer", reviewers::steer(self)),
            83..84 if self.rng.percent(50) => ("set wake", reviewers::set_wake(self)),
            83..84 => ("lift denial", reviewers::lift_denial(self)),
            84..85 => ("hand over", reviewers::hand_over(self)),
            85..88 => ("grant", reviewers::grant(self)),
            88..89 => ("revoke", reviewers::revoke(self)),
            89..92 => ("directory", reviewers::directory(self)),
            _ => ("worker", self.worker()),
        };
        let (name, task) = one;
        self.note(name);
        task.into_iter().collect()
    }

    /// A wake-up of the worker: now and then it comes, sometimes two at once, often it is lost.
    fn worker(&mut self) -> Option<Task> {
        let what = self.rng.below(10);
        let gate = Arc::clone(&self.process.as_ref().unwrap().1);
        Some(Box::pin(async move {
            // What fails is tried again at the next wake-up.
            let _ = match what {
                0..6 => gate.pass_time().await,
                6 => gate.seal().await,
                7 => gate.reload_policy().await,
                _ => {
                    gate.work().await;
                    Ok(())
                }
            };
        }))
    }

    fn turn_clock(&mut self) {
        let rng = &mut self.rng;
        let by = match rng.below(100) {
            0..60 => i64::try_from(rng.below(40)).unwrap() * SECOND,
            60..80 => i64::try_from(60 + rng.below(900)).unwrap() * SECOND,
            80..92 => i64::try_from(rng.below(5000)).unwrap() * SECOND,
            92..94 => TEN_YEARS,
            94..96 => -TEN_YEARS,
            _ => -i64::try_from(rng.below(5000)).unwrap() * SECOND,
        };
        self.note(format!("the clock jumps by {} s", by / SECOND));
        self.hand.fetch_add(by, Ordering::Relaxed);
    }

    fn change_outside(&mut self) {
        let (name, clean) = (*self.rng.pick(&agents::NAMES).unwrap(), self.rng.percent(50));
        let mut outside = self.outside.lock().unwrap();
        match self.rng.below(10) {
            0 => outside.dark(true),
            1..3 => outside.dark(false),
            _ => outside.change(name, clean),
        }
        drop(outside);
        self.note("the world outside changes");
    }

    fn write_policy(&mut self) {
        let all = [template::USUAL, template::STRICT, template::STRICT, template::BROKEN];
        let text = *self.rng.pick(&all).unwrap();
        self.put_policy(text);
        self.note("the policy file changes");
    }

    /// Each time with a time of its own: how fast this machine is must not matter.
    fn put_policy(&mut self, text: &str) {
        self.drawn += 1;
        let path = self.dir.path().join("policy.toml");
        std::fs::write(&path, text).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(self.drawn);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    }

    /// Runs tasks together until all are done, or the process ends.
    pub(crate) fn run(&mut self, tasks: Vec<Task>) -> Result<(), String> {
        let (runtime, _) = self.process.as_ref().unwrap();
        let chance = Arc::clone(&self.chance);
        let crashed = runtime.block_on(async move {
            let mut running = tokio::task::JoinSet::new();
            for task in tasks {
                running.spawn(task);
            }
            loop {
                tokio::select! {
                    biased;
                    () = chance.ended.notified() => return Ok(true),
                    done = running.join_next() => match done {
                        None => return Ok(false),
                        Some(Ok(())) => {}
                        Some(Err(error)) => return Err(format!("the gate panicked: {error}")),
                    }
                }
            }
        })?;
        if crashed {
            self.note("the process ends in a write");
            self.boot();
        }
        Ok(())
    }

    /// Faults stop: everything that waits comes to an end.
    fn settle(&mut self) -> Result<(), String> {
        self.chance.calm(true);
        self.note("faults stop");
        self.outside.lock().unwrap().dark(false);
        self.put_policy(template::USUAL);
        self.boot();
        self.chance.calm(true);
        let seconds = [1, 1, 130, 1, 1, 30, 1, 1];
        for round in 0..40 {
            let by = seconds.get(round).copied().unwrap_or(100);
            self.hand.fetch_max(self.now(), Ordering::Relaxed);
            self.hand.fetch_add(by * SECOND, Ordering::Relaxed);
            let passed = Arc::clone(&self.process.as_ref().unwrap().1);
            self.run(vec![Box::pin(async move {
                passed.work().await;
                passed.pass_time().await.unwrap();
            })])?;
            if crate::settle::everybody_acts(self)? {
                return Ok(());
            }
        }
        Err(format!("I20: after everything was answered, this is left: {:?}", check::left(self)))
    }

    /// The log is sealed and checked, with the process gone.
    fn finish(&mut self) -> Result<(), String> {
        let gate = Arc::clone(&self.process.as_ref().unwrap().1);
        // Whoever was decided about last is woken.
        self.hand.fetch_add(100 * SECOND, Ordering::Relaxed);
        self.run(vec![Box::pin(async move {
            gate.work().await;
            gate.seal().await.unwrap();
        })])?;
        let total = self.gate().store().feed_end().unwrap().0;
        let verified = holdshort_server::audit::verify(self.data(), None);
        let found = verified.map_err(|error| format!("I5: {error}"))?;
        let sealed = found.head.map_or(0, |head| head.last);
        if found.unsealed > 0 || sealed != total {
            return Err(format!("I5: sealed up to {sealed} of {total}"));
        }
        Ok(())
    }
}
