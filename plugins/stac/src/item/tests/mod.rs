//! Items that show one thing each; `parity` has real ones, `hostile` bad ones.

mod bands;
mod columns;
mod hostile;
#[path = "../../../../../tests/oracle/mod.rs"]
#[allow(dead_code)]
mod oracle;
mod parity;
mod records;

use super::*;
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{Asset, Record};
use serde_json::json;

/// An item of a document, with what is given and what it takes to be one.
fn item(members: Value) -> LocatedItem {
    let mut item = json!({
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "a",
        "geometry": {"type": "Point", "coordinates": [77.0, 13.0]},
        "properties": {"datetime": "2024-01-01T00:00:00Z"},
        "assets": {"red": {"href": "red.tif"}},
    });
    for (name, value) in members.as_object().unwrap() {
        item[name] = value.clone();
    }
    LocatedItem { item: item.as_object().unwrap().clone(), href: "https://h/items/a.json".to_owned() }
}

fn batch(items: Vec<LocatedItem>) -> SourceBatch {
    ItemConverter::new(BandMap::default(), Vec::new()).unwrap().batch(items).unwrap()
}

/// The record of an item.
fn record(members: Value) -> Record {
    let batch = batch(vec![item(members)]);
    assert_eq!(batch.failures, []);
    RecordColumns::new(&batch.records).unwrap().record(0)
}

/// The only failure of an item: its kind and message.
fn failure(members: Value) -> (String, String) {
    let mut batch = batch(vec![item(members)]);
    assert_eq!((batch.records.num_rows(), batch.failures.len()), (0, 1));
    let failure = batch.failures.remove(0);
    (failure.kind, failure.message)
}
