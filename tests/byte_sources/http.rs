//! A server that works.

use crate::support::{Fixture, NAME, bytes, impatient, noise, soon, wait};
use futures::FutureExt;
use futures::future::join_all;
use rasteret::io::{ByteSourceError, ByteSources, SourceOptions};
use rasteret::schema::ObjectVersion;
use rasteret_serve::Fault;
use std::time::Duration;

#[test]
fn ranges_are_those_of_the_file() {
    let fixture = Fixture::new(300_000);
    let local =
        ByteSources::default().open(fixture.folder.path().join(NAME).to_str().unwrap(), None).unwrap();
    let remote = fixture.source();
    assert!(local.is_local() && !remote.is_local());
    for range in [0..1, 0..300_000, 7..5000, 299_999..300_000, 1000..200_000, 5..5] {
        let fetched = wait(remote.read(range.clone())).unwrap();
        assert_eq!(fetched.bytes, wait(local.read(range.clone())).unwrap().bytes, "{range:?}");
        assert_eq!(fetched.bytes, fixture.part(range.clone()));
        assert_eq!(fetched.requests, u32::from(!range.is_empty()));
    }
    for range in [299_999..300_001, 300_000..300_001, 10..u64::MAX] {
        for source in [&local, &remote] {
            let error = wait(source.read(range.clone())).unwrap_err();
            assert!(matches!(error, ByteSourceError::BeyondEnd { size: 300_000, .. }), "{range:?}: {error}");
        }
    }
}

#[test]
fn the_start_comes_with_the_version() {
    let fixture = Fixture::new(5000);
    let (start, version) = wait(fixture.source().read_start(1000)).unwrap();
    assert_eq!((&start.bytes[..], start.requests), (fixture.part(0..1000), 1));
    assert_eq!(version.size, Some(5000));
    assert!(version.etag.as_deref().unwrap().starts_with('"'));
    let modified = std::fs::metadata(fixture.folder.path().join(NAME)).unwrap().modified().unwrap();
    let seconds = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    assert_eq!(version.last_modified, Some(seconds * 1_000_000));
    // A file that is shorter comes whole, from servers with and without ranges.
    assert_eq!(wait(fixture.source().read_start(9999)).unwrap().0.bytes, fixture.bytes);
    fixture.server.set_faults([Some(Fault::IgnoreRange)]);
    let (whole, again) = wait(fixture.source().read_start(9999)).unwrap();
    assert_eq!((&whole.bytes[..], &again), (&fixture.bytes[..], &version));
    assert_eq!(fixture.server.stats().requests, 3);
}

#[test]
fn an_empty_file() {
    let fixture = Fixture::new(0);
    let (start, version) = wait(fixture.source().read_start(100)).unwrap();
    assert_eq!((start.bytes.len(), version.size), (0, Some(0)));
    let error = wait(fixture.source().read(0..1)).unwrap_err();
    assert!(matches!(error, ByteSourceError::BeyondEnd { size: 0, .. }), "{error}");
}

#[test]
fn connections_are_kept() {
    let fixture = Fixture::new(100_000);
    let sources = ByteSources::new(impatient());
    for i in 0..50 {
        // Every read opens its own source, as every scene does.
        let source = sources.open(&fixture.url(), None).unwrap();
        assert_eq!(
            bytes(wait(source.read(i * 1000..i * 1000 + 1000))),
            fixture.part(i * 1000..i * 1000 + 1000)
        );
    }
    let stats = fixture.server.stats();
    assert_eq!((stats.requests, stats.connections, stats.bytes), (50, 1, 50_000));
}

#[test]
fn a_host_gets_so_many_requests_at_once() {
    let fixture = Fixture::new(100_000);
    let sources = ByteSources::new(SourceOptions { max_requests_per_host: 3, ..impatient() });
    fixture.server.set_faults((0..30).map(|_| Some(Fault::Delay(Duration::from_millis(5)))));
    // Clones share the limit.
    let source = || sources.clone().open(&fixture.url(), None).unwrap();
    let reads = join_all((0..30).map(|i| {
        let source = source();
        async move { source.read(i * 100..i * 100 + 100).await }
    }));
    for (i, read) in wait(reads).into_iter().enumerate() {
        let start = i as u64 * 100;
        assert_eq!(bytes(read), fixture.part(start..start + 100));
    }
    let stats = fixture.server.stats();
    assert!((2..=3).contains(&stats.peak), "{stats:?}");
}

#[test]
fn a_version_that_is_expected() {
    let fixture = Fixture::new(5000);
    let version = fixture.version();
    let sources = ByteSources::new(impatient());
    let source = sources.open(&fixture.url(), Some(&version)).unwrap();
    assert_eq!(bytes(wait(source.read(10..20))), fixture.part(10..20));
    let wrong = [
        ObjectVersion { size: Some(4999), ..version.clone() },
        ObjectVersion { etag: Some("\"other\"".to_owned()), ..version.clone() },
        ObjectVersion { etag: None, last_modified: Some(0), ..version.clone() },
    ];
    for version in wrong {
        let source = sources.open(&fixture.url(), Some(&version)).unwrap();
        let error = wait(source.read(10..20)).unwrap_err();
        assert!(matches!(error, ByteSourceError::Changed { .. }), "{version:?}: {error}");
        assert!(matches!(wait(source.read_start(10)), Err(ByteSourceError::Changed { .. })));
    }
    // A weak tag cannot be asked for, but it can be compared (RFC 9110, 8.8.3.2).
    let weak = version.etag.as_ref().map(|etag| format!("W/{etag}"));
    let source = sources.open(&fixture.url(), Some(&ObjectVersion { etag: weak, ..version })).unwrap();
    assert_eq!(bytes(wait(source.read(10..20))), fixture.part(10..20));
}

#[test]
fn parts_of_two_versions_make_no_file() {
    let fixture = Fixture::new(5000);
    let source = fixture.source();
    assert_eq!(bytes(wait(source.read(0..100))), fixture.part(0..100));
    std::fs::write(fixture.folder.path().join(NAME), noise(6000)).unwrap();
    let error = wait(source.read(100..200)).unwrap_err();
    assert!(matches!(error, ByteSourceError::Changed { .. }), "{error}");
    assert_eq!(wait(fixture.source().read(100..200)).unwrap().bytes.len(), 100);
}

#[test]
fn redirections_are_followed() {
    let fixture = Fixture::new(5000);
    fixture.server.set_faults([Some(Fault::Redirect(fixture.url()))]);
    assert_eq!(bytes(wait(fixture.source().read(10..20))), fixture.part(10..20));
    fixture
        .server
        .set_faults((0..20).map(|_| Some(Fault::Redirect(format!("{}?sig=secret", fixture.url())))));
    fixture.server.reset_stats();
    let error = wait(fixture.source().read(10..20)).unwrap_err();
    assert!(matches!(&error, ByteSourceError::WrongResponse(why) if why.contains("redirect")), "{error:?}");
    assert!(!format!("{error:?}").contains("secret"));
    assert!(fixture.server.stats().requests <= 7, "{:?}", fixture.server.stats());
}

#[test]
fn a_read_that_is_dropped_ends_its_request() {
    let fixture = Fixture::new(50_000_000);
    let source = ByteSources::default().open(&fixture.url(), None).unwrap();
    for fault in [
        Fault::Stall { after: None },
        Fault::Stall { after: Some(1000) },
        Fault::Delay(Duration::from_secs(60)),
    ] {
        fixture.server.set_faults([Some(fault.clone())]);
        let mut read = Box::pin(source.read(0..2000));
        assert!(read.as_mut().now_or_never().is_none());
        soon("the request is there", || fixture.server.stats().active == 1);
        drop(read);
        soon("the request ends", || fixture.server.stats().active == 0);
    }
    // Nothing is left behind: the next read has its turn at once.
    assert_eq!(bytes(wait(source.read(0..10))), fixture.part(0..10));
}
