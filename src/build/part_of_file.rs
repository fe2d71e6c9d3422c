//! The bytes of a file that are here, and those that a reader of its header needs.

use bytes::Bytes;
use rasteret_schema::{ByteRanges, ObjectVersion, RasterError};
use std::ops::Range;

/// Requests are at least as long, and the first is a multiple of this: it costs no time.
pub const LEAST_READ: u64 = 16 << 10;
/// Bytes of a header at most: the tile tables of a raster of 16 million tiles.
const MOST_BYTES: u64 = 256 << 20;

/// What is known of a file.
pub struct PartOfFile {
    pub bytes: ByteRanges,
    pub version: ObjectVersion,
    /// Bytes that were read.
    pub total: u64,
}

impl PartOfFile {
    /// Nothing of a file yet.
    pub fn new(version: ObjectVersion) -> Self {
        PartOfFile { bytes: ByteRanges::new(version.size), version, total: 0 }
    }

    /// Takes what was read.
    pub fn insert(&mut self, start: u64, bytes: Bytes) {
        self.total += bytes.len() as u64;
        self.bytes.insert(start, bytes);
    }

    /// What is not here yet of ranges that a reader needs, joined where they touch.
    /// # Errors
    ///
    /// If they lie beyond the end of the file, or are more than a header may have.
    pub fn missing(&self, ranges: &[Range<u64>]) -> Result<Vec<Range<u64>>, RasterError> {
        let size = self.bytes.file_size().unwrap_or(u64::MAX);
        let mut missing: Vec<Range<u64>> = ranges
            .iter()
            .filter_map(|range| {
                let start =
                    range.start.checked_add(self.bytes.available(range.start).len() as u64)?.min(size);
                let end = range.end.min(size);
                (start < end).then(|| start..end.max(start.saturating_add(LEAST_READ)).min(size))
            })
            .collect();
        missing.sort_by_key(|range| range.start);
        missing.dedup_by(|next, last| {
            let touches = next.start <= last.end;
            if touches {
                last.end = last.end.max(next.end);
            }
            touches
        });
        if missing.is_empty() {
            return Err(RasterError::CorruptHeader("it goes beyond the end of the file".to_owned()));
        }
        let bytes = missing.iter().map(|range| range.end - range.start).fold(self.total, u64::saturating_add);
        if bytes > MOST_BYTES {
            return Err(RasterError::CorruptHeader(format!("it is larger than {MOST_BYTES} bytes")));
        }
        Ok(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_asked_for_once() {
        let size = Some(200_000);
        let mut file = PartOfFile::new(ObjectVersion { size, ..ObjectVersion::default() });
        file.insert(0, Bytes::from(vec![0; 1000]));
        let missing = |ranges: &[Range<u64>]| file.missing(ranges).map_err(|error| error.to_string());
        let asked = |ranges| missing(ranges).map(|asked| (asked.len(), asked[0].clone()));
        assert_eq!(asked(&[500..1500, 2000..2010]), Ok((1, 1000..2000 + LEAST_READ)));
        assert_eq!(asked(&[199_999..200_500, 0..10]), Ok((1, 199_999..200_000)));
        let past = missing(&[0..1000, 200_000..200_008, u64::MAX..u64::MAX]);
        assert!(past.unwrap_err().contains("beyond the end"));
    }

    #[test]
    fn a_header_is_not_larger_than_it_may_be() {
        let file = PartOfFile { total: 1 << 10, ..PartOfFile::new(ObjectVersion::default()) };
        for range in [0..MOST_BYTES, 5..u64::MAX] {
            assert!(file.missing(&[range]).unwrap_err().to_string().contains("larger than"));
        }
    }
}
