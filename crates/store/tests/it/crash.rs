//! What was acknowledged is there after the process is killed, whenever that was.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use holdshort_core::{ActionId, RiskLevel};
use holdshort_store::{Sqlite, Store};

use crate::desk::{AGENT, Desk, Proposal, WORKSPACE, judged, run};
use crate::sqlite::open;

const DIRECTORY: &str = "HOLDSHORT_TEST_CRASH";
const WRITERS: u8 = 8;

/// Prints a line at once, so that it is out before anything else happens.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever reads may be gone by now.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

async fn write_for_ever(store: Arc<Sqlite>, writer: u8, seed: u64) {
    let mut desk = Desk::seeded(&*store, seed + u64::from(writer));
    for number in 0.. {
        let proposal =
            Proposal::new(run(writer, AGENT), judged(RiskLevel::Dangerous, (seed << 20) + number));
        let id = desk.propose(&proposal).await.unwrap();
        say(&format!("ack proposed {id}"));
        if number % 3 == 0 {
            desk.deny(id).await;
            say(&format!("ack denied {id}"));
        }
    }
}

/// The other half of the test below: writes until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_child_that_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let store = Arc::new(open(Path::new(&directory)).unwrap());
    let seed = (u64::try_from(store.feed_end().unwrap().0).unwrap() + 1) << 8;
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write_for_ever(Arc::clone(&store), writer, seed)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Runs the child until it acknowledged so much, kills it, and gives back all it acknowledged.
fn killed_after(directory: PathBuf, enough: usize) -> Vec<(bool, ActionId)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::as_a_child_that_is_killed", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut alive = true;
    // What was printed before the kill was acknowledged, also when it is read after it. The last
    // line may be torn.
    for line in lines.map_while(Result::ok) {
        let Some((_, line)) = line.split_once("ack ") else { continue };
        let Some((what, id)) = line.split_once(' ') else { continue };
        acknowledged.extend(id.parse().map(|id| (what == "denied", id)));
        if acknowledged.len() >= enough && alive {
            alive = false;
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(!alive, "the child ended by itself after {}", acknowledged.len());
    acknowledged
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for enough in [1, 40, 150, 300] {
        acknowledged.extend(killed_after(directory.path().to_owned(), enough));
        let store = open(directory.path()).unwrap();
        for (denied, id) in &acknowledged {
            let aggregate = store.aggregate(WORKSPACE, *id).unwrap();
            let (action, _) = aggregate.and_then(|rows| rows.action).expect("a lost commit");
            assert!(!denied || action.state.name() == "denied", "a lost denial");
        }
        let events = store.events_after(WORKSPACE, 0, u32::MAX).unwrap();
        let places: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let end = i64::try_from(places.len()).unwrap();
        assert_eq!(places, (1..=end).collect::<Vec<i64>>(), "no gap");
        for stored in events {
            let action = stored.event.action.unwrap();
            let rows = store.aggregate(WORKSPACE, action).unwrap();
            assert!(rows.is_some(), "an event without its row");
        }
    }
    assert!(acknowledged.len() >= 491);
}
