//! Sources on a server, whose assets have other addresses than those that can be read.

use crate::support::Home;
use crate::{build, pixels};
use rasteret_serve::{Options, Server};
use serde_json::json;

/// What the items say; nothing can be read there.
const PUBLISHED: &str = "https://data.invalid/scenes";

/// Serves scenes whose items name other places.
fn serve(home: &Home) -> Server {
    let folder = home.scenes("scenes");
    let archive = rasteret_synth::ArchiveOptions::demo();
    let archive = archive.write(home.path("elsewhere")).unwrap();
    let catalog = archive.write_catalog(Some(PUBLISHED)).unwrap();
    // The documents of one archive, the rasters of the other.
    for entry in std::fs::read_dir(catalog.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let to = folder.join(entry.file_name());
        if entry.path().is_dir() {
            let document = entry.file_name().to_str().unwrap().to_owned() + ".json";
            std::fs::copy(entry.path().join(&document), to.join(&document)).unwrap();
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
    Server::start(folder, Options::default()).unwrap()
}

#[test]
fn patterns_lead_to_what_can_be_read() {
    let home = Home::new();
    let server = serve(&home);
    let (api, pattern) = (server.url("catalog.json"), format!("{PUBLISHED}={}", server.base_url()));
    let arguments =
        ["build-stac", "--static-catalog", "--stac-api", &api, "--name", "served", "--url-pattern", &pattern];
    let summary = build(&home, &arguments);
    assert_eq!((&summary["records"], &summary["headers"]), (&json!(4), &json!(16)));
    assert_eq!(summary["requests"], 16, "one for each file");
    assert!(summary["bytes"].as_u64() > Some(0));
    server.reset_stats();
    assert_eq!(build(&home, &arguments)["cached"], true);
    assert_eq!(server.stats().requests, 0, "it is there already");
    // The collection keeps the pattern beside the addresses that were published.
    let id = home.json(0, &["query", "served"])["ids"][0].as_str().unwrap().to_owned();
    let header = home.json(0, &["header", "served", "--id", &id, "--band", "B04"]);
    assert_eq!(header["href"], format!("{PUBLISHED}/{id}/B04.tif"));
    assert_eq!(pixels(&home, "served", "B04,B08"), pixels(&home, "scenes", "B04,B08"));
}

#[test]
fn a_descriptor_alone_is_enough() {
    let home = Home::new();
    let server = serve(&home);
    let descriptor = json!({
        "id": "acme/scenes", "name": "Scenes", "stac_api": server.url("catalog.json"), "static_catalog": true,
        "band_map": {"red": "B04"}, "cloud_config": {"url_patterns": {PUBLISHED: server.base_url()}},
    });
    std::fs::write(home.path("scenes.json"), descriptor.to_string()).unwrap();
    home.json(0, &["datasets", "import", "scenes.json"]);
    let summary = build(&home, &["build", "acme/scenes", "--name", "served", "--dates", "2024-01-01/.."]);
    assert_eq!((&summary["records"], &summary["requests"]), (&json!(4), &json!(4)));
    assert_eq!(pixels(&home, "served", "red"), pixels(&home, "scenes", "B04"));
}
