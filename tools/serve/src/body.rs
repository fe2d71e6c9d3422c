//! The body of a response, which may break off.

use crate::stats::Active;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With its last byte.
    Done,
    /// With its connection.
    Reset,
    /// Not at all.
    Never,
}

/// A body: a part of a file, and how it ends.
#[derive(Debug)]
pub struct Part {
    bytes: Bytes,
    end: End,
    is_flushed: bool,
    active: Active,
}

impl Part {
    /// A body that ends with its request.
    pub fn new(bytes: Bytes, end: End, active: Active) -> Self {
        Part { bytes, end, is_flushed: false, active }
    }
}

impl Body for Part {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let bytes = std::mem::take(&mut self.bytes);
        if !bytes.is_empty() {
            self.active.sent(bytes.len() as u64);
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.end {
            End::Done => Poll::Ready(None),
            // What came before is sent before the connection is closed.
            End::Reset if !self.is_flushed => {
                self.is_flushed = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Reset => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
            // Nobody wakes the task: it ends with its connection.
            End::Never => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.end == End::Done
    }

    fn size_hint(&self) -> SizeHint {
        // The length is said in the head, where it is to be said.
        SizeHint::default()
    }
}
