//! Built-in datasets, with another place to find them.

use crate::server::StacServer;
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
use geo_types::{Geometry, Rect};
use indexmap::IndexMap;
use parquet::arrow::ArrowWriter;
use rasteret::blocking::Wait;
use rasteret::geotiff::write::{CogOptions, GeoKeys, Image, write_cog};
use rasteret::schema::dataset::built_in;
use rasteret::schema::{DatasetDescriptor, Geotransform};
use rasteret::{Area, Database, Filter};
use rasteret_serve::{Options, Server};
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Files as a dataset has them: of each asset, one with as many samples as bands are in it.
struct Assets {
    folder: TempDir,
    server: Server,
    /// Asset → samples.
    samples: IndexMap<String, u16>,
}

/// What the pixels of a sample of an asset are.
fn value(asset: usize, sample: u16) -> u8 {
    (asset * 3 + usize::from(sample) + 1) as u8
}

impl Assets {
    /// Files that lie within a box.
    fn new(samples: IndexMap<String, u16>, [west, south, east, north]: [f64; 4]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (number, (asset, samples)) in samples.iter().enumerate() {
            let image = Image::from_fn(64, 64, *samples, |sample, _, _| value(number, sample)).unwrap();
            let options = CogOptions {
                transform: Some(Geotransform::new(
                    (east - west) / 64.0,
                    0.0,
                    west,
                    0.0,
                    -(north - south) / 64.0,
                    north,
                )),
                geo_keys: Some(GeoKeys::geographic(4326)),
                ..CogOptions::default()
            };
            let file = File::create(folder.path().join(format!("{asset}.tif"))).unwrap();
            write_cog(&options, &image, None, &mut &file).unwrap();
        }
        let server = Server::start(folder.path(), Options::default()).unwrap();
        Assets { folder, server, samples }
    }

    fn of(dataset: &DatasetDescriptor) -> Self {
        let bands = dataset.bands();
        let mut samples = IndexMap::new();
        for (band, asset) in &bands.assets {
            let index = bands.indexes.get(band).copied().unwrap_or(0);
            let most: &mut u16 = samples.entry(asset.clone()).or_default();
            *most = (*most).max(index as u16 + 1);
        }
        Assets::new(samples, within(dataset.example_bbox.unwrap()))
    }
}

/// A box in the middle of another.
fn within([west, south, east, north]: [f64; 4]) -> [f64; 4] {
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    [x - 1e-4, y - 1e-4, x + 1e-4, y + 1e-4]
}

/// Two items of a dataset: one within its example, one elsewhere.
fn items(dataset: &DatasetDescriptor, assets: &Assets) -> Vec<Value> {
    let example = within(dataset.example_bbox.unwrap());
    let elsewhere = example.map(|degree| degree / 2.0);
    let day = &dataset.example_date_range.as_ref().unwrap()[0];
    let files: serde_json::Map<String, Value> = assets
        .samples
        .keys()
        .map(|asset| {
            let href = assets.server.url(&format!("{asset}.tif"));
            (
                asset.clone(),
                json!({"href": href, "type": "image/tiff; application=geotiff", "roles": ["data"]}),
            )
        })
        .chain([("thumbnail".to_owned(), json!({"href": "https://h/t.png", "type": "image/png"}))])
        .collect();
    let item = |id: &str, [west, south, east, north]: [f64; 4]| {
        json!({
            "type": "Feature", "stac_version": "1.0.0", "id": id, "links": [], "assets": files,
            "collection": dataset.stac_collection, "bbox": [west, south, east, north],
            "geometry": {"type": "Polygon", "coordinates": [[
                [west, south], [east, south], [east, north], [west, north], [west, south]
            ]]},
            "properties": {"datetime": format!("{day}T12:00:00Z"), "eo:cloud_cover": 12.5},
        })
    };
    vec![item("wanted", example), item("elsewhere", elsewhere)]
}

/// Builds a dataset that is registered in the place of a built-in one, within its example, and reads its bands.
fn build(dataset: DatasetDescriptor, assets: &Assets) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_writable(folder.path().join("it.rasteret")).unwrap();
    let id = dataset.id.clone();
    let example = dataset.example_bbox.unwrap();
    let filter = Filter::new().bbox(example);
    let filter = filter.dates(&dataset.example_date_range.as_ref().unwrap().join("/")).unwrap();
    let bands = dataset.bands();
    let names: Vec<String> = bands.assets.keys().chain(bands.indexes.keys()).cloned().collect();
    let names: Vec<String> =
        IndexMap::<String, ()>::from_iter(names.into_iter().map(|name| (name, ()))).into_keys().collect();
    let cloud = dataset.cloud();
    let catalog = database.catalog().with_local_file(folder.path().join("datasets.local.json"));
    catalog.register(dataset).unwrap();
    let summary = database.build_dataset(&id).unwrap().name("x").filter(filter).run().wait().unwrap();
    assert_eq!(summary.failed, [], "{id}");
    assert_eq!((summary.records, summary.headers), (1, names.len() as u64), "{id}");
    assert_eq!(summary.requests, assets.samples.len() as u64, "{id}: a request a file");
    let collection = database.collection("x").unwrap();
    assert_eq!(collection.info().unwrap().bands, names, "{id}");
    for name in &names {
        let asset = bands.assets.get(name).map_or(0, |asset| assets.samples.get_index_of(asset).unwrap());
        let sample = bands.indexes.get(name).copied().unwrap_or(0) as u16;
        let array = collection.read(Area::bbox(within(example))).bands([name]).array().wait().unwrap();
        let pixels = array.pixels.view::<u8>().unwrap();
        assert!(pixels.iter().all(|pixel| *pixel == value(asset, sample)), "{id} {name}");
    }
    drop((database, catalog, collection));
    // How the assets are reached is kept with the collection, not with the build.
    let again = Database::open(folder.path().join("it.rasteret")).unwrap();
    assert_eq!(again.collection("x").unwrap().cloud().unwrap(), cloud.into(), "{id}");
}

#[test]
fn from_a_stac_api() {
    let mut built = 0;
    for dataset in built_in().iter().filter(|dataset| dataset.stac_api.is_some()) {
        let assets = Assets::of(dataset);
        let server = StacServer::start(&items(dataset, &assets));
        build(DatasetDescriptor { stac_api: Some(server.url.clone()), ..dataset.clone() }, &assets);
        built += 1;
    }
    assert_eq!(built, 11);
}

/// A table as that of AlphaEarth's embeddings.
fn write_index(path: &Path, href: &str, example: [f64; 4], year: i64) {
    let elsewhere = example.map(|degree| degree + 20.0);
    let geometry = |[west, south, east, north]: [f64; 4]| {
        let geometry: Geometry<f64> = Rect::new((west, south), (east, north)).to_polygon().into();
        let mut bytes = Vec::new();
        wkb::writer::write_geometry(&mut bytes, &geometry, &wkb::writer::WriteOptions::default()).unwrap();
        bytes
    };
    let geometries = [example, elsewhere, example].map(geometry);
    let columns: [(&str, ArrayRef); 5] = [
        ("fid", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("geom", Arc::new(BinaryArray::from_iter_values(geometries))),
        ("year", Arc::new(Int64Array::from(vec![year, year, year - 3]))),
        ("path", Arc::new(StringArray::from(vec![href; 3]))),
        ("crs", Arc::new(StringArray::from(vec!["EPSG:4326"; 3]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn from_a_table() {
    let dataset = built_in().iter().find(|dataset| dataset.id == "aef/v1-annual").unwrap();
    let example = within(dataset.example_bbox.unwrap());
    let assets = Assets::new([("embeddings".to_owned(), 64)].into_iter().collect(), example);
    let table = assets.folder.path().join("index.parquet");
    let year = dataset.example_date_range.as_ref().unwrap()[0][..4].parse().unwrap();
    write_index(&table, &assets.server.url("embeddings.tif"), example, year);
    let moved = DatasetDescriptor {
        record_table_uri: Some(assets.server.url("index.parquet")),
        index_uri: None,
        geoparquet_uri: None,
        collection_uri: None,
        ..dataset.clone()
    };
    build(moved, &assets);
}
