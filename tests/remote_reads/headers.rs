//! The engine reads the headers that a source did not.

use crate::support::{Built, Fixture, impatient, listed};
use rasteret::Database;
use rasteret::blocking::Wait;
use rasteret::io::ByteSources;
use rasteret_serve::Fault;

#[test]
fn one_request_a_file() {
    let fixture = Fixture::new();
    let built = fixture.http();
    // Three scenes of two files; the third band is one of these.
    assert_eq!(fixture.server.stats().requests, 6);
    assert_eq!(built.summary.requests, 6);
    assert_eq!(built.summary.bytes, fixture.server.stats().bytes);
    assert_eq!((built.summary.records, built.summary.headers), (3, 9));
    assert!(!built.summary.cached);

    fixture.server.reset_stats();
    let source = listed(fixture.records(&fixture.server.base_url(), ""));
    let again = built.database.build(source).name("all").run().wait().unwrap();
    assert!(again.cached);
    assert_eq!((again.headers, again.requests, fixture.server.stats().requests), (9, 0, 0));
}

#[test]
fn records_lie_where_their_headers_say() {
    let fixture = Fixture::new();
    let (here, there) = (fixture.local(), fixture.http());
    let records = |built: &Built| {
        let mut records = rasteret::query::json_rows(&built.all.head(10).unwrap()).unwrap();
        records.iter_mut().for_each(|record| drop(record.remove("assets")));
        records
    };
    assert_eq!(records(&here), records(&there));
    assert_eq!(records(&there)[0]["proj:epsg"], 32643);
    assert!(records(&there)[0]["geometry"].as_str().unwrap().starts_with("POLYGON"));
}

#[test]
fn what_fails_is_named_and_the_rest_is_there() {
    let fixture = Fixture::new();
    let scenes = fixture.archive.scenes();
    let path =
        |scene: usize, band: usize| fixture.archive.path(&scenes[scene], fixture.archive.bands()[band]);
    // One band is missing, one damaged, and one no raster.
    std::fs::remove_file(path(0, 1)).unwrap();
    let damaged = std::fs::read(path(1, 1)).unwrap();
    std::fs::write(path(1, 1), &damaged[..200]).unwrap();
    std::fs::write(path(2, 1), "<html>not here</html>").unwrap();
    let built = fixture.http();
    assert_eq!((built.summary.records, built.summary.headers), (3, 6));
    let mut failed: Vec<(&str, &str, &str)> = built
        .summary
        .failed
        .iter()
        .map(|it| (it.id.as_deref().unwrap(), it.band.as_deref().unwrap(), it.kind.as_str()))
        .collect();
    failed.sort_unstable();
    let mut expected = [
        (scenes[0].id.as_str(), "B08", "not-found"),
        (scenes[1].id.as_str(), "B08", "corrupt-header"),
        (scenes[2].id.as_str(), "B08", "wrong-format"),
    ];
    expected.sort_unstable();
    assert_eq!(failed, expected);
    // The other bands can be read, and why that one cannot is said.
    let area = fixture.area(10.0, 10.0, 50.0, 50.0);
    assert_eq!(built.all.read(area.clone()).bands(["B04"]).table().wait().unwrap().num_rows(), 3);
    let error = built.all.read(area).bands(["B08"]).table().wait().unwrap_err();
    assert!(error.to_string().contains("B08"), "{error}");
    // A cached build knows the failures, and a strict one is an error that names the first.
    let source = || listed(fixture.records(&fixture.server.base_url(), ""));
    let again = built.database.build(source()).name("all").run().wait().unwrap();
    assert_eq!(again.failed.len(), 3);
    let strict = built.database.build(source()).name("all").strict(true).run().wait().unwrap_err();
    assert_eq!(strict.kind(), "build-failures");
}

#[test]
fn a_header_survives_faults() {
    let fixture = Fixture::new();
    let faults = [
        Fault::Status(503),
        Fault::Reset { after: 100 },
        Fault::Truncate { after: 0 },
        Fault::Stall { after: None },
        Fault::RetryAfter(429, 0),
        Fault::TruncateChunked { after: 3 },
    ];
    fixture.server.set_faults(faults.into_iter().map(Some));
    let built = fixture.http();
    assert_eq!((built.summary.headers, built.summary.failed.len()), (9, 0));
    assert_eq!(built.summary.requests, 12);
}

/// A server whose first files only can be had: the build is run again once it is well.
#[test]
fn an_interrupted_build_goes_on() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_writable(folder.path().join("a.rasteret")).unwrap();
    let database = database.with_sources(ByteSources::new(impatient()));
    let source = || listed(fixture.records(&fixture.server.base_url(), ""));
    // The second batch hangs, and the build is dropped meanwhile.
    let hangs =
        [None, None, None, None, Some(Fault::Stall { after: None }), Some(Fault::Stall { after: None })];
    fixture.server.set_faults(hangs);
    let first_batch = || database.collection("all").is_ok_and(|all| all.info().unwrap().records == 2);
    let mut build = Box::pin(database.build(source()).name("all").run());
    while !first_batch() {
        let waker = futures::task::noop_waker();
        let polled = build.as_mut().poll(&mut std::task::Context::from_waker(&waker));
        if polled.is_ready() {
            break;
        }
    }
    drop(build);
    fixture.server.set_faults([]);
    let before = fixture.server.stats().requests;
    let summary = database.build(source()).name("all").run().wait().unwrap();
    assert_eq!((summary.records, summary.headers, summary.cached), (3, 9, false));
    assert!(summary.requests <= 2, "headers that are there are not read again: {}", summary.requests);
    assert_eq!(fixture.server.stats().requests - before, summary.requests);
}

#[test]
fn a_long_header_is_learned_from() {
    use rasteret::geotiff::write::{Blocks, CogOptions, Image, write_cog};
    use rasteret::schema::{Asset, Geotransform};
    let fixture = Fixture::new();
    // 4096 tiles of 16²: offsets and counts alone take 48 KB.
    for name in 0..20 {
        let samples = vec![0_u8; 1024 * 1024];
        let image = Image::new(1024, 1024, 1, samples).unwrap();
        let options = CogOptions {
            blocks: Blocks::Tiles { width: 16, height: 16 },
            transform: Some(Geotransform::new(10.0, 0.0, 700_000.0, 0.0, -10.0, 1_500_000.0)),
            geo_keys: Some(fixture.archive.scenes()[0].geo_keys()),
            ..CogOptions::default()
        };
        let path = fixture.archive.folder().join(format!("{name}.tif"));
        write_cog(&options, &image, None, &mut std::fs::File::create(path).unwrap()).unwrap();
    }
    let template = fixture.records("", "").remove(0);
    let record = |name: u32| rasteret::schema::Record {
        id: format!("{name}"),
        assets: vec![Asset {
            band: "B1".to_owned(),
            href: fixture.server.url(&format!("{name}.tif")),
            band_index: None,
        }],
        ..template.clone()
    };
    let built = Built::new(listed((0..20).map(record)), impatient());
    assert_eq!((built.summary.headers, built.summary.failed.len()), (20, 0));
    // Those of the first batches needed a second request, for nobody knew.
    assert!((21..32).contains(&built.summary.requests), "{}", built.summary.requests);
}
