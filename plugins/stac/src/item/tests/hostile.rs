//! Whatever an item is, it becomes a record that keeps its contract, or a failure.

use super::*;
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::Instant;

/// Any JSON, with the names and the words that mean something.
fn json_value() -> impl Strategy<Value = Value> {
    let word = || {
        prop::sample::select(vec![
            "type",
            "Feature",
            "Point",
            "Polygon",
            "MultiPolygon",
            "GeometryCollection",
            "geometries",
            "coordinates",
            "href",
            "a.tif",
            "../a.tif",
            "s3://b/a.tif",
            "/vsicurl/",
            "roles",
            "data",
            "overview",
            "image/tiff",
            "name",
            "common_name",
            "eo:common_name",
            "bands",
            "eo:bands",
            "raster:bands",
            "nodata",
            "nan",
            "scale",
            "rel",
            "self",
            "datetime",
            "start_datetime",
            "end_datetime",
            "2024-01-01T00:00:00Z",
            "9999-12-31T23:59:60Z",
            "-262143-01-01",
            "proj:epsg",
            "proj:code",
            "proj:wkt2",
            "proj:projjson",
            "EPSG:4326",
            "]]",
            "ID[\"EPSG\",1]]",
            "id",
            "red",
            "B04",
            "eo:cloud_cover",
            "created",
            "gsd",
            "",
        ])
        .prop_map(str::to_owned)
    };
    let text = move || prop_oneof![4 => word(), 1 => any::<String>()];
    let number = prop_oneof![
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-200.0..200.0).prop_map(Value::from),
        (-2..4).prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        3 => number,
        3 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An item in which some members are any JSON.
fn any_item() -> impl Strategy<Value = LocatedItem> {
    let member = prop::sample::select(vec![
        "type",
        "id",
        "collection",
        "geometry",
        "bbox",
        "properties",
        "assets",
        "links",
        "/assets/red",
        "/assets/red/href",
        "/assets/red/eo:bands",
        "/assets/red/bands",
        "/assets/red/raster:bands",
        "/assets/red/roles",
        "/geometry/type",
        "/geometry/coordinates",
        "/properties/datetime",
        "/properties/end_datetime",
        "/properties/proj:epsg",
        "/properties/eo:cloud_cover",
        "/properties/x",
    ]);
    prop::collection::vec((member, json_value()), 0..5).prop_map(|changes| {
        let mut whole = json!({
            "type": "Feature",
            "id": "a",
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            "bbox": [0, 0, 1, 1],
            "properties": {"datetime": "2024-01-01T00:00:00Z", "end_datetime": null, "proj:epsg": 4326, "x": 1, "eo:cloud_cover": 1},
            "links": [],
            "assets": {"red": {"href": "red.tif", "eo:bands": [], "bands": [], "raster:bands": [], "roles": ["data"]}, "nir": {"href": "nir.tif"}},
        });
        for (member, value) in changes {
            let place = if member.starts_with('/') { member.to_owned() } else { format!("/{member}") };
            if let Some(place) = whole.pointer_mut(&place) {
                *place = value;
            }
        }
        LocatedItem { item: whole.as_object().unwrap().clone(), href: "https://h/i.json".to_owned() }
    })
}

fn check(batch: &SourceBatch, items: usize) {
    assert_eq!(batch.records.num_rows() + batch.failures.len(), items);
    let columns = RecordColumns::new(&batch.records).unwrap();
    for row in 0..columns.len() {
        let record = columns.record(row);
        assert!(!record.id.is_empty());
        assert!(!record.assets.is_empty());
        let mut bands = HashSet::new();
        for asset in &record.assets {
            assert!(!asset.band.is_empty() && bands.insert(&asset.band), "{record:?}");
            assert!(!asset.href.is_empty() && asset.band_index.is_none_or(|index| index >= 0), "{record:?}");
        }
        assert!(record.end_datetime.is_none_or(|end| end >= record.datetime));
        if let Some(bbox) = record.bbox {
            assert!([bbox.xmin, bbox.xmax].into_iter().all(|x| (-180.0..=180.0).contains(&x)), "{bbox:?}");
            assert!(-90.0 <= bbox.ymin && bbox.ymin <= bbox.ymax && bbox.ymax <= 90.0, "{bbox:?}");
        }
        if let Some(geometry) = &record.geometry {
            wkb::reader::read_wkb(geometry).unwrap();
        }
        assert!(record.epsg.is_none_or(|code| code > 0));
        assert!(record.crs.is_none_or(|crs| !crs.is_empty()));
    }
    for failure in &batch.failures {
        assert!(
            !failure.kind.is_empty() && !failure.message.is_empty() && !failure.href.is_empty(),
            "{failure:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_json_keeps_the_contract(items in prop::collection::vec(any_item(), 1..6)) {
        let converter = ItemConverter::new(BandMap::default(), Vec::new()).unwrap();
        for _ in 0..2 {
            check(&converter.batch(items.clone()).unwrap(), items.len());
        }
        let mut map = BandMap::default();
        map.assets.extend([("R".to_owned(), "B04".to_owned()), ("N".to_owned(), "nir".to_owned())]);
        let wanted = vec!["R".to_owned(), "RED".to_owned()];
        for converter in [ItemConverter::new(map.clone(), Vec::new()), ItemConverter::new(map, wanted)] {
            let converter = converter.unwrap();
            if let Ok(batch) = converter.batch(items.clone()) {
                check(&batch, items.len());
            }
            converter.finish();
        }
    }
}

#[test]
fn large_items_take_no_long_time() {
    let started = Instant::now();
    let positions: Vec<Value> = (0..400_000).map(|n| json!([n % 180, n % 90])).collect();
    let geometry = json!({"geometry": {"type": "LineString", "coordinates": positions}});
    let assets: Map<String, Value> = (0..50_000)
        .map(|n| (format!("a{n}"), json!({"href": "a.tif", "eo:bands": [{"name": "x"}, {"name": "y"}]})))
        .collect();
    let bands: Vec<Value> = (0..50_000).map(|_| json!({"name": "same"})).collect();
    let items = vec![
        item(geometry),
        item(json!({"assets": assets})),
        item(json!({"assets": {"a": {"href": "a.tif", "bands": bands}}})),
    ];
    check(&batch(items), 3);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn what_is_too_large_is_a_failure() {
    let properties = json!({"datetime": "2024-01-01", "text": "x".repeat(20 << 20)});
    assert_eq!(failure(json!({"properties": properties})).0, "too-large");
}
