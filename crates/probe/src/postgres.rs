//! A query of a PostgreSQL database: in a transaction that only reads and is rolled back.

use std::str::FromStr;
use std::time::Duration;

use holdshort_core::{Bind, Json};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use crate::sql::ROWS;
use crate::{NotKnown, number};

/// The connection's other half, ended with the look.
struct Driving(tokio::task::JoinHandle<()>);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) async fn ask(
    url: &str,
    query: &str,
    binds: &[Bind],
    timeout: Duration,
) -> Result<Json, NotKnown> {
    // The address may hold a password: nothing of it is said.
    let mut config =
        Config::from_str(url).map_err(|_| NotKnown::because("the address is no address"))?;
    if config.get_ssl_mode() == SslMode::Require {
        let because = "databases are asked without TLS, and this one requires it";
        return Err(NotKnown::because(because));
    }
    config.ssl_mode(SslMode::Disable).connect_timeout(timeout).application_name("holdshort");
    let (mut client, connection) = config.connect(NoTls).await.map_err(refused)?;
    let _driving = Driving(tokio::spawn(async move {
        // Whoever uses the connection is told that it ended.
        let _ = connection.await;
    }));
    read(&mut client, query, binds, timeout).await
}

async fn read(
    client: &mut Client,
    query: &str,
    binds: &[Bind],
    timeout: Duration,
) -> Result<Json, NotKnown> {
    let reading = client.build_transaction().read_only(true).start().await.map_err(refused)?;
    let millis = timeout.as_millis();
    reading
        .batch_execute(&format!("SET LOCAL statement_timeout = {millis}"))
        .await
        .map_err(refused)?;
    let numbered = numbered(query);
    // Asked for through a subquery: what is not a query of its own does not parse.
    let bounded = format!("SELECT * FROM ({numbered}) AS look LIMIT {}", ROWS + 1);
    let statement = reading.prepare(&bounded).await.map_err(refused)?;
    let values = values(&statement, binds)?;
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
    let rows = reading.query(&statement, &values).await.map_err(refused)?;
    // Dropped without a commit: rolled back.
    drop(reading);
    if rows.len() > ROWS {
        return Err(NotKnown::because(format!("there are more than {ROWS} rows")));
    }
    let rows: Result<Vec<Json>, NotKnown> = rows.iter().map(row).collect();
    Ok(Json::Object(vec![("rows".to_owned(), Json::Array(rows?))]))
}

fn refused(error: tokio_postgres::Error) -> NotKnown {
    match error.as_db_error() {
        Some(error) => NotKnown::said("the database refuses: ", error.message()),
        None => NotKnown::said("the database cannot be asked: ", error),
    }
}

/// The query with `$1`, `$2`, … for each `?` that stands outside quotes and comments.
fn numbered(query: &str) -> String {
    let mut out = String::new();
    let mut count = 0;
    let mut inside: Option<char> = None;
    for character in query.chars() {
        match (inside, character) {
            (None, '?') => {
                count += 1;
                out.push_str(&format!("${count}"));
                continue;
            }
            (None, '\'' | '"') => inside = Some(character),
            (Some(quote), character) if quote == character => inside = None,
            _ => {}
        }
        out.push(character);
    }
    out
}

type Bound = Box<dyn ToSql + Sync + Send>;

/// The values in the types that the query wants.
fn values(statement: &Statement, binds: &[Bind]) -> Result<Vec<Bound>, NotKnown> {
    if statement.params().len() != binds.len() {
        return Err(NotKnown::because("the query takes another number of values"));
    }
    let pairs = statement.params().iter().zip(binds);
    pairs.map(|(wanted, bind)| value(wanted, bind)).collect()
}

fn value(wanted: &Type, bind: &Bind) -> Result<Bound, NotKnown> {
    let text = match bind {
        Bind::Number(number) => number.to_string(),
        Bind::Text(text) => text.clone(),
    };
    let wrong = || NotKnown::said("a value does not fit the column's type ", wanted.name());
    Ok(match *wanted {
        Type::INT2 => Box::new(text.parse::<i16>().map_err(|_| wrong())?),
        Type::INT4 => Box::new(text.parse::<i32>().map_err(|_| wrong())?),
        Type::INT8 => Box::new(text.parse::<i64>().map_err(|_| wrong())?),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => Box::new(text),
        _ => return Err(wrong()),
    })
}

fn row(row: &Row) -> Result<Json, NotKnown> {
    let mut members = Vec::new();
    for (index, column) in row.columns().iter().enumerate() {
        let unreadable = || {
            let said = "this column's type is not read (cast it to text): ";
            NotKnown::said(said, column.name())
        };
        let value = cell(row, index, column.type_()).ok_or_else(unreadable)?;
        members.push((column.name().to_owned(), value));
    }
    Ok(Json::Object(members))
}

fn cell(row: &Row, index: usize, of: &Type) -> Option<Json> {
    let value = match *of {
        Type::BOOL => row.try_get::<_, Option<bool>>(index).ok()?.map(Json::Bool),
        Type::INT2 => row.try_get::<_, Option<i16>>(index).ok()?.map(number),
        Type::INT4 => row.try_get::<_, Option<i32>>(index).ok()?.map(number),
        Type::INT8 => row.try_get::<_, Option<i64>>(index).ok()?.map(number),
        Type::FLOAT8 => {
            let value = row.try_get::<_, Option<f64>>(index).ok()?;
            match value {
                Some(value) if !value.is_finite() => return None,
                value => value.map(number),
            }
        }
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
            row.try_get::<_, Option<String>>(index).ok()?.map(Json::String)
        }
        _ => return None,
    };
    Some(value.unwrap_or(Json::Null))
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_places_for_values_are_numbered() {
        let query = "SELECT '?' AS \"a?\", b FROM t WHERE c IN (?, ?) AND d = 'it''s ?'";
        let numbered = super::numbered(query);
        assert_eq!(
            numbered,
            "SELECT '?' AS \"a?\", b FROM t WHERE c IN ($1, $2) AND d = 'it''s ?'"
        );
    }
}
