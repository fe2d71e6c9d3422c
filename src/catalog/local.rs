//! What is at a path: a ready collection, a table with a record a row, a STAC catalogue.

use super::{CatalogError, LOCAL};
use crate::error::{Error, Result};
use arrow_array::{Array, ArrayRef};
use chrono::DateTime;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use rasteret_schema::DatasetDescriptor;
use rasteret_schema::record::{ASSETS, DATETIME};
use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Files of a folder whose dates are looked at. A collection that is larger gets no dates.
const MOST_FILES: usize = 10_000;
/// Folders within folders, such as `year=2024/month=1`.
const MOST_LEVELS: usize = 16;

/// A descriptor of what is at a path or URL. URLs are taken for ready collections, without a look.
pub(super) fn describe(id: &str, path: &str) -> Result<DatasetDescriptor> {
    let of = |mut members: serde_json::Value| {
        members["id"] = json!(id);
        members["spatial_coverage"] = json!(LOCAL);
        Ok(DatasetDescriptor::from_json(members).map_err(CatalogError::Descriptor)?)
    };
    if path.contains("://") {
        return of(json!({"name": id, "collection_uri": path}));
    }
    let path = expanded(path);
    // Another process may have another working directory.
    let place = std::path::absolute(&path).map_err(failed(&path))?;
    let Some(place_text) = place.to_str() else {
        return Err(no_dataset(&path, "its name is not UTF-8"));
    };
    let stem = place.file_stem().map_or(id.into(), |stem| stem.to_string_lossy());
    if let Some(catalog) = stac_root(&place) {
        return of(json!({"name": stem, "stac_api": catalog, "static_catalog": true}));
    }
    let files = parquet_files(&place).map_err(failed(&path))?;
    let Some(first) = files.first() else {
        let reason = if place.exists() {
            "it is neither a STAC catalogue nor a Parquet file or a folder of these"
        } else {
            "it does not exist"
        };
        return Err(no_dataset(&path, reason));
    };
    let metadata = open(first)?;
    let said = |key: &str| metadata.schema().metadata().get(key).filter(|text| !text.is_empty()).cloned();
    // What was exported has assets; what was not is a table to build from.
    let is_collection = metadata.schema().column_with_name(ASSETS).is_some();
    of(json!({
        "name": said("name").unwrap_or_else(|| stem.into_owned()),
        "description": said("description").unwrap_or_default(),
        if is_collection { "collection_uri" } else { "record_table_uri" }: place_text,
        "stac_collection": said("data_source"),
        "temporal_range": dates(&files)?,
    }))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let what = path.display().to_string();
    move |source| Error::Io { what: what.clone(), source }
}

fn no_dataset(path: &Path, reason: &str) -> Error {
    CatalogError::NoDataset { path: path.display().to_string(), reason: reason.to_owned() }.into()
}

/// `~` is the home directory, as for rasteret.
fn expanded(path: &str) -> PathBuf {
    match (Path::new(path).strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The root of a STAC catalogue: a JSON file, or what such a file is called in a folder.
fn stac_root(place: &Path) -> Option<String> {
    let is_json = place.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let root = match is_json && place.is_file() {
        true => place.to_owned(),
        false => ["catalog.json", "collection.json"]
            .map(|name| place.join(name))
            .into_iter()
            .find(|it| it.is_file())?,
    };
    Some(root.to_str()?.to_owned())
}

/// A Parquet file, or those below a folder, sorted.
fn parquet_files(place: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_parquet =
        |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    if place.is_file() {
        return Ok(if is_parquet(place) { vec![place.to_owned()] } else { Vec::new() });
    }
    let (mut files, mut folders) = (Vec::new(), vec![(place.to_owned(), 0)]);
    while let Some((folder, level)) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
            if path.is_dir() && !hidden && level < MOST_LEVELS {
                folders.push((path, level + 1));
            } else if is_parquet(&path) && !hidden && files.len() <= MOST_FILES {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn open(path: &Path) -> Result<ArrowReaderMetadata> {
    let file = File::open(path).map_err(failed(path))?;
    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|error| no_dataset(path, &error.to_string()))
}

/// First and last day of the records, from what the files say of their row groups; `None` if they do not.
fn dates(files: &[PathBuf]) -> Result<Option<[String; 2]>> {
    if files.len() > MOST_FILES {
        return Ok(None);
    }
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for file in files {
        let metadata = open(file)?;
        let parquet = metadata.metadata();
        let Ok(column) =
            StatisticsConverter::try_new(DATETIME, metadata.schema(), parquet.file_metadata().schema_descr())
        else {
            return Ok(None);
        };
        let extremes = column.row_group_mins(parquet.row_groups()).and_then(|mins| {
            Ok((microseconds(&mins), microseconds(&column.row_group_maxes(parquet.row_groups())?)))
        });
        let Ok((Some(mins), Some(maxes))) = extremes else { return Ok(None) };
        first = mins.into_iter().fold(first, i64::min);
        last = maxes.into_iter().fold(last, i64::max);
    }
    let day = |time| Some(DateTime::from_timestamp_micros(time)?.format("%Y-%m-%d").to_string());
    Ok(day(first).zip(day(last)).filter(|_| first <= last).map(|(first, last)| [first, last]))
}

/// The values of a column of times, if all are there.
fn microseconds(column: &ArrayRef) -> Option<Vec<i64>> {
    let column = rasteret_schema::time::micros(column)?;
    (column.null_count() == 0).then(|| column.values().to_vec())
}
