//! Servers that do not work: each fault passes, or ends in the error of its kind, within bounded time.

use crate::support::{Fixture, bytes, impatient, timed, wait};
use rasteret::io::{ByteSourceError, ByteSources, SourceOptions};
use rasteret::{Error, Location};
use rasteret_serve::Fault;
use std::net::TcpListener;
use std::time::Duration;

const SIZE: usize = 200_000;

/// Reads a range while the server has faults, with a version known and without.
fn read(
    fixture: &Fixture,
    faults: &[Fault],
) -> Vec<(Result<rasteret::io::Fetched, ByteSourceError>, Duration)> {
    let version = fixture.version();
    let sources = ByteSources::new(impatient());
    [None, Some(&version)]
        .into_iter()
        .map(|version| {
            fixture.server.set_faults(faults.iter().cloned().map(Some));
            timed(sources.open(&fixture.url(), version).unwrap().read(1000..150_000))
        })
        .collect()
}

#[test]
fn what_passes_is_tried_again() {
    let fixture = Fixture::new(SIZE);
    // A byte is missing.
    let almost = Fault::Truncate { after: 148_999 };
    for fault in Fault::transient(70_000).into_iter().chain([almost]) {
        for times in 1..=3 {
            for (result, took) in read(&fixture, &vec![fault.clone(); times]) {
                let fetched = result.unwrap_or_else(|error| panic!("{fault:?} {times} times: {error}"));
                assert_eq!(fetched.bytes, fixture.part(1000..150_000), "{fault:?}");
                assert_eq!(fetched.requests as usize, times + 1, "{fault:?}");
                assert!(took < Duration::from_secs(3), "{fault:?}: {took:?}");
            }
        }
    }
}

#[test]
fn what_does_not_pass_is_given_up() {
    let fixture = Fixture::new(SIZE);
    for (fault, word) in [
        (Fault::Status(500), "500"),
        (Fault::Status(503), "503"),
        (Fault::RetryAfter(429, 0), "429"),
        (Fault::Reset { after: 70_000 }, "body"),
        (Fault::Truncate { after: 70_000 }, "70000"),
        (Fault::TruncateChunked { after: 70_000 }, "70000 of 149000"),
        (Fault::Stall { after: Some(70_000) }, "nothing came"),
        (Fault::Stall { after: None }, "no answer"),
    ] {
        for (result, took) in read(&fixture, &vec![fault.clone(); 10]) {
            let error = result.unwrap_err();
            let ByteSourceError::Unreachable { attempts, cause, .. } = &error else {
                panic!("{fault:?}: {error:?}")
            };
            assert_eq!(*attempts, 4, "{fault:?}");
            assert!(cause.contains(word), "{fault:?}: {cause}");
            assert!(took < Duration::from_secs(5), "{fault:?}: {took:?}");
        }
    }
}

#[test]
fn what_is_final_is_not_tried_again() {
    type Is = fn(&ByteSourceError) -> bool;
    let cases: [(Fault, Is); 11] = [
        (Fault::Status(404), |error| matches!(error, ByteSourceError::NotFound)),
        (Fault::Status(410), |error| matches!(error, ByteSourceError::NotFound)),
        (Fault::Status(401), |error| matches!(error, ByteSourceError::AccessDenied { .. })),
        (Fault::Status(403), |error| matches!(error, ByteSourceError::AccessDenied { .. })),
        (Fault::Status(412), |error| matches!(error, ByteSourceError::Changed { .. })),
        (Fault::Status(400), |error| matches!(error, ByteSourceError::WrongResponse(_))),
        (Fault::Status(204), |error| matches!(error, ByteSourceError::WrongResponse(_))),
        (Fault::Status(206), |error| matches!(error, ByteSourceError::WrongResponse(_))),
        (Fault::Status(416), |error| matches!(error, ByteSourceError::WrongResponse(_))),
        (Fault::WrongRange, |error| matches!(error, ByteSourceError::WrongResponse(_))),
        (Fault::IgnoreRange, |error| matches!(error, ByteSourceError::RangesNotSupported)),
    ];
    let fixture = Fixture::new(SIZE);
    for (fault, is_right) in cases {
        for (result, _) in read(&fixture, std::slice::from_ref(&fault)) {
            let error = result.unwrap_err();
            assert!(is_right(&error), "{fault:?}: {error:?}");
        }
        assert_eq!(fixture.server.stats().requests, 2, "{fault:?}");
    }
}

#[test]
fn another_version_is_noticed() {
    let fixture = Fixture::new(SIZE);
    let version = fixture.version();
    let sources = ByteSources::new(impatient());
    for fault in [Fault::OtherEtag, Fault::OtherSize] {
        // Between the build and the read.
        fixture.server.set_faults([Some(fault.clone())]);
        let source = sources.open(&fixture.url(), Some(&version)).unwrap();
        assert!(matches!(wait(source.read(0..100)), Err(ByteSourceError::Changed { .. })), "{fault:?}");
        // Between two reads.
        fixture.server.set_faults([None, Some(fault.clone())]);
        let source = sources.open(&fixture.url(), None).unwrap();
        assert_eq!(bytes(wait(source.read(0..100))), fixture.part(0..100));
        assert!(matches!(wait(source.read(100..200)), Err(ByteSourceError::Changed { .. })), "{fault:?}");
        // Between two attempts.
        fixture.server.set_faults([Some(Fault::Reset { after: 5 }), Some(fault.clone())]);
        let source = sources.open(&fixture.url(), Some(&version)).unwrap();
        assert!(matches!(wait(source.read(0..100)), Err(ByteSourceError::Changed { .. })), "{fault:?}");
    }
}

#[test]
fn a_server_that_ignores_ranges_sends_little() {
    let fixture = Fixture::new(64 << 20);
    fixture.server.set_faults([Some(Fault::IgnoreRange), Some(Fault::IgnoreRange)]);
    let (result, took) = timed(fixture.source().read(1000..2000));
    assert!(matches!(result, Err(ByteSourceError::RangesNotSupported)), "{result:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    let (result, _) = timed(fixture.source().read_start(1000));
    assert!(matches!(result, Err(ByteSourceError::RangesNotSupported)), "{result:?}");
}

#[test]
fn pauses_that_are_asked_for() {
    let fixture = Fixture::new(SIZE);
    fixture.server.set_faults([Some(Fault::RetryAfter(429, 1))]);
    let (result, took) = timed(fixture.source().read(0..100));
    assert_eq!(bytes(result), fixture.part(0..100));
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
    // One that is longer than the read may take is not waited for.
    fixture.server.set_faults([Some(Fault::RetryAfter(503, 3600))]);
    let (result, took) = timed(fixture.source().read(0..100));
    let error = result.unwrap_err();
    assert!(error.to_string().contains("3600 s"), "{error}");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn a_read_takes_no_longer_than_it_may() {
    let fixture = Fixture::new(SIZE);
    let options = SourceOptions { timeout: Duration::from_millis(400), retries: 1000, ..impatient() };
    let source = ByteSources::new(options).open(&fixture.url(), None).unwrap();
    fixture.server.set_faults((0..1000).map(|_| Some(Fault::Stall { after: Some(10) })));
    let (result, took) = timed(source.read(0..100));
    assert!(matches!(result, Err(ByteSourceError::Unreachable { .. })), "{result:?}");
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let source = ByteSources::new(impatient()).open(&format!("http://127.0.0.1:{port}/a.tif"), None).unwrap();
    let (result, took) = timed(source.read(0..100));
    let error = result.unwrap_err();
    assert!(matches!(error, ByteSourceError::Unreachable { attempts: 4, .. }), "{error:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(Error::from_byte_source(&Location::default(), error).kind(), "unreachable");
}
