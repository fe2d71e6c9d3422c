//! The pixels of chips are those of rasterio's windows, whatever the file.

use crate::compare::{Case, ask, compare};
use crate::fixture::{Band, Fixture};
use ndarray::{Array4, s};
use rasteret::blocking::Wait;
use rasteret::chips::{Chip, ChipRequest, Sampler};
use rasteret::read::{ReadStatistics, Slice};
use rasteret::{AreaArray, Error, PixelArray};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// `Compression` of lossy codecs, whose decoders may round otherwise than rasterio's.
const LOSSY: [u16; 2] = [7, 50001];

/// The bands of a file, which lossy codecs mix.
fn files(bands: &[Band]) -> Vec<Vec<&Band>> {
    let mut files: BTreeMap<(&str, &str), Vec<&Band>> = BTreeMap::new();
    for band in bands {
        files.entry((&band.header.href, &band.record)).or_default().push(band);
    }
    files.into_values().collect()
}

/// Chips of a file at random places, and in a grid that reaches beyond the raster's edges.
fn requests(fixture: &Fixture, file: &[&Band], seed: u64) -> [ChipRequest; 2] {
    let image = &file[0].header.image;
    let size = |size: u32| (size / 3).clamp(1, 150);
    let size = (size(image.height), size(image.width));
    let stride = (image.height.div_ceil(2), image.width.div_ceil(2));
    let one = fixture.records(&[&file[0].record]);
    [Sampler::random(size, Some(3), seed), Sampler::grid(size, stride)]
        .map(|sampler| one.chips(sampler).bands(file.iter().map(|band| &band.name)))
}

/// The part of a chip that lies on the raster, as rasterio is asked for it, and as the chip has it. `None` where
/// a stride beyond the chips' size led beyond the raster.
fn inside(file: &[&Band], chip: &Chip) -> Option<(Case, AreaArray)> {
    let band = file[0];
    let [a, _, c, _, e, f] = band.header.transform.unwrap();
    let image = &band.header.image;
    let top = if e > 0.0 { f + e * f64::from(image.height) } else { f };
    let first = |from: f64, pixel: f64| (from / pixel).round() as i64;
    let transform = &chip.grid.transform;
    let (column, row) = (first(transform.c - c, a), first(top - transform.f, e.abs()));
    let clip = |start: i64, of_chip: u32, of_raster: u32| {
        let end = (start + i64::from(of_chip)).min(of_raster.into());
        ((-start).max(0) as usize, (end - start).max(0) as usize)
    };
    let columns = clip(column, chip.grid.width, image.width);
    let rows = clip(row, chip.grid.height, image.height);
    if columns.0 >= columns.1 || rows.0 >= rows.1 {
        return None;
    }
    let corner = transform.translated(columns.0 as f64, rows.0 as f64);
    // A quarter of a pixel within the edges, which rounding must not move to the next pixel.
    let (west, north) = corner.apply(0.25, 0.25);
    let (width, height) = ((columns.1 - columns.0) as f64, (rows.1 - rows.0) as f64);
    let (east, south) = corner.apply(width - 0.25, height - 0.25);
    let geometry = geo_types::Geometry::from(geo_types::Rect::new((west, south), (east, north)).to_polygon());
    let lossy = LOSSY.contains(&band.header.compression);
    let case = Case {
        name: format!("{}, chip {}", band.header.href, chip.index),
        file: band.header.href.clone().into(),
        bands: file.iter().map(|band| usize::from(band.header.band_index) + 1).collect(),
        geometry: serde_json::to_value(geojson::Geometry::from(&geometry)).unwrap(),
        crs: chip.grid.crs.to_string(),
        // Within the edges lie all centres.
        all_touched: false,
        fill: None,
        tolerance: if lossy { 2.0 } else { 0.0 },
    };
    let window = s![.., .., rows.0..rows.1, columns.0..columns.1];
    macro_rules! cut {
        ($($variant:ident),*) => {
            match &chip.pixels {
                $(PixelArray::$variant(pixels) =>
                    PixelArray::$variant(pixels.slice(window).as_standard_layout().into_owned()),)*
            }
        };
    }
    let pixels = cut!(UInt8, Int8, UInt16, Int16, UInt32, Int32, UInt64, Int64, Float16, Float32, Float64);
    let slice = Slice {
        record_id: band.record.clone(),
        datetime: chip.times[0],
        geometry_index: 0,
        transform: corner,
    };
    let array = AreaArray {
        pixels,
        valid: chip.valid.slice(window).to_owned(),
        bands: file.iter().map(|band| band.name.clone()).collect(),
        slices: vec![slice],
        crs: chip.grid.crs.clone(),
        nodata: None,
        statistics: ReadStatistics::default(),
    };
    Some((case, array))
}

#[test]
fn chips_are_windows_of_rasterio() {
    let Some(fixture) = Fixture::everything() else { return };
    let bands = fixture.bands();
    let files = files(&bands);
    let read = |(seed, file): (usize, &Vec<&Band>)| -> Vec<(Case, Result<AreaArray, Error>)> {
        let mut read = Vec::new();
        for request in requests(&fixture, file, seed as u64) {
            let set = request.prepare().wait().unwrap();
            for position in 0..set.len() {
                match set.read(position).wait() {
                    Ok(chip) => {
                        assert_eq!(set.grid(position).as_ref(), Some(&chip.grid));
                        let Some((case, array)) = inside(file, &chip) else {
                            assert!(chip.valid.iter().all(|valid| !valid));
                            continue;
                        };
                        let outside = chip.valid.len() - array.valid.len();
                        let valid = |valid: &Array4<bool>| valid.iter().filter(|valid| **valid).count();
                        assert_eq!(
                            valid(&chip.valid),
                            valid(&array.valid),
                            "{outside} lie beyond: {}",
                            case.name
                        );
                        read.push((case, Ok(array)));
                    }
                    // Files of the test data that are damaged on purpose.
                    Err(error) => {
                        assert_eq!(error.kind(), "corrupt-tile", "{}: {error}", file[0].header.href)
                    }
                }
            }
        }
        read
    };
    let (cases, arrays): (Vec<Case>, Vec<_>) = files.par_iter().enumerate().flat_map_iter(read).unzip();
    let out = tempfile::tempdir().unwrap();
    let Some(expected) = ask(&cases, out.path()) else { return };
    let mut samples = 0;
    let mut differences = Vec::new();
    for ((case, array), expected) in cases.iter().zip(&arrays).zip(&expected) {
        match compare(array, case, expected) {
            Ok(of_chip) => samples += of_chip,
            Err(difference) => differences.push(format!("{}: {difference}", case.name)),
        }
    }
    println!("{} chips of {} files, {samples} samples", cases.len(), files.len());
    assert!(cases.len() >= files.len() * 4);
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}
