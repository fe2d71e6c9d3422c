//! `sample`.

use super::meter::Meter;
use super::table::{Format, text};
use super::{Session, create_parent};
use crate::Outcome;
use crate::args::{Match, Neighbourhood, Sample};
use crate::print::{CommandError, plural};
use rasteret::blocking::WaitEach;
use rasteret::geometry::{Points, TableOptions};
use rasteret::{Crs, sample};
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What `--json` says of samples.
#[derive(Serialize)]
struct Report<'a> {
    rows: u64,
    points: u64,
    records: u64,
    seconds: f64,
    out: &'a Path,
}

pub fn run(session: &Session<'_>, sample: &Sample) -> Result<Outcome, CommandError> {
    let format = format(&sample.output)?;
    if sample.neighbourhood != Neighbourhood::Off && sample.max_distance_pixels == 0 {
        return Err(CommandError::Usage(
            "--neighbourhood needs --max-distance-pixels: how far it reaches".to_owned(),
        ));
    }
    let points = Arc::new(AtomicU64::new(0));
    let counted = {
        let points = Arc::clone(&points);
        open(sample)?.on_batch(move |batch| {
            points.fetch_add(batch.x.len() as u64, Ordering::AcqRel);
        })
    };
    let collection = session.open_with(&sample.store)?.collection(&sample.name)?;
    let collection = collection.subset(sample.choice.filter(&sample.selection)?);
    let meter = Meter::start(session.printer);
    let mut request = collection
        .sample(counted)
        .matching(sample.matching.into())
        .max_distance_pixels(sample.max_distance_pixels)
        .neighbourhood(sample.neighbourhood.into())
        .skip_missing_bands(sample.choice.skip_missing_bands)
        .on_progress(meter.listener());
    if !sample.choice.bands.is_empty() {
        request = request.bands(&sample.choice.bands);
    }
    create_parent(&sample.output)?;

    let schema = request.schema()?;
    let (mut rows, mut records) = (0, HashSet::new());
    let mut batches = request.stream()?.wait_each().inspect(|batch| {
        let Ok(batch) = batch else { return };
        rows += batch.num_rows() as u64;
        for id in text(batch, "record_id") {
            if !records.contains(id) {
                records.insert(id.to_owned());
            }
        }
    });
    let Some(first) = batches.next() else {
        return Err(rasteret::Error::NothingSelected(format!(
            "none of the points ({}) lies on a raster of the records that match",
            points.load(Ordering::Acquire)
        ))
        .into());
    };
    format.write(&sample.output, schema, std::iter::once(first).chain(batches))?;
    let seconds = meter.statistics().seconds;
    drop(meter);

    let report = Report {
        rows,
        points: points.load(Ordering::Acquire),
        records: records.len() as u64,
        seconds,
        out: &sample.output,
    };
    session.printer.result(&report, || {
        format!(
            "{}: {} of {} on {} in {:.3} s",
            report.out.display(),
            plural(report.rows, "row"),
            plural(report.points, "point"),
            plural(report.records, "record"),
            report.seconds
        )
    })?;
    Ok(Outcome::Done)
}

/// What the ending of a name is for.
fn format(path: &Path) -> Result<Format, CommandError> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "parquet" => Ok(Format::Parquet),
        "csv" => Ok(Format::Csv),
        _ => Err(CommandError::Usage(format!(
            "cannot tell what to write to {}: end it in .parquet or .csv",
            path.display()
        ))),
    }
}

fn open(sample: &Sample) -> Result<Points, CommandError> {
    let mut options = TableOptions::new();
    if let (Some(x), Some(y)) = (&sample.x, &sample.y) {
        options = options.xy(x, y);
    }
    if let Some(crs) = &sample.points_crs {
        options = options.crs(Crs::new(crs));
    }
    Ok(Points::open(&sample.points, &options).map_err(rasteret::Error::from)?)
}

impl From<Match> for sample::Match {
    fn from(matching: Match) -> Self {
        match matching {
            Match::All => sample::Match::All,
            Match::Latest => sample::Match::Latest,
        }
    }
}

impl From<Neighbourhood> for sample::Neighbourhood {
    fn from(neighbourhood: Neighbourhood) -> Self {
        match neighbourhood {
            Neighbourhood::Off => sample::Neighbourhood::Off,
            Neighbourhood::Always => sample::Neighbourhood::Always,
            Neighbourhood::IfCenterNodata => sample::Neighbourhood::IfCenterNodata,
        }
    }
}
