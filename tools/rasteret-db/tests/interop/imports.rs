//! `import` and `collections refresh`.

use crate::support::{Home, area, ids, keys, npy};
use rasteret::Database;
use rasteret::blocking::Wait;
use serde_json::{Value, json};
use std::path::Path;

/// Exports the collection `scenes`, and deletes it.
fn export(home: &Home, dest: &str) {
    let database = Database::open_writable(home.path("areas.db")).unwrap();
    let scenes = database.collection("scenes").unwrap();
    scenes.export(home.path(dest).display().to_string()).run().wait().unwrap();
    database.delete("scenes").unwrap();
}

fn pixels(home: &Home, name: &str, area: &str) -> Vec<u8> {
    home.json(0, &["read", name, "--aoi", area, "--bands", "B04,B08", "-o", "out.npy"]);
    npy(&home.path("out.npy"))
}

#[test]
fn an_export_is_imported_read_and_refreshed() {
    let home = Home::new();
    home.scenes("scenes");
    let (area, ids) = (area(&home), ids(&home));
    let before = pixels(&home, "scenes", &area);
    export(&home, "exported");

    let import = |code: i32, more: &[&str]| home.json(code, &[&["import", "exported"], more].concat());
    let summary = import(0, &["--base-dir", "scenes"]);
    assert_eq!(
        keys(&summary),
        ["bytes", "cached", "failed", "headers", "name", "records", "requests", "seconds"]
    );
    assert_eq!(
        (&summary["name"], &summary["records"], &summary["headers"], &summary["cached"]),
        (&json!("scenes"), &json!(4), &json!(16), &json!(false))
    );
    assert_eq!(import(0, &["--base-dir", "scenes"])["cached"], true);
    assert_eq!(import(0, &["--base-dir", "scenes", "--force"])["cached"], false);
    assert_eq!(crate::support::ids(&home), ids);
    assert_eq!(pixels(&home, "scenes", &area), before);
    let run = home.run(&["import", "exported", "--base-dir", "scenes", "--name", "again"]);
    assert!(
        run.code == 0 && run.stdout.starts_with("imported again: 4 records, 16 headers"),
        "{}",
        run.stdout
    );

    let size = |name: &str| {
        let header = home.json(0, &["header", name, "--id", &ids[0], "--band", "B04"]);
        header["size"].clone()
    };
    assert_eq!(size("again"), Value::Null);
    let refreshed =
        home.json(0, &["collections", "refresh", "again", "--stale-only", "--max-concurrent", "2"]);
    assert_eq!((&refreshed["headers"], &refreshed["cached"]), (&json!(16), &json!(false)));
    assert!(size("again").is_u64());
    assert_eq!(home.json(0, &["collections", "refresh", "again", "--stale-only"])["cached"], true);
    assert_eq!(pixels(&home, "again", &area), before);

    // Some of it.
    let some = import(0, &["--base-dir", "scenes", "--name", "some", "--dates", "../2024-03-31"]);
    assert_eq!(some["records"], home.json(0, &["query", "again", "--dates", "../2024-03-31"])["count"]);
}

#[test]
fn what_may_not_be_read_is_reported() {
    let home = Home::new();
    home.scenes("scenes");
    export(&home, "exported");
    let summary = home.json(3, &["import", "exported", "--name", "x"]);
    assert_eq!((&summary["records"], summary["failed"].as_array().unwrap().len()), (&json!(0), 4));
    assert_eq!(summary["failed"][0]["kind"], "outside-base-dir");
    assert!(summary["failed"][0]["error"].as_str().unwrap().contains("--allow-local"));
    let (kind, _) = home.error(1, &["import", "exported", "--name", "y", "--strict"]);
    assert_eq!(kind, "build-failures");
    let summary = home.json(0, &["import", "exported", "--name", "x", "--allow-local", "scenes"]);
    assert_eq!(summary["records"], 4);

    std::fs::rename(home.path("scenes"), home.path("aside")).unwrap();
    let refreshed = home.json(3, &["collections", "refresh", "x", "--stale-only"]);
    assert_eq!(refreshed["failed"].as_array().unwrap().len(), 16);
    let (kind, _) = home.error(1, &["collections", "refresh", "x", "--strict"]);
    assert_eq!(kind, "build-failures");

    let (kind, message) = home.error(1, &["import", "nothing"]);
    assert_eq!((kind.as_str(), message.contains("nothing")), ("not-found", true));
    let file = walk(&home.path("exported"));
    std::fs::remove_file(file).unwrap();
    let (kind, _) = home.error(1, &["import", "exported", "--name", "z"]);
    assert_eq!(kind, "incomplete-export");
}

/// A file in a folder, at any depth.
fn walk(folder: &Path) -> std::path::PathBuf {
    let path = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    if path.is_dir() { walk(&path) } else { path }
}
