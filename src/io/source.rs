//! A file or an object, by byte ranges.

use super::local::LocalFile;
use super::remote::Remote;
use super::response::Wanted;
use super::{ByteSourceError, runtime};
use bytes::Bytes;
use rasteret_schema::ObjectVersion;
use std::ops::Range;
use std::sync::Arc;

/// A file or an object that is read by byte ranges. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ByteSource {
    href: Arc<str>,
    place: Place,
}

/// Where the bytes lie.
#[derive(Debug, Clone)]
enum Place {
    Local(Arc<LocalFile>),
    Remote(Arc<Remote>),
}

/// Bytes, and what it took to get them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes.
    pub bytes: Bytes,
    /// How many requests were made, those that failed included and redirections not; none for a local file.
    pub requests: u32,
}

impl ByteSource {
    pub(super) fn local(href: String, file: LocalFile) -> Self {
        ByteSource { href: href.into(), place: Place::Local(Arc::new(file)) }
    }

    pub(super) fn remote(href: String, remote: Remote) -> Self {
        ByteSource { href: href.into(), place: Place::Remote(Arc::new(remote)) }
    }

    /// The bytes of a range: exactly as many as it is long.
    ///
    /// Those of a local file are a part of its memory map: nothing is copied, nor read before they are
    /// looked at. Any executor can drive the future; the network work runs on the library's own, and
    /// ends when the future is dropped.
    ///
    /// # Errors
    ///
    /// See [`ByteSourceError`]. Never other bytes than those of the range, of the version that the
    /// source was opened with.
    pub async fn read(&self, range: Range<u64>) -> Result<Fetched, ByteSourceError> {
        match &self.place {
            Place::Local(file) => Ok(Fetched { bytes: file.slice(range)?, requests: 0 }),
            Place::Remote(remote) => {
                let remote = Arc::clone(remote);
                let work = async move { remote.fetch(Wanted::Range(range)).await };
                runtime::run(work).await.map(|(fetched, _)| fetched)
            }
        }
    }

    /// The bytes of adjacent ranges, of the given lengths from `start` on, in one request. Each is handed over
    /// as soon as it is there, in their order, and once, whatever has to be repeated for the others. Returns how
    /// many requests were made.
    ///
    /// # Errors
    ///
    /// As [`ByteSource::read`].
    pub async fn read_each(
        &self,
        start: u64,
        lens: Vec<u64>,
        mut on_part: impl FnMut(Bytes) + Send + 'static,
    ) -> Result<u32, ByteSourceError> {
        match &self.place {
            Place::Local(file) => {
                let mut start = start;
                for len in lens {
                    on_part(file.slice(start..start.saturating_add(len))?);
                    start = start.saturating_add(len);
                }
                Ok(0)
            }
            Place::Remote(remote) => {
                let remote = Arc::clone(remote);
                runtime::run(async move { remote.fetch_each(start, &lens, &mut on_part).await }).await
            }
        }
    }

    /// The first `len` bytes, or all of an object that is shorter, and which version it is, in one request.
    ///
    /// # Errors
    ///
    /// As [`ByteSource::read`].
    pub async fn read_start(&self, len: u64) -> Result<(Fetched, ObjectVersion), ByteSourceError> {
        match &self.place {
            Place::Local(file) => {
                let bytes = file.slice(0..len.min(file.size()))?;
                Ok((Fetched { bytes, requests: 0 }, file.version()))
            }
            Place::Remote(remote) => {
                let remote = Arc::clone(remote);
                runtime::run(async move { remote.fetch(Wanted::Start(len)).await }).await
            }
        }
    }

    /// The last `len` bytes, or all of an object that is shorter, and which version it is, in one request.
    /// Not every server can be asked for them.
    pub(super) async fn read_end(&self, len: u64) -> Result<(Fetched, ObjectVersion), ByteSourceError> {
        match &self.place {
            Place::Local(file) => {
                let bytes = file.slice(file.size().saturating_sub(len)..file.size())?;
                Ok((Fetched { bytes, requests: 0 }, file.version()))
            }
            Place::Remote(remote) => {
                let remote = Arc::clone(remote);
                runtime::run(async move { remote.fetch(Wanted::End(len)).await }).await
            }
        }
    }

    /// Whether the bytes lie in a local file.
    pub fn is_local(&self) -> bool {
        matches!(self.place, Place::Local(_))
    }

    /// The href, without what may be secret: see [`without_secrets`](super::without_secrets).
    pub fn href(&self) -> &str {
        &self.href
    }
}
