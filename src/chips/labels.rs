//! The labels of chips.

use super::extents::Source;
use crate::error::{Error, Result};
use crate::read::area::Area;
use crate::read::select::SceneRecord;
use crate::store::{Collection as StoredCollection, ScanBatch, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, UInt64Array};
use arrow_select::interleave::interleave;
use rasteret_schema::record::ID;
use std::collections::HashMap;
use std::sync::Arc;

/// A column of the record table, with a row for each source: that of its record.
pub(super) fn of_records(
    stored: &StoredCollection,
    column: &str,
    records: &[Arc<SceneRecord>],
    sources: &[Source],
) -> Result<ArrayRef> {
    let wanted: Vec<&str> = if column == ID { vec![ID] } else { vec![ID, column] };
    let mut rows: HashMap<&str, Option<(usize, usize)>> =
        records.iter().map(|record| (record.id.as_str(), None)).collect();
    let mut chunks: Vec<ArrayRef> = Vec::new();
    for batch in stored.scan(&stored.projection(&wanted)?, |_| true)? {
        let ScanBatch { batch, .. } = batch?;
        let (Some(ids), Some(values)) = (batch.column_by_name(ID), batch.column_by_name(column)) else {
            continue;
        };
        let ids =
            ids.as_string_opt::<i32>().ok_or_else(|| StoreError::Damaged("ids are not texts".to_owned()))?;
        for (row, id) in ids.iter().enumerate() {
            if let Some(place) = id.and_then(|id| rows.get_mut(id)) {
                *place = Some((chunks.len(), row));
            }
        }
        chunks.push(Arc::clone(values));
    }
    let place = |source: &Source| {
        let id = records[source.record].id.as_str();
        rows.get(id).copied().flatten().ok_or_else(|| StoreError::NoSuchRecord {
            collection: stored.name().to_owned(),
            record: id.to_owned(),
        })
    };
    let places = sources.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
    Ok(interleave(&chunks, &places)?)
}

/// A column of the geometries' table, with a row for each source: that of its geometry.
pub(super) fn of_geometries(area: &Area, column: &str, sources: &[Source]) -> Result<ArrayRef> {
    let attributes = area.attributes();
    let values = attributes.column_by_name(column).ok_or_else(|| {
        let schema = attributes.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Error::InvalidArgument(format!("the geometries have no column {column:?}; their columns: {names}"))
    })?;
    let rows: UInt64Array = sources.iter().map(|source| source.geometry.map(|index| index as u64)).collect();
    Ok(arrow_select::take::take(values, &rows, None)?)
}
