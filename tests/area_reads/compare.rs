//! Compares an array with what rasterio reads.

use crate::oracle;
use crate::samples::samples_as_f64;
use rasteret::{AreaArray, Error};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A read that rasterio does too.
pub struct Case {
    /// Names the read where it differs.
    pub name: String,
    pub file: PathBuf,
    /// From 1, as rasterio counts.
    pub bands: Vec<usize>,
    /// GeoJSON.
    pub geometry: Value,
    pub crs: String,
    pub all_touched: bool,
    pub fill: Option<f64>,
    /// How far samples may differ: 0, but for lossy codecs, whose decoders may round otherwise.
    pub tolerance: f64,
}

/// What rasterio gives for a [`Case`].
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    Array {
        out: PathBuf,
        shape: [usize; 3],
        dtype: String,
        transform: [f64; 6],
        inside: usize,
    },
    /// The pixels cannot be read.
    Unreadable {
        #[allow(dead_code, reason = "printed where it differs")]
        error: String,
    },
    /// The area does not touch the raster.
    Nothing,
}

/// What rasterio gives for each case, in order; `None` where there is no rasterio.
pub fn ask(cases: &[Case], folder: &Path) -> Option<Vec<Expected>> {
    let request: Vec<Value> = cases
        .iter()
        .map(|case| {
            // JSON has no NaN, but Python reads this.
            json!({"file": case.file, "bands": case.bands, "geometry": case.geometry, "crs": case.crs,
                   "all_touched": case.all_touched, "fill": case.fill})
        })
        .collect();
    let answer = oracle::ask("area_oracle.py", &json!({"folder": folder, "areas": request}))?;
    Some(serde_json::from_value(answer["areas"].clone()).unwrap())
}

/// How many samples were compared, or how an array of one slice differs from what rasterio gives.
pub fn compare(read: &Result<AreaArray, Error>, case: &Case, expected: &Expected) -> Result<usize, String> {
    let (array, expected) = match (read, expected) {
        // A window is a box around the area: it may touch a raster whose footprint the area does not.
        (Err(Error::NothingSelected(_)), Expected::Nothing | Expected::Array { inside: 0, .. }) => {
            return Ok(0);
        }
        (Err(error), Expected::Unreadable { .. }) if error.kind() == "corrupt-tile" => return Ok(0),
        (Ok(array), Expected::Array { .. }) => (array, expected),
        (Ok(array), _) => return Err(format!("{:?} instead of {expected:?}", array.pixels.shape())),
        (Err(error), _) => return Err(format!("{error} instead of {expected:?}")),
    };
    let Expected::Array { out, shape, dtype, transform, .. } = expected else { unreachable!() };
    let [bands, height, width] = *shape;
    if array.pixels.shape() != [1, bands, height, width] {
        return Err(format!("shape {:?} instead of {shape:?}", array.pixels.shape()));
    }
    if array.pixels.dtype().name() != dtype {
        return Err(format!("{} instead of {dtype}", array.pixels.dtype()));
    }
    let ours = array.slices[0].transform.to_array();
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs().max(1e-9);
    if !ours.iter().zip(transform).all(near) {
        return Err(format!("transform {ours:?} instead of {transform:?}"));
    }
    let bytes = std::fs::read(out).unwrap();
    let (pixels, valid) = bytes.split_at(bands * height * width * array.pixels.dtype().size());
    let place = |at: usize| {
        format!("band {}, row {}, column {}", at / (height * width), at / width % height, at % width)
    };
    if let Some(at) = valid.iter().zip(&array.valid).position(|(theirs, ours)| (*theirs != 0) != *ours) {
        return Err(format!("{} is valid in one only; theirs {}", place(at), valid[at]));
    }
    let samples = array.pixels.to_bytes();
    if samples == pixels {
        return Ok(valid.len());
    }
    if case.tolerance > 0.0 && bands == 3 {
        let luma = farthest_luma(&samples, pixels);
        return if luma <= case.tolerance {
            Ok(valid.len())
        } else {
            Err(format!("luma differs by {luma} at most"))
        };
    }
    let dtype = array.pixels.dtype();
    let values = |bytes: &[u8]| samples_as_f64(dtype, bytes);
    let differences: Vec<(usize, f64, f64)> = values(&samples)
        .into_iter()
        .zip(values(pixels))
        .enumerate()
        .filter(|(_, (a, b))| !(a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= case.tolerance))
        .map(|(at, (a, b))| (at, a, b))
        .collect();
    let Some((at, a, b)) = differences.first() else { return Ok(valid.len()) };
    let most = differences.iter().map(|(_, a, b)| (a - b).abs()).fold(0.0, f64::max);
    Err(format!(
        "{} of {} samples differ, by {most} at most; the first is {}: {a} instead of {b}",
        differences.len(),
        valid.len(),
        place(*at)
    ))
}

/// The farthest that luma of RGB pixels of 8 bits lies apart, where no sample has been cut off. JPEG decoders
/// interpolate subsampled chroma differently: rasterio's wheels have IJG's libjpeg 9, which does so in the
/// frequency domain, where libjpeg-turbo, used by most other builds of GDAL, interpolates between pixels.
fn farthest_luma(a: &[u8], b: &[u8]) -> f64 {
    let pixels = a.len() / 3;
    let luma = |samples: &[u8], pixel: usize| {
        let rgb = [samples[pixel], samples[pixel + pixels], samples[pixel + 2 * pixels]];
        let [red, green, blue] = rgb.map(f64::from);
        let inside = rgb.iter().all(|sample| (1..u8::MAX).contains(sample));
        inside.then_some((0.299 * red + 0.587 * green + 0.114 * blue).round())
    };
    (0..pixels).filter_map(|pixel| Some((luma(a, pixel)? - luma(b, pixel)?).abs())).fold(0.0, f64::max)
}
