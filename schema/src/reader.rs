//! The plugin trait of raster readers: headers from bytes, pixels from tiles. No I/O: the engine
//! fetches what a reader asks for.

use crate::{ImageView, RasterError, RasterHeader};
use bytes::{Bytes, BytesMut};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Range;

/// Reads one raster format.
///
/// # Implementing
///
/// Both methods are pure functions of their arguments. Bytes come from anywhere: whatever they are,
/// the answer is a result, in time and memory that the size of the input bounds.
pub trait RasterReader: Debug + Send + Sync {
    /// The name that headers carry in [`RasterHeader::format`].
    fn format(&self) -> &'static str;

    /// Whether the first bytes of a file (at least 16, if the file has them) are of this format.
    fn recognizes(&self, start: &[u8]) -> bool;

    /// Parses the header out of the byte ranges at hand, or says which ranges are needed besides.
    ///
    /// The caller fetches these, adds them, and calls again. A reader that is given all it asked for
    /// either finishes or asks for ranges that it could not have known before.
    ///
    /// # Errors
    ///
    /// If the file is of another format, corrupt, or uses an unsupported encoding.
    fn parse(&self, bytes: &ByteRanges) -> Result<Parsed, RasterError>;

    /// Decodes a rectangle of some samples of one tile.
    ///
    /// `tile` is the index in the image's tile table, `encoded` the bytes that the table points at.
    /// `out` receives `[samples, rows, columns]` in native byte order, and has exactly that size:
    /// `request.samples.len() · rows · columns · image.dtype.size()`. Rows and columns beyond the
    /// image's edge, but within the tile, may be asked for, except below the last strip.
    ///
    /// # Errors
    ///
    /// [`RasterError::CorruptTile`] if the bytes do not decode to what the image's encoding says;
    /// [`RasterError::Unsupported`] for an encoding that the reader does not know.
    fn decode(
        &self,
        image: &ImageView<'_>,
        tile: u32,
        encoded: &[u8],
        request: &TileRequest<'_>,
        out: &mut [u8],
    ) -> Result<(), RasterError>;
}

/// The part of a tile that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileRequest<'a> {
    /// Rows of the tile.
    pub rows: Range<u32>,
    /// Columns of the tile.
    pub columns: Range<u32>,
    /// Samples, in the order in which they are wanted, counted within the tile: where each sample
    /// has tiles of its own, the only one is 0.
    pub samples: &'a [u16],
}

impl TileRequest<'_> {
    /// Bytes of the decoded rectangle; `None` on overflow.
    pub fn decoded_len(&self, sample_size: usize) -> Option<usize> {
        let rows = self.rows.len();
        rows.checked_mul(self.columns.len())?.checked_mul(self.samples.len())?.checked_mul(sample_size)
    }
}

/// How far parsing a header got.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// The header.
    Header(Box<RasterHeader>),
    /// Byte ranges of the file that are needed besides, not empty. Ranges may end beyond the end of
    /// the file.
    Needs(Vec<Range<u64>>),
}

/// The byte ranges of a file that have been fetched so far.
#[derive(Debug, Clone, Default)]
pub struct ByteRanges {
    /// By their first byte; none touches another.
    segments: BTreeMap<u64, Bytes>,
    file_size: Option<u64>,
}

impl ByteRanges {
    /// Nothing fetched yet, of a file of a size that may not be known.
    pub fn new(file_size: Option<u64>) -> Self {
        ByteRanges { segments: BTreeMap::new(), file_size }
    }

    /// The whole file.
    pub fn whole(bytes: Bytes) -> Self {
        let mut ranges = ByteRanges::new(Some(bytes.len() as u64));
        ranges.insert(0, bytes);
        ranges
    }

    /// Size of the file, where known.
    pub fn file_size(&self) -> Option<u64> {
        self.file_size
    }

    /// Adds bytes that start at `offset`. Where they overlap what is there already, that stays.
    pub fn insert(&mut self, offset: u64, bytes: Bytes) {
        let Some(end) = offset.checked_add(bytes.len() as u64) else { return };
        if bytes.is_empty() {
            return;
        }
        let touching: Vec<u64> = self
            .segments
            .range(..=end)
            .rev()
            .take_while(|(start, segment)| *start + segment.len() as u64 >= offset)
            .map(|(start, _)| *start)
            .collect();
        if touching.is_empty() {
            self.segments.insert(offset, bytes);
            return;
        }
        let mut parts: Vec<(u64, Bytes)> =
            touching.iter().rev().filter_map(|start| self.segments.remove_entry(start)).collect();
        parts.push((offset, bytes));
        parts.sort_by_key(|(start, _)| *start);
        let first = parts[0].0;
        let mut joined = BytesMut::new();
        for (start, part) in parts {
            let known = (first + joined.len() as u64 - start) as usize;
            joined.extend_from_slice(part.get(known..).unwrap_or_default());
        }
        self.segments.insert(first, joined.freeze());
    }

    /// The bytes of a range, if all of them have been fetched.
    pub fn get(&self, range: Range<u64>) -> Option<&[u8]> {
        let (start, segment) = self.segments.range(..=range.start).next_back()?;
        let from = usize::try_from(range.start - start).ok()?;
        let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
        segment.get(from..to)
    }

    /// The bytes fetched from `start` on, without a gap; empty if `start` has not been fetched.
    pub fn available(&self, start: u64) -> &[u8] {
        self.segments
            .range(..=start)
            .next_back()
            .and_then(|(first, segment)| segment.get(usize::try_from(start - first).ok()?..))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_join() {
        let mut ranges = ByteRanges::new(Some(100));
        ranges.insert(10, Bytes::from_static(b"klmno"));
        ranges.insert(20, Bytes::from_static(b"uvwxy"));
        assert_eq!(ranges.get(10..15), Some(&b"klmno"[..]));
        assert_eq!(ranges.get(10..16), None);
        assert_eq!(ranges.get(16..18), None);
        ranges.insert(13, Bytes::from_static(b"nopqrstu"));
        assert_eq!(ranges.get(10..25), Some(&b"klmnopqrstuvwxy"[..]));
        ranges.insert(0, Bytes::from_static(b"abcdefghij"));
        assert_eq!(ranges.available(5), &b"fghijklmnopqrstuvwxy"[..]);
        assert_eq!(ranges.segments.len(), 1);
        assert_eq!(ranges.available(40), b"");
    }
}
