//! Reads that are brought to another grid.

use crate::support::{Home, area, bbox, ids, npy, open};
use serde_json::{Value, json};

#[test]
fn a_geotiff_has_the_grid_and_the_values_of_the_array() {
    let home = Home::new();
    home.scenes("scenes");
    let (area, id) = (area(&home), ids(&home).remove(0));
    let targets = [
        ("EPSG:3857", &["--crs", "EPSG:3857"][..]),
        ("EPSG:4326", &["--crs", "EPSG:4326", "--resolution", "0.0003,0.0004", "--resampling", "cubic"]),
        ("EPSG:32643", &["--resolution", "30", "--resampling", "average"]),
        ("EPSG:32643", &["--shape", "64,32", "--resampling", "mode"]),
    ];
    for (crs, target) in targets {
        let read = |out: &str| -> Value {
            let arguments = ["read", "scenes", "--aoi", &area, "--ids", &id, "--bands", "B04,B08", "-o", out];
            home.json(0, &[&arguments, target].concat())
        };
        let report = read("cube.npy");
        assert_eq!(report["crs"], crs);
        match target {
            [_, "64,32", ..] => assert_eq!(report["shape"], json!([1, 2, 64, 32])),
            [_, "30", ..] => {
                assert_eq!((&report["transform"][0], &report["transform"][4]), (&json!(30.0), &json!(-30.0)))
            }
            [_, _, _, _, ..] => assert_eq!(
                (&report["transform"][0], &report["transform"][4]),
                (&json!(0.0003), &json!(-0.0004))
            ),
            _ => {}
        }
        assert_eq!(read("cube.tif")["transform"], report["transform"]);
        let samples = npy(&home.path("cube.npy"));
        assert!(samples.iter().any(|byte| *byte != 0));
        let Some([(tif, pixels)]) = open(&home, [(home.path("cube.tif").as_path(), crs)]) else { return };
        assert_eq!(tif["transform"], report["transform"]);
        assert_eq!((&tif["same_crs"], &tif["driver"]), (&json!(true), &json!("GTiff")));
        let [_, bands, height, width]: [usize; 4] = serde_json::from_value(report["shape"].clone()).unwrap();
        assert_eq!(tif["shape"], json!([bands, height, width]));
        assert!(pixels[..samples.len()] == samples, "{target:?}");
    }
}

#[test]
fn several_crs_become_one_with_a_warning() {
    let home = Home::new();
    let mut options = rasteret_synth::ArchiveOptions::peers();
    options.scenes.truncate(3);
    options.scenes.iter_mut().for_each(|scene| scene.size = (300, 300));
    options.write(home.path("scenes")).unwrap();
    home.json(0, &["collections", "build-local", "--name", "scenes", "scenes"]);
    assert_eq!(home.json(0, &["collections", "info", "scenes"])["epsg"], json!([32643, 32644]));
    let bounds = home.json(0, &["collections", "info", "scenes"])["bounds"].clone();
    let area = bbox(serde_json::from_value(bounds).unwrap());
    for out in ["cube.npy", "cube.zarr"] {
        let read = ["read", "scenes", "--aoi", &area, "--bands", "B04", "-o", out];
        let run = home.run(&[&["--json"], &read[..]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        let report: Value = serde_json::from_str(&run.stdout).expect("exactly one JSON document");
        assert_eq!((&report["crs"], &report["records"]), (&json!("EPSG:32643"), &json!(3)));
        let warnings: Vec<&str> = run.stderr.lines().collect();
        assert_eq!(warnings.len(), 1, "{}", run.stderr);
        assert!(
            warnings[0].contains("several coordinate reference systems")
                && warnings[0].contains("EPSG:32643")
        );
        assert!(!warnings[0].contains('\u{1b}'), "colours are for terminals");

        // Nobody is told who did not want to be, or who chose.
        assert_eq!(home.run(&[&["--quiet"], &read[..]].concat()).stderr, "");
        let chosen = home.run(&[&read[..], &["--crs", "EPSG:32644"]].concat());
        assert_eq!((chosen.code, chosen.stderr.as_str()), (0, ""));
        assert!(chosen.stdout.contains("EPSG:32644"), "{}", chosen.stdout);
    }
    // A table keeps each raster's own pixels.
    let read = ["read", "scenes", "--aoi", &area, "--bands", "B04", "-o", "cube.parquet"];
    assert_eq!(home.json(0, &read)["shape"], json!([3]));
}

#[test]
fn what_an_ending_cannot_hold_is_wrong_usage() {
    let home = Home::new();
    let read = ["read", "scenes", "--aoi", "1,2,3,4", "-o"];
    let cases = [
        (&["x.tif", "--as", "table"][..], "x.tif cannot hold a table: end it in .parquet"),
        (&["x.zarr", "--as", "array"], ".npy"),
        (&["x.parquet", "--as", "dataset"], ".zarr"),
        (&["x", "--as", "dataset"], ".zarr"),
        (&["x.nc"], ".zarr for a dataset"),
        (&["x.npy", "--mosaic", "first"], ".zarr"),
        (&["x.npy", "--resampling", "best"], "bilinear"),
        (&["x.npy", "--resolution", "0"], "positive"),
        (&["x.npy", "--shape", "5"], "two"),
        (&["x.npy", "--shape", "5,5", "--resolution", "5"], "--shape"),
    ];
    for (arguments, expected) in cases {
        let (kind, message) = home.error(2, &[&read[..], arguments].concat());
        assert_eq!(kind, "usage");
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
}

#[test]
fn a_crs_that_is_none_is_named() {
    let home = Home::new();
    home.scenes("scenes");
    let (kind, message) =
        home.error(1, &["read", "scenes", "--aoi", &area(&home), "--crs", "EPSG:1", "-o", "x.npy"]);
    assert_eq!(kind, "crs");
    assert!(message.contains("EPSG:1"), "{message}");
}
