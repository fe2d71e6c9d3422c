//! Archives as rasterio reads them, and footprints as pyproj computes them.

use rasteret_synth::ArchiveOptions;
use rasteret_synth::stac::utm_to_degrees;
use serde_json::json;

#[test]
fn files_and_footprints_agree_with_the_items() {
    let Some(python) = crate::python("files_and_footprints_agree_with_the_items") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut options = ArchiveOptions::demo();
    // The other zone too, and the edge of the swath, but fewer pixels.
    options.scenes.extend(ArchiveOptions::peers().scenes.into_iter().skip(2).take(1));
    options.scenes.iter_mut().for_each(|scene| scene.size = (600, 520));
    options.write(folder.path()).unwrap().write_catalog(None).unwrap();
    crate::run(&python, "check_archive.py", &[folder.path()]);
}

#[test]
fn degrees_agree_with_proj() {
    let Some(python) = crate::python("degrees_agree_with_proj") else { return };
    let mut points = Vec::new();
    for (zone, north) in [(1, true), (31, false), (43, true), (44, true), (60, false)] {
        for easting in [-300_000.0, 50_000.0, 166_021.4, 500_000.0, 699_960.0, 1_200_000.0] {
            for northing in [0.0, 1_000.0, 1_459_040.0, 4_649_776.2, 8_881_585.8, 9_999_000.0] {
                let (longitude, latitude) = utm_to_degrees(zone, north, easting, northing);
                points.push(json!([zone, north, easting, northing, longitude, latitude]));
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.json");
    std::fs::write(&path, json!(points).to_string()).unwrap();
    crate::run(&python, "check_degrees.py", &[&path]);
}
