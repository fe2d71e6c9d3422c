//! Object stores whose servers do not work: the same outcomes as over plain HTTP.

use crate::support::{Fixture, impatient, timed, wait};
use rasteret::io::{ByteSource, ByteSourceError, ByteSources, SourceOptions};
use rasteret_serve::Fault;
use std::time::Duration;

/// Object stores on the fixture's server, to which nothing is signed.
pub fn stores(fixture: &Fixture, options: &SourceOptions) -> ByteSources {
    let mut options = SourceOptions {
        endpoint: Some(fixture.server.base_url()),
        allow_http: true,
        anonymous: true,
        ..options.clone()
    };
    options.store.insert("azure_storage_account_name".to_owned(), "account".to_owned());
    ByteSources::new(options)
}

/// The served file as an object of each store: its folder is the bucket.
pub fn open(stores: &ByteSources) -> [ByteSource; 3] {
    ["s3", "gs", "az"].map(|scheme| stores.open(&format!("{scheme}://scene/B 04.tif"), None).unwrap())
}

#[test]
fn ranges_are_those_of_the_object() {
    let fixture = Fixture::new(50_000);
    let http = wait(fixture.source().read_start(100)).unwrap();
    for source in open(&stores(&fixture, &impatient())) {
        assert_eq!(wait(source.read_start(100)).unwrap(), http, "{source:?}");
        for range in [0..1, 7..5000, 0..50_000, 49_999..50_000] {
            let fetched = wait(source.read(range.clone())).unwrap();
            assert_eq!((&fetched.bytes[..], fetched.requests), (fixture.part(range), 1), "{source:?}");
        }
    }
    assert!(fixture.server.stats().connections <= 2, "{:?}", fixture.server.stats());
}

#[test]
fn faults_pass_or_end_in_the_error_of_their_kind() {
    let fixture = Fixture::new(50_000);
    let passing = [
        Fault::Status(500),
        Fault::RetryAfter(503, 0),
        Fault::Status(429),
        Fault::Reset { after: 0 },
        Fault::Reset { after: 7000 },
        Fault::Truncate { after: 7000 },
        Fault::Stall { after: Some(7000) },
    ];
    let last = [
        (Fault::Status(404), "not-found"),
        (Fault::Status(403), "access-denied"),
        (Fault::Status(401), "access-denied"),
        (Fault::Status(412), "stale-header"),
        (Fault::OtherSize, "stale-header"),
        (Fault::OtherEtag, "stale-header"),
        (Fault::Status(400), "wrong-response"),
        (Fault::WrongRange, "wrong-response"),
        (Fault::IgnoreRange, "ranges-not-supported"),
    ];
    for source in open(&stores(&fixture, &impatient())) {
        fixture.server.set_faults([]);
        wait(source.read(0..10)).unwrap();
        for fault in &passing {
            fixture.server.set_faults([Some(fault.clone()), Some(fault.clone())]);
            let (result, took) = timed(source.read(1000..30_000));
            let fetched = result.unwrap_or_else(|error| panic!("{fault:?} {source:?}: {error:?}"));
            assert_eq!((&fetched.bytes[..], fetched.requests), (fixture.part(1000..30_000), 3), "{fault:?}");
            assert!(took < Duration::from_secs(3), "{fault:?}: {took:?}");
        }
        for (fault, kind) in &last {
            fixture.server.set_faults([Some(fault.clone())]);
            fixture.server.reset_stats();
            let error = wait(source.read(1000..30_000)).unwrap_err();
            assert_eq!(error.kind(), *kind, "{fault:?} {source:?}: {error:?}");
            assert_eq!(fixture.server.stats().requests, 1, "{fault:?} {source:?}");
        }
        fixture.server.set_faults((0..9).map(|_| Some(Fault::Status(503))));
        let error = wait(source.read(0..10)).unwrap_err();
        assert!(matches!(error, ByteSourceError::Unreachable { attempts: 4, .. }), "{error:?}");
    }
}
