use super::*;
use rasteret_schema::record::RecordColumns;
use serde_json::json;

fn located(item: Value) -> LocatedItem {
    let Value::Object(item) = item else { panic!("an item is an object") };
    LocatedItem { item, href: "https://example.com/items/a.json".to_owned() }
}

#[test]
fn an_item_becomes_a_record() {
    let item = located(json!({
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "a",
        "collection": "scenes",
        "geometry": {"type": "Point", "coordinates": [77.0, 13.0]},
        "bbox": [77.0, 13.0, 77.0, 13.0],
        "properties": {"datetime": "2024-01-01T00:00:00Z", "eo:cloud_cover": 10, "proj:code": "EPSG:32643"},
        "assets": {"red": {"href": "./red.tif", "type": "image/tiff; application=geotiff", "roles": ["data"]}},
    }));
    let converter = ItemConverter::new(BandMap::default(), Vec::new()).unwrap();
    let batch = converter.batch(vec![item]).unwrap();
    assert_eq!(batch.failures, []);
    let record = RecordColumns::new(&batch.records).unwrap().record(0);
    assert_eq!(record.assets[0].href, "https://example.com/items/red.tif");
    assert_eq!((record.epsg, record.datetime), (Some(32643), 1_704_067_200_000_000));
}
