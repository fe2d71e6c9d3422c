//! Reads parts of tables while those before them are consumed.

use arrow_array::RecordBatch;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, Fuse, FuturesOrdered};
use futures::{FutureExt, Stream, StreamExt};
use rasteret_schema::SourceError;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Parts that are read at once at most.
const PARTS: usize = 8;
/// Bytes of parts that are being read or wait to be consumed. A single part may be larger.
const BYTES: u64 = 64 << 20;

/// Rows of a table that follow each other.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub batch: RecordBatch,
    /// Number of the first row in its file, or part of it.
    pub first: u64,
    /// The part, where rows are counted in each by itself.
    pub part: Option<usize>,
}

/// The rows of a part, decoded one batch after the other.
pub(crate) type RowsIterator = Box<dyn Iterator<Item = Result<Rows, SourceError>> + Send>;

/// A part of a table that is read by itself: a row group, a record batch.
pub(crate) struct Part {
    /// Bytes to read.
    pub bytes: u64,
    /// Reads it.
    pub load: BoxFuture<'static, Result<RowsIterator, SourceError>>,
}

/// Parts, in the order of the table.
pub(crate) type PartStream = BoxStream<'static, Result<Part, SourceError>>;

/// The parts' rows in the parts' order.
pub(crate) fn read_ahead(parts: PartStream) -> impl Stream<Item = Result<RowsIterator, SourceError>> + Send {
    ReadAhead { parts: parts.fuse(), reading: FuturesOrdered::new(), bytes: 0 }
}

type Loaded = (u64, Result<RowsIterator, SourceError>);

struct ReadAhead {
    parts: Fuse<PartStream>,
    reading: FuturesOrdered<BoxFuture<'static, Loaded>>,
    bytes: u64,
}

impl Stream for ReadAhead {
    type Item = Result<RowsIterator, SourceError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while this.reading.is_empty() || (this.reading.len() < PARTS && this.bytes < BYTES) {
            let part = match this.parts.poll_next_unpin(context) {
                Poll::Ready(Some(part)) => part,
                Poll::Ready(None) | Poll::Pending => break,
            };
            let (bytes, load) = match part {
                Ok(Part { bytes, load }) => (bytes, load),
                Err(error) => (0, futures::future::ready(Err(error)).boxed()),
            };
            this.bytes += bytes;
            this.reading.push_back(load.map(move |rows| (bytes, rows)).boxed());
        }
        match this.reading.poll_next_unpin(context) {
            Poll::Ready(Some((bytes, rows))) => {
                this.bytes -= bytes;
                Poll::Ready(Some(rows))
            }
            Poll::Ready(None) if this.parts.is_done() => Poll::Ready(None),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
