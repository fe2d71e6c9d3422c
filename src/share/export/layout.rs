//! The tables that there are to export.

use super::relative::RelativeHrefs;
use crate::error::Result;
use crate::share::{STAC_METADATA, SharedTable, StacTable};
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

    /// Rows of the files: those of the store, with the numbers of their records. And how many hrefs are not below
    /// what they were to be relative to.
    pub fn batch(&self, rows: &RecordBatch, records: &[u64]) -> Result<(RecordBatch, u64)> {
        let rows = self.table.batch(rows, records)?;
        let (rows, elsewhere) = match &self.relative {
            Some(relative) => relative.batch(rows)?,
            None => (rows, 0),
        };
        let rows = match &self.items {
            Some(items) => items.batch(&rows)?,
            None => rows,
        };
        Ok((rows, elsewhere))
    }

    /// The key and value by which files say that they are of this layout; those of rasteret describe a collection.
    pub fn mark(&self) -> Option<(&'static str, String)> {
        self.items.as_ref().map(|_| (STAC_METADATA.0, STAC_METADATA.1.to_owned()))
    }
}
