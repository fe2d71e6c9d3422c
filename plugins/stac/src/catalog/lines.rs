//! Newline-delimited JSON, an item a line, read part by part.

use crate::piece::{Piece, Pieces};
use crate::reader::Reader;
use futures::{StreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{DocumentRequest, RandomAccess, SourceError};
use serde_json::Value;
use std::sync::Arc;

/// Bytes that are read at a time.
const PART: u64 = 4 << 20;

/// Bytes of a line at most: items have some thousands.
const MAX_LINE: usize = 64 << 20;

/// The items of a file.
pub(super) fn lines(reader: Reader, href: String) -> Pieces {
    let opened = async move {
        let file = open(&reader, &href).await?;
        let lines = Lines { file, href, at: 0, rest: Vec::new(), line: 0 };
        let parts = stream::try_unfold(lines, |mut lines| async move {
            Ok::<_, SourceError>(lines.next().await?.map(|piece| (piece, lines)))
        });
        Ok::<_, SourceError>(parts)
    };
    stream::once(opened)
        .map(|opened| {
            opened.map_or_else(|error| stream::iter([Err(error)]).left_stream(), StreamExt::right_stream)
        })
        .flatten()
        .boxed()
}

/// A file of which parts can be read. One that takes the user's headers comes whole, as do those of servers
/// that have no ranges.
enum File {
    Parts(Arc<dyn RandomAccess>),
    Whole(bytes::Bytes),
}

async fn open(reader: &Reader, href: &str) -> Result<File, SourceError> {
    let headers = reader.headers_for(href).to_vec();
    if headers.is_empty()
        && let Ok(file) = reader.access.open(href).await
    {
        return Ok(File::Parts(file));
    }
    let request = DocumentRequest { headers, ..DocumentRequest::get(href) };
    Ok(File::Whole(reader.access.fetch(request).await?.bytes))
}

struct Lines {
    file: File,
    href: String,
    at: u64,
    /// The beginning of a line that goes on in the next part.
    rest: Vec<u8>,
    /// Lines so far.
    line: u64,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Piece>, SourceError> {
        let part = match &self.file {
            File::Whole(bytes) => {
                let start = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                bytes.slice(start..start.saturating_add(PART as usize).min(bytes.len()))
            }
            File::Parts(file) => {
                let end = self.at.saturating_add(PART).min(file.size());
                if self.at < end { file.read(self.at..end).await? } else { bytes::Bytes::new() }
            }
        };
        let mut piece = Piece::default();
        if part.is_empty() {
            let last = std::mem::take(&mut self.rest);
            self.add(&last, &mut piece);
            let is_over = piece.items.is_empty() && piece.failures.is_empty();
            return Ok((!is_over).then_some(piece));
        }
        self.at += part.len() as u64;
        let mut lines = part.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        if self.rest.len() + first.len() > MAX_LINE {
            return Err(SourceError::Invalid(format!(
                "{}: line {} has more than {} MB; an item a line is expected",
                plain_href(&self.href),
                self.line + 1,
                MAX_LINE >> 20
            )));
        }
        self.rest.extend_from_slice(first);
        for line in lines {
            let before = std::mem::replace(&mut self.rest, line.to_vec());
            self.add(&before, &mut piece);
        }
        Ok(Some(piece))
    }

    fn add(&mut self, line: &[u8], piece: &mut Piece) {
        self.line += 1;
        // GeoJSON text sequences (RFC 8142) have a record separator in front.
        let line = line.strip_prefix(b"\x1e").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            return;
        }
        let more = match serde_json::from_slice::<Value>(line) {
            Ok(item @ Value::Object(_)) => Piece::of_features(vec![item], &self.href),
            Ok(_) => Piece::of_failure(&self.href, "invalid", format!("line {} is not an object", self.line)),
            Err(error) => Piece::of_failure(&self.href, "invalid", format!("line {}: {error}", self.line)),
        };
        piece.items.extend(more.items);
        piece.failures.extend(more.failures);
    }
}
