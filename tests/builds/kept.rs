//! What a collection keeps, and what is asked for to make it.

use crate::support::{BANDS, Files, holds, listed};
use rasteret::blocking::Wait;
use rasteret::build::BuildProgress;
use rasteret::schema::{Asset, CloudConfig, Geotransform};
use rasteret::{Area, Collection, Database};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The middle of all scenes.
fn middle(collection: &Collection) -> Area {
    let [west, south, east, north] = collection.info().unwrap().bounds.unwrap();
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    Area::bbox([x - 1e-3, y - 1e-3, x + 1e-3, y + 1e-3])
}

#[test]
fn signed_urls_are_used_and_not_kept() {
    let files = Files::new(3, Duration::ZERO);
    let mut source = listed(&files.server.base_url(), 3, 2);
    let assets = source.records.iter_mut().flat_map(|record| &mut record.assets);
    assets.for_each(|asset| asset.href += "?sv=2024&se=2030&sr=c&sig=TheSecretOfAll&page=2");
    let path = files.path("signed.rasteret");
    {
        let database = Database::open_writable(&path).unwrap();
        let summary = database.build(source.clone()).name("x").run().wait().unwrap();
        assert_eq!((summary.records, summary.headers, summary.failed.len()), (3, 6, 0));
        let rows = rasteret::query::json_rows(&database.collection("x").unwrap().head(1).unwrap()).unwrap();
        let href = rows[0]["assets"]["B04"]["href"].as_str().unwrap().to_owned();
        assert_eq!(href, format!("{}/0/B04.tif?page=2", files.server.base_url()));
        // What was signed anew is the same file: nothing is asked for.
        source.records[0].assets[0].href.push_str("&st=2031");
        files.server.reset_stats();
        assert!(database.build(source).name("x").run().wait().unwrap().cached);
        assert_eq!(files.server.stats().requests, 0);
        let collection = database.collection("x").unwrap();
        collection.read(middle(&collection)).array().wait().unwrap();
    }
    assert!(holds(&path, "page=2"));
    assert!(!holds(&path, "TheSecretOfAll"));
}

#[test]
fn a_file_of_several_bands_is_asked_for_once() {
    let files = Files::new(2, Duration::ZERO);
    let mut source = listed(&files.server.base_url(), 2, 10);
    for record in &mut source.records {
        let href = record.assets[0].href.clone();
        let asset =
            |number: i32| Asset { band: format!("A{number:02}"), href: href.clone(), band_index: Some(0) };
        record.assets = (0..64).map(asset).collect();
    }
    let database = Database::open_writable(files.path("shared.rasteret")).unwrap();
    let summary = database.build(source).name("x").run().wait().unwrap();
    assert_eq!((summary.headers, summary.requests), (128, 2));
}

/// A file of three samples.
fn rgb(files: &Files) -> String {
    use rasteret::geotiff::write::{CogOptions, GeoKeys, Image, write_cog};
    let image =
        Image::from_fn(64, 64, 3, |band, column, row| (u32::from(band) + column + row) as u8).unwrap();
    let options = CogOptions {
        transform: Some(Geotransform::new(10.0, 0.0, 5e5, 0.0, -10.0, 1e6)),
        geo_keys: Some(GeoKeys::utm(43, true)),
        ..CogOptions::default()
    };
    let path = files.path("served").join("rgb.tif");
    write_cog(&options, &image, None, &mut std::fs::File::create(path).unwrap()).unwrap();
    files.server.url("rgb.tif")
}

#[test]
fn bands_of_one_file_need_an_index() {
    let files = Files::new(1, Duration::ZERO);
    let href = rgb(&files);
    let build = |indexes: [Option<i32>; 2]| {
        let mut source = listed(&files.server.base_url(), 1, 10);
        source.records[0].assets = ["R", "G"]
            .into_iter()
            .zip(indexes)
            .map(|(band, band_index)| Asset { band: band.to_owned(), href: href.clone(), band_index })
            .collect();
        let database = Database::open_writable(files.path("index.rasteret")).unwrap();
        let summary = database.build(source).name("x").force(true).run().wait().unwrap();
        let errors: Vec<String> = summary.failed.iter().map(|failure| failure.error.clone()).collect();
        (summary.headers, errors)
    };
    assert_eq!(build([Some(0), Some(2)]), (2, vec![]));
    let (headers, errors) = build([None, None]);
    assert_eq!(headers, 0);
    assert!(errors.iter().all(|error| error.contains("R=0,G=1") || error.contains("G=0,R=1")), "{errors:?}");
    let (headers, errors) = build([Some(0), Some(3)]);
    assert_eq!(headers, 1);
    assert!(errors[0].contains("sample 3") && errors[0].contains("has 3"), "{errors:?}");
}

#[test]
fn headers_are_left_out_where_nobody_wants_them() {
    let files = Files::new(2, Duration::ZERO);
    let mut source = listed(&files.server.base_url(), 2, 10);
    let database = Database::open_writable(files.path("bare.rasteret")).unwrap();
    let summary = database.build(source.clone()).name("x").enrich(false).run().wait().unwrap();
    assert_eq!((summary.records, summary.failed.len(), files.server.stats().requests), (0, 2, 0));
    assert!(summary.failed[0].error.contains("footprint"), "{:?}", summary.failed);
    // The point (77.6 13).
    let point = [&[1, 1, 0, 0, 0][..], &77.6_f64.to_le_bytes(), &13_f64.to_le_bytes()].concat();
    source.records.iter_mut().for_each(|record| record.geometry = Some(point.clone()));
    let summary = database.build(source.clone()).name("x").enrich(false).force(true).run().wait().unwrap();
    assert_eq!((summary.records, summary.headers, summary.failed.len()), (2, 0, 0));
    assert_eq!(files.server.stats().requests, 0);
    let bounds = database.collection("x").unwrap().info().unwrap().bounds;
    assert_eq!(bounds, Some([77.6, 13.0, 77.6, 13.0]));
    let summary = database.build(source).name("x").run().wait().unwrap();
    assert_eq!((summary.records, summary.headers), (2, 4));
}

#[test]
fn progress_is_told_to_its_end() {
    let files = Files::new(50, Duration::from_millis(1));
    let source = listed(&files.server.base_url(), 50, 7);
    let database = Database::open_writable(files.path("progress.rasteret")).unwrap();
    let seen = Arc::new(Mutex::new(Vec::<BuildProgress>::new()));
    let told = Arc::clone(&seen);
    let build = database.build(source).name("x").max_concurrent(4);
    build.on_progress(move |progress| told.lock().unwrap().push(progress)).run().wait().unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.is_sorted_by_key(|progress| (progress.files, progress.records, progress.elapsed)));
    let last = seen.last().unwrap();
    assert_eq!((last.records, last.total_records, last.files, last.failed), (50, Some(50), 100, 0));
    assert_eq!(last.remaining(), Some(Duration::ZERO));
    assert!(files.server.stats().peak <= 4);
}

#[test]
fn how_assets_are_reached_is_kept() {
    let files = Files::new(2, Duration::ZERO);
    let pattern = ("https://archive.example/".to_owned(), format!("{}/", files.server.base_url()));
    let cloud = CloudConfig { url_patterns: [pattern].into_iter().collect(), ..CloudConfig::default() };
    let source = listed("https://archive.example", 2, 2);
    let path = files.path("cloud.rasteret");
    let build = Database::open_writable(&path).unwrap().build(source).name("x").cloud(cloud);
    assert_eq!(build.run().wait().unwrap().headers, 4);
    let collection = Database::open(&path).unwrap().collection("x").unwrap();
    let array = collection.read(middle(&collection)).bands(BANDS).array().wait().unwrap();
    assert_eq!(array.pixels.shape()[..2], [2, 2]);
    let rows = rasteret::query::json_rows(&collection.head(1).unwrap()).unwrap();
    assert_eq!(rows[0]["assets"]["B08"]["href"], "https://archive.example/0/B08.tif");
}
