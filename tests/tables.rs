//! Tables with geometries go to GeoPandas and come from it.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other suites use the rest")]
mod oracle;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use geo_types::Geometry;
use rasteret::geometry::{GeometryTable, Points, TableOptions};
use rasteret::output::{ParquetWriter, TableBuilder, TableRow};
use rasteret::schema::{Geotransform, PixelValue};
use rasteret::{Area, Crs, DataType, crs};
use serde_json::{Value, json};
use std::path::Path;

fn hex(geometry: &Geometry<f64>) -> String {
    let mut bytes = Vec::new();
    wkb::writer::write_geometry(&mut bytes, geometry, &Default::default()).unwrap();
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn hexes(geometries: &[Geometry<f64>]) -> Vec<String> {
    geometries.iter().map(hex).collect()
}

/// The table of two geometries of one area on rasters of one data type, each row of its own shape.
fn table(area: &Area, target: &Crs, dtype: DataType) -> RecordBatch {
    let mut table = TableBuilder::new(area, target, dtype).unwrap();
    for (number, (height, width)) in [(1, 2), (3, 1), (2, 2)].into_iter().enumerate() {
        let row = TableRow {
            record_id: ["r0", "r1", "r2"][number],
            datetime: 1_704_164_645_000_000 + number as i64,
            cloud_cover: [Some(12.5), None, Some(0.0)][number],
            collection: [Some("sentinel-2-l2a"), None, None][number],
            geometry_index: [0, 1, 0][number],
            band: "B04",
            shape: [height, width],
            transform: Geotransform::new(10.0, 0.0, 699_960.0 + number as f64, 0.0, -10.0, 1_500_000.0),
        };
        let samples: Vec<u8> = (0..i64::from(height * width))
            .flat_map(|n| PixelValue::Integer(n + 100).to_sample(dtype).unwrap().as_bytes().to_vec())
            .collect();
        table.push(&row, &samples).unwrap();
    }
    table.finish().unwrap()
}

fn write(path: &Path, batch: &RecordBatch) {
    let mut writer = ParquetWriter::new(std::fs::File::create(path).unwrap(), batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
}

/// Two fields in degrees, with columns of their own.
fn fields() -> Area {
    let text = json!({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"crop": "rice", "ha": 3.5, "tags": [1, 2]},
         "geometry": {"type": "Polygon", "coordinates": [[[77.5, 13.0], [77.6, 13.0], [77.6, 13.1], [77.5, 13.0]]]}},
        {"type": "Feature", "properties": {"crop": null, "ha": 4},
         "geometry": {"type": "MultiPolygon", "coordinates": [[[[77, 12], [78, 12], [78, 13], [77, 12]]]]}}]});
    Area::geojson(&text.to_string()).unwrap()
}

#[test]
fn geopandas_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let area = fields();
    let mut paths = Vec::new();
    let mut expected = Vec::new();
    for (target, epsg) in [("EPSG:4326", 4326), ("EPSG:32643", 32643), ("EPSG:2056", 2056)] {
        let path = folder.path().join(format!("{epsg}.parquet"));
        let target = Crs::new(target);
        write(&path, &table(&area, &target, DataType::UInt16));
        paths.push(path);
        expected.push((epsg, target));
    }
    for dtype in DataType::ALL {
        let path = folder.path().join(format!("{dtype}.parquet"));
        write(&path, &table(&area, area.crs(), dtype));
        paths.push(path);
    }
    let request = json!({"folder": folder.path(), "read": paths});
    let Some(answer) = oracle::ask("table_oracle.py", &request) else { return };

    for ((epsg, target), read) in expected.iter().zip(answer["read"].as_array().unwrap()) {
        assert_eq!(read["epsg"], *epsg);
        let geometries = hexes(&area.to_crs(target).unwrap());
        assert_eq!(read["geometries"], json!([geometries[0], geometries[1], geometries[0]]));
        let columns = &read["columns"];
        assert_eq!(columns["record_id"], json!(["r0", "r1", "r2"]));
        assert_eq!(columns["datetime"][1], "2024-01-02T03:04:05.000001+00:00");
        assert_eq!(columns["cloud_cover"], json!([12.5, null, 0.0]));
        assert_eq!(columns["collection"], json!(["sentinel-2-l2a", null, null]));
        assert_eq!(columns["geometry_id"], json!([1, 2, 1]));
        assert_eq!(columns["data"], json!([[100, 101], [100, 101, 102], [100, 101, 102, 103]]));
        assert_eq!(columns["shape"], json!([[1, 2], [3, 1], [2, 2]]));
        assert_eq!(columns["transform"][1], json!([10.0, 0.0, 699_961.0, 0.0, -10.0, 1_500_000.0]));
        assert_eq!(columns["crop"], json!(["rice", null, "rice"]));
        assert_eq!(columns["ha"], json!([3.5, 4.0, 3.5]));
        assert_eq!(columns["tags"], json!([[1, 2], null, [1, 2]]));
        let geo = &read["geo"];
        assert_eq!((&geo["version"], &geo["primary_column"]), (&json!("1.1.0"), &json!("geometry")));
        assert_eq!(geo["columns"]["geometry"]["geometry_types"], json!(["MultiPolygon", "Polygon"]));
    }
    assert_eq!(answer["read"][0]["geo"]["columns"]["geometry"]["bbox"], json!([77.0, 12.0, 78.0, 13.1]));
    for (dtype, read) in DataType::ALL.iter().zip(&answer["read"].as_array().unwrap()[3..]) {
        let name = match dtype {
            DataType::Float16 => "halffloat".to_owned(),
            DataType::Float32 => "float".to_owned(),
            DataType::Float64 => "double".to_owned(),
            other => other.name().to_owned(),
        };
        let list = read["types"]["data"].as_str().unwrap();
        assert!(list.starts_with("large_list<") && list.contains(&format!(": {name} ")), "{list}");
        let numbers: Vec<f64> = serde_json::from_value(read["columns"]["data"][0].clone()).unwrap();
        assert_eq!(numbers, [100.0, 101.0], "{dtype}");
    }
}

#[test]
fn what_geopandas_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let request = json!({"folder": folder.path(), "read": []});
    let Some(answer) = oracle::ask("table_oracle.py", &request) else { return };
    let written = answer["written"].as_object().unwrap();
    assert_eq!(written.len(), 16);
    for (name, expected) in written {
        let path = folder.path().join(name);
        if expected["crs"].is_null() {
            let message = GeometryTable::open(&path, &TableOptions::new()).unwrap_err().to_string();
            assert!(message.contains("nothing says which CRS"), "{message}");
        }
        let options = match expected["crs"].is_null() {
            true => TableOptions::new().crs(Crs::from_epsg(32643)),
            false => TableOptions::new(),
        };
        let table = GeometryTable::open(&path, &options).unwrap();
        assert_eq!(json!(hexes(&table.geometries)), expected["geometries"], "{name}");
        match expected["epsg"].as_u64() {
            // GDAL writes one for the other, as GeoJSON has it.
            Some(4326) if name.ends_with("json") => assert_eq!(table.crs, Crs::crs84()),
            Some(epsg) => assert_eq!(crs::to_epsg(&table.crs).unwrap().map(u64::from), Some(epsg), "{name}"),
            None if expected["crs"].is_null() => {}
            // Pyproj knows no EPSG code of CRS84 either.
            None => assert_eq!(json!(crs::describe(&table.crs).unwrap().name), expected["crs"], "{name}"),
        }
        for (column, values) in expected["columns"].as_object().unwrap() {
            let array = table.attributes.column_by_name(column).unwrap_or_else(|| panic!("{name}: {column}"));
            for (row, value) in values.as_array().unwrap().iter().enumerate() {
                match value {
                    Value::Null => assert!(array.is_null(row), "{name}: {column}"),
                    Value::String(text) if column != "time" => {
                        let array = arrow_cast::cast(array, &arrow_schema::DataType::Utf8).unwrap();
                        assert_eq!(array.as_string::<i32>().value(row), text);
                    }
                    Value::Number(number) => {
                        let array = arrow_cast::cast(array, &arrow_schema::DataType::Float64).unwrap();
                        assert_eq!(array.as_primitive::<Float64Type>().value(row), number.as_f64().unwrap());
                    }
                    _ => {}
                }
            }
        }
        if name.starts_with("point") || name == "sites.csv" {
            let batches: Vec<_> = Points::open(&path, &options).unwrap().map(Result::unwrap).collect();
            assert_eq!(
                (&batches[0].x[..], &batches[0].y[..]),
                (&[77.5, 77.6, -179.9][..], &[13.0, 13.1, -45.5][..])
            );
        } else {
            let error = Points::open(&path, &options).unwrap().find_map(Result::err).unwrap().to_string();
            assert!(error.contains("row 0: a point is needed") && error.contains(name), "{error}");
        }
    }
    for (name, part) in
        [("null.parquet", "row 1: there is no geometry"), ("empty.parquet", "row 2: the geometry is empty")]
    {
        let error =
            GeometryTable::open(folder.path().join(name), &TableOptions::new()).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains(name), "{error}");
    }
}

#[test]
fn real_tables() {
    for (name, count) in [("100-landsat-items.parquet", 100), ("1000-sentinel-2-items.parquet", 1000)] {
        let Some(path) = oracle::data(&format!("tables/{name}")) else { return };
        let area = Area::open(&path, &TableOptions::new()).unwrap();
        assert_eq!((area.aois().len(), area.attributes().num_rows()), (count, count));
        assert_eq!(area.crs(), &Crs::crs84());
        assert!(
            area.attributes().num_columns() > 10 && area.attributes().column_by_name("geometry").is_none()
        );
        area.geometries().unwrap();
        // Their own columns have names of the output.
        let error = TableBuilder::new(&area, area.crs(), DataType::UInt8).err().unwrap().to_string();
        assert!(error.contains("collection") && error.contains("datetime"), "{error}");
        let area = Area::open(&path, &TableOptions::new().columns(["id"])).unwrap();
        assert!(TableBuilder::new(&area, area.crs(), DataType::UInt8).is_ok());
    }
    for name in ["landsat", "scene", "mosaic"] {
        let path = format!("rasteret-collections/{name}/year=2024/month=1/part-0.parquet");
        let Some(path) = oracle::data(&path) else { return };
        assert!(!Area::open(&path, &TableOptions::new()).unwrap().aois().is_empty());
    }
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let area = fields();
    let utm = Crs::from_epsg(32643);
    let batch = table(&area, &utm, DataType::Int16);
    write(&path, &batch);
    let read = GeometryTable::open(&path, &TableOptions::new()).unwrap();
    assert_eq!(read.crs, utm);
    assert_eq!(read.geometries[1], area.to_crs(&utm).unwrap()[1]);
    assert_eq!(read.attributes.column_by_name("data"), batch.column_by_name("data"));
    let ids = read.attributes.column_by_name("geometry_id").unwrap();
    assert_eq!(ids.as_primitive::<Int64Type>().values(), &[1, 2, 1]);
    let shape = read.attributes.column_by_name("shape").unwrap().as_fixed_size_list();
    assert_eq!(shape.value(1).as_primitive::<Int32Type>().values(), &[3, 1]);
    // And as it is in memory.
    let again = GeometryTable::from_batches(batch.schema(), [Ok(batch)], &TableOptions::new()).unwrap();
    assert_eq!(again.geometries, read.geometries);
    assert_eq!(again.crs, utm);
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let area = fields();
    let mut table = TableBuilder::new(&area, area.crs(), DataType::UInt16).unwrap();
    let row = TableRow {
        record_id: "r",
        datetime: 0,
        cloud_cover: None,
        collection: None,
        geometry_index: 0,
        band: "B04",
        shape: [2, 3],
        transform: Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 0.0),
    };
    assert!(table.push(&row, &[0; 12]).is_ok());
    assert!(table.push(&row, &[0; 11]).is_err());
    assert!(table.push(&TableRow { geometry_index: 2, ..row }, &[0; 12]).is_err());
    assert!(table.push(&TableRow { shape: [u32::MAX, u32::MAX], ..row }, &[0; 12]).is_err());
    assert_eq!(table.finish().unwrap().num_rows(), 1);
}
