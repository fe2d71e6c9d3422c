//! The records of a collection that match a filter.

use super::{BoundFilter, Filter};
use crate::error::Result;
use crate::store::{Collection as StoredCollection, Scan, ScanBatch};
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
    let mut records = Vec::new();
    for batch in matching(stored, filter, &wanted)? {
        let ScanBatch { batch, records: numbers } = batch?;
        let columns = RecordColumns::new(&batch)?;
        let clouds = batch
            .column_by_name(CLOUD_COVER)
            .map(|column| arrow_cast::cast(column, &DataType::Float64))
            .transpose()?;
        let clouds = clouds.as_ref().map(|clouds| clouds.as_primitive::<Float64Type>());
        records.extend(numbers.iter().enumerate().map(|(row, number)| MatchingRecord {
            number: *number,
            record: columns.record(row),
            cloud_cover: clouds.filter(|clouds| clouds.is_valid(row)).map(|clouds| clouds.value(row)),
        }));
    }
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
    let mut found = Vec::new();
    for batch in matching(stored, filter, &[ID, DATETIME])? {
        let batch = batch?.batch;
        let ids = super::text_column(&batch, ID)?;
        let times = super::time_column(&batch, DATETIME)?;
        found.extend((0..batch.num_rows()).map(|row| (times.value(row), ids.value(row).to_owned())));
    }
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
