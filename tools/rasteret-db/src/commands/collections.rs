//! `collections …`.

use super::Session;
use crate::Outcome;
use crate::args::{BuildLocal, Collections};
use crate::print::{CommandError, bytes, count, fields, plural, table};
use rasteret::blocking::Wait;
use rasteret::build::{BuildSummary, Failure};
use rasteret::local::LocalSource;
use rasteret::{CollectionInfo, record};
use serde_json::json;

pub fn run(session: &Session<'_>, command: &Collections) -> Result<Outcome, CommandError> {
    match command {
        Collections::BuildLocal(build) => build_local(session, build),
        Collections::List => list(session),
        Collections::Info { name } => {
            let info = session.open()?.collection(name)?.info()?;
            session.printer.result(&info, || describe(&info))?;
            Ok(Outcome::Done)
        }
        Collections::Head { name, n, selection } => head(session, name, *n, selection),
        Collections::Schema { name } => {
            let columns = session.open()?.collection(name)?.info()?.columns;
            session.printer.result(&columns, || {
                let rows = columns.iter().map(|column| {
                    vec![
                        column.name.clone(),
                        column.data_type.clone(),
                        if column.nullable { "" } else { "required" }.to_owned(),
                    ]
                });
                table(&["column", "type", ""], rows, &[])
            })?;
            Ok(Outcome::Done)
        }
        Collections::Rename { name, new_name } => {
            session.open_writable()?.rename(name, new_name)?;
            session.printer.result(&json!({"name": new_name, "renamed_from": name}), || {
                format!("{name} is {new_name} now")
            })?;
            Ok(Outcome::Done)
        }
        Collections::Delete { name } => {
            let records = session.open_writable()?.delete(name)?;
            session.printer.result(&json!({"name": name, "records": records}), || {
                format!("deleted {name} with {}", plural(records, "record"))
            })?;
            Ok(Outcome::Done)
        }
    }
}

fn build_local(session: &Session<'_>, build: &BuildLocal) -> Result<Outcome, CommandError> {
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
    let summary = database
        .build(source)
        .name(&build.name)
        .filter(build.selection.filter()?)
        .force(build.force)
        .strict(build.strict)
        .run()
        .wait();
    bar.finish_and_clear();
    report(session, &summary?)
}

/// Prints what a build did.
pub fn report(session: &Session<'_>, summary: &BuildSummary) -> Result<Outcome, CommandError> {
    session.printer.result(summary, || {
        let mut text = if summary.cached {
            format!("{} is up to date: {}\n", summary.name, plural(summary.records, "record"))
        } else {
            format!(
                "built {}: {}, {} in {:.2} s\n",
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

fn list(session: &Session<'_>) -> Result<Outcome, CommandError> {
    let collections = session.open()?.collections()?;
    session.printer.result(&collections, || {
        if collections.is_empty() {
            return "no collections yet: `rasteret-db collections build-local --name NAME FOLDER` builds one"
                .to_owned();
        }
        let rows = collections.iter().map(|info| {
            vec![
                info.name.clone(),
                count(info.records),
                shortened(&info.bands),
                info.epsg.iter().map(i32::to_string).collect::<Vec<_>>().join(" "),
                date_range(info),
                bytes(info.size_bytes),
            ]
        });
        table(&["name", "records", "bands", "epsg", "dates", "size"], rows, &[1, 5])
    })?;
    Ok(Outcome::Done)
}

fn describe(info: &CollectionInfo) -> String {
    let columns: Vec<String> =
        info.columns.iter().map(|column| format!("{}: {}", column.name, column.data_type)).collect();
    let bounds =
        info.bounds.map_or("–".to_owned(), |[w, s, e, n]| format!("{w:.6}, {s:.6}, {e:.6}, {n:.6}"));
    fields(&[
        ("name", info.name.clone()),
        ("records", count(info.records)),
        ("headers", count(info.headers)),
        ("bands", info.bands.join(" ")),
        ("epsg", info.epsg.iter().map(i32::to_string).collect::<Vec<_>>().join(" ")),
        ("bounds", bounds),
        ("dates", date_range(info)),
        ("source", info.data_source.clone()),
        ("created", info.created.clone()),
        ("size", bytes(info.size_bytes)),
        ("columns", columns.join("\n")),
    ])
}

fn date_range(info: &CollectionInfo) -> String {
    let day = |text: &str| text.get(..10).unwrap_or(text).to_owned();
    match &info.date_range {
        Some([start, end]) if day(start) == day(end) => day(start),
        Some([start, end]) => format!("{} – {}", day(start), day(end)),
        None => "–".to_owned(),
    }
}

fn shortened(bands: &[String]) -> String {
    match bands {
        [first, second, third, .., last] if bands.len() > 6 => {
            format!("{first} {second} {third} … {last} ({})", bands.len())
        }
        _ => bands.join(" "),
    }
}

fn head(
    session: &Session<'_>,
    name: &str,
    n: usize,
    selection: &crate::args::Selection,
) -> Result<Outcome, CommandError> {
    let rows = session.open()?.collection(name)?.subset(selection.filter()?).head(n)?;
    session.printer.result(&rows, || {
        let cells = rows.iter().map(|row| {
            let text = |column: &str| match row.get(column) {
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(serde_json::Value::Null) | None => "–".to_owned(),
                Some(value) => value.to_string(),
            };
            let bands = row.get(record::ASSETS).and_then(|assets| assets.as_object());
            let bands: Vec<String> = bands.map(|bands| bands.keys().cloned().collect()).unwrap_or_default();
            vec![text(record::ID), text(record::DATETIME), text(record::CRS), shortened(&bands)]
        });
        table(&["id", "datetime", "crs", "bands"], cells, &[])
    })?;
    Ok(Outcome::Done)
}
