//! The server, spoken to as the protocol has it.

#![allow(clippy::unwrap_used)]

use rasteret_serve::{Fault, Options, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn serve(options: Options) -> (TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    std::fs::write(folder.path().join("d/a b.tif"), b"0123456789").unwrap();
    let server = Server::start(folder.path().join("d"), options).unwrap();
    (folder, server)
}

/// Sends a request, and returns the head and the body of the response.
fn send(server: &Server, request: &str, headers: &str) -> (String, String) {
    let address = server.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[test]
fn ranges_and_conditions() {
    let (_folder, server) = serve(Options::default());
    let (head, body) = send(&server, "GET /a%20b.tif", "");
    assert!(head.starts_with("http/1.1 200") && head.contains("content-length: 10"), "{head}");
    assert!(head.contains("last-modified: ") && head.contains("accept-ranges: bytes"), "{head}");
    assert_eq!(body, "0123456789");
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();

    let (head, body) = send(&server, "GET /a%20b.tif", "range: bytes=2-4\r\n");
    assert!(head.starts_with("http/1.1 206") && head.contains("content-range: bytes 2-4/10"), "{head}");
    assert_eq!(body, "234");
    let (head, body) = send(&server, "HEAD /a%20b.tif", "");
    assert!(head.contains("content-length: 10") && body.is_empty(), "{head}");
    let (head, _) = send(&server, "GET /a%20b.tif", "range: bytes=10-\r\n");
    assert!(head.starts_with("http/1.1 416") && head.contains("content-range: bytes */10"), "{head}");

    let (head, _) = send(&server, "GET /a%20b.tif", &format!("if-match: \"x\", {etag}\r\n"));
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let (head, _) = send(&server, "GET /a%20b.tif", "if-match: \"x\"\r\n");
    assert!(head.starts_with("http/1.1 412"), "{head}");
    let (head, _) = send(&server, "POST /a%20b.tif", "");
    assert!(head.starts_with("http/1.1 405"), "{head}");
}

#[test]
fn nothing_outside_the_folder() {
    let (folder, server) = serve(Options::default());
    std::fs::write(folder.path().join("secret"), b"secret").unwrap();
    for path in ["/none", "/", "/../secret", "/%2e%2e/secret", "//etc/passwd", "/..%2fsecret"] {
        let (head, body) = send(&server, &format!("GET {path}"), "");
        assert!(head.starts_with("http/1.1 404") && body.is_empty(), "{path}: {head}");
    }
}

#[test]
fn a_file_that_is_written_anew() {
    let (folder, server) = serve(Options::default());
    assert_eq!(send(&server, "GET /a%20b.tif", "").1, "0123456789");
    std::fs::write(folder.path().join("d/new"), b"abc").unwrap();
    std::fs::rename(folder.path().join("d/new"), folder.path().join("d/a b.tif")).unwrap();
    assert_eq!(send(&server, "GET /a%20b.tif", "").1, "abc");
}

#[test]
fn counters() {
    let (_folder, server) = serve(Options::default());
    send(&server, "GET /a%20b.tif", "range: bytes=2-4\r\n");
    send(&server, "GET /none", "");
    let (_, json) = send(&server, "GET /__stats", "");
    let stats: rasteret_serve::Stats = serde_json::from_str(&json).unwrap();
    assert_eq!((stats.requests, stats.bytes, stats.active, stats.peak), (2, 3, 0, 1));
    send(&server, "DELETE /__stats", "");
    assert_eq!((server.stats().requests, server.stats().bytes), (0, 0));
}

#[test]
fn delays_and_faults() {
    let (_folder, server) = serve(Options { delay: Duration::from_millis(50), ..Options::default() });
    let start = Instant::now();
    send(&server, "GET /a%20b.tif", "");
    assert!(start.elapsed() >= Duration::from_millis(50));
    server.set_faults([
        Some(Fault::RetryAfter(503, 7)),
        Some(Fault::IgnoreRange),
        Some(Fault::Truncate { after: 1 }),
    ]);
    let (head, _) = send(&server, "GET /a%20b.tif", "range: bytes=2-4\r\n");
    assert!(head.starts_with("http/1.1 503") && head.contains("retry-after: 7"), "{head}");
    let (head, body) = send(&server, "GET /a%20b.tif", "range: bytes=2-4\r\n");
    assert!(head.starts_with("http/1.1 200") && body == "0123456789", "{head}");
    let (head, body) = send(&server, "GET /a%20b.tif", "range: bytes=2-4\r\n");
    assert!(head.contains("content-range: bytes 2-4/10") && body == "2", "{head}");
    assert_eq!(send(&server, "GET /a%20b.tif", "range: bytes=2-4\r\n").1, "234", "the schedule is over");
}
