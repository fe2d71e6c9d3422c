//! Exports of stac-geoparquet are STAC items to others, and a collection again to us.

use crate::material::{Material, records, text};
use crate::peer::ask;
use crate::{oracle, reads};
use rasteret::blocking::Wait;
use rasteret::share::ExportFormat;
use rasteret::table::TableSource;
use rasteret::{Collection, Database};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn export(collection: &Collection, path: &Path, partition_by: &[&str]) {
    let export = collection.export(text(path)).format(ExportFormat::StacGeoparquet);
    export.partition_by(partition_by.iter().copied()).run().wait().unwrap();
}

/// A collection of what a table says.
fn built(database: &Database, path: &Path, name: &str, enrich: bool) -> Collection {
    let source = TableSource::new(text(path), Arc::new(database.sources().clone()));
    let summary = database.build(source).name(name).enrich(enrich).run().wait().unwrap();
    assert_eq!(summary.failed, []);
    database.collection(name).unwrap()
}

#[test]
fn items_are_valid_and_say_what_headers_do() {
    let Some(material) = Material::new() else { return };
    for by in [&["year", "month"][..], &[]] {
        let path = material.path(&format!("items-{}", by.len()));
        export(&material.collection(), &path, by);
        let Some(answer) = ask("items", json!({"path": path})) else { return };
        for mark in answer["mark"].as_array().unwrap() {
            assert_eq!(mark["version"], "1.1.0");
        }
        let items: BTreeMap<&str, &Value> = answer["pystac"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["id"].as_str().unwrap(), item))
            .collect();
        assert_eq!(items.len(), 8);

        let planar = &items["planar"];
        assert_eq!(planar["collection"], "material");
        assert_eq!(planar["properties"]["proj:code"], "EPSG:32633");
        assert_eq!(planar["properties"]["sensor"], json!({"name": "S5", "angles": [1.25, 1.5]}));
        assert_eq!(planar["properties"]["datetime"], "2024-03-08T05:22:31.024000Z");
        // Three bands in one file are one asset.
        let assets = planar["assets"].as_object().unwrap();
        assert_eq!(assets.keys().collect::<Vec<_>>(), ["R"]);
        let band = |name: &str| json!({"name": name, "data_type": "int16", "nodata": -1.0});
        assert_eq!(assets["R"]["bands"], json!([band("R"), band("G"), band("B")]));
        assert_eq!(assets["R"]["proj:shape"], json!([200, 200]));
        assert_eq!(assets["R"]["proj:transform"], json!([20.0, 0.0, 500_000.0, 0.0, -20.0, 5_000_000.0]));
        assert_eq!(items["utm43"]["assets"].as_object().unwrap().len(), 2);
        assert_eq!(
            items["plain"]["assets"]["B04"]["bands"],
            json!([{"name": "B04", "data_type": "float64"}])
        );

        // Another reader has the same items, but for what neither Parquet nor JSON can tell.
        match answer["rustac"].as_array() {
            None => oracle::skip("rustac is not in this Python"),
            Some(others) => {
                assert_eq!(others.len(), 8);
                for other in others {
                    let item = items[other["id"].as_str().unwrap()];
                    for member in ["bbox", "geometry", "collection", "stac_version", "stac_extensions"] {
                        assert_eq!(other[member], item[member], "{member}");
                    }
                    assert_eq!(without_nulls(&other["assets"]), item["assets"]);
                    assert_eq!(other["properties"]["proj:code"], item["properties"]["proj:code"]);
                    assert_eq!(other["properties"]["count"], item["properties"]["count"]);
                }
            }
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, member)| !member.is_null());
            members.map(|(name, member)| (name.clone(), without_nulls(member))).collect()
        }
        Value::Array(values) => values.iter().map(without_nulls).collect(),
        _ => value.clone(),
    }
}

/// What makes a record, and the user's columns that are not about items.
fn plain(collection: &Collection) -> Vec<Map<String, Value>> {
    let of_items =
        ["type", "stac_version", "stac_extensions", "links", "start_datetime", "proj:code", "proj:wkt2"];
    let mut records = records(collection);
    for record in &mut records {
        record.retain(|name, _| !of_items.contains(&name.as_str()) && !name.ends_with("_metadata"));
        let assets = record["assets"].as_object_mut().unwrap();
        assets.retain(|_, asset| !asset.is_null());
    }
    records
}

#[test]
fn items_are_a_collection_again() {
    let Some(material) = Material::new() else { return };
    let collection = material.collection();
    for by in [&["year", "month"][..], &[]] {
        let path = material.path(&format!("again-{}", by.len()));
        export(&collection, &path, by);
        let name = format!("again{}", by.len());
        let again = built(&material.database, &path, &name, true);
        let mut found = plain(&again);
        for record in &mut found {
            record.retain(|name, _| name != "year" && name != "month");
        }
        assert_eq!(found, plain(&collection));
        for read in reads::reads(&collection) {
            let [ours, theirs] = [&collection, &again].map(|it| read.of(it).array().wait().unwrap());
            assert_eq!(ours.pixels.to_bytes(), theirs.pixels.to_bytes(), "{read:?}");
        }
    }
}

#[test]
fn real_items_stay_valid() {
    let Some(tables) = oracle::data("tables") else { return };
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_writable(folder.path().join("items.rasteret")).unwrap();
    for (name, records) in [("1000-sentinel-2-items.parquet", 1000), ("100-landsat-items.parquet", 100)] {
        let collection = built(&database, &tables.join(name), name, false);
        let path = folder.path().join(name);
        export(&collection, &path, &[]);
        let Some(answer) = ask("items", json!({"path": path})) else { return };
        assert_eq!(answer["pystac"].as_array().unwrap().len(), records);
        let again = built(&database, &path, &format!("{name} again"), false);
        assert_eq!(plain(&again), plain(&collection));
        let Some(report) = ask("validate", json!({"path": path})) else { return };
        assert_eq!((&report[0]["failed"], &report[0]["schema"]), (&json!([]), &json!([])), "{name}");
    }
}
