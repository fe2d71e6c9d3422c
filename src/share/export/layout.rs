//! The tables that there are to export.

use super::relative::RelativeHrefs;
use crate::error::Result;
use crate::share::{STAC_METADATA, SharedRows, SharedTable, StacTable};
use crate::store::Projection;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

/// What makes rows of the files out of the store's.
#[derive(Debug)]
pub struct Layout {
    /// What rasteret reads.
    table: SharedTable,
    /// What makes STAC items of it, where these are what is written.
    items: Option<StacTable>,
    relative: Option<RelativeHrefs>,
}

/// Rows of the files.
#[derive(Debug)]
pub struct Rows {
    pub batch: RecordBatch,
    /// Whether their headers are [whole](SharedRows::whole_headers).
    pub whole_headers: bool,
    /// How many hrefs are not below what they were to be relative to.
    pub hrefs_kept: u64,
}

impl Layout {
    /// That of rasteret, or of stac-geoparquet if there is what makes items.
    pub fn new(table: SharedTable, items: Option<StacTable>, relative: Option<RelativeHrefs>) -> Self {
        Layout { table, items, relative }
    }

    /// The schema of the files.
    pub fn schema(&self) -> &SchemaRef {
        self.items.as_ref().map_or(self.table.schema(), StacTable::schema)
    }

    /// The columns of the store that it needs.
    pub fn projection(&self) -> &Projection {
        self.table.projection()
    }

    /// Rows of the files: those of the store, with the numbers of their records.
    pub fn rows(&self, rows: &RecordBatch, records: &[u64]) -> Result<Rows> {
        let SharedRows { batch, whole_headers } = self.table.rows(rows, records)?;
        let (batch, hrefs_kept) = match &self.relative {
            Some(relative) => relative.batch(batch)?,
            None => (batch, 0),
        };
        let batch = match &self.items {
            Some(items) => items.batch(&batch)?,
            None => batch,
        };
        Ok(Rows { batch, whole_headers, hrefs_kept })
    }

    /// The key and value by which files say that they are of this layout; those of rasteret describe a collection.
    pub fn mark(&self) -> Option<(&'static str, String)> {
        self.items.as_ref().map(|_| (STAC_METADATA.0, STAC_METADATA.1.to_owned()))
    }
}
