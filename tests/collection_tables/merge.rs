//! Several collections as one.

use crate::headers::{archive, source_header};
use crate::support::{Fixture, column, error, finished, records, table, texts, with_column};
use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int8Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray};
use rasteret::blocking::Wait;
use rasteret::local::LocalSource;
use rasteret::schema::{BandAliases, CloudConfig, DataType};
use rasteret::share::TableError;
use rasteret::store::{Depth, Failure, HeaderFailure, Store, verify};
use rasteret::{Area, Collection, Database, Filter};
use rasteret_synth::ArchiveOptions;
use rasteret_synth::scene::Band;
use std::path::PathBuf;
use std::sync::Arc;

/// Two collections of unlike columns and bands.
fn unlike() -> Fixture {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None]);
    lists.append_null();
    let a = with_column(
        &records(0, 2, &["B04", "B08"]),
        "cloud",
        Arc::new(Int32Array::from(vec![Some(7), None])),
    );
    let a = with_column(&a, "lists", Arc::new(lists.finish()));
    let a = with_column(&a, "name", Arc::new(StringArray::from(vec![Some("x"), None])));
    let b = with_column(&records(10, 1, &["B4"]), "cloud", Arc::new(Float64Array::from(vec![0.5])));
    let names: DictionaryArray<Int8Type> = vec!["y"].into_iter().collect();
    let b = with_column(&b, "name", Arc::new(names));
    let b = with_column(&b, "path", Arc::new(Int64Array::from(vec![5])));
    Fixture::new().with("a", &[a]).with("b", &[b])
}

fn both(db: &Database) -> [Collection; 2] {
    ["a", "b"].map(|name| db.collection(name).unwrap())
}

#[test]
fn columns_are_united() {
    let fixture = unlike();
    let db = fixture.open();
    let info = db.merge("c", both(&db)).tag("source").run().unwrap();
    assert_eq!((info.records, info.bands), (3, ["B04", "B08", "B4"].map(str::to_owned).to_vec()));
    assert_eq!(info.data_source, "merge of a, b");
    let names: Vec<&str> = info.columns.iter().map(|column| column.name.as_str()).skip(9).collect();
    assert_eq!(names, ["cloud", "lists", "name", "path", "source"]);
    let all = db.collection("c").unwrap();
    let some = |texts: [Option<&str>; 3]| texts.map(|text| text.map(str::to_owned)).to_vec();
    assert_eq!(texts(&all, "source"), some([Some("a"), Some("a"), Some("b")]));
    assert_eq!(texts(&all, "name"), some([Some("x"), None, Some("y")]));
    let clouds = column(&all, "cloud");
    assert_eq!(clouds.as_primitive::<Float64Type>(), &Float64Array::from(vec![Some(7.0), None, Some(0.5)]));
    assert_eq!(column(&all, "path").null_count(), 2);
    let lists = column(&all, "lists");
    assert_eq!(lists.slice(0, 2).as_ref(), column(&db.collection("a").unwrap(), "lists").as_ref());
    assert!(lists.is_null(2));
    assert_eq!(all.subset(Filter::new().ids(["scene-00010"])).bands().unwrap(), ["B4"]);
    assert_eq!(all.ids().unwrap().len(), 3);
    // What was merged stays.
    assert_eq!(db.collection("b").unwrap().len().unwrap(), 1);
    drop((all, db));
    assert_eq!(verify(fixture.path(), Depth::Deep).unwrap(), []);
}

#[test]
fn views_of_several_databases_are_merged() {
    let (one, other) = (unlike(), unlike());
    let (db, elsewhere) = (one.open(), other.open());
    let mine = db.collection("a").unwrap().subset(Filter::new().ids(["scene-00001"]));
    let inputs = [mine, elsewhere.collection("b").unwrap()];
    db.merge("c", &inputs).run().unwrap();
    assert_eq!(db.collection("c").unwrap().ids().unwrap(), ["scene-00001", "scene-00010"]);
    // Views of one collection that have no record in common.
    let half = |ids: [&str; 1]| db.collection("a").unwrap().subset(Filter::new().ids(ids));
    let whole = db.merge("d", [half(["scene-00001"]), half(["scene-00000"])]).run().unwrap();
    assert_eq!(whole.records, 2);
}

#[test]
fn headers_come_as_they_are() {
    let fixture = Fixture::new();
    let (first, second) = (archive(1), archive(2));
    let store = Store::open_writable(fixture.path()).unwrap();
    let mut write = store.write().unwrap();
    let missing = |row, band: &str| HeaderFailure {
        row,
        band: band.to_owned(),
        failure: Failure { kind: "not-found".into(), href: "x.tif".into(), message: "404".into() },
    };
    write.create_collection("a", finished()).unwrap();
    let headers = [source_header(0, "B08", &first), source_header(0, "B04", &first)];
    write.append("a", &records(0, 2, &["B04", "B08"]), &headers, &[missing(1, "B08")]).unwrap();
    write.create_collection("b", finished()).unwrap();
    // Bands of the same names have other numbers here.
    let headers = [source_header(1, "B04", &second)];
    write.append("b", &records(5, 2, &["B11", "B04"]), &headers, &[missing(0, "B11")]).unwrap();
    write.commit().unwrap();
    drop(store);

    let db = fixture.open();
    let info = db.merge("c", both(&db)).run().unwrap();
    assert_eq!((info.records, info.headers), (4, 3));
    drop(db);
    assert_eq!(verify(fixture.path(), Depth::Deep).unwrap(), []);
    let store = Store::open(fixture.path()).unwrap();
    let stored = store.read().unwrap().collection("c").unwrap();
    let header = |id: &str, band: &str| {
        let record = stored.record_number(id).unwrap();
        let found = stored.find_header(record, stored.band(band).unwrap()).unwrap();
        found.map(|header| header.archive().to_vec())
    };
    for (id, band, archive) in
        [("scene-00000", "B04", &first), ("scene-00000", "B08", &first), ("scene-00006", "B04", &second)]
    {
        assert_eq!(header(id, band).as_deref(), Some(archive.as_bytes()), "{id} {band}");
    }
    assert_eq!(header("scene-00005", "B04"), None);
    let failures: Vec<_> = stored.failures().unwrap().map(Result::unwrap).collect();
    let named = |(record, band, failure): &(u64, u16, Failure)| {
        let band = stored.metadata().bands[usize::from(*band)].clone();
        (stored.record_id(*record).unwrap(), band, failure.message.clone())
    };
    let expected = [("scene-00001", "B08"), ("scene-00005", "B11")];
    let expected = expected.map(|(id, band)| (id.to_owned(), band.to_owned(), "404".to_owned()));
    assert_eq!(failures.iter().map(named).collect::<Vec<_>>(), expected);
}

#[test]
fn what_does_not_go_together_is_named() {
    let text = with_column(&records(20, 1, &["B04"]), "cloud", Arc::new(StringArray::from(vec!["much"])));
    let header = with_column(&records(30, 1, &["B04"]), "B4_metadata", Arc::new(Int32Array::from(vec![1])));
    let fixture =
        unlike().with("text", &[text]).with("again", &[records(1, 5, &["B04"])]).with("header", &[header]);
    let db = fixture.open();
    let of = |names: &[&str]| names.iter().map(|name| db.collection(name).unwrap()).collect::<Vec<_>>();

    let (found, message) = error(db.merge("c", of(&["a", "text"])).run());
    assert!(matches!(found, TableError::Unlike { .. }));
    for part in ["cloud", "\"text\"", "Utf8", "Int32"] {
        assert!(message.contains(part), "{message}");
    }
    let (found, message) = error(db.merge("c", of(&["a", "b", "again"])).run());
    assert!(matches!(found, TableError::DuplicateIds { count: 1, .. }));
    assert!(message.contains("\"again\"") && message.contains("scene-00001"), "{message}");
    assert!(matches!(error(db.merge("c", of(&["b", "header"])).run()).0, TableError::Reserved { .. }));
    assert!(matches!(error(db.merge("c", both(&db)).tag("id").run()).0, TableError::Reserved { .. }));
    assert!(matches!(error(db.merge("c", both(&db)).tag("path").run()).0, TableError::ColumnExists { .. }));
    assert_eq!(db.merge("a", of(&["a", "b"])).run().unwrap_err().kind(), "collection-exists");
    assert_eq!(db.merge("c", of(&[])).run().unwrap_err().kind(), "invalid-argument");
    assert!(db.collection("c").is_err(), "nothing is left of what failed");

    let info = db.merge("c", of(&["a", "again"])).prefix_ids(true).run().unwrap();
    assert_eq!(info.records, 7);
    let ids = db.collection("c").unwrap().ids().unwrap();
    assert!(ids.contains(&"a/scene-00001".to_owned()) && ids.contains(&"again/scene-00001".to_owned()));
}

#[test]
fn aliases_and_settings_are_kept() {
    let fixture = Fixture::new();
    let requester_pays = CloudConfig { requester_pays: true, ..CloudConfig::default() };
    let store = Store::open_writable(fixture.path()).unwrap();
    let mut write = store.write().unwrap();
    let local = fixture.file("mine");
    let roots = [fixture.file("theirs")];
    for (name, href) in
        [("a", "s3://usgs-landsat/a.tif"), ("b", "https://example.com/b.tif"), ("c", "mine/b.tif")]
    {
        let mut record = rasteret::record::RecordColumns::new(&records(0, 1, &["B04"])).unwrap().record(0);
        record.id = name.to_owned();
        record.assets[0].href =
            if name == "c" { fixture.file(href).to_str().unwrap().to_owned() } else { href.to_owned() };
        let mut description = finished();
        if name == "a" {
            description.set_cloud(&requester_pays.clone().into());
        }
        if name == "b" {
            description.set_local_roots(&roots);
        }
        write.create_collection(name, description).unwrap();
        write.append(name, &rasteret::record::to_batch(&[record]).unwrap(), &[], &[]).unwrap();
    }
    write.commit().unwrap();
    drop(store);
    std::fs::create_dir(&local).unwrap();

    let db = fixture.open();
    let red = |band: &str| BandAliases::new([("red", [band])]).unwrap();
    db.set_band_aliases("a", &red("B04")).unwrap();
    let all: Vec<Collection> = ["a", "b", "c"].map(|name| db.collection(name).unwrap()).to_vec();
    db.merge("merged", &all).run().unwrap();
    let merged = db.collection("merged").unwrap();
    assert_eq!(merged.band_aliases().unwrap(), red("B04"));
    let cloud = merged.cloud().unwrap();
    assert!(cloud.of("s3://usgs-landsat/z.tif").requester_pays);
    assert!(!cloud.of("https://example.com/z.tif").requester_pays);
    db.set_band_aliases("b", &red("B4")).unwrap();
    assert!(matches!(error(db.merge("x", &all).run()).0, TableError::BandAliases(_)));
    db.merge("x", &all).band_aliases(red("B04")).run().unwrap();
    db.merge("y", [&all[0], &all[2]]).band_aliases(red("B04")).run().unwrap();
    drop((merged, all, db));

    let store = Store::open(fixture.path()).unwrap();
    let snapshot = store.read().unwrap();
    let roots_of = |name: &str| snapshot.collection(name).unwrap().metadata().description.local_roots();
    let mut expected: Vec<PathBuf> = vec![local.canonicalize().unwrap(), roots[0].clone()];
    expected.sort();
    assert_eq!(roots_of("x"), Some(expected));
    assert_eq!(roots_of("y"), None, "none of them was imported");
}

#[test]
fn pixels_are_those_of_the_sources() {
    let fixture = Fixture::new();
    let db = fixture.open();
    let build = |name: &str, bands: Vec<Band>, zone: u8| {
        let mut options = ArchiveOptions::peers();
        options.scenes.truncate(2);
        options.scenes.iter_mut().for_each(|scene| {
            scene.size = (700, 600);
            scene.zone = zone;
        });
        options.bands = bands;
        // Tiles that are small enough for overviews.
        options.cog = ArchiveOptions::demo().cog;
        let folder = fixture.file(name);
        options.write(&folder).unwrap();
        let source = LocalSource::new([folder], db.readers().all().to_vec());
        db.build(source).name(name).run().wait().unwrap();
        let collection = db.collection(name).unwrap();
        let ids = collection.ids().unwrap().into_iter().map(Some).collect::<StringArray>();
        let orbits = Arc::new(Int32Array::from(vec![1; ids.len()])) as ArrayRef;
        collection.annotate(table(&[("id", Arc::new(ids)), (name, orbits)]), "id").unwrap();
        collection
    };
    let one = build("one", vec![Band::B04, Band::B08], 43);
    let two = build("two", vec![Band::B02, Band::B04], 43);
    db.merge("both", [&one, &two]).tag("source").prefix_ids(true).run().unwrap();
    let merged = db.collection("both").unwrap();
    assert_eq!(merged.bands().unwrap(), ["B04", "B08", "B02"]);
    for (part, name, bands) in [(&one, "one", ["B04", "B08"]), (&two, "two", ["B02", "B04"])] {
        let [w, s, e, n] = part.bounds().unwrap().unwrap();
        let (dx, dy) = ((e - w) / 3.0, (n - s) / 3.0);
        let area = || Area::bbox([w + dx, s + dy, e - dx, n - dy]);
        for id in part.ids().unwrap() {
            let read = |collection: &Collection, id: String| {
                let record = collection.subset(Filter::new().ids([id]));
                record.read(area()).bands(bands).array().wait().unwrap()
            };
            let (alone, together) = (read(part, id.clone()), read(&merged, format!("{name}/{id}")));
            assert_eq!(alone.pixels, together.pixels, "{name} {id}");
            assert!(alone.pixels.shape()[2] > 10);
            assert_eq!(alone.pixels.dtype(), DataType::UInt16);
        }
    }
    // Overviews are there: a coarse read takes the same way.
    let header = |collection: &Collection, id: &str| collection.header(id, "B04").unwrap();
    let id = one.ids().unwrap().remove(0);
    assert_eq!(header(&one, &id), header(&merged, &format!("one/{id}")));
    assert!(!header(&one, &id).overviews.is_empty());
}
