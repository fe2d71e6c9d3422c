//! All that a source has.

use crate::record::RecordColumns;
use crate::{Record, Selection, SourceAdapter, SourceError, SourceFailure};
use futures::TryStreamExt;

/// All records of a source, without user columns, and what could not be turned into records.
///
/// # Errors
///
/// If the source cannot be read, or a batch has not the columns of records.
pub async fn read_all(
    source: &dyn SourceAdapter,
    selection: &Selection,
) -> Result<(Vec<Record>, Vec<SourceFailure>), SourceError> {
    let (mut records, mut failures) = (Vec::new(), Vec::new());
    let mut batches = source.records(selection);
    while let Some(batch) = batches.try_next().await? {
        let columns = RecordColumns::new(&batch.records)
            .map_err(|error| SourceError::Read { what: source.description(), source: Box::new(error) })?;
        records.extend((0..columns.len()).map(|row| columns.record(row)));
        failures.extend(batch.failures);
    }
    Ok((records, failures))
}
