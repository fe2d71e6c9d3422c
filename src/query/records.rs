//! The records of a collection that match a filter.

use super::{BoundFilter, Filter};
use crate::cpu;
use crate::error::Result;
use crate::store::{Chunk, Collection as StoredCollection, Scan, ScanBatch};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use rasteret_schema::Record;
use rasteret_schema::record::{ASSETS, CLOUD_COVER, COLLECTION, DATETIME, ID, RecordColumns};

/// A record that matches, of whose columns those are read that a read of its pixels needs.
#[derive(Debug)]
pub(crate) struct MatchingRecord {
    /// Its number in the store.
    pub number: u64,
    /// Id, time, assets and source collection.
    pub record: Record,
    /// How much of it clouds cover, in per cent.
    pub cloud_cover: Option<f64>,
}

/// The records that match, by time, then id.
///
/// # Errors
///
/// If the filter needs a column that the collection does not have, or the store is damaged.
pub(crate) fn records(stored: &StoredCollection, filter: &Filter) -> Result<Vec<MatchingRecord>> {
    let mut wanted = vec![ID, DATETIME, ASSETS, COLLECTION, CLOUD_COVER];
    wanted.retain(|column| stored.schema().column_with_name(column).is_some());
    let filter = filter.bind(stored.schema())?;
    let chunks = map_chunks(stored, &filter, &wanted, |chunk| {
        let ScanBatch { batch, records: numbers } = kept(&filter, chunk)?;
        let columns = RecordColumns::new(&batch)?;
        let clouds = batch
            .column_by_name(CLOUD_COVER)
            .map(|column| arrow_cast::cast(column, &DataType::Float64))
            .transpose()?;
        let clouds = clouds.as_ref().map(|clouds| clouds.as_primitive::<Float64Type>());
        let record = |(row, number): (usize, &u64)| MatchingRecord {
            number: *number,
            record: columns.record(row),
            cloud_cover: clouds.filter(|clouds| clouds.is_valid(row)).map(|clouds| clouds.value(row)),
        };
        Ok(numbers.iter().enumerate().map(record).collect::<Vec<_>>())
    })?;
    let mut records: Vec<MatchingRecord> = chunks.into_iter().flatten().collect();
    records.sort_by(|MatchingRecord { record: a, .. }, MatchingRecord { record: b, .. }| {
        (a.datetime, &a.id).cmp(&(b.datetime, &b.id))
    });
    Ok(records)
}

/// The ids of the records that match, by time, then id.
///
/// # Errors
///
/// As [`records`].
pub(crate) fn ids(stored: &StoredCollection, filter: &Filter) -> Result<Vec<String>> {
    Ok(ordered(stored, filter)?.into_iter().map(|(_, id)| id).collect())
}

/// Time and id of the records that match, in this order.
fn ordered(stored: &StoredCollection, filter: &Filter) -> Result<Vec<(i64, String)>> {
    let filter = filter.bind(stored.schema())?;
    let chunks = map_chunks(stored, &filter, &[ID, DATETIME], |chunk| {
        let batch = kept(&filter, chunk)?.batch;
        let (ids, times) = (super::text_column(&batch, ID)?, super::time_column(&batch, DATETIME)?);
        Ok((0..batch.num_rows()).map(|row| (times.value(row), ids.value(row).to_owned())).collect::<Vec<_>>())
    })?;
    let mut found: Vec<(i64, String)> = chunks.into_iter().flatten().collect();
    found.sort();
    Ok(found)
}

/// The rows that match, with their record numbers, chunk by chunk. Batches have the wanted columns and
/// those that the filter looks at.
pub(crate) fn matching(
    stored: &StoredCollection,
    filter: &Filter,
    wanted: &[&str],
) -> Result<impl Iterator<Item = Result<ScanBatch>> + use<>> {
    let filter = filter.bind(stored.schema())?;
    Ok(scan(stored, &filter, wanted)?.map(move |chunk| kept(&filter, chunk?)))
}

/// The chunks that may have records that match, with the wanted columns and those that the filter looks at.
pub(crate) fn scan(stored: &StoredCollection, filter: &BoundFilter, wanted: &[&str]) -> Result<Scan> {
    let projection = stored.projection(&filter.columns_and(wanted))?;
    Ok(stored.scan(&projection, |zone| filter.may_match(zone))?)
}

/// What is made of the chunks that may have records that match, in their order. Processors work on several at once.
/// Batches have the wanted columns and those that the filter looks at.
pub(crate) fn map_chunks<T: Send>(
    stored: &StoredCollection,
    filter: &BoundFilter,
    wanted: &[&str],
    of: impl Fn(ScanBatch) -> Result<T> + Sync + Send,
) -> Result<Vec<T>> {
    let projection = stored.projection(&filter.columns_and(wanted))?;
    let chunks: Vec<&Chunk> =
        stored.chunks()?.iter().filter(|chunk| filter.may_match(chunk.zone())).collect();
    cpu::map(&chunks, |chunk| of(stored.read_chunk(chunk, &projection)?))
}

/// The rows of a chunk that match.
pub(crate) fn kept(filter: &BoundFilter, chunk: ScanBatch) -> Result<ScanBatch> {
    let ScanBatch { batch, records } = chunk;
    if filter.is_everything() {
        return Ok(ScanBatch { batch, records });
    }
    let rows = filter.matches(&batch)?;
    let batch = arrow_select::filter::filter_record_batch(&batch, &rows)?;
    let kept = records.into_iter().zip(rows.values()).filter_map(|(number, kept)| kept.then_some(number));
    Ok(ScanBatch { batch, records: kept.collect() })
}
