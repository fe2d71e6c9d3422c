//! Where chips lie, and what is known of them.

use crate::fixture::{Fixture, Raster};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef};
use geo_types::Point;
use ndarray::s;
use rasteret::blocking::Wait;
use rasteret::chips::{Chip, ChipRequest, Sampler};
use rasteret::read::area::Aoi;
use rasteret::warp::Method;
use rasteret::{Area, Crs, Filter, PixelValue};

/// Upper left corner of the rasters that `Raster::new` makes.
const ORIGIN: [f64; 2] = [700_000.0, 1_500_000.0];

fn utm(bounds: [f64; 4]) -> Area {
    Area::bbox(bounds).with_crs(Crs::from_epsg(32643))
}

/// A box in pixels from the upper left corner: west, north, east, south.
fn pixels([west, north, east, south]: [f64; 4]) -> Area {
    let [x, y] = ORIGIN;
    utm([x + west * 10.0, y - south * 10.0, x + east * 10.0, y - north * 10.0])
}

fn all(request: ChipRequest) -> Vec<Chip> {
    request.iter().unwrap().collect::<Result<_, _>>().unwrap()
}

/// Column and row of the upper left pixel on the raster's grid.
fn corner(chip: &Chip) -> (i64, i64) {
    let transform = &chip.grid.transform;
    let pixels = |from: f64| (from / 10.0).round() as i64;
    (pixels(transform.c - ORIGIN[0]), pixels(ORIGIN[1] - transform.f))
}

#[test]
fn a_grid_begins_at_the_lower_left_corner_and_ends_beyond_the_upper_right() {
    let raster = Raster { nodata: Some(PixelValue::Integer(200)), ..Raster::new("field_20240105_B04.tif") };
    let fixture = Fixture::of_rasters(std::slice::from_ref(&raster));
    let chips = all(fixture.all.chips(Sampler::grid(16, 16)));
    let corners: Vec<_> = chips.iter().map(corner).collect();
    let expected: Vec<_> =
        [24, 8, -8].into_iter().flat_map(|row| [0, 16, 32].map(|column| (column, row))).collect();
    assert_eq!(corners, expected);
    for chip in &chips {
        let (column, row) = corner(chip);
        assert_eq!(chip.pixels.shape(), [1, 1, 16, 16]);
        for ((_, _, y, x), value) in chip.pixels.view::<u16>().unwrap().indexed_iter() {
            let (column, row) = (column + x as i64, row + y as i64);
            let is_inside = (0..40).contains(&column) && (0..40).contains(&row);
            let expected = if is_inside { raster.value(row as usize, column as usize) } else { 200 };
            assert_eq!(*value, u16::from(expected), "{row}, {column}");
            assert_eq!(chip.valid[[0, 0, y, x]], is_inside, "{row}, {column}");
        }
        assert_eq!(chip.records, [["field_20240105"]]);
        let [west, south, east, north] = chip.bounds();
        assert_eq!((east - west, north - south), (160.0, 160.0));
    }
    let filled = all(fixture.all.chips(Sampler::grid(16, 16)).fill_value(PixelValue::Integer(7)));
    assert_eq!(filled[8].pixels.value([0, 0, 0, 15]), Some(7.0));
}

#[test]
fn regions_of_interest_clip_extents() {
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif")]);
    let roi = pixels([4.0, 10.0, 20.0, 42.0]);
    let grid = all(fixture.all.chips(Sampler::grid(8, 8)).roi(roi.clone()));
    let corners: Vec<_> = grid.iter().map(corner).collect();
    // 16 columns from 4, and 30 rows from 10: the last of 4 chips northwards begins 24 rows from the south.
    let expected: Vec<_> =
        [32, 24, 16, 8].into_iter().flat_map(|row| [4, 12].map(|column| (column, row))).collect();
    assert_eq!(corners, expected);
    let random = all(fixture.all.chips(Sampler::random((6, 8), Some(40), 3)).roi(roi));
    for chip in &random {
        let (column, row) = corner(chip);
        assert!((4..=12).contains(&column) && (10..=34).contains(&row), "{column}, {row}");
        assert!(chip.valid.iter().all(|valid| *valid));
    }
    let beside = fixture.all.chips(Sampler::grid(8, 8)).roi(pixels([36.0, 0.0, 60.0, 40.0]));
    assert_eq!(beside.prepare().wait().unwrap_err().kind(), "nothing-selected");
}

#[test]
fn geometries_have_their_boxes_and_labels() {
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif")]);
    let feature = |[west, north, east, south]: [f64; 4], class: i64| {
        let [x, y] = ORIGIN;
        let geometry =
            geo_types::Rect::new((x + west * 10.0, y - south * 10.0), (x + east * 10.0, y - north * 10.0));
        serde_json::json!({
            "type": "Feature",
            "geometry": geojson::Geometry::from(&geo_types::Geometry::from(geometry.to_polygon())),
            "properties": {"class": class},
        })
    };
    let features = [
        feature([1.5, 2.0, 4.0, 3.25], 10),
        feature([500.0, 0.0, 501.0, 1.0], 20),
        feature([30.0, 30.0, 44.0, 44.0], 30),
    ];
    let text = serde_json::json!({"type": "FeatureCollection", "features": features}).to_string();
    let area = Area::parse_in(&text, Some(Crs::from_epsg(32643))).unwrap();
    let boxes = all(fixture.all.chips(Sampler::prechipped(area.clone())).labels("class"));
    let found: Vec<_> = boxes.iter().map(|chip| (corner(chip), chip.grid.width, chip.grid.height)).collect();
    assert_eq!(found, [((1, 2), 3, 2), ((30, 30), 14, 14)], "the second lies beside the raster");
    let indices: Vec<_> = boxes.iter().map(|chip| chip.geometry_index).collect();
    assert_eq!(indices, [Some(0), Some(2)]);
    let label =
        |chip: &Chip| arrow_cast::display::array_value_to_string(chip.label.as_ref().unwrap(), 0).unwrap();
    assert_eq!(boxes.iter().map(label).collect::<Vec<_>>(), ["10", "30"]);
    let centred = all(fixture.all.chips(Sampler::centered(area.clone(), 8)));
    assert_eq!(centred.iter().map(corner).collect::<Vec<_>>(), [(-2, -1), (33, 33)]);
    let error = fixture.all.chips(Sampler::prechipped(area)).labels("crop").prepare().wait().unwrap_err();
    assert_eq!(error.kind(), "invalid-argument");
    assert!(error.to_string().contains("class"), "{error}");
}

#[test]
fn points_are_the_centres_of_chips() {
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif")]);
    let at = |column: f64, row: f64| Aoi::new(Point::new(ORIGIN[0] + column * 10.0, ORIGIN[1] - row * 10.0));
    let points = Area::new(vec![at(20.5, 10.5), at(3.25, 39.5)]).with_crs(Crs::from_epsg(32643));
    let chips = all(fixture.all.chips(Sampler::centered(points.clone(), 5)));
    assert_eq!(chips.iter().map(corner).collect::<Vec<_>>(), [(18, 8), (1, 37)]);
    let roi = pixels([10.0, 0.0, 40.0, 40.0]);
    let chips = all(fixture.all.chips(Sampler::centered(points, 5)).roi(roi));
    assert_eq!(chips.iter().map(corner).collect::<Vec<_>>(), [(18, 8)]);
}

#[test]
fn labels_are_values_of_a_column() {
    let names = ["a_20240105_B04.tif", "b_20240110_B04.tif", "c_20240103_B04.tif"];
    let fixture = Fixture::of_rasters(&names.map(Raster::new));
    let chips = all(fixture.all.chips(Sampler::records()).labels("id").shard(0, 1));
    let text = |label: &Option<ArrayRef>| label.as_ref().unwrap().as_string::<i32>().value(0).to_owned();
    let ids: Vec<_> = chips.iter().map(|chip| (text(&chip.label), chip.records[0][0].clone())).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|(label, record)| label == record), "{ids:?}");
    for chip in all(fixture.all.chips(Sampler::records()).labels("datetime")) {
        let label = chip.label.unwrap();
        assert_eq!(label.len(), 1);
        assert_eq!(label.as_primitive::<TimestampMicrosecondType>().value(0), chip.times[0]);
    }
    let error = fixture.all.chips(Sampler::records()).labels("crop").prepare().wait().unwrap_err();
    assert_eq!(error.kind(), "no-such-column");
}

#[test]
fn other_pixels_are_those_of_a_read() {
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif")]);
    for (crs, resolution) in [(32643, (20.0, 20.0)), (32643, (7.0, 9.0)), (32644, (10.0, 10.0))] {
        for method in [Method::Nearest, Method::Cubic] {
            let crs = Crs::from_epsg(crs);
            let (width, height) = resolution;
            let request = fixture.all.chips(Sampler::random(9, Some(5), 1)).target_crs(crs);
            for chip in all(request.resolution(width, height).resampling(method)) {
                let area = Area::bbox(chip.bounds()).with_crs(chip.grid.crs.clone());
                let read = fixture.all.read(area).grid(chip.grid.clone()).resampling(method);
                let array = read.array().wait().unwrap();
                assert_eq!(chip.pixels, array.pixels, "{:?}, {method}", chip.grid);
                assert_eq!(chip.valid, array.valid);
            }
        }
    }
}

#[test]
fn bands_of_other_resolutions_come_to_the_finest() {
    let coarse = Raster { pixel: 20.0, size: 20, ..Raster::new("field_20240105_B11.tif") };
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif"), coarse.clone()]);
    for chip in all(fixture.all.chips(Sampler::random(10, Some(6), 2)).bands(["B11", "B04"])) {
        let (column, row) = corner(&chip);
        let pixels = chip.pixels.view::<u16>().unwrap();
        for ((y, x), value) in pixels.slice(s![0, 0, .., ..]).indexed_iter() {
            let place = |start: i64, step: usize| (start as usize + step) / 2;
            assert_eq!(*value, u16::from(coarse.value(place(row, y), place(column, x))));
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let float = Raster { dtype: rasteret::DataType::Float32, ..Raster::new("field_20240105_B08.tif") };
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif"), float]);
    let kind = |request: ChipRequest| request.bands(["B04"]).prepare().wait().unwrap_err().kind();
    let chips = || fixture.all.chips(Sampler::grid(8, 8));
    assert_eq!(kind(chips().resolution(0.0, 1.0)), "invalid-argument");
    assert_eq!(kind(chips().resolution(f64::NAN, 1.0)), "invalid-argument");
    assert_eq!(kind(chips().fill_value(PixelValue::Integer(70_000))), "invalid-argument");
    assert_eq!(kind(chips().shard(3, 3)), "invalid-argument");
    assert_eq!(kind(fixture.all.chips(Sampler::grid(41, 41))), "nothing-selected");
    assert_eq!(chips().bands(["B04", "B08"]).prepare().wait().unwrap_err().kind(), "data-type-mismatch");
    assert_eq!(chips().bands(["B99"]).prepare().wait().unwrap_err().kind(), "no-such-band");
    let nothing = fixture.all.subset(Filter::new().ids(["other"])).chips(Sampler::records());
    assert_eq!(nothing.prepare().wait().unwrap_err().kind(), "nothing-selected");
    let set = chips().bands(["B04"]).memory_limit(100).prepare().wait().unwrap();
    assert_eq!(set.read(0).wait().unwrap_err().kind(), "too-large");
    assert_eq!(set.read(set.len()).wait().unwrap_err().kind(), "invalid-argument");
}
