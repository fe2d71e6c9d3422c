//! A file of a table, opened.

use super::FoundFile;
use crate::error::corrupt;
use bytes::Bytes;
use futures::future::try_join_all;
use rasteret_schema::access::plain_href;
use rasteret_schema::{Access, RandomAccess, SourceError};
use std::ops::Range;
use std::sync::Arc;

/// How much of a file's end comes with its opening: the footers of most tables.
const TAIL: u64 = 64 << 10;
/// A file up to this size comes whole.
const WHOLE: u64 = 1 << 20;
/// Ranges that lie no further apart are read as one: a request costs more than that many bytes.
const GAP: u64 = 64 << 10;

/// A file, of which ranges are read. Its end is in memory.
#[derive(Debug, Clone)]
pub(crate) struct TableFile {
    /// What to call it in messages: its href without secrets.
    pub name: String,
    file: Arc<dyn RandomAccess>,
    tail: Bytes,
}

impl TableFile {
    pub async fn open(found: &FoundFile, access: &dyn Access) -> Result<TableFile, SourceError> {
        let href = &found.href;
        let file = match &found.opened {
            Some(file) => Arc::clone(file),
            None => access.open(href).await?,
        };
        let size = file.size();
        let start = if size <= WHOLE { 0 } else { size - TAIL };
        let tail = if size == 0 { Bytes::new() } else { file.read(start..size).await? };
        let opened = TableFile { name: plain_href(href), file, tail };
        if opened.tail.len() as u64 != size - start {
            return Err(corrupt(&opened.name, "its end cannot be read"));
        }
        Ok(opened)
    }

    pub fn size(&self) -> u64 {
        self.file.size()
    }

    /// The end of the file, or all of it.
    pub fn tail(&self) -> &Bytes {
        &self.tail
    }

    /// The same without what it has in memory.
    pub fn without_tail(&self) -> TableFile {
        TableFile { tail: Bytes::new(), ..self.clone() }
    }

    /// The bytes of a range that the file claims to have.
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes, SourceError> {
        if range.start > range.end || range.end > self.size() {
            let (start, end, size) = (range.start, range.end, self.size());
            return Err(corrupt(&self.name, format!("it refers to bytes {start} to {end}, of {size}")));
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let tail_start = self.size() - self.tail.len() as u64;
        if let Some(start) = range.start.checked_sub(tail_start) {
            // Both are within the tail's length.
            return Ok(self.tail.slice(start as usize..(range.end - tail_start) as usize));
        }
        Ok(self.file.read(range).await?)
    }

    /// Reads ranges at once, as [`merged`] says.
    pub async fn read_all(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, SourceError> {
        try_join_all(ranges.iter().map(|range| self.read(range.clone()))).await
    }
}

/// The ranges to read for a few others: neighbours are joined.
pub(crate) fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
