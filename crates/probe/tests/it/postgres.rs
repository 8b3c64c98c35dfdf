//! A real PostgreSQL, started by the test as a user without rights.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use holdshort_core::{Bind, Look};

use crate::{look_with, settings, text};

struct Server {
    child: Child,
    place: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT ends it at once and cleanly; it is this test's own child.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|one| one.path().join("bin").join(name)).collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path).map(|directory| directory.join(name)));
    found.into_iter().find(|path| path.is_file())
}

/// The same command, as `nobody` when the test runs as root, which PostgreSQL refuses.
fn as_nobody(program: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command
}

/// A server with a table, or nothing where there is no PostgreSQL.
fn server() -> Option<(Server, String)> {
    let (Some(initdb), Some(postgres)) = (program("initdb"), program("postgres")) else {
        eprintln!("left out: there is no PostgreSQL on this machine");
        return None;
    };
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(place.path(), open).unwrap();
    let made = as_nobody(&initdb)
        .args(["-D", data.to_str().unwrap(), "-U", "shop", "-A", "trust", "--no-sync"])
        .current_dir(place.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let socket = place.path().to_str().unwrap().to_owned();
    let child = as_nobody(&postgres)
        .args(["-D", data.to_str().unwrap(), "-k", &socket, "-c", "listen_addresses="])
        .args(["-c", "fsync=off"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!("postgres://shop@/postgres?host={}", socket.replace('/', "%2F"));
    Some((Server { child, place }, url))
}

async fn ask(url: &str, query: &str, binds: Vec<Bind>) -> Result<holdshort_core::Json, String> {
    let mut settings = settings();
    settings.databases.insert("shop".into(), url.into());
    let look = Look::Sql { database: "shop".into(), query: query.into(), binds };
    look_with(settings, &look).await
}

async fn fill(url: &str) {
    let until = Instant::now() + Duration::from_secs(30);
    let (client, connection) = loop {
        match tokio_postgres::connect(url, tokio_postgres::NoTls).await {
            Ok(connected) => break connected,
            Err(error) if Instant::now() > until => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    tokio::spawn(connection);
    client
        .batch_execute(
            "CREATE TABLE orders (id bigint, n int, state varchar(9), ok boolean, at timestamptz);
             INSERT INTO orders SELECT i, i, CASE WHEN i % 2 = 0 THEN 'old' ELSE 'new' END, true,
             now() FROM generate_series(1, 10) i;
             CREATE SEQUENCE steps;
             CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS
             'DELETE FROM orders; SELECT 1';",
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_postgresql_is_looked_at_and_not_changed() {
    let Some((server, url)) = server() else { return };
    fill(&url).await;
    let binds = vec![Bind::Text("4".into()), Bind::Number(6), Bind::Text("old".into())];
    let query = "SELECT id, n, state, ok FROM orders WHERE (id = ? OR n = ?) AND state = ?";
    let four = r#"{"id":4,"n":4,"state":"old","ok":true}"#;
    let six = r#"{"id":6,"n":6,"state":"old","ok":true}"#;
    assert_eq!(text(ask(&url, query, binds).await), format!(r#"{{"rows":[{four},{six}]}}"#));
    let evil = vec![Bind::Text("x' OR true --".into())];
    let none = ask(&url, "SELECT id FROM orders WHERE state = ?", evil).await;
    assert_eq!(text(none), r#"{"rows":[]}"#);
    for (query, says) in [
        ("SELECT wipe() AS x", "read-only transaction"),
        ("SELECT nextval('steps') AS x", "read-only transaction"),
        ("DELETE FROM orders RETURNING id", "syntax error"),
        ("SELECT 1) AS a; DELETE FROM orders; SELECT * FROM (SELECT 1", "multiple commands"),
        ("SELECT at FROM orders", "cast it to text"),
        ("SELECT id FROM nowhere", "does not exist"),
        ("SELECT 1 AS x WHERE ? = 'a'", "another number of values"),
        ("SELECT pg_sleep(60)::text AS x", ""),
    ] {
        let seen = ask(&url, query, Vec::new()).await.unwrap_err();
        assert!(seen.contains(says), "{query}: {seen}");
    }
    let left = ask(&url, "SELECT count(*) AS n FROM orders", Vec::new()).await;
    assert_eq!(text(left), r#"{"rows":[{"n":10}]}"#);
    let secret = "postgres://shop:hunter2@/x?host=/nowhere";
    let seen = ask(secret, "SELECT 1", Vec::new()).await.unwrap_err();
    assert!(!seen.contains("hunter2"), "{seen}");
    drop(server.place.path().to_owned());
    drop(server);
}
