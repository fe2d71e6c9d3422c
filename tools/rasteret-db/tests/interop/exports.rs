//! `export` and `query -o`.

use crate::support::{Home, ids, keys};
use serde_json::json;
use std::fs;

#[test]
fn collections_are_exported() {
    let home = Home::new();
    home.scenes("scenes");
    let export = |more: &[&str]| home.json(0, &[&["export", "scenes"], more].concat());
    let summary = export(&["shared/folder"]);
    assert_eq!(keys(&summary), ["bytes", "dest", "files", "rows"]);
    assert_eq!((&summary["rows"], &summary["dest"]), (&json!(4), &json!("shared/folder")));
    assert!(
        home.path("shared/folder")
            .read_dir()
            .unwrap()
            .all(|entry| { entry.unwrap().file_name().to_str().unwrap().starts_with("year=") })
    );
    let one = export(&["shared/one", "--partition-by", "none"]);
    assert_eq!(one["files"], 1);
    let bytes = fs::metadata(home.path("shared/one/part-0.parquet")).unwrap().len();
    assert_eq!(one["bytes"], json!(bytes));
    assert_eq!(export(&["shared/items.parquet", "--format", "stac-geoparquet"])["rows"], 4);

    let (kind, message) = home.error(1, &["export", "scenes", "shared/one"]);
    assert!(kind == "exists" && message.contains("overwrite"), "{message}");
    let early = export(&[
        "shared/one",
        "--overwrite",
        "--dates",
        "../2024-03-31",
        "--partition-by",
        "collection,year",
    ]);
    assert!(early["rows"].as_u64().unwrap() < 4);
    assert!(!home.path("shared/one/part-0.parquet").exists());
    let (kind, message) = home.error(1, &["export", "scenes", "no", "--partition-by", "geometry"]);
    assert!(kind == "invalid-argument" && message.contains("each file needs it"), "{message}");
    home.error(2, &["export", "scenes", "no", "--format", "csv"]);
}

#[test]
fn hrefs_are_relative_to_what_is_named() {
    let home = Home::new();
    home.scenes("scenes");
    let export = |base: &str, dest: &str| home.json(0, &["export", "scenes", dest, "--relative-to", base]);
    let summary = export("scenes", "shared/relative");
    assert_eq!(keys(&summary), ["bytes", "dest", "files", "hrefs_kept", "rows"]);
    assert_eq!(summary["hrefs_kept"], 0);
    let elsewhere = export("s3://bucket/scenes", "shared/absolute");
    assert!(elsewhere["hrefs_kept"].as_u64() > Some(0), "{elsewhere}");
    fs::rename(home.path("scenes"), home.path("moved")).unwrap();
    let import =
        |code: i32, table: &str| home.json(code, &["import", table, "--base-dir", "moved", "--name", table]);
    assert_eq!(import(0, "shared/relative")["records"], 4);
    // Where they were, which is nowhere that is allowed.
    assert_eq!(import(3, "shared/absolute")["records"], 0);
}

#[test]
fn queries_are_written_to_files() {
    let home = Home::new();
    home.scenes("scenes");
    let ids = ids(&home);
    let query = |more: &[&str]| home.json(0, &[&["query", "scenes", "--limit", "1"], more].concat());
    let found = query(&["-o", "found.parquet", "--columns", "id,geometry,datetime"]);
    assert_eq!(found, json!({ "count": 4, "ids": [ids[0]], "out": "found.parquet" }));
    // As other outputs, it replaces what is there.
    let size = fs::metadata(home.path("found.parquet")).unwrap().len();
    query(&["-o", "found.parquet"]);
    assert!(fs::metadata(home.path("found.parquet")).unwrap().len() > size);
    let (kind, message) = home.error(2, &["query", "scenes", "-o", "found.csv"]);
    assert!(kind == "usage" && message.contains(".parquet"), "{message}");
    home.error(2, &["query", "scenes", "--columns", "id"]);
    let (kind, message) = home.error(1, &["query", "scenes", "-o", "x.parquet", "--columns", "cloud"]);
    assert!(kind == "no-such-column" && message.contains("geometry"), "{message}");
}
