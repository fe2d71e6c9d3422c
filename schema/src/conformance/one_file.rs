//! Access to one file in memory, with which an adapter is tested on bytes that no writer writes.

use crate::{
    Access, AccessError, AccessErrorKind, Document, DocumentRequest, ListedFile, ObjectVersion, RandomAccess,
};
use bytes::Bytes;
use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream, StreamExt};
use std::ops::Range;
use std::sync::Arc;

/// The same bytes at every href, and no folder. What is read beyond their end panics: an adapter has to know.
#[derive(Debug, Clone)]
pub struct OneFile(Bytes);

impl OneFile {
    /// A file of these bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        OneFile(bytes.into())
    }
}

impl Access for OneFile {
    fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>> {
        Box::pin(future::ready(Ok(Document { href: request.href, bytes: self.0.clone() })))
    }

    fn open<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>> {
        Box::pin(future::ready(Ok(Arc::new(self.clone()) as Arc<dyn RandomAccess>)))
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>> {
        let message = "there are no folders".to_owned();
        let error = AccessError { href: folder.to_owned(), kind: AccessErrorKind::NotFound, message };
        stream::iter([Err(error)]).boxed()
    }
}

impl RandomAccess for OneFile {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn version(&self) -> ObjectVersion {
        ObjectVersion::default()
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, AccessError>> {
        Box::pin(future::ready(Ok(self.0.slice(range.start as usize..range.end as usize))))
    }
}
