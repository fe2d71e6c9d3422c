use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

fn extent(width: f64, height: f64) -> Extent {
    Extent { columns: (0.0, width), rows: (0.0, height) }
}

fn lower_left_corners(sampler: &Sampler, extent: Extent) -> Vec<(f64, f64)> {
    let places = sampler.places(&[extent]).unwrap();
    let corner = |place: Place| {
        (place.column as f64, extent.rows.1 - (place.row + i64::from(place.size.height)) as f64)
    };
    places.iter().map(corner).collect()
}

/// The loop of `GridGeoSampler.__iter__` of TorchGeo 0.8 over one tile, in units of pixels.
fn torchgeo_grid(width: f64, height: f64, size: (f64, f64), stride: (f64, f64)) -> Vec<(f64, f64)> {
    if width < size.1 || height < size.0 {
        return Vec::new();
    }
    let rows = ((height - size.0) / stride.0).ceil() as usize + 1;
    let cols = ((width - size.1) / stride.1).ceil() as usize + 1;
    (0..rows)
        .flat_map(|row| (0..cols).map(move |col| (col as f64 * stride.1, row as f64 * stride.0)))
        .collect()
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let all = [extent(100.0, 100.0)];
    let refused = |sampler: Sampler| sampler.places(&all).map(|places| places.len()).unwrap_err().kind();
    assert_eq!(refused(Sampler::grid(0, 1)), "invalid-argument");
    assert_eq!(refused(Sampler::grid(1, (1, 0))), "invalid-argument");
    assert_eq!(refused(Sampler::random(0, None, 0)), "invalid-argument");
    assert_eq!(refused(Sampler::grid(10, 10).shard(2, 2)), "invalid-argument");
    assert_eq!(refused(Sampler::grid(10, 10).shard(0, 0)), "invalid-argument");
    assert_eq!(refused(Sampler::grid(101, 10)), "nothing-selected");
    let far = Extent { columns: (0.0, f64::INFINITY), ..all[0] };
    assert_eq!(Sampler::records().places(&[far]).map(|_| ()).unwrap_err().kind(), "invalid-argument");
    assert_eq!(Sampler::records().places(&[]).map(|_| ()).unwrap_err().kind(), "nothing-selected");
}

#[test]
fn places_stay_the_same_in_later_versions() {
    let extents = [extent(1000.0, 800.0), extent(300.0, 300.0)];
    let random = Sampler::random(128, Some(4), 7).epoch(2).places(&extents).unwrap();
    let found: Vec<_> = random.iter().map(|place| (place.extent, place.column, place.row)).collect();
    assert_eq!(found, RANDOM);
    let shuffled = Sampler::grid(400, 400).shuffle(true).seed(7).places(&extents[..1]).unwrap();
    let found: Vec<_> = shuffled.iter().map(|place| (place.column, place.row)).collect();
    assert_eq!(found, SHUFFLED);
}

const RANDOM: [(usize, i64, i64); 4] = [(0, 778, 584), (0, 717, 64), (0, 402, 166), (0, 632, 205)];
const SHUFFLED: [(i64, i64); 6] = [(400, 0), (800, 400), (0, 400), (0, 0), (800, 0), (400, 400)];

#[test]
fn extents_are_drawn_by_their_area() {
    let extents = [extent(100.0, 100.0), extent(10.0, 10.0), extent(300.0, 100.0)];
    let places = Sampler::random(50, Some(40_000), 1).places(&extents).unwrap();
    let mut counts = [0; 3];
    places.iter().for_each(|place| counts[place.extent] += 1);
    assert_eq!(counts[1], 0, "it is smaller than a chip");
    // 10 000 are expected, with a standard deviation of 87.
    assert!((counts[0] - 10_000_i32).abs() < 500, "{counts:?}");
}

#[test]
fn without_a_length_there_are_as_many_random_chips_as_side_by_side() {
    // 43 × 43 of 10980 pixels, as of `tile_to_chips`.
    let places = Sampler::random(256, None, 0).places(&[extent(10980.0, 10980.0)]).unwrap();
    assert_eq!(places.len(), 43 * 43);
}

#[test]
fn geometries_span_pixels_or_are_centred() {
    let all = [Extent { columns: (2.5, 5.25), rows: (-1.0, 3.0) }];
    let area = Area::bbox([0.0, 0.0, 1.0, 1.0]);
    let place = Sampler::prechipped(area.clone()).places(&all).unwrap().get(0).unwrap();
    assert_eq!((place.column, place.row, place.size), (2, -1, ChipSize { height: 4, width: 4 }));
    let place = Sampler::centered(area, 2).places(&all).unwrap().get(0).unwrap();
    assert_eq!((place.column, place.row, place.size), (3, 0, ChipSize::from(2)));
}

proptest! {
    #[test]
    fn grids_are_those_of_torchgeo(
        width in 1_u32..200, height in 1_u32..200, size in (1_u32..40, 1_u32..40), stride in (1_u32..50, 1_u32..50),
    ) {
        let of = |(a, b): (u32, u32)| (f64::from(a), f64::from(b));
        let (w, h) = of((width, height));
        let expected = torchgeo_grid(w, h, of(size), of(stride));
        prop_assume!(!expected.is_empty());
        prop_assert_eq!(lower_left_corners(&Sampler::grid(size, stride), extent(w, h)), expected);
    }

    #[test]
    fn a_grid_covers_its_extent(
        left in -50.0..50.0_f64, top in -50.0..50.0_f64, width in 20.0..90.0_f64, height in 20.0..90.0_f64, size in 1_u32..19,
    ) {
        let extent = Extent { columns: (left, left + width), rows: (top, top + height) };
        let places: Vec<Place> = Sampler::grid(size, size).places(&[extent]).unwrap().iter().collect();
        let covers = |place: &Place, column: i64, row: i64| {
            (place.column..place.column + i64::from(size)).contains(&column)
                && (place.row..place.row + i64::from(size)).contains(&row)
        };
        for column in (left + 0.51).floor() as i64..=(left + width - 0.51).floor() as i64 {
            for row in (top + 0.51).floor() as i64..=(top + height - 0.51).floor() as i64 {
                prop_assert!(places.iter().any(|place| covers(place, column, row)), "{column}, {row}");
            }
        }
    }

    #[test]
    fn random_chips_lie_in_their_extent(seed: u64, epoch: u64, width in 32_u32..90, height in 32_u32..90) {
        let extents = [extent(width.into(), height.into()), extent(40.0, 33.0)];
        let sampler = Sampler::random((32, 16), Some(50), seed).epoch(epoch);
        let places = sampler.places(&extents).unwrap();
        for place in places.iter() {
            let Extent { columns, rows } = extents[place.extent];
            prop_assert!(place.column >= 0 && (place.column + 16) as f64 <= columns.1);
            prop_assert!(place.row >= 0 && (place.row + 32) as f64 <= rows.1);
        }
        // The same again, and something else in another epoch.
        prop_assert!(places.iter().eq(sampler.places(&extents).unwrap().iter()));
        prop_assert!(places.iter().ne(sampler.epoch(epoch ^ 1).places(&extents).unwrap().iter()));
    }

    #[test]
    fn shards_are_all_chips_once(count in 1_u64..9, length in 0_u64..60, shuffle: bool, seed: u64, random: bool) {
        let extents = [extent(64.0, 64.0), extent(40.0, 70.0)];
        let sampler = match random {
            true => Sampler::random(16, Some(length), seed),
            false => Sampler::grid(16, 8).shuffle(shuffle).seed(seed),
        };
        let mut all: Vec<Place> = sampler.places(&extents).unwrap().iter().collect();
        let mut shards = Vec::new();
        for shard in 0..count {
            let places = sampler.clone().shard(shard, count).places(&extents).unwrap();
            prop_assert_eq!(places.iter().count() as u64, places.len());
            prop_assert!(places.len().abs_diff(all.len() as u64 / count) <= 1);
            shards.extend(places.iter());
        }
        shards.sort_by_key(|place| place.index);
        prop_assert_eq!(&shards, &all);
        prop_assert_eq!(all.iter().map(|place| place.index).collect::<HashSet<_>>().len(), all.len());
        if !random {
            all.sort_by_key(|place| (place.extent, -place.row, place.column));
            let plain = Sampler::grid(16, 8).places(&extents).unwrap();
            prop_assert!(plain.iter().zip(&all).all(|(a, b)| (a.extent, a.column, a.row) == (b.extent, b.column, b.row)));
        }
    }
}
