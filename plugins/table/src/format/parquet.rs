//! Parquet: the footer, and the row groups that may have rows of a selection.

use super::footer::is_whole;
use super::pages::Pages;
use super::prune::{FilePrune, Prune};
use super::{BATCH_ROWS, batch_rows};
use crate::error::{corrupt, guarded, invalid};
use crate::files::{TableFile, merged};
use crate::layout::Layout;
use crate::read_ahead::{Part, Rows, RowsIterator};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use futures::FutureExt;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowSelection,
};
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, RowGroupMetaData};
use rasteret_schema::SourceError;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// A footer that is longer is not read. That of a table of 1000 columns and 1000 row groups has about 150 MB.
const MAX_FOOTER: u64 = 256 << 20;
/// Of a smaller row group, reading the pages that are needed would take longer than reading all.
const PAGES_FROM: u64 = 512 << 10;
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

    /// The same table with no more than so many bytes in memory, and how many it has: without the end of the file if
    /// that is too much; `None` if its footer alone is.
    pub fn kept(self: &Arc<Self>, room: usize) -> Option<(Arc<ParquetTable>, usize)> {
        let footer = self.metadata.metadata().memory_size();
        let whole = footer.saturating_add(self.file.tail().len());
        if whole <= room {
            return Some((Arc::clone(self), whole));
        }
        let file = Arc::new(self.file.without_tail());
        (footer <= room).then(|| (Arc::new(ParquetTable { file, metadata: self.metadata.clone() }), footer))
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

    /// Which program wrote the file, where it says so.
    pub fn created_by(&self) -> Option<String> {
        self.metadata.metadata().file_metadata().created_by().map(str::to_owned)
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

    pub fn rows(&self) -> u64 {
        let groups = self.metadata.metadata().row_groups().iter();
        groups.map(|group| group.num_rows().unsigned_abs()).fold(0, u64::saturating_add)
    }

    /// The least and the greatest time of a column, where statistics say so for all rows.
    pub fn times(&self, datetime: &str) -> Option<(i64, i64)> {
        super::prune::span_of_times(self.metadata.metadata(), self.metadata.schema(), datetime)
    }

    /// The row groups that may have rows of the selection.
    pub fn parts(self: &Arc<Self>, layout: &Layout, prune: &Prune) -> Vec<Result<Part, SourceError>> {
        let schema = self.metadata.parquet_schema();
        let leaves = (0..schema.num_columns()).filter(|leaf| {
            let path = schema.column(*leaf).path().clone();
            layout.reads(path.parts())
        });
        let mask = ProjectionMask::leaves(schema, leaves);
        let prune = Arc::new(prune.on(schema, self.metadata.schema()));
        let mut parts = Vec::new();
        let mut first = 0_u64;
        for (index, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = group.num_rows().unsigned_abs();
            if rows > 0 && prune.may_match_group(group, prune.may_cross(group)) {
                let group = Group { table: Arc::clone(self), index, first, mask: mask.clone() };
                parts.push(group.part(Arc::clone(&prune)));
            }
            first = first.saturating_add(rows);
        }
        parts
    }
}

/// A row group to read.
struct Group {
    table: Arc<ParquetTable>,
    index: usize,
    /// Number of its first row.
    first: u64,
    mask: ProjectionMask,
}

impl Group {
    fn part(self, prune: Arc<FilePrune>) -> Result<Part, SourceError> {
        let group = self.table.metadata.metadata().row_group(self.index);
        let columns =
            || group.columns().iter().enumerate().filter(|(leaf, _)| self.mask.leaf_included(*leaf));
        let uncompressed: u64 = columns()
            .map(|(_, column)| {
                let unencoded = column.unencoded_byte_array_data_bytes().unwrap_or_default();
                column.uncompressed_size().max(unencoded).unsigned_abs()
            })
            .fold(0, u64::saturating_add);
        if uncompressed > MAX_ROW_GROUP {
            return Err(invalid(
                &self.table.file.name,
                format!(
                    "row group {} has {uncompressed} bytes, and no more than {MAX_ROW_GROUP} are read at once; write \
                     it with smaller row groups, or read fewer columns",
                    self.index
                ),
            ));
        }
        let bytes =
            columns().filter_map(|(_, column)| range(column)).map(|range| range.end - range.start).sum();
        let rows = batch_rows(uncompressed, group.num_rows().unsigned_abs());
        Ok(Part { bytes, load: async move { self.load(bytes, rows, &prune).await }.boxed() })
    }

    /// Reads what there may be of the selection.
    async fn load(
        self,
        bytes: u64,
        batch_rows: usize,
        prune: &FilePrune,
    ) -> Result<RowsIterator, SourceError> {
        let (file, metadata) = (&self.table.file, &self.table.metadata);
        let group = metadata.metadata().row_group(self.index);
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let has_ordinary = prune.may_match_group(group, false);
        let cross = match prune.west_and_east(group).filter(|_| prune.may_cross(group)) {
            // To look at two columns is little, where all would be read for a box that goes around the Earth.
            Some(leaves) if !has_ordinary || bytes >= PAGES_FROM => self.crosses(leaves).await?,
            _ => prune.may_cross(group),
        };
        if !cross && !has_ordinary {
            return Ok(Box::new(std::iter::empty()));
        }
        let pages = match bytes >= PAGES_FROM {
            true => Pages::find(file, metadata, self.index, prune, cross).await?,
            false => None,
        };
        let all = 0..rows;
        let (metadata, index, ranges) = match pages {
            Some(pages) => (pages.metadata, 0, pages.rows),
            None => (metadata.clone(), self.index, vec![all.clone()]),
        };
        let builder = ParquetPushDecoderBuilder::new_with_metadata(metadata);
        let builder = builder.with_row_groups(vec![index]).with_projection(self.mask);
        let builder = match ranges.as_slice() {
            [range] if *range == all => builder,
            _ => builder
                .with_row_selection(RowSelection::from_consecutive_ranges(ranges.iter().cloned(), rows)),
        };
        let Some(reader) = read(file, builder.with_batch_size(batch_rows)).await? else {
            return Ok(Box::new(std::iter::empty()));
        };
        let name = file.name.clone();
        Ok(Box::new(Batches { name, reader, first: self.first, ranges: ranges.into(), rest: None }))
    }

    /// Whether the west of any box is greater than its east.
    async fn crosses(&self, leaves: [usize; 2]) -> Result<bool, SourceError> {
        let (file, metadata) = (&self.table.file, &self.table.metadata);
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), leaves);
        let builder = ParquetPushDecoderBuilder::new_with_metadata(metadata.clone());
        let builder =
            builder.with_row_groups(vec![self.index]).with_projection(mask).with_batch_size(BATCH_ROWS);
        let Some(reader) = read(file, builder).await? else { return Ok(false) };
        guarded(&file.name, || {
            for batch in reader {
                if any_crosses(&batch?, leaves)? {
                    return Ok(true);
                }
            }
            Ok::<_, ArrowError>(false)
        })
    }
}

/// Reads what a decoder asks for; `None` if there are no rows.
async fn read(
    file: &TableFile,
    decoder: ParquetPushDecoderBuilder,
) -> Result<Option<ParquetRecordBatchReader>, SourceError> {
    let mut decoder = guarded(&file.name, || decoder.build())?;
    // Once for all columns; a decoder that asks again and again is misled by the file.
    for _ in 0..8 {
        match guarded(&file.name, || decoder.try_next_reader())? {
            DecodeResult::Finished => return Ok(None),
            DecodeResult::Data(reader) => return Ok(Some(reader)),
            DecodeResult::NeedsData(wanted) => {
                let wanted = merged(wanted);
                let bytes = file.read_all(&wanted).await?;
                guarded(&file.name, || decoder.push_ranges(wanted, bytes))?;
            }
        }
    }
    Err(corrupt(&file.name, "a column goes on beyond its end"))
}

/// Whether the west of a box is greater than its east, of rows that have nothing but both, in the order of the file's
/// columns.
fn any_crosses(batch: &RecordBatch, [west, east]: [usize; 2]) -> Result<bool, ArrowError> {
    let mut sides: Vec<ArrayRef> = Vec::with_capacity(2);
    for column in batch.columns() {
        match column.as_struct_opt() {
            Some(bbox) => sides.extend(bbox.columns().iter().cloned()),
            None => sides.push(Arc::clone(column)),
        }
    }
    if west > east {
        sides.reverse();
    }
    let [wests, easts] = sides.as_slice() else { return Ok(true) };
    let [wests, easts] = [cast(wests, &DataType::Float64)?, cast(easts, &DataType::Float64)?];
    let pairs = wests.as_primitive::<Float64Type>().iter().zip(easts.as_primitive::<Float64Type>());
    Ok(pairs.into_iter().any(|(west, east)| west > east && east.is_some()))
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
    name: String,
    reader: ParquetRecordBatchReader,
    /// Number of the group's first row.
    first: u64,
    /// The rows of the group that are still to come.
    ranges: VecDeque<Range<usize>>,
    /// Of a batch that goes on in the next range.
    rest: Option<RecordBatch>,
}

impl Batches {
    fn batch(&mut self) -> Option<Result<RecordBatch, SourceError>> {
        if let Some(rest) = self.rest.take() {
            return Some(Ok(rest));
        }
        match guarded(&self.name, || self.reader.next().transpose()) {
            Ok(batch) => batch.map(Ok),
            Err(error) => {
                self.ranges.clear();
                Some(Err(error))
            }
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Rows, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.ranges.front_mut()?;
        let (start, length) = (range.start, range.len());
        let mut batch = match self.batch()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        if batch.num_rows() > length {
            self.rest = Some(batch.slice(length, batch.num_rows() - length));
            batch = batch.slice(0, length);
        }
        match self.ranges.front_mut() {
            Some(range) if batch.num_rows() < length => range.start += batch.num_rows(),
            _ => drop(self.ranges.pop_front()),
        }
        Some(Ok(Rows { batch, first: self.first.saturating_add(start as u64), part: None }))
    }
}
