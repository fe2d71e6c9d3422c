//! Arrays, as `.npy`, GeoTIFF or PNG.

use super::{Pixels, Write, distinct, ending};
use crate::print::CommandError;
use rasteret::AreaArray;
use rasteret::blocking::Wait;
use rasteret::output::{write_file, write_geotiff, write_npy, write_png};
use rasteret::read::ReadRequest;
use std::path::Path;

/// Reads an array, to be written to a file of this name.
pub fn read(request: ReadRequest, path: &Path) -> Result<(Pixels, Write), CommandError> {
    let write = match ending(path).as_str() {
        "npy" => npy,
        "png" => png,
        _ => geotiff,
    };
    let array = request.array().wait()?;
    let (shape, dims) = shape_and_dims(&array);
    let pixels = Pixels {
        shape,
        dtype: array.pixels.dtype().name().into(),
        dims,
        crs: array.crs.as_str().to_owned(),
        transform: array.slices.first().map(|slice| slice.transform.to_array()),
        records: distinct(array.slices.iter().map(|slice| slice.record_id.as_str())),
    };
    Ok((pixels, Box::new(move |path| write(&array, path))))
}

/// One band is `[N, H, W]`, several are `[N, C, H, W]`.
fn shape_and_dims(array: &AreaArray) -> (Vec<usize>, &'static [&'static str]) {
    match array.pixels.shape() {
        [n, 1, height, width] => (vec![n, height, width], &["record", "y", "x"]),
        shape => (shape.to_vec(), &["record", "band", "y", "x"]),
    }
}

fn npy(array: &AreaArray, path: &Path) -> Result<(), CommandError> {
    Ok(write_file(path, |out| write_npy(&array.pixels, &shape_and_dims(array).0, out))?)
}

/// One file holds one grid: the bands of a single record.
fn geotiff(array: &AreaArray, path: &Path) -> Result<(), CommandError> {
    let several = match array.slices.as_slice() {
        [first, second, ..] if first.record_id == second.record_id => {
            "the area has several geometries".into()
        }
        [first, _, ..] => {
            format!("{} records match ({}, …)", array.slices.len(), first.record_id)
        }
        _ => return Ok(write_file(path, |out| write_geotiff(array, 0, out))?),
    };
    Err(CommandError::Usage(format!(
        "{several}, and a GeoTIFF holds one: choose it, with --ids or --dates if it is a record, or write .npy, .zarr \
         or .parquet"
    )))
}

fn png(array: &AreaArray, path: &Path) -> Result<(), CommandError> {
    Ok(write_file(path, |out| write_png(&array.pixels, &array.valid_in_all_bands(0), out))?)
}
