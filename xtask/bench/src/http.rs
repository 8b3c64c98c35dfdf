//! The least HTTP client there can be, so that what is measured is the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::Failed;

/// One connection that is kept.
pub(crate) struct Http {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Http {
    pub(crate) fn connect(address: &str, token: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let head = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n");
        Ok(Self { stream: BufReader::new(stream), head })
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Vec<u8>, Failed> {
        self.send(&format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head))
    }

    /// Sends a JSON body; `extra` are further header lines.
    pub(crate) fn post(&mut self, path: &str, extra: &str, body: &str) -> Result<Vec<u8>, Failed> {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\n{}Content-Type: application/json\r\n{extra}\
             Content-Length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        ))
    }

    /// Puts a JSON body.
    pub(crate) fn put(&mut self, path: &str, body: &str) -> Result<Vec<u8>, Failed> {
        self.send(&format!(
            "PUT {path} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n\
             {body}",
            self.head,
            body.len()
        ))
    }

    fn send(&mut self, request: &str) -> Result<Vec<u8>, Failed> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let ok = line.starts_with("HTTP/1.1 2");
        let status = line.trim().to_owned();
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if line == "\r\n" || line.is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        match ok {
            true => Ok(body),
            false => Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into()),
        }
    }
}

/// A text among the members of a JSON object, by path.
pub(crate) fn text(body: &[u8], path: &[&str]) -> Result<String, Failed> {
    let json: serde_json::Value = serde_json::from_slice(body)?;
    let value = path.iter().try_fold(&json, |value, name| value.get(*name));
    match value {
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
        None => Err(format!("no {path:?} in {json}").into()),
    }
}
