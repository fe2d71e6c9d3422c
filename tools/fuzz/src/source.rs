//! What source adapters read of any bytes: reading ends, with records that have the columns of a record table, or an
//! error.

use futures::StreamExt;
use futures::executor::block_on;
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{BoundingBox, Selection, SourceAdapter};

/// A few bytes can say a billion rows, all the same.
const ROWS: usize = 20_000;
/// A catalogue can link to itself under a hundred thousand names.
const BATCHES: usize = 100;

/// Reads all of a source, and some of it.
pub fn read(source: &impl SourceAdapter) {
    let some =
        Selection { bbox: Some(BoundingBox::new(0.0, 0.0, 9.0, 9.0)), start: Some(0), end: Some(1 << 50) };
    for selection in [Selection::default(), some] {
        let mut batches = source.records(&selection);
        let (mut rows, mut read) = (0, 0);
        while let Some(Ok(batch)) = block_on(batches.next()) {
            rows += batch.records.num_rows();
            read += 1;
            if let Ok(columns) = RecordColumns::new(&batch.records) {
                (0..columns.len()).for_each(|row| drop(columns.record(row)));
            }
            if rows > ROWS || read > BATCHES {
                break;
            }
        }
    }
}
