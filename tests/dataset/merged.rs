//! Records of one time are combined as `rasterio.merge.merge` combines rasters.

use crate::oracle::{self, Random};
use crate::support::{array, pixels, slice, with_nodata};
use rasteret::dataset::{DatasetOptions, Mosaic};
use rasteret::{AreaArray, DataType, Dataset};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Merged {
    out: PathBuf,
    shape: [usize; 2],
    dtype: String,
    transform: [f64; 6],
}

/// What rasterio has under the same names.
const METHODS: [Mosaic; 5] = [Mosaic::First, Mosaic::Last, Mosaic::Min, Mosaic::Max, Mosaic::Count];

/// Planes that overlap, with holes: about a third of the samples has the nodata value.
fn planes(random: &mut Random, dtype: DataType, nodata: i64) -> AreaArray {
    let [count, height, width] = [2 + random.below(4), 3 + random.below(20), 3 + random.below(20)];
    let shape = [count, 1, height, width];
    let signed = dtype.integer_range().is_none_or(|(least, _)| least < 0);
    let values: Vec<i64> = (0..shape.iter().product())
        .map(|_| match random.below(3) {
            0 => nodata,
            // Counts are none of these.
            _ if signed => random.below(240) as i64 - 120,
            _ => random.below(240) as i64,
        })
        .collect();
    let at = |[n, _, row, column]: [usize; 4]| Some(values[(n * height + row) * width + column]);
    let mut places = || random.below(12) as i32 - 6;
    let slices = (0..count).map(|n| slice(&format!("r{n}"), 0, 0, places(), places())).collect();
    with_nodata(array(pixels(dtype, shape, at), &["band"], slices), nodata)
}

fn request(array: &AreaArray, nodata: i64, method: Mosaic, folder: &Path, case: usize) -> Value {
    let [count, _, height, width] = array.pixels.shape();
    let bytes = array.pixels.to_bytes();
    let planes: Vec<Value> = bytes
        .chunks_exact(bytes.len() / count)
        .zip(&array.slices)
        .enumerate()
        .map(|(plane, (samples, slice))| {
            let path = folder.join(format!("plane-{case}-{plane}"));
            std::fs::write(&path, samples).unwrap();
            json!({"path": path, "shape": [height, width], "transform": slice.transform.to_array()})
        })
        .collect();
    json!({"planes": planes, "dtype": array.pixels.dtype().name(), "nodata": nodata, "method": method.name(),
           "crs": array.crs.as_str()})
}

#[test]
fn planes_merge_as_with_rasterio() {
    let mut random = Random(11);
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    // GDAL 3.10 has no half precision.
    for dtype in DataType::ALL.into_iter().filter(|dtype| *dtype != DataType::Float16) {
        for nodata in [0, 127] {
            for method in METHODS {
                cases.push((planes(&mut random, dtype, nodata), nodata, method));
            }
        }
    }
    let requests: Vec<Value> = cases
        .iter()
        .enumerate()
        .map(|(case, (array, nodata, method))| request(array, *nodata, *method, folder.path(), case))
        .collect();
    let request = json!({"folder": folder.path(), "merges": requests});
    let Some(answer) = oracle::ask("dataset_oracle.py", &request) else { return };
    let answers: Vec<Merged> = serde_json::from_value(answer["merges"].clone()).unwrap();

    let mut samples = 0;
    for ((array, nodata, method), expected) in cases.iter().zip(&answers) {
        let what = format!("{method} of {} with nodata {nodata}", array.pixels.dtype());
        let options = DatasetOptions { mosaic: *method, ..DatasetOptions::default() };
        let dataset = Dataset::from_array(array, &options).unwrap();
        assert_eq!(dataset.shape()[2..], expected.shape, "{what}");
        assert_eq!(dataset.transform().to_array(), expected.transform, "{what}");
        let band = dataset.variable("band").unwrap();
        let theirs = std::fs::read(&expected.out).unwrap();
        if *method == Mosaic::Count {
            // rasterio counts in the data type of the samples, and gives nodata where there are none.
            let theirs = counts(&theirs, &expected.dtype, *nodata);
            assert_eq!(
                band.pixels.view::<u32>().unwrap().iter().copied().collect::<Vec<_>>(),
                theirs,
                "{what}"
            );
        } else {
            assert_eq!(band.pixels.dtype().name(), expected.dtype, "{what}");
            assert_eq!(*band.pixels.to_bytes(), *theirs, "{what}");
        }
        samples += expected.shape[0] * expected.shape[1];
    }
    println!("{} merges of {samples} samples are those of rasterio", cases.len());
    assert_eq!(answers.len(), 100);
}

/// Counts of any data type, with 0 for nodata.
fn counts(bytes: &[u8], dtype: &str, nodata: i64) -> Vec<u32> {
    let dtype = DataType::from_name(dtype).unwrap();
    let count = |sample: &[u8]| {
        let value = match (dtype, sample.len()) {
            (DataType::Float32, _) => f64::from(f32::from_ne_bytes(sample.try_into().unwrap())),
            (DataType::Float64, _) => f64::from_ne_bytes(sample.try_into().unwrap()),
            (_, 1) => f64::from(sample[0]),
            (_, 2) => f64::from(u16::from_ne_bytes(sample.try_into().unwrap())),
            (_, 4) => f64::from(u32::from_ne_bytes(sample.try_into().unwrap())),
            _ => u64::from_ne_bytes(sample.try_into().unwrap()) as f64,
        };
        if value == nodata as f64 { 0 } else { value as u32 }
    };
    bytes.chunks_exact(dtype.size()).map(count).collect()
}
