//! One statement in a database that the plan names. What it says is the caller's; nothing of a
//! call is put into its text, values go in as parameters.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use rusqlite::types::{Value as Cell, ValueRef};
use serde_json::{Map, Value, json};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use super::{Call, Database, Failed};

/// Rows that are given.
const ROWS: usize = 10_000;

/// Checks what a plan says of a database.
pub(super) fn check(database: &Database) -> Result<(), String> {
    match (&database.url, &database.url_env) {
        (None, Some(_)) => Ok(()),
        (Some(url), None) if url.starts_with("sqlite:") => Ok(()),
        (Some(url), None) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            let config =
                tokio_postgres::Config::from_str(url).map_err(|error| error.to_string())?;
            match config.get_password() {
                None => Ok(()),
                Some(_) => Err("an address with a password belongs into `url_env`".into()),
            }
        }
        (Some(_), None) => Err("`url` begins with sqlite: or postgres://".into()),
        _ => Err("it has either `url` or `url_env`".into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a plan names the variable, never the password")]
fn address(database: &Database) -> Result<String, Failed> {
    match (&database.url, &database.url_env) {
        (Some(url), _) => Ok(url.clone()),
        (None, Some(name)) => std::env::var(name)
            .map_err(|_| Failed(format!("${name} is not set: it has the address"))),
        (None, None) => Err(Failed("the database has no address".into())),
    }
}

pub(super) async fn run(
    databases: &BTreeMap<String, Database>,
    call: &Call,
) -> Result<String, Failed> {
    let named = call.text("database")?;
    let database = databases.get(named);
    let database = database.ok_or_else(|| Failed(format!("there is no database `{named}`")))?;
    let (url, sql) = (address(database)?, call.text("sql")?.to_owned());
    let params = match call.arguments.get("params") {
        None => Vec::new(),
        Some(Value::Array(params)) => params.clone(),
        Some(_) => return Err(Failed("`params` must be a list".into())),
    };
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let path = path.to_owned();
            let running = tokio::task::spawn_blocking(move || sqlite(&path, &sql, &params));
            running.await.map_err(Failed::from)?
        }
        None => postgres(&url, &sql, &params).await,
    }
}

fn sqlite(path: &str, sql: &str, params: &[Value]) -> Result<String, Failed> {
    let connection = rusqlite::Connection::open(path).map_err(Failed::from)?;
    connection.busy_timeout(Duration::from_secs(10)).map_err(Failed::from)?;
    let mut statement = connection.prepare(sql).map_err(Failed::from)?;
    let cells = params.iter().map(cell);
    if statement.column_count() == 0 {
        let changed = statement.execute(rusqlite::params_from_iter(cells)).map_err(Failed::from)?;
        return Ok(format!("{changed} rows changed"));
    }
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query(rusqlite::params_from_iter(cells)).map_err(Failed::from)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(Failed::from)? {
        let mut members = Map::new();
        for (at, name) in names.iter().enumerate() {
            members.insert(name.clone(), value(row.get_ref(at).map_err(Failed::from)?));
        }
        found.push(Value::Object(members));
    }
    rows_text(found)
}

fn rows_text(rows: Vec<Value>) -> Result<String, Failed> {
    if rows.len() > ROWS {
        return Err(Failed(format!("there are more than {ROWS} rows")));
    }
    Ok(Value::Array(rows).to_string())
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(yes) => Cell::Integer(i64::from(*yes)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cell::Integer(whole),
            None => Cell::Real(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cell::Text(text.clone()),
        other => Cell::Text(other.to_string()),
    }
}

fn value(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(whole) => json!(whole),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => json!(format!("{} bytes", bytes.len())),
    }
}

async fn postgres(url: &str, sql: &str, params: &[Value]) -> Result<String, Failed> {
    let mut config = tokio_postgres::Config::from_str(url)
        .map_err(|_| Failed("the address of the database is none".into()))?;
    if config.get_ssl_mode() == SslMode::Require {
        return Err(Failed("databases are asked without TLS, and this one requires it".into()));
    }
    config.ssl_mode(SslMode::Disable).connect_timeout(Duration::from_secs(10));
    let (client, connection) = config.connect(NoTls).await.map_err(told)?;
    let driving = tokio::spawn(connection);
    let said = ask(&client, sql, params).await;
    drop(client);
    // The connection ends with its client.
    let _ = driving.await;
    said
}

async fn ask(
    client: &tokio_postgres::Client,
    sql: &str,
    params: &[Value],
) -> Result<String, Failed> {
    let statement = client.prepare(sql).await.map_err(told)?;
    let (takes, has) = (statement.params().len(), params.len());
    if takes != has {
        return Err(Failed(format!("the statement takes {takes} values and has {has}")));
    }
    let params: Vec<Param> = params.iter().map(Param::of).collect();
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
    if statement.columns().is_empty() {
        let changed = client.execute(&statement, &params).await.map_err(told)?;
        return Ok(format!("{changed} rows changed"));
    }
    let rows = client.query(&statement, &params).await.map_err(told)?;
    rows_text(rows.iter().map(row).collect())
}

/// A value as text: the server reads it as the type that the statement wants there.
#[derive(Debug)]
struct Param(Option<String>);

impl Param {
    fn of(value: &Value) -> Self {
        Self(match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
    }
}

impl ToSql for Param {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

fn row(row: &tokio_postgres::Row) -> Value {
    let cell = |(at, column): (usize, &tokio_postgres::Column)| {
        let whole = row.try_get::<_, Option<i64>>(at).map(|value| json!(value));
        let value = whole
            .or_else(|_| row.try_get::<_, Option<i32>>(at).map(|value| json!(value)))
            .or_else(|_| row.try_get::<_, Option<f64>>(at).map(|value| json!(value)))
            .or_else(|_| row.try_get::<_, Option<bool>>(at).map(|value| json!(value)))
            .or_else(|_| row.try_get::<_, Option<String>>(at).map(|value| json!(value)));
        let other = || json!(format!("a value of type {}", column.type_()));
        (column.name().to_owned(), value.unwrap_or_else(|_| other()))
    };
    Value::Object(row.columns().iter().enumerate().map(cell).collect())
}

/// What the server said, with what it names.
fn told(error: tokio_postgres::Error) -> Failed {
    match error.as_db_error() {
        Some(said) => Failed(said.message().to_owned()),
        None => Failed(error.to_string()),
    }
}
