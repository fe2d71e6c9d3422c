//! The records of a table from elsewhere, without those that point where they may not.

use crate::build::{keep_rows, without_places};
use crate::io::{ByteSources, without_secrets};
use arrow_array::BooleanArray;
use futures::{StreamExt, TryStreamExt};
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{
    Asset, RecordStream, Selection, SourceAdapter, SourceBatch, SourceError, SourceFailure,
};
use rasteret_table::TableSource;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// A table whose records are taken as they are.
#[derive(Debug, Clone)]
pub struct ImportSource {
    /// As the user named it.
    pub table: TableSource,
    /// The same, with what its files say of themselves.
    pub described: TableSource,
    /// Below which folders and files local assets must lie; `None` where they may lie anywhere.
    pub roots: Option<Vec<PathBuf>>,
    /// How assets are reached.
    pub sources: ByteSources,
    /// Number of its records, where it is known.
    pub rows: Option<u64>,
}

impl ImportSource {
    /// The records whose assets may be opened, and why the others may not.
    fn confined(&self, batch: SourceBatch) -> Result<SourceBatch, SourceError> {
        if self.roots.is_none() {
            return Ok(batch);
        }
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| SourceError::Read {
            what: self.description(),
            source: error,
        };
        let records = without_places(&batch.records).map_err(|error| failed(error.into()))?;
        let columns = RecordColumns::new(&records).map_err(|error| failed(error.into()))?;
        let mut failures = Vec::new();
        let mut check = |row: usize| {
            let outside = |asset: Asset| Some((self.sources.check_local(&asset.href).err()?, asset));
            let Some((error, asset)) = columns.assets(row).into_iter().find_map(outside) else { return true };
            failures.push(SourceFailure {
                href: without_secrets(&asset.href),
                kind: error.kind().to_owned(),
                message: format!("record {:?}, band {:?}: {error}", columns.id(row), asset.band),
            });
            false
        };
        let kept: BooleanArray = (0..columns.len()).map(|row| Some(check(row))).collect();
        let mut batch = keep_rows(batch, &kept).map_err(|error| failed(error.into()))?;
        batch.failures.extend(failures);
        Ok(batch)
    }
}

impl SourceAdapter for ImportSource {
    fn kind(&self) -> &'static str {
        "import"
    }

    fn description(&self) -> String {
        self.table.description()
    }

    fn fingerprint(&self) -> Result<String, SourceError> {
        let mut hasher = DefaultHasher::new();
        self.roots.hash(&mut hasher);
        Ok(format!("{}, {:016x}", self.table.fingerprint()?, hasher.finish()))
    }

    fn records<'a>(&'a self, selection: &'a Selection) -> RecordStream<'a> {
        let is_all = *selection == Selection::default();
        let batches = self.described.records(selection).map(move |batch| {
            let batch = self.confined(batch?)?;
            Ok(SourceBatch { total: self.rows.filter(|_| is_all).or(batch.total), ..batch })
        });
        batches.into_stream().boxed()
    }
}
