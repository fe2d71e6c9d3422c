//! Parquet: the footer, and the row groups that may have rows of a selection.

use super::batch_rows;
use super::footer::is_whole;
use super::prune::Prune;
use crate::error::{corrupt, guarded, invalid};
use crate::files::{TableFile, merged};
use crate::layout::Layout;
use crate::read_ahead::{Part, Rows, RowsIterator};
use arrow_schema::{Schema, SchemaRef};
use futures::FutureExt;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, RowGroupMetaData};
use rasteret_schema::SourceError;
use std::ops::Range;
use std::sync::Arc;

/// A footer that is longer is not read. That of a table of 1000 columns and 1000 row groups has about 150 MB.
const MAX_FOOTER: u64 = 256 << 20;
/// A row group with more, uncompressed, in the columns that are read does not fit into memory.
const MAX_ROW_GROUP: u64 = 8 << 30;

/// A Parquet file.
#[derive(Debug)]
pub(crate) struct ParquetTable {
    file: Arc<TableFile>,
    metadata: ArrowReaderMetadata,
}

impl ParquetTable {
    pub async fn open(file: TableFile) -> Result<ParquetTable, SourceError> {
        let name = file.name.clone();
        let length = file.tail().len();
        let length = file.tail().get(length - 8..length - 4).and_then(|bytes| bytes.try_into().ok());
        let length = u64::from(length.map_or(0, u32::from_le_bytes));
        let end = file.size() - 8;
        let start = end.checked_sub(length).filter(|start| *start >= 4);
        let start = start.ok_or_else(|| {
            corrupt(&name, format!("its footer has {length} bytes, and the file {}", file.size()))
        })?;
        if length > MAX_FOOTER {
            return Err(invalid(
                &name,
                format!(
                    "its footer has {length} bytes, and no more than {MAX_FOOTER} are read; write it with larger row groups"
                ),
            ));
        }
        let footer = file.read(start..end).await?;
        if !is_whole(&footer) {
            return Err(corrupt(&name, "its footer is broken"));
        }
        let metadata = guarded(&name, || {
            let metadata = ParquetMetaDataReader::decode_metadata(&footer)?;
            ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new())
        })?;
        let table = ParquetTable { file: Arc::new(file), metadata };
        table.check()?;
        Ok(table)
    }

    /// Checks that the columns are where the footer says, before anything relies on it.
    fn check(&self) -> Result<(), SourceError> {
        let is_possible = |group: &RowGroupMetaData| {
            group.num_rows() >= 0
                && group.columns().iter().all(|column| {
                    let range = range(column);
                    column.uncompressed_size() >= 0 && range.is_some_and(|it| it.end <= self.file.size())
                })
        };
        match self.metadata.metadata().row_groups().iter().position(|group| !is_possible(group)) {
            Some(group) => {
                Err(corrupt(&self.file.name, format!("row group {group} lies outside of the file")))
            }
            None => Ok(()),
        }
    }

    /// The schema with the CRSs that Parquet's own geometry types have, where nothing else says them.
    pub fn schema(&self) -> SchemaRef {
        let schema = self.metadata.schema();
        let Some(geo) = super::prune::geometry_types(self.metadata.parquet_schema()) else {
            return Arc::clone(schema);
        };
        let mut metadata = schema.metadata().clone();
        metadata.entry("geo".to_owned()).or_insert(geo);
        Arc::new(Schema::new_with_metadata(schema.fields().clone(), metadata))
    }

    /// The row groups that may have rows of the selection.
    pub fn parts(self: &Arc<Self>, layout: &Layout, prune: &Prune) -> Vec<Result<Part, SourceError>> {
        let schema = self.metadata.parquet_schema();
        let leaves = (0..schema.num_columns()).filter(|leaf| {
            let path = schema.column(*leaf).path().clone();
            layout.reads(path.parts())
        });
        let mask = ProjectionMask::leaves(schema, leaves);
        let prune = prune.on(schema, self.metadata.schema());
        let mut parts = Vec::new();
        let mut first = 0_u64;
        for (index, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = group.num_rows().unsigned_abs();
            if rows > 0 && prune.may_match(group) {
                parts.push(self.part(index, group, &mask, first));
            }
            first = first.saturating_add(rows);
        }
        parts
    }

    fn part(
        self: &Arc<Self>,
        index: usize,
        group: &RowGroupMetaData,
        mask: &ProjectionMask,
        first: u64,
    ) -> Result<Part, SourceError> {
        let columns = || group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
        let uncompressed: u64 = columns()
            .map(|(_, column)| {
                let unencoded = column.unencoded_byte_array_data_bytes().unwrap_or_default();
                column.uncompressed_size().max(unencoded).unsigned_abs()
            })
            .fold(0, u64::saturating_add);
        if uncompressed > MAX_ROW_GROUP {
            return Err(invalid(
                &self.file.name,
                format!(
                    "row group {index} has {uncompressed} bytes, and no more than {MAX_ROW_GROUP} are read at once; \
                     write it with smaller row groups, or read fewer columns"
                ),
            ));
        }
        let ranges = merged(columns().filter_map(|(_, column)| range(column)).collect());
        let rows = batch_rows(uncompressed, group.num_rows().unsigned_abs());
        let (table, mask) = (Arc::clone(self), mask.clone());
        Ok(Part {
            bytes: ranges.iter().map(|range| range.end - range.start).sum(),
            load: async move {
                let bytes = table.file.read_all(&ranges).await?;
                let decoder = guarded(&table.file.name, || {
                    let builder = ParquetPushDecoderBuilder::new_with_metadata(table.metadata.clone());
                    let builder = builder.with_row_groups(vec![index]).with_projection(mask);
                    let mut decoder = builder.with_batch_size(rows).build()?;
                    decoder.push_ranges(ranges, bytes)?;
                    Ok::<_, ParquetError>(decoder)
                })?;
                Ok(Box::new(Batches { table, decoder, next: first, failed: false }) as RowsIterator)
            }
            .boxed(),
        })
    }
}

/// Where a column chunk lies; `None` where its numbers make no sense.
fn range(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let start = u64::try_from(start).ok()?;
    u64::try_from(column.data_page_offset()).ok()?;
    let length = u64::try_from(column.compressed_size()).ok()?;
    Some(start..start.checked_add(length)?)
}

/// Decodes a row group whose bytes are there.
struct Batches {
    table: Arc<ParquetTable>,
    decoder: ParquetPushDecoder,
    next: u64,
    failed: bool,
}

impl Iterator for Batches {
    type Item = Result<Rows, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let decoded = guarded(&self.table.file.name, || self.decoder.try_decode());
        let rows = match decoded {
            Ok(DecodeResult::Finished) => return None,
            Ok(DecodeResult::Data(batch)) => {
                let first = self.next;
                self.next += batch.num_rows() as u64;
                Ok(Rows { batch, first, part: None })
            }
            Ok(DecodeResult::NeedsData(_)) => {
                Err(corrupt(&self.table.file.name, "a column goes on beyond its end"))
            }
            Err(error) => Err(error),
        };
        self.failed = rows.is_err();
        Some(rows)
    }
}
