//! What source adapters ask for: documents, files that are read in parts, and lists of files.

mod document;
mod encoding;
mod list;
mod message;
mod open;

use super::{ByteSourceError, ByteSources};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use rasteret_schema::access::plain_href;
use rasteret_schema::{
    Access, AccessError, AccessErrorKind, Document, DocumentRequest, ListedFile, RandomAccess,
};
use std::sync::Arc;

/// Reaches servers, buckets and local files alike. What goes over a network runs on the library's own runtime,
/// so that any executor can drive it.
impl Access for ByteSources {
    fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>> {
        Box::pin(async move {
            let href = plain_href(&request.href);
            document::fetch(self, request).await.map_err(|error| failed(href, error))
        })
    }

    fn open<'a>(&'a self, href: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>> {
        Box::pin(async move {
            match open::open(self, href).await {
                Ok(file) => Ok(Arc::new(file) as Arc<dyn RandomAccess>),
                Err(error) => Err(failed(plain_href(href), error)),
            }
        })
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>> {
        list::list(self, folder)
    }
}

/// An error as adapters see it, with a plain href.
fn failed(href: String, error: ByteSourceError) -> AccessError {
    let kind = match &error {
        ByteSourceError::NotFound => AccessErrorKind::NotFound,
        ByteSourceError::AccessDenied { .. } | ByteSourceError::OutsideOfRoots => AccessErrorKind::Denied,
        ByteSourceError::TooLarge { .. } => AccessErrorKind::TooLarge,
        ByteSourceError::Unreachable { .. } | ByteSourceError::NotWritten(_) | ByteSourceError::Io(_) => {
            AccessErrorKind::Unavailable
        }
        ByteSourceError::Changed { .. }
        | ByteSourceError::BeyondEnd { .. }
        | ByteSourceError::RangesNotSupported
        | ByteSourceError::WrongResponse(_)
        | ByteSourceError::UnsupportedScheme { .. }
        | ByteSourceError::Invalid(_) => AccessErrorKind::Invalid,
    };
    AccessError { href, kind, message: error.to_string() }
}
