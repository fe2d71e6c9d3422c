//! Files and objects of which parts are read.

use super::super::{ByteSource, ByteSourceError, ByteSources};
use super::failed;
use bytes::Bytes;
use futures::future::BoxFuture;
use rasteret_schema::{AccessError, ObjectVersion, RandomAccess};
use std::ops::Range;

/// How much of the end is read at once, with the size and the version.
///
/// The end and not the start: Parquet and Arrow files have there what says where everything else is, and their
/// readers ask for it first. This much holds the footer of most of them.
const END_BYTES: u64 = 64 << 10;

/// An opened file or object.
#[derive(Debug)]
pub struct Opened {
    source: ByteSource,
    size: u64,
    version: ObjectVersion,
    /// Its last bytes; none of a local file, which is mapped.
    end: Bytes,
}

/// Opens a file or an object, in one request where its server can be asked for the end of it.
pub async fn open(sources: &ByteSources, href: &str) -> Result<Opened, ByteSourceError> {
    let source = sources.open(href, None)?;
    if source.is_local() {
        let (_, version) = source.read_end(0).await?;
        return Ok(Opened { source, size: version.size.unwrap_or_default(), version, end: Bytes::new() });
    }
    let (end, version) = match source.read_end(END_BYTES).await {
        Ok((end, version)) => (end.bytes, version),
        // Azure has no such requests, and some servers answer with the start.
        Err(ByteSourceError::WrongResponse(_) | ByteSourceError::RangesNotSupported) => {
            let (start, version) = source.read_start(END_BYTES).await?;
            let size = known_size(&version)?;
            match size > END_BYTES {
                true => (source.read(size - END_BYTES..size).await?.bytes, version),
                false => (start.bytes, version),
            }
        }
        Err(error) => return Err(error),
    };
    Ok(Opened { source, size: known_size(&version)?, version, end })
}

fn known_size(version: &ObjectVersion) -> Result<u64, ByteSourceError> {
    version.size.ok_or_else(|| {
        ByteSourceError::WrongResponse("the server does not say how long the file is".to_owned())
    })
}

impl RandomAccess for Opened {
    fn size(&self) -> u64 {
        self.size
    }

    fn version(&self) -> ObjectVersion {
        self.version.clone()
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, AccessError>> {
        Box::pin(async move {
            if range.start > range.end || range.end > self.size {
                let error = ByteSourceError::BeyondEnd { range, size: self.size };
                return Err(failed(self.source.href().to_owned(), error));
            }
            let end_start = self.size.saturating_sub(self.end.len() as u64);
            if range.start >= end_start && !self.end.is_empty() {
                // Positions in what is held fit `usize`.
                return Ok(self
                    .end
                    .slice((range.start - end_start) as usize..(range.end - end_start) as usize));
            }
            let fetched = self.source.read(range).await;
            fetched.map(|fetched| fetched.bytes).map_err(|error| failed(self.source.href().to_owned(), error))
        })
    }
}
