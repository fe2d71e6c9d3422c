//! Properties and values of bands as columns.

use super::*;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::DataType;
use std::collections::HashSet;

fn with(properties: Value) -> LocatedItem {
    let mut all = json!({"datetime": "2024-01-01T00:00:00Z"});
    for (name, value) in properties.as_object().unwrap() {
        all[name] = value.clone();
    }
    item(json!({"properties": all}))
}

fn data_type(batch: &SourceBatch, column: &str) -> Option<DataType> {
    batch.records.column_by_name(column).map(|column| column.data_type().clone())
}

fn texts(batch: &SourceBatch, column: &str) -> Vec<Option<String>> {
    let column = batch.records.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn types_do_not_depend_on_the_batch() {
    let converter = ItemConverter::new(BandMap::default(), Vec::new()).unwrap();
    let first = converter.batch(vec![with(json!({"a": 1, "b": "x", "c": true, "d": ["x"], "e": [1], "f": {"g": 1}, "h": null, "i": [], "j": [1, "x"]}))]).unwrap();
    let second = converter
        .batch(vec![with(
            json!({"a": "x", "b": 2, "c": 0, "d": 1, "e": ["x"], "f": "y", "h": 1, "i": ["x"], "j": null}),
        )])
        .unwrap();
    for column in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(data_type(&first, column), data_type(&second, column), "{column}");
    }
    assert_eq!(data_type(&first, "a"), Some(DataType::Float64));
    // Nothing is known of a column without values.
    assert_eq!((data_type(&first, "h"), data_type(&first, "i")), (None, None));
    assert_eq!(texts(&first, "f"), [Some(r#"{"g":1}"#.to_owned())]);
    assert_eq!(texts(&first, "j"), [Some(r#"[1,"x"]"#.to_owned())]);
    assert_eq!(data_type(&second, "j"), None);
    // What does not fit is null; text holds anything.
    assert!(second.records.column_by_name("a").unwrap().is_null(0));
    assert_eq!(texts(&second, "b"), [Some("2".to_owned())]);
}

#[test]
fn types_that_extensions_fix() {
    let batch = batch(vec![
        with(json!({
            "eo:cloud_cover": "12.5", "gsd": 10, "landsat:wrs_path": 28, "sat:relative_orbit": 98.0,
            "instruments": "msi", "proj:shape": [10980, 10980.0], "proj:transform": [10, 0, 0.5],
            "created": "2024-01-01T00:00:00Z", "s2:generation_time": "2024-01-01T00:00:00.000001Z",
            "proj:epsg": 32643, "platform": "a",
        })),
        with(
            json!({"eo:cloud_cover": null, "landsat:wrs_path": "028", "instruments": ["msi", null], "created": "never"}),
        ),
    ]);
    let column = |name: &str| batch.records.column_by_name(name).unwrap();
    let cover = column("eo:cloud_cover").as_primitive::<Float64Type>();
    assert_eq!(cover.iter().collect::<Vec<_>>(), [Some(12.5), None]);
    assert_eq!(data_type(&batch, "gsd"), Some(DataType::Float64));
    assert_eq!(texts(&batch, "landsat:wrs_path"), [Some("28".to_owned()), Some("028".to_owned())]);
    assert_eq!(column("sat:relative_orbit").as_primitive::<Int64Type>().value(0), 98);
    let shape = column("proj:shape").as_list::<i32>().value(0);
    assert_eq!(shape.as_primitive::<Int64Type>().values(), &[10980, 10980]);
    assert_eq!(column("instruments").as_list::<i32>().value(1).null_count(), 1);
    let created = column("created").as_primitive::<TimestampMicrosecondType>();
    assert_eq!(created.iter().collect::<Vec<_>>(), [Some(1_704_067_200_000_000), None]);
    assert_eq!(created.timezone(), Some("UTC"));
    assert_eq!(
        column("s2:generation_time").as_primitive::<TimestampMicrosecondType>().value(0),
        1_704_067_200_000_001
    );
}

#[test]
fn columns_of_records_are_not_taken() {
    let batch = batch(vec![with(
        json!({"id": "other", "assets": 3, "crs": "x", "raster:bands": [], "proj:code": "EPSG:4326"}),
    )]);
    let record = RecordColumns::new(&batch.records).unwrap().record(0);
    assert_eq!((record.id.as_str(), record.epsg), ("a", Some(4326)));
    assert_eq!(texts(&batch, "properties:id"), [Some("other".to_owned())]);
    assert_eq!(texts(&batch, "properties:crs"), [Some("x".to_owned())]);
    assert_eq!(data_type(&batch, "properties:assets"), Some(DataType::Float64));
    assert_eq!(data_type(&batch, "proj:code"), None);
    let names: HashSet<&str> =
        batch.records.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names.len(), batch.records.num_columns());
}

#[test]
fn values_of_bands() {
    let assets = json!({
        "old": {"href": "o.tif", "raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1, "data_type": "uint16", "spatial_resolution": 10}]},
        "new": {"href": "n.tif", "data_type": "float32", "nodata": "nan", "bands": [
            {"name": "x", "raster:scale": 2, "unit": "m"}, {"name": "y", "nodata": "-inf"},
        ]},
        "silent": {"href": "s.tif", "eo:bands": [{"name": "s", "scale": 9}]},
    });
    let silent = json!({"red": {"href": "r.tif"}});
    let batch = batch(vec![item(json!({"assets": assets})), item(json!({"assets": silent}))]);
    let column = batch.records.column_by_name("raster:bands").unwrap().as_list::<i32>();
    assert!(column.is_null(1));
    let bands = column.value(0);
    let bands = bands.as_struct();
    let text = |name: &str| {
        bands
            .column_by_name(name)
            .unwrap()
            .as_string::<i32>()
            .iter()
            .map(|t| t.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let number = |name: &str| {
        bands.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect::<Vec<_>>()
    };
    assert_eq!(text("band"), ["old", "x", "y"].map(|band| Some(band.to_owned())));
    assert_eq!(text("data_type"), ["uint16", "float32", "float32"].map(|name| Some(name.to_owned())));
    assert_eq!(text("unit"), [None, Some("m".to_owned()), None]);
    assert_eq!(number("scale"), [Some(0.0001), Some(2.0), None]);
    assert_eq!(number("offset"), [Some(-0.1), None, None]);
    let nodata = number("nodata");
    assert_eq!((nodata[0], nodata[2]), (Some(0.0), Some(f64::NEG_INFINITY)));
    assert!(nodata[1].unwrap().is_nan());
}

#[test]
fn names_are_bounded() {
    let many: Map<String, Value> = (0..5000).map(|n| (format!("p{n}"), json!(n))).collect();
    let batch = batch(vec![with(Value::Object(many)), with(json!({"x".repeat(1000): 1, "": 2}))]);
    assert!(batch.records.num_columns() <= 1010);
    assert_eq!(batch.records.num_rows(), 2);
}
