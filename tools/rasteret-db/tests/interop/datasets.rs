//! Datasets, as xarray opens them.

use crate::oracle;
use crate::support::{Home, READ_REPORT, area, keys, npy};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What xarray finds in stores of this home; `None` where it cannot be asked.
fn open(home: &Home, stores: &[&str]) -> Option<Vec<Value>> {
    let stores: Vec<Value> = stores.iter().map(|name| json!({"path": home.path(name)})).collect();
    let answer = oracle::ask("dataset_oracle.py", &json!({"folder": home.folder.path(), "stores": stores}))?;
    if answer["stores"].is_null() {
        oracle::skip("this Python has no xarray with Zarr 3");
    }
    answer["stores"].as_array().cloned()
}

#[test]
fn a_dataset_has_the_values_of_the_array() {
    let home = Home::new();
    home.scenes("scenes");
    let area = area(&home);
    let targets = [
        &[][..],
        &["--crs", "EPSG:3857", "--resolution", "25", "--resampling", "bilinear"],
        &["--crs", "EPSG:4326", "--shape", "40,50", "--resampling", "average"],
    ];
    let stores = ["a.zarr", "b.zarr", "c.zarr"];
    let mut reports = Vec::new();
    for (target, store) in targets.iter().zip(stores) {
        let read = |bands: &str, out: &str| {
            let arguments = ["read", "scenes", "--aoi", &area, "--bands", bands, "-o", out];
            home.json(0, &[&arguments, *target].concat())
        };
        let report = read("B08,B04", store);
        assert_eq!(keys(&report), READ_REPORT);
        assert_eq!(report["dims"], json!(["time", "geometry", "y", "x"]));
        assert_eq!((&report["dtype"], &report["records"]), (&json!("uint16"), &json!(4)));
        assert!(report["tiles"].as_u64() > Some(0) && report["bytes"].as_u64() > Some(0));
        for band in ["B04", "B08"] {
            let array = read(band, &format!("{store}.{band}.npy"));
            for member in ["transform", "crs", "records"] {
                assert_eq!(report[member], array[member], "{member}");
            }
            // Every scene has a time of its own.
            let (dataset, array) = (&report["shape"], &array["shape"]);
            assert_eq!(*dataset, json!([array[0], 1, array[1], array[2]]));
        }
        reports.push(report);
    }
    // What is there is replaced.
    home.json(0, &["read", "scenes", "--aoi", &area, "--mosaic", "count", "-o", "a.zarr", "--bands", "B02"]);
    let arguments = ["read", "scenes", "--aoi", &area, "--bands", "B08,B04", "-o"];
    home.json(0, &[&arguments[..], &["a.zarr", "--as", "dataset"]].concat());
    let count = home.json(0, &[&arguments[..], &["count.zarr", "--mosaic", "count"]].concat());
    assert_eq!(count["dtype"], "uint32");

    let Some(opened) = open(&home, &[&stores[..], &["count.zarr"]].concat()) else { return };
    for ((store, report), dataset) in stores.iter().zip(&reports).zip(&opened) {
        assert_eq!(dataset["order"], json!(["B08", "B04"]));
        assert_eq!(format!("EPSG:{}", dataset["epsg"]), report["crs"].as_str().unwrap());
        for band in ["B04", "B08"] {
            let variable = &dataset["variables"][band];
            assert_eq!(variable["shape"], report["shape"]);
            assert_eq!((&variable["dtype"], &variable["nodata"]), (&json!("uint16"), &json!("0.0")));
            assert_eq!(variable["transform"], report["transform"]);
            let expected = npy(&home.path(&format!("{store}.{band}.npy")));
            let samples = std::fs::read(variable["out"].as_str().map(PathBuf::from).unwrap()).unwrap();
            assert!(samples[..expected.len()] == expected, "{store}, {band}");
            assert!(expected.iter().any(|byte| *byte != 0));
        }
    }
    let counts = &opened[3]["variables"]["B04"];
    let samples = std::fs::read(counts["out"].as_str().unwrap()).unwrap();
    let values = npy(&home.path("a.zarr.B04.npy"));
    for (count, value) in samples.chunks_exact(4).zip(values.chunks_exact(2)) {
        assert_eq!(u32::from_ne_bytes(count.try_into().unwrap()), u32::from(value != [0, 0]));
    }
}

#[test]
fn a_dataset_replaces_nothing_but_a_dataset() {
    let home = Home::new();
    home.scenes("scenes");
    std::fs::create_dir(home.path("a.zarr")).unwrap();
    std::fs::write(home.path("a.zarr/notes.txt"), "mine").unwrap();
    let (kind, message) = home.error(1, &["read", "scenes", "--aoi", &area(&home), "-o", "a.zarr"]);
    assert_eq!(kind, "exists");
    assert!(message.contains("a.zarr"), "{message}");
    assert_eq!(std::fs::read(home.path("a.zarr/notes.txt")).unwrap(), b"mine");
}
