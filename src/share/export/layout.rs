//! The tables that there are to export.

use crate::error::Result;
use crate::share::SharedTable;
use crate::store::Projection;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

/// What makes rows of the files out of the store's.
#[derive(Debug, Clone)]
pub enum Layout {
    /// The one that rasteret reads.
    Rasteret(SharedTable),
}

impl Layout {
    /// The schema of the files.
    pub fn schema(&self) -> &SchemaRef {
        match self {
            Layout::Rasteret(table) => table.schema(),
        }
    }

    /// The columns of the store that it needs.
    pub fn projection(&self) -> &Projection {
        match self {
            Layout::Rasteret(table) => table.projection(),
        }
    }

    /// Rows of the files: those of the store, with the numbers of their records.
    pub fn batch(&self, rows: &RecordBatch, records: &[u64]) -> Result<RecordBatch> {
        match self {
            Layout::Rasteret(table) => table.batch(rows, records),
        }
    }
}
