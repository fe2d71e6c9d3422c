//! The header of a file: fetches what the reader asks for.

use crate::failure::FileError;
use crate::scenes::micros;
use bytes::Bytes;
use rasteret_schema::{ByteRanges, ObjectVersion, Parsed, RasterError, RasterHeader, RasterReader};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Bytes of the first read: the whole header of most COGs.
const FIRST_READ: u64 = 64 << 10;
/// Bytes that are read at least: a page, since the rest of it costs nothing.
const LEAST_READ: u64 = 4 << 10;
/// Bytes of a header at most: the tile tables of a raster of 16 million tiles.
const MOST_BYTES: u64 = 256 << 20;

/// Reads and parses the header of a raster file by the first reader that recognises it.
///
/// Bytes are read, not mapped: a file may be cut short by another process at any time, and a read
/// then ends early where a mapping would raise a signal.
pub(crate) fn read(path: &Path, readers: &[Arc<dyn RasterReader>]) -> Result<RasterHeader, FileError> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut fetched =
        Fetched { bytes: ByteRanges::new(Some(metadata.len())), size: metadata.len(), total: 0 };
    fetched.fetch(&mut file, 0..FIRST_READ)?;
    let start = fetched.bytes.available(0);
    let reader = readers.iter().find(|reader| reader.recognizes(start)).ok_or_else(|| {
        let formats: Vec<&str> = readers.iter().map(|reader| reader.format()).collect();
        FileError::Unrecognized { formats: formats.join(", ") }
    })?;
    loop {
        match reader.parse(&fetched.bytes)? {
            Parsed::Header(mut header) => {
                header.object = ObjectVersion {
                    size: Some(metadata.len()),
                    etag: None,
                    last_modified: metadata.modified().ok().map(micros),
                };
                return Ok(*header);
            }
            Parsed::Needs(ranges) => {
                let before = fetched.total;
                for range in ranges {
                    fetched.fetch(&mut file, range)?;
                }
                // Every round reads something, so the size of the file bounds how many there are.
                if fetched.total == before {
                    return Err(
                        RasterError::CorruptHeader("it goes beyond the end of the file".into()).into()
                    );
                }
            }
        }
    }
}

/// What has been read of a file.
struct Fetched {
    bytes: ByteRanges,
    size: u64,
    total: u64,
}

impl Fetched {
    /// Reads a range, as far as the file has it and it has not been read yet.
    fn fetch(&mut self, file: &mut File, range: Range<u64>) -> Result<(), FileError> {
        let start = range.start + self.bytes.available(range.start).len() as u64;
        let end = range.end.min(self.size);
        if start >= end {
            return Ok(());
        }
        let end = end.max(start.saturating_add(LEAST_READ)).min(self.size);
        if end - start > MOST_BYTES - self.total {
            return Err(RasterError::CorruptHeader(format!(
                "it is larger than {MOST_BYTES} bytes, with {} bytes at {start}",
                end - start
            ))
            .into());
        }
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::with_capacity((end - start) as usize);
        file.take(end - start).read_to_end(&mut bytes)?;
        self.total += bytes.len() as u64;
        self.bytes.insert(start, Bytes::from(bytes));
        Ok(())
    }
}
