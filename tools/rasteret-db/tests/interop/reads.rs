//! Pixels, as NumPy and rasterio open them.

use crate::support::{Home, READ_REPORT, area, bbox, ids, keys, middle, open};
use serde_json::{Value, json};

#[test]
fn one_read_in_every_format() {
    let home = Home::new();
    home.scenes("scenes");
    let (area, id) = (area(&home), ids(&home).remove(0));
    let read = |out: &str, more: &[&str]| {
        let arguments = ["read", "scenes", "--aoi", &area, "--ids", &id, "-o", out];
        home.json(0, &[&arguments, more].concat())
    };
    let report = read("cube.npy", &["--bands", "B08,B04"]);
    assert_eq!(keys(&report), READ_REPORT);
    assert_eq!(report["dims"], json!(["record", "band", "y", "x"]));
    assert_eq!((&report["dtype"], &report["records"]), (&json!("uint16"), &json!(1)));
    assert_eq!((&report["crs"], &report["requests"]), (&json!("EPSG:32643"), &json!(0)));
    assert!(report["tiles"].as_u64() > Some(0) && report["bytes"].as_u64() > Some(0));
    let one = read("band.npy", &["--bands", "B04"]);
    assert_eq!(one["dims"], json!(["record", "y", "x"]));
    let tif = read("cube.tif", &["--bands", "B08,B04"]);
    assert_eq!((&tif["shape"], &tif["transform"]), (&report["shape"], &report["transform"]));
    read("look.png", &["--bands", "B04,B03,B02"]);

    let paths = ["cube.npy", "band.npy", "cube.tif", "look.png"].map(|name| home.path(name));
    let [cube, band, tif, png] = &paths;
    let Some([cube, band, tif, png]) =
        open(&home, [cube, band, tif, png].map(|path| (path.as_path(), "EPSG:32643")))
    else {
        return;
    };
    let [_, bands, height, width]: [usize; 4] = serde_json::from_value(report["shape"].clone()).unwrap();
    assert_eq!(cube.0["shape"], report["shape"]);
    assert_eq!(band.0["shape"], one["shape"]);
    assert_eq!((&cube.0["dtype"], &band.0["dtype"]), (&json!("uint16"), &json!("uint16")));
    assert!(band.1.iter().any(|byte| *byte != 0));
    // The second band of the cube is the one.
    assert_eq!(cube.1[cube.1.len() / 2..], band.1);

    let (tif, samples) = tif;
    assert_eq!(samples[..cube.1.len()], cube.1);
    assert_eq!(tif["shape"], json!([bands, height, width]));
    assert_eq!(
        (&tif["epsg"], &tif["same_crs"], &tif["driver"]),
        (&json!(32643), &json!(true), &json!("GTiff"))
    );
    assert_eq!((&tif["transform"], &tif["layout"]), (&report["transform"], &json!("COG")));
    assert_eq!(tif["descriptions"], json!(["B08", "B04"]));
    let (png, _) = png;
    assert_eq!((&png["driver"], &png["shape"]), (&json!("PNG"), &json!([4, height, width])));
}

#[test]
fn records_are_stacked() {
    let home = Home::new();
    home.scenes("scenes");
    let area = area(&home);
    let read = ["read", "scenes", "--aoi", &area, "--bands", "B04", "-o"];
    let report = home.json(0, &[&read[..], &["all.npy"]].concat());
    assert_eq!((&report["records"], &report["shape"][0]), (&json!(4), &json!(4)));
    let late = home.json(0, &[&read[..], &["late.npy", "--dates", "2024-04-01/.."]].concat());
    assert_eq!(late["records"], 3);
}

#[test]
fn areas_of_all_sorts() {
    let home = Home::new();
    home.scenes("scenes");
    let id = ids(&home).remove(0);
    let bounds = home.json(0, &["collections", "info", "scenes"])["bounds"].clone();
    let [west, south, east, north] = middle(&bounds);
    let ring = format!("{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}");
    let polygon = json!({"type": "Polygon", "coordinates":
        [[[west, south], [east, south], [east, north], [west, north], [west, south]]]});
    std::fs::write(home.path("area.geojson"), polygon.to_string()).unwrap();
    let shape = |aoi: &str, more: &[&str]| -> Value {
        let arguments = ["read", "scenes", "--aoi", aoi, "--ids", &id, "--bands", "B04", "-o", "out.npy"];
        home.json(0, &[&arguments, more].concat())["shape"].clone()
    };
    let expected = shape(&bbox([west, south, east, north]), &[]);
    assert_eq!(shape(&format!("POLYGON (({ring}))"), &[]), expected);
    assert_eq!(shape("area.geojson", &[]), expected);
    let header = home.json(0, &["header", "scenes", "--id", &id, "--band", "B04"]);
    let [a, _, c, _, e, f]: [f64; 6] = serde_json::from_value(header["transform"].clone()).unwrap();
    let in_pixels = bbox([c + 3.0 * a, f + 9.0 * e, c + 8.0 * a, f + 2.0 * e]);
    assert_eq!(shape(&in_pixels, &["--aoi-crs", "EPSG:32643"]), json!([1, 7, 5]));
    assert_eq!(
        shape(&in_pixels, &["--aoi-crs", "EPSG:32643", "--all-touched", "--fill-value", "7"]),
        json!([1, 7, 5])
    );
    let arguments = ["read", "scenes", "--aoi", &in_pixels, "--aoi-crs", "EPSG:32643", "-o", "out.npy"];
    assert_eq!(home.error(2, &[&arguments[..], &["--fill-value", "none"]].concat()).0, "usage");
    for aoi in ["POLYGON ((1 2", "missing.geojson"] {
        assert_eq!(home.error(1, &["read", "scenes", "--aoi", aoi, "-o", "out.npy"]).0, "area");
    }
}
