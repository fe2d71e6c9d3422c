//! Searches of a real server find what a look at every item finds.

use crate::data;
use crate::server::StacServer;
use crate::support::{ids, read, sorted_ids, source};
use chrono::DateTime;
use geo::{Intersects, Rect, coord};
use rasteret::blocking::Wait;
use rasteret::schema::conformance::{Expectations, source_adapter};
use rasteret::schema::{BoundingBox, Selection, SourceAdapter};
use serde_json::{Value, json};

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

fn micros(item: &Value) -> i64 {
    let properties = &item["properties"];
    let text = properties["datetime"].as_str().or_else(|| properties["start_datetime"].as_str()).unwrap();
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
}

fn touches(item: &Value, bbox: BoundingBox) -> bool {
    let geometry: geojson::Geometry = serde_json::from_value(item["geometry"].clone()).unwrap();
    let geometry: geo::Geometry = geometry.try_into().unwrap();
    bbox.parts().any(|part| {
        let (min, max) = (coord! {x: part.xmin, y: part.ymin}, coord! {x: part.xmax, y: part.ymax});
        geometry.intersects(&Rect::new(min, max))
    })
}

/// Ids of the items that a rule takes, sorted.
fn expected(items: &[Value], rule: impl Fn(&Value) -> bool) -> Vec<String> {
    let mut ids: Vec<String> = items.iter().filter(|item| rule(item)).map(id).collect();
    ids.sort();
    ids
}

#[test]
fn all_pages_come() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    for page_size in [1, 3, 7, 1000] {
        let source = source(&server.url).page_size(page_size);
        assert_eq!(sorted_ids(&source, &Selection::default()), expected(&items, |_| true));
        // The landing page, then as many searches as there are pages.
        let seen = server.seen();
        assert_eq!(seen.len(), 1 + items.len().div_ceil(page_size), "{seen:?}");
        assert!(seen.iter().skip(1).all(|request| request == "POST /search"), "{seen:?}");
    }
    let source = source(&server.url).page_size(4).max_items(10);
    assert_eq!(ids(&source, &Selection::default()).len(), 10);
    assert_eq!(server.seen().len(), 4);
}

#[test]
fn collections_and_ids_are_found() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    for collection in data::collections(&items) {
        let source = source(&server.url).collection(&collection).page_size(2);
        let expected = expected(&items, |item| item["collection"] == collection.as_str());
        assert_eq!(sorted_ids(&source, &Selection::default()), expected);
    }
    let wanted: Vec<String> = items.iter().map(id).step_by(5).collect();
    let source = source(&server.url).ids(wanted.iter().map(String::as_str)).page_size(2);
    assert_eq!(
        sorted_ids(&source, &Selection::default()),
        expected(&items, |item| wanted.contains(&id(item)))
    );
}

#[test]
fn boxes_are_searched() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    let source = source(&server.url).page_size(3);
    let mut sizes = Vec::new();
    for bbox in [
        BoundingBox::new(-180.0, -90.0, 180.0, 90.0),
        BoundingBox::new(-106.0, 39.0, -105.5, 40.0),
        BoundingBox::new(-100.0, 20.0, -50.0, 60.0),
        BoundingBox::new(120.0, -80.0, 130.0, -70.0),
        BoundingBox::new(10.0, 10.0, 11.0, 11.0),
        // Over the antimeridian: Australia and Alaska, not Europe.
        BoundingBox::new(110.0, -60.0, -140.0, 70.0),
    ] {
        let found = sorted_ids(&source, &Selection { bbox: Some(bbox), ..Selection::default() });
        assert_eq!(found, expected(&items, |item| touches(item, bbox)), "{bbox:?}");
        sizes.push(found.len());
    }
    assert!(sizes[0] == items.len() && sizes[4] == 0 && sizes[5] > 1 && sizes[5] < items.len(), "{sizes:?}");
}

#[test]
fn times_are_searched() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    let source = source(&server.url).page_size(3);
    let mut times: Vec<i64> = items.iter().map(micros).collect();
    times.sort_unstable();
    let middle = times[times.len() / 2];
    for (start, end) in [
        (Some(middle), None),
        (None, Some(middle)),
        (Some(middle), Some(middle)),
        (Some(times[3]), Some(times[9])),
        (Some(middle), Some(middle - 1)),
    ] {
        let selection = Selection { start, end, ..Selection::default() };
        let is_within =
            |item: &Value| start.is_none_or(|s| s <= micros(item)) && end.is_none_or(|e| micros(item) <= e);
        assert_eq!(sorted_ids(&source, &selection), expected(&items, is_within), "{selection:?}");
    }
}

/// This server does not have the extension, and says so: the items are looked at here.
#[test]
fn queries_are_answered_without_the_extension() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    let query = json!({"eo:cloud_cover": {"lt": 20, "gte": 0.1}}).as_object().cloned().unwrap();
    let cloud = |item: &Value| item["properties"]["eo:cloud_cover"].as_f64();
    let expected = expected(&items, |item| cloud(item).is_some_and(|cover| (0.1..20.0).contains(&cover)));
    assert!(!expected.is_empty());
    assert_eq!(sorted_ids(&source(&server.url).query(query).page_size(5), &Selection::default()), expected);
    let error = read(&source(&server.url).filter("a < 5"), &Selection::default()).unwrap_err().to_string();
    assert!(error.contains("filter extension"), "{error}");
}

#[test]
fn filters_are_sent_as_they_are_given() {
    let Some(items) = data::items() else { return };
    let server = StacServer::with_filters(&items);
    let cloud = |item: &Value| item["properties"]["eo:cloud_cover"].as_f64();
    let expected = expected(&items, |item| cloud(item).is_some_and(|cover| cover < 20.0));
    let text = source(&server.url).filter("\"eo:cloud_cover\" < 20").page_size(2);
    assert_eq!(sorted_ids(&text, &Selection::default()), expected);
    assert!(server.seen().iter().skip(1).all(|request| request.starts_with("GET /search?")));
    let json = json!({"op": "<", "args": [{"property": "eo:cloud_cover"}, 20]});
    assert_eq!(sorted_ids(&source(&server.url).filter(json).page_size(2), &Selection::default()), expected);
    assert!(server.seen().iter().skip(1).all(|request| request == "POST /search"));
}

#[test]
fn geometries_are_searched() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    let bbox = BoundingBox::new(-106.0, 39.0, -50.0, 60.0);
    let ring = [[-106.0, 39.0], [-50.0, 39.0], [-50.0, 60.0], [-106.0, 60.0], [-106.0, 39.0]];
    let source =
        source(&server.url).intersects(json!({"type": "Polygon", "coordinates": [ring]})).page_size(4);
    assert_eq!(sorted_ids(&source, &Selection::default()), expected(&items, |item| touches(item, bbox)));
}

#[test]
fn an_unknown_collection_lists_what_there_is() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    let error = read(&source(&server.url).collection("sentinel-2-l2"), &Selection::default()).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("\"sentinel-2-l2\"") && error.contains("sentinel-2-c1-l2a"), "{error}");
}

/// A collection's own page and its list of items are places to begin, too.
#[test]
fn collections_and_lists_of_an_api_are_read() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    let expected = expected(&items, |item| item["collection"] == "sentinel-2-c1-l2a");
    let collection = format!("{}/collections/sentinel-2-c1-l2a", server.url);
    assert_eq!(sorted_ids(&source(&collection).page_size(3), &Selection::default()), expected);
    assert!(server.seen()[1].contains("limit=3"));
    assert_eq!(sorted_ids(&source(&format!("{collection}/items?limit=4")), &Selection::default()), expected);
    assert_eq!(server.seen().len(), 3);
    let walked = source(&server.url).static_catalog(true).collection("sentinel-2-c1-l2a");
    assert_eq!(sorted_ids(&walked, &Selection::default()), expected);
}

#[test]
fn the_contract_is_kept() {
    let Some(items) = data::items() else { return };
    let server = StacServer::start(&items);
    let source =
        source(&server.url).collections(data::collections(&items)).header("x-key", "HUSHHUSH").page_size(6);
    let expectations = Expectations {
        records: Some(items.len()),
        failures: Some(0),
        batch_records: 1000,
        secrets: vec!["HUSHHUSH".to_owned()],
    };
    let report = source_adapter(&source, &expectations).wait();
    report.violations.assert_none();
    assert_eq!(source.description(), format!("{} {}", server.url, data::collections(&items).join(", ")));
}
