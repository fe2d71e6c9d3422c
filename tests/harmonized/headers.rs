//! Headers that a collection came without are fetched once, when a read needs them.

use crate::listed::Listed;
use crate::support::{Field, aliases, area, landsat, records, sentinel};
use rasteret::blocking::{Wait, WaitEach};
use rasteret::chips::Sampler;
use rasteret::geometry::Points;
use rasteret::schema::{HeaderArchive, Record, SourceHeader, header_column};
use rasteret::store::Store;
use rasteret::{AreaArray, Collection, Crs, Filter};
use rasteret_serve::{Fault, Options, Server};
use std::sync::Arc;
use std::time::Duration;

/// Eight scenes of two bands, and a server for them.
struct Remote {
    server: Server,
    records: Vec<Record>,
    _data: tempfile::TempDir,
}

impl Remote {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let sentinel = sentinel(&data.path().join("s2"));
        let landsat = landsat(&data.path().join("ls"));
        // As of a server that is not here: long enough for requests to meet.
        let options = Options { delay: Duration::from_millis(20), ..Options::default() };
        let server = Server::start(data.path(), options).unwrap();
        let at = |name: &str| format!("{}/{name}", server.base_url());
        let mut all = records(&sentinel, &at("s2"), "s2", ["B04", "B08"]);
        all.extend(records(&landsat, &at("ls"), "ls", ["B4", "B5"]));
        let mut again = all[0].clone();
        "s2/again".clone_into(&mut again.id);
        again.assets.iter_mut().for_each(|asset| asset.href.push_str("?again"));
        all.push(again);
        Remote { server, records: all, _data: data }
    }

    fn listed(&self) -> Listed {
        Listed::new(self.records.clone())
    }

    /// How many requests work takes.
    fn requests<T>(&self, work: impl FnOnce() -> T) -> (T, u64) {
        let before = self.server.stats().requests;
        let result = work();
        (result, self.server.stats().requests - before)
    }
}

fn read(of: &Collection) -> AreaArray {
    let of = of.with_band_aliases(aliases());
    let read = of.read(area(500.0, 500.0, 300.0, 300.0)).bands(["red", "nir"]);
    read.target_crs(Crs::from_epsg(32643)).resolution(10.0, 10.0).array().wait().unwrap()
}

#[test]
fn sixteen_files_sixteen_requests_once() {
    let remote = Remote::new();
    let field = Field::new();
    let built = field.build("built", remote.records.clone());
    let expected = read(&built);
    let (_, hot) = remote.requests(|| read(&built));
    let listed = field.list("listed", remote.listed());
    let (first, requests) = remote.requests(|| read(&listed));
    assert_eq!(
        (&first.pixels, &first.valid, &first.slices),
        (&expected.pixels, &expected.valid, &expected.slices)
    );
    assert_eq!(requests, hot + 16, "a request for each header, and those of any read");
    assert_eq!(first.statistics.requests, requests);
    assert!(remote.server.stats().peak > 8, "they are asked for at the same time");
    let (second, requests) = remote.requests(|| read(&listed));
    assert_eq!((second.pixels, requests), (expected.pixels.clone(), hot));
    // They are in the file: whoever opens it asks no more.
    assert_eq!(listed.info().unwrap().headers, 16);
    drop((built, listed));
    let field = field.reopened(false);
    let (third, requests) = remote.requests(|| read(&field.database().collection("listed").unwrap()));
    assert_eq!((third.pixels, requests), (expected.pixels, hot));
}

#[test]
fn a_database_that_is_only_read_keeps_them_in_its_handle() {
    let remote = Remote::new();
    let field = Field::new();
    let hot = {
        let built = field.build("built", remote.records.clone());
        remote.requests(|| read(&built)).1
    };
    field.list("listed", remote.listed());
    let field = field.reopened(false);
    let listed = || field.database().collection("listed").unwrap();
    let (first, requests) = remote.requests(|| read(&listed()));
    assert_eq!(requests, hot + 16);
    let (second, requests) = remote.requests(|| read(&listed()));
    assert_eq!((second.pixels, requests), (first.pixels, hot));
    assert_eq!(listed().info().unwrap().headers, 0);
}

#[test]
fn only_what_a_read_needs_is_fetched() {
    let remote = Remote::new();
    let field = Field::new();
    let listed = field.list("listed", remote.listed());
    let id = &remote.records[0].id;
    let one = listed.subset(Filter::new().ids([id]));
    let (_, requests) =
        remote.requests(|| one.read(area(500.0, 500.0, 100.0, 100.0)).bands(["B08"]).array().wait().unwrap());
    assert_eq!(requests, 2, "a header, and a tile or two of one row");
    assert_eq!(listed.info().unwrap().headers, 1);
    assert!(listed.header(id, "B08").is_ok());
    assert_eq!(listed.header(id, "B04").unwrap_err().kind(), "header-missing");
}

#[test]
fn samples_and_chips_fetch_them_too() {
    let remote = Remote::new();
    let field = Field::new();
    let listed = field.list("listed", remote.listed());
    let points = Points::new(vec![700_500.0], vec![1_499_400.0]).with_crs(Crs::from_epsg(32643));
    let zone = listed.subset(Filter::new().ids([&remote.records[0].id]));
    let sample = zone.sample(points).bands(["B04"]).stream().unwrap();
    let rows: usize = sample.wait_each().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!((rows, listed.info().unwrap().headers), (1, 1));
    let chips = listed.with_band_aliases(aliases()).chips(Sampler::grid(64, 64)).bands(["red"]);
    let (chips, requests) = remote.requests(|| chips.prepare().wait().unwrap());
    assert_eq!((requests, listed.info().unwrap().headers), (7, 8));
    let (_, first) = remote.requests(|| chips.read(0).wait().unwrap());
    let (_, second) = remote.requests(|| chips.read(0).wait().unwrap());
    assert_eq!(first, second, "no header any more");
    // The records around a region are looked for once it is known how large the chips are.
    let again = field.list("again", remote.listed()).with_band_aliases(aliases());
    let chips = again.chips(Sampler::grid(64, 64)).bands(["red"]).roi(area(500.0, 500.0, 700.0, 700.0));
    let (_, requests) = remote.requests(|| chips.prepare().wait().unwrap());
    assert_eq!((requests, again.info().unwrap().headers), (8, 8));
}

#[test]
fn what_cannot_be_had_is_named_and_the_rest_is_kept() {
    let remote = Remote::new();
    let field = Field::new();
    let mut listed = remote.listed();
    listed.records[1].assets[0].href = remote.server.url("nowhere.tif");
    let listed = field.list("listed", listed);
    let error = listed
        .with_band_aliases(aliases())
        .read(area(500.0, 500.0, 300.0, 300.0))
        .bands(["red", "nir"])
        .resolution(10.0, 10.0)
        .array()
        .wait()
        .unwrap_err();
    assert_eq!(error.kind(), "not-found");
    let text = error.to_string();
    for part in ["nowhere.tif", remote.records[1].id.as_str(), "\"B04\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(listed.info().unwrap().headers, 15);
    // What passes is tried again, and what is no raster is said to be none.
    let id = &remote.records[0].id;
    let one = field.list("one", remote.listed()).subset(Filter::new().ids([id]));
    remote.server.set_faults([Some(Fault::Status(503))]);
    one.read(area(500.0, 500.0, 100.0, 100.0)).bands(["B04"]).array().wait().unwrap();
}

/// A collection whose headers came as columns of a table, and the same with those of the files.
fn from_table(remote: &Remote, field: &Field) -> (Collection, Collection) {
    let built = field.build("built", remote.records.clone());
    let folder = tempfile::tempdir().unwrap();
    // Through a second file: a store is open once at a time.
    let path = folder.path().join("copy.rasteret");
    let mut headers = Vec::new();
    let copy = rasteret::Database::open_writable(&path).unwrap();
    copy.build(remote.listed()).name("built").run().wait().unwrap();
    drop(copy);
    let snapshot = Store::open(&path).unwrap().read().unwrap();
    let stored = snapshot.collection("built").unwrap();
    for (row, record) in remote.records.iter().enumerate() {
        let number = stored.record_number(&record.id).unwrap();
        for asset in &record.assets {
            let header = stored.header(number, stored.band(&asset.band).unwrap()).unwrap();
            let header = header.get().unwrap();
            let crs = header.georeference().unwrap().crs;
            let column = header_column::to_array([Some((header, 0))].into_iter()).unwrap();
            let header = header_column::from_array(&column, 0, "geotiff", crs, 0).unwrap().unwrap();
            let header = Arc::new(HeaderArchive::new(&header).unwrap());
            headers.push(SourceHeader { row, band: asset.band.clone(), header });
        }
    }
    let table = field.list("table", Listed { headers, ..remote.listed() });
    assert_eq!(table.info().unwrap().headers, 16);
    (built, table)
}

#[test]
fn headers_of_a_table_do_at_full_resolution() {
    let remote = Remote::new();
    let field = Field::new();
    let (built, table) = from_table(&remote, &field);
    let own = |of: &Collection| {
        let of = of.subset(Filter::new().ids([&remote.records[0].id]));
        of.read(area(500.0, 500.0, 1500.0, 1500.0)).bands(["B04", "B08"]).array().wait().unwrap()
    };
    let (expected, hot) = remote.requests(|| own(&built));
    // They are confirmed, once: a request for each of the two files, as the statistics say.
    let (read, requests) = remote.requests(|| own(&table));
    assert_eq!(
        (&read.pixels, &read.valid, requests, read.statistics.requests),
        (&expected.pixels, &expected.valid, hot + 2, hot + 2)
    );
    let (read, requests) = remote.requests(|| own(&table));
    assert_eq!((read.pixels, requests), (expected.pixels, hot));
    // So are the others where pixels are brought to others of about their size.
    let (expected, hot) = remote.requests(|| self::read(&built));
    let (read, requests) = remote.requests(|| self::read(&table));
    assert_eq!((&read.pixels, requests), (&expected.pixels, hot + 14));
    let (read, requests) = remote.requests(|| self::read(&table));
    assert_eq!((read.pixels, requests), (expected.pixels, hot));
}

#[test]
fn headers_of_a_table_are_completed_where_overviews_are_read() {
    let remote = Remote::new();
    for writable in [true, false] {
        let field = Field::new();
        from_table(&remote, &field);
        let field = field.reopened(writable);
        let collection = |name: &str| field.database().collection(name).unwrap();
        let coarse = |name: &str| {
            let of = collection(name).with_band_aliases(aliases());
            let read = of.read(area(0.0, 0.0, 5000.0, 5000.0)).bands(["red", "nir"]);
            read.target_crs(Crs::from_epsg(32643)).resolution(65.0, 65.0).array().wait().unwrap()
        };
        let (expected, hot) = remote.requests(|| coarse("built"));
        let (first, requests) = remote.requests(|| coarse("table"));
        assert_eq!((&first.pixels, &first.valid), (&expected.pixels, &expected.valid));
        assert_eq!(requests, hot + 16);
        let (second, requests) = remote.requests(|| coarse("table"));
        assert_eq!((second.pixels, requests), (expected.pixels, hot), "writable: {writable}");
        // Chips that are coarser than their rasters, too.
        let chips = |name: &str| {
            let of = collection(name).with_band_aliases(aliases());
            let chips = of.chips(Sampler::grid(16, 16)).bands(["red"]).resolution(65.0, 65.0);
            let chips = chips.prepare().wait().unwrap();
            (0..chips.len()).map(|at| chips.read(at).wait().unwrap().pixels).collect::<Vec<_>>()
        };
        assert_eq!(chips("table"), chips("built"));
    }
}
