//! Reads on a grid that is not the rasters' own.

use crate::fixture::{Fixture, Raster};
use rasteret::blocking::Wait;
use rasteret::dataset::Mosaic;
use rasteret::warp::Grid;
use rasteret::{Area, Crs, DataType, PixelArray, PixelValue};
use rasteret_schema::Geotransform;

/// Upper left corner of the rasters that `Raster::new` makes.
const ORIGIN: [f64; 2] = [700_000.0, 1_500_000.0];

fn utm(bounds: [f64; 4]) -> Area {
    Area::bbox(bounds).with_crs(Crs::from_epsg(32643))
}

fn samples(pixels: &PixelArray) -> Vec<u16> {
    pixels.view::<u16>().unwrap().iter().copied().collect()
}

#[test]
fn the_same_grid_is_the_same_pixels() {
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif")]);
    let area = utm([700_050.0, 1_499_750.0, 700_200.0, 1_499_900.0]);
    let native = fixture.all.read(area.clone()).array().wait().unwrap();
    let transform = Geotransform::new(10.0, 0.0, 700_050.0, 0.0, -10.0, 1_499_900.0);
    let grid = Grid::new(transform, 15, 15, Crs::from_epsg(32643));
    let requests = [
        fixture.all.read(area.clone()).target_crs(Crs::from_epsg(32643)),
        fixture.all.read(area.clone()).resolution(10.0, 10.0),
        fixture.all.read(area.clone()).aligned_resolution(10.0, 10.0, (0.0, 0.0)),
        fixture.all.read(area.clone()).shape(15, 15),
        fixture.all.read(area).grid(grid),
    ];
    for request in requests {
        let array = request.array().wait().unwrap();
        assert_eq!(samples(&array.pixels), samples(&native.pixels));
        assert_eq!(array.slices, native.slices);
        assert_eq!(array.valid, native.valid);
    }
}

#[test]
fn a_grid_beyond_the_raster_is_filled() {
    let raster = Raster { nodata: Some(PixelValue::Integer(9)), ..Raster::new("field_20240105_B04.tif") };
    let fixture = Fixture::of_rasters(&[raster]);
    // 20 m to the west of the raster, and 30 m of it.
    let area = utm([ORIGIN[0] - 20.0, ORIGIN[1] - 20.0, ORIGIN[0] + 30.0, ORIGIN[1]]);
    let array = fixture.all.read(area.clone()).resolution(10.0, 10.0).array().wait().unwrap();
    assert_eq!(array.pixels.shape(), [1, 1, 2, 5]);
    let valid: Vec<bool> = array.valid.iter().copied().collect();
    assert_eq!(valid, [false, false, true, true, true].repeat(2));
    assert_eq!(samples(&array.pixels)[..2], [9, 9]);
    let filled = fixture.all.read(area).resolution(10.0, 10.0).fill_value(PixelValue::Integer(77));
    assert_eq!(samples(&filled.array().wait().unwrap().pixels)[..2], [77, 77]);
}

#[test]
fn bands_of_several_grids_have_one_resolution() {
    let coarse = Raster { pixel: 20.0, size: 20, ..Raster::new("field_20240105_B11.tif") };
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif"), coarse]);
    let area = utm([700_000.0, 1_499_600.0, 700_400.0, 1_500_000.0]);
    let request = fixture.all.read(area).bands(["B04", "B11"]).resolution(20.0, 20.0);
    assert_eq!(request.array().wait().unwrap().pixels.shape(), [1, 2, 20, 20]);
}

#[test]
fn records_of_several_systems_are_read_in_that_of_most() {
    let east = |name| Raster { crs: "EPSG:32644", origin: [49_000.0, 1_500_000.0], ..Raster::new(name) };
    let rasters =
        [Raster::new("west_20240105_B04.tif"), east("east_20240106_B04.tif"), east("more_20240107_B04.tif")];
    let fixture = Fixture::of_rasters(&rasters);
    let area = fixture.all.info().unwrap().bounds.map(Area::bbox).unwrap();
    let array = fixture.all.read(area.clone()).array().wait().unwrap();
    assert_eq!(array.crs, Crs::from_epsg(32644));
    assert_eq!(array.slices.len(), 3);
    assert!(array.slices.iter().all(|slice| slice.transform == array.slices[0].transform));
    // Each of the 40 × 40 pixels is there about once.
    for slice in 0..3 {
        let valid = array.valid_in_all_bands(slice).into_iter().filter(|valid| *valid).count();
        assert!((1500..1700).contains(&valid), "{valid}");
    }
}

#[test]
fn a_dataset_joins_neighbours_and_data_types() {
    let right = Raster { origin: [ORIGIN[0] + 400.0, ORIGIN[1]], ..Raster::new("right_20240105_B04.tif") };
    let wide = |raster: &Raster, name| Raster { name, dtype: DataType::Float32, ..raster.clone() };
    let left = Raster::new("left_20240105_B04.tif");
    let rasters = [
        left.clone(),
        right.clone(),
        wide(&left, "left_20240105_B08.tif"),
        wide(&right, "right_20240105_B08.tif"),
    ];
    let fixture = Fixture::of_rasters(&rasters);
    let area = utm([ORIGIN[0] + 300.0, ORIGIN[1] - 400.0, ORIGIN[0] + 500.0, ORIGIN[1]]);
    let dataset = fixture.all.read(area).bands(["B04", "B08"]).dataset(Mosaic::First).wait().unwrap();
    assert_eq!(dataset.shape(), [1, 1, 40, 20]);
    let dtypes: Vec<DataType> = dataset.variables().iter().map(|variable| variable.pixels.dtype()).collect();
    assert_eq!(dtypes, [DataType::UInt16, DataType::Float32]);
    assert!(dataset.variables().iter().all(|variable| variable.valid.iter().all(|valid| *valid)));
    assert_eq!(dataset.records(), [["left_20240105", "right_20240105"]]);
}
