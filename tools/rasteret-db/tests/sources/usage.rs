//! How the options of builds are taken.

use crate::support::Home;

#[test]
fn wrong_usage_exits_2_and_says_what_is_wrong() {
    let home = Home::new();
    let stac = ["collections", "build-stac", "--name", "x", "--stac-api", "https://example.com"];
    let with = |more: &[&'static str]| [&stac[..], &["--collection", "c"], more].concat();
    for (arguments, part) in [
        (stac.to_vec(), "--collection"),
        (with(&["--band-map", "B04"]), "="),
        (with(&["--band-index-map", "R=red"]), "red"),
        (with(&["--query", "{"]), "JSON"),
        (with(&["--query", "[1]"]), "JSON"),
        (with(&["--max-concurrent", "0"]), "1.."),
        (with(&["--url-pattern", "https://a/"]), "="),
        (vec!["collections", "build", "--name", "x"], "<DATASET>"),
        (vec!["collections", "build", "earthsearch/naip"], "--name"),
        (vec!["collections", "build-table", "--name", "x"], "--table"),
        (vec!["collections", "build-table", "--name", "x", "--table", "t", "--column-map", "a"], "="),
        (vec!["collections", "build-local", "--name", "x", "a.json", "b"], "a.json"),
        (vec!["collections", "build-local", "--name", "x", "a.json", "--id-from", "x"], "a.json"),
        (vec!["datasets", "register-local", "local/x"], "<PATH>"),
        (vec!["datasets"], "list"),
    ] {
        let (kind, message) = home.error(2, &arguments);
        assert_eq!(kind, "usage", "{arguments:?}");
        assert!(message.contains(part), "{arguments:?}: {message}");
    }
    assert!(!home.path("areas.db").exists());
}

#[test]
fn what_makes_no_sense_is_told_before_anything_is_asked_for() {
    let home = Home::new();
    let stac = [
        "collections",
        "build-stac",
        "--name",
        "x",
        "--stac-api",
        "https://example.invalid",
        "--collection",
        "c",
    ];
    let (kind, message) = home.error(1, &[&stac[..], &["--band-map", "R=image,G=image"]].concat());
    assert_eq!(kind, "descriptor");
    assert!(message.contains("R=0,G=1"), "{message}");
    let table =
        ["collections", "build-table", "--name", "x", "--table", "t.parquet", "--bbox-columns", "minx=w"];
    let (kind, message) = home.error(1, &table);
    assert_eq!(kind, "descriptor");
    assert!(message.contains("maxy"), "{message}");
    let secret = "https://h.invalid/t.parquet?sig=SECRET&sv=1";
    let arguments = ["collections", "build-table", "--name", "x", "--band-map", "a=x,b=x", "--table", secret];
    assert!(!home.error(1, &arguments).1.contains("SECRET"));
    std::fs::write(
        home.path("x.json"),
        format!(r#"{{"id": "x", "name": "X", "record_table_uri": "{secret}"}}"#),
    )
    .unwrap();
    let (kind, message) = home.error(1, &["datasets", "import", "x.json"]);
    assert_eq!(kind, "descriptor");
    assert!(message.contains("credentials") && !message.contains("SECRET"), "{message}");
}
