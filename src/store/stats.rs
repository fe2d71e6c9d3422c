//! Where the bytes of a file are.

use super::guarded::ReadTable;
use super::{Store, StoreError};

/// Sizes and counts of a store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// One for each table.
    pub tables: Vec<TableStats>,
    /// Number of collections.
    pub collections: u64,
    /// Number of records, of all collections.
    pub records: u64,
    /// Number of headers, each band of each record counted.
    pub headers: u64,
    /// Number of headers that are missing for a known reason.
    pub failures: u64,
}

/// Sizes of a table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableStats {
    /// Its name in `schema/store.md`.
    pub name: &'static str,
    /// Number of entries.
    pub entries: u64,
    /// Bytes of keys and values.
    pub stored_bytes: u64,
    /// Bytes that it takes to find them.
    pub metadata_bytes: u64,
    /// Bytes of its pages that are not used.
    pub fragmented_bytes: u64,
}

impl Store {
    /// Counts what is in the store. Reads every page.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let snapshot = self.read()?;
        let tables = &snapshot.source.tables;
        let collections = snapshot.collections()?;
        let sum = |count: fn(&super::Metadata) -> u64| {
            collections.iter().map(|collection| count(collection.metadata())).sum()
        };
        let what = format!("size of {}", self.path().display());
        let mut sizes = vec![
            table("collections", &tables.collections)?,
            table("schemas", &tables.schemas)?,
            table("chunks", &tables.chunks)?,
            table("tombstones", &tables.tombstones)?,
            table("columns", &tables.columns)?,
            table("ids", &tables.ids)?,
            table("headers", &tables.headers)?,
            table("failures", &tables.failures)?,
        ];
        if let Some(datasets) = &tables.datasets {
            sizes.push(table("datasets", datasets)?);
        }
        Ok(Stats {
            file_bytes: std::fs::metadata(self.path()).map_err(StoreError::io(what))?.len(),
            tables: sizes,
            collections: collections.len() as u64,
            records: sum(|metadata| metadata.records),
            headers: sum(|metadata| metadata.headers),
            failures: sum(|metadata| metadata.failures),
        })
    }
}

fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
    name: &'static str,
    table: &ReadTable<K, V>,
) -> Result<TableStats, StoreError> {
    let stats = table.stats()?;
    Ok(TableStats {
        name,
        entries: table.len()?,
        stored_bytes: stats.stored_bytes(),
        metadata_bytes: stats.metadata_bytes(),
        fragmented_bytes: stats.fragmented_bytes(),
    })
}
