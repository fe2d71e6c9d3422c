//! Replacing and adding whole columns, chunk by chunk. Ids, headers and all other columns stay as they are.

use super::scan::ScanBatch;
use super::tables::{CHUNKS, COLUMNS, ChunkKey, CollectionId, ColumnKey, TOMBSTONES};
use super::transaction::Transaction;
use super::zone::{MAX_ROWS, StoredZone};
use super::{StoreError, column, schema};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{Field, FieldRef, Schema};
use arrow_select::take::take;
use rasteret_schema::record;
use redb::ReadableTable;
use std::sync::Arc;

/// What other tables and the zone maps' boxes rely on.
const FIXED: [&str; 5] = [record::ID, record::DATETIME, record::GEOMETRY, record::BBOX, record::ASSETS];

/// The rows of a chunk that are not deleted.
struct LiveRows {
    zone: StoredZone,
    /// Where each row of the chunk is among them; `None` if all are.
    places: Option<UInt32Array>,
    batch: ScanBatch,
}

impl Transaction<'_> {
    /// Replaces columns of a collection, and adds those that are not there yet.
    ///
    /// `values` is called once for each chunk, with the columns `read` of its records and their numbers, and
    /// returns an array for each of the `fields`, of the field's type and with a value for each record. The
    /// type of a column that is replaced becomes that of the field; all values may be null.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::NoSuchColumn`]; [`StoreError::Invalid`] for the columns
    /// `id`, `datetime`, `geometry`, `bbox` and `assets`, for two columns of one name, and for arrays that do not
    /// fit; [`StoreError::Damaged`], [`StoreError::Io`]; and those of `values`. The transaction cannot be committed
    /// then.
    pub fn put_columns<E: From<StoreError>>(
        &mut self,
        name: &str,
        fields: &[Field],
        read: &[&str],
        mut values: impl FnMut(&ScanBatch) -> Result<Vec<ArrayRef>, E>,
    ) -> Result<(), E> {
        let known = self.touch(name)?.schema.clone();
        let known = if known.fields().is_empty() { Schema::clone(&record::schema()) } else { known };
        let (schema, places) = with_fields(&known, fields)?;
        let find = |column: &&str| {
            let (index, _) =
                known.column_with_name(column).ok_or_else(|| no_such_column(name, column, &known))?;
            Ok((index, known.fields()[index].clone()))
        };
        let read = read.iter().map(find).collect::<Result<Vec<_>, StoreError>>()?;
        for first in self.change(|this| this.chunk_numbers(name))? {
            let chunk = self.change(|this| this.read_live(name, first, &read))?;
            let arrays = values(&chunk.batch).inspect_err(|_| self.fail())?;
            self.change(|this| {
                check(fields, &arrays, chunk.batch.records.len())?;
                this.replace(name, first, chunk, places.iter().copied().zip(arrays))
            })?;
        }
        let touched = self.touch(name)?;
        touched.schema_changed |= touched.schema != schema;
        touched.schema = schema;
        Ok(())
    }

    fn chunk_numbers(&mut self, name: &str) -> Result<Vec<u64>, StoreError> {
        let collection = self.touch(name)?.metadata.id;
        let chunks = self.redb().open_table(CHUNKS)?;
        let all = chunks.range::<ChunkKey>((collection, 0)..=(collection, u64::MAX))?;
        all.map(|entry| Ok(entry?.0.value().1)).collect()
    }

    /// Columns of the records of a chunk that are not deleted.
    fn read_live(
        &mut self,
        name: &str,
        first: u64,
        columns: &[(usize, FieldRef)],
    ) -> Result<LiveRows, StoreError> {
        let collection = self.touch(name)?.metadata.id;
        let damaged = |what: String| StoreError::Damaged(format!("chunk of record #{first}: {what}"));
        let zone = match self.redb().open_table(CHUNKS)?.get((collection, first))? {
            Some(zone) => StoredZone::from_bytes(zone.value()).map_err(damaged)?,
            None => return Err(damaged("it is missing".to_owned())),
        };
        let rows = zone.rows as usize;
        if rows > MAX_ROWS || first.checked_add(rows as u64).is_none() {
            return Err(damaged(format!("it cannot have {rows} rows")));
        }
        let live = self.live_rows(collection, first, rows)?;
        let table = self.redb().open_table(COLUMNS)?;
        let mut arrays = Vec::with_capacity(columns.len());
        for (index, field) in columns {
            let array = column::read((collection, first), &zone, *index, |keys| {
                table.range::<ColumnKey>(keys)?.map(|entry| Ok(entry?.1)).collect()
            })?;
            let array = schema::conform(array, field, rows).map_err(|error| damaged(error.to_string()))?;
            arrays.push(match &live {
                None => array,
                Some(live) => take(&array, live, None).map_err(|error| damaged(error.to_string()))?,
            });
        }
        let records: Vec<u64> = match &live {
            None => (first..).take(rows).collect(),
            Some(live) => live.values().iter().map(|row| first + u64::from(*row)).collect(),
        };
        let fields: Vec<FieldRef> = columns.iter().map(|(_, field)| Arc::clone(field)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|error| damaged(error.to_string()))?;
        let places = live.map(|live| places_of(&live, rows));
        Ok(LiveRows { zone, places, batch: ScanBatch { batch, records } })
    }

    /// The rows of a chunk that are not deleted; `None` if none is.
    fn live_rows(
        &self,
        collection: CollectionId,
        first: u64,
        rows: usize,
    ) -> Result<Option<UInt32Array>, StoreError> {
        let tombstones = self.redb().open_table(TOMBSTONES)?;
        let Some(bitmap) = tombstones.get((collection, first))? else { return Ok(None) };
        let bitmap = bitmap.value();
        if bitmap.len() != rows.div_ceil(8) {
            return Err(StoreError::Damaged(format!("tombstones of the chunk of #{first}")));
        }
        let is_live = |row: &u32| bitmap[*row as usize / 8] >> (row % 8) & 1 == 0;
        // A chunk has at most 2¹⁶ rows.
        Ok(Some((0..rows as u32).filter(is_live).collect()))
    }

    /// Replaces columns of a chunk by arrays that have the values of the live rows.
    fn replace(
        &mut self,
        name: &str,
        first: u64,
        LiveRows { mut zone, places, .. }: LiveRows,
        columns: impl Iterator<Item = (u16, ArrayRef)>,
    ) -> Result<(), StoreError> {
        let collection = self.touch(name)?.metadata.id;
        let (mut removed, mut added) = (0, 0);
        for (number, array) in columns {
            let array = match &places {
                None => array,
                Some(places) => {
                    take(&array, places, None).map_err(|error| StoreError::Invalid(error.to_string()))?
                }
            };
            let mut table = self.redb().open_table(COLUMNS)?;
            let old = (collection, first, number, 0)..=(collection, first, number, u16::MAX);
            table.retain_in::<ColumnKey, _>(old, |_, segment| {
                removed += segment.len() as u64;
                false
            })?;
            let (written, bytes) =
                column::write(&mut table, (collection, first), std::iter::once((number, array)))?;
            added += bytes;
            zone.set_column(number, written.into_iter().next());
        }
        self.redb().open_table(CHUNKS)?.insert((collection, first), zone.to_bytes()?.as_slice())?;
        let metadata = &mut self.touch(name)?.metadata;
        metadata.bytes = metadata.bytes.saturating_sub(removed) + added;
        Ok(())
    }
}

/// Where in an array of the live rows each row of the chunk is; null where it is deleted.
fn places_of(live: &UInt32Array, rows: usize) -> UInt32Array {
    let mut places = vec![None; rows];
    for (place, row) in (0..).zip(live.values()) {
        places[*row as usize] = Some(place);
    }
    places.into()
}

/// The schema with these fields in place of those of the same names, or at its end; and their numbers.
fn with_fields(known: &Schema, fields: &[Field]) -> Result<(Schema, Vec<u16>), StoreError> {
    let mut all: Vec<FieldRef> = known.fields().to_vec();
    let mut places = Vec::with_capacity(fields.len());
    for field in fields {
        if FIXED.contains(&field.name().as_str()) {
            return Err(StoreError::Invalid(format!("column {:?} cannot be replaced", field.name())));
        }
        let place = match all.iter().position(|other| other.name() == field.name()) {
            Some(place) => place,
            None => {
                all.push(Arc::new(field.clone()));
                all.len() - 1
            }
        };
        let number = u16::try_from(place)
            .map_err(|_| StoreError::Invalid(format!("{} columns are too many", all.len())))?;
        if places.contains(&number) {
            return Err(StoreError::Invalid(format!("there are two columns {:?}", field.name())));
        }
        places.push(number);
        // Rows that are deleted have no value.
        all[place] = Arc::new(field.clone().with_nullable(true));
    }
    Ok((Schema::new_with_metadata(all, known.metadata().clone()), places))
}

fn check(fields: &[Field], arrays: &[ArrayRef], rows: usize) -> Result<(), StoreError> {
    if arrays.len() != fields.len() {
        return Err(StoreError::Invalid(format!("{} arrays for {} columns", arrays.len(), fields.len())));
    }
    for (field, array) in fields.iter().zip(arrays) {
        if array.len() != rows || array.data_type() != field.data_type() {
            return Err(StoreError::Invalid(format!(
                "column {:?}: {} values of {} for {rows} records of {}",
                field.name(),
                array.len(),
                array.data_type(),
                field.data_type()
            )));
        }
    }
    Ok(())
}

fn no_such_column(collection: &str, column: &str, schema: &Schema) -> StoreError {
    StoreError::NoSuchColumn {
        collection: collection.to_owned(),
        column: column.to_owned(),
        available: schema.fields().iter().map(|field| field.name().clone()).collect(),
    }
}
