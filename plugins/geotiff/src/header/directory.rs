//! Image file directories: entries, and the values that they point at.

use super::source::{Needs, Source};
use super::tag::Tag;
use rasteret_schema::RasterError;
use std::ops::Range;

/// libtiff takes a directory of more entries for garbage (`TIFFFetchDirectory`).
const MAX_ENTRIES: u64 = 4096;

/// How numbers are laid out in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub big_endian: bool,
    /// BigTIFF: offsets and counts have 64 bits.
    pub big_tiff: bool,
}

impl Layout {
    /// The unsigned integer that these 1 to 8 bytes hold.
    pub fn uint(self, bytes: &[u8]) -> u64 {
        let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// The unsigned integers of `size` bytes that follow one another.
    fn uints(self, bytes: &[u8], size: u64) -> Vec<u64> {
        fn all<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> u64) -> Vec<u64> {
            bytes.as_chunks().0.iter().map(|chunk| value(*chunk)).collect()
        }
        // Tile tables are most of a header: each kind of them gets a loop of its own.
        match (size, self.big_endian) {
            (2, false) => all(bytes, |chunk| u16::from_le_bytes(chunk).into()),
            (2, true) => all(bytes, |chunk| u16::from_be_bytes(chunk).into()),
            (4, false) => all(bytes, |chunk| u32::from_le_bytes(chunk).into()),
            (4, true) => all(bytes, |chunk| u32::from_be_bytes(chunk).into()),
            (8, false) => all(bytes, u64::from_le_bytes),
            (8, true) => all(bytes, u64::from_be_bytes),
            _ => all(bytes, |[byte]| byte.into()),
        }
    }

    /// Bytes of an offset or a count.
    pub fn word(self) -> u64 {
        if self.big_tiff { 8 } else { 4 }
    }
}

/// A file header: the layout and the offset of the first directory.
///
/// # Errors
///
/// If the bytes, at least 16 where the file has them, do not begin a TIFF file.
pub(super) fn read_file_header(start: &[u8]) -> Result<(Layout, u64), RasterError> {
    let wrong = |reason: String| RasterError::WrongFormat { format: "TIFF", reason };
    let layout = match start.get(..4) {
        Some(b"II*\0") => Layout { big_endian: false, big_tiff: false },
        Some(b"MM\0*") => Layout { big_endian: true, big_tiff: false },
        Some(b"II+\0") => Layout { big_endian: false, big_tiff: true },
        Some(b"MM\0+") => Layout { big_endian: true, big_tiff: true },
        Some(magic) => return Err(wrong(format!("it starts with {magic:02x?}"))),
        None => return Err(wrong(format!("it has {} bytes", start.len()))),
    };
    let header = start.get(..if layout.big_tiff { 16 } else { 8 });
    let header = header.ok_or_else(|| wrong(format!("it has {} bytes", start.len())))?;
    if layout.big_tiff {
        let (offset_size, zero) = (layout.uint(&header[4..6]), layout.uint(&header[6..8]));
        if (offset_size, zero) != (8, 0) {
            return Err(wrong(format!("its BigTIFF offsets have {offset_size} bytes, and {zero} follows")));
        }
        Ok((layout, layout.uint(&header[8..16])))
    } else {
        Ok((layout, layout.uint(&header[4..8])))
    }
}

/// Where a tag's values lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// TIFF type code.
    kind: u16,
    count: u64,
    /// Offset in the file, also of values that lie in the entry itself.
    at: u64,
}

impl Entry {
    /// Bytes of a value; types that this parser does not know count as bytes.
    fn size(&self) -> u64 {
        match self.kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => 1,
        }
    }

    fn is_unsigned(&self) -> bool {
        matches!(self.kind, 1 | 3 | 4 | 7 | 13 | 16 | 18)
    }

    /// The value of a type that is not unsigned, of which `bits` are known.
    fn unsigned(&self, tag: Tag, bits: u64) -> Result<u64, RasterError> {
        if !matches!(self.kind, 6 | 8 | 9 | 17) {
            return Err(RasterError::CorruptHeader(format!(
                "{} has values of type {}, not integers",
                tag.name(),
                self.kind
            )));
        }
        let unused = 64 - 8 * self.size();
        let value = (bits << unused) as i64 >> unused;
        u64::try_from(value).map_err(|_| RasterError::CorruptHeader(format!("{} is {value}", tag.name())))
    }
}

/// A directory: the entries of the tags that the parser knows.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    layout: Layout,
    /// Offset of the next directory, 0 after the last.
    pub next: u64,
    entries: [Option<Entry>; Tag::ALL.len()],
}

impl Directory {
    /// Reads the directory at `offset`; `None` if its bytes still have to be fetched.
    ///
    /// # Errors
    ///
    /// If there cannot be a directory at this offset.
    pub fn read(
        source: &Source<'_>,
        layout: Layout,
        offset: u64,
        needs: &mut Needs,
    ) -> Result<Option<Directory>, RasterError> {
        let (count_size, entry_size) = if layout.big_tiff { (8, 20) } else { (2, 12) };
        let count = source.range("a directory", offset, 1, count_size)?;
        if !needs.require_directory(source, count.clone()) {
            return Ok(None);
        }
        let Some(count_bytes) = source.get(count.clone()) else { return Ok(None) };
        let entries = layout.uint(count_bytes);
        if entries == 0 || entries > MAX_ENTRIES {
            return Err(RasterError::CorruptHeader(format!(
                "the directory at {offset} has {entries} entries"
            )));
        }
        let range = source.range("a directory", count.end, entries, entry_size)?;
        if !needs.require_directory(source, range.clone()) {
            return Ok(None);
        }
        let Some(bytes) = source.get(range.clone()) else { return Ok(None) };
        let mut directory = Directory { layout, next: 0, entries: [None; Tag::ALL.len()] };
        for (index, entry) in bytes.chunks_exact(entry_size as usize).enumerate() {
            directory.insert(entry, range.start + index as u64 * entry_size);
        }
        // A file may end before this offset: then there is no next directory.
        if let Ok(next) = source.range("a directory", range.end, 1, layout.word()) {
            if !needs.require(source, next.clone()) {
                return Ok(None);
            }
            directory.next = source.get(next).map_or(0, |bytes| layout.uint(bytes));
        }
        Ok(Some(directory))
    }

    fn insert(&mut self, entry: &[u8], offset: u64) {
        let layout = self.layout;
        let Some(tag) = Tag::from_code(layout.uint(&entry[..2]) as u16) else { return };
        let word = layout.word() as usize;
        let (count, value) = entry[4..].split_at(word);
        let mut entry = Entry {
            kind: layout.uint(&entry[2..4]) as u16,
            count: layout.uint(count),
            at: offset + 4 + word as u64,
        };
        if entry.count.saturating_mul(entry.size()) > word as u64 {
            entry.at = layout.uint(value);
        }
        // Of a tag that occurs twice the first counts, as in libtiff.
        self.entries[tag as usize].get_or_insert(entry);
    }

    /// How numbers are laid out.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether the tag occurs, with at least one value.
    pub fn has(&self, tag: Tag) -> bool {
        self.count(tag) > 0
    }

    /// How many values the tag has.
    pub fn count(&self, tag: Tag) -> u64 {
        self.entries[tag as usize].map_or(0, |entry| entry.count)
    }

    fn entry(&self, tag: Tag) -> Option<Entry> {
        self.entries[tag as usize].filter(|entry| entry.count > 0)
    }

    fn range(&self, source: &Source<'_>, tag: Tag, entry: Entry) -> Result<Range<u64>, RasterError> {
        source.range(tag.name(), entry.at, entry.count, entry.size())
    }

    /// Asks for the values of tags that are not at hand; returns whether all are.
    ///
    /// # Errors
    ///
    /// If the values do not lie in the file.
    pub fn require(
        &self,
        source: &Source<'_>,
        tags: impl IntoIterator<Item = Tag>,
        needs: &mut Needs,
    ) -> Result<bool, RasterError> {
        let mut at_hand = true;
        for tag in tags {
            if let Some(entry) = self.entry(tag) {
                at_hand &= needs.require(source, self.range(source, tag, entry)?);
            }
        }
        Ok(at_hand)
    }

    /// The bytes of a tag's values, as they are in the file.
    pub fn bytes<'a>(&self, source: &Source<'a>, tag: Tag) -> Result<Option<&'a [u8]>, RasterError> {
        self.entry(tag).map(|entry| self.value(source, tag, entry)).transpose()
    }

    fn value<'a>(&self, source: &Source<'a>, tag: Tag, entry: Entry) -> Result<&'a [u8], RasterError> {
        let range = self.range(source, tag, entry)?;
        source.get(range.clone()).ok_or_else(|| {
            RasterError::CorruptHeader(format!(
                "{} lies at bytes {} to {}, where the file has none",
                tag.name(),
                range.start,
                range.end
            ))
        })
    }

    /// The first values of a tag of integers, at most `limit`; none if the tag does not occur.
    pub fn uints(&self, source: &Source<'_>, tag: Tag, limit: u64) -> Result<Vec<u64>, RasterError> {
        let Some(mut entry) = self.entry(tag) else { return Ok(Vec::new()) };
        entry.count = entry.count.min(limit);
        let mut values = self.layout.uints(self.value(source, tag, entry)?, entry.size());
        if entry.is_unsigned() {
            return Ok(values);
        }
        for value in &mut values {
            *value = entry.unsigned(tag, *value)?;
        }
        Ok(values)
    }

    /// The first value of a tag of integers.
    pub fn uint(&self, source: &Source<'_>, tag: Tag) -> Result<Option<u64>, RasterError> {
        let Some(mut entry) = self.entry(tag) else { return Ok(None) };
        entry.count = 1;
        let value = self.layout.uint(self.value(source, tag, entry)?);
        if entry.is_unsigned() { Ok(Some(value)) } else { entry.unsigned(tag, value).map(Some) }
    }

    /// The first value of a tag of integers, if it fits.
    pub fn small<T: TryFrom<u64>>(&self, source: &Source<'_>, tag: Tag) -> Result<Option<T>, RasterError> {
        self.uint(source, tag)?
            .map(|value| {
                T::try_from(value)
                    .map_err(|_| RasterError::CorruptHeader(format!("{} is {value}", tag.name())))
            })
            .transpose()
    }

    /// The values of a tag of numbers; none if the tag does not occur or has no numbers.
    pub fn floats(&self, source: &Source<'_>, tag: Tag) -> Result<Vec<f64>, RasterError> {
        match self.entry(tag).map(|entry| entry.kind) {
            Some(11) => self.numbers(source, tag, |bits| f32::from_bits(bits as u32).into()),
            Some(12) => self.numbers(source, tag, f64::from_bits),
            Some(1 | 3 | 4 | 16) => self.numbers(source, tag, |value| value as f64),
            _ => Ok(Vec::new()),
        }
    }

    fn numbers(
        &self,
        source: &Source<'_>,
        tag: Tag,
        number: impl Fn(u64) -> f64,
    ) -> Result<Vec<f64>, RasterError> {
        let Some(entry) = self.entry(tag) else { return Ok(Vec::new()) };
        let values = self.layout.uints(self.value(source, tag, entry)?, entry.size());
        Ok(values.into_iter().map(number).collect())
    }

    /// The text of a tag, up to its first zero byte.
    pub fn text(&self, source: &Source<'_>, tag: Tag) -> Result<Option<String>, RasterError> {
        let text = self.bytes(source, tag)?.map(|bytes| {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).into_owned()
        });
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use rasteret_schema::{ByteRanges, Parsed};

    const LAYOUT: Layout = Layout { big_endian: false, big_tiff: false };

    /// A directory at offset 8 with the given entries (tag, type, count, value or offset).
    fn file(entries: &[(u16, u16, u32, u32)], tail: &[u8]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(tail);
        bytes
    }

    fn read(bytes: &ByteRanges) -> Directory {
        Directory::read(&Source::new(bytes), LAYOUT, 8, &mut Needs::default()).unwrap().unwrap()
    }

    #[test]
    fn file_headers() {
        let big = b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10";
        assert_eq!(read_file_header(big), Ok((Layout { big_endian: true, big_tiff: true }, 16)));
        assert_eq!(read_file_header(b"II*\0\x08\0\0\0"), Ok((LAYOUT, 8)));
        for wrong in [
            &b""[..],
            b"II",
            b"II*\0\x08",
            b"\x89PNG\r\n\x1a\n",
            &big[..12],
            b"MM\0+\0\x04\0\0\0\0\0\0\0\0\0\x10",
        ] {
            assert!(matches!(read_file_header(wrong), Err(RasterError::WrongFormat { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn values_in_the_entry_and_elsewhere() {
        let tail = [1u16, 2, 3].map(u16::to_le_bytes).concat();
        let end = 8 + 2 + 3 * 12 + 4;
        let bytes = file(&[(256, 3, 1, 640), (258, 3, 3, end), (257, 8, 1, 0xffff)], &tail);
        let bytes = ByteRanges::whole(Bytes::from(bytes));
        let (source, directory) = (Source::new(&bytes), read(&bytes));
        assert_eq!(directory.uint(&source, Tag::ImageWidth), Ok(Some(640)));
        assert_eq!(directory.uints(&source, Tag::BitsPerSample, 9), Ok(vec![1, 2, 3]));
        assert_eq!(directory.uints(&source, Tag::BitsPerSample, 2), Ok(vec![1, 2]));
        assert_eq!(directory.uint(&source, Tag::Compression), Ok(None));
        let negative = directory.uint(&source, Tag::ImageLength).unwrap_err();
        assert_eq!(negative.to_string(), "corrupt header: ImageLength is -1");
    }

    #[test]
    fn what_is_missing_is_asked_for() {
        let bytes = file(&[(273, 4, 100, 5000)], &[]);
        let mut ranges = ByteRanges::new(Some(100_000));
        let mut needs = Needs::default();
        assert!(Directory::read(&Source::new(&ranges), LAYOUT, 8, &mut needs).unwrap().is_none());
        assert!(!needs.is_empty());
        ranges.insert(0, Bytes::from(bytes));
        let mut needs = Needs::default();
        assert_eq!(read(&ranges).require(&Source::new(&ranges), [Tag::StripOffsets], &mut needs), Ok(false));
        let needs = needs.into_parsed();
        assert_eq!(needs, Parsed::Needs(std::iter::once(5000..5400).collect()));
    }

    #[test]
    fn values_outside_the_file_are_errors() {
        let bytes = ByteRanges::whole(Bytes::from(file(&[(273, 4, u32::MAX, 5000)], &[])));
        let error = read(&bytes).uints(&Source::new(&bytes), Tag::StripOffsets, u64::MAX).unwrap_err();
        assert!(error.to_string().contains("StripOffsets lies at bytes 5000 to 17179874180"), "{error}");
    }
}
