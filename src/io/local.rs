//! Local files, memory-mapped.

use super::ByteSourceError;
use bytes::Bytes;
use memmap2::Mmap;
use rasteret_schema::ObjectVersion;
use std::fs::{File, Metadata};
use std::ops::Range;
use std::time::UNIX_EPOCH;

/// A local file that is mapped into memory.
#[derive(Debug)]
pub struct LocalFile {
    map: Bytes,
    metadata: Metadata,
}

impl LocalFile {
    /// Maps a file.
    pub fn map(file: &File) -> std::io::Result<Self> {
        let metadata = file.metadata()?;
        // SAFETY: the map is only read, as bytes, of which any value is valid. A process that
        // rewrites the file meanwhile changes what is read, which decoding treats as hostile
        // anyway; one that truncates it makes the read fault, as with every memory-mapped reader:
        // raster files are replaced, not cut, by the tools that write them.
        let map = unsafe { Mmap::map(file) }?;
        Ok(LocalFile { map: Bytes::from_owner(map), metadata })
    }

    /// The bytes of a range, as a part of the map that keeps it alive.
    pub fn slice(&self, range: Range<u64>) -> Result<Bytes, ByteSourceError> {
        let positions = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        match positions.and_then(|(start, end)| self.map.get(start..end)) {
            Some(bytes) => Ok(self.map.slice_ref(bytes)),
            None => Err(ByteSourceError::BeyondEnd { range, size: self.size() }),
        }
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.map.len() as u64
    }

    /// Which version of the file this is.
    pub fn version(&self) -> ObjectVersion {
        let modified = self.metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let last_modified = modified.and_then(|time| i64::try_from(time.as_micros()).ok());
        ObjectVersion { size: Some(self.metadata.len()), etag: None, last_modified }
    }
}
