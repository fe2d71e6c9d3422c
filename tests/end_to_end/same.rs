//! Nine builds, identical headers, identical reads.

use crate::archive::{Place, archive, database};
use crate::server::StacServer;
use arrow_array::builder::{BinaryBuilder, Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, TimestampMillisecondArray};
use geojson::Geometry;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use rasteret::blocking::Wait;
use rasteret::schema::{Asset, SourceAdapter};
use rasteret::stac::StacSource;
use rasteret::table::TableSource;
use rasteret::{Area, Collection, HeaderDescription};
use rasteret_synth::Archive;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

const BANDS: [&str; 2] = ["B04", "B08"];

/// What is the same whatever the way: ids, times, cloud cover, headers without their hrefs, and pixels.
#[derive(Debug, PartialEq)]
struct Content {
    records: Vec<[Value; 3]>,
    headers: Vec<HeaderDescription>,
    pixels: Vec<(Vec<usize>, Vec<u8>)>,
}

fn content(collection: &Collection) -> Content {
    let rows = rasteret::query::json_rows(&collection.head(100).unwrap()).unwrap();
    let records = rows.iter().map(|row| ["id", "datetime", "eo:cloud_cover"].map(|name| row[name].clone()));
    let ids = collection.ids().unwrap();
    let header = |id: &String, band: &str| {
        let header = collection.header(id, band).unwrap();
        // Servers have dates and entity tags of their own.
        HeaderDescription { href: String::new(), etag: None, last_modified: None, ..header }
    };
    let headers = ids.iter().flat_map(|id| BANDS.map(|band| header(id, band))).collect();
    let [west, south, east, north] = collection.info().unwrap().bounds.unwrap();
    let (x, y) = (west + (east - west) * 0.02, south + (north - south) * 0.5);
    let pixels = [[x, y, x + 0.01, y + 0.01], [x + 0.005, y - 0.01, x + 0.012, y + 0.02]].map(|bbox| {
        let array =
            collection.read(Area::bbox(bbox)).bands(BANDS).resolution(20.0, 20.0).array().wait().unwrap();
        (array.pixels.shape().to_vec(), array.pixels.to_bytes().into_owned())
    });
    Content { records: records.collect(), headers, pixels: pixels.to_vec() }
}

/// A GeoParquet table of the items, in the archive's folder.
fn write_table(archive: &Archive, base: &str, path: &Path) {
    let items = archive.items(base);
    let (mut id, mut geometry, mut cloud) =
        (StringBuilder::new(), BinaryBuilder::new(), Float64Builder::new());
    let mut times = Vec::new();
    let mut assets: Vec<Vec<Asset>> = Vec::new();
    for item in &items {
        id.append_value(item["id"].as_str().unwrap());
        let shape: Geometry = serde_json::from_value(item["geometry"].clone()).unwrap();
        let shape: geo_types::Geometry<f64> = shape.try_into().unwrap();
        let mut wkb = Vec::new();
        wkb::writer::write_geometry(&mut wkb, &shape, &wkb::writer::WriteOptions::default()).unwrap();
        geometry.append_value(wkb);
        cloud.append_option(item["properties"]["eo:cloud_cover"].as_f64());
        let time = item["properties"]["datetime"].as_str().unwrap();
        times.push(chrono::DateTime::parse_from_rfc3339(time).unwrap().timestamp_millis());
        let asset = |(band, asset): (&String, &Value)| Asset {
            band: band.clone(),
            href: asset["href"].as_str().unwrap().to_owned(),
            band_index: None,
        };
        assets.push(item["assets"].as_object().unwrap().iter().map(asset).collect());
    }
    let assets = rasteret::record::assets_array(assets.iter().map(Vec::as_slice)).unwrap();
    let columns: [(&str, ArrayRef); 5] = [
        ("scene", Arc::new(id.finish())),
        ("taken", Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC"))),
        ("geometry", Arc::new(geometry.finish())),
        ("eo:cloud_cover", Arc::new(cloud.finish())),
        ("assets", Arc::new(assets)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    let geo = r#"{"version": "1.1.0", "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon"]}}}"#;
    writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_owned()));
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Builds, and checks what it took.
fn build(place: &Place, what: &str, source: impl SourceAdapter + 'static) -> Content {
    let (_folder, database) = database(place.sources());
    let summary = database.build(source).name("x").run().wait().unwrap();
    assert_eq!(summary.failed, [], "{} by {what}", place.name);
    assert_eq!((summary.records, summary.headers, summary.requests), (4, 8, 8), "{} by {what}", place.name);
    let collection = database.collection("x").unwrap();
    let content = content(&collection);
    // What the first reads needed, and no header among it, is not needed to know the rest.
    (place.requests)();
    assert!(collection.header(content.records[0][0].as_str().unwrap(), "B04").is_ok());
    assert_eq!((place.requests)(), 0);
    content
}

#[test]
fn wherever_it_is_and_however_it_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(folder.path());
    let mut places = vec![Place::http(&archive), Place::s3(&archive)];
    match Place::azure(&archive) {
        Ok(place) => places.push(place),
        Err(why) => crate::skip::skip(&why),
    }
    let mut contents: HashMap<String, Content> = HashMap::new();
    for place in &places {
        let (sources, base) = (place.sources(), &place.base);
        let access = || Arc::new(sources.clone());
        let api = StacServer::start(&archive.items(base));
        let api = StacSource::new(&api.url, access())
            .collection(archive.items(base)[0]["collection"].as_str().unwrap());
        contents.insert(format!("{} by API", place.name), build(place, "API", api));
        let catalog = StacSource::new(format!("{base}/catalog.json"), access()).static_catalog(true);
        contents.insert(format!("{} by catalogue", place.name), build(place, "catalogue", catalog));
        let table = folder.path().join(format!("{}.parquet", place.name));
        write_table(&archive, base, &table);
        let table = TableSource::new(table.to_str().unwrap(), access())
            .column_map([("scene", "id"), ("taken", "datetime")]);
        contents.insert(format!("{} by table", place.name), build(place, "table", table));
    }
    let (name, first) = contents.iter().next().unwrap();
    assert!(
        first.pixels.iter().all(|(shape, bytes)| !shape.is_empty() && bytes.iter().any(|byte| *byte != 0))
    );
    for (other, content) in &contents {
        assert_eq!(content, first, "{other} and {name}");
    }
    println!("{} builds with the same headers and pixels", contents.len());
}
