//! Records equal what pystac reads, for real items of many providers.

use super::oracle;
use crate::item::{ItemConverter, LocatedItem};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use rasteret_schema::record::{CLOUD_COVER, RecordColumns};
use rasteret_schema::{BandMap, dataset};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// All JSON documents below a folder.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

/// The items of a document: itself, or those of a list or of a collection.
fn items(file: &Path) -> Vec<LocatedItem> {
    let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let items = match document {
        Value::Array(items) => items,
        Value::Object(mut document) => match document.remove("features") {
            Some(Value::Array(items)) => items,
            _ if document.get("type").is_some_and(|kind| kind == "Feature") => vec![Value::Object(document)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let located = |item: Value| LocatedItem {
        item: item.as_object().unwrap().clone(),
        href: file.to_str().unwrap().to_owned(),
    };
    items.into_iter().map(located).collect()
}

/// Maps of bands to assets, by STAC collections.
fn built_in_maps() -> Value {
    let mut maps: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for dataset in dataset::built_in() {
        if let (Some(collection), false) =
            (dataset.stac_collection.as_deref(), dataset.bands().assets.is_empty())
        {
            maps.entry(collection).or_default().push(json!(dataset.bands().assets));
        }
    }
    json!(maps)
}

fn cloud_cover(records: &RecordBatch, row: usize) -> Option<f64> {
    let column = records.column_by_name(CLOUD_COVER)?.as_primitive::<Float64Type>();
    column.is_valid(row).then(|| column.value(row))
}

#[test]
fn records_equal_what_pystac_reads() {
    let Some(folder) = oracle::data("stac") else { return };
    let mut files = Vec::new();
    documents(&folder, &mut files);
    let Some(answer) = oracle::ask("stac_oracle.py", &json!({"files": files, "maps": built_in_maps()}))
    else {
        return;
    };
    let mut compared = 0;
    for (file, expected) in files.iter().zip(answer.as_array().unwrap()) {
        let expected = expected.as_array().unwrap();
        let converter = ItemConverter::new(BandMap::default(), Vec::new()).unwrap();
        let batch = converter.batch(items(file)).unwrap();
        assert_eq!(batch.failures, [], "{}", file.display());
        let columns = RecordColumns::new(&batch.records).unwrap();
        assert_eq!(columns.len(), expected.len(), "{}", file.display());
        for (row, expected) in expected.iter().enumerate() {
            let record = columns.record(row);
            let bands: Map<String, Value> = record
                .assets
                .iter()
                .map(|asset| (asset.band.clone(), json!([asset.href, asset.band_index])))
                .collect();
            let bbox = record.bbox.map(|bbox| [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax]);
            let geometry: Option<String> =
                record.geometry.map(|geometry| geometry.iter().map(|byte| format!("{byte:02X}")).collect());
            let found = json!({
                "id": record.id,
                "datetime": record.datetime,
                "end_datetime": record.end_datetime,
                "collection": record.collection,
                "bbox": bbox,
                "geometry": geometry,
                "crs": record.crs,
                "cloud_cover": cloud_cover(&batch.records, row),
                "bands": bands,
            });
            for (what, expected) in expected.as_object().unwrap() {
                let equal = match (expected.as_f64(), found[what].as_f64()) {
                    (Some(expected), Some(found)) => expected == found,
                    _ => *expected == found[what],
                };
                assert!(
                    equal,
                    "{what} of {} in {}: {}, not {expected}",
                    record.id,
                    file.display(),
                    found[what]
                );
            }
            let code = record.crs.as_deref().and_then(|crs| crs.strip_prefix("EPSG:")?.parse().ok());
            assert_eq!(record.epsg, code);
            compared += 1;
        }
    }
    assert!(compared > 30, "only {compared} items were compared");
}
