//! What tests ask of a source.

use futures::executor::block_on;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use rasteret_schema::conformance::{LocalFiles, read_all};
use rasteret_schema::{
    Access, AccessError, Document, DocumentRequest, ListedFile, RandomAccess, Record, Selection, SourceError,
    SourceFailure,
};
use rasteret_stac::StacSource;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Local files, and what is at URLs below `base` as well. Notes what it is asked for.
#[derive(Debug)]
pub struct Published {
    base: String,
    folder: String,
    pub asked: Mutex<Vec<String>>,
}

impl Published {
    pub fn new(base: &str, folder: &Path) -> Arc<Self> {
        let folder = folder.to_str().unwrap().to_owned();
        Arc::new(Published { base: base.to_owned(), folder, asked: Mutex::default() })
    }

    fn path(&self, href: &str) -> String {
        self.asked.lock().unwrap().push(href.to_owned());
        href.strip_prefix(&self.base).map_or_else(|| href.to_owned(), |rest| format!("{}{rest}", self.folder))
    }
}

impl Access for Published {
    fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>> {
        let href = request.href.clone();
        let path = self.path(&href);
        Box::pin(async move {
            let document = LocalFiles.fetch(DocumentRequest { href: path, ..request }).await?;
            Ok(Document { href, ..document })
        })
    }

    fn open<'a>(&'a self, href: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>> {
        let path = self.path(href);
        Box::pin(async move { LocalFiles.open(&path).await })
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>> {
        LocalFiles.list(folder)
    }
}

/// A source over local files.
pub fn local(path: &Path) -> StacSource {
    StacSource::new(path.to_str().unwrap(), Arc::new(LocalFiles))
}

/// All records and failures.
pub fn read(
    source: &StacSource,
    selection: &Selection,
) -> Result<(Vec<Record>, Vec<SourceFailure>), SourceError> {
    block_on(read_all(source, selection))
}

/// Ids of all records of a source without failures.
pub fn ids(source: &StacSource, selection: &Selection) -> Vec<String> {
    let (records, failures) = read(source, selection).unwrap();
    assert_eq!(failures, []);
    records.into_iter().map(|record| record.id).collect()
}
