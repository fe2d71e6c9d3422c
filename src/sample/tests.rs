use super::nearest::squared_distance;
use super::*;
use crate::geometry::{PointBatch, Points, TableOptions};
use crate::output::{CsvWriter, ParquetWriter};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use proptest::prelude::*;
use rasteret_schema::{Crs, DataType, Geotransform, PixelValue, Window};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A raster in memory; 0 is nodata, and every other pixel has a value of its own.
#[derive(Debug, Clone)]
struct Raster {
    grid: SampleGrid,
    pixels: Vec<u16>,
}

impl Raster {
    fn value(&self, column: u32, row: u32) -> Option<u16> {
        let inside = column < self.grid.width && row < self.grid.height;
        inside.then(|| self.pixels[(row * self.grid.width + column) as usize])
    }

    fn read(&self, window: Window) -> Vec<u8> {
        let rows = window.row..window.row_end();
        let pixel = |row, column| self.value(column, row).unwrap().to_ne_bytes();
        rows.flat_map(|row| (window.column..window.column_end()).flat_map(move |column| pixel(row, column)))
            .collect()
    }

    fn sampler(&self, xs: &[f64], ys: &[f64], options: SampleOptions) -> Sampler {
        let points = self.grid.locate(xs, ys).unwrap();
        Sampler::new(self.grid, points, DataType::UInt16, Some(PixelValue::Integer(0)), options).unwrap()
    }

    /// The samples, and the windows that were read, round by round.
    fn sample(&self, xs: &[f64], ys: &[f64], options: SampleOptions) -> (Samples, Vec<Vec<Window>>) {
        let mut sampler = self.sampler(xs, ys, options);
        let mut rounds = Vec::new();
        loop {
            let windows = sampler.needs();
            if windows.is_empty() {
                return (sampler.finish().unwrap(), rounds);
            }
            for &window in &windows {
                sampler.provide(window, self.read(window), None).unwrap();
            }
            rounds.push(windows);
        }
    }
}

fn raster() -> impl Strategy<Value = Raster> {
    let transform = prop_oneof![
        Just(Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 0.0)),
        Just(Geotransform::new(10.0, 0.0, 500_000.0, 0.0, -30.0, 1_500_000.0)),
        Just(Geotransform::new(0.25, 0.0, -3.0, 0.0, 0.5, 7.0)),
        Just(Geotransform::new(1.0 / 3600.0, 0.0, 77.5, 0.0, -1.0 / 3600.0, 13.0)),
    ];
    (transform, 1..40_u32, 1..40_u32, 1..17_u32, 1..17_u32, 0.0..1.0_f64, any::<u64>()).prop_map(
        |(transform, width, height, tile_width, tile_height, empty, seed)| {
            let grid = SampleGrid { transform, width, height, tile_width, tile_height };
            let mut state = seed | 1;
            let pixels = (1..=(width * height) as u16)
                .map(|value| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    if ((state >> 40) as f64 / (1_u64 << 24) as f64) < empty { 0 } else { value }
                })
                .collect();
            Raster { grid, pixels }
        },
    )
}

fn raster_and_points() -> impl Strategy<Value = (Raster, Vec<f64>, Vec<f64>)> {
    let place = prop_oneof![-0.1..1.1_f64, (0..=40_u32).prop_map(|n| f64::from(n) / 40.0)];
    (raster(), prop::collection::vec((place.clone(), place), 0..30)).prop_map(|(raster, places)| {
        let SampleGrid { transform, width, height, .. } = raster.grid;
        let (xs, ys) = places
            .into_iter()
            .map(|(x, y)| transform.apply(x * f64::from(width), y * f64::from(height)))
            .unzip();
        (raster, xs, ys)
    })
}

proptest! {
    #[test]
    fn values_are_those_of_brute_force(
        (raster, xs, ys) in raster_and_points(),
        radius in 0..6_u32,
        neighbourhood in prop_oneof![
            Just(Neighbourhood::Off), Just(Neighbourhood::Always), Just(Neighbourhood::IfCenterNodata)
        ],
    ) {
        let neighbourhood = if radius == 0 { Neighbourhood::Off } else { neighbourhood };
        let options = SampleOptions { max_distance_pixels: radius, neighbourhood };
        let (samples, rounds) = raster.sample(&xs, &ys, options);
        let grid = &raster.grid;
        let to_pixel = grid.transform.inverse().unwrap();
        let (width, height) = grid.transform.pixel_size();
        let mut expected = 0;
        let mut centres = BTreeSet::new();
        for (index, (&x, &y)) in xs.iter().zip(&ys).enumerate() {
            let (x, y) = to_pixel.apply(x, y);
            let (column, row) = (x.floor(), y.floor());
            if column < 0.0 || row < 0.0 || column >= f64::from(grid.width) || row >= f64::from(grid.height) {
                prop_assert!(!samples.points.contains(&(index as u32)));
                continue;
            }
            let point = PixelPoint { point: index as u32, column: column as u32, row: row as u32, x, y };
            centres.insert((point.row, point.column));
            let found = samples.points.iter().position(|&other| other == point.point).unwrap();
            prop_assert_eq!(found, expected);
            expected += 1;

            let around: Vec<(i64, i64)> = (-i64::from(radius)..=i64::from(radius))
                .flat_map(|row| (-i64::from(radius)..=i64::from(radius)).map(move |column| (column, row)))
                .map(|(dx, dy)| (i64::from(point.column) + dx, i64::from(point.row) + dy))
                .collect();
            let at = |&(column, row): &(i64, i64)| {
                raster.value(u32::try_from(column).ok()?, u32::try_from(row).ok()?)
            };
            let centre = raster.value(point.column, point.row).unwrap();
            let distance = |(column, row): (i64, i64)| {
                squared_distance(&point, column as u32, row as u32, width, height)
            };
            let nearest = around
                .iter()
                .filter(|place| at(place).is_some_and(|value| value != 0))
                .map(|&place| distance(place))
                .reduce(f64::min);
            let value = samples.values[found] as u16;
            match nearest {
                _ if centre != 0 => prop_assert_eq!(value, centre),
                None => prop_assert_eq!(value, 0),
                Some(nearest) => {
                    let place = around.iter().find(|place| at(place) == Some(value)).unwrap();
                    prop_assert!(value != 0 && distance(*place) <= nearest * (1.0 + 1e-12));
                }
            }
            if let Some(lists) = &samples.neighbourhoods {
                let wanted = neighbourhood == Neighbourhood::Always || centre == 0;
                prop_assert_eq!(lists.is_valid(found), wanted);
                if wanted {
                    let list = lists.value(found);
                    let list: Vec<Option<f64>> = list.as_primitive::<Float64Type>().iter().collect();
                    let mut rows: Vec<Vec<Option<f64>>> = around
                        .chunks(2 * radius as usize + 1)
                        .map(|row| row.iter().map(|place| at(place).map(f64::from)).collect())
                        .collect();
                    if grid.transform.is_south_up() {
                        rows.reverse();
                    }
                    prop_assert_eq!(list, rows.concat());
                }
            } else {
                prop_assert_eq!(neighbourhood, Neighbourhood::Off);
            }
        }
        prop_assert_eq!(expected, samples.points.len());

        // Each tile is read once a round, in two rounds at most, and first no more than the points' rows and columns.
        prop_assert!(rounds.len() <= 2);
        for windows in &rounds {
            let tile = |window: &Window| (window.row / grid.tile_height, window.column / grid.tile_width);
            let tiles: BTreeSet<_> = windows.iter().map(tile).collect();
            prop_assert_eq!(tiles.len(), windows.len());
            for window in windows {
                prop_assert_eq!(
                    tile(window),
                    ((window.row_end() - 1) / grid.tile_height, (window.column_end() - 1) / grid.tile_width)
                );
                prop_assert!(window.column_end() <= grid.width && window.row_end() <= grid.height);
            }
        }
        if neighbourhood != Neighbourhood::Always {
            let mut boxes: BTreeMap<(u32, u32), (u32, u32, u32, u32)> = BTreeMap::new();
            for &(row, column) in &centres {
                let tile = boxes.entry(grid.tile_of(column, row)).or_insert((column, row, column, row));
                *tile = (tile.0.min(column), tile.1.min(row), tile.2.max(column), tile.3.max(row));
            }
            let exact: Vec<Window> = boxes
                .into_values()
                .map(|(west, north, east, south)| Window::new(west, north, east - west + 1, south - north + 1))
                .collect();
            prop_assert_eq!(rounds.first().cloned().unwrap_or_default(), exact);
        }
    }

    #[test]
    fn nothing_panics(values in prop::collection::vec(prop::num::f64::ANY, 0..20), width: u32, height: u32, tile: u32,
                      a in prop::num::f64::ANY, e in prop::num::f64::ANY) {
        let transform = Geotransform::new(a, 0.0, 1.0, 0.0, e, 2.0);
        let grid = SampleGrid { transform, width, height, tile_width: tile, tile_height: tile };
        if let Ok(points) = grid.locate(&values, &values) {
            let options = SampleOptions { max_distance_pixels: 1, neighbourhood: Neighbourhood::Always };
            let sampler = Sampler::new(grid, points, DataType::UInt8, None, options).unwrap();
            for window in sampler.needs() {
                prop_assert!(window.column_end() <= width && window.row_end() <= height);
            }
        }
    }
}

/// Three by three pixels, the middle one without data.
fn square(values: [u16; 9], transform: Geotransform) -> Raster {
    let grid = SampleGrid { transform, width: 3, height: 3, tile_width: 2, tile_height: 2 };
    Raster { grid, pixels: values.to_vec() }
}

#[test]
fn the_nearest_rectangle_wins() {
    let unit = Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 3.0);
    let full = square([1, 2, 3, 4, 0, 6, 7, 8, 9], unit);
    let r = |max_distance_pixels| SampleOptions { max_distance_pixels, ..Default::default() };
    let value = |raster: &Raster, x, y, distance| raster.sample(&[x], &[y], r(distance)).0.values[0];
    assert_eq!(value(&full, 1.5, 1.5, 0), 0.0);
    assert_eq!(value(&full, 1.25, 1.5, 1), 4.0);
    assert_eq!(value(&full, 1.5, 1.875, 1), 2.0);
    assert_eq!(value(&full, 1.5, 1.125, 1), 8.0);
    // In the middle all four sides are equally near: the row before comes first.
    assert_eq!(value(&full, 1.5, 1.5, 1), 2.0);
    // Distances are in CRS units: with wide pixels the one above is nearer than the one beside.
    let wide = Geotransform::new(10.0, 0.0, 0.0, 0.0, -1.0, 3.0);
    assert_eq!(value(&square([1, 2, 3, 4, 0, 6, 7, 8, 9], wide), 12.5, 1.25, 1), 8.0);

    // Equally near, and of one ring: its last row comes before its last column.
    let grid = SampleGrid { transform: unit, width: 3, height: 3, tile_width: 2, tile_height: 2 };
    let far = Raster { grid, pixels: vec![0, 0, 3, 0, 0, 0, 7, 0, 0] };
    assert_eq!(value(&far, 0.125, 2.875, 2), 7.0);
    // A pixel of the second ring may be nearer than one of the first.
    let tall = SampleGrid { transform: Geotransform::new(10.0, 0.0, 0.0, 0.0, -1.0, 3.0), ..grid };
    let far = Raster { grid: tall, pixels: vec![0, 2, 0, 0, 0, 0, 7, 0, 0] };
    assert_eq!(value(&far, 1.0, 2.5, 2), 7.0);
}

#[test]
fn validity() {
    let grid = SampleGrid {
        transform: Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 1.0),
        width: 3,
        height: 1,
        tile_width: 16,
        tile_height: 16,
    };
    let options = SampleOptions { max_distance_pixels: 2, neighbourhood: Neighbourhood::IfCenterNodata };
    let whole = Window::new(0, 0, 3, 1);
    let run = |values: [f32; 3], nodata, valid: Option<Vec<bool>>| {
        let points = grid.locate(&[0.75], &[0.5]).unwrap();
        let mut sampler = Sampler::new(grid, points, DataType::Float32, nodata, options).unwrap();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        sampler.provide(whole, bytes, valid).unwrap();
        assert!(sampler.needs().is_empty());
        sampler.finish().unwrap()
    };
    assert_eq!(run([1.0, 2.0, 3.0], None, None).values, [1.0]);
    let samples = run([f32::NAN, 2.0, 3.0], None, None);
    assert_eq!(samples.values, [2.0]);
    let list = samples.neighbourhoods.unwrap();
    assert_eq!((list.value_length(0), list.value(0).null_count()), (25, 22));
    assert_eq!(run([-9999.0, 2.0, 3.0], Some(PixelValue::Integer(-9999)), None).values, [2.0]);
    // The mask says what the nodata value does not, and NaN is no data whatever it says.
    let nodata = Some(PixelValue::Integer(1));
    assert_eq!(run([1.0, 2.0, 3.0], nodata, Some(vec![true, true, true])).values, [1.0]);
    assert_eq!(run([1.0, f32::NAN, 3.0], nodata, Some(vec![false, true, true])).values, [3.0]);
    let samples = run([1.0, 2.0, 3.0], None, Some(vec![false, false, false]));
    assert_eq!((samples.values[0], samples.neighbourhoods.unwrap().is_valid(0)), (1.0, true));
}

#[test]
fn wrong_use_is_refused() {
    let raster = square([1, 2, 3, 4, 0, 6, 7, 8, 9], Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 3.0));
    let check =
        |max_distance_pixels, neighbourhood| SampleOptions { max_distance_pixels, neighbourhood }.check();
    assert!(check(0, Neighbourhood::Always).unwrap_err().to_string().contains("at least 1"));
    assert!(check(1025, Neighbourhood::Off).unwrap_err().to_string().contains("1024 at most"));
    assert!(check(1024, Neighbourhood::IfCenterNodata).is_ok());
    let options = SampleOptions { max_distance_pixels: 1, ..Default::default() };
    let mut sampler = raster.sampler(&[1.5], &[1.5], options);
    let window = sampler.needs()[0];
    assert!(sampler.provide(window, vec![0; 3], None).is_err());
    assert!(sampler.provide(window, vec![0; 2], Some(Vec::new())).is_err());
    assert!(sampler.provide(Window::new(0, 0, 3, 3), vec![0; 18], None).is_err());
    sampler.provide(window, raster.read(window), None).unwrap();
    assert!(sampler.finish().unwrap_err().to_string().contains("not all pixels"));
}

#[test]
fn projected_points_that_do_not_transform_lie_nowhere() {
    let half_a_globe = Crs::new("+proj=ortho +lat_0=0 +lon_0=0");
    let transformer = crate::crs::Transformer::new(&Crs::from_epsg(4326), &half_a_globe).unwrap();
    let (x, y) = project(&transformer, &[0.0, 170.0, f64::NAN, 10.0], &[0.0; 4]).unwrap();
    assert!(x[0] == 0.0 && x[1].is_nan() && x[2].is_nan() && y[3].abs() < 1e-6 && x[3] > 1e6);
    let transform = Geotransform::new(1e6, 0.0, -7e6, 0.0, -1e6, 7e6);
    let grid = SampleGrid { transform, width: 14, height: 14, tile_width: 16, tile_height: 16 };
    let points: Vec<u32> = grid.locate(&x, &y).unwrap().iter().map(|point| point.point).collect();
    assert_eq!(points, [0, 3]);
}

fn points() -> PointBatch {
    let text = "site,lon,lat,value\na,77.5,13,x\nb,77.6,13.1,y\nc,77.7,13.2,z\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    std::fs::write(&path, text).unwrap();
    Points::open(&path, &TableOptions::new()).unwrap().next().unwrap().unwrap()
}

#[test]
fn table() {
    let batch = PointBatch { first_index: 100, ..points() };
    let table = SampleTable::new(&batch.attributes.schema(), &Crs::crs84(), true).unwrap();
    let names: Vec<&String> = table.schema().fields().iter().map(|field| field.name()).collect();
    let expected = "point_index point_x point_y point_crs record_id datetime collection band value raster_crs \
                    neighbourhood_values site lon lat";
    assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
    let utm = Crs::from_epsg(32643);
    let source =
        SampleSource { record_id: "r", datetime: 1_500_000, collection: None, band: "B04", raster_crs: &utm };
    let raster = Raster {
        grid: SampleGrid {
            transform: Geotransform::new(0.1, 0.0, 77.55, 0.0, -0.1, 13.25),
            width: 2,
            height: 2,
            tile_width: 16,
            tile_height: 16,
        },
        pixels: vec![1, 2, 0, 4],
    };
    let options = SampleOptions { max_distance_pixels: 1, neighbourhood: Neighbourhood::IfCenterNodata };
    let (samples, _) = raster.sample(&batch.x, &batch.y, options);
    let rows = table.batch(&batch, &source, samples.clone()).unwrap();
    let column = |name| rows.column_by_name(name).unwrap();
    assert_eq!(column("point_index").as_primitive::<Int64Type>().values(), &[101, 102]);
    assert_eq!(column("point_x").as_primitive::<Float64Type>().values(), &[77.6, 77.7]);
    assert_eq!(column("point_crs").as_primitive::<Int32Type>().values(), &[4326, 4326]);
    assert_eq!(column("raster_crs").as_primitive::<Int32Type>().values(), &[32643, 32643]);
    assert_eq!(column("site").as_string::<i32>().value(0), "b");
    assert_eq!(column("value").as_primitive::<Float64Type>().values()[1], 2.0);
    assert_eq!((column("neighbourhood_values").null_count(), column("collection").null_count()), (1, 2));

    let mut csv = CsvWriter::new(Vec::new(), table.schema()).unwrap();
    csv.write(&rows.slice(1, 1)).unwrap();
    let text = String::from_utf8(csv.finish().unwrap()).unwrap();
    assert_eq!(
        text.lines().last(),
        Some("102,77.7,13.2,4326,r,1970-01-01T00:00:01.500Z,,B04,2.0,32643,,c,77.7,13.2"),
        "{text}"
    );
    let mut parquet = ParquetWriter::new(Vec::new(), table.schema().clone()).unwrap();
    parquet.write(&rows).unwrap();
    assert!(!parquet.finish().unwrap().is_empty());

    let beyond = Samples { points: vec![3, 0], ..samples };
    assert!(table.batch(&batch, &source, beyond).unwrap_err().to_string().contains("no point 3"));
}

#[test]
fn own_columns_may_be_of_any_type() {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let attributes =
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("band", text, true)]).unwrap();
    let batch = PointBatch { first_index: 0, x: vec![1.0, 2.0], y: vec![1.0, 2.0], attributes };
    let table =
        SampleTable::new(&batch.attributes.schema(), &Crs::new("+proj=laea +lat_0=1"), false).unwrap();
    let samples = Samples { points: vec![1], values: vec![f64::NAN], neighbourhoods: None };
    let crs = Crs::from_epsg(2056);
    let source =
        SampleSource { record_id: "r", datetime: 0, collection: Some("c"), band: "b", raster_crs: &crs };
    let rows = table.batch(&batch, &source, samples).unwrap();
    assert_eq!(rows.num_columns(), 11);
    assert!(
        rows.column_by_name("n").unwrap().is_null(0) && rows.column_by_name("point_crs").unwrap().is_null(0)
    );
    assert_eq!(rows.column_by_name("band").unwrap().as_string::<i32>().value(0), "b");
}
