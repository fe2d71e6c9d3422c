//! `build-table`.

use crate::support::Home;
use crate::{build, pixels};
use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use rasteret::output::{ParquetWriter, write_file};
use serde_json::{Value, json};
use std::sync::Arc;

/// Writes a table of the collection that is called `scenes`: ids, times, and hrefs of one band.
fn table(home: &Home, name: &str, columns: [&str; 3]) {
    let head = home.json(0, &["collections", "head", "scenes"]);
    let records = head.as_array().unwrap();
    let texts = |text: fn(&Value) -> &Value| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(records.iter().map(|record| text(record).as_str().unwrap())))
    };
    let time = |record: &Value| {
        let time = arrow_cast::parse::string_to_datetime(&chrono::Utc, record["datetime"].as_str().unwrap());
        time.unwrap().timestamp_micros()
    };
    let times = TimestampMicrosecondArray::from_iter_values(records.iter().map(time)).with_timezone("UTC");
    let arrays =
        [texts(|record| &record["id"]), Arc::new(times), texts(|record| &record["assets"]["B04"]["href"])];
    let batch = RecordBatch::try_from_iter(columns.into_iter().zip(arrays)).unwrap();
    write_file(home.path(name), |out| {
        let mut writer = ParquetWriter::new(out, batch.schema())?;
        writer.write(&batch)?;
        writer.finish().map(drop)
    })
    .unwrap();
}

#[test]
fn a_table_of_hrefs_is_built_and_read() {
    let home = Home::new();
    home.scenes("scenes");
    table(&home, "index.parquet", ["fid", "when", "path"]);
    let arguments = [
        "build-table",
        "--table",
        "index.parquet",
        "--column-map",
        "fid=id,when=datetime",
        "--href-column",
        "path",
        "--band-index-map",
        "red=0",
    ];
    let built = |name: &str, more: &[&str]| build(&home, &[&arguments[..], &["--name", name], more].concat());
    let summary = built("table", &[]);
    assert_eq!((&summary["records"], &summary["headers"]), (&json!(4), &json!(4)));
    assert_eq!(built("table", &[])["cached"], true);
    let info = home.json(0, &["collections", "info", "table"]);
    assert_eq!((&info["bands"], &info["epsg"]), (&json!(["red"]), &json!([32643])));
    assert_eq!(pixels(&home, "table", "red"), pixels(&home, "scenes", "B04"));

    let early = home.json(0, &["query", "scenes", "--dates", "../2024-03-31"])["ids"].clone();
    assert_eq!(built("early", &["--dates", "../2024-03-31"])["records"], early.as_array().unwrap().len());
    assert_eq!(home.json(0, &["query", "early"])["ids"], early);
}

#[test]
fn a_registered_table_is_built_by_its_id() {
    let home = Home::new();
    home.scenes("scenes");
    table(&home, "index.parquet", ["id", "datetime", "href"]);
    let descriptor = json!({
        "id": "acme/index", "name": "Index", "geoparquet_uri": home.path("index.parquet"),
        "href_column": "href", "band_index_map": {"B04": 0},
    });
    std::fs::write(home.path("index.json"), descriptor.to_string()).unwrap();
    let imported = home.json(0, &["datasets", "import", "index.json"]);
    assert_eq!(imported[0]["record_table_uri"], descriptor["geoparquet_uri"]);
    build(&home, &["build", "acme/index", "--name", "index"]);
    assert_eq!(pixels(&home, "index", "B04"), pixels(&home, "scenes", "B04"));
    let arguments = ["collections", "build", "acme/index", "--name", "x", "--filter", "id = 'a'"];
    let (kind, message) = home.error(1, &arguments);
    assert_eq!(kind, "invalid-argument");
    assert!(message.contains("acme/index"), "{message}");
}

#[test]
fn what_is_no_table_is_named() {
    let home = Home::new();
    let (_, message) =
        home.error(1, &["collections", "build-table", "--name", "x", "--table", "nowhere.parquet"]);
    assert!(message.contains("nowhere.parquet"), "{message}");
}
