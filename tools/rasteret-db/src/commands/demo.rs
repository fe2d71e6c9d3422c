//! `demo`.

use super::{Session, create_parent};
use crate::Outcome;
use crate::print::{CommandError, bytes, plural};
use rasteret::blocking::Wait;
use rasteret::local::LocalSource;
use rasteret::output::{write_file, write_geotiff, write_png};
use rasteret::{Area, AreaArray, Database, Filter, PixelArray, PixelValue};
use rasteret_synth::{Archive, ArchiveError};
use serde_json::json;
use std::path::Path;

const COLLECTION: &str = "demo";

/// Makes scenes, indexes them, and reads the vegetation index of the clearest one.
pub fn run(session: &Session<'_>, dir: Option<&Path>) -> Result<Outcome, CommandError> {
    let dir = match dir {
        Some(dir) => dir.to_owned(),
        None => session.path.with_file_name("rasteret-demo"),
    };
    let dir = std::path::absolute(&dir)
        .map_err(|source| CommandError::Io { what: dir.display().to_string(), source })?;
    let scenes = dir.join("scenes");
    session.printer.note(format!("making scenes in {}", scenes.display()));
    Archive::demo(&scenes)
        .map_err(|ArchiveError { path, source }| rasteret::Error::Output { path, source: source.into() })?;

    let path = dir.join("demo.rasteret");
    create_parent(&path)?;
    let database = Database::open_writable(&path)?;
    let summary = database
        .build(LocalSource::new([&scenes], database.readers().all().to_vec()))
        .name(COLLECTION)
        // The scenes were just written, whatever an earlier demonstration left.
        .force(true)
        .run()
        .wait()?;
    session.printer.note(format!(
        "built {}: {}, {}",
        path.display(),
        plural(summary.records, "record"),
        plural(summary.headers, "header")
    ));

    let collection = database.collection(COLLECTION)?;
    let first = collection
        .ids()?
        .into_iter()
        .next()
        .ok_or_else(|| CommandError::Failed("the archive is empty".to_owned()))?;
    let bounds =
        collection.info()?.bounds.ok_or_else(|| CommandError::Failed("the archive is empty".to_owned()))?;
    let area = Area::bbox(middle(bounds));
    let array =
        collection.subset(Filter::new().ids([&first])).read(area).bands(["B04", "B08"]).array().wait()?;
    session.printer.note(format!(
        "read B04 and B08 of {first}: {} of {} tiles in {:.1} ms",
        bytes(array.statistics.bytes),
        array.statistics.tiles,
        array.statistics.seconds * 1e3
    ));

    let ndvi = normalized_difference(&array);
    let mean = mean(&ndvi);
    let (tif, png) = (dir.join("ndvi.tif"), dir.join("ndvi.png"));
    write_file(&tif, |out| write_geotiff(&ndvi, 0, out))?;
    write_file(&png, |out| write_png(&ndvi.pixels, &ndvi.valid_in_all_bands(0), out))?;
    let document = json!({
        "collection": COLLECTION,
        "records": summary.records,
        "ndvi_tif": tif,
        "ndvi_png": png,
        "mean": mean,
    });
    session.printer.result(&document, || {
        format!("NDVI of {first}\n  {}\n  {}\n  mean {mean:.4}", tif.display(), png.display())
    })?;
    Ok(Outcome::Done)
}

/// The middle of a box, half as wide and high.
fn middle([west, south, east, north]: [f64; 4]) -> [f64; 4] {
    let (width, height) = (east - west, north - south);
    [west + width / 4.0, south + height / 4.0, east - width / 4.0, north - height / 4.0]
}

/// (near infrared − red) / (near infrared + red) of bands 1 and 0, NaN where either is not valid.
fn normalized_difference(array: &AreaArray) -> AreaArray {
    let [n, _, height, width] = array.pixels.shape();
    let mut valid = array.valid.slice_axis(ndarray::Axis(1), ndarray::Slice::from(..1)).to_owned();
    let ndvi = ndarray::Array4::from_shape_fn([n, 1, height, width], |(n, _, row, column)| {
        let at = |band| array.pixels.value([n, band, row, column]).unwrap_or(f64::NAN);
        let (red, nir) = (at(0), at(1));
        let is_valid =
            array.valid[[n, 0, row, column]] && array.valid[[n, 1, row, column]] && red + nir > 0.0;
        if is_valid { ((nir - red) / (nir + red)) as f32 } else { f32::NAN }
    });
    valid.zip_mut_with(&ndvi, |valid, value| *valid = !value.is_nan());
    AreaArray {
        pixels: PixelArray::Float32(ndvi),
        valid,
        bands: vec!["NDVI".to_owned()],
        nodata: Some(PixelValue::Float(f64::NAN)),
        ..array.clone()
    }
}

fn mean(array: &AreaArray) -> f64 {
    let values = array.pixels.view::<f32>();
    let values = values.iter().flatten().filter(|value| !value.is_nan());
    let (sum, count) = values.fold((0.0, 0u64), |(sum, count), value| (sum + f64::from(*value), count + 1));
    sum / count.max(1) as f64
}
