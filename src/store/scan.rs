//! Reading records: chunk by chunk, column by column.

use super::snapshot::Collection;
use super::tables::{ChunkKey, ColumnKey};
use super::zone::{MAX_ROWS, StoredZone, ZoneMap};
use super::{StoreError, column, schema};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_schema::{ArrowError, FieldRef, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::interleave::interleave;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Columns of a collection.
#[derive(Debug, Clone)]
pub struct Projection {
    columns: Vec<usize>,
    schema: SchemaRef,
}

impl Projection {
    pub(super) fn new(schema: &SchemaRef, columns: Vec<usize>) -> Self {
        let fields: Vec<_> =
            columns.iter().filter_map(|column| schema.fields().get(*column)).cloned().collect();
        let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
        Projection { columns, schema: Arc::new(schema) }
    }

    /// The schema of the batches that are read with it.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

/// Records that were added together and lie together.
#[derive(Debug, Clone)]
pub struct Chunk {
    first: u64,
    zone: ZoneMap,
    /// One bit for each row; set where the record is deleted.
    deleted: Option<BooleanBuffer>,
}

impl Chunk {
    /// What its records have in common.
    pub fn zone(&self) -> &ZoneMap {
        &self.zone
    }

    /// Numbers of its records, without deleted ones.
    pub fn records(&self) -> Vec<u64> {
        let numbers = (self.first..).take(self.zone.rows());
        match &self.deleted {
            None => numbers.collect(),
            Some(deleted) => numbers
                .zip(deleted.iter())
                .filter_map(|(number, deleted)| (!deleted).then_some(number))
                .collect(),
        }
    }

    /// Number of its records, without deleted ones.
    pub fn len(&self) -> usize {
        self.zone.rows() - self.deleted.as_ref().map_or(0, BooleanBuffer::count_set_bits)
    }

    /// Whether all its records are deleted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn has_deleted(&self) -> bool {
        self.deleted.is_some()
    }

    /// The row of a record, if the chunk has it.
    fn row(&self, record: u64) -> Option<usize> {
        let row = usize::try_from(record.checked_sub(self.first)?).ok()?;
        let is_deleted = |deleted: &BooleanBuffer| deleted.value(row);
        (row < self.zone.rows() && !self.deleted.as_ref().is_some_and(is_deleted)).then_some(row)
    }
}

/// Some records of a collection.
#[derive(Debug, Clone)]
pub struct ScanBatch {
    /// The projected columns.
    pub batch: RecordBatch,
    /// Numbers of the records, one for each row.
    pub records: Vec<u64>,
}

/// The records of a collection, chunk by chunk.
#[derive(Debug)]
pub struct Scan {
    collection: Collection,
    projection: Projection,
    chunks: std::vec::IntoIter<usize>,
}

impl Iterator for Scan {
    type Item = Result<ScanBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.chunks.next()?;
        let chunk = self.collection.chunks().map(|chunks| chunks.get(index)).transpose()?;
        Some(chunk.and_then(|chunk| self.collection.read_chunk(chunk, &self.projection)))
    }
}

impl Collection {
    /// Reads the records of the chunks whose zone map passes a test. Chunks are read as the iterator
    /// goes; to read them in several threads, give [`Collection::chunks`] to
    /// [`Collection::read_chunk`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn scan(&self, projection: &Projection, keep: impl Fn(&ZoneMap) -> bool) -> Result<Scan, StoreError> {
        let chunks = self.chunks()?.iter().enumerate();
        let chosen: Vec<usize> = chunks.filter_map(|(i, chunk)| keep(chunk.zone()).then_some(i)).collect();
        Ok(Scan { collection: self.clone(), projection: projection.clone(), chunks: chosen.into_iter() })
    }

    /// All chunks, in the order of their records. They are read once, and then kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn chunks(&self) -> Result<&[Chunk], StoreError> {
        if let Some(chunks) = self.inner.chunks.get() {
            return Ok(chunks);
        }
        let chunks = self.load_chunks()?;
        Ok(self.inner.chunks.get_or_init(|| chunks))
    }

    fn load_chunks(&self) -> Result<Vec<Chunk>, StoreError> {
        let all = (self.id(), 0)..=(self.id(), u64::MAX);
        let mut deleted = BTreeMap::new();
        for entry in self.tables().tombstones.range::<ChunkKey>(all.clone())? {
            let (key, bitmap) = entry?;
            deleted.insert(key.value(), Buffer::from(bitmap.value()));
        }
        let mut chunks = Vec::new();
        for entry in self.tables().chunks.range::<ChunkKey>(all)? {
            let (key, bytes) = entry?;
            let damaged = |what| self.damaged(key.value().1, what);
            let stored = StoredZone::from_bytes(bytes.value()).map_err(damaged)?;
            let rows = stored.rows as usize;
            if rows > MAX_ROWS || key.value().1.checked_add(rows as u64).is_none() {
                return Err(damaged(format!("it cannot have {rows} rows")));
            }
            let deleted = match deleted.remove(&key.value()) {
                None => None,
                Some(bitmap) if bitmap.len() == rows.div_ceil(8) => Some(BooleanBuffer::new(bitmap, 0, rows)),
                Some(_) => return Err(damaged("its bitmap of deleted rows has another length".to_owned())),
            };
            let zone = ZoneMap { stored, schema: self.inner.schema.clone() };
            chunks.push(Chunk { first: key.value().1, zone, deleted });
        }
        match deleted.first_key_value() {
            None => Ok(chunks),
            Some(((_, first), _)) => Err(self.damaged(*first, "it is missing".to_owned())),
        }
    }

    fn damaged(&self, chunk: u64, what: String) -> StoreError {
        StoreError::Damaged(format!("collection {:?}, chunk of record #{chunk}: {what}", self.name()))
    }

    /// Reads the records of a chunk, without deleted ones.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn read_chunk(&self, chunk: &Chunk, projection: &Projection) -> Result<ScanBatch, StoreError> {
        let columns = self.read_columns(chunk, projection)?;
        let options = RecordBatchOptions::new().with_row_count(Some(chunk.zone.rows()));
        let batch = RecordBatch::try_new_with_options(projection.schema.clone(), columns, &options);
        let batch = match &chunk.deleted {
            None => batch,
            Some(deleted) => {
                batch.and_then(|batch| filter_record_batch(&batch, &BooleanArray::new(!deleted, None)))
            }
        };
        let batch = batch.map_err(|error| self.damaged(chunk.first, error.to_string()))?;
        Ok(ScanBatch { batch, records: chunk.records() })
    }

    /// The projected columns of a chunk, deleted records included.
    fn read_columns(&self, chunk: &Chunk, projection: &Projection) -> Result<Vec<ArrayRef>, StoreError> {
        let key = (self.id(), chunk.first);
        let read = |(index, field): (&usize, &FieldRef)| {
            let array = column::read(key, &chunk.zone.stored, *index, |keys| {
                self.tables().columns.range::<ColumnKey>(keys)?.map(|entry| Ok(entry?.1)).collect()
            })?;
            schema::conform(array, field, chunk.zone.rows())
                .map_err(|error| self.damaged(chunk.first, format!("column {:?}: {error}", field.name())))
        };
        projection.columns.iter().zip(projection.schema.fields()).map(read).collect()
    }

    /// Index of the chunk and row in the chunk of a record that is not deleted.
    pub(super) fn place(&self, record: u64) -> Result<Option<(usize, usize)>, StoreError> {
        let chunks = self.chunks()?;
        let index = chunks.partition_point(|chunk| chunk.first <= record).checked_sub(1);
        Ok(index.and_then(|index| Some((index, chunks.get(index)?.row(record)?))))
    }

    /// Reads records by their numbers, in this order.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchRecord`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn rows(&self, records: &[u64], projection: &Projection) -> Result<RecordBatch, StoreError> {
        let chunks = self.chunks()?;
        let mut places = Vec::with_capacity(records.len());
        let mut opened: BTreeMap<usize, usize> = BTreeMap::new();
        for record in records {
            let (index, row) =
                self.place(*record)?.ok_or_else(|| self.no_such_record(format!("#{record}")))?;
            let next = opened.len();
            places.push((*opened.entry(index).or_insert(next), row));
        }
        let mut opened: Vec<(usize, usize)> =
            opened.into_iter().map(|(index, place)| (place, index)).collect();
        opened.sort_unstable();
        let parts = opened
            .iter()
            .filter_map(|(_, index)| chunks.get(*index))
            .map(|chunk| self.read_columns(chunk, projection))
            .collect::<Result<Vec<_>, _>>()?;
        let columns = projection.schema.fields().iter().enumerate().map(|(column, field)| {
            let parts: Vec<&dyn Array> =
                parts.iter().filter_map(|columns| columns.get(column)).map(AsRef::as_ref).collect();
            if parts.is_empty() {
                return Ok(arrow_array::new_empty_array(field.data_type()));
            }
            interleave(&parts, &places)
        });
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        columns
            .collect::<Result<Vec<_>, ArrowError>>()
            .and_then(|columns| {
                RecordBatch::try_new_with_options(projection.schema.clone(), columns, &options)
            })
            .map_err(|error| StoreError::Damaged(format!("collection {:?}: {error}", self.name())))
    }
}
