//! `collections …`.

use super::{Session, build, share};
use crate::Outcome;
use crate::args::Collections;
use crate::print::{CommandError, bytes, count, fields, plural, table};
use rasteret::schema::BandAliases;
use rasteret::{CollectionInfo, record};
use serde_json::json;

pub fn run(session: &Session<'_>, command: &Collections) -> Result<Outcome, CommandError> {
    match command {
        Collections::Build(arguments) => build::dataset(session, arguments),
        Collections::BuildStac(arguments) => build::stac(session, arguments),
        Collections::BuildTable(arguments) => build::table(session, arguments),
        Collections::BuildLocal(arguments) => build::local(session, arguments),
        Collections::List => list(session),
        Collections::Info { name } => {
            let info = session.open()?.collection(name)?.info()?;
            session.printer.result(&info, || describe(&info))?;
            Ok(Outcome::Done)
        }
        Collections::Head { name, n, selection } => head(session, name, *n, selection),
        Collections::Schema { name } => {
            let columns = session.open()?.collection(name)?.columns()?;
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
        Collections::Merge(arguments) => share::merge(session, arguments),
        Collections::Annotate(arguments) => share::annotate(session, arguments),
        Collections::Split(arguments) => share::split(session, arguments),
        Collections::Refresh(arguments) => super::import::refresh(session, arguments),
        Collections::Alias { name, aliases, common_names } => alias(session, name, aliases, *common_names),
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

fn alias(
    session: &Session<'_>,
    name: &str,
    definitions: &[String],
    common_names: bool,
) -> Result<Outcome, CommandError> {
    let aliases = if definitions.is_empty() && !common_names {
        session.open()?.collection(name)?.band_aliases()?
    } else {
        let defined = definitions.iter().map(|text| definition(text)).collect::<Result<Vec<_>, _>>()?;
        let common = if common_names { BandAliases::common_names() } else { BandAliases::default() };
        let database = session.open_writable()?;
        let known = database.collection(name)?.band_aliases()?;
        let is_new = |alias: &str| defined.iter().any(|(other, _)| *other == alias);
        let kept = known.iter().filter(|(alias, _)| !is_new(alias) && common.get(alias).is_empty());
        let kept = kept.chain(common.iter().filter(|(alias, _)| !is_new(alias)));
        let kept = kept.map(|(alias, bands)| (alias, bands.iter().map(String::as_str).collect()));
        let defined = defined.iter().filter(|(_, bands)| !bands.is_empty()).cloned();
        let aliases = BandAliases::new(kept.chain(defined).collect::<Vec<(&str, Vec<&str>)>>())
            .map_err(|error| CommandError::Usage(error.to_string()))?;
        database.set_band_aliases(name, &aliases)?;
        aliases
    };
    session.printer.result(&aliases, || match aliases.is_empty() {
        true => format!("{name} has no aliases of bands: `collections alias {name} red=B04,B4` defines one"),
        false => {
            let rows = aliases.iter().map(|(alias, bands)| vec![alias.to_owned(), bands.join(" ")]);
            table(&["alias", "bands"], rows, &[])
        }
    })?;
    Ok(Outcome::Done)
}

/// An alias and its bands, of `red=B04,B4`.
fn definition(text: &str) -> Result<(&str, Vec<&str>), CommandError> {
    let (alias, bands) = text
        .split_once('=')
        .ok_or_else(|| CommandError::Usage(format!("{text:?} is no alias: write it as red=B04,B4")))?;
    Ok((alias.trim(), bands.split(',').map(str::trim).filter(|band| !band.is_empty()).collect()))
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

pub(super) fn describe(info: &CollectionInfo) -> String {
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
    let first = session.open()?.collection(name)?.subset(selection.filter()?).head(n)?;
    let rows = rasteret::query::json_rows(&first)?;
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
