//! Grid mappings have the attributes that pyproj gives a CRS in the CF conventions.

use crate::oracle;
use crate::support::{array, pixels, slice};
use rasteret::dataset::{Attributes, DatasetOptions};
use rasteret::{Crs, DataType, Dataset};
use serde_json::{Map, Value, json};

/// UTM, national grids of every projection that CF has a name for, polar and global ones, spheres, feet.
const SYSTEMS: [&str; 22] = [
    "EPSG:4326",
    "OGC:CRS84",
    "EPSG:4269",
    "EPSG:32643",
    "EPSG:32719",
    "EPSG:25832",
    "EPSG:28992",
    "EPSG:2154",
    "EPSG:2263",
    "EPSG:3034",
    "EPSG:3035",
    "EPSG:5070",
    "EPSG:3577",
    "EPSG:3031",
    "EPSG:3413",
    "EPSG:32661",
    "EPSG:6931",
    "EPSG:6933",
    "EPSG:3395",
    "EPSG:3857",
    "+proj=sinu +lon_0=10 +R=6371007.181 +units=m +type=crs",
    "+proj=ortho +lat_0=40 +lon_0=-20 +datum=WGS84 +type=crs",
];

fn grid_mapping(crs: &str) -> Attributes {
    let mut array =
        array(pixels(DataType::UInt8, [1, 1, 2, 2], |_| None), &["band"], vec![slice("a", 0, 0, 0, 0)]);
    array.crs = Crs::new(crs);
    Dataset::from_array(&array, &DatasetOptions::default()).unwrap().grid_mapping().unwrap()
}

fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-12 * b.abs()
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => ours == theirs,
    }
}

#[test]
fn grid_mappings_are_those_of_pyproj() {
    let folder = tempfile::tempdir().unwrap();
    let request = json!({ "folder": folder.path(), "systems": SYSTEMS });
    let Some(answer) = oracle::ask("dataset_oracle.py", &request) else { return };
    let answers: Vec<Map<String, Value>> = serde_json::from_value(answer["systems"].clone()).unwrap();
    for (crs, mut theirs) in SYSTEMS.into_iter().zip(answers) {
        let ours = grid_mapping(crs);
        assert!(ours["crs_wkt"].as_str().unwrap().contains("CRS["), "{crs}");
        // CF has one or the other of a Mercator projection; pyproj gives both.
        if theirs.get("grid_mapping_name") == Some(&"mercator".into())
            && theirs.contains_key("scale_factor_at_projection_origin")
        {
            theirs.remove("standard_parallel");
        }
        for (name, value) in &theirs {
            let found = ours.get(name).unwrap_or(&Value::Null);
            assert!(same(found, value), "{crs}: {name} is {found}, not {value}");
        }
        assert_eq!(ours.len(), theirs.len() + 2, "{crs}: {:?}", ours.keys());
    }
}
