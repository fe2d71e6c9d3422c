//! The demonstration.

use crate::support::{Home, Run, bbox, keys, middle, open};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn the_demo_makes_an_ndvi() {
    let home = Home::new();
    let run = Run::of(home.command().args(["--json", "--db", "here/areas.db", "demo"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let document: Value = serde_json::from_str(&run.stdout).expect("exactly one JSON document");
    assert_eq!(keys(&document), ["collection", "mean", "ndvi_png", "ndvi_tif", "records"]);
    assert_eq!((&document["collection"], &document["records"]), (&json!("demo"), &json!(4)));

    // Its database is one as any other, and the same index follows from the pixels that it gives.
    let with_database = |arguments: &[&str]| {
        let run = Run::of(
            home.command().args(["--json", "--db", "here/rasteret-demo/demo.rasteret"]).args(arguments),
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    let area = bbox(middle(&with_database(&["collections", "info", "demo"])["bounds"]));
    let ids = with_database(&["query", "demo"]);
    let id = ids["ids"][0].as_str().unwrap();
    let read = ["read", "demo", "--aoi", &area, "--ids", id, "--bands", "B04,B08", "-o", "bands.npy"];
    let report = with_database(&read);
    let tif = Path::new(document["ndvi_tif"].as_str().unwrap());
    let png = Path::new(document["ndvi_png"].as_str().unwrap());
    let bands = home.path("bands.npy");
    let Some([(tif, ndvi), (png, _), (_, bands)]) =
        open(&home, [(tif, "EPSG:32643"), (png, ""), (&bands, "")])
    else {
        return;
    };
    let [_, _, height, width]: [usize; 4] = serde_json::from_value(report["shape"].clone()).unwrap();
    assert_eq!((&tif["shape"], &tif["dtype"]), (&json!([1, height, width]), &json!("float32")));
    assert_eq!(
        (&tif["epsg"], &tif["same_crs"], &tif["nodata"]),
        (&json!(32643), &json!(true), &json!("nan"))
    );
    assert_eq!((&tif["transform"], &tif["layout"]), (&report["transform"], &json!("COG")));
    assert_eq!(png["shape"], json!([2, height, width]));

    let samples: Vec<f64> =
        bands.chunks_exact(2).map(|bytes| f64::from(u16::from_ne_bytes([bytes[0], bytes[1]]))).collect();
    let (red, near_infrared) = samples.split_at(height * width);
    let (ndvi, valid) = ndvi.split_at(height * width * 4);
    let ndvi = ndvi.chunks_exact(4).map(|bytes| f32::from_ne_bytes(bytes.try_into().unwrap()));
    let (mut sum, mut count) = (0.0, 0);
    for (at, value) in ndvi.enumerate() {
        let (red, near_infrared) = (red[at], near_infrared[at]);
        assert_eq!(valid[at] != 0, !value.is_nan());
        // Zero is the nodata value of these scenes.
        if red == 0.0 || near_infrared == 0.0 {
            assert!(value.is_nan());
            continue;
        }
        assert_eq!(value, ((near_infrared - red) / (near_infrared + red)) as f32);
        (sum, count) = (sum + f64::from(value), count + 1);
    }
    assert!(count > 1000, "{count} valid pixels");
    assert!((document["mean"].as_f64().unwrap() - sum / f64::from(count)).abs() < 1e-9);

    // Again, over what is there, and for people.
    let run = Run::of(home.command().args(["demo", "--dir", "here/rasteret-demo"]));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("ndvi.tif") && run.stdout.contains("mean"), "{}", run.stdout);
}
