//! Ids, times, footprints, CRSs and hrefs.

use super::*;
use geo_types::{line_string, polygon};
use rasteret_schema::BoundingBox;

const JANUARY: i64 = 1_704_067_200_000_000;
const HOUR: i64 = 3_600_000_000;

fn wkb(geometry: geo_types::Geometry) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    wkb::writer::write_geometry(&mut bytes, &geometry, &wkb::writer::WriteOptions::default()).unwrap();
    Some(bytes)
}

#[test]
fn times() {
    let times = |properties: Value| {
        let record = record(json!({"properties": properties}));
        (record.datetime, record.end_datetime)
    };
    let span = json!({"datetime": null, "start_datetime": "2024-01-01T05:30:00+05:30", "end_datetime": "2024-01-01T01:00:00Z"});
    assert_eq!(times(span), (JANUARY, Some(JANUARY + HOUR)));
    let both = json!({"datetime": "2024-01-01T00:30:00Z", "start_datetime": "2024-01-01T00:00:00Z", "end_datetime": "2024-01-01T01:00:00Z"});
    assert_eq!(times(both), (JANUARY + HOUR / 2, Some(JANUARY + HOUR)));
    let backwards = json!({"datetime": "2024-01-01T00:00:00Z", "end_datetime": "2023-01-01T00:00:00Z"});
    assert_eq!(times(backwards), (JANUARY, None));
    assert_eq!(failure(json!({"properties": {"datetime": null}})).0, "no-datetime");
    let (kind, message) = failure(json!({"properties": {"datetime": "soon"}}));
    assert_eq!(kind, "invalid-datetime");
    assert!(message.contains("\"a\"") && message.contains("soon"), "{message}");
}

#[test]
fn geometries() {
    let flat = record(
        json!({"geometry": {"type": "LineString", "coordinates": [[1.0, 2.0, 99.0], [3.0, 4.0, 99.0]]}}),
    );
    assert_eq!(flat.geometry, wkb(line_string![(x: 1.0, y: 2.0), (x: 3.0, y: 4.0)].into()));
    assert_eq!(flat.bbox, None);
    for geometry in [
        json!({}),
        json!("POINT (1 2)"),
        json!({"type": "Square", "coordinates": [1, 2]}),
        json!({"type": "Point", "coordinates": [1]}),
        json!({"type": "Point", "coordinates": ["1", "2"]}),
        json!({"type": "Point", "coordinates": [null, null]}),
        json!({"type": "Point", "coordinates": [699_960.0, 1_500_000.0]}),
        json!({"type": "Polygon", "coordinates": []}),
        json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}),
        json!({"type": "MultiPolygon", "coordinates": [[[0, 0], [1, 1], [1, 0]]]}),
        json!({"type": "GeometryCollection", "geometries": []}),
    ] {
        let (kind, message) = failure(json!({"geometry": geometry}));
        assert_eq!(kind, "invalid-geometry", "{geometry}");
        assert!(message.starts_with("item \"a\": "), "{message}");
    }
}

#[test]
fn boxes() {
    let bbox = |bbox: Value| record(json!({"bbox": bbox})).bbox;
    assert_eq!(bbox(json!([1, 2, 3, 4])), Some(BoundingBox::new(1.0, 2.0, 3.0, 4.0)));
    assert_eq!(bbox(json!([1, 2, -50, 3, 4, 8000])), Some(BoundingBox::new(1.0, 2.0, 3.0, 4.0)));
    assert_eq!(bbox(json!([177, -20, -178, -15])), Some(BoundingBox::new(177.0, -20.0, -178.0, -15.0)));
    assert_eq!(bbox(json!([177, -20, 182, -15])), Some(BoundingBox::new(177.0, -20.0, -178.0, -15.0)));
    assert_eq!(bbox(json!([-180.5, -90.5, 180.5, 90.5])), Some(BoundingBox::new(-180.0, -90.0, 180.0, 90.0)));
    // The engine derives it from the geometry.
    for none in [
        json!(null),
        json!([1, 2, 3]),
        json!(["1", "2", "3", "4"]),
        json!([1, 4, 3, 2]),
        json!([1, 2, 3, 4e5]),
    ] {
        assert_eq!(bbox(none), None);
    }
}

#[test]
fn a_box_stands_for_a_missing_geometry() {
    let square = record(json!({"geometry": null, "bbox": [1, 2, 3, 4]}));
    let polygon = polygon![(x: 3.0, y: 2.0), (x: 3.0, y: 4.0), (x: 1.0, y: 4.0), (x: 1.0, y: 2.0)];
    assert_eq!(square.geometry, wkb(polygon.into()));
    let crossing = record(json!({"geometry": null, "bbox": [179, -20, -179, -15]}));
    let part = |west: f64, east: f64| polygon![(x: east, y: -20.0), (x: east, y: -15.0), (x: west, y: -15.0), (x: west, y: -20.0)];
    let parts = geo_types::MultiPolygon::new(vec![part(179.0, 180.0), part(-180.0, -179.0)]);
    assert_eq!(crossing.geometry, wkb(parts.into()));
    assert_eq!(failure(json!({"geometry": null, "bbox": [1, 2]})).0, "invalid-bbox");
    let nowhere = record(json!({"geometry": null}));
    assert_eq!((nowhere.geometry, nowhere.bbox), (None, None));
}

#[test]
fn crs_of_bands_assets_and_items() {
    let crs = |members: Value| {
        let record = record(members);
        (record.epsg, record.crs)
    };
    let epsg = |code: i32| (Some(code), Some(format!("EPSG:{code}")));
    let properties = json!({"datetime": "2024-01-01", "proj:epsg": 32643});
    assert_eq!(crs(json!({"properties": properties})), epsg(32643));
    let assets = json!({"red": {"href": "red.tif", "proj:code": "EPSG:32644"}, "nir": {"href": "nir.tif", "proj:epsg": 3857}});
    assert_eq!(crs(json!({"properties": properties, "assets": assets})), epsg(32644));
    let bands =
        json!({"red": {"href": "red.tif", "proj:code": "EPSG:32644", "bands": [{"proj:epsg": 32645}]}});
    assert_eq!(crs(json!({"properties": properties, "assets": bands})), epsg(32645));
    let second = json!({"red": {"href": "red.tif"}, "nir": {"href": "nir.tif", "proj:epsg": 3857}});
    assert_eq!(crs(json!({"properties": properties, "assets": second})), epsg(32643));
    assert_eq!(crs(json!({"assets": second})), epsg(3857));
    let other = json!({"datetime": "2024-01-01", "proj:code": "ESRI:54009"});
    assert_eq!(crs(json!({"properties": other})), (None, Some("ESRI:54009".to_owned())));
    assert_eq!(crs(json!({})), (None, None));
}

#[test]
fn hrefs_are_relative_to_the_item() {
    let href = |members: Value| record(members).assets.remove(0).href;
    assert_eq!(href(json!({})), "https://h/items/red.tif");
    let links =
        |own: &str| json!({"links": [{"rel": "root", "href": "https://r/"}, {"rel": "self", "href": own}]});
    assert_eq!(href(links("s3://bucket/scene/item.json")), "s3://bucket/scene/red.tif");
    assert_eq!(href(links("./item.json")), "https://h/items/red.tif");
    let assets = json!({"red": {"href": "/vsicurl/https://h/red.tif?sig=1"}});
    assert_eq!(href(json!({"assets": assets})), "https://h/red.tif?sig=1");
}

#[test]
fn ids_and_collections() {
    assert_eq!(record(json!({"id": 7})).id, "7");
    assert_eq!(record(json!({"collection": "c"})).collection.as_deref(), Some("c"));
    let old = json!({"datetime": "2024-01-01", "collection": "old"});
    assert_eq!(record(json!({"properties": old})).collection.as_deref(), Some("old"));
    for id in [json!(null), json!(""), json!([])] {
        assert_eq!(failure(json!({"id": id})).0, "no-id");
    }
    assert_eq!(failure(json!({"id": "a".repeat(5000)})).0, "too-large");
    assert_eq!(failure(json!({"type": "Collection"})).0, "not-an-item");
}

#[test]
fn failures_hold_no_secrets() {
    let mut item = item(json!({"geometry": {}}));
    item.href = "https://me:secret@h/a.json?sig=secret".to_owned();
    let batch = batch(vec![item]);
    assert_eq!(batch.failures[0].href, "https://h/a.json");
}
