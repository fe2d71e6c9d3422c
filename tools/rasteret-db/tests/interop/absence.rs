//! What is not there: rasters that were moved away, and databases.

use crate::support::{Home, Run, bbox, keys, middle};
use serde_json::json;

#[test]
fn the_database_answers_when_the_rasters_are_away() {
    let home = Home::new();
    let folder = home.scenes("scenes");
    std::fs::rename(folder, home.path("elsewhere")).unwrap();

    let list = home.json(0, &["collections", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    let info = home.json(0, &["collections", "info", "scenes"]);
    assert_eq!(info, list[0]);
    let expected = [
        "bands",
        "bounds",
        "columns",
        "created",
        "data_source",
        "date_range",
        "epsg",
        "headers",
        "name",
        "records",
        "size_bytes",
    ];
    assert_eq!(keys(&info), expected);
    assert_eq!(info["bands"], json!(["B02", "B03", "B04", "B08"]));
    assert_eq!(info["epsg"], json!([32643]));

    let all = home.json(0, &["query", "scenes"]);
    assert_eq!(keys(&all), ["count", "ids"]);
    assert_eq!(all["count"], 4);
    let first = all["ids"][0].as_str().unwrap();
    let limited = home.json(0, &["query", "scenes", "--limit", "1"]);
    assert_eq!(limited, json!({"count": 4, "ids": [first]}));
    let early = home.json(0, &["query", "scenes", "--dates", "../2024-03-31"]);
    assert_eq!(early, json!({"count": 1, "ids": [first]}));
    let away = home.json(0, &["query", "scenes", "-b", "-10.5,-20.5,-10,-20"]);
    assert_eq!(away, json!({"count": 0, "ids": []}));
    let away = home.json(0, &["query", "scenes", "--bbox", "-10.5,-20.5,-10,-20"]);
    assert_eq!(away["count"], 0);

    let head = home.json(0, &["collections", "head", "scenes", "-n", "2"]);
    assert_eq!(head.as_array().unwrap().len(), 2);
    assert_eq!(head[0]["id"], first);
    let schema = home.json(0, &["collections", "schema", "scenes"]);
    assert_eq!(schema, info["columns"]);
    let header = home.json(0, &["header", "scenes", "--id", first, "--band", "B04"]);
    assert_eq!(header["dtype"], "uint16");
    assert!(header["href"].as_str().unwrap().ends_with("B04.tif"));
    assert!(!header["overviews"].as_array().unwrap().is_empty());

    let area = bbox(middle(&info["bounds"]));
    let (kind, message) = home.error(1, &["read", "scenes", "--aoi", &area, "-o", "x.npy"]);
    assert_eq!(kind, "not-found");
    assert!(message.contains("scenes") && message.contains(".tif"), "{message}");
    assert!(!home.path("x.npy").exists());
}

#[test]
fn reading_makes_no_database() {
    let home = Home::new();
    let (kind, message) = home.error(1, &["collections", "list"]);
    assert_eq!(kind, "not-found");
    assert!(message.contains("areas.db"), "{message}");
    assert!(!home.path("areas.db").exists());
    // Without --json, for people.
    let run = home.run(&["collections", "list"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.starts_with("error: ") && run.stderr.contains("areas.db"), "{}", run.stderr);
}

#[test]
fn no_database_is_no_database() {
    let home = Home::new();
    std::fs::write(home.path("areas.db"), b"not a database, but long enough to be taken for one?").unwrap();
    let run = Run::of(home.command().args(["--db", "areas.db", "--json", "collections", "list"]));
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("areas.db"), "{}", run.stderr);
}
