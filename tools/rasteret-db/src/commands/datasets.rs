//! `datasets …`.

use super::Session;
use crate::Outcome;
use crate::args::Datasets;
use crate::print::{CommandError, fields, table};
use rasteret::Catalog;
use rasteret::catalog::{Entry, Origin};
use rasteret::schema::DatasetDescriptor;
use serde_json::json;
use std::path::Path;

pub fn run(session: &Session<'_>, command: &Datasets) -> Result<Outcome, CommandError> {
    match command {
        Datasets::List { search } => list(session, search.as_deref())?,
        Datasets::Info { id } => {
            let entry = catalog(session)?.get(id)?;
            session.printer.result(&entry.dataset, || describe(&entry))?;
        }
        Datasets::RegisterLocal { id, path, name, description } => {
            let catalog = session.open_writable()?.catalog();
            let dataset = catalog.register_local(id, path, name.as_deref(), description.as_deref())?;
            session.printer.result(&dataset, || format!("registered {id}: {}", source(&dataset)))?;
        }
        Datasets::UnregisterLocal { id } => {
            let dataset = session.open_writable()?.catalog().unregister(id)?;
            session
                .printer
                .result(&dataset, || format!("{id} is not registered any more; its files stay"))?;
        }
        Datasets::ExportLocal { id, output } => export(session, id, output)?,
        Datasets::Import { file } => {
            let datasets = session.open_writable()?.catalog().import(file)?;
            session.printer.result(&datasets, || {
                let ids: Vec<&str> = datasets.iter().map(|dataset| dataset.id.as_str()).collect();
                format!("registered {}", ids.join(", "))
            })?;
        }
    }
    Ok(Outcome::Done)
}

/// The catalogue, with what is registered in the database if there is one.
fn catalog(session: &Session<'_>) -> Result<Catalog, CommandError> {
    Ok(if session.path.exists() { session.open()?.catalog() } else { Catalog::new() })
}

fn list(session: &Session<'_>, word: Option<&str>) -> Result<(), CommandError> {
    let catalog = catalog(session)?;
    let entries = match word {
        Some(word) => catalog.search(word)?,
        None => catalog.list()?,
    };
    let datasets: Vec<&DatasetDescriptor> = entries.iter().map(|entry| &entry.dataset).collect();
    session.printer.result(&datasets, || {
        if entries.is_empty() {
            return format!("no dataset has {:?} in its id, name or description", word.unwrap_or_default());
        }
        let rows = entries.iter().map(|Entry { dataset, origin }| {
            vec![
                dataset.id.clone(),
                dataset.name.clone(),
                dataset.spatial_coverage.clone(),
                dataset.license.clone(),
                if dataset.requires_auth { "needed" } else { "" }.to_owned(),
                if *origin == Origin::BuiltIn { "" } else { origin.name() }.to_owned(),
            ]
        });
        table(&["id", "name", "coverage", "licence", "credentials", "registered"], rows, &[])
    })
}

fn export(session: &Session<'_>, id: &str, output: &Path) -> Result<(), CommandError> {
    super::create_parent(output)?;
    let dataset = catalog(session)?.export(id, output)?;
    let document = json!({"id": dataset.id, "out": output});
    session.printer.result(&document, || format!("{}: {}", output.display(), dataset.id))
}

fn describe(entry: &Entry) -> String {
    let Entry { dataset, origin } = entry;
    let range = |range: &Option<[String; 2]>| range.as_ref().map(|[start, end]| format!("{start} – {end}"));
    let bands = dataset.bands();
    let names: Vec<&str> = match bands.assets.is_empty() {
        true => bands.indexes.keys().map(String::as_str).collect(),
        false => bands.assets.keys().map(String::as_str).collect(),
    };
    let example = dataset.example_bbox.zip(dataset.example_date_range.as_ref());
    let rows = [
        ("id", Some(dataset.id.clone())),
        ("name", Some(dataset.name.clone())),
        ("description", Some(dataset.description.clone())),
        ("source", Some(source(dataset))),
        ("bands", Some(names.join(" "))),
        ("coverage", Some(dataset.spatial_coverage.clone())),
        ("dates", range(&dataset.temporal_range)),
        ("licence", Some(format!("{} {}", dataset.license, dataset.license_url).trim().to_owned())),
        ("commercial use", (!dataset.commercial_use).then(|| "not allowed".to_owned())),
        ("credentials", dataset.requires_auth.then(|| "needed".to_owned())),
        ("known from", Some(origin.name().to_owned())),
        (
            "try",
            example.map(|([w, s, e, n], [start, end])| {
                format!(
                    "collections build {} --name try --bbox {w},{s},{e},{n} --dates {start}/{end}",
                    dataset.id
                )
            }),
        ),
    ];
    let rows: Vec<(&str, String)> = rows
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .collect();
    fields(&rows)
}

/// Where the records are.
fn source(dataset: &DatasetDescriptor) -> String {
    let api = dataset.stac_api.as_ref().map(|api| match &dataset.stac_collection {
        Some(collection) => format!("{api}, {collection}"),
        None => api.clone(),
    });
    dataset.collection_uri.clone().or(api).or(dataset.record_table().map(str::to_owned)).unwrap_or_default()
}
