//! The bytes of a file as far as they have been fetched, and a list of what is still needed.

use rasteret_schema::{ByteRanges, Parsed, RasterError};
use std::ops::Range;

/// Bytes asked for with a directory: most writers put a directory's arrays, and often the next
/// directory, right behind it.
const READ_AHEAD: u64 = 16 * 1024;

/// A value may not be larger than this in a file whose size is not known.
const VALUE_LIMIT: u64 = 256 << 20;

/// The bytes at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    bytes: &'a ByteRanges,
}

impl<'a> Source<'a> {
    pub fn new(bytes: &'a ByteRanges) -> Self {
        Source { bytes }
    }

    pub fn file_size(&self) -> Option<u64> {
        self.bytes.file_size()
    }

    /// The bytes of a range; `None` if they have not been fetched, or are not in the file.
    pub fn get(&self, range: Range<u64>) -> Option<&'a [u8]> {
        // An empty range lies nowhere, so that it need not be fetched.
        if range.is_empty() { Some(&[]) } else { self.bytes.get(range) }
    }

    /// The range of `count` values of `size` bytes, if a file can hold it: what is behind the end of
    /// the file, or larger than anything sane, is never asked for nor allocated.
    pub fn range(&self, what: &str, offset: u64, count: u64, size: u64) -> Result<Range<u64>, RasterError> {
        let limit = self.file_size().unwrap_or(u64::MAX);
        let range = count.checked_mul(size).and_then(|len| Some(offset..offset.checked_add(len)?));
        match range {
            Some(range) if range.end > limit => Err(RasterError::CorruptHeader(format!(
                "{what} lies at bytes {} to {}, but the file has {limit} bytes",
                range.start, range.end
            ))),
            Some(range) if self.file_size().is_none() && range.end - range.start > VALUE_LIMIT => {
                Err(RasterError::CorruptHeader(format!("{what} has {count} values of {size} bytes")))
            }
            Some(range) => Ok(range),
            None => Err(RasterError::CorruptHeader(format!(
                "{what} has {count} values of {size} bytes at offset {offset}"
            ))),
        }
    }
}

/// Ranges that have to be fetched.
#[derive(Debug, Default)]
pub(super) struct Needs {
    ranges: Vec<Range<u64>>,
}

impl Needs {
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Asks for a range unless it is at hand; returns whether it is.
    pub fn require(&mut self, source: &Source<'_>, range: Range<u64>) -> bool {
        let at_hand = source.get(range.clone()).is_some();
        if !at_hand {
            self.ranges.push(range);
        }
        at_hand
    }

    /// Asks for a range that starts a directory, and for what probably lies behind it.
    pub fn require_directory(&mut self, source: &Source<'_>, range: Range<u64>) -> bool {
        let at_hand = source.get(range.clone()).is_some();
        if !at_hand {
            let end = range.end.max(range.start.saturating_add(READ_AHEAD));
            // Within a file of known size, so that short answers are an error of the network.
            let end = source.file_size().map_or(end, |size| end.min(size).max(range.end));
            self.ranges.push(range.start..end);
        }
        at_hand
    }

    /// The ranges in order, those that touch joined.
    pub fn into_parsed(mut self) -> Parsed {
        self.ranges.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::with_capacity(self.ranges.len());
        for range in self.ranges {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        Parsed::Needs(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn needs_are_joined_and_clamped() {
        let mut bytes = ByteRanges::new(Some(20_000));
        bytes.insert(0, Bytes::from_static(&[0; 100]));
        let source = Source::new(&bytes);
        let mut needs = Needs::default();
        assert!(needs.require(&source, 10..100));
        assert!(needs.require(&source, 400..400));
        assert!(needs.is_empty());
        assert!(!needs.require(&source, 12_100..12_200));
        assert!(!needs.require(&source, 90..110));
        assert!(!needs.require_directory(&source, 12_000..12_002));
        assert_eq!(needs.into_parsed(), Parsed::Needs(vec![90..110, 12_000..20_000]));
    }

    #[test]
    fn ranges_that_no_file_has_are_refused() {
        let known = ByteRanges::new(Some(1000));
        let source = Source::new(&known);
        assert_eq!(source.range("X", 900, 25, 4), Ok(900..1000));
        assert!(source.range("X", 900, 26, 4).is_err());
        assert!(source.range("X", u64::MAX, 1, 1).is_err());
        assert!(source.range("X", 0, u64::MAX, 8).is_err());
        let unknown = ByteRanges::new(None);
        assert!(Source::new(&unknown).range("X", 8, VALUE_LIMIT, 1).is_ok());
        assert!(Source::new(&unknown).range("X", 8, VALUE_LIMIT / 4 + 1, 4).is_err());
    }
}
