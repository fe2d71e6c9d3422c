//! `read`.

mod array;
mod dataset;
mod table;

use super::meter::Meter;
use super::{Session, create_parent};
use crate::Outcome;
use crate::args::{Form, Read};
use crate::print::{CommandError, bytes, plural};
use rasteret::read::ReadRequest;
use rasteret::{Area, Crs, PixelValue};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;

/// Which endings of a name are for what.
const ENDINGS: [(&str, Form); 6] = [
    ("npy", Form::Array),
    ("tif", Form::Array),
    ("tiff", Form::Array),
    ("png", Form::Array),
    ("zarr", Form::Dataset),
    ("parquet", Form::Table),
];

/// What `--json` says of a read.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    pixels: Pixels,
    tiles: u64,
    cached_tiles: u64,
    requests: u64,
    bytes: u64,
    seconds: f64,
    out: &'a Path,
}

/// What there is to say of pixels, whatever form they have.
#[derive(Serialize)]
struct Pixels {
    shape: Vec<usize>,
    /// The name of a data type; of a dataset whose bands have several, an object of them by band.
    dtype: Value,
    dims: &'static [&'static str],
    /// Of a table: the CRS of its geometries.
    crs: String,
    /// Of a table: null, for each row has its own.
    transform: Option<[f64; 6]>,
    records: usize,
}

/// What writes pixels that were read.
type Write = Box<dyn FnOnce(&Path) -> Result<(), CommandError>>;

pub fn run(session: &Session<'_>, read: &Read) -> Result<Outcome, CommandError> {
    // Wrong usage is found before anything is read.
    let form = form(read)?;
    let request = request(session, read)?;
    let meter = Meter::start(session.printer);
    let request = request.on_progress(meter.listener());
    let (pixels, write): (Pixels, Write) = match form {
        Form::Array => array::read(request, &read.output)?,
        Form::Dataset => dataset::read(request, read.mosaic.unwrap_or_default())?,
        Form::Table => table::read(request)?,
    };
    let cost = meter.statistics();
    drop(meter);
    create_parent(&read.output)?;
    write(&read.output)?;

    let report = Report {
        pixels,
        tiles: cost.tiles,
        cached_tiles: 0,
        requests: cost.requests,
        bytes: cost.bytes,
        seconds: cost.seconds,
        out: &read.output,
    };
    session.printer.result(&report, || describe(&report))?;
    Ok(Outcome::Done)
}

/// What to write: what was asked for, else what the ending is for.
fn form(read: &Read) -> Result<Form, CommandError> {
    let path = read.output.display();
    let ending = ending(&read.output);
    let of_ending = ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, form)| *form);
    let form = match read.form.or(of_ending) {
        Some(form) if of_ending == Some(form) => form,
        Some(form) => {
            return Err(CommandError::Usage(format!(
                "{path} cannot hold {}: end it in {}",
                name(form),
                endings(form)
            )));
        }
        None => {
            let of = |form| format!("{} for {}", endings(form), name(form));
            let forms = [Form::Array, Form::Dataset, Form::Table].map(of).join(", ");
            return Err(CommandError::Usage(format!(
                "cannot tell what to write to {path}: end it in {forms}"
            )));
        }
    };
    if read.mosaic.is_some() && form != Form::Dataset {
        return Err(CommandError::Usage(format!(
            "--mosaic is for a dataset, and {path} holds {}: end it in {}",
            name(form),
            endings(Form::Dataset)
        )));
    }
    Ok(form)
}

/// The ending of a name in small letters.
fn ending(path: &Path) -> String {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// The endings that are for a form.
fn endings(form: Form) -> String {
    let endings = ENDINGS.iter().filter(|(_, of_ending)| *of_ending == form);
    endings.map(|(ending, _)| format!(".{ending}")).collect::<Vec<_>>().join(" or ")
}

fn name(form: Form) -> &'static str {
    match form {
        Form::Array => "an array",
        Form::Dataset => "a dataset",
        Form::Table => "a table",
    }
}

fn request(session: &Session<'_>, read: &Read) -> Result<ReadRequest, CommandError> {
    let fill_value = match &read.fill_value {
        Some(value) => Some(
            PixelValue::parse(value)
                .ok_or_else(|| CommandError::Usage(format!("the fill value {value:?} is not a number")))?,
        ),
        None => None,
    };
    let area =
        Area::parse_in(&read.aoi, read.aoi_crs.as_ref().map(Crs::new)).map_err(rasteret::Error::from)?;
    let collection = session.open_with(&read.store)?.collection(&read.name)?;
    let collection = collection.subset(read.choice.filter(&read.selection)?);
    let mut request = collection.read(area).all_touched(read.all_touched).resampling(read.resampling);
    request = request.skip_missing_bands(read.choice.skip_missing_bands);
    if !read.choice.bands.is_empty() {
        request = request.bands(&read.choice.bands);
    }
    if let Some(value) = fill_value {
        request = request.fill_value(value);
    }
    if let Some(crs) = &read.crs {
        request = request.target_crs(Crs::new(crs));
    }
    if let Some((width, height)) = read.resolution {
        request = request.resolution(width, height);
    }
    if let Some((rows, columns)) = read.shape {
        request = request.shape(rows, columns);
    }
    Ok(request)
}

/// A line for people.
fn describe(report: &Report<'_>) -> String {
    let Pixels { shape, dtype, dims, crs, .. } = &report.pixels;
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    let dtype = match dtype {
        Value::String(name) => name.clone(),
        several => several.to_string(),
    };
    format!(
        "{}: {dtype} {} [{}], {crs}, {} of {} in {:.3} s",
        report.out.display(),
        shape.join(" × "),
        dims.join(", "),
        plural(report.tiles, "tile"),
        bytes(report.bytes),
        report.seconds
    )
}

/// How many different ones there are.
fn distinct<'a>(ids: impl IntoIterator<Item = &'a str>) -> usize {
    ids.into_iter().collect::<HashSet<_>>().len()
}
