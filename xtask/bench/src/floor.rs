//! The floor: what disk, SQLite and loopback HTTP cost here, in this very run.

use std::io::{Read, Write};
use std::net::TcpListener;

use rusqlite::Connection;

use crate::Failed;
use crate::http::Http;
use crate::measure::{latencies, timed};

const ROUNDS: usize = 400;

pub(crate) fn run() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let mut file = std::fs::File::create(directory.path().join("sync"))?;
    let mut micros = Vec::new();
    for _ in 0..ROUNDS {
        let (result, took) = timed(|| file.write_all(&[7; 4096]).and_then(|()| file.sync_data()));
        result?;
        micros.push(took);
    }
    latencies("floor", "fdatasync of 4 KiB", micros);
    for rows in [1, 64] {
        latencies("floor", &format!("SQLite FULL commit, {rows} rows"), commits(rows)?);
    }
    latencies("floor", "loopback HTTP echo", echo()?);
    Ok(())
}

fn commits(rows: usize) -> Result<Vec<u64>, Failed> {
    let directory = tempfile::tempdir()?;
    let connection = Connection::open(directory.path().join("floor.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (body TEXT)",
    )?;
    let body = "x".repeat(500);
    let mut micros = Vec::new();
    for _ in 0..ROUNDS {
        let (result, took) = timed(|| -> rusqlite::Result<()> {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for _ in 0..rows {
                connection.prepare_cached("INSERT INTO t VALUES (?1)")?.execute([&body])?;
            }
            connection.execute_batch("COMMIT")
        });
        result?;
        micros.push(took);
    }
    Ok(micros)
}

/// A server that answers every request with the same few bytes.
fn echo() -> Result<Vec<u64>, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let server = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer)? > 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")?;
        }
        Ok(())
    });
    let mut http = Http::connect(&address, "none")?;
    let mut micros = Vec::new();
    for _ in 0..ROUNDS * 5 {
        let (result, took) = timed(|| http.get("/"));
        result?;
        micros.push(took);
    }
    drop(http);
    server.join().map_err(|_| "the echo server failed")??;
    Ok(micros)
}
