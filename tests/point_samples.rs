//! Values at points are those of rasterio.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other suites use the rest")]
mod oracle;

use oracle::Random;
use rasteret::sample::{SampleGrid, SampleOptions, Sampler, Samples};
use rasteret::schema::{Geotransform, Window};
use rasteret::{DataType, schema};
use serde::Deserialize;
use serde_json::json;
use std::path::Path;

/// How far pixels with data are looked for.
const DISTANCES: [u32; 3] = [1, 3, 12];

#[derive(Deserialize)]
struct Answer {
    transform: [f64; 6],
    width: u32,
    height: u32,
    block: [u32; 2],
    dtype: String,
    xs: Vec<f64>,
    ys: Vec<f64>,
    rows: Vec<i64>,
    cols: Vec<i64>,
    values: Vec<serde_json::Value>,
    nearest: Vec<Vec<Option<f64>>>,
}

impl Answer {
    fn grid(&self) -> SampleGrid {
        let [a, b, c, d, e, f] = self.transform;
        let transform = Geotransform::new(a, b, c, d, e, f);
        let [tile_height, tile_width] = self.block;
        SampleGrid { transform, width: self.width, height: self.height, tile_width, tile_height }
    }

    /// The samples, out of the raw pixels that the oracle has written.
    fn sample(&self, folder: &Path, number: usize, options: SampleOptions) -> Samples {
        let dtype = DataType::from_name(&self.dtype).unwrap();
        let pixels = std::fs::read(folder.join(format!("{number}.bin"))).unwrap();
        let valid = std::fs::read(folder.join(format!("{number}.valid"))).unwrap();
        let points = self.grid().locate(&self.xs, &self.ys).unwrap();
        let mut sampler = Sampler::new(self.grid(), points, dtype, None, options).unwrap();
        loop {
            let windows = sampler.needs();
            if windows.is_empty() {
                return sampler.finish().unwrap();
            }
            for window in windows {
                let run = |bytes: &[u8], size: usize| -> Vec<u8> {
                    let row = |row: u32| {
                        let start = (row as usize * self.width as usize + window.column as usize) * size;
                        &bytes[start..start + window.width as usize * size]
                    };
                    (window.row..window.row_end()).flat_map(row).copied().collect()
                };
                let valid = run(&valid, 1).into_iter().map(|valid| valid != 0).collect();
                sampler.provide(window, run(&pixels, dtype.size()), Some(valid)).unwrap();
            }
        }
    }
}

#[test]
fn values_are_those_of_rasterio() {
    let files = [
        ("cogs/rio-tiler/cog.tif", 1),
        ("cogs/rio-tiler/cog_nodata.tif", 1),
        ("cogs/rio-tiler/cog_nodata_nan.tif", 1),
        ("cogs/rio-tiler/cog_rgb_mask.tif", 2),
        ("cogs/rio-tiler/cog_int16.tif", 1),
        ("cogs/rasterio/RGB.byte.tif", 3),
        ("cogs/rasterio/world.byte.tif", 1),
        ("cogs/rasterio/float_nan.tif", 1),
        ("cogs/titiler/dem.tif", 1),
    ];
    let mut random = Random(11);
    let mut cases = Vec::new();
    for (name, band) in files {
        let Some(file) = oracle::data(name) else { return };
        let mut points =
            vec![[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, 0.5], [-1e-9, 0.5], [0.5, 1.0 + 1e-9]];
        points.extend((0..300).map(|_| [random.between(-0.05, 1.05), random.between(-0.05, 1.05)]));
        cases.push(json!({"file": file, "band": band, "points": points}));
    }
    let folder = tempfile::tempdir().unwrap();
    let request = json!({"folder": folder.path(), "cases": cases, "distances": DISTANCES});
    let Some(answer) = oracle::ask("sample_oracle.py", &request) else { return };
    let answers: Vec<Answer> = serde_json::from_value(answer).unwrap();
    let (mut compared, mut searched) = (0, 0);
    for (number, (answer, (name, _))) in answers.iter().zip(files).enumerate() {
        let grid = answer.grid();
        let whole = Window::new(0, 0, grid.width, grid.height);
        let located = grid.locate(&answer.xs, &answer.ys).unwrap();
        let mut next = located.iter().peekable();
        for (point, (&row, &column)) in answer.rows.iter().zip(&answer.cols).enumerate() {
            let inside =
                (0..i64::from(whole.height)).contains(&row) && (0..i64::from(whole.width)).contains(&column);
            let found = next.next_if(|found| found.point as usize == point);
            let found = found.map(|found| (i64::from(found.row), i64::from(found.column)));
            assert_eq!(found, inside.then_some((row, column)), "{name}: point {point}");
        }

        let samples = answer.sample(folder.path(), number, SampleOptions::default());
        for (&point, &value) in samples.points.iter().zip(&samples.values) {
            match answer.values[point as usize].as_f64() {
                Some(expected) => assert_eq!(value, expected, "{name}: point {point}"),
                None => {
                    assert!(value.is_nan() && answer.values[point as usize] == "nan", "{name}: point {point}")
                }
            }
            compared += 1;
        }

        let valid = std::fs::read(folder.path().join(format!("{number}.valid"))).unwrap();
        let pixels = std::fs::read(folder.path().join(format!("{number}.bin"))).unwrap();
        for (distance, least) in DISTANCES.iter().zip(&answer.nearest) {
            let options = SampleOptions { max_distance_pixels: *distance, ..Default::default() };
            let nearest = answer.sample(folder.path(), number, options);
            for ((point, value), before) in located.iter().zip(&nearest.values).zip(&samples.values) {
                let index = (point.row * grid.width + point.column) as usize;
                let least = least[point.point as usize];
                if valid[index] != 0 || least.is_none() {
                    assert!(value == before || value.is_nan() && before.is_nan(), "{name}: {point:?}");
                    continue;
                }
                // The value is that of a pixel with data at that very distance.
                let near = |column: u32, row: u32| {
                    let outside = |at: f64, pixel: u32, size: f64| {
                        (f64::from(pixel) - at).max(at - f64::from(pixel) - 1.0).max(0.0) * size
                    };
                    let (width, height) = grid.transform.pixel_size();
                    let index = (row * grid.width + column) as usize;
                    let found = outside(point.x, column, width).hypot(outside(point.y, row, height));
                    valid[index] != 0
                        && (found - least.unwrap()).abs() <= 1e-9 * found
                        && sample(&answer.dtype, &pixels, index) == *value
                };
                let around = |centre: u32, size: u32| {
                    centre.saturating_sub(*distance)..(centre + distance + 1).min(size)
                };
                let mut pairs = around(point.row, grid.height)
                    .flat_map(|row| around(point.column, grid.width).map(move |column| (column, row)));
                assert!(pairs.any(|(column, row)| near(column, row)), "{name}: {point:?} is {value}");
                searched += 1;
            }
        }
    }
    assert!(compared > 2000 && searched > 100, "{compared} compared, {searched} searched for");
}

fn sample(dtype: &str, pixels: &[u8], index: usize) -> f64 {
    let dtype = schema::DataType::from_name(dtype).unwrap();
    let bytes = &pixels[index * dtype.size()..(index + 1) * dtype.size()];
    match dtype {
        DataType::UInt8 => bytes[0].into(),
        DataType::Int16 => i16::from_ne_bytes(bytes.try_into().unwrap()).into(),
        DataType::UInt16 => u16::from_ne_bytes(bytes.try_into().unwrap()).into(),
        DataType::Float32 => f32::from_ne_bytes(bytes.try_into().unwrap()).into(),
        DataType::Float64 => f64::from_ne_bytes(bytes.try_into().unwrap()),
        other => panic!("{other}"),
    }
}
