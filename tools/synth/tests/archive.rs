//! Archives: the same bytes on every run, and documents that lead to the files.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use rasteret_synth::scene::Band;
use rasteret_synth::{Archive, ArchiveOptions};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Two scenes of the demonstration, smaller.
fn options() -> ArchiveOptions {
    let mut options = ArchiveOptions::demo();
    options.scenes.drain(..2);
    options.scenes.iter_mut().for_each(|scene| scene.size = (600, 500));
    options
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn bytes_do_not_depend_on_the_run_or_the_number_of_threads() {
    let write = |threads| {
        let folder = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| options().write(folder.path())).unwrap().write_catalog(None).unwrap();
        files(folder.path())
    };
    let one = write(1);
    assert_eq!(one.len(), 2 * (Band::ALL.len() + 1) + 3);
    assert!(one == write(5), "files differ");
}

#[test]
fn the_catalogue_leads_to_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let archive = options().write(folder.path()).unwrap();
    let catalog = archive.write_catalog(None).unwrap();
    let follow = |document: &Path, relation: &str| -> Vec<PathBuf> {
        let links = read(document)["links"].as_array().unwrap().clone();
        let hrefs =
            links.iter().filter(|link| link["rel"] == relation).map(|link| link["href"].as_str().unwrap());
        hrefs.map(|href| document.parent().unwrap().join(href)).collect()
    };
    let mut reached = 0;
    for collection in follow(&catalog, "child") {
        for item in follow(&collection, "item") {
            assert_eq!(read(&follow(&item, "parent")[0])["id"], "demo");
            for asset in read(&item)["assets"].as_object().unwrap().values() {
                let file = item.parent().unwrap().join(asset["href"].as_str().unwrap());
                assert!(file.is_file(), "{}", file.display());
                reached += 1;
            }
        }
    }
    assert_eq!(reached, 2 * Band::ALL.len());
    for item in read(&folder.path().join("items.json"))["features"].as_array().unwrap() {
        let href = item["assets"]["B08"]["href"].as_str().unwrap();
        assert!(folder.path().join(href).is_file(), "{href}");
    }
}

#[test]
fn hrefs_start_with_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options();
    options.scenes.truncate(1);
    options.scenes[0].size = (16, 16);
    let archive = options.write(folder.path()).unwrap();
    let id = archive.scenes()[0].id.clone();
    let href = |base| archive.items(base)[0]["assets"]["B04"]["href"].as_str().unwrap().to_owned();
    assert_eq!(href("http://localhost:8080/scenes/"), format!("http://localhost:8080/scenes/{id}/B04.tif"));
    assert_eq!(href("."), format!("./{id}/B04.tif"));
    archive.write_catalog(Some("s3://bucket")).unwrap();
    let item = read(&folder.path().join(&id).join(format!("{id}.json")));
    assert_eq!(item["assets"]["B04"]["href"], format!("s3://bucket/{id}/B04.tif"));
}

#[test]
fn the_demonstration_is_small() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::demo(folder.path()).unwrap();
    let paths = archive.scenes().iter().flat_map(|scene| Band::ALL.map(|band| archive.path(scene, band)));
    let size: u64 = paths.map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!((10_000_000..18_000_000).contains(&size), "{size} bytes");
}

#[test]
fn files_to_compare_reads_on_are_as_described() {
    let mut options = ArchiveOptions::peers();
    let zone_43 = options.scenes.iter().filter(|scene| scene.epsg() == 32643).count();
    assert_eq!((options.scenes.len(), zone_43), (12, 8));
    for scene in &options.scenes {
        let easting = if scene.zone == 43 { 699_960.0 } else { 50_000.0 };
        assert_eq!(
            (scene.origin, scene.size, scene.resolution),
            ((easting, 1_500_000.0), (4096, 4096), 10.0)
        );
    }
    options.scenes.truncate(1);
    let folder = tempfile::tempdir().unwrap();
    let archive = options.write(folder.path()).unwrap();
    for band in [Band::B04, Band::B08] {
        let size = fs::metadata(archive.path(&archive.scenes()[0], band)).unwrap().len();
        assert!(size.abs_diff(23_000_000) < 2_300_000, "{size} bytes");
    }
}
