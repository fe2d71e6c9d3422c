//! Exports are tables that others open: types, rows, boxes, and what the GeoParquet project's validator says.

use crate::material::{Material, USER, ids, records, text};
use crate::peer::ask;
use rasteret::blocking::Wait;
use rasteret::share::ExportFormat;
use rasteret::{Collection, Filter};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where exports lie, and by what they are partitioned.
const EXPORTS: [(&str, &[&str]); 3] =
    [("by-month", &["year", "month"]), ("by-split", &["split"]), ("file.parquet", &[])];

/// Types of columns that tell a faithful reader: in PyArrow, Polars, DuckDB.
const TYPES: [(&str, [&str; 3]); 9] = [
    (
        "datetime",
        ["timestamp[us, tz=UTC]", "Datetime(time_unit='us', time_zone='UTC')", "TIMESTAMP WITH TIME ZONE"],
    ),
    (
        "seen",
        ["timestamp[us, tz=UTC]", "Datetime(time_unit='us', time_zone='UTC')", "TIMESTAMP WITH TIME ZONE"],
    ),
    ("eo:cloud_cover", ["double", "Float64", "DOUBLE"]),
    ("label", ["string", "String", "VARCHAR"]),
    ("classes", ["list<element: int16>", "List(Int16)", "SMALLINT[]"]),
    (
        "sensor",
        [
            "struct<name: string, angles: list<element: float>>",
            "Struct({'name': String, 'angles': List(Float32)})",
            "STRUCT(\"name\" VARCHAR, angles FLOAT[])",
        ],
    ),
    ("count", ["int64", "Int64", "BIGINT"]),
    ("valid", ["bool", "Boolean", "BOOLEAN"]),
    (
        "bbox",
        [
            "struct<xmin: double, ymin: double, xmax: double, ymax: double>",
            "Struct({'xmin': Float64, 'ymin': Float64, 'xmax': Float64, 'ymax': Float64})",
            "STRUCT(xmin DOUBLE, ymin DOUBLE, xmax DOUBLE, ymax DOUBLE)",
        ],
    ),
];

fn exports(material: &Material, format: ExportFormat) -> Vec<PathBuf> {
    let export = |(name, by): &(&str, &[&str])| {
        let path = material.path(&format!("{format:?}-{name}"));
        let export = material.collection().export(text(&path)).format(format);
        assert_eq!(export.partition_by(by.iter().copied()).run().wait().unwrap().rows, 8);
        path
    };
    EXPORTS.iter().map(export).collect()
}

/// The box of a record, a little smaller than its footprint.
fn bbox(collection: &Collection, id: &str) -> [f64; 4] {
    let record = records(collection).into_iter().find(|record| record["id"] == id).unwrap();
    let [w, s, e, n] = ["xmin", "ymin", "xmax", "ymax"].map(|side| record["bbox"][side].as_f64().unwrap());
    [w + (e - w) * 0.1, s + (n - s) * 0.1, e - (e - w) * 0.1, n - (n - s) * 0.1]
}

/// Columns as JSON, of all records by id.
fn expected(collection: &Collection) -> Vec<Value> {
    let mut records = records(collection);
    records.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
    let row = |record: &serde_json::Map<String, Value>| {
        columns().map(|name| (name.to_owned(), normal(&record[name]))).collect()
    };
    records.iter().map(row).collect()
}

fn columns() -> impl Iterator<Item = &'static str> {
    ["id", "datetime", "bbox"].into_iter().chain(USER)
}

/// Times have one form of many.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => match chrono::DateTime::parse_from_rfc3339(text) {
            Ok(time) => time.timestamp_micros().into(),
            Err(_) => value.clone(),
        },
        Value::Array(values) => values.iter().map(normal).collect(),
        Value::Object(values) => values.iter().map(|(name, value)| (name.clone(), normal(value))).collect(),
        Value::Number(number) => json!(number.as_f64()),
        _ => value.clone(),
    }
}

fn rows(answer: &Value) -> Vec<Value> {
    answer["rows"].as_array().unwrap().iter().map(normal).collect()
}

fn check_types(answer: &Value, reader: usize, what: &str) {
    for (column, types) in TYPES {
        assert_eq!(answer["types"][column], types[reader], "{column} of {what}");
    }
}

#[test]
fn files_are_valid_geoparquet() {
    let Some(material) = Material::new() else { return };
    for format in [ExportFormat::Rasteret, ExportFormat::StacGeoparquet] {
        for path in exports(&material, format) {
            let Some(answer) = ask("validate", json!({"path": path})) else { return };
            let files = answer.as_array().unwrap();
            assert!(!files.is_empty());
            for file in files {
                assert_eq!(file["failed"], json!([]), "{path:?}: {file}");
                assert_eq!(file["schema"], json!([]), "{path:?}: {file}");
                assert!(file["passed"].as_u64().unwrap() > 10, "{path:?}: {file}");
                assert_eq!(file["version"], "1.1.0");
                assert_eq!(file["covering"]["bbox"]["xmin"], json!(["bbox", "xmin"]));
            }
        }
    }
}

#[test]
fn tables_open_elsewhere_with_their_types() {
    let Some(material) = Material::new() else { return };
    let collection = material.collection();
    let expected = expected(&collection);
    let names: Vec<&str> = columns().collect();
    let near = bbox(&collection, "utm43");
    let found = ids(&collection, Filter::new().bbox(near));
    assert_eq!(found, ["utm43", "utm43-later"]);
    for format in [ExportFormat::Rasteret, ExportFormat::StacGeoparquet] {
        for path in exports(&material, format) {
            let what = path.display().to_string();
            let Some(answer) = ask("pyarrow_reads", json!({"path": path, "columns": names})) else { return };
            check_types(&answer, 0, &what);
            assert_eq!(rows(&answer), expected, "{what}");
            let headers = answer["types"]["B04_metadata"].as_str();
            assert_eq!(headers.is_some(), format == ExportFormat::Rasteret, "{what}");
            assert_eq!(answer["geometry"], "geoarrow.wkb", "{what}");

            let answer = ask("polars_reads", json!({"path": path, "columns": names})).unwrap();
            check_types(&answer, 1, &what);
            assert_eq!(rows(&answer), expected, "{what}");
            assert_eq!(answer["count"].as_array().unwrap().len(), 5, "{what}");

            let answer = ask("duckdb_reads", json!({"path": path, "columns": names, "bbox": near})).unwrap();
            check_types(&answer, 2, &what);
            assert_eq!(rows(&answer), expected, "{what}");
            assert_eq!(answer["bbox"], json!(found), "{what}");
            if format == ExportFormat::Rasteret && what.contains("month") {
                assert_eq!(
                    (&answer["types"]["year"], &answer["types"]["month"]),
                    (&json!("BIGINT"), &json!("BIGINT"))
                );
            }
        }
    }
}

#[test]
fn footprints_are_found_by_geopandas() {
    let Some(material) = Material::new() else { return };
    let collection = material.collection();
    let near = bbox(&collection, "planar");
    let found = ids(&collection, Filter::new().bbox(near));
    assert_eq!(found, ["planar"]);
    for format in [ExportFormat::Rasteret, ExportFormat::StacGeoparquet] {
        for path in exports(&material, format) {
            let Some(answer) = ask("geopandas_reads", json!({"path": path, "bbox": near})) else { return };
            assert_eq!(answer["crs"], json!(["('OGC', 'CRS84')"]), "{path:?}");
            assert_eq!(answer["bbox"], json!(found), "{path:?}");
            let geometries = answer["geometries"].as_object().unwrap();
            assert_eq!(geometries.len(), 8);
            for (id, wkb) in stored_footprints(&collection) {
                assert_eq!(geometries[&id], wkb, "{id}");
            }
        }
    }
}

/// Id and WKB in hexadecimal of each record.
fn stored_footprints(collection: &Collection) -> Vec<(String, String)> {
    use arrow_array::cast::AsArray;
    let batch = collection.head(100).unwrap();
    let (ids, footprints) = (batch["id"].as_string::<i32>(), batch["geometry"].as_binary::<i32>());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    ids.iter().zip(footprints).map(|(id, bytes)| (id.unwrap().to_owned(), hex(bytes.unwrap()))).collect()
}

#[test]
fn boxes_leave_out_row_groups() {
    let Some(_) = ask("has_rasteret", json!({})) else { return };
    let folder = tempfile::tempdir().unwrap();
    let database = rasteret::Database::open_writable(folder.path().join("many.rasteret")).unwrap();
    let source = crate::material::many(150_000);
    database.build(source).name("many").enrich(false).run().wait().unwrap();
    let collection = database.collection("many").unwrap();
    let near = [10.0, 20.0, 12.0, 21.0];
    let found = ids(&collection, Filter::new().bbox(near));
    assert!(!found.is_empty(), "{:?}", records(&collection)[0]);
    for format in [ExportFormat::Rasteret, ExportFormat::StacGeoparquet] {
        let path: PathBuf = folder.path().join(format!("{format:?}.parquet"));
        collection.export(text(&path)).format(format).partition_by([""; 0]).run().wait().unwrap();
        assert_groups(&path, near, &found);
    }
}

fn assert_groups(path: &Path, near: [f64; 4], found: &[String]) {
    let groups = ask("row_groups", json!({"path": path, "bbox": near})).unwrap();
    let (kept, total) = (groups["kept"].as_u64().unwrap(), groups["total"].as_u64().unwrap());
    assert!(total >= 3 && kept < total, "{path:?}: {kept} of {total}");
    let answer = ask("duckdb_reads", json!({"path": path, "columns": ["id"], "bbox": near})).unwrap();
    assert_eq!(answer["bbox"], json!(found), "{path:?}");
}
