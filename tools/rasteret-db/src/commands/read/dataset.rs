//! Datasets, as Zarr.

use super::{Pixels, Write, distinct};
use crate::print::CommandError;
use rasteret::blocking::Wait;
use rasteret::dataset::{DIMENSIONS, Mosaic};
use rasteret::output::write_zarr;
use rasteret::read::ReadRequest;
use serde_json::{Map, Value};

pub fn read(request: ReadRequest, mosaic: Mosaic) -> Result<(Pixels, Write), CommandError> {
    let dataset = request.dataset(mosaic).wait()?;
    let dtypes: Map<String, Value> = dataset
        .variables()
        .iter()
        .map(|band| (band.name.clone(), band.pixels.dtype().name().into()))
        .collect();
    let first = dtypes.values().next().cloned().unwrap_or_default();
    let dtype = if dtypes.values().all(|dtype| *dtype == first) { first } else { dtypes.into() };
    let pixels = Pixels {
        shape: dataset.shape().to_vec(),
        dtype,
        dims: &DIMENSIONS,
        crs: dataset.crs().as_str().to_owned(),
        transform: Some(dataset.transform().to_array()),
        records: distinct(dataset.records().iter().flatten().map(String::as_str)),
    };
    Ok((pixels, Box::new(move |path| Ok(write_zarr(&dataset, path)?))))
}
