//! The reader keeps its contract over real files.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod header_common;

use header_common::cogs;
use rasteret_geotiff::GeoTiffReader;
use rasteret_schema::conformance::raster_reader;
use std::collections::BTreeSet;

#[test]
fn real_files_keep_the_contract() {
    let Some(files) = cogs("real_files_keep_the_contract") else { return };
    let bytes: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let samples: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    let report = raster_reader(&GeoTiffReader::new(), &samples);
    println!("{} files, {} headers, {} tiles", files.len(), report.headers, report.tiles);
    let refused = report.refused.iter().chain(&report.refused_tiles);
    let refused: BTreeSet<String> =
        refused.map(|(sample, error)| format!("{}: {error}", files[*sample].display())).collect();
    for refused in &refused {
        println!("{refused}");
    }
    report.violations.assert_none();
    // Files that a test can do nothing with would hide that nothing was tested.
    assert!(report.headers * 10 >= files.len() * 9, "{} headers of {} files", report.headers, files.len());
    assert!(report.tiles > report.headers, "{} tiles of {} headers", report.tiles, report.headers);
}
