//! Filters on records whose columns are known.

use super::cql2::{BoundCondition, FilterError};
use super::filter::{Filter, Split, bounding_boxes};
use crate::error::{Error, Result};
use crate::store::{Scalar, ScalarRange, ZoneMap};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::{DataType, Schema};
use rasteret_schema::record::{BBOX, CLOUD_COVER, DATETIME, ID};
use std::sync::Arc;

/// A filter on records of known columns. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct BoundFilter {
    filter: Filter,
    conditions: Arc<[BoundCondition]>,
    columns: Vec<String>,
}

impl BoundFilter {
    /// # Errors
    ///
    /// [`FilterError::NoSuchColumn`].
    pub(super) fn new(filter: Filter, schema: &Schema, conditions: Vec<BoundCondition>) -> Result<Self> {
        let (start, end) = filter.span();
        let parts = [
            (BBOX, filter.has_place()),
            (DATETIME, start.is_some() || end.is_some()),
            (CLOUD_COVER, filter.cloud_cover_lt.is_some()),
            (ID, filter.ids.is_some()),
        ];
        let mut columns: Vec<String> =
            parts.into_iter().filter(|(_, is_set)| *is_set).map(|(column, _)| column.to_owned()).collect();
        columns.extend(filter.splits.iter().map(|split| split.column.clone()));
        columns.extend(conditions.iter().flat_map(|condition| condition.columns().iter().cloned()));
        columns.sort_unstable();
        columns.dedup();
        match columns.iter().find(|column| schema.column_with_name(column).is_none()) {
            None => Ok(BoundFilter { filter, conditions: conditions.into(), columns }),
            Some(column) => Err(no_such_column(schema, column)),
        }
    }

    /// Whether no condition is set.
    pub(crate) fn is_everything(&self) -> bool {
        self.filter.is_everything()
    }

    /// The columns that the conditions look at, each once.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// The columns that the conditions look at, and these, each once.
    pub(crate) fn columns_and<'a>(&'a self, wanted: &[&'a str]) -> Vec<&'a str> {
        let mut columns: Vec<&str> = self.columns().collect();
        columns.extend(wanted.iter().filter(|column| !self.columns().any(|known| known == **column)));
        columns
    }

    /// Which rows of a batch with (at least) these columns meet every condition.
    ///
    /// # Errors
    ///
    /// If a column is of a type that cannot be compared, or the values do not allow what is asked for.
    pub(crate) fn matches(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let mut rows = vec![true; batch.num_rows()];
        let filter = &self.filter;
        if filter.has_place() {
            let boxes = bounding_boxes(batch)?;
            keep(&mut rows, |row| {
                boxes[row].is_some_and(|bbox| filter.touches(|wanted| wanted.intersects(&bbox)))
            });
        }
        let (start, end) = filter.span();
        if start.is_some() || end.is_some() {
            let times = column(batch, DATETIME)?
                .as_primitive_opt::<TimestampMicrosecondType>()
                .ok_or_else(|| wrong_type(batch, DATETIME))?;
            let (start, end) = (start.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX));
            keep(&mut rows, |row| times.is_valid(row) && (start..=end).contains(&times.value(row)));
        }
        if let Some(percent) = filter.cloud_cover_lt {
            let clouds = arrow_cast::cast(column(batch, CLOUD_COVER)?, &DataType::Float64)?;
            let clouds = clouds.as_primitive::<Float64Type>();
            keep(&mut rows, |row| clouds.is_valid(row) && clouds.value(row) < percent);
        }
        for Split { column: name, names } in &filter.splits {
            let splits = arrow_cast::cast(column(batch, name)?, &DataType::Utf8)?;
            let splits = splits.as_string::<i32>();
            keep(&mut rows, |row| splits.is_valid(row) && names.contains(splits.value(row)));
        }
        if let Some(wanted) = &filter.ids {
            let ids = column(batch, ID)?.as_string_opt::<i32>().ok_or_else(|| wrong_type(batch, ID))?;
            keep(&mut rows, |row| wanted.contains(ids.value(row)));
        }
        for condition in self.conditions.iter() {
            let is_true = condition.evaluate(batch)?;
            keep(&mut rows, |row| is_true.is_valid(row) && is_true.value(row));
        }
        Ok(rows.into())
    }

    /// Whether a chunk may hold a record that matches.
    pub(crate) fn may_match(&self, zone: &ZoneMap) -> bool {
        let filter = &self.filter;
        let range = |column: &str| zone.column(column).and_then(|column| column.range);
        let (start, end) = filter.span();
        let in_time = match range(DATETIME) {
            Some(ScalarRange { min: Scalar::Integer(min), max: Scalar::Integer(max) }) => {
                start.is_none_or(|start| *max >= start) && end.is_none_or(|end| *min <= end)
            }
            _ => true,
        };
        let in_clouds =
            filter.cloud_cover_lt.is_none_or(|percent| match range(CLOUD_COVER).map(|range| &range.min) {
                Some(Scalar::Float(min)) => min.is_nan() || *min < percent,
                Some(Scalar::Integer(min)) => (*min as f64) < percent,
                _ => has_values(zone, CLOUD_COVER),
            });
        let in_splits = filter.splits.iter().all(|Split { column, names }| match range(column) {
            Some(ScalarRange { min: Scalar::Text(min), max: Scalar::Text(max) }) => {
                names.iter().any(|name| min <= name && name <= max)
            }
            _ => has_values(zone, column),
        });
        let in_ids = filter.ids.as_ref().is_none_or(|ids| match range(ID) {
            Some(ScalarRange { min: Scalar::Text(min), max: Scalar::Text(max) }) if min <= max => {
                ids.range(min.clone()..=max.clone()).next().is_some()
            }
            _ => true,
        });
        in_time
            && in_clouds
            && in_splits
            && in_ids
            && filter.touches(|bbox| zone.intersects(bbox))
            && self.conditions.iter().all(|condition| condition.may_match(zone))
    }
}

/// Whether a column has more than nulls; those match nothing.
fn has_values(zone: &ZoneMap, column: &str) -> bool {
    zone.column(column).is_none_or(|column| (column.nulls as usize) < zone.rows())
}

fn keep(rows: &mut [bool], condition: impl Fn(usize) -> bool) {
    for (row, kept) in rows.iter_mut().enumerate() {
        *kept = *kept && condition(row);
    }
}

/// A column of a batch.
pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array> {
    batch.column_by_name(name).map(|column| &**column).ok_or_else(|| no_such_column(batch.schema_ref(), name))
}

pub(super) fn no_such_column(schema: &Schema, name: &str) -> Error {
    let available = schema.fields().iter().map(|field| field.name().clone()).collect();
    FilterError::NoSuchColumn { column: name.to_owned(), available }.into()
}

pub(super) fn wrong_type(batch: &RecordBatch, name: &str) -> Error {
    let found =
        batch.column_by_name(name).map_or("missing".to_owned(), |column| column.data_type().to_string());
    Error::InvalidArgument(format!("column {name:?} is of a type that cannot be filtered: {found}"))
}
