//! The same headers and arrays, wherever the files lie.

use crate::support::{Built, Fixture, S3, by_rows, impatient};
use rasteret::blocking::{Wait, WaitEach};
use rasteret::dataset::Mosaic;
use rasteret::geometry::Points;
use rasteret::warp::Method;
use rasteret::{Area, Crs, HeaderDescription};

/// What does not depend on where the file lies.
fn header(built: &Built, id: &str, band: &str) -> HeaderDescription {
    let header = built.all.header(id, band).unwrap();
    HeaderDescription { href: String::new(), etag: None, last_modified: None, ..header }
}

#[test]
fn http_s3_and_paths_give_the_same() {
    let fixture = Fixture::new();
    let s3 = S3::start(fixture.folder());
    let local = fixture.local();
    let remote = [fixture.http(), fixture.build("s3://data", "", s3.options())];
    let polygon = Area::wkt(
        "POLYGON ((702000 1499000, 703500 1498800, 704000 1496000, 701000 1496500, 702000 1499000),
                  (702500 1498000, 702900 1498000, 702900 1497500, 702500 1498000))",
    )
    .unwrap()
    .with_crs(Crs::from_epsg(32643));
    let west =
        |built: &Built| built.all.subset(rasteret::Filter::new().ids([&fixture.archive.scenes()[0].id]));
    for built in &remote {
        assert_eq!((built.summary.records, built.summary.headers), (3, 9));
        assert!(built.summary.failed.is_empty(), "{:?}", built.summary.failed);
        for scene in fixture.archive.scenes() {
            for band in ["B04", "B08", "RED"] {
                assert_eq!(header(built, &scene.id, band), header(&local, &scene.id, band));
                let header = built.all.header(&scene.id, band).unwrap();
                assert!(header.etag.is_some() && header.last_modified.is_some() && header.size.is_some());
            }
        }
        for area in
            [fixture.area(30.0, 50.0, 300.0, 200.0), polygon.clone(), fixture.area(-5.0, 500.0, 40.0, 40.0)]
        {
            let array = |built: &Built| west(built).read(area.clone()).array().wait().unwrap();
            let (here, there) = (array(&local), array(built));
            assert_eq!(here.pixels, there.pixels);
            assert_eq!(here.valid, there.valid);
            assert_eq!(here.slices, there.slices);
            assert_eq!(here.statistics.requests, 0);
            assert!(there.statistics.requests > 0);

            // Scenes of two zones, resampled.
            let warped = |built: &Built| {
                let read = built.all.read(area.clone()).resolution(25.0, 25.0).resampling(Method::Bilinear);
                read.array().wait().unwrap()
            };
            let (here, there) = (warped(&local), warped(built));
            assert_eq!(here.pixels, there.pixels);
            assert_eq!(here.slices, there.slices);

            let table = |built: &Built| built.all.read(area.clone()).table().wait().unwrap();
            assert_eq!(table(&local), table(built));

            let dataset = |built: &Built| {
                let dataset = built.all.read(area.clone()).bands(["B08", "B04"]).dataset(Mosaic::First);
                dataset.wait().unwrap()
            };
            let (here, there) = (dataset(&local), dataset(built));
            assert_eq!(here.shape(), there.shape());
            for (here, there) in here.variables().iter().zip(there.variables()) {
                assert_eq!(here.pixels, there.pixels);
                assert_eq!(here.valid, there.valid);
            }
        }
        let samples = |built: &Built| {
            let (x, y) = fixture.archive.scenes()[0].origin;
            let at = |i: i32| (x + f64::from(i * 37 % 5300) - 100.0, y - f64::from(i * 53 % 5300) + 100.0);
            let (xs, ys) = (0..500).map(at).unzip();
            let points = Points::new(xs, ys).with_crs(Crs::from_epsg(32643));
            let stream = built.all.sample(points).bands(["B04", "B08"]).stream().unwrap();
            stream.wait_each().map(Result::unwrap).collect::<Vec<_>>()
        };
        assert!(samples(&local).iter().map(|batch| batch.num_rows()).sum::<usize>() > 1500);
        assert_eq!(samples(&local), samples(built));
    }
}

#[test]
fn a_read_needs_no_request_but_those_for_its_tiles() {
    let fixture = Fixture::new();
    let built = fixture.http();
    fixture.server.reset_stats();
    // Three tiles of one row, three of the next, of two bands of two scenes.
    let area = fixture.area(10.0, 10.0, 300.0, 200.0);
    let read = || built.all.read(area.clone()).bands(["B04", "B08"]);
    let array = read().table().wait().unwrap();
    assert_eq!(array.num_rows(), 6);
    let files = 6;
    // The gap between both rows is a tile: it is read over.
    assert_eq!(fixture.server.stats().requests, files);

    fixture.server.reset_stats();
    read().limits(by_rows()).table().wait().unwrap();
    let scenes_in_zone_43 = 2;
    let requests = fixture.server.stats().requests;
    assert!(requests >= files + scenes_in_zone_43 * 2, "a request a row of tiles: {requests}");
    assert!(requests <= files * 3, "tiles of one row come together: {requests}");

    // Two bands of one file share its tiles.
    fixture.server.reset_stats();
    built.all.read(area).bands(["B04", "RED"]).table().wait().unwrap();
    assert_eq!(fixture.server.stats().requests, 3);
}

#[test]
fn queries_are_sent_and_not_shown() {
    const SECRET: &str = "TOPSECRET";
    let fixture = Fixture::new();
    let query = format!("?X-Amz-Signature={SECRET}");
    let built = fixture.build(&fixture.server.base_url(), &query, impatient());
    assert_eq!(built.summary.headers, 9);
    let area = fixture.area(10.0, 10.0, 50.0, 50.0);
    let read = || built.all.read(area.clone()).bands(["B04"]).table();
    read().wait().unwrap();
    // Of each kind of failure: no file, another file, and one that is damaged.
    let scene = &fixture.archive.scenes()[0];
    let path = fixture.archive.path(scene, fixture.archive.bands()[0]);
    let bytes = std::fs::read(&path).unwrap();
    let show = |what: &str| {
        let error = read().wait().unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains(SECRET) && text.contains(&fixture.server.base_url()), "{what}: {text}");
        error.kind()
    };
    fixture.server.set_faults((0..20).map(|_| Some(rasteret_serve::Fault::Status(500))));
    assert_eq!(show("status"), "unreachable");
    fixture.server.set_faults([]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(show("missing"), "not-found");
    // A header that cannot be parsed, or was not found.
    std::fs::write(&path, &bytes[..500]).unwrap();
    let failed = fixture.build(&fixture.server.base_url(), &query, impatient());
    assert_eq!(failed.summary.failed.len(), 2, "{:?}", failed.summary.failed);
    assert!(!format!("{:?}", failed.summary).contains(SECRET));
    let error = failed.all.read(area).bands(["B04"]).table().wait().unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(SECRET) && text.contains(&scene.id), "{text}");
}
