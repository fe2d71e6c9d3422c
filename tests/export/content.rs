//! What is in the files.

use crate::support::{Made, batch, files, rows, with_columns};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Compression;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use rasteret::Filter;
use rasteret::blocking::Wait;
use rasteret::share::ExportProgress;
use rasteret_schema::header_column;
use rasteret_schema::share::{CollectionTag, ExportTag};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

const NONE: [&str; 0] = [];

fn metadata(path: &Path) -> ParquetMetaData {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let metadata = ArrowReaderMetadata::load(&File::open(path).unwrap(), options).unwrap();
    ParquetMetaData::clone(metadata.metadata())
}

fn keys(path: &Path) -> BTreeMap<String, String> {
    let entries = metadata(path).file_metadata().key_value_metadata().unwrap().clone();
    entries.into_iter().map(|entry| (entry.key, entry.value.unwrap())).collect()
}

fn tag(path: &Path) -> ExportTag {
    serde_json::from_str(&keys(path)["rasteret:export"]).unwrap()
}

fn ids(rows: &RecordBatch) -> Vec<&str> {
    rows["id"].as_string::<i32>().iter().flatten().collect()
}

#[test]
fn one_file_has_all_rows_and_headers() {
    let made = Made::new(250);
    let dest = made.dest("out.parquet");
    let summary = made.collection.export(&dest).run().wait().unwrap();
    assert_eq!((summary.files, summary.rows, summary.dest.as_str()), (1, 250, dest.as_str()));
    assert_eq!(summary.bytes, std::fs::metadata(&dest).unwrap().len());

    let rows = rows(Path::new(&dest));
    let expected: BTreeSet<String> = made.collection.ids().unwrap().into_iter().collect();
    assert_eq!(ids(&rows).iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(), expected);
    assert_eq!(rows.num_rows(), 250);
    for (row, id) in ids(&rows).into_iter().enumerate() {
        for band in ["B04", "B08"] {
            let column = rows[header_column::column_name(band).as_str()].as_struct();
            let Ok(expected) = made.collection.header(id, band) else {
                assert!(column.is_null(row));
                continue;
            };
            let integer = |name: &str| {
                column.column_by_name(name).unwrap().as_primitive::<Int32Type>().value(row) as u32
            };
            assert_eq!(integer("image_width"), expected.image.width);
            assert_eq!(integer("tile_height"), expected.image.tile_height);
            let [a, _, c, _, e, f] = expected.transform.unwrap();
            let transform = column.column_by_name("transform").unwrap().as_list::<i32>().value(row);
            assert_eq!(transform.as_primitive::<Float64Type>().values(), &[a, c, e, f]);
            let offsets = column.column_by_name("tile_offsets").unwrap().as_list::<i32>();
            assert_eq!(offsets.value(row).len(), 9);
            let asset = rows["assets"].as_struct().column_by_name(band).unwrap().as_struct();
            assert_eq!(asset.column(0).as_string::<i32>().value(row), expected.href);
        }
    }
}

#[test]
fn partitions_are_folders() {
    let made = Made::new(1000);
    let folder = made.path("out");
    let summary = made.collection.export(made.dest("out")).run().wait().unwrap();
    let files = files(&folder);
    assert_eq!((summary.files as usize, summary.rows), (files.len(), 1000));
    assert_eq!(files.len(), 25);
    assert_eq!(files[0], "year=2024/month=1/part-0.parquet");
    let mut rows_seen = 0;
    let mut bytes = 0;
    for file in &files {
        let path = folder.join(file);
        let rows = rows(&path);
        assert!(rows.column_by_name("year").is_none());
        let tag = tag(&path);
        assert_eq!((tag.files, tag.rows, &tag.file, tag.file_rows), (25, 1000, file, rows.num_rows() as u64));
        assert_eq!(tag.partition_by.iter().map(|column| column.derived).collect::<Vec<_>>(), [true, true]);
        let times = rows["datetime"].as_primitive::<TimestampMicrosecondType>();
        for row in 0..times.len() {
            let time = times.value_as_datetime(row).unwrap();
            assert_eq!(*file, time.format("year=%Y/month=%-m/part-0.parquet").to_string());
        }
        rows_seen += rows.num_rows();
        bytes += std::fs::metadata(&path).unwrap().len();
    }
    assert_eq!((rows_seen, bytes), (1000, summary.bytes));
    let of_one_export: BTreeSet<String> = files.iter().map(|file| tag(&folder.join(file)).id).collect();
    assert_eq!(of_one_export.len(), 1);
}

#[test]
fn any_scalar_column_parts_and_none_does_not() {
    let odd = "_a b/ü=%";
    let values: Vec<Option<&str>> =
        [Some("x/y: \"1\"%2F"), None, Some("__HIVE_DEFAULT_PARTITION__"), Some("")]
            .into_iter()
            .cycle()
            .take(100)
            .collect();
    let flags: BooleanArray = (0..100).map(|row| (row % 3 > 0).then_some(row % 2 == 0)).collect();
    let made = Made::of(vec![with_columns(
        &batch(0..100),
        vec![(odd, Arc::new(StringArray::from(values)) as ArrayRef), ("flag", Arc::new(flags))],
    )]);
    let export = |name: &str, columns: &[&str]| {
        let summary =
            made.collection.export(made.dest(name)).partition_by(columns.iter().copied()).run().wait();
        assert_eq!(summary.unwrap().rows, 100);
        files(&made.path(name))
    };
    assert_eq!(
        export("odd", &[odd]),
        [
            "%5Fa b%2Fü%3D%25=%5F_HIVE_DEFAULT_PARTITION__/part-0.parquet",
            "%5Fa b%2Fü%3D%25=/part-0.parquet",
            "%5Fa b%2Fü%3D%25=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
            "%5Fa b%2Fü%3D%25=x%2Fy%3A %221%22%252F/part-0.parquet",
        ]
    );
    let both = export("both", &["flag", "year"]);
    assert_eq!(both.iter().filter(|file| file.starts_with("flag=true/year=20")).count(), 2);
    assert_eq!(both.iter().filter(|file| file.starts_with("flag=__HIVE_DEFAULT_PARTITION__/")).count(), 2);
    let tag = tag(&made.path("both").join(&both[0]));
    let types: Vec<_> =
        tag.partition_by.iter().map(|it| (it.name.as_str(), it.data_type.as_str(), it.derived)).collect();
    assert_eq!(types, [("flag", "Boolean", false), ("year", "Int32", true)]);
    for (_, name, _) in types {
        let parsed: DataType = name.parse().unwrap();
        assert_eq!(parsed.to_string(), name);
    }
    assert_eq!(export("none", &NONE), ["part-0.parquet"]);

    for (columns, word) in [(["id"], "each file needs it"), (["assets"], "each file"), (["spilt"], "split")] {
        let error = made.collection.export(made.dest("no")).partition_by(columns).run().wait().unwrap_err();
        assert!(error.kind() == "invalid-argument" && error.to_string().contains(word), "{error}");
        assert!(!made.path("no").exists());
    }
    let error =
        made.collection.export(made.dest("no.parquet")).partition_by(["split"]).run().wait().unwrap_err();
    assert!(error.to_string().contains("single file"), "{error}");
}

#[test]
fn a_column_called_year_is_the_users() {
    let years = Int64Array::from_iter_values((0..50).map(|row| 1900 + row % 2));
    let made = Made::of(vec![with_columns(&batch(0..50), vec![("year", Arc::new(years) as ArrayRef)])]);
    made.collection.export(made.dest("out")).partition_by(["year"]).run().wait().unwrap();
    let files = files(&made.path("out"));
    assert_eq!(files, ["year=1900/part-0.parquet", "year=1901/part-0.parquet"]);
    let tag = tag(&made.path("out").join(&files[0]));
    assert_eq!((tag.partition_by[0].data_type.as_str(), tag.partition_by[0].derived), ("Int64", false));
}

#[test]
fn a_view_is_exported_with_the_columns_that_are_asked_for() {
    let made = Made::new(300);
    let clear = made.collection.subset(Filter::new().cloud_cover_lt(20.0).bbox([-60.0, -60.0, 120.0, 60.0]));
    let dest = made.dest("clear.parquet");
    let summary = clear.export(&dest).columns(["eo:cloud_cover", "geometry", "id"]).run().wait().unwrap();
    let rows = rows(Path::new(&dest));
    assert_eq!(summary.rows as usize, clear.ids().unwrap().len());
    assert!((5..60).contains(&summary.rows));
    let names: Vec<&str> = rows.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["eo:cloud_cover", "geometry", "id"]);
    assert!(rows["eo:cloud_cover"].as_primitive::<Float64Type>().iter().all(|cover| cover.unwrap() < 20.0));
    let keys = keys(Path::new(&dest));
    let geo: Value = serde_json::from_str(&keys["geo"]).unwrap();
    assert_eq!(geo["columns"]["geometry"], json!({"encoding": "WKB", "geometry_types": ["Polygon"]}));
    assert!(!keys.contains_key("rasteret_collection_version"), "it is no collection");

    // Headers alone, which are not in the store's table.
    let dest = made.dest("headers.parquet");
    clear.export(&dest).columns(["B08_metadata"]).run().wait().unwrap();
    assert_eq!(self::rows(Path::new(&dest)).num_columns(), 1);
    let error = clear.export(made.dest("x.parquet")).columns(["nothing"]).run().wait().unwrap_err();
    assert!(error.kind() == "no-such-column" && error.to_string().contains("B08_metadata"), "{error}");
    let nothing = clear.subset(Filter::new().ids(["nobody"]));
    assert_eq!(nothing.export(made.dest("y")).run().wait().unwrap_err().kind(), "nothing-selected");
    assert!(!made.path("y").exists() && !made.path("x.parquet").exists());
}

#[test]
fn files_say_what_they_are() {
    let made = Made::new(200);
    let dest = made.dest("out.parquet");
    made.collection.export(&dest).run().wait().unwrap();
    let keys = keys(Path::new(&dest));
    assert_eq!(keys["rasteret_collection_version"], "1");
    assert_eq!((keys["name"].as_str(), keys["data_source"].as_str()), ("c", "made"));
    assert_eq!(keys["date_range"], "2024-01-01T00:00:00+00:00,2026-01-25T00:00:00+00:00");
    let tag: CollectionTag = serde_json::from_str(&keys["rasteret:collection"]).unwrap();
    assert_eq!(tag.bands, ["B04", "B08"]);
    let geo: Value = serde_json::from_str(&keys["geo"]).unwrap();
    assert_eq!((geo["version"].as_str(), geo["primary_column"].as_str()), (Some("1.1.0"), Some("geometry")));
    let column = &geo["columns"]["geometry"];
    assert_eq!((&column["encoding"], &column["geometry_types"]), (&json!("WKB"), &json!(["Polygon"])));
    assert!(column.get("crs").is_none());
    for (corner, side) in ["xmin", "ymin", "xmax", "ymax"].into_iter().zip(0..) {
        assert_eq!(column["covering"]["bbox"][corner], json!(["bbox", corner]));
        let rows = rows(Path::new(&dest));
        let values =
            rows["bbox"].as_struct().column_by_name(corner).unwrap().as_primitive::<Float64Type>().clone();
        let values = values.iter().flatten();
        let bound = if side < 2 { values.reduce(f64::min) } else { values.reduce(f64::max) };
        assert_eq!(column["bbox"][side].as_f64(), bound);
    }
    // Arrow's readers see the same, and what the bytes of a footprint are.
    let rows = rows(Path::new(&dest));
    for (key, value) in rows.schema_ref().metadata() {
        assert_eq!(keys[key], *value);
    }
    assert_eq!(rows.schema_ref().metadata().len(), keys.len() - 1);
    let field: &Field = rows.schema_ref().field_with_name("geometry").unwrap();
    assert_eq!(field.extension_type_name(), Some("geoarrow.wkb"));
    assert!(field.extension_type_metadata().unwrap().contains("OGC:CRS84"));
}

#[test]
fn neighbours_lie_together_and_can_be_skipped() {
    let made = Made::new(20_000);
    let dest = made.dest("out.parquet");
    made.collection.export(&dest).run().wait().unwrap();
    let metadata = metadata(Path::new(&dest));
    assert!(metadata.file_metadata().created_by().unwrap().starts_with("rasteret version "));
    assert_eq!(metadata.num_row_groups(), 1);
    let group = metadata.row_group(0);
    for column in group.columns() {
        assert!(matches!(column.compression(), Compression::ZSTD(_)), "{}", column.column_path());
        assert!(column.statistics().is_some(), "{}", column.column_path());
        assert!(column.offset_index_offset().is_some(), "{}", column.column_path());
    }
    let boxes: Vec<usize> = (0..group.num_columns())
        .filter(|column| group.column(*column).column_path().string().starts_with("bbox."))
        .collect();
    assert_eq!(boxes.len(), 4);
    let pages = |column: usize| metadata.offset_index().unwrap()[0][column].page_locations().len();
    assert!(boxes.iter().all(|column| pages(*column) >= 3));
    assert!(boxes.iter().all(|column| group.column(*column).column_index_offset().is_some()));

    // From row to row it is never far, on average; in the store's order it is about 120°.
    let rows = rows(Path::new(&dest));
    let west = |batch: &RecordBatch| -> Vec<f64> {
        batch["bbox"].as_struct().column(0).as_primitive::<Float64Type>().values().to_vec()
    };
    let step = |values: &[f64]| {
        values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>() / values.len() as f64
    };
    let along = step(&west(&rows));
    assert!(along < 2.0, "{along}");
    assert!(step(&west(&batch(0..20_000))) > 100.0);
}

#[test]
fn progress_is_told() {
    let made = Made::new(300);
    let seen: Arc<Mutex<Vec<ExportProgress>>> = Arc::default();
    let listener = Arc::clone(&seen);
    let export = made.collection.export(made.dest("out"));
    let summary =
        export.on_progress(move |progress| listener.lock().unwrap().push(progress)).run().wait().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len() as u64, summary.files);
    assert!(seen.windows(2).all(|pair| pair[0].rows < pair[1].rows && pair[0].bytes <= pair[1].bytes));
    assert_eq!(seen.last().map(|last| (last.rows, last.total_rows)), Some((300, 300)));
}

#[test]
fn what_parquet_does_not_have_is_refused_by_name() {
    let interval = arrow_array::IntervalMonthDayNanoArray::from(vec![None; 10]);
    let nothing = StructArray::new_empty_fields(10, None);
    for (column, name) in [(Arc::new(interval) as ArrayRef, "age"), (Arc::new(nothing), "nothing")] {
        let made = Made::of(vec![with_columns(&batch(0..10), vec![(name, column)])]);
        let error = made.collection.export(made.dest("out")).run().wait().unwrap_err();
        assert!(error.kind() == "table" && error.to_string().contains(name), "{error}");
        assert_eq!(files(made.folder.path()), ["made.rasteret"]);
    }
}
