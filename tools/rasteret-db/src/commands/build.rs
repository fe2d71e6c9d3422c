//! `collections build …`.

use super::Session;
use crate::Outcome;
use crate::args::{BandMaps, Build, BuildLocal, BuildStac, BuildTable, Cloud, Common, Reading, Search};
use crate::print::{CommandError, plural};
use indicatif::ProgressBar;
use rasteret::Database;
use rasteret::blocking::Wait;
use rasteret::build::{self, BuildProgress, BuildSummary, Failure};
use rasteret::catalog::{CatalogError, Choice, DatasetSource};
use rasteret::local::LocalSource;
use rasteret::schema::DatasetDescriptor;
use rasteret::schema::access::plain_href;
use serde_json::{Map, Value, json};

pub fn dataset(session: &Session<'_>, build: &Build) -> Result<Outcome, CommandError> {
    let database = session.open_writable_with(&build.reading.cloud.store)?;
    let dataset = database.catalog().get(&build.dataset)?.dataset;
    let request = read(&database, dataset, Some(&build.search), &build.reading)?;
    run(session, request, &build.common)
}

pub fn stac(session: &Session<'_>, build: &BuildStac) -> Result<Outcome, CommandError> {
    let dataset = described(
        &build.stac_api,
        &build.bands,
        json!({
            "stac_api": build.stac_api,
            "stac_collection": build.collection,
            "static_catalog": build.static_catalog,
        }),
    )?;
    let database = session.open_writable_with(&build.reading.cloud.store)?;
    let request = read(&database, dataset, Some(&build.search), &build.reading)?;
    run(session, request, &build.common)
}

pub fn table(session: &Session<'_>, build: &BuildTable) -> Result<Outcome, CommandError> {
    let names = |pairs: &[(String, String)]| (!pairs.is_empty()).then(|| object(pairs));
    let dataset = described(
        &build.table,
        &build.bands,
        json!({
            "record_table_uri": build.table,
            "column_map": names(&build.column_map),
            "href_column": build.href_column,
            "bbox_columns": names(&build.bbox_columns),
        }),
    )?;
    let database = session.open_writable_with(&build.reading.cloud.store)?;
    let request = read(&database, dataset, None, &build.reading)?;
    run(session, request, &build.common)
}

pub fn local(session: &Session<'_>, build: &BuildLocal) -> Result<Outcome, CommandError> {
    if let Some(catalog) = build.catalog().map_err(CommandError::Usage)? {
        let source = json!({"stac_api": catalog, "static_catalog": true});
        let dataset = described(catalog, &BandMaps::default(), source)?;
        let database = session.open_writable()?;
        let request = request(&database, dataset, Choice::default(), &Cloud::default())?;
        return run(session, request, &build.common);
    }
    let database = session.open_writable()?;
    let bar = session.printer.progress("headers");
    let progress = bar.clone();
    let mut source =
        LocalSource::new(&build.paths, database.readers().all().to_vec()).on_progress(move |done, total| {
            progress.set_length(total as u64);
            progress.set_position(done as u64);
        });
    if let Some(regex) = &build.id_from {
        source = source.id_from(regex);
    }
    if let Some(regex) = &build.band_from {
        source = source.band_from(regex);
    }
    if let Some(regex) = &build.datetime_from {
        source = source.datetime_from(regex);
    }
    finish(session, database.build(source), &build.common, &bar)
}

/// A descriptor of what was named on the command line.
fn described(id: &str, bands: &BandMaps, mut members: Value) -> Result<DatasetDescriptor, CommandError> {
    // What is wrong with it is said of this. Ids have no spaces.
    let id = plain_href(id);
    members["id"] = Value::String(id.replace(char::is_whitespace, "_"));
    members["name"] = Value::String(id);
    if !bands.band_map.is_empty() {
        members["band_map"] = object(&bands.band_map);
    }
    if !bands.band_index_map.is_empty() {
        members["band_index_map"] = object(&bands.band_index_map);
    }
    let dataset = DatasetDescriptor::from_json(members);
    Ok(dataset.map_err(|error| rasteret::Error::from(CatalogError::from(error)))?)
}

fn object<V: Clone + Into<Value>>(pairs: &[(String, V)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect::<Map<_, _>>().into()
}

/// A build as the command line says that it is read.
fn read(
    database: &Database,
    dataset: DatasetDescriptor,
    search: Option<&Search>,
    reading: &Reading,
) -> Result<build::Build, CommandError> {
    let choice = Choice {
        bands: reading.bands.clone(),
        query: search.and_then(|search| search.query.clone()),
        filter: search.and_then(|search| search.filter.clone()),
        ids: search.map(|search| search.ids.clone()).unwrap_or_default(),
    };
    let request = request(database, dataset, choice, &reading.cloud)?;
    Ok(request.enrich(!reading.no_enrich).max_concurrent(reading.max_concurrent.into()))
}

fn request(
    database: &Database,
    mut dataset: DatasetDescriptor,
    choice: Choice,
    cloud: &Cloud,
) -> Result<build::Build, CommandError> {
    dataset.cloud_config = Some(cloud.over(dataset.cloud()));
    let source = DatasetSource::new(&dataset, choice, database.sources());
    Ok(database.build(source.map_err(rasteret::Error::from)?))
}

/// Runs a build of records that come one after the other.
fn run(session: &Session<'_>, request: build::Build, common: &Common) -> Result<Outcome, CommandError> {
    let bar = session.printer.progress("records");
    let progress = bar.clone();
    let request = request.on_progress(move |state| show(&progress, &state));
    finish(session, request, common, &bar)
}

/// How far a build is.
pub fn show(bar: &ProgressBar, state: &BuildProgress) {
    if let Some(total) = state.total_records {
        bar.set_length(total);
    }
    bar.set_position(state.records);
    let mut text = format!("records, {} ({:.0}/s)", plural(state.files, "header"), state.files_per_second());
    if state.failed > 0 {
        text += &format!(", {} failed", state.failed);
    }
    bar.set_message(text);
}

fn finish(
    session: &Session<'_>,
    request: build::Build,
    common: &Common,
    bar: &ProgressBar,
) -> Result<Outcome, CommandError> {
    let summary = request
        .name(&common.name)
        .filter(common.selection.filter()?.and(common.condition.filter()?))
        .force(common.force)
        .strict(common.strict)
        .run()
        .wait();
    bar.finish_and_clear();
    report(session, &summary?, "built")
}

/// Prints what a build did.
pub fn report(session: &Session<'_>, summary: &BuildSummary, done: &str) -> Result<Outcome, CommandError> {
    session.printer.result(summary, || {
        let mut text = if summary.cached {
            format!("{} is up to date: {}\n", summary.name, plural(summary.records, "record"))
        } else {
            format!(
                "{done} {}: {}, {} in {:.2} s\n",
                summary.name,
                plural(summary.records, "record"),
                plural(summary.headers, "header"),
                summary.seconds
            )
        };
        if !summary.failed.is_empty() {
            text += &format!("\n{}:\n", plural(summary.failed.len() as u64, "failure"));
            for failure in &summary.failed {
                text += &describe_failure(failure);
            }
        }
        text
    })?;
    Ok(if summary.failed.is_empty() { Outcome::Done } else { Outcome::Reported })
}

fn describe_failure(failure: &Failure) -> String {
    let place = match (&failure.id, &failure.band) {
        (Some(id), Some(band)) => format!("{id} {band}"),
        (Some(id), None) => id.clone(),
        _ => failure.href.clone(),
    };
    format!("  {place}\n    {}: {}\n", failure.kind, failure.error)
}
