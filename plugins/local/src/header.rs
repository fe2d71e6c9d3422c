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

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::{ImageView, TileRequest};
    use std::io::Write;
    use std::sync::Mutex;

    /// Asks for one range after another, and refuses when it has them all.
    #[derive(Debug)]
    struct Asks {
        ranges: Vec<Range<u64>>,
        seen: Mutex<Vec<usize>>,
    }

    impl RasterReader for Asks {
        fn format(&self) -> &'static str {
            "asks"
        }

        fn recognizes(&self, start: &[u8]) -> bool {
            start.starts_with(b"ASKS")
        }

        fn parse(&self, bytes: &ByteRanges) -> Result<Parsed, RasterError> {
            self.seen.lock().unwrap().push(bytes.available(0).len());
            match self.ranges.iter().find(|range| bytes.get((*range).clone()).is_none()) {
                Some(range) => Ok(Parsed::Needs(vec![range.clone()])),
                None => Err(RasterError::CorruptHeader("that is all".to_owned())),
            }
        }

        fn decode(
            &self,
            _: &ImageView<'_>,
            tile: u32,
            _: &[u8],
            _: &TileRequest<'_>,
            _: &mut [u8],
        ) -> Result<(), RasterError> {
            Err(RasterError::CorruptTile { tile, reason: String::new() })
        }
    }

    /// What reading says of a file of some size, and how much of its start each parse saw.
    fn read_asking(size: u64, ranges: &[Range<u64>]) -> (String, Vec<usize>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&b"ASKS"[..size.min(4) as usize]).unwrap();
        file.as_file().set_len(size).unwrap();
        let asks = Arc::new(Asks { ranges: ranges.to_vec(), seen: Mutex::default() });
        let readers: Vec<Arc<dyn RasterReader>> = vec![asks.clone()];
        let error = read(file.path(), &readers).unwrap_err().to_string();
        let seen = asks.seen.lock().unwrap().clone();
        (error, seen)
    }

    #[test]
    fn what_is_asked_for_is_read() {
        // 64 KB, then what is missing of the first range, then a page at 150,000.
        let (error, seen) = read_asking(200_000, &[0..80_000, 150_000..150_001, 150_001..154_096]);
        assert!(error.contains("that is all"), "{error}");
        assert_eq!(seen, [65_536, 80_000, 80_000]);
    }

    #[test]
    fn nothing_is_read_beyond_the_end() {
        let (error, seen) = read_asking(100, &[0..50, 90..200]);
        assert!(error.contains("beyond the end"), "{error}");
        assert_eq!(seen, [100]);
    }

    #[test]
    fn a_header_that_is_too_large_is_not_read() {
        let (error, _) = read_asking(1 << 40, &[0..100, 0..1 << 39]);
        assert!(error.contains("larger than"), "{error}");
    }

    #[test]
    fn a_file_of_no_known_format_is_named() {
        for size in [0, 3] {
            let (error, seen) = read_asking(size, &[]);
            assert!(error.contains("no reader recognises") && error.contains("asks"), "{error}");
            assert!(seen.is_empty());
        }
    }
}
