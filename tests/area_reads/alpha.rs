//! Alpha bands are masks where they are to GDAL.

use crate::compare::{Case, ask, compare};
use crate::fixture::{Band, Fixture};
use rasteret::blocking::Wait;
use rasteret::schema::header::{BandMetadata, ColorInterpretation};
use rasteret::schema::{Geotransform, PixelValue};
use rasteret::{Area, Crs};
use rasteret_geotiff::write::{CogOptions, GeoKeys, Image, Sample, write_cog};
use serde_json::json;
use std::fs::File;
use std::path::Path;

use ColorInterpretation::{Alpha, Blue, Gray, Green, Red, Undefined};

const SIZE: u32 = 24;
const BOUNDS: [f64; 4] = [700_000.0, 1_499_760.0, 700_240.0, 1_500_000.0];

/// Writes a raster whose samples are zero in places, other ones in each band.
fn write<T: Sample + From<u8>>(path: &Path, colors: &[ColorInterpretation], nodata: Option<PixelValue>) {
    let image = Image::from_fn(SIZE, SIZE, colors.len() as u16, |band, column, row| {
        T::from(((u32::from(band) * 5 + column + 3 * row) % 7) as u8)
    });
    let options = CogOptions {
        overviews: Some(0),
        nodata,
        transform: Some(Geotransform::new(10.0, 0.0, BOUNDS[0], 0.0, -10.0, BOUNDS[3])),
        geo_keys: Some(GeoKeys::utm(43, true)),
        bands: colors.iter().map(|color| BandMetadata { color: *color, ..BandMetadata::default() }).collect(),
        ..CogOptions::default()
    };
    write_cog(&options, &image.unwrap(), None, &mut File::create(path).unwrap()).unwrap();
}

#[test]
fn alpha_bands_are_masks_where_they_are_to_gdal() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write::<u8>(&path("two.tif"), &[Gray, Alpha], None);
    write::<u8>(&path("three.tif"), &[Gray, Undefined, Alpha], None);
    write::<u8>(&path("four.tif"), &[Red, Green, Blue, Alpha], None);
    write::<u16>(&path("four_of_16_bits.tif"), &[Red, Green, Blue, Alpha], None);
    write::<f32>(&path("four_of_float32.tif"), &[Red, Green, Blue, Alpha], None);
    write::<u8>(&path("four_with_nodata.tif"), &[Red, Green, Blue, Alpha], Some(PixelValue::Integer(3)));
    write::<u8>(&path("second_of_four.tif"), &[Gray, Alpha, Undefined, Undefined], None);
    write::<u8>(&path("five.tif"), &[Red, Green, Blue, Undefined, Alpha], None);

    let fixture = Fixture::of(&[folder.path().to_owned()]);
    let mut bands = fixture.bands();
    bands.sort_by_key(|band| (band.record.clone(), band.header.band_index));
    let of_records: Vec<&[Band]> = bands.chunk_by(|a, b| a.record == b.record).collect();
    assert_eq!(of_records.len(), 8);
    let [west, south, east, north] = BOUNDS;
    let corners = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    let cases: Vec<Case> = of_records
        .iter()
        .map(|bands| Case {
            name: bands[0].record.clone(),
            file: bands[0].header.href.clone().into(),
            bands: bands.iter().map(|band| usize::from(band.header.band_index) + 1).collect(),
            geometry: json!({"type": "Polygon", "coordinates": [corners]}),
            crs: "EPSG:32643".to_owned(),
            all_touched: false,
            fill: None,
            tolerance: 0.0,
        })
        .collect();
    let out = tempfile::tempdir().unwrap();
    let Some(expected) = ask(&cases, out.path()) else { return };
    for ((case, expected), bands) in cases.iter().zip(&expected).zip(of_records) {
        let names = bands.iter().map(|band| &band.name);
        let area = Area::bbox(BOUNDS).with_crs(Crs::from_epsg(32643));
        let read = fixture.records(&[&case.name]).read(area).bands(names).array().wait();
        let samples = case.bands.len() * (SIZE * SIZE) as usize;
        assert_eq!(compare(&read, case, expected), Ok(samples), "{}", case.name);
        let all_valid = read.unwrap().valid.iter().all(|valid| *valid);
        let is_masked = case.name.starts_with("two") || case.name.starts_with("four");
        assert_eq!(all_valid, !is_masked || case.name.contains("float"), "{}", case.name);
    }
}
