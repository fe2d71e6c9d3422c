//! Collections that are built from tables.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../oracle/mod.rs"]
mod oracle;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use oracle::data;
use parquet::arrow::ArrowWriter;
use rasteret::blocking::Wait;
use rasteret::schema::BandMap;
use rasteret::table::TableSource;
use rasteret::{Collection, Database, Filter};
use rasteret_serve::{Options, Server};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

struct Store {
    _folder: tempfile::TempDir,
    database: Database,
}

impl Store {
    fn new() -> Store {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_writable(folder.path().join("tables.rasteret")).unwrap();
        Store { _folder: folder, database }
    }

    fn table(&self, uri: impl AsRef<Path>) -> TableSource {
        TableSource::new(uri.as_ref().to_str().unwrap(), Arc::new(self.database.sources().clone()))
    }

    /// A collection without headers.
    fn build(&self, name: &str, source: TableSource, filter: Filter) -> Collection {
        let build = self.database.build(source).name(name).enrich(false).filter(filter);
        let summary = build.run().wait().unwrap();
        assert_eq!(summary.failed, []);
        self.database.collection(name).unwrap()
    }
}

fn ids(collection: &Collection) -> BTreeSet<String> {
    collection.ids().unwrap().into_iter().collect()
}

#[test]
fn a_selection_is_what_a_filter_leaves_of_all() {
    let Some(tables) = data("tables") else { return };
    let store = Store::new();
    for (table, records, area) in [
        ("1000-sentinel-2-items.parquet", 1000, [-105.5, 39.5, -105.0, 40.0]),
        ("100-landsat-items.parquet", 100, [-104.0, 39.0, -103.0, 40.0]),
    ] {
        let source = store.table(tables.join(table));
        let all = store.build(table, source.clone(), Filter::new());
        assert_eq!(ids(&all).len(), records);
        let filters = [
            Filter::new().bbox(area),
            Filter::new().dates("2024-08-01/2024-11-30").unwrap(),
            Filter::new().bbox(area).dates("2024-07-01/2024-09-30").unwrap().cloud_cover_lt(20.0),
        ];
        for (number, filter) in filters.into_iter().enumerate() {
            let some = store.build(&format!("{table} {number}"), source.clone(), filter.clone());
            let expected = ids(&all.subset(filter));
            assert!(!expected.is_empty() || table.starts_with("100-"), "{table} {number}");
            assert_eq!(ids(&some), expected, "{table} {number}");
        }
    }
    // Both are one dataset.
    assert_eq!(ids(&store.build("all", store.table(&tables), Filter::new())).len(), 1100);
}

#[test]
fn exports_of_rasteret_bring_their_headers() {
    let Some(collections) = data("rasteret-collections") else { return };
    let store = Store::new();
    for (name, records, headers) in [("scene", 1, 2), ("landsat", 1, 3), ("mosaic", 2, 6)] {
        let source = store.table(collections.join(name));
        let summary = store.database.build(source).name(name).run().wait().unwrap();
        assert_eq!((summary.records, summary.headers), (records, headers), "{name}");
        assert_eq!((summary.requests, summary.failed.len()), (0, 0), "{name}");
    }
}

fn point(x: f64, y: f64) -> Vec<u8> {
    [&[1, 1, 0, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes()].concat()
}

/// Two scenes of UTM zone 43N, with their geometries in it.
fn utm_scenes(path: &Path) {
    let text = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let geometry = BinaryArray::from_iter_values([point(500_000.0, 0.0), point(500_000.0, 1_000_000.0)]);
    let batch = RecordBatch::try_from_iter([
        ("fid", text(["a", "b"])),
        ("day", text(["2024-01-03", "2024-01-08"])),
        ("geom", Arc::new(geometry) as ArrayRef),
        ("path", text(["a.tif", "https://h/b.tif?sv=2024&sig=TheSecretOfAll"])),
    ])
    .unwrap();
    let geo = r#"{"version":"1.1.0","primary_column":"geom","columns":{"geom":{"encoding":"WKB","geometry_types":[],
        "crs":{"type":"ProjectedCRS","name":"WGS 84 / UTM zone 43N","id":{"authority":"EPSG","code":32643}}}}}"#;
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer
        .append_key_value_metadata(parquet::file::metadata::KeyValue::new("geo".to_owned(), geo.to_owned()));
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn mapped(source: TableSource) -> TableSource {
    source
        .column_map([("fid", "id"), ("day", "datetime")])
        .href_column("path")
        .bands(BandMap { indexes: [("R".to_owned(), 0), ("G".to_owned(), 1)].into(), ..BandMap::default() })
}

#[test]
fn geometries_in_any_crs_are_footprints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("utm.parquet");
    utm_scenes(&path);
    let store = Store::new();
    let all = store.build("utm", mapped(store.table(&path)), Filter::new());
    let bounds = all.info().unwrap().bounds.unwrap();
    // On the central meridian; the northing of 9° is 995 km.
    assert!(
        (bounds[0] - 75.0).abs() < 1e-9 && bounds[1].abs() < 1e-9 && (bounds[3] - 9.0).abs() < 0.1,
        "{bounds:?}"
    );
    let south = store.build("south", mapped(store.table(&path)), Filter::new().bbox([74.0, -1.0, 76.0, 1.0]));
    assert_eq!(ids(&south), ["a".to_owned()].into());
}

#[test]
fn a_table_on_a_server() {
    let folder = tempfile::tempdir().unwrap();
    utm_scenes(&folder.path().join("utm.parquet"));
    let server = Server::start(folder.path(), Options::default()).unwrap();
    let store = Store::new();
    let url = format!("{}/utm.parquet?sig=TheSecretOfAll", server.base_url());
    let all = store.build("utm", mapped(store.table(&url)), Filter::new());
    let rows = rasteret::query::json_rows(&all.head(2).unwrap()).unwrap();
    let hrefs: Vec<&str> = rows.iter().map(|row| row["assets"]["G"]["href"].as_str().unwrap()).collect();
    // Relative to the table, and without what signed it.
    assert_eq!(hrefs, [format!("{}/a.tif", server.base_url()).as_str(), "https://h/b.tif"]);
    assert!(!format!("{rows:?} {:?}", all.info().unwrap()).contains("TheSecretOfAll"));
    assert!(server.stats().requests <= 3, "{:?}", server.stats());

    let source = store.table(format!("{}/nothing.parquet", server.base_url()));
    let error = store.database.build(source).name("nothing").run().wait().unwrap_err().to_string();
    assert!(error.contains("nothing.parquet"), "{error}");
}
