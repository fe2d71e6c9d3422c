//! Arrow IPC: files, and streams, whose messages are found by walking from one to the next.

use super::batch_rows;
use crate::error::{corrupt, guarded, invalid};
use crate::files::TableFile;
use crate::layout::Layout;
use crate::read_ahead::{Part, PartStream, Rows, RowsIterator};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, CompressionType, MessageHeader, MetadataVersion, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use rasteret_schema::SourceError;
use std::sync::Arc;

/// Message metadata and footers that are longer are not read.
const MAX_METADATA: u64 = 256 << 20;
/// A record batch with more bytes, uncompressed, does not fit into memory.
const MAX_BATCH: u64 = 8 << 30;
/// In front of a message's length since version 0.15 of the format.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Bytes of a stream that are read to see the next message.
const WINDOW: u64 = 64 << 10;
/// How often the dictionaries of a stream may change.
const MAX_DICTIONARIES: usize = 1024;

/// An Arrow IPC file or stream.
#[derive(Debug)]
pub(crate) struct IpcTable {
    file: Arc<TableFile>,
    schema: SchemaRef,
    version: MetadataVersion,
    /// Record batches, and the number of dictionaries in front of each.
    batches: Vec<(Message, usize)>,
    dictionaries: Vec<Message>,
}

/// Where a message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Message {
    offset: u64,
    /// With what is in front of it: marker and length.
    metadata: u32,
    body: u64,
}

impl Message {
    fn end(&self) -> Option<u64> {
        self.offset.checked_add(self.metadata.into())?.checked_add(self.body)
    }

    fn from_block(block: &Block, size: u64) -> Option<Message> {
        let message = Message {
            offset: u64::try_from(block.offset()).ok()?,
            metadata: u32::try_from(block.metaDataLength()).ok()?,
            body: u64::try_from(block.bodyLength()).ok()?,
        };
        (message.end()? <= size).then_some(message)
    }

    fn block(&self) -> Block {
        // They fit: the message lies within a file.
        Block::new(self.offset as i64, self.metadata as i32, self.body as i64)
    }
}

impl IpcTable {
    pub async fn open_file(file: TableFile) -> Result<IpcTable, SourceError> {
        let name = file.name.clone();
        let tail = file.tail();
        let length = tail.get(tail.len() - 10..tail.len() - 6).and_then(|bytes| bytes.try_into().ok());
        let length = u64::from(length.map_or(0, u32::from_le_bytes));
        let end = file.size() - 10;
        let start = end.checked_sub(length).filter(|_| length <= MAX_METADATA);
        let start = start.ok_or_else(|| {
            corrupt(&name, format!("its footer has {length} bytes, and the file {}", file.size()))
        })?;
        let bytes = file.read(start..end).await?;
        guarded(&name, || {
            let broken = |reason: &str| ArrowError::IpcError(reason.to_owned());
            let footer = root_as_footer(&bytes).map_err(|error| broken(&error.to_string()))?;
            let message = |block: &Block| {
                Message::from_block(block, end)
                    .ok_or_else(|| broken("a record batch lies outside of the file"))
            };
            let dictionaries = footer.dictionaries().into_iter().flatten().map(message);
            let dictionaries = dictionaries.collect::<Result<Vec<_>, _>>()?;
            let batches = footer.recordBatches().into_iter().flatten().map(message);
            let batches = batches.map(|batch| Ok((batch?, dictionaries.len())));
            Ok::<_, ArrowError>(IpcTable {
                batches: batches.collect::<Result<_, ArrowError>>()?,
                schema: Arc::new(fb_to_schema(footer.schema().ok_or_else(|| broken("it has no schema"))?)),
                version: footer.version(),
                file: Arc::new(file),
                dictionaries,
            })
        })
    }

    pub async fn open_stream(file: TableFile) -> Result<IpcTable, SourceError> {
        let file = Arc::new(file);
        let mut table = IpcTable {
            file: Arc::clone(&file),
            schema: Arc::new(arrow_schema::Schema::empty()),
            version: MetadataVersion::V5,
            batches: Vec::new(),
            dictionaries: Vec::new(),
        };
        let mut window = Window { file: &file, start: 0, bytes: Bytes::new() };
        let (mut offset, mut is_first) = (0, true);
        while let Some((lead, metadata)) = window.message_at(offset).await? {
            let length = lead + metadata.len() as u64;
            let (message, kind) = guarded(&file.name, || {
                let broken = |reason: &str| ArrowError::IpcError(reason.to_owned());
                let parsed = root_as_message(&metadata).map_err(|error| broken(&error.to_string()))?;
                if is_first {
                    let schema =
                        parsed.header_as_schema().ok_or_else(|| broken("it has no schema in front"))?;
                    table.schema = Arc::new(fb_to_schema(schema));
                    table.version = parsed.version();
                }
                let body = u64::try_from(parsed.bodyLength()).map_err(|error| broken(&error.to_string()))?;
                let metadata = u32::try_from(length).map_err(|error| broken(&error.to_string()))?;
                Ok::<_, ArrowError>((Message { offset, metadata, body }, parsed.header_type()))
            })?;
            offset = message
                .end()
                .filter(|end| *end <= file.size())
                .ok_or_else(|| corrupt(&file.name, "a message goes on beyond the end of the stream"))?;
            match kind {
                MessageHeader::Schema if is_first => {}
                MessageHeader::DictionaryBatch => table.dictionaries.push(message),
                MessageHeader::RecordBatch => table.batches.push((message, table.dictionaries.len())),
                other => return Err(corrupt(&file.name, format!("it has a message of kind {other:?}"))),
            }
            is_first = false;
        }
        if is_first {
            return Err(corrupt(&file.name, "it has no schema"));
        }
        if table.dictionaries.len() > MAX_DICTIONARIES
            && table.batches.iter().any(|(_, it)| *it < MAX_DICTIONARIES)
        {
            return Err(invalid(
                &file.name,
                "its dictionaries change too often; write it without dictionaries",
            ));
        }
        Ok(table)
    }

    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// A decoder that knows the first dictionaries.
    async fn decoder(&self, dictionaries: usize, projection: &[usize]) -> Result<FileDecoder, SourceError> {
        let decoder = FileDecoder::new(Arc::clone(&self.schema), self.version);
        let mut decoder = decoder.with_projection(projection.to_vec());
        for message in self.dictionaries.iter().take(dictionaries) {
            let bytes = self.message(message).await?;
            guarded(&self.file.name, || decoder.read_dictionary(&message.block(), &bytes))?;
        }
        Ok(decoder)
    }

    /// The bytes of a message whose sizes are possible.
    async fn message(&self, message: &Message) -> Result<Buffer, SourceError> {
        let end = message.end().unwrap_or(u64::MAX);
        let bytes = self.file.read(message.offset..end).await?;
        let (metadata, body) = bytes.split_at_checked(message.metadata as usize).unwrap_or((&bytes, &[]));
        guarded(&self.file.name, || check_sizes(metadata, body))?;
        Ok(Buffer::from(bytes))
    }
}

/// Checks the sizes in a record batch before anything is allocated by them.
fn check_sizes(metadata: &[u8], body: &[u8]) -> Result<(), ArrowError> {
    let broken = |reason: &str| ArrowError::IpcError(reason.to_owned());
    let lead = if metadata.starts_with(&CONTINUATION) { 8 } else { 4 };
    let message = metadata.get(lead..).ok_or_else(|| broken("a message is too short"))?;
    let message = root_as_message(message).map_err(|error| broken(&error.to_string()))?;
    let batch = match message.header_as_dictionary_batch() {
        Some(dictionary) => dictionary.data(),
        None => message.header_as_record_batch(),
    };
    let Some(batch) = batch else { return Ok(()) };
    let mut total = body.len() as u64;
    // What a compressor can do at best: 255 bytes for one of LZ4; a block of 128 KiB for four of Zstandard.
    let most = batch.compression().map(|compression| match compression.codec() {
        CompressionType::LZ4_FRAME => 256,
        _ => 32 << 10,
    });
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).ok();
        let length = usize::try_from(buffer.length()).ok();
        let end = start.zip(length).and_then(|(start, length)| start.checked_add(length));
        let bytes = start.zip(end).and_then(|(start, end)| body.get(start..end));
        let bytes = bytes.ok_or_else(|| broken("a column lies outside of its record batch"))?;
        if let (Some(most), Some((size, compressed))) = (most, bytes.split_first_chunk::<8>()) {
            // -1 says that it is not compressed.
            let size = u64::try_from(i64::from_le_bytes(*size)).unwrap_or_default();
            if size > most * compressed.len() as u64 {
                return Err(broken("a column has more bytes than its compression can say"));
            }
            total = total.saturating_add(size);
        }
    }
    // A row has an id, of a byte at least.
    let rows = u64::try_from(batch.length()).map_err(|error| broken(&error.to_string()))?;
    if total > MAX_BATCH {
        return Err(broken(&format!(
            "a record batch has {total} bytes, and no more than {MAX_BATCH} are read"
        )));
    }
    if rows > total {
        return Err(broken(&format!("a record batch has {rows} rows in {total} bytes")));
    }
    Ok(())
}

/// Reads the small parts of a stream, several with one request where they are close.
struct Window<'a> {
    file: &'a TableFile,
    start: u64,
    bytes: Bytes,
}

impl Window<'_> {
    /// At most so many bytes from there on.
    async fn get(&mut self, offset: u64, length: u64) -> Result<Bytes, SourceError> {
        let end = offset.saturating_add(length).min(self.file.size());
        let offset = offset.min(end);
        let held = self.start + self.bytes.len() as u64;
        if offset < self.start || end > held {
            let until = end.max(offset.saturating_add(WINDOW)).min(self.file.size());
            self.bytes = self.file.read(offset..until).await?;
            self.start = offset;
        }
        Ok(self.bytes.slice((offset - self.start) as usize..(end - self.start) as usize))
    }

    /// How many bytes are in front of the metadata of the message at an offset, and these; `None` at the end.
    async fn message_at(&mut self, offset: u64) -> Result<Option<(u64, Bytes)>, SourceError> {
        let lead = self.get(offset, 8).await?;
        let (lead_length, length) = match lead.strip_prefix(&CONTINUATION) {
            Some(length) => (8, length),
            None => (4, lead.get(..4).unwrap_or(&lead)),
        };
        let length = match <[u8; 4]>::try_from(length) {
            Ok(length) => u64::from(u32::from_le_bytes(length)),
            Err(_) if lead.is_empty() => return Ok(None),
            Err(_) => return Err(corrupt(&self.file.name, "it ends within a message")),
        };
        if length == 0 {
            return Ok(None);
        }
        let metadata = match length <= MAX_METADATA {
            true => self.get(offset + lead_length, length).await?,
            false => Bytes::new(),
        };
        if metadata.len() as u64 != length {
            return Err(corrupt(&self.file.name, format!("the metadata of a message have {length} bytes")));
        }
        Ok(Some((lead_length, metadata)))
    }
}

/// The record batches of a table.
pub(super) fn parts(table: Arc<IpcTable>, layout: &Layout) -> PartStream {
    let fields = table.schema.fields().iter().enumerate();
    let projection: Vec<usize> =
        fields.filter(|(_, field)| layout.reads_column(field.name())).map(|(index, _)| index).collect();
    let known: Option<(usize, Arc<FileDecoder>)> = None;
    stream::try_unfold((table, projection, 0, known), async |(table, projection, number, known)| {
        let Some(&(message, dictionaries)) = table.batches.get(number) else { return Ok(None) };
        let decoder = match known {
            Some((same, decoder)) if same == dictionaries => decoder,
            _ => Arc::new(table.decoder(dictionaries, &projection).await?),
        };
        let part = part(Arc::clone(&table), number, message, Arc::clone(&decoder));
        Ok(Some((part, (table, projection, number + 1, Some((dictionaries, decoder))))))
    })
    .boxed()
}

fn part(table: Arc<IpcTable>, number: usize, message: Message, decoder: Arc<FileDecoder>) -> Part {
    let load = async move {
        let bytes = table.message(&message).await?;
        let batch = guarded(&table.file.name, || decoder.read_record_batch(&message.block(), &bytes))?;
        let batch = batch.ok_or_else(|| corrupt(&table.file.name, "a record batch is missing"))?;
        Ok(Box::new(slices(batch, Some(number)).map(Ok)) as RowsIterator)
    };
    Part { bytes: u64::from(message.metadata) + message.body, load: load.boxed() }
}

/// A record batch in pieces that are small enough.
pub(crate) fn slices(batch: RecordBatch, number: Option<usize>) -> impl Iterator<Item = Rows> + Send {
    let rows = batch.num_rows();
    let step = batch_rows(batch.get_array_memory_size() as u64, rows as u64);
    (0..rows).step_by(step).map(move |first| Rows {
        batch: batch.slice(first, step.min(rows - first)),
        first: first as u64,
        part: number,
    })
}
