//! Servers that do not work, during a read: it gives the right pixels, or the error of the fault's kind,
//! within bounded time.

use crate::support::{Fixture, by_rows, impatient, soon};
use rasteret::blocking::Wait;
use rasteret::io::SourceOptions;
use rasteret::{AreaArray, Collection, Error, Filter, PixelArray};
use rasteret_serve::Fault;
use std::time::{Duration, Instant};

/// One band of the first scene, a request a row of tiles.
async fn read(fixture: &Fixture, all: &Collection) -> Result<AreaArray, Error> {
    let scene = all.subset(Filter::new().ids([&fixture.archive.scenes()[0].id]));
    scene.read(fixture.area(40.0, 40.0, 300.0, 400.0)).bands(["B04"]).limits(by_rows()).array().await
}

fn expected(fixture: &Fixture) -> PixelArray {
    let local = fixture.local();
    read(fixture, &local.all).wait().unwrap().pixels
}

#[test]
fn what_passes_is_recovered_from() {
    let fixture = Fixture::new();
    let expected = expected(&fixture);
    let built = fixture.http();
    let late = Fault::Delay(Duration::from_millis(50));
    for fault in Fault::transient(7000).into_iter().chain([late]) {
        // Of the four requests, some fail, once or twice.
        fixture.server.set_faults([Some(fault.clone()), None, Some(fault.clone()), Some(fault.clone())]);
        let started = Instant::now();
        let array = read(&fixture, &built.all).wait().unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(array.pixels, expected, "{fault:?}");
        assert!(started.elapsed() < Duration::from_secs(3), "{fault:?}: {:?}", started.elapsed());
        if !matches!(fault, Fault::Delay(_)) {
            assert!(array.statistics.requests >= 5, "{fault:?}: {}", array.statistics.requests);
        }
    }
}

#[test]
fn what_does_not_pass_is_an_error_of_its_kind() {
    let fixture = Fixture::new();
    let built = fixture.http();
    for (fault, kind) in [
        (Fault::Status(500), "unreachable"),
        (Fault::Status(503), "unreachable"),
        (Fault::RetryAfter(429, 0), "unreachable"),
        (Fault::RetryAfter(503, 3600), "unreachable"),
        (Fault::Reset { after: 700 }, "unreachable"),
        (Fault::Truncate { after: 700 }, "unreachable"),
        (Fault::TruncateChunked { after: 700 }, "unreachable"),
        (Fault::Stall { after: None }, "unreachable"),
        (Fault::Stall { after: Some(700) }, "unreachable"),
        (Fault::Status(404), "not-found"),
        (Fault::Status(410), "not-found"),
        (Fault::Status(401), "access-denied"),
        (Fault::Status(403), "access-denied"),
        (Fault::Status(412), "stale-header"),
        (Fault::Status(400), "wrong-response"),
        (Fault::Status(206), "wrong-response"),
        (Fault::WrongRange, "wrong-response"),
        (Fault::IgnoreRange, "ranges-not-supported"),
        (Fault::OtherEtag, "stale-header"),
        (Fault::OtherSize, "stale-header"),
    ] {
        fixture.server.set_faults((0..100).map(|_| Some(fault.clone())));
        let started = Instant::now();
        let error = read(&fixture, &built.all).wait().map(|array| array.statistics).unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert!(error.to_string().contains("B04.tif"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(5), "{fault:?}: {:?}", started.elapsed());
    }
}

#[test]
fn a_file_that_changed_is_not_read_with_its_old_header() {
    let fixture = Fixture::new();
    let built = fixture.http();
    read(&fixture, &built.all).wait().unwrap();
    // The same bytes but for the last, at another time.
    let path = fixture.archive.path(&fixture.archive.scenes()[0], fixture.archive.bands()[0]);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::thread::sleep(Duration::from_millis(1100));
    std::fs::write(&path, bytes).unwrap();
    let error = read(&fixture, &built.all).wait().unwrap_err();
    assert_eq!(error.kind(), "stale-header", "{error}");
    assert!(error.to_string().contains("build the collection again"), "{error}");
}

#[test]
fn a_dropped_read_asks_for_nothing_more() {
    let fixture = Fixture::new();
    let built = fixture.http();
    // The server answers nothing, and one request at a time is made.
    let all = built.with(SourceOptions {
        max_requests_per_host: 1,
        stall_timeout: Duration::from_secs(60),
        timeout: Duration::from_secs(60),
        ..impatient()
    });
    fixture.server.set_faults((0..100).map(|_| Some(Fault::Stall { after: None })));
    fixture.server.reset_stats();
    let mut reading = Box::pin(read(&fixture, &all));
    let waker = futures::task::noop_waker();
    let started = Instant::now();
    while fixture.server.stats().requests == 0 {
        assert!(reading.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
        assert!(started.elapsed() < Duration::from_secs(5), "no request is made");
    }
    drop(reading);
    soon("the server sees that nobody waits", || fixture.server.stats().active == 0);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(fixture.server.stats().requests, 1);
    // Others are not held up by what it left.
    fixture.server.set_faults([]);
    read(&fixture, &all).wait().unwrap();
}
