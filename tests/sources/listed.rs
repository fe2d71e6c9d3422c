//! A source of records that the test lists.

use futures::StreamExt;
use rasteret::record::to_batch;
use rasteret::schema::{Record, RecordStream, Selection, SourceAdapter, SourceBatch, SourceHeader};

/// Records that somebody listed, and the headers that come with them.
#[derive(Debug, Clone)]
pub struct Listed {
    pub records: Vec<Record>,
    /// By the number of their record.
    pub headers: Vec<SourceHeader>,
    /// Records in a batch.
    pub batch: usize,
}

impl Listed {
    /// All of them in one batch.
    pub fn new(records: impl IntoIterator<Item = Record>) -> Self {
        Listed { records: records.into_iter().collect(), headers: Vec::new(), batch: usize::MAX }
    }
}

impl SourceAdapter for Listed {
    fn kind(&self) -> &'static str {
        "listed"
    }

    fn description(&self) -> String {
        format!("{} records", self.records.len())
    }

    fn records<'a>(&'a self, _: &'a Selection) -> RecordStream<'a> {
        let total = Some(self.records.len() as u64);
        let batches = self.records.chunks(self.batch).enumerate().map(move |(number, records)| {
            let first = number * self.batch;
            let of_batch =
                self.headers.iter().filter(|header| (first..first + records.len()).contains(&header.row));
            let headers = of_batch.map(|header| SourceHeader { row: header.row - first, ..header.clone() });
            Ok(SourceBatch {
                total,
                headers: headers.collect(),
                ..SourceBatch::new(to_batch(records).unwrap())
            })
        });
        futures::stream::iter(batches).boxed()
    }
}
