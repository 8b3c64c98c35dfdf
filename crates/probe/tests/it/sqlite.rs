//! A real SQLite database, and statements that are more than queries.

use holdshort_core::{Bind, Look};

use crate::{look_with, settings, text};

fn shop() -> (tempfile::TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("shop.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE orders (id INTEGER, state TEXT, price REAL, note BLOB);
             INSERT INTO orders VALUES (1, 'old', 1.5, NULL), (2, 'new', 2.0, NULL),
             (3, 'old', 3.0, x'00');",
        )
        .unwrap();
    let url = format!("sqlite:{}", path.display());
    (place, url)
}

async fn ask(url: &str, query: &str, binds: Vec<Bind>) -> Result<holdshort_core::Json, String> {
    let mut settings = settings();
    settings.databases.insert("shop".into(), url.into());
    let look = Look::Sql { database: "shop".into(), query: query.into(), binds };
    look_with(settings, &look).await
}

#[tokio::test]
async fn rows_come_with_their_names_and_values_are_bound() {
    let (_place, url) = shop();
    let evil = Bind::Text("old' OR '1'='1".into());
    assert_eq!(
        text(ask(&url, "SELECT id FROM orders WHERE state = ?", vec![evil]).await),
        r#"{"rows":[]}"#
    );
    let binds = vec![Bind::Text("old".into()), Bind::Number(2)];
    let rows = ask(&url, "SELECT id, price, note FROM orders WHERE state = ? AND id < ?", binds);
    assert_eq!(text(rows.await), r#"{"rows":[{"id":1,"price":1.5,"note":null}]}"#);
}

#[tokio::test]
async fn what_does_more_than_look_is_refused() {
    let (place, url) = shop();
    for query in [
        "DELETE FROM orders",
        "UPDATE orders SET state = 'x' RETURNING id",
        "SELECT 1; DELETE FROM orders",
        "PRAGMA user_version = 7",
        "ATTACH DATABASE '/tmp/other.db' AS o",
        "WITH x AS (SELECT 1) INSERT INTO orders SELECT 9, 'x', 1, NULL",
        "SELECT load_extension('/tmp/x')",
        "SELECT note FROM orders",
        "SELECT * FROM nowhere",
        "SELECT writefile('/tmp/x', 'y')",
        "",
    ] {
        let seen = ask(&url, query, Vec::new()).await;
        assert!(seen.is_err(), "{query}: {seen:?}");
    }
    let rows =
        ask(&url, "SELECT count(*) AS n, sum(state = 'old') AS old FROM orders", vec![]).await;
    assert_eq!(text(rows), r#"{"rows":[{"n":3,"old":2}]}"#);
    drop(place);
    assert!(ask(&url, "SELECT 1", Vec::new()).await.is_err(), "no database is made");
    let nowhere = Look::Sql { database: "x".into(), query: "SELECT 1".into(), binds: vec![] };
    assert!(look_with(settings(), &nowhere).await.is_err());
}

#[tokio::test]
async fn a_query_without_end_is_ended() {
    let (_place, url) = shop();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                   SELECT count(*) FROM n";
    assert_eq!(ask(&url, endless, Vec::new()).await.unwrap_err(), "it took too long");
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    assert!(ask(&url, many, Vec::new()).await.unwrap_err().contains("more than 1000 rows"));
}

#[tokio::test]
async fn rows_are_counted() {
    let (_place, url) = shop();
    let mut settings = settings();
    settings.databases.insert("shop".into(), url);
    let count = |query: &str| Look::Rows { database: "shop".into(), query: query.into() };
    let old = count("SELECT count(*) AS count FROM orders WHERE state = 'old'");
    assert_eq!(text(look_with(settings.clone(), &old).await), r#"{"count":2}"#);
    let none = count("SELECT id AS count FROM orders WHERE id = 9");
    assert!(look_with(settings, &none).await.is_err(), "no row is not a count of 0");
}
