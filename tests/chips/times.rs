//! Several records at one place.

use crate::fixture::{Fixture, Raster};
use rasteret::blocking::Wait;
use rasteret::chips::{Chip, ChipRequest, Sampler};
use rasteret::{Area, Crs, PixelValue};

fn all(request: ChipRequest) -> Vec<Chip> {
    request.iter().unwrap().collect::<Result<_, _>>().unwrap()
}

/// Rasters of two times: two side by side at the first, of which the western one is repeated later.
fn rasters() -> [Raster; 3] {
    let east = Raster { origin: [700_400.0, 1_500_000.0], ..Raster::new("east_20240105_B04.tif") };
    [Raster::new("west_20240105_B04.tif"), east, Raster::new("west_20240110_B04.tif")]
        .map(|raster| Raster { nodata: Some(PixelValue::Integer(0)), ..raster })
}

#[test]
fn neighbours_of_one_time_are_merged() {
    let rasters = rasters();
    let fixture = Fixture::of_rasters(&rasters);
    // 40 columns do not hold whole chips of 16, so the third of a row reaches 8 columns eastwards.
    let chips = all(fixture.all.chips(Sampler::grid(16, 16)));
    assert_eq!(chips.len(), 27);
    let third =
        chips.iter().find(|chip| chip.index % 9 == 2 && chip.records[0][0] == "west_20240105").unwrap();
    assert_eq!(third.records, [["west_20240105", "east_20240105"]]);
    assert!(third.valid.iter().all(|valid| *valid));
    for ((_, _, y, x), value) in third.pixels.view::<u16>().unwrap().indexed_iter() {
        let row = y + 24;
        let expected = if x < 8 { rasters[0].value(row, x + 32) } else { rasters[1].value(row, x - 8) };
        assert_eq!(*value, u16::from(expected), "{y}, {x}");
    }
    // At the other time there is no neighbour.
    let later =
        chips.iter().find(|chip| chip.index % 9 == 2 && chip.records[0][0] == "west_20240110").unwrap();
    assert_eq!(later.records[0].len(), 1);
    assert_eq!(later.valid.iter().filter(|valid| **valid).count(), 16 * 8);
}

#[test]
fn neighbours_beyond_what_chips_are_taken_from_are_found() {
    let fixture = Fixture::of_rasters(&rasters());
    // A point in the last column of the western raster, and a region that ends before it does.
    let point = Area::geometry(geo_types::Point::new(700_395.0, 1_499_805.0)).with_crs(Crs::from_epsg(32643));
    let around = all(fixture.all.chips(Sampler::centered(point, 10)));
    assert!(around[0].valid.iter().all(|valid| *valid));
    // A point has no time: records come by time, then id.
    assert_eq!(around[0].records, [["east_20240105", "west_20240105"]]);
    let roi = Area::bbox([700_300.0, 1_499_700.0, 700_390.0, 1_499_790.0]).with_crs(Crs::from_epsg(32643));
    let chips = all(fixture.all.chips(Sampler::grid(8, 8)).roi(roi));
    let last = chips.iter().find(|chip| chip.index == 1).unwrap();
    assert_eq!(last.records, [["west_20240105", "east_20240105"]]);
    assert!(last.valid.iter().all(|valid| *valid));
}

#[test]
fn time_series_have_all_times_of_their_place() {
    let rasters = rasters();
    let fixture = Fixture::of_rasters(&rasters);
    let chips = all(fixture.all.chips(Sampler::grid(40, 40)).time_series());
    assert_eq!(chips.len(), 2, "one for each place");
    let west = chips.iter().find(|chip| chip.times.len() == 2).unwrap();
    assert_eq!(west.pixels.shape(), [2, 1, 40, 40]);
    assert!(west.times[0] < west.times[1]);
    assert_eq!(west.records, [["west_20240105"], ["west_20240110"]]);
    for (time, raster) in [&rasters[0], &rasters[2]].into_iter().enumerate() {
        for row in 0..40 {
            for column in 0..40 {
                let value = west.pixels.value([time, 0, row, column]);
                assert_eq!(value, Some(raster.value(row, column).into()));
            }
        }
    }
    let east = chips.iter().find(|chip| chip.times.len() == 1).unwrap();
    assert_eq!(east.pixels.shape(), [1, 1, 40, 40]);
    assert_eq!(east.records, [["east_20240105"]]);
}

#[test]
fn time_series_across_neighbours_combine_each_time() {
    let fixture = Fixture::of_rasters(&rasters());
    let area = Area::bbox([700_350.0, 1_499_900.0, 700_450.0, 1_500_000.0]).with_crs(Crs::from_epsg(32643));
    let chips = all(fixture.all.chips(Sampler::prechipped(area.clone())).time_series());
    assert_eq!(chips[0].pixels.shape(), [2, 1, 10, 10]);
    assert_eq!(chips[0].records, [vec!["east_20240105", "west_20240105"], vec!["west_20240110"]]);
    let valid =
        |time: usize| chips[0].valid.index_axis(ndarray::Axis(0), time).iter().filter(|v| **v).count();
    assert_eq!((valid(0), valid(1)), (100, 50));
    // Without times, the first valid pixel of all is taken, and nothing else is read.
    let single = all(fixture.all.chips(Sampler::prechipped(area)));
    assert_eq!(single[0].records, [["east_20240105", "west_20240105"]]);
    assert!(single[0].valid.iter().all(|valid| *valid));
}

#[test]
fn records_in_other_systems_come_to_that_of_most() {
    let other =
        Raster { crs: "EPSG:32644", origin: [50_000.0, 1_500_000.0], ..Raster::new("z_20240105_B04.tif") };
    let [a, b, c] = rasters();
    let fixture = Fixture::of_rasters(&[a, b, c, other]);
    let set = fixture.all.chips(Sampler::random(8, Some(30), 1)).prepare().wait().unwrap();
    assert_eq!(set.crs().epsg(), Some(32643));
    assert_eq!(set.resolution(), (10.0, 10.0));
    let chips: Vec<Chip> = set.iter().unwrap().collect::<Result<_, _>>().unwrap();
    assert!(chips.iter().all(|chip| chip.grid.crs.epsg() == Some(32643)));
    assert!(chips.iter().any(|chip| chip.records[0][0] == "z_20240105"), "some are of the other");
}
