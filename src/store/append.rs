//! Adding records, and replacing those that are there already.

use super::headers::{RecordHeaders, check};
use super::metadata::Failure;
use super::tables::{CHUNKS, COLUMNS, CollectionId, ColumnKey, IDS, id_key};
use super::transaction::Transaction;
use super::zone::{self, StoredZone};
use super::{StoreError, column, schema};
use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::Schema;
use arrow_select::filter::filter_record_batch;
use rasteret_schema::record::{self, RecordColumns};
use rasteret_schema::{Asset, SourceHeader};
use redb::ReadableTable;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Records of a chunk: enough that a chunk's columns fill their pages, few enough that a filter which
/// passes over chunks passes over many.
const CHUNK: usize = 8192;

/// Why the header of a band of a record that is added is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderFailure {
    /// Row of the record in its batch.
    pub row: usize,
    /// Band of the record.
    pub band: String,
    /// Why there is no header.
    pub failure: Failure,
}

/// What adding records did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The number of each row's record; `None` for a row whose id a later row has as well.
    pub records: Vec<Option<u64>>,
    /// The rows whose records were there before, and were replaced.
    pub replaced: Vec<usize>,
}

/// A batch that has been checked.
struct Batch<'a> {
    /// One row for each id.
    records: RecordBatch,
    /// Row of `records` for each row that was given.
    rows: Vec<Option<usize>>,
    headers: &'a [SourceHeader],
    failures: &'a [HeaderFailure],
}

type NewHeaders<'a> = BTreeMap<u64, RecordHeaders<Cow<'a, [u8]>>>;

impl Transaction<'_> {
    /// Adds records, with the headers that are known and the reasons why others are not.
    ///
    /// A record whose id is there already takes its place. The headers and failures of the old record
    /// are kept for the bands that come with neither, if the asset of the band is the same.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::SchemaConflict`], [`StoreError::Invalid`] if
    /// the batch lacks a column that records have, has nulls there, or a header belongs to no row;
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn append(
        &mut self,
        collection: &str,
        records: &RecordBatch,
        headers: &[SourceHeader],
        failures: &[HeaderFailure],
    ) -> Result<Appended, StoreError> {
        let batch = Batch::new(records, headers, failures)?;
        let known = &self.touch(collection)?.schema;
        let unified = schema::unify(collection, known, records.schema_ref())?;
        if unified.fields().len() > usize::from(u16::MAX) {
            return Err(StoreError::Invalid(format!("{} columns are too many", unified.fields().len())));
        }
        let changed = unified != *known;
        self.change(|this| {
            let touched = this.touch(collection)?;
            touched.schema_changed |= changed;
            touched.schema = unified;
            this.append_batch(collection, &batch)
        })
    }

    fn append_batch(&mut self, name: &str, batch: &Batch<'_>) -> Result<Appended, StoreError> {
        let columns = RecordColumns::new(&batch.records).map_err(invalid)?;
        let metadata = &mut self.touch(name)?.metadata;
        for band in batch.bands() {
            metadata.add_band(band)?;
        }
        let (collection, first) = (metadata.id, metadata.next_record);
        let count = columns.len() as u64;
        metadata.next_record = first
            .checked_add(count)
            .ok_or_else(|| StoreError::Invalid("all record numbers are taken".to_owned()))?;

        let mut headers = self.new_headers(name, batch, first)?;
        let replaced = self.number(collection, &columns, first)?;
        self.move_headers(name, &columns, &replaced, first, &mut headers)?;
        let mut dead: Vec<u64> = replaced.iter().map(|(_, record)| *record).collect();
        dead.sort_unstable();
        self.bury(name, &dead)?;

        for start in (0..columns.len()).step_by(CHUNK) {
            let rows = batch.records.slice(start, CHUNK.min(columns.len() - start));
            self.write_chunk(name, first + start as u64, &rows)?;
        }
        self.put_headers(name, headers.iter().map(|(record, headers)| (*record, headers)))?;
        self.touch(name)?.metadata.records += count;
        let number = |row: &Option<usize>| row.map(|row| first + row as u64);
        let replaced: HashSet<usize> = replaced.into_iter().map(|(row, _)| row).collect();
        let is_replaced = |row: &Option<usize>| row.is_some_and(|row| replaced.contains(&row));
        let rows = batch.rows.iter().enumerate();
        Ok(Appended {
            records: batch.rows.iter().map(number).collect(),
            replaced: rows.filter_map(|(given, row)| is_replaced(row).then_some(given)).collect(),
        })
    }

    /// Headers and failures that come with the batch, by record.
    fn new_headers<'a>(
        &mut self,
        name: &str,
        batch: &Batch<'a>,
        first: u64,
    ) -> Result<NewHeaders<'a>, StoreError> {
        let metadata = &mut self.touch(name)?.metadata;
        let mut records = NewHeaders::new();
        for header in batch.headers {
            let Some(row) = batch.row(header.row) else { continue };
            let band = metadata.add_band(&header.band)?;
            let archive = Cow::Borrowed(header.header.as_bytes());
            records.entry(first + row as u64).or_default().headers.insert(band, archive);
        }
        for failure in batch.failures {
            let Some(row) = batch.row(failure.row) else { continue };
            let band = metadata.add_band(&failure.band)?;
            let record = records.entry(first + row as u64).or_default();
            if !record.headers.contains_key(&band) {
                record.failures.insert(band, failure.failure.clone());
            }
        }
        Ok(records)
    }

    /// Gives the ids their new numbers; returns rows and old numbers of those that had one.
    fn number(
        &self,
        collection: CollectionId,
        columns: &RecordColumns<'_>,
        first: u64,
    ) -> Result<Vec<(usize, u64)>, StoreError> {
        let mut rows: Vec<usize> = (0..columns.len()).collect();
        rows.sort_unstable_by_key(|row| columns.id(*row));
        let mut ids = self.redb().open_table(IDS)?;
        let mut replaced = Vec::new();
        for row in rows {
            let key = id_key(collection, columns.id(row));
            let old = ids.insert(key.as_slice(), first + row as u64)?;
            replaced.extend(old.map(|old| (row, old.value())));
        }
        Ok(replaced)
    }

    /// Takes the headers of replaced records away, and keeps those of assets that have not changed.
    fn move_headers(
        &mut self,
        name: &str,
        columns: &RecordColumns<'_>,
        replaced: &[(usize, u64)],
        first: u64,
        headers: &mut NewHeaders<'_>,
    ) -> Result<(), StoreError> {
        let mut by_record: Vec<(u64, usize)> = replaced.iter().map(|(row, old)| (*old, *row)).collect();
        by_record.sort_unstable();
        let mut chunk: Option<(u64, RecordBatch)> = None;
        for (old, row) in by_record {
            let taken = self.take_headers(name, old)?;
            if taken.headers.is_empty() && taken.failures.is_empty() {
                continue;
            }
            let in_chunk = |(start, rows): &(u64, RecordBatch)| {
                old.checked_sub(*start).is_some_and(|row| row < rows.num_rows() as u64)
            };
            let (start, rows) = match chunk.take().filter(in_chunk) {
                Some(chunk) => chunk,
                None => self.read_assets(name, old)?,
            };
            let was = RecordColumns::new(&rows).map_err(invalid)?.assets((old - start) as usize);
            let is = columns.assets(row);
            let new = headers.entry(first + row as u64).or_default();
            let bands = &self.touch(name)?.metadata.bands;
            let unchanged = |band: &u16| {
                let asset = |assets: &[Asset]| {
                    assets.iter().find(|asset| Some(&asset.band) == bands.get(usize::from(*band))).cloned()
                };
                asset(&was).is_some_and(|was| asset(&is) == Some(was))
            };
            for (band, archive) in taken.headers {
                if unchanged(&band) && !new.headers.contains_key(&band) && !new.failures.contains_key(&band) {
                    new.headers.insert(band, Cow::Owned(archive));
                }
            }
            for (band, failure) in taken.failures {
                if unchanged(&band) && !new.headers.contains_key(&band) {
                    new.failures.entry(band).or_insert(failure);
                }
            }
            chunk = Some((start, rows));
        }
        Ok(())
    }

    /// The columns that every record has, of the chunk that a record lies in.
    fn read_assets(&mut self, name: &str, record: u64) -> Result<(u64, RecordBatch), StoreError> {
        let touched = self.touch(name)?;
        let (collection, schema) = (touched.metadata.id, touched.schema.clone());
        let (start, zone) = self.chunk_of(collection, record)?;
        let table = self.redb().open_table(COLUMNS)?;
        let mut columns = Vec::new();
        for name in [record::ID, record::DATETIME, record::ASSETS] {
            let damaged = |error| StoreError::Damaged(format!("column {name:?}: {error}"));
            let (index, field) =
                schema.column_with_name(name).ok_or_else(|| damaged("it is missing".to_owned()))?;
            let array = column::read((collection, start), &zone, index, |keys| {
                table.range::<ColumnKey>(keys)?.map(|entry| Ok(entry?.1)).collect()
            })?;
            let array = schema::conform(array, field, zone.rows as usize)
                .map_err(|error| damaged(error.to_string()))?;
            columns.push((name, array));
        }
        let batch = RecordBatch::try_from_iter(columns)
            .map_err(|error| StoreError::Damaged(format!("chunk of record #{start}: {error}")))?;
        Ok((start, batch))
    }

    fn write_chunk(&mut self, name: &str, first: u64, rows: &RecordBatch) -> Result<(), StoreError> {
        let touched = self.touch(name)?;
        let key = (touched.metadata.id, first);
        let place = |field: &arrow_schema::FieldRef| touched.schema.index_of(field.name()).map_err(invalid);
        let places = rows.schema_ref().fields().iter().map(place).collect::<Result<Vec<_>, _>>()?;
        // `append` checks that column numbers fit.
        let mut columns: Vec<_> =
            places.into_iter().map(|place| place as u16).zip(rows.columns().iter().cloned()).collect();
        columns.sort_unstable_by_key(|(column, _)| *column);

        let records = RecordColumns::new(rows).map_err(invalid)?;
        let [bbox, crossing] = zone::bounds((0..records.len()).filter_map(|row| records.bbox(row)));
        let (columns, bytes) =
            column::write(&mut self.redb().open_table(COLUMNS)?, key, columns.into_iter())?;
        let zone = StoredZone { rows: records.len() as u32, bbox, crossing, columns };
        self.redb().open_table(CHUNKS)?.insert(key, zone.to_bytes()?.as_slice())?;
        self.touch(name)?.metadata.bytes += bytes;
        Ok(())
    }
}

impl<'a> Batch<'a> {
    fn new(
        records: &RecordBatch,
        headers: &'a [SourceHeader],
        failures: &'a [HeaderFailure],
    ) -> Result<Self, StoreError> {
        let columns = RecordColumns::new(records).map_err(invalid)?;
        check_columns(records.schema_ref())?;
        for name in [record::ID, record::DATETIME, record::ASSETS] {
            if records.column_by_name(name).is_some_and(|column| column.null_count() > 0) {
                return Err(StoreError::Invalid(format!("column {name:?} has nulls")));
            }
        }
        for header in headers {
            check(header.header.as_bytes())?;
        }
        let given = headers.iter().map(|header| (header.row, &header.band));
        for (row, band) in given.chain(failures.iter().map(|failure| (failure.row, &failure.band))) {
            if row >= columns.len() {
                return Err(StoreError::Invalid(format!(
                    "there is a header for band {band:?} of row {row}, but only {} rows",
                    columns.len()
                )));
            }
        }

        let last: HashMap<&str, usize> = (0..columns.len()).map(|row| (columns.id(row), row)).collect();
        if last.contains_key("") {
            return Err(StoreError::Invalid("a record has an empty id".to_owned()));
        }
        let is_last: Vec<bool> =
            (0..columns.len()).map(|row| last.get(columns.id(row)) == Some(&row)).collect();
        let mut next = 0..;
        let rows = is_last.iter().map(|is_last| if *is_last { next.next() } else { None }).collect();
        let records = if last.len() == columns.len() {
            records.clone()
        } else {
            filter_record_batch(records, &BooleanArray::from(is_last)).map_err(invalid)?
        };
        Ok(Batch { records, rows, headers, failures })
    }

    fn row(&self, given: usize) -> Option<usize> {
        self.rows.get(given).copied().flatten()
    }

    /// Names of the bands that the records have an asset for.
    fn bands(&self) -> Vec<&str> {
        let Some(assets) = self.records.column_by_name(record::ASSETS).and_then(|column| column.as_map_opt())
        else {
            return Vec::new();
        };
        let Some(names) = assets.keys().as_string_opt::<i32>() else { return Vec::new() };
        let offsets = assets.value_offsets();
        let (start, end) = match offsets {
            [first, .., last] => (*first as usize, *last as usize),
            _ => (0, 0),
        };
        let mut seen = HashSet::new();
        (start..end).map(|entry| names.value(entry)).filter(|name| seen.insert(*name)).collect()
    }
}

fn check_columns(schema: &Schema) -> Result<(), StoreError> {
    let mut seen = HashSet::new();
    match schema.fields().iter().find(|field| !seen.insert(field.name())) {
        None => Ok(()),
        Some(field) => Err(StoreError::Invalid(format!("there are two columns {:?}", field.name()))),
    }
}

fn invalid(error: arrow_schema::ArrowError) -> StoreError {
    StoreError::Invalid(error.to_string())
}
