//! Few batches of many: of what a selection leaves of a table, a batch may have a row.

use crate::format::{BATCH_BYTES, BATCH_ROWS};
use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::{HeaderArchive, RecordStream, SourceBatch, SourceError, SourceHeader, UnusableHeader};
use std::sync::Arc;

/// Joins batches of one schema that follow each other, as long as they are not too large.
pub(crate) fn gathered(
    batches: BoxStream<'static, Result<SourceBatch, SourceError>>,
) -> RecordStream<'static> {
    let next: Option<SourceBatch> = None;
    stream::try_unfold((batches, next), async |(mut batches, next)| {
        let mut parts: Vec<SourceBatch> = next.into_iter().collect();
        let mut size = parts.iter().map(Size::of).fold(Size::default(), Size::plus);
        let mut next = None;
        while let Some(batch) = batches.try_next().await? {
            let with = size.plus(Size::of(&batch));
            if !parts.is_empty() && !with.is_small() {
                next = Some(batch);
                break;
            }
            size = with;
            if batch.records.num_rows() > 0 || !batch.failures.is_empty() {
                parts.push(batch);
            }
        }
        if parts.is_empty() && next.is_none() {
            return Ok(None);
        }
        let joined = joined(parts).map_err(|error| SourceError::Read {
            what: "a batch of records".to_owned(),
            source: error.into(),
        })?;
        Ok(joined.map(|batch| (batch, (batches, next))))
    })
    .boxed()
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    rows: usize,
    failures: usize,
    bytes: u64,
}

impl Size {
    fn of(batch: &SourceBatch) -> Size {
        // Bands of one file share their header, and lie side by side.
        let mut headers: Vec<&Arc<HeaderArchive>> = batch.headers.iter().map(|it| &it.header).collect();
        headers.dedup_by(|a, b| Arc::ptr_eq(a, b));
        let headers: usize = headers.iter().map(|header| header.as_bytes().len()).sum();
        Size {
            rows: batch.records.num_rows(),
            failures: batch.failures.len(),
            bytes: (batch.records.get_array_memory_size() + headers) as u64,
        }
    }

    fn plus(self, other: Size) -> Size {
        Size {
            rows: self.rows + other.rows,
            failures: self.failures + other.failures,
            bytes: self.bytes + other.bytes,
        }
    }

    fn is_small(self) -> bool {
        self.rows <= BATCH_ROWS && self.failures <= BATCH_ROWS && self.bytes <= BATCH_BYTES
    }
}

fn joined(mut parts: Vec<SourceBatch>) -> Result<Option<SourceBatch>, ArrowError> {
    if parts.len() < 2 {
        return Ok(parts.pop());
    }
    let Some(first) = parts.first() else { return Ok(None) };
    let records = concat_batches(&first.records.schema(), parts.iter().map(|part| &part.records))?;
    let mut joined = SourceBatch { total: first.total, ..SourceBatch::new(records) };
    let mut rows = 0;
    for SourceBatch { records, headers, unusable, failures, .. } in parts {
        joined.headers.extend(headers.into_iter().map(|it| SourceHeader { row: rows + it.row, ..it }));
        joined.unusable.extend(unusable.into_iter().map(|it| UnusableHeader { row: rows + it.row, ..it }));
        joined.failures.extend(failures);
        rows += records.num_rows();
    }
    Ok(Some(joined))
}
