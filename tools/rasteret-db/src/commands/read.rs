//! `read`.

use super::{Session, create_parent};
use crate::Outcome;
use crate::args::{Form, Read};
use crate::print::{CommandError, bytes, plural};
use rasteret::blocking::Wait;
use rasteret::output::{write_file, write_geotiff, write_npy, write_png};
use rasteret::{Area, AreaArray, Crs, PixelValue};
use serde::Serialize;
use std::path::Path;

/// What `--json` says of a read.
#[derive(Serialize)]
struct Report<'a> {
    shape: &'a [usize],
    dtype: &'static str,
    dims: &'a [&'static str],
    crs: &'a str,
    transform: [f64; 6],
    records: usize,
    tiles: u64,
    cached_tiles: u64,
    requests: u64,
    bytes: u64,
    seconds: f64,
    out: &'a Path,
}

pub fn run(session: &Session<'_>, read: &Read) -> Result<Outcome, CommandError> {
    let Form::Array = read.form;
    let write = writer_for(&read.output)?;
    let area =
        Area::parse_in(&read.aoi, read.aoi_crs.as_ref().map(Crs::new)).map_err(rasteret::Error::from)?;
    let mut filter = read.selection.filter()?;
    if !read.ids.is_empty() {
        filter = filter.ids(&read.ids);
    }
    let collection = session.open()?.collection(&read.name)?.subset(filter);
    let mut request = collection.read(area).all_touched(read.all_touched);
    if !read.bands.is_empty() {
        request = request.bands(&read.bands);
    }
    if let Some(value) = &read.fill_value {
        let value = PixelValue::parse(value)
            .ok_or_else(|| CommandError::Usage(format!("the fill value {value:?} is not a number")))?;
        request = request.fill_value(value);
    }
    let array = request.array().wait()?;
    create_parent(&read.output)?;
    write(&array, &read.output)?;

    let (shape, dims) = shape_and_dims(&array);
    let report = Report {
        shape: &shape,
        dtype: array.pixels.dtype().name(),
        dims,
        crs: array.crs.as_str(),
        transform: array.slices[0].transform.to_array(),
        records: array.slices.len(),
        tiles: array.statistics.tiles,
        cached_tiles: 0,
        requests: 0,
        bytes: array.statistics.bytes,
        seconds: array.statistics.seconds,
        out: &read.output,
    };
    session.printer.result(&report, || {
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        format!(
            "{}: {} {} [{}], {}, {} of {} in {:.3} s",
            read.output.display(),
            report.dtype,
            shape.join(" × "),
            dims.join(", "),
            report.crs,
            plural(report.tiles, "tile"),
            bytes(report.bytes),
            report.seconds
        )
    })?;
    Ok(Outcome::Done)
}

/// One band is `[N, H, W]`, several are `[N, C, H, W]`.
fn shape_and_dims(array: &AreaArray) -> (Vec<usize>, &'static [&'static str]) {
    match array.pixels.shape() {
        [n, 1, height, width] => (vec![n, height, width], &["record", "y", "x"]),
        shape => (shape.to_vec(), &["record", "band", "y", "x"]),
    }
}

type Write = fn(&AreaArray, &Path) -> Result<(), CommandError>;

/// How a file with this ending is written. Asked for before anything is read.
fn writer_for(path: &Path) -> Result<Write, CommandError> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "npy" => Ok(npy),
        "tif" | "tiff" => Ok(geotiff),
        "png" => Ok(png),
        _ => Err(CommandError::Usage(format!(
            "cannot tell what to write to {}: end it in .npy, .tif or .png",
            path.display()
        ))),
    }
}

fn npy(array: &AreaArray, path: &Path) -> Result<(), CommandError> {
    Ok(write_file(path, |out| write_npy(&array.pixels, &shape_and_dims(array).0, out))?)
}

/// One file holds one grid: the bands of a single record.
fn geotiff(array: &AreaArray, path: &Path) -> Result<(), CommandError> {
    if array.slices.len() > 1 {
        let ids: Vec<&str> = array.slices.iter().take(3).map(|slice| slice.record_id.as_str()).collect();
        return Err(CommandError::Usage(format!(
            "{} records match ({}, …), and a GeoTIFF holds one: choose it with --ids or --dates, or write .npy",
            array.slices.len(),
            ids.join(", ")
        )));
    }
    Ok(write_file(path, |out| write_geotiff(array, 0, out))?)
}

fn png(array: &AreaArray, path: &Path) -> Result<(), CommandError> {
    Ok(write_file(path, |out| write_png(&array.pixels, &array.valid_in_all_bands(0), out))?)
}
