//! The tables that there are to export.

use crate::error::Result;
use crate::share::{STAC_METADATA, SharedRows, SharedTable, StacTable};
use crate::store::Projection;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

/// What makes rows of the files out of the store's.
#[derive(Debug, Clone)]
pub enum Layout {
    /// The one that rasteret reads.
    Rasteret(SharedTable),
    /// That of stac-geoparquet, made of the other.
    Stac(SharedTable, StacTable),
}

impl Layout {
    /// The schema of the files.
    pub fn schema(&self) -> &SchemaRef {
        match self {
            Layout::Rasteret(table) => table.schema(),
            Layout::Stac(_, items) => items.schema(),
        }
    }

    /// The columns of the store that it needs.
    pub fn projection(&self) -> &Projection {
        match self {
            Layout::Rasteret(table) | Layout::Stac(table, _) => table.projection(),
        }
    }

    /// Rows of the files: those of the store, with the numbers of their records.
    pub fn rows(&self, rows: &RecordBatch, records: &[u64]) -> Result<SharedRows> {
        match self {
            Layout::Rasteret(table) => table.rows(rows, records),
            Layout::Stac(table, items) => {
                let SharedRows { batch, whole_headers } = table.rows(rows, records)?;
                Ok(SharedRows { batch: items.batch(&batch)?, whole_headers })
            }
        }
    }

    /// The key and value by which files say that they are of this layout; those of rasteret describe a collection.
    pub fn mark(&self) -> Option<(&'static str, String)> {
        match self {
            Layout::Rasteret(_) => None,
            Layout::Stac(..) => Some((STAC_METADATA.0, STAC_METADATA.1.to_owned())),
        }
    }
}
