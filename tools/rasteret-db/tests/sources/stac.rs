//! `build-stac --static-catalog`, and `build-local` of a catalogue.

use crate::support::{Home, keys};
use crate::{build, pixels};
use serde_json::json;

const STAC: [&str; 4] = ["build-stac", "--static-catalog", "--stac-api", "scenes/catalog.json"];

#[test]
fn a_catalogue_of_files_is_built_and_read_as_its_folder_is() {
    let home = Home::new();
    home.scenes("scenes");
    let summary = build(&home, &[&STAC[..], &["--name", "stac"]].concat());
    assert_eq!(
        (&summary["name"], &summary["records"], &summary["headers"], &summary["cached"]),
        (&json!("stac"), &json!(4), &json!(16), &json!(false))
    );
    let again = build(&home, &[&STAC[..], &["--name", "stac"]].concat());
    assert_eq!((&again["cached"], &again["records"]), (&json!(true), &json!(4)));

    let info = home.json(0, &["collections", "info", "stac"]);
    assert_eq!(info["bands"], json!(["B02", "B03", "B04", "B08"]));
    assert_eq!(info["epsg"], json!([32643]));
    assert!(info["data_source"].as_str().unwrap().contains("catalog.json"), "{info}");
    let columns = info["columns"].as_array().unwrap();
    assert!(columns.iter().any(|column| column["name"] == "eo:cloud_cover"), "{columns:?}");
    // Cloud cover is known from the items; folders do not tell.
    assert_eq!(home.json(0, &["query", "stac", "--cloud-lt", "101"])["count"], 4);
    assert_eq!(pixels(&home, "stac", "B04,B08"), pixels(&home, "scenes", "B04,B08"));

    for (name, path) in [("catalog", "scenes/catalog.json"), ("items", "scenes/items.json")] {
        build(&home, &["build-local", "--name", name, path]);
        assert_eq!(pixels(&home, name, "B08"), pixels(&home, "scenes", "B08"));
    }
}

#[test]
fn what_is_asked_for_is_built() {
    let home = Home::new();
    home.scenes("scenes");
    let built = |name: &str, more: &[&str]| build(&home, &[&STAC[..], &["--name", name], more].concat());
    let summary = built("few", &["--bands", "B04", "--max-concurrent", "1"]);
    assert_eq!((&summary["records"], &summary["headers"]), (&json!(4), &json!(4)));
    assert_eq!(home.json(0, &["collections", "info", "few"])["bands"], json!(["B04"]));

    built("mapped", &["--band-map", "nir=B08,red=B04"]);
    assert_eq!(home.json(0, &["collections", "info", "mapped"])["bands"], json!(["nir", "red"]));
    assert_eq!(pixels(&home, "mapped", "red"), pixels(&home, "scenes", "B04"));

    let early = home.json(0, &["query", "scenes", "--dates", "../2024-03-31"])["ids"].clone();
    assert_eq!(built("early", &["--dates", "../2024-03-31"])["records"], early.as_array().unwrap().len());
    assert_eq!(home.json(0, &["query", "early"])["ids"], early);
    assert_eq!(built("away", &["-b", "-10,-10,-9,-9"])["records"], 0);

    assert_eq!(built("bare", &["--no-enrich"])["headers"], 0);
    assert_eq!(home.json(0, &["query", "bare"])["count"], 4);
    // A read fetches the headers that it needs.
    assert_eq!(pixels(&home, "bare", "B04"), pixels(&home, "scenes", "B04"));
}

#[test]
fn what_cannot_be_read_is_reported() {
    let home = Home::new();
    let folder = home.scenes("scenes");
    let id = home.json(0, &["query", "scenes"])["ids"][0].as_str().unwrap().to_owned();
    std::fs::remove_file(folder.join(&id).join("B04.tif")).unwrap();
    let arguments = [&["collections"], &STAC[..], &["--name", "stac"]].concat();
    let summary = home.json(3, &arguments);
    assert_eq!(summary["headers"], 15);
    let failed = summary["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(keys(&failed[0]), ["band", "error", "href", "id", "kind"]);
    assert_eq!((&failed[0]["id"], &failed[0]["band"]), (&json!(id), &json!("B04")));
    let run = home.run(&arguments);
    assert!(run.code == 3 && run.stdout.contains("1 failure") && run.stdout.contains(&id), "{}", run.stdout);

    let (kind, message) = home.error(1, &[&arguments[..], &["--force", "--strict"]].concat());
    assert_eq!(kind, "build-failures");
    assert!(message.contains("B04.tif"), "{message}");
    let nowhere =
        ["collections", "build-stac", "--static-catalog", "--name", "x", "--stac-api", "nowhere.json"];
    let (_, message) = home.error(1, &nowhere);
    assert!(message.contains("nowhere.json"), "{message}");
}
