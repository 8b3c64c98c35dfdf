//! Web servers, good and bad, on a socket of the test.

use holdshort_core::{Look, Reads};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{look_with, settings, text};

/// Answers every connection with these bytes; then either ends it or goes on with the last ones.
async fn serve(answer: &'static str, for_ever: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0u8; 4096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(answer.as_bytes()).await;
                while for_ever && socket.write_all(&[b'x'; 1024]).await.is_ok() {}
            });
        }
    });
    format!("http://127.0.0.1:{}/x", address.port())
}

async fn get(url: &str) -> Result<holdshort_core::Json, String> {
    let mut settings = settings();
    settings.hosts = vec!["127.0.0.1".into()];
    let look = Look::Http { url: url.into(), headers: Vec::new(), reads: Reads::Json };
    look_with(settings, &look).await
}

#[tokio::test]
async fn an_answer_of_200_is_read() {
    let good = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\": 1}";
    assert_eq!(text(get(&serve(good, false).await).await), r#"{"a":1}"#);
}

#[tokio::test]
async fn anything_else_is_not_known() {
    for (answer, for_ever, says) in [
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            false,
            "302",
        ),
        ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", false, "500"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\": 1}", false, "cut off"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", false, "no JSON"),
        ("HTTP/1.1 200 OK\r\n\r\n", true, "more than 65536 bytes"),
        ("nonsense", false, "no answer"),
    ] {
        let seen = get(&serve(answer, for_ever).await).await.unwrap_err();
        assert!(seen.contains(says), "{answer}: {seen}");
    }
    for (url, says) in [
        ("http://127.0.0.1:1/", "no answer"),
        ("http://localhost:1/", "not to be asked"),
        ("http://127.0.0.1@evil.example/", "not to be asked"),
        ("file:///etc/passwd", ""),
        ("ftp://127.0.0.1/", "not to be asked"),
    ] {
        let seen = get(url).await.unwrap_err();
        assert!(seen.contains(says), "{url}: {seen}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = get(&format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(seen.contains("took too long") || seen.contains("timeout"), "{seen}");
}
