//! `datasets …`, and collections of them.

use crate::support::{Home, Run};
use crate::{build, pixels};
use serde_json::{Value, json};

fn local_file(home: &Home) -> Value {
    serde_json::from_str(&std::fs::read_to_string(home.path(".rasteret/datasets.local.json")).unwrap())
        .unwrap()
}

fn ids(datasets: &Value) -> Vec<&str> {
    datasets.as_array().unwrap().iter().map(|dataset| dataset["id"].as_str().unwrap()).collect()
}

#[test]
fn what_is_built_in_is_listed_without_a_database() {
    let home = Home::new();
    let all = home.json(0, &["datasets", "list"]);
    assert_eq!(all.as_array().unwrap().len(), 12);
    let found = home.json(0, &["datasets", "list", "--search", "SENTINEL-2-L2A"]);
    assert_eq!(ids(&found), ["earthsearch/sentinel-2-l2a", "pc/sentinel-2-l2a"]);
    assert_eq!(home.json(0, &["datasets", "list", "--search", "no such thing"]), json!([]));
    let naip = home.json(0, &["datasets", "info", "earthsearch/naip"]);
    assert!(all.as_array().unwrap().contains(&naip));
    assert_eq!(naip["cloud_config"]["requester_pays"], true);
    let (kind, message) = home.error(1, &["datasets", "info", "earthsearch/sentinel-2-l2"]);
    assert_eq!(kind, "no-such-dataset");
    assert!(message.contains("did you mean") && message.contains("earthsearch/sentinel-2-l2a"), "{message}");
    assert!(!home.path("areas.db").exists() && !home.path(".rasteret").exists());

    let run = home.run(&["datasets", "list"]);
    assert!(run.code == 0 && run.stdout.contains("aef/v1-annual"), "{}", run.stdout);
    let run = home.run(&["datasets", "info", "pc/nasadem"]);
    for part in ["NASADEM", "planetarycomputer", "DEM", "needed", "built in", "--bbox -122.45,37.74"] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}

#[test]
fn a_registered_catalogue_is_built_by_its_id() {
    let home = Home::new();
    home.scenes("scenes");
    let registered = home.json(
        0,
        &[
            "datasets",
            "register-local",
            "local/fields",
            "scenes",
            "--name",
            "Fields",
            "--description",
            "Four scenes",
        ],
    );
    assert_eq!((&registered["name"], &registered["static_catalog"]), (&json!("Fields"), &json!(true)));
    assert_eq!(home.json(0, &["datasets", "info", "local/fields"]), registered);
    assert_eq!(ids(&home.json(0, &["datasets", "list", "--search", "four scenes"])), ["local/fields"]);
    assert_eq!(local_file(&home), json!([registered]));

    let summary = build(&home, &["build", "local/fields", "--name", "fields", "--bands", "B04,B08"]);
    assert_eq!((&summary["records"], &summary["headers"]), (&json!(4), &json!(8)));
    assert_eq!(pixels(&home, "fields", "B04"), pixels(&home, "scenes", "B04"));
    let (kind, message) = home.error(1, &["collections", "build", "local/field", "--name", "x"]);
    assert_eq!(kind, "no-such-dataset");
    assert!(message.contains("local/fields"), "{message}");

    // Another database finds it in the file.
    let other =
        |arguments: &[&str]| Run::of(home.command().args(["--db", "other.db", "--json"]).args(arguments));
    assert_eq!(other(&["datasets", "info", "local/fields"]).code, 0);
    assert_eq!(home.json(0, &["datasets", "unregister-local", "local/fields"]), registered);
    assert_eq!(local_file(&home), json!([]));
    assert_eq!(other(&["datasets", "info", "local/fields"]).code, 1);
    assert_eq!(home.error(1, &["datasets", "unregister-local", "pc/nasadem"]).0, "built-in");
}

#[test]
fn descriptors_are_shared_as_files() {
    let home = Home::new();
    home.scenes("scenes");
    let registered = home.json(0, &["datasets", "register-local", "local/fields", "scenes/catalog.json"]);
    let exported = home.json(0, &["datasets", "export-local", "local/fields", "shared/fields.json"]);
    assert_eq!(exported, json!({"id": "local/fields", "out": "shared/fields.json"}));
    let file: Value =
        serde_json::from_str(&std::fs::read_to_string(home.path("shared/fields.json")).unwrap()).unwrap();
    assert_eq!(file, registered);
    home.json(0, &["datasets", "unregister-local", "local/fields"]);
    assert_eq!(home.json(0, &["datasets", "import", "shared/fields.json"]), json!([registered]));
    assert_eq!(home.json(0, &["datasets", "info", "local/fields"]), registered);

    std::fs::write(home.path("wrong.json"), r#"{"id": "x/y", "name": "X", "separate_files": "no"}"#).unwrap();
    let (kind, message) = home.error(1, &["datasets", "import", "wrong.json"]);
    assert_eq!(kind, "descriptor");
    assert!(message.contains("x/y") && message.contains("separate_files"), "{message}");
    assert_eq!(home.error(1, &["datasets", "import", "nowhere.json"]).0, "not-found");
    assert_eq!(home.error(1, &["datasets", "register-local", "local/x", "nowhere"]).0, "no-dataset");

    std::fs::write(home.path(".rasteret/datasets.local.json"), "[{").unwrap();
    let (kind, message) = home.error(1, &["datasets", "list"]);
    assert_eq!(kind, "broken-dataset-file");
    assert!(message.contains("datasets.local.json"), "{message}");
}

/// Collections that rasteret 0.4.1 exported: their headers are taken over, and no raster is opened.
#[test]
fn a_ready_collection_is_built_without_its_rasters() {
    let Some(collections) = crate::oracle::data("rasteret-collections") else { return };
    let home = Home::new();
    let landsat = collections.join("landsat");
    let registered =
        home.json(0, &["datasets", "register-local", "local/landsat", landsat.to_str().unwrap()]);
    assert_eq!(registered["collection_uri"], json!(std::path::absolute(landsat).unwrap()));
    assert_eq!((&registered["name"], &registered["stac_collection"]), (&json!("landsat"), &json!("landsat")));
    assert_eq!(registered["temporal_range"], json!(["2024-01-03", "2024-01-03"]));
    let summary = build(&home, &["build", "local/landsat", "--name", "landsat"]);
    assert!(summary["records"].as_u64() > Some(0), "{summary}");
    assert_eq!((&summary["requests"], &summary["bytes"]), (&json!(0), &json!(0)));
}
