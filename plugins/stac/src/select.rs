//! Which records of a batch are within a selection: servers differ in what they honour.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use rasteret_schema::Selection;
use rasteret_schema::record::{END_DATETIME, RecordColumns};

/// The rows that a selection has. A span of time is within it if it touches it; a record without a bounding box
/// is left to the engine, which knows its header.
pub(crate) fn within(records: &RecordBatch, selection: &Selection) -> Result<RecordBatch, ArrowError> {
    if *selection == Selection::default() {
        return Ok(records.clone());
    }
    let columns = RecordColumns::new(records)?;
    let ends = records
        .column_by_name(END_DATETIME)
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    let is_within = |row: usize| {
        let start = columns.datetime(row);
        let end = ends.filter(|ends| ends.is_valid(row)).map_or(start, |ends| ends.value(row));
        selection.start.is_none_or(|from| from <= end)
            && selection.end.is_none_or(|to| start <= to)
            && selection
                .bbox
                .is_none_or(|wanted| columns.bbox(row).is_none_or(|bbox| bbox.intersects(&wanted)))
    };
    let rows: BooleanArray = (0..columns.len()).map(|row| Some(is_within(row))).collect();
    arrow_select::filter::filter_record_batch(records, &rows)
}
