//! Aliases of bands, defined and used on the command line.

use crate::support::{Home, area, npy_u16};
use serde_json::json;

#[test]
fn aliases_are_defined_shown_used_and_removed() {
    let home = Home::new();
    home.scenes("scenes");
    assert_eq!(home.json(0, &["collections", "alias", "scenes"]), json!({}));
    let defined = home.json(0, &["collections", "alias", "scenes", "red=B4,B04", "nir=B08"]);
    assert_eq!(defined, json!({"red": ["B4", "B04"], "nir": ["B08"]}));
    let text = home.run(&["collections", "alias", "scenes"]).stdout;
    assert!(text.contains("red") && text.contains("B4 B04"), "{text}");

    let (area, out) = (area(&home), home.path("red.npy"));
    let read = |bands: &str| {
        let out = out.to_str().unwrap();
        home.json(0, &["read", "scenes", "--aoi", &area, "--bands", bands, "-o", out]);
        npy_u16(&home.path("red.npy"))
    };
    assert_eq!(read("red,nir"), read("B04,B08"));
    let id = home.json(0, &["query", "scenes", "--limit", "1"])["ids"][0].as_str().unwrap().to_owned();
    let header = |band: &str| home.json(0, &["header", "scenes", "--id", &id, "--band", band]);
    assert_eq!(header("nir"), header("B08"));

    // One at a time, and one that is gone.
    let changed = home.json(0, &["collections", "alias", "scenes", "red=B02", "nir="]);
    assert_eq!(changed, json!({"red": ["B02"]}));
    assert_eq!(read("red"), read("B02"));
    let arguments = ["read", "scenes", "--aoi", &area, "--bands", "nir", "-o", out.to_str().unwrap()];
    let (kind, message) = home.error(1, &arguments);
    assert_eq!(kind, "no-such-band");
    assert!(message.contains("red = B02"), "{message}");
    let common = home.json(0, &["collections", "alias", "scenes", "--common-names", "red=B08"]);
    assert_eq!((&common["red"], &common["nir08"]), (&json!(["B08"]), &json!(["B8A", "B5"])));
    for wrong in ["red", "red=red", "red=B04,B04", "=B04"] {
        assert_eq!(home.run(&["collections", "alias", "scenes", wrong]).code, 2, "{wrong}");
    }
}

#[test]
fn records_that_lack_a_band_are_left_out_if_they_may() {
    let home = Home::new();
    let folder = home.scenes("scenes");
    let scenes = std::fs::read_dir(&folder).unwrap().filter_map(|entry| Some(entry.unwrap().path()));
    let scene = scenes.filter(|path| path.is_dir()).min().unwrap();
    std::fs::remove_file(scene.join("B08.tif")).unwrap();
    home.json(0, &["collections", "build-local", "--name", "less", "scenes/S2*"]);
    let area = area(&home);
    let read = |more: &[&str], out: &str, code: i32| {
        let out = home.path(out);
        let fixed = ["read", "less", "--aoi", &area, "--bands", "B04,B08", "-o", out.to_str().unwrap()];
        let arguments = [&fixed[..], more].concat();
        if code == 0 { home.json(0, &arguments) } else { json!(home.error(code, &arguments).0) }
    };
    assert_eq!(read(&[], "a.npy", 1), "no-such-band");
    assert_eq!(read(&["--skip-missing-bands"], "a.npy", 0)["shape"][0], 3);
    assert_eq!(read(&["--skip-missing-bands"], "a.parquet", 0)["shape"][0], 7);
}
