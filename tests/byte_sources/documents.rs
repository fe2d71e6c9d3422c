//! Documents, and files that are read in parts, as source adapters ask for them.

use crate::scripted::{Scripted, reply};
use crate::support::{Fixture, impatient, noise, timed, wait};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::TryStreamExt;
use rasteret::io::ByteSources;
use rasteret::schema::{Access, AccessErrorKind, DocumentRequest};
use rasteret_serve::Fault;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

const SECRET: &str = "TOPSECRETTOKEN";

fn sources() -> ByteSources {
    ByteSources::new(impatient())
}

#[test]
fn json_is_asked_for_and_sent() {
    let server = Scripted::start(|seen| reply(200, &[], format!("{} {}", seen.method, seen.target)));
    let page = format!("{}/search?page=2&limit=10", server.url);
    let document = wait(sources().fetch(DocumentRequest::get(&page))).unwrap();
    assert_eq!(
        (document.href.as_str(), &document.bytes[..]),
        (page.as_str(), &b"GET /search?page=2&limit=10"[..])
    );
    let mut request = DocumentRequest::post(format!("{}/search", server.url), r#"{"limit":10}"#);
    request.headers.push(("X-Api-Key".to_owned(), SECRET.to_owned()));
    let document = wait(sources().fetch(request)).unwrap();
    assert_eq!(&document.bytes[..], b"POST /search");
    let seen = server.seen();
    assert!(seen[0].header("accept").contains("application/geo+json"));
    assert_eq!(seen[0].header("range"), "");
    assert_eq!(
        (seen[1].header("content-type"), &seen[1].body[..]),
        ("application/json", &br#"{"limit":10}"#[..])
    );
    assert_eq!(seen[1].header("x-api-key"), SECRET);
}

#[test]
fn bodies_may_be_compressed() {
    let text = "{\"type\":\"FeatureCollection\"}".repeat(1000);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    let server = Scripted::start(move |seen| {
        assert_eq!(seen.header("accept-encoding"), "gzip");
        reply(200, &[("content-encoding", "gzip")], body.clone())
    });
    let mut request = DocumentRequest::get(&server.url);
    assert_eq!(wait(sources().fetch(request.clone())).unwrap().bytes, text);
    request.max_bytes = 1000;
    assert_eq!(wait(sources().fetch(request)).unwrap_err().kind, AccessErrorKind::TooLarge);
}

#[test]
fn what_passes_is_tried_again() {
    let turn = AtomicU32::new(0);
    let server = Scripted::start(move |_| match turn.fetch_add(1, Relaxed) {
        0 => reply(429, &[("retry-after", "1")], "slow down"),
        1 => reply(503, &[], ""),
        _ => reply(200, &[], "{}"),
    });
    let (document, took) = timed(sources().fetch(DocumentRequest::post(&server.url, "{}")));
    assert_eq!(&document.unwrap().bytes[..], b"{}");
    assert!((Duration::from_secs(1)..Duration::from_secs(3)).contains(&took), "{took:?}");
    assert_eq!(server.seen().len(), 3);
    let fixture = Fixture::new(300_000);
    for fault in
        [Fault::Reset { after: 70_000 }, Fault::Stall { after: Some(70_000) }, Fault::Stall { after: None }]
    {
        fixture.server.set_faults([Some(fault.clone()), Some(fault.clone())]);
        let document = wait(sources().fetch(DocumentRequest::get(fixture.url()))).unwrap();
        assert_eq!(document.bytes, fixture.bytes, "{fault:?}");
    }
    fixture.server.set_faults((0..9).map(|_| Some(Fault::Status(502))));
    let error = wait(sources().fetch(DocumentRequest::get(fixture.url()))).unwrap_err();
    assert_eq!(error.kind, AccessErrorKind::Unavailable);
    assert!(error.message.contains("502"), "{error}");
}

#[test]
fn errors_say_what_the_server_said_and_nothing_secret() {
    for (status, kind) in [
        (400, AccessErrorKind::Invalid),
        (422, AccessErrorKind::Invalid),
        (401, AccessErrorKind::Denied),
        (403, AccessErrorKind::Denied),
        (500, AccessErrorKind::Unavailable),
    ] {
        let server = Scripted::start(move |seen| {
            let said = format!(
                r#"{{"code":{status},"description":"bbox of {}?{SECRET} and {}"}}"#,
                "https://h/a",
                seen.header("authorization")
            );
            reply(status, &[], said)
        });
        let mut request = DocumentRequest::get(format!("{}/search?sig={SECRET}&limit=7", server.url));
        request.headers.push(("Authorization".to_owned(), format!("Bearer {SECRET}")));
        assert!(!format!("{request:?}").contains(SECRET));
        let error = wait(sources().fetch(request)).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(&status.to_string()) && error.message.contains("bbox of"), "{error}");
        assert_eq!(error.href, format!("{}/search?limit=7", server.url));
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    }
    let server = Scripted::start(|_| reply(404, &[], "no such item"));
    let error = wait(sources().fetch(DocumentRequest::get(&server.url))).unwrap_err();
    assert_eq!(error.kind, AccessErrorKind::NotFound);
}

#[test]
fn redirections_carry_nothing_secret_elsewhere() {
    let other = Scripted::start(|seen| {
        reply(200, &[], format!("{} {}", seen.method, String::from_utf8_lossy(&seen.body)))
    });
    for (status, expected) in [
        (301, "POST {\"a\":1}"),
        (302, "POST {\"a\":1}"),
        (303, "GET "),
        (307, "POST {\"a\":1}"),
        (308, "POST {\"a\":1}"),
    ] {
        let to = format!("{}/moved?sig={SECRET}", other.url);
        let server = Scripted::start(move |seen| match seen.target.as_str() {
            "/" => reply(status, &[("location", "/second")], ""),
            _ => reply(status, &[("location", &to)], ""),
        });
        let mut request = DocumentRequest::post(format!("{}/", server.url), "{\"a\":1}");
        request.headers.push(("X-Api-Key".to_owned(), SECRET.to_owned()));
        let document = wait(sources().fetch(request)).unwrap();
        assert_eq!(document.href, format!("{}/moved", other.url));
        assert_eq!(document.bytes, expected, "{status}");
        assert!(server.seen().iter().all(|seen| seen.header("x-api-key") == SECRET), "{status}");
        assert!(other.seen().iter().all(|seen| seen.header("x-api-key").is_empty()), "{status}");
    }
}

#[test]
fn files_are_opened_by_their_end() {
    let fixture = Fixture::new(200_000);
    let url = fixture.url();
    let sources = sources();
    // A server that can be asked for the end; two that cannot, and answer otherwise.
    for (faults, requests) in
        [(vec![], 1), (vec![Some(Fault::WrongRange)], 3), (vec![Some(Fault::IgnoreRange)], 3)]
    {
        fixture.server.set_faults(faults);
        fixture.server.reset_stats();
        let file = wait(sources.open_file(&url)).unwrap();
        assert_eq!((file.size(), fixture.server.stats().requests), (200_000, requests));
        assert_eq!(wait(file.read(199_000..200_000)).unwrap(), fixture.part(199_000..200_000));
        assert_eq!(fixture.server.stats().requests, requests);
        assert_eq!(wait(file.read(10..150_000)).unwrap(), fixture.part(10..150_000));
        assert_eq!(wait(file.read(5..5)).unwrap().len(), 0);
        for wrong in [199_999..200_001, 300_000..300_001] {
            assert_eq!(wait(file.read(wrong)).unwrap_err().kind, AccessErrorKind::Invalid);
        }
    }
    // Of one version.
    let file = wait(sources.open_file(&url)).unwrap();
    std::fs::write(fixture.folder.path().join(crate::support::NAME), noise(200_000 - 1)).unwrap();
    let error = wait(file.read(0..10)).unwrap_err();
    assert!(error.message.contains("changed"), "{error}");
    for size in [0, 1, 65_536] {
        let fixture = Fixture::new(size);
        let file = wait(sources.open_file(&fixture.url())).unwrap();
        assert_eq!(wait(file.read(0..size as u64)).unwrap(), fixture.bytes);
        assert_eq!(fixture.server.stats().requests, 1);
    }
}

#[test]
fn local_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b.json");
    std::fs::write(&path, "0123456789").unwrap();
    let sources = sources();
    for href in [path.to_str().unwrap().to_owned(), format!("file://{}", path.display()).replace(' ', "%20")]
    {
        let mut request = DocumentRequest::get(&href);
        let document = wait(sources.fetch(request.clone())).unwrap();
        assert_eq!((document.href, &document.bytes[..]), (href.clone(), &b"0123456789"[..]));
        request.max_bytes = 9;
        assert_eq!(wait(sources.fetch(request)).unwrap_err().kind, AccessErrorKind::TooLarge);
        let file = wait(sources.open_file(&href)).unwrap();
        assert_eq!((file.size(), file.version().size), (10, Some(10)));
        assert_eq!(&wait(file.read(2..5)).unwrap()[..], b"234");
        assert_eq!(wait(file.read(5..11)).unwrap_err().kind, AccessErrorKind::Invalid);
    }
    let files: Vec<_> = wait(sources.list(folder.path().to_str().unwrap()).try_collect()).unwrap();
    assert_eq!((files.len(), files[0].size), (1, 10));
    let none = folder.path().join("none");
    assert_eq!(
        wait(sources.fetch(DocumentRequest::get(none.to_str().unwrap()))).unwrap_err().kind,
        AccessErrorKind::NotFound
    );
    assert_eq!(wait(sources.open_file(none.to_str().unwrap())).unwrap_err().kind, AccessErrorKind::NotFound);
}

/// [`Access::open`], which an inherent method of the same name hides.
trait OpenFile: Access {
    fn open_file<'a>(
        &'a self,
        href: &'a str,
    ) -> futures::future::BoxFuture<
        'a,
        Result<std::sync::Arc<dyn rasteret::schema::RandomAccess>, rasteret::schema::AccessError>,
    > {
        Access::open(self, href)
    }
}

impl OpenFile for ByteSources {}
