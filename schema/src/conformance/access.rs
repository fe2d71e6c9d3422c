//! Access to local files alone, with which an adapter is tested without the engine.

use crate::{
    Access, AccessError, AccessErrorKind, Document, DocumentRequest, ListedFile, ObjectVersion, RandomAccess,
};
use bytes::Bytes;
use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream, StreamExt};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reaches local files by path, and nothing else. Blocks while it reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFiles;

#[derive(Debug)]
struct LocalFile {
    path: PathBuf,
    size: u64,
}

impl Access for LocalFiles {
    fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>> {
        let read = || {
            let size = fs::metadata(&request.href)?.len();
            if size > request.max_bytes {
                return Err(io::Error::from(io::ErrorKind::FileTooLarge));
            }
            fs::read(&request.href)
        };
        let read = read().map_err(|error| failed(&request.href, &error));
        let document = read.map(|bytes| Document { href: request.href.clone(), bytes: bytes.into() });
        Box::pin(future::ready(document))
    }

    fn open<'a>(&'a self, href: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>> {
        let open = || -> io::Result<Arc<dyn RandomAccess>> {
            let path = PathBuf::from(href);
            let size = fs::metadata(&path)?.len();
            Ok(Arc::new(LocalFile { path, size }))
        };
        Box::pin(future::ready(open().map_err(|error| failed(href, &error))))
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>> {
        let mut files = Vec::new();
        let listed = match walk(Path::new(folder), &mut files) {
            Ok(()) => {
                files.sort_by(|a, b| a.href.cmp(&b.href));
                files.into_iter().map(Ok).collect()
            }
            Err(error) => vec![Err(failed(folder, &error))],
        };
        stream::iter(listed).boxed()
    }
}

impl RandomAccess for LocalFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn version(&self) -> ObjectVersion {
        ObjectVersion { size: Some(self.size), ..ObjectVersion::default() }
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, AccessError>> {
        let read = || {
            if range.start > range.end || range.end > self.size {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = Vec::new();
            file.take(range.end - range.start).read_to_end(&mut bytes)?;
            Ok(bytes.into())
        };
        Box::pin(future::ready(read().map_err(|error| failed(&self.path.display().to_string(), &error))))
    }
}

fn walk(folder: &Path, files: &mut Vec<ListedFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, metadata) = (entry.path(), entry.metadata()?);
        if metadata.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(ListedFile { href: path.display().to_string(), size: metadata.len() });
        }
    }
    Ok(())
}

fn failed(href: &str, error: &io::Error) -> AccessError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => AccessErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => AccessErrorKind::Denied,
        io::ErrorKind::FileTooLarge => AccessErrorKind::TooLarge,
        io::ErrorKind::UnexpectedEof => AccessErrorKind::Invalid,
        _ => AccessErrorKind::Unavailable,
    };
    AccessError { href: href.to_owned(), kind, message: error.to_string() }
}
