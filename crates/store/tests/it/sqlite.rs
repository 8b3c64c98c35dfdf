//! The story on SQLite, and what is SQLite's own: locks, migrations, many writers, permissions.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use holdshort_core::RiskLevel;
use holdshort_store::{Change, Sqlite, Store, StoreError, Tuning};
use tempfile::TempDir;

use crate::desk::{AGENT, Desk, Proposal, WORKSPACE, cause, judged, run};
use crate::{people, queue, story};

pub(crate) fn open(directory: &Path) -> Result<Sqlite, StoreError> {
    Sqlite::open(directory, Tuning::default())
}

fn fresh() -> (TempDir, Sqlite) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    (directory, store)
}

macro_rules! on_sqlite {
    ($($name:ident = $story:path;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let (_directory, store) = fresh();
            $story(&store).await;
        }
    )*};
}

on_sqlite! {
    from_proposal_to_report = story::from_proposal_to_report;
    workspaces_are_apart = story::workspaces_are_apart;
    only_one_of_two_wins = story::only_one_of_two_wins;
    repeats_are_found = story::repeats_are_found;
    labels_grow = story::labels_grow;
    open_requests_are_capped = story::open_requests_are_capped;
    a_proof_is_good_once = story::a_proof_is_good_once;
    work_is_leased = story::work_is_leased;
    held_work_stays_held = story::held_work_stays_held;
    time_wakes_what_is_due = story::time_wakes_what_is_due;
    the_feed_goes_on = story::the_feed_goes_on;
    runs_page = story::runs_page;
    riskiest_first = queue::riskiest_first;
    pages_without_gaps = queue::pages_without_gaps;
    closed_newest_first = queue::closed_newest_first;
    principals_and_groups = people::principals_and_groups;
    switching_off = people::switching_off;
    enrolling = people::enrolling;
    settings = people::settings;
}

#[tokio::test]
async fn one_server_at_a_time() {
    let (directory, store) = fresh();
    Desk::new(&store).ask(1).await;
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(&error, StoreError::InUse(_)), "{error}");
    assert!(error.to_string().contains(&directory.path().display().to_string()));
    // A short command may look and write beside it.
    let beside = Sqlite::open_beside(directory.path()).unwrap();
    Desk::seeded(&beside, 2).ask(2).await;
    assert_eq!(store.open_count(WORKSPACE).unwrap(), 2);
    drop(beside);
    drop(store);
    assert_eq!(open(directory.path()).unwrap().open_count(WORKSPACE).unwrap(), 2);
}

/// What a statement does to a database that was closed, and how opening it goes then.
fn after(sql: &str) -> StoreError {
    let (directory, store) = fresh();
    drop(store);
    let path = directory.path().join("holdshort.db");
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    open(directory.path()).unwrap_err()
}

#[test]
fn a_newer_database_is_left_alone() {
    let error = after("INSERT INTO migrations VALUES (99, x'00')");
    assert!(matches!(error, StoreError::Newer { found: 99, known } if known < 99), "{error}");
    let text = error.to_string();
    assert!(text.contains("99") && text.contains("up to "), "{text}");
}

#[test]
fn a_changed_migration_is_noticed() {
    let error = after("UPDATE migrations SET checksum = x'00' WHERE number = 1");
    assert!(matches!(error, StoreError::MigrationChanged(1)), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_said_to_be_damaged() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("holdshort.db"), "not a database, ".repeat(100)).unwrap();
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

#[tokio::test]
async fn a_failing_job_leaves_its_neighbours_alone() {
    let (_directory, store) = fresh();
    let mut desk = Desk::new(&store);
    let taken = [3; 32];
    let with = |number, dedupe| Proposal {
        dedupe,
        ..Proposal::new(run(1, AGENT), judged(RiskLevel::Dangerous, number))
    };
    desk.propose(&with(0, Some(taken))).await.unwrap();
    let good = desk.proposing(&with(1, None));
    let bad = desk.proposing(&with(2, Some(taken)));
    let better = desk.proposing(&with(3, None));
    let group = || Change::AddGroup("approvers".to_owned());
    let (good, bad, first, second, better) = tokio::join!(
        store.commit(good),
        store.commit(bad),
        store.change(WORKSPACE, vec![group()], cause()),
        store.change(
            WORKSPACE,
            vec![Change::Set("a".to_owned(), "b".to_owned()), group()],
            cause()
        ),
        store.commit(better),
    );
    assert!(good.is_ok() && first.is_ok() && better.is_ok());
    assert!(matches!(bad, Err(StoreError::Conflict)));
    assert!(matches!(second, Err(StoreError::Taken)));
    assert_eq!(store.open_count(WORKSPACE).unwrap(), 3);
    assert_eq!(store.setting(WORKSPACE, "a").unwrap(), None);
    assert_eq!(store.groups(WORKSPACE).unwrap().len(), 1);
    let places: Vec<i64> =
        store.events_after(WORKSPACE, 0, 100).unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(places, (1..=7).collect::<Vec<i64>>(), "each change is written down, without a gap");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_all_succeed() {
    const TASKS: u8 = 64;
    const EACH: u64 = 50;
    let (_directory, store) = fresh();
    let store = Arc::new(store);
    let tasks = (0..TASKS).map(|task| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut desk = Desk::seeded(&*store, u64::from(task) + 1);
            for number in 0..EACH {
                let proposal =
                    Proposal::new(run(task, AGENT), judged(RiskLevel::Dangerous, number));
                desk.propose(&proposal).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let all = u64::from(TASKS) * EACH;
    assert_eq!(store.open_count(WORKSPACE).unwrap(), all);
    let events = store.events_after(WORKSPACE, 0, u32::MAX).unwrap();
    let places: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(places, (1..=2 * i64::try_from(all).unwrap()).collect::<Vec<i64>>());
    let rows = store.open_requests(WORKSPACE, None, u32::MAX).unwrap();
    let mut numbers: Vec<u64> = rows.iter().map(|row| row.request.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=all).collect::<Vec<u64>>());
}

fn with_mode(mode: u32) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(mode)).unwrap();
    directory
}

#[test]
fn a_directory_others_can_write_is_refused() {
    for mode in [0o777, 0o720, 0o702] {
        let error = open(with_mode(mode).path()).unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{error}");
        assert!(error.to_string().contains("chmod go-w"), "{error}");
    }
    let new = tempfile::tempdir().unwrap();
    let inner = new.path().join("deep/er");
    drop(open(&inner).unwrap());
    assert_eq!(std::fs::metadata(inner).unwrap().mode() & 0o777, 0o700);
}

const READ_ONLY: &str = "HOLDSHORT_TEST_READ_ONLY";

/// The other half of the test below, as somebody who is not root.
#[test]
fn as_a_child_without_rights() {
    let Some(directory) = std::env::var_os(READ_ONLY) else { return };
    let directory = Path::new(&directory);
    for path in [directory.to_owned(), directory.join("new")] {
        let error = open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("cannot write to the data directory: "), "{text}");
        assert!(text.contains(&directory.display().to_string()), "{text}");
        assert!(text.contains("ermission denied"), "{text}");
    }
}

#[test]
fn a_read_only_directory_is_refused() {
    let directory = with_mode(0o555);
    let program = tempfile::tempdir().unwrap();
    std::fs::set_permissions(program.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let copy = program.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut command = match root {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
            command
        }
        false => Command::new(copy),
    };
    command.args(["--exact", "sqlite::as_a_child_without_rights"]);
    let output = match command.env(READ_ONLY, directory.path()).output() {
        Ok(output) => output,
        Err(error) if root => return crate::crash::say(&format!("left out, no setpriv: {error}")),
        Err(error) => panic!("{error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaint}");
    assert!(said.contains("1 passed"), "{said}");
}
