//! A query of a SQLite database: read-only, one statement, bounded in time and rows.

use std::sync::mpsc;
use std::time::Duration;

use holdshort_core::{Bind, Json};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql};

use crate::{NotKnown, blocking, number};

/// Rows that are read at most.
pub(crate) const ROWS: usize = 1000;

struct Bound<'a>(&'a Bind);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Bind::Number(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Bind::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// Ends a query that goes on when nobody waits for it any more.
struct Interrupt(rusqlite::InterruptHandle);

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

pub(crate) async fn ask(
    path: String,
    query: String,
    binds: Vec<Bind>,
    timeout: Duration,
) -> Result<Json, NotKnown> {
    let (give, take) = mpsc::channel();
    let work = blocking(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)
            .map_err(|error| NotKnown::said("the database does not open: ", error))?;
        // Nobody takes it when the look is given up already; then it ends by itself.
        let _ = give.send(connection.get_interrupt_handle());
        rows(&connection, &query, &binds, timeout)
            .map_err(|error| NotKnown::said("the query fails: ", error))?
    });
    let mut work = std::pin::pin!(work);
    let mut guard = None;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = tick.tick(), if guard.is_none() => {
                guard = take.try_recv().ok().map(Interrupt);
            }
        }
    }
}

fn rows(
    connection: &Connection,
    query: &str,
    binds: &[Bind],
    timeout: Duration,
) -> rusqlite::Result<Result<Json, NotKnown>> {
    connection.busy_timeout(timeout.min(Duration::from_secs(1)))?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    let word: String = query.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    // `readonly` is said of ATTACH and some pragmas as well.
    let selects = ["select", "with", "values"].contains(&word.to_lowercase().as_str());
    let mut statement = connection.prepare(query)?;
    if !selects || !statement.readonly() {
        return Ok(Err(NotKnown::because("the query does more than look")));
    }
    read(&mut statement, binds)
}

fn read(statement: &mut Statement<'_>, binds: &[Bind]) -> rusqlite::Result<Result<Json, NotKnown>> {
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let bound: Vec<Bound<'_>> = binds.iter().map(Bound).collect();
    let mut found = statement.query(rusqlite::params_from_iter(bound))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        if rows.len() == ROWS {
            return Ok(Err(NotKnown::because(format!("there are more than {ROWS} rows"))));
        }
        let mut members = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match value(row.get_ref(index)?) {
                Some(value) => members.push((name.clone(), value)),
                None => return Ok(Err(NotKnown::said("this column holds no text: ", name))),
            }
        }
        rows.push(Json::Object(members));
    }
    Ok(Ok(Json::Object(vec![("rows".to_owned(), Json::Array(rows))])))
}

fn value(value: ValueRef<'_>) -> Option<Json> {
    Some(match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(value) => number(value),
        ValueRef::Real(value) if value.is_finite() => number(value),
        ValueRef::Text(text) => Json::String(std::str::from_utf8(text).ok()?.to_owned()),
        ValueRef::Real(_) | ValueRef::Blob(_) => return None,
    })
}
