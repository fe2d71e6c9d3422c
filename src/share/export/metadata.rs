//! What files say of the collection: the keys that `schema/parquet.md` describes.

use super::layout::Layout;
use super::partition::{Partitioning, REQUIRED};
use super::plan::Plan;
use crate::error::{Error, Result};
use crate::store::{Collection, Description};
use chrono::DateTime;
use rasteret_schema::share::{
    COLLECTION_KEY, COLLECTION_VERSION, COLLECTION_VERSION_KEY, CREATED_KEY, CollectionTag, DATA_SOURCE_KEY,
    DATE_RANGE_KEY, DESCRIPTION_KEY, EXPORT_KEY, ExportTag, NAME_KEY, TAG_VERSION,
};

/// What all files of an export say.
#[derive(Debug)]
pub struct Metadata {
    /// What rasteret and this library read of the collection, or the mark of another layout; nothing for a table
    /// that is none.
    common: Vec<(&'static str, String)>,
    tag: ExportTag,
}

impl Metadata {
    /// Of an export of rows of a collection.
    pub fn new(
        stored: &Collection,
        plan: &Plan,
        partitioning: &Partitioning,
        layout: &Layout,
    ) -> Result<Self> {
        let id = format!("{:032x}", new_id());
        let tag = ExportTag {
            version: TAG_VERSION,
            id,
            files: plan.files.len() as u64,
            rows: plan.records.len() as u64,
            file: String::new(),
            file_rows: 0,
            partition_by: partitioning.columns().to_vec(),
            whole_headers: true,
        };
        let is_collection = REQUIRED.iter().all(|column| layout.schema().column_with_name(column).is_some());
        let common = match layout.mark() {
            Some(mark) => vec![mark],
            None if is_collection => describe(stored, plan)?,
            None => Vec::new(),
        };
        Ok(Metadata { common, tag })
    }

    /// What a file says. `file` is its path below the export's folder, with slashes.
    pub fn of_file(&self, file: &str, rows: usize) -> FileMetadata {
        let tag = ExportTag { file: file.to_owned(), file_rows: rows as u64, ..self.tag.clone() };
        FileMetadata { common: self.common.clone(), tag }
    }
}

/// What one file says.
#[derive(Debug)]
pub struct FileMetadata {
    common: Vec<(&'static str, String)>,
    /// What it says of itself, as far as its rows are known.
    pub tag: ExportTag,
}

impl FileMetadata {
    /// Keys and values.
    pub fn entries(self) -> Result<Vec<(&'static str, String)>> {
        let FileMetadata { common: mut entries, tag } = self;
        entries.push((EXPORT_KEY, json(&tag)?));
        Ok(entries)
    }
}

fn describe(stored: &Collection, plan: &Plan) -> Result<Vec<(&'static str, String)>> {
    let metadata = stored.metadata();
    let Description { created, data_source, description, .. } = &metadata.description;
    let mut properties = metadata.description.shared_properties();
    // What the build could not read is of no use to others.
    properties.remove(crate::build::FAILURES);
    let tag = CollectionTag { version: TAG_VERSION, bands: metadata.bands.clone(), properties };
    let (first, last) = (iso(plan.dates.0), iso(plan.dates.1));
    // rasteret reads both, or none.
    let has_dates = !first.is_empty() && !last.is_empty();
    Ok(vec![
        (COLLECTION_VERSION_KEY, COLLECTION_VERSION.to_owned()),
        (NAME_KEY, stored.name().to_owned()),
        (DATA_SOURCE_KEY, data_source.clone()),
        (DESCRIPTION_KEY, description.clone()),
        (CREATED_KEY, iso(*created)),
        (DATE_RANGE_KEY, if has_dates { format!("{first},{last}") } else { String::new() }),
        (COLLECTION_KEY, json(&tag)?),
    ])
}

/// A time as Python's `datetime.isoformat` has it; empty where Python has none.
fn iso(micros: i64) -> String {
    match DateTime::from_timestamp_micros(micros) {
        Some(time) if (1..=9999).contains(&chrono::Datelike::year(&time)) => {
            let fraction = if micros % 1_000_000 == 0 { "" } else { "%.6f" };
            time.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}+00:00")).to_string()
        }
        _ => String::new(),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::InvalidArgument(error.to_string()))
}

/// A number that no other export has. Each of these hashers has random keys.
fn new_id() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    let half = || u128::from(RandomState::new().hash_one(std::time::SystemTime::now()));
    half() << 64 | half()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_python() {
        assert_eq!(iso(1_704_067_200_000_000), "2024-01-01T00:00:00+00:00");
        assert_eq!(iso(-1), "1969-12-31T23:59:59.999999+00:00");
        assert_eq!(iso(i64::MAX), "");
    }
}
