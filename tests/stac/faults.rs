//! Servers that are busy, break, or never end.

use crate::paging::{base, item, landing, page};
use crate::scripted::{Scripted, reply};
use crate::support::{ids, read, source};
use rasteret::schema::Selection;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The number that a URL ends with.
fn number(target: &str) -> usize {
    target.rsplit_once('=').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}

#[test]
fn busy_servers_are_asked_again() {
    let turn = AtomicUsize::new(0);
    let server = Scripted::start(move |seen| {
        if seen.target == "/" {
            return landing(seen, &["GET"]);
        }
        match turn.fetch_add(1, Relaxed) {
            1 => reply(429, &[("retry-after", "1")], "slow down"),
            3 => reply(500, &[], "oops"),
            4 => reply(503, &[], ""),
            _ => {
                let at = number(&seen.target) % 250;
                let links = vec![json!({"rel": "next", "href": format!("/search?token={}", at + 1)})];
                page([item(at)], if at < 3 { links } else { Vec::new() })
            }
        }
    });
    let start = Instant::now();
    assert_eq!(ids(&source(&server.url), &Selection::default()), ["i0", "i1", "i2", "i3"]);
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&start.elapsed()));
}

#[test]
fn errors_say_what_the_server_said() {
    for (status, body) in [(500, "the database is down"), (400, r#"{"description": "limit is too large"}"#)] {
        let server = Scripted::start(move |seen| match seen.target.as_str() {
            "/" => landing(seen, &["POST"]),
            "/search" => reply(status, &[], body),
            _ => reply(404, &[], ""),
        });
        let error = read(&source(&server.url).page_size(9), &Selection::default()).unwrap_err().to_string();
        let said = if status == 500 { "database is down" } else { "limit is too large" };
        assert!(error.contains(said) && error.contains(&status.to_string()), "{error}");
        assert_eq!(status == 400, error.contains("size of the pages"), "{error}");
    }
}

#[test]
fn broken_pages_are_errors() {
    for body in ["{\"type\": \"FeatureCollection\", \"features\": [", "<html>", "[]x", "{}", "7"] {
        let server = Scripted::start(move |seen| match seen.target.as_str() {
            "/" => landing(seen, &["GET"]),
            target if target.contains("token") => reply(200, &[], body),
            _ => page([item(0)], vec![json!({"rel": "next", "href": "/search?token=1"})]),
        });
        let error = read(&source(&server.url), &Selection::default()).unwrap_err().to_string();
        assert!(error.contains("/search"), "{body}: {error}");
    }
}

/// What ends only if nobody believes its links.
#[test]
fn endless_lists_are_errors() {
    type Next = fn(usize) -> usize;
    let same: Next = |_| 0;
    let circle: Next = |at| (at + 1) % 4;
    let empty: Next = |at| at + 1;
    let stuck: Next = |at| at + 1;
    for (kind, next) in [("same", same), ("circle", circle), ("empty", empty), ("stuck", stuck)] {
        let server = Scripted::start(move |seen| {
            if seen.target == "/" {
                return landing(seen, &["GET"]);
            }
            let at = if seen.target.contains("token") { number(&seen.target) } else { 0 };
            let links =
                vec![json!({"rel": "next", "href": format!("{}/search?token={}", base(seen), next(at))})];
            match kind {
                "empty" => page([], links),
                "stuck" => page([item(7)], links),
                _ => page([item(at)], links),
            }
        });
        let error = read(&source(&server.url), &Selection::default()).unwrap_err().to_string();
        assert!(error.contains("do not end"), "{kind}: {error}");
        assert!(server.seen().len() < 30, "{kind}");
    }
}

/// Items that shift from page to page while they are read come once.
#[test]
fn an_item_on_two_pages_comes_once() {
    let server = Scripted::start(|seen| {
        if seen.target == "/" {
            return landing(seen, &["GET"]);
        }
        match seen.target.contains("token") {
            false => page([item(0), item(1)], vec![json!({"rel": "next", "href": "/search?token=1"})]),
            true => page([item(1), item(2), json!("no item")], Vec::new()),
        }
    });
    let (records, failures) = read(&source(&server.url), &Selection::default()).unwrap();
    assert_eq!(records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["i0", "i1", "i2"]);
    assert!(failures.len() == 1 && failures[0].message.contains("feature 2"), "{failures:?}");
}

/// A key goes to the server that it is for, on every page, and to no other.
#[test]
fn headers_go_to_their_server_alone() {
    let other = Scripted::start(|_| page([item(9)], Vec::new()));
    let elsewhere = format!("{}/items.json", other.url);
    let server = Scripted::start(move |seen| {
        if seen.header("x-api-key") != "HUSHHUSH" {
            return reply(401, &[], "who are you?");
        }
        match seen.target.as_str() {
            "/" => landing(seen, &["POST"]),
            "/search" => page(
                [item(0)],
                vec![json!({"rel": "next", "method": "GET", "href": "/page/2",
                "headers": {"X-Api-Key": "other", "X-More": "1"}})],
            ),
            _ => page([item(1)], vec![json!({"rel": "next", "href": elsewhere})]),
        }
    });
    let source = source(&server.url).header("X-API-Key", "HUSHHUSH");
    assert_eq!(ids(&source, &Selection::default()), ["i0", "i1", "i9"]);
    assert_eq!(server.seen().last().unwrap().header("x-more"), "1");
    assert!(other.seen().iter().all(|seen| seen.header("x-api-key").is_empty()));
    let error = read(&crate::support::source(&server.url), &Selection::default()).unwrap_err().to_string();
    assert!(error.contains("who are you?"), "{error}");
}

/// One page is asked for while the one before it is consumed, and no more.
#[test]
fn one_page_is_read_ahead() {
    use futures::StreamExt;
    use rasteret::blocking::Wait;
    use rasteret::schema::SourceAdapter;
    let server = Scripted::start(|seen| {
        if seen.target == "/" {
            return landing(seen, &["GET"]);
        }
        let at = if seen.target.contains("token") { number(&seen.target) } else { 0 };
        let links = vec![json!({"rel": "next", "href": format!("/search?token={}", at + 1)})];
        page((at * 1000..(at + 1) * 1000).map(item), links)
    });
    let (source, selection) = (source(&server.url), Selection::default());
    let mut batches = source.records(&selection);
    for read in 1..=3 {
        assert_eq!(batches.next().wait().unwrap().unwrap().records.num_rows(), 1000);
        std::thread::sleep(Duration::from_millis(300));
        let seen = server.seen().len();
        // The landing page and two pages, then one more each time.
        assert_eq!(seen, if read == 1 { 3 } else { 1 });
    }
}
