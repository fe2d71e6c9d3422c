//! What source adapters read of any bytes: reading ends, with records that have the columns of a record table, or an
//! error.

use bytes::Bytes;
use futures::StreamExt;
use futures::executor::block_on;
use futures::future::{BoxFuture, ready};
use futures::stream::BoxStream;
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{
    Access, AccessError, AccessErrorKind, BoundingBox, Document, DocumentRequest, ListedFile, ObjectVersion,
    RandomAccess, Selection, SourceAdapter,
};
use std::ops::Range;
use std::sync::Arc;

/// A few bytes can say a billion rows, all the same.
const ROWS: usize = 20_000;
/// A catalogue can link to itself under a hundred thousand names.
const BATCHES: usize = 100;

/// The one file there is: whatever is asked for.
#[derive(Debug, Clone)]
pub struct File(Bytes);

impl File {
    /// A file of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        File(Bytes::copy_from_slice(bytes))
    }
}

fn missing(href: &str) -> AccessError {
    AccessError {
        href: href.to_owned(),
        kind: AccessErrorKind::NotFound,
        message: "it is not there".to_owned(),
    }
}

impl Access for File {
    fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>> {
        Box::pin(ready(Ok(Document { href: request.href, bytes: self.0.clone() })))
    }

    fn open<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>> {
        Box::pin(ready(Ok(Arc::new(self.clone()) as Arc<dyn RandomAccess>)))
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>> {
        futures::stream::iter([Err(missing(folder))]).boxed()
    }
}

impl RandomAccess for File {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn version(&self) -> ObjectVersion {
        ObjectVersion::default()
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, AccessError>> {
        // It panics on what lies outside of the file: the adapter has to check it.
        Box::pin(ready(Ok(self.0.slice(range.start as usize..range.end as usize))))
    }
}

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
