//! Filters on records.

use super::dates::parse_range;
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, BooleanArray, RecordBatch, StructArray};
use arrow_schema::DataType;
use rasteret_schema::BoundingBox;
use rasteret_schema::record::{BBOX, CLOUD_COVER, DATETIME, ID, SPLIT};

/// Which records are meant: those that meet every condition.
///
/// ```
/// use rasteret::Filter;
/// let filter = Filter::new().bbox([77.5, 12.9, 77.7, 13.1]).dates("2024-01-01/2024-03-31")?.cloud_cover_lt(20.0);
/// # Ok::<(), rasteret::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    boxes: Vec<BoundingBox>,
    start: Option<i64>,
    end: Option<i64>,
    cloud_cover_lt: Option<f64>,
    split: Option<String>,
    ids: Option<Vec<String>>,
}

impl Filter {
    /// Every record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records whose bounding box touches this one: `[west, south, east, north]` in degrees. A west
    /// greater than its east crosses the antimeridian.
    pub fn bbox(self, [west, south, east, north]: [f64; 4]) -> Self {
        self.intersecting(BoundingBox::new(west, south, east, north))
    }

    /// Records whose bounding box touches this one.
    pub fn intersecting(mut self, bbox: BoundingBox) -> Self {
        self.boxes.push(bbox);
        self
    }

    /// Records of a span of time, as [`parse_range`] reads it.
    ///
    /// # Errors
    ///
    /// If the text is no span of time.
    pub fn dates(self, range: &str) -> Result<Self> {
        let (start, end) = parse_range(range)?;
        Ok(self.between(start, end))
    }

    /// Records from one time to another, both inclusive, in microseconds since 1970, UTC.
    pub fn between(mut self, start: Option<i64>, end: Option<i64>) -> Self {
        self.start = self.start.max(start);
        self.end = [self.end, end].into_iter().flatten().min();
        self
    }

    /// Records with less cloud cover than this, in per cent. A record that does not say is left out.
    pub fn cloud_cover_lt(mut self, percent: f64) -> Self {
        self.cloud_cover_lt = Some(self.cloud_cover_lt.map_or(percent, |known| known.min(percent)));
        self
    }

    /// Records of this split.
    pub fn split(mut self, name: impl Into<String>) -> Self {
        self.split = Some(name.into());
        self
    }

    /// Records with these ids.
    pub fn ids(mut self, ids: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let ids = ids.into_iter().map(|id| id.as_ref().to_owned());
        self.ids = Some(match self.ids {
            Some(known) => ids.filter(|id| known.contains(id)).collect(),
            None => ids.collect(),
        });
        self
    }
}

impl Filter {
    /// Whether no condition is set.
    pub fn is_everything(&self) -> bool {
        *self == Filter::default()
    }

    /// The boxes that a record's bounding box must touch, all of them.
    pub(crate) fn boxes(&self) -> &[BoundingBox] {
        &self.boxes
    }

    /// First and last time.
    pub(crate) fn span(&self) -> (Option<i64>, Option<i64>) {
        (self.start, self.end)
    }

    /// The cloud cover that a record must stay below.
    pub(crate) fn cloud_cover(&self) -> Option<f64> {
        self.cloud_cover_lt
    }

    /// The split that a record must be of.
    pub(crate) fn split_name(&self) -> Option<&str> {
        self.split.as_deref()
    }

    /// The conditions of both.
    #[must_use]
    pub fn and(mut self, other: Filter) -> Self {
        self.boxes.extend(other.boxes);
        self = self.between(other.start, other.end);
        if let Some(percent) = other.cloud_cover_lt {
            self = self.cloud_cover_lt(percent);
        }
        // No record is of two splits.
        match (&self.split, other.split) {
            (Some(mine), Some(split)) if *mine != split => self.ids = Some(Vec::new()),
            (None, Some(split)) => self.split = Some(split),
            _ => {}
        }
        match other.ids {
            Some(ids) => self.ids(ids),
            None => self,
        }
    }

    /// The columns that the conditions look at.
    pub(crate) fn columns(&self) -> Vec<&'static str> {
        let conditions = [
            (BBOX, !self.boxes.is_empty()),
            (DATETIME, self.start.is_some() || self.end.is_some()),
            (CLOUD_COVER, self.cloud_cover_lt.is_some()),
            (SPLIT, self.split.is_some()),
            (ID, self.ids.is_some()),
        ];
        conditions.into_iter().filter(|(_, is_set)| *is_set).map(|(column, _)| column).collect()
    }

    /// Which rows of a batch with (at least) these columns meet every condition.
    ///
    /// # Errors
    ///
    /// If a column is of a type that cannot be compared.
    pub(crate) fn matches(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let mut rows = vec![true; batch.num_rows()];
        if !self.boxes.is_empty() {
            let boxes = bounding_boxes(batch)?;
            keep(&mut rows, |row| {
                boxes[row].is_some_and(|bbox| self.boxes.iter().all(|wanted| wanted.intersects(&bbox)))
            });
        }
        if self.start.is_some() || self.end.is_some() {
            let times = column(batch, DATETIME)?
                .as_primitive_opt::<TimestampMicrosecondType>()
                .ok_or_else(|| wrong_type(batch, DATETIME))?;
            let (start, end) = (self.start.unwrap_or(i64::MIN), self.end.unwrap_or(i64::MAX));
            keep(&mut rows, |row| times.is_valid(row) && (start..=end).contains(&times.value(row)));
        }
        if let Some(percent) = self.cloud_cover_lt {
            let clouds = arrow_cast::cast(column(batch, CLOUD_COVER)?, &DataType::Float64)?;
            let clouds = clouds.as_primitive::<Float64Type>();
            keep(&mut rows, |row| clouds.is_valid(row) && clouds.value(row) < percent);
        }
        if let Some(split) = &self.split {
            let splits = arrow_cast::cast(column(batch, SPLIT)?, &DataType::Utf8)?;
            let splits = splits.as_string::<i32>();
            keep(&mut rows, |row| splits.is_valid(row) && splits.value(row) == split);
        }
        if let Some(wanted) = &self.ids {
            let ids = column(batch, ID)?.as_string_opt::<i32>().ok_or_else(|| wrong_type(batch, ID))?;
            keep(&mut rows, |row| wanted.iter().any(|id| id == ids.value(row)));
        }
        Ok(rows.into())
    }
}

fn keep(rows: &mut [bool], condition: impl Fn(usize) -> bool) {
    for (row, kept) in rows.iter_mut().enumerate() {
        *kept = *kept && condition(row);
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array> {
    batch
        .column_by_name(name)
        .map(|column| &**column)
        .ok_or_else(|| Error::InvalidArgument(format!("there is no column {name:?}")))
}

fn wrong_type(batch: &RecordBatch, name: &str) -> Error {
    let found =
        batch.column_by_name(name).map_or("missing".to_owned(), |column| column.data_type().to_string());
    Error::InvalidArgument(format!("column {name:?} is of a type that cannot be filtered: {found}"))
}

/// The bounding box of each record.
pub(crate) fn bounding_boxes(batch: &RecordBatch) -> Result<Vec<Option<BoundingBox>>> {
    let boxes = column(batch, BBOX)?.as_struct_opt().ok_or_else(|| wrong_type(batch, BBOX))?;
    Ok((0..boxes.len()).map(|row| bounding_box(boxes, row)).collect())
}

fn bounding_box(boxes: &StructArray, row: usize) -> Option<BoundingBox> {
    if boxes.is_null(row) {
        return None;
    }
    let coordinate = |index: usize| {
        let values = boxes.columns().get(index)?.as_primitive_opt::<Float64Type>()?;
        values.is_valid(row).then(|| values.value(row))
    };
    Some(BoundingBox::new(coordinate(0)?, coordinate(1)?, coordinate(2)?, coordinate(3)?))
}

/// Reads `west,south,east,north`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for anything but four finite numbers with south ≤ north.
pub fn parse_bbox(text: &str) -> Result<[f64; 4]> {
    let invalid = |reason: &str| {
        Error::InvalidArgument(format!("the box {text:?} is not west,south,east,north in degrees: {reason}"))
    };
    let numbers: Vec<f64> = text
        .split(',')
        .map(|number| number.trim().parse().map_err(|_| invalid(&format!("{number:?} is not a number"))))
        .collect::<Result<_>>()?;
    let [west, south, east, north] = numbers[..] else {
        return Err(invalid(&format!("it has {} numbers", numbers.len())));
    };
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(invalid("a number is not finite"));
    }
    if south > north {
        return Err(invalid("its south lies north of its north"));
    }
    Ok([west, south, east, north])
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Float32Array, RecordBatch, StringArray};
    use rasteret_schema::record::{self, Record};
    use std::sync::Arc;

    fn batch() -> RecordBatch {
        let record = |id: &str, day: i64, bbox| Record {
            id: id.to_owned(),
            datetime: day * 86_400_000_000,
            end_datetime: None,
            geometry: None,
            bbox,
            assets: Vec::new(),
            epsg: None,
            crs: None,
            collection: None,
        };
        let records = record::to_batch(&[
            record("a", 0, Some(BoundingBox::new(0.0, 0.0, 1.0, 1.0))),
            record("b", 1, Some(BoundingBox::new(179.0, 0.0, -179.0, 1.0))),
            record("c", 2, None),
        ])
        .unwrap();
        let mut columns: Vec<(String, arrow_array::ArrayRef)> = records
            .schema()
            .fields()
            .iter()
            .zip(records.columns())
            .map(|(field, column)| (field.name().clone(), column.clone()))
            .collect();
        columns.push((CLOUD_COVER.into(), Arc::new(Float32Array::from(vec![Some(5.0), None, Some(50.0)]))));
        columns.push((SPLIT.into(), Arc::new(StringArray::from(vec![Some("train"), Some("val"), None]))));
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap()
    }

    fn ids(filter: Filter) -> String {
        let batch = batch();
        let rows = filter.matches(&batch).unwrap();
        let ids = batch.column_by_name(ID).unwrap().as_string::<i32>().clone();
        (0..3).filter(|row| rows.value(*row)).map(|row| ids.value(row).to_owned()).collect()
    }

    #[test]
    fn conditions() {
        assert_eq!(ids(Filter::new()), "abc");
        assert_eq!(ids(Filter::new().bbox([-180.0, 0.5, -179.5, 0.6])), "b");
        assert_eq!(ids(Filter::new().bbox([1.0, 1.0, 2.0, 2.0])), "a");
        assert_eq!(ids(Filter::new().dates("1970-01-02/..").unwrap()), "bc");
        assert_eq!(ids(Filter::new().dates("1970-01-01/1970-01-02").unwrap()), "ab");
        assert_eq!(ids(Filter::new().cloud_cover_lt(50.0)), "a");
        assert_eq!(ids(Filter::new().split("val")), "b");
        assert_eq!(ids(Filter::new().ids(["c", "a", "x"])), "ac");
        assert_eq!(ids(Filter::new().ids(["c", "a"]).ids(["a", "b"]).cloud_cover_lt(90.0)), "a");
    }

    #[test]
    fn boxes_are_checked() {
        assert_eq!(parse_bbox(" -1, 2 ,3,4").unwrap(), [-1.0, 2.0, 3.0, 4.0]);
        for text in ["1,2,3", "1,2,3,x", "1,5,3,4", "1,2,3,NaN", ""] {
            assert!(parse_bbox(text).is_err(), "{text}");
        }
    }
}
