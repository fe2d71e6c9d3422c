//! The records of a view as a stream of Arrow batches.

use super::SharedTable;
use crate::error::Result;
use crate::query::{BoundFilter, Filter, kept, scan};
use crate::store::{Collection, Scan, ScanBatch};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use std::sync::Arc;

/// Headers that a batch has at most, of all bands together, if it has more than one record: those of large rasters
/// are tens of kilobytes each.
const HEADERS: usize = 4096;

/// The records of a view, batch by batch: one chunk of the collection and one batch of at most some thousand
/// headers are held at a time. Batches are not empty. What is read is what was there when this was made.
#[derive(Debug)]
pub struct RecordBatches {
    table: SharedTable,
    filter: BoundFilter,
    scan: Scan,
    /// Rows of a chunk that are still to come.
    rest: ScanBatch,
    /// Rows of a batch at most.
    most: usize,
}

impl RecordBatches {
    pub(crate) fn new(stored: &Collection, filter: &Filter, columns: Option<&[&str]>) -> Result<Self> {
        let table = SharedTable::new(stored, columns)?;
        let fields = table.projection().schema().fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let filter = filter.bind(stored.schema())?;
        let scan = scan(stored, &filter, &names)?;
        let bands = table.schema().fields().len() - fields.len();
        let most = HEADERS.checked_div(bands).map_or(usize::MAX, |rows| rows.max(1));
        let rest =
            ScanBatch { batch: RecordBatch::new_empty(Arc::new(Schema::empty())), records: Vec::new() };
        Ok(RecordBatches { table, filter, scan, rest, most })
    }

    /// The batches as an Arrow C stream, to be handed to another library or language: what Python's
    /// `__arrow_c_stream__` wraps in a capsule. The consumer drives it, from any thread.
    ///
    /// ```no_run
    /// # fn stream(view: rasteret::Collection) -> rasteret::Result<()> {
    /// use arrow_array::ffi_stream::ArrowArrayStreamReader;
    /// let stream = view.to_batches(None)?.into_c_stream();
    /// let reader = ArrowArrayStreamReader::try_new(stream)?;
    /// # Ok(()) }
    /// ```
    pub fn into_c_stream(self) -> FFI_ArrowArrayStream {
        FFI_ArrowArrayStream::new(Box::new(self))
    }

    fn read(&mut self) -> Result<Option<RecordBatch>> {
        while self.rest.records.is_empty() {
            let Some(chunk) = self.scan.next() else { return Ok(None) };
            self.rest = kept(&self.filter, chunk?)?;
        }
        let ScanBatch { batch, records } = &mut self.rest;
        let later = records.split_off(records.len().min(self.most));
        let shared = self.table.batch(&batch.slice(0, records.len()), records)?;
        *batch = batch.slice(records.len(), later.len());
        *records = later;
        Ok(Some(shared))
    }
}

impl Iterator for RecordBatches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().map_err(|error| ArrowError::ExternalError(Box::new(error))).transpose()
    }
}

impl RecordBatchReader for RecordBatches {
    fn schema(&self) -> SchemaRef {
        self.table.schema().clone()
    }
}
