//! Several records and several bands in one array, and what else rasterio does not say.

use crate::fixture::{Fixture, Raster};
use rasteret::blocking::Wait;
use rasteret::{Area, Crs, DataType, PixelValue};

/// A box in UTM zone 43 north.
fn utm(bounds: [f64; 4]) -> Area {
    Area::bbox(bounds).with_crs(Crs::from_epsg(32643))
}

#[test]
fn records_stack_by_time_and_bands_as_asked() {
    let rasters = ["b_20240105_B08.tif", "b_20240105_B04.tif", "a_20240110_B04.tif", "a_20240110_B08.tif"]
        .map(Raster::new);
    let fixture = Fixture::of_rasters(&rasters);
    // Rows 5..9 and columns 10..16.
    let area = utm([700_100.0, 1_499_910.0, 700_160.0, 1_499_950.0]);
    for bands in [["B08", "B04"], ["B04", "B08"]] {
        let array = fixture.all.read(area.clone()).bands(bands).array().wait().unwrap();
        assert_eq!(array.pixels.shape(), [2, 2, 4, 6]);
        assert_eq!(array.bands, bands);
        let ids: Vec<&str> = array.slices.iter().map(|slice| slice.record_id.as_str()).collect();
        assert_eq!(ids, ["b_20240105", "a_20240110"]);
        assert_eq!(array.slices[0].transform.to_array(), [10.0, 0.0, 700_100.0, 0.0, -10.0, 1_499_950.0]);
        assert!(array.valid.iter().all(|valid| *valid));
        for ((n, c, row, column), value) in array.pixels.view::<u16>().unwrap().indexed_iter() {
            let name = format!("{}_{}.tif", ids[n], bands[c]);
            let raster = rasters.iter().find(|raster| raster.name == name).unwrap();
            assert_eq!(*value, u16::from(raster.value(row + 5, column + 10)), "{name}: {row}, {column}");
        }
    }
}

#[test]
fn geometries_of_one_record_are_slices() {
    let raster = Raster { nodata: Some(PixelValue::Integer(255)), ..Raster::new("field_20240105.tif") };
    let fixture = Fixture::of_rasters(&[raster]);
    let squares = |x: f64| geo_types::Rect::new((x, 1_499_900.0), (x + 50.0, 1_499_950.0)).to_polygon();
    let aois = [700_000.0, 700_200.0].map(|x| rasteret::read::area::Aoi::new(squares(x)));
    let area = Area::new(aois.to_vec()).with_crs(Crs::from_epsg(32643));
    let array = fixture.all.read(area).array().wait().unwrap();
    assert_eq!(array.pixels.shape(), [2, 1, 5, 5]);
    let indices: Vec<usize> = array.slices.iter().map(|slice| slice.geometry_index).collect();
    assert_eq!(indices, [0, 1]);
    assert_eq!(array.slices[1].transform.c, 700_200.0);
    assert_eq!(array.nodata, Some(PixelValue::Integer(255)));
    assert_eq!(array.pixels.dtype(), DataType::UInt16);
}

#[test]
fn fill_values_are_outside_and_on_sparse_tiles() {
    let Some(fixture) = Fixture::data("cogeotiff-js/sparse.tiff") else { return };
    let bands = fixture.bands();
    let header = &bands[0].header;
    let image = &header.image;
    let sparse = image.tile_byte_counts.iter().position(|bytes| *bytes == 0).unwrap() as u32;
    let across = image.width.div_ceil(image.tile_width);
    let [a, _, c, _, e, f] = header.transform.unwrap();
    let x = c + a * f64::from(sparse % across * image.tile_width);
    let y = f + e * f64::from(sparse / across * image.tile_height);
    let area = Area::bbox([x + a, y + 4.0 * e, x + 4.0 * a, y + e])
        .with_crs(Crs::new(header.crs.as_deref().unwrap()));
    let read = |fill: Option<i64>| {
        let request = fixture.all.read(area.clone());
        let request = match fill {
            Some(fill) => request.fill_value(PixelValue::Integer(fill)),
            None => request,
        };
        request.array().wait().unwrap()
    };
    let array = read(Some(123));
    assert_eq!(array.statistics.tiles, 0);
    assert!(array.pixels.view::<u8>().unwrap().iter().all(|sample| *sample == 123));
    // The rule for sparse tiles is that of GDAL: data, unless there is a nodata value or a mask.
    let valid = header.nodata.is_none() && !image.mask && header.samples_per_pixel != 4;
    assert!(array.valid.iter().all(|pixel| *pixel == valid));
    assert!(read(None).pixels.view::<u8>().unwrap().iter().all(|sample| *sample == 0));
}

#[test]
fn boxes_across_the_antimeridian() {
    let Some(fixture) = Fixture::data("rio-tiler/cog_dateline.tif") else { return };
    let [west, south, east, north] = fixture.all.info().unwrap().bounds.unwrap();
    assert!(west > east, "the raster crosses the antimeridian");
    let (south, north) = (south + (north - south) * 0.4, south + (north - south) * 0.6);
    let read = |west: f64, east: f64| fixture.all.read(Area::bbox([west, south, east, north])).array().wait();
    // A raster in UTM has one window for both sides, and each pixel lies on one side.
    let inside = |west: f64, east: f64| {
        let array = read(west, east).unwrap();
        array.valid.iter().filter(|valid| **valid).count()
    };
    let both = inside(179.9, -179.9);
    assert!(both > 1000, "{both}");
    assert_eq!(both, inside(179.9, 180.0) + inside(-180.0, -179.9));
    // A box the other way around the Earth does not touch it.
    assert_eq!(read(-170.0, 170.0).unwrap_err().kind(), "nothing-selected");
}

#[test]
fn an_unchanged_folder_is_not_built_again() {
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105.tif")]);
    assert!(!fixture.summary.cached);
    let again = fixture.build_again(false);
    assert!(again.cached);
    assert_eq!((again.records, again.headers), (1, 1));
    let forced = fixture.build_again(true);
    assert!(!forced.cached);
    assert_eq!((forced.records, forced.headers), (1, 1));
}
