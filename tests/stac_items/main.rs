//! Real STAC items become collections, without their pixels.

#![cfg(feature = "stac")]
#![allow(clippy::unwrap_used)]

#[path = "../oracle/mod.rs"]
#[allow(dead_code)]
mod oracle;

use rasteret::blocking::Wait;
use rasteret::query::Filter;
use rasteret::stac::StacSource;
use rasteret::{Collection, Database};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Documents that are whole: pages of an API lead to others.
const DOCUMENTS: [&str; 15] = [
    "odc-stac/LC08_L2SP_028030_20200114_20200824_02_T1_SR.json",
    "odc-stac/S2A_28QCH_20200714_0_L2A.json",
    "odc-stac/S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json",
    "odc-stac/ga_ls8c_ard_3-1-0_088080_2020-05-25_final.stac-item.json",
    "odc-stac/only_crs_proj.json",
    "rio-tiler/stac.json",
    "rio-tiler/stac_bands.json",
    "rio-tiler/stac_proj.json",
    "rio-tiler/stac_proj_2_0.json",
    "rio-tiler/stac_raster.json",
    "rio-tiler/stac_relative.json",
    "rustac/sentinel-2-item-collection.json",
    "rustac/two-sentinel-2-items.json",
    "stac-geoparquet/landsat-c2-l2-pc.json",
    "stac-geoparquet/sentinel-2-l2a-pc.json",
];

fn items(document: &Path) -> Vec<Value> {
    let document: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    match document {
        Value::Array(items) => items,
        document => match document.get("features").and_then(Value::as_array) {
            Some(items) => items.clone(),
            None => vec![document],
        },
    }
}

fn build(database: &Database, document: &Path, name: &str) -> Collection {
    let source = StacSource::new(document.to_str().unwrap(), Arc::new(database.sources().clone()));
    let summary = database.build(source).name(name).enrich(false).run().wait().unwrap();
    assert_eq!(summary.failed, [], "{}", document.display());
    database.collection(name).unwrap()
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_document_becomes_a_collection() {
    let Some(folder) = oracle::data("stac") else { return };
    let database = tempfile::tempdir().unwrap();
    let database = Database::open_writable(database.path().join("items.rasteret")).unwrap();
    for (number, document) in DOCUMENTS.iter().enumerate() {
        let path = folder.join(document);
        let collection = build(&database, &path, &format!("c{number}"));
        let expected: BTreeSet<String> = items(&path).iter().map(id).collect();
        assert_eq!(collection.ids().unwrap().into_iter().collect::<BTreeSet<_>>(), expected, "{document}");
    }
}

#[test]
fn properties_can_be_filtered_and_read() {
    let Some(folder) = oracle::data("stac") else { return };
    let database = tempfile::tempdir().unwrap();
    let database = Database::open_writable(database.path().join("items.rasteret")).unwrap();
    let document = folder.join("rustac/sentinel-2-item-collection.json");
    let collection = build(&database, &document, "scenes");
    let items = items(&document);

    let cover = |item: &Value| item["properties"]["eo:cloud_cover"].as_f64().unwrap();
    let expected: BTreeSet<String> = items.iter().filter(|item| cover(item) < 50.0).map(id).collect();
    let clear = collection.subset(Filter::new().cloud_cover_lt(50.0));
    assert_eq!(clear.ids().unwrap().into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(!expected.is_empty() && expected.len() < items.len());

    for row in rasteret::query::json_rows(&collection.head(items.len()).unwrap()).unwrap() {
        let item = items.iter().find(|item| item["id"] == row["id"]).unwrap();
        let properties = &item["properties"];
        for name in
            ["eo:cloud_cover", "platform", "instruments", "grid:code", "mgrs:utm_zone", "s2:water_percentage"]
        {
            let (found, expected) = (&row[name], &properties[name]);
            assert!(
                found == expected || found.as_f64() == expected.as_f64(),
                "{name}: {found}, not {expected}"
            );
        }
        let software: Value = serde_json::from_str(row["processing:software"].as_str().unwrap()).unwrap();
        assert_eq!(software, properties["processing:software"]);
        let red = row["raster:bands"].as_array().unwrap().iter().find(|band| band["band"] == "red").unwrap();
        assert_eq!((red["scale"].as_f64(), red["offset"].as_f64()), (Some(0.0001), Some(-0.1)));
    }
}

/// Providers write the same property in different ways: a path is `"028"` to one and 28 to another.
#[test]
fn items_of_all_providers_are_one_collection() {
    let Some(folder) = oracle::data("stac") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let mut ids = BTreeSet::new();
    let mut lines = String::new();
    for item in DOCUMENTS.iter().flat_map(|document| items(&folder.join(document))) {
        if ids.insert(id(&item)) {
            lines += &format!("{item}\n");
        }
    }
    let document = scratch.path().join("all.ndjson");
    fs::write(&document, lines).unwrap();
    let database = Database::open_writable(scratch.path().join("items.rasteret")).unwrap();
    let collection = build(&database, &document, "all");
    assert_eq!(collection.ids().unwrap().into_iter().collect::<BTreeSet<_>>(), ids);
}
