//! A column of a chunk as bytes: an Arrow IPC stream of one batch of one column, LZ4-compressed where
//! that pays, cut into segments that fill the pages of the file.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 | encoding of the stream: 0 as it is, 1 one LZ4 block |
//! | 1..5 | CRC-32 (IEEE) of bytes 5.. |
//! | 5..9 | length of the stream |
//! | 9.. | the stream |

use super::guarded::Bytes;
use super::tables::{ChunkKey, ColumnKey};
use super::zone::{StoredColumn, StoredZone};
use super::{StoreError, zone};
use crate::unwinding::unwinding;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_ipc::{MessageHeader, MetadataVersion, root_as_message};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use redb::{AccessGuard, Table};
use std::ops::{Bound, Range};
use std::sync::Arc;

const PLAIN: u8 = 0;
const LZ4: u8 = 1;
const PREFIX: usize = 9;

/// Encodes a column.
///
/// # Errors
///
/// [`StoreError::Invalid`] for a type that Arrow IPC cannot carry, and beyond 2 GiB.
fn encode(array: &ArrayRef) -> Result<Vec<u8>, StoreError> {
    let stream = to_stream(array)
        .map_err(|error| StoreError::Invalid(format!("column of {}: {error}", array.data_type())))?;
    let len = i32::try_from(stream.len()).map_err(|_| {
        StoreError::Invalid(format!("a column of {} bytes is too large for one chunk", stream.len()))
    })?;
    let packed = lz4_flex::block::compress(&stream);
    // Decompression costs more than the pages it saves unless it saves a good part of them.
    let (encoding, payload) =
        if packed.len() <= stream.len() / 4 * 3 { (LZ4, packed) } else { (PLAIN, stream) };
    let mut bytes = Vec::with_capacity(PREFIX + payload.len());
    bytes.push(encoding);
    bytes.extend([0; 4]);
    bytes.extend(len.to_le_bytes());
    bytes.extend(payload);
    let checksum = crc32fast::hash(&bytes[5..]);
    bytes[1..5].copy_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

fn to_stream(array: &ArrayRef) -> Result<Vec<u8>, ArrowError> {
    // Some rows of a large array refer to all its bytes, which would all be written.
    let array: ArrayRef = match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        _ => array.clone(),
    };
    // The column's name and metadata lie in the collection's schema.
    let schema = Arc::new(Schema::new(vec![Field::new("", array.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema.clone(), vec![array])?;
    // 16 is the largest alignment that a type needs.
    let options = IpcWriteOptions::try_new(16, false, MetadataVersion::V5)?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options)?;
    writer.write(&batch)?;
    writer.finish()?;
    writer.into_inner()
}

/// Decodes a column from its segments.
fn decode(segments: &[&[u8]]) -> Result<ArrayRef, String> {
    let mut parts = segments.iter();
    let first = parts.next().ok_or("no segments")?;
    let (prefix, first) = first.split_at_checked(PREFIX).ok_or("no prefix")?;
    let word = |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]);
    let (encoding, checksum, len) = (prefix[0], word(1), word(5) as usize);

    let size = segments.iter().map(|segment| segment.len()).sum::<usize>() - PREFIX;
    // Aligned, so that arrays can lie in it as they are.
    let mut payload = MutableBuffer::with_capacity(size);
    payload.extend_from_slice(first);
    parts.for_each(|part| payload.extend_from_slice(part));
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&prefix[5..]);
    hasher.update(&payload);
    if hasher.finalize() != checksum {
        return Err("wrong checksum".to_owned());
    }
    let stream: Buffer = match encoding {
        PLAIN if payload.len() == len => payload.into(),
        // An LZ4 block is at most 255 times smaller than what it holds.
        LZ4 if len / 255 <= payload.len() => {
            let mut stream = MutableBuffer::from_len_zeroed(len);
            let written = lz4_flex::block::decompress_into(&payload, &mut stream)
                .map_err(|error| format!("LZ4: {error}"))?;
            if written != len {
                return Err(format!("LZ4: {written} bytes instead of {len}"));
            }
            stream.into()
        }
        PLAIN | LZ4 => return Err("wrong length".to_owned()),
        other => return Err(format!("unknown encoding {other}")),
    };
    check_stream(&stream)?;
    // Arrow's reader checks the arrays, but asserts some of what the metadata says of them.
    unwinding(|| from_stream(stream))?.map_err(|error| error.to_string())
}

/// Bytes in a page.
pub(super) trait Segment {
    fn bytes(&self) -> &[u8];
}

impl Segment for AccessGuard<'_, &'static [u8]> {
    fn bytes(&self) -> &[u8] {
        self.value()
    }
}

impl Segment for Bytes {
    fn bytes(&self) -> &[u8] {
        self.value()
    }
}

/// Reads a column of a chunk; `None` if it has no values there. `get` looks segments up.
pub(super) fn read<S: Segment>(
    (collection, first): ChunkKey,
    zone: &StoredZone,
    index: usize,
    get: impl FnOnce(Range<ColumnKey>) -> Result<Vec<S>, StoreError>,
) -> Result<Option<ArrayRef>, StoreError> {
    let Some(stored) = zone.column(index) else { return Ok(None) };
    let key = |segment| (collection, first, stored.column, segment);
    let found = get(key(0)..key(stored.segments))?;
    let segments: Vec<&[u8]> = found.iter().map(Segment::bytes).collect();
    let decoded = match segments.len() {
        found if found == usize::from(stored.segments) => decode(&segments),
        found => Err(format!("{found} segments instead of {}", stored.segments)),
    };
    let checked = decoded.and_then(|array| match array.len() {
        found if found == zone.rows as usize => Ok(array),
        found => Err(format!("{found} rows instead of {}", zone.rows)),
    });
    let place = || format!("chunk of record #{first}, column {index}");
    checked.map(Some).map_err(|what| StoreError::Damaged(format!("{}: {what}", place())))
}

/// Writes columns that a chunk does not have, by ascending number without others between them. Returns how they
/// are stored, and their bytes.
pub(super) fn write(
    table: &mut Table<ColumnKey, &'static [u8]>,
    (collection, first): ChunkKey,
    columns: impl Iterator<Item = (u16, ArrayRef)>,
) -> Result<(Vec<StoredColumn>, u64), StoreError> {
    let mut bytes_written = 0;
    let mut written = Vec::new();
    let mut columns = columns.peekable();
    let Some((least, _)) = columns.peek() else { return Ok((written, bytes_written)) };
    let mut cursor = table.lower_bound_mut(Bound::Included((collection, first, *least, 0)))?;
    for (column, array) in columns {
        let nulls = array.logical_null_count();
        if nulls == array.len() {
            continue;
        }
        let bytes = encode(&array)?;
        bytes_written += bytes.len() as u64;
        let segments = segments(&bytes);
        for (number, segment) in segments.iter().enumerate() {
            // 2 GiB are less than 2¹⁶ segments of the longest run.
            cursor.insert_before((collection, first, column, number as u16), *segment)?;
        }
        written.push(StoredColumn {
            column,
            segments: segments.len() as u16,
            nulls: nulls as u32,
            range: zone::range(&array),
        });
    }
    cursor.close()?;
    Ok((written, bytes_written))
}

/// Refuses compression within the stream, which this format does not use: Arrow's reader trusts the
/// lengths that it gives.
fn check_stream(stream: &Buffer) -> Result<(), String> {
    let mut rest = stream.as_slice();
    loop {
        let (head, after) = rest.split_first_chunk::<8>().ok_or("the stream is cut off")?;
        let [m0, m1, m2, m3, s0, s1, s2, s3] = *head;
        if [m0, m1, m2, m3] != [0xff; 4] {
            return Err("not an Arrow IPC stream".to_owned());
        }
        let size = u32::from_le_bytes([s0, s1, s2, s3]) as usize;
        if size == 0 {
            return if after.is_empty() { Ok(()) } else { Err("bytes after the stream".to_owned()) };
        }
        let (message, after) = after.split_at_checked(size).ok_or("the stream is cut off")?;
        let message = root_as_message(message).map_err(|error| error.to_string())?;
        let compressed = match message.header_type() {
            MessageHeader::Schema => false,
            MessageHeader::RecordBatch => {
                message.header_as_record_batch().is_none_or(|batch| batch.compression().is_some())
            }
            MessageHeader::DictionaryBatch => message
                .header_as_dictionary_batch()
                .and_then(|dictionary| dictionary.data())
                .is_none_or(|batch| batch.compression().is_some()),
            _ => return Err("an unexpected message".to_owned()),
        };
        if compressed {
            return Err("compression within the stream".to_owned());
        }
        let body = usize::try_from(message.bodyLength()).map_err(|_| "the stream is cut off")?;
        rest = after.split_at_checked(body).ok_or("the stream is cut off")?.1;
    }
}

fn from_stream(mut stream: Buffer) -> Result<ArrayRef, ArrowError> {
    let mut decoder = StreamDecoder::new();
    let batch = decoder.decode(&mut stream)?;
    match batch.as_ref().map(RecordBatch::columns) {
        Some([column]) => Ok(column.clone()),
        _ => Err(ArrowError::IpcError("not one column".to_owned())),
    }
}

/// redb stores a value in a run of pages whose number is a power of two, with so many bytes of its own.
const PAGE: usize = 4096;
const OVERHEAD: usize = 24;
/// The longest run is 2⁴ pages: longer ones are hard to place between others, and leave holes.
const LONGEST: u32 = 4;

/// Cuts bytes so that all segments but the last fill their pages.
fn segments(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut segments = Vec::new();
    for order in (0..=LONGEST).rev() {
        let size = (PAGE << order) - OVERHEAD;
        while let Some((segment, rest)) = bytes.split_at_checked(size) {
            segments.push(segment);
            bytes = rest;
        }
    }
    if !bytes.is_empty() {
        segments.push(bytes);
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::builder::{Int32Builder, ListBuilder};
    use arrow_array::types::Int8Type;
    use arrow_array::{DictionaryArray, Float64Array, StringArray, StringViewArray, StructArray};
    use proptest::prelude::*;

    /// Arrays that exercise all that Arrow's reader does.
    fn arrays() -> Vec<ArrayRef> {
        let mut list = ListBuilder::new(Int32Builder::new());
        list.append_value([Some(1), None]);
        list.append_null();
        list.append_value([Some(3)]);
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("long enough to see")]));
        let view = StringViewArray::from(vec![Some("a"), None, Some("long enough for a buffer")]);
        let dictionary: DictionaryArray<Int8Type> = vec![Some("x"), None, Some("y")].into_iter().collect();
        vec![
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(-2.0)])),
            Arc::new(view),
            Arc::new(dictionary),
            Arc::new(StructArray::from(vec![(
                Arc::new(Field::new("text", texts.data_type().clone(), true)),
                texts.clone(),
            )])),
            texts,
            Arc::new(list.finish()),
            Arc::new(StringArray::from(vec!["the same again and again"; 300])),
        ]
    }

    #[test]
    fn arrays_round_trip() {
        for array in arrays() {
            let bytes = encode(&array).unwrap();
            for size in [9, 10, 100, 10_000] {
                let (first, rest) = bytes.split_at(9);
                let parts: Vec<&[u8]> = std::iter::once(first).chain(rest.chunks(size)).collect();
                assert_eq!(&decode(&parts).unwrap(), &array);
            }
        }
        let compressed = encode(&arrays()[6]).unwrap();
        assert_eq!(compressed[0], LZ4);
        assert!(compressed.len() < 3000, "{}", compressed.len());
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        for array in arrays() {
            let bytes = encode(&array).unwrap();
            for at in 0..bytes.len().min(2000) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << (at % 8);
                assert!(decode(&[&damaged]).is_err(), "byte {at}");
            }
        }
        assert!(decode(&[]).is_err() && decode(&[&[0; 8]]).is_err());
    }

    proptest! {
        /// Bytes that somebody wrote on purpose, with the right checksum.
        #[test]
        fn forged_columns_do_not_panic(
            array in 0usize..7,
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = encode(&arrays()[array]).unwrap();
            for (at, value) in edits {
                // The length of the stream is what decides how much is allocated.
                let at = 5 + at.index(bytes.len() - 5);
                bytes[at] = value;
            }
            let checksum = crc32fast::hash(&bytes[5..]);
            bytes[1..5].copy_from_slice(&checksum.to_le_bytes());
            let _ = decode(&[&bytes]);
        }
    }

    #[test]
    fn segments_fill_pages() {
        for len in [0, 1, 4071, 4072, 4073, 8168, 30_000, 65_512, 65_513, 1_000_000] {
            let bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let segments = segments(&bytes);
            assert_eq!(segments.concat(), bytes);
            let pages: usize = segments
                .iter()
                .map(|segment| (segment.len() + OVERHEAD).div_ceil(PAGE).next_power_of_two())
                .sum();
            assert!(pages * PAGE < len + segments.len() * OVERHEAD + PAGE, "{len}: {pages}");
        }
    }
}
