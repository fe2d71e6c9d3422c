//! Filters on records.

use super::bound::{BoundFilter, column, wrong_type};
use super::cql2::Condition;
use super::dates::parse_range;
use crate::build::place::bounding_box;
use crate::error::{Error, Result};
use crate::read::area::Area;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, BooleanArray, RecordBatch, StructArray};
use arrow_schema::Schema;
use rasteret_schema::record::{BBOX, SPLIT};
use rasteret_schema::{BoundingBox, Crs};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Which records are meant: those that meet every condition.
///
/// ```
/// use rasteret::Filter;
/// let filter = Filter::new().bbox([77.5, 12.9, 77.7, 13.1]).dates("2024-01-01/2024-03-31")?.cloud_cover_lt(20.0);
/// # Ok::<(), rasteret::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Filter {
    boxes: Vec<BoundingBox>,
    /// Of each of these, a record's box must touch one.
    places: Vec<Arc<[BoundingBox]>>,
    start: Option<i64>,
    end: Option<i64>,
    pub(super) cloud_cover_lt: Option<f64>,
    pub(super) splits: Vec<Split>,
    pub(super) ids: Option<Arc<BTreeSet<String>>>,
    conditions: Vec<Condition>,
}

/// The values that a column of splits must have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Split {
    pub(super) column: String,
    pub(super) names: BTreeSet<String>,
}

impl Filter {
    /// Every record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records for which a condition is true, in CQL2-text (OGC 21-065r2). Where it compares with null it
    /// is unknown, as in SQL, and the record is left out.
    ///
    /// Names of columns may have colons; a field of a struct is `bbox.xmin`. Besides comparisons, AND, OR
    /// and NOT there are BETWEEN, IN, LIKE (`%`, `_`, with `\` before them for themselves), IS NULL,
    /// `+ - * / % ^ DIV`, CASEI, ACCENTI, the temporal operators (`T_`), those of arrays (`A_`), and the
    /// spatial ones (`S_`) on `geometry`, in longitude and latitude: a `BBOX(west, south, east, north)`
    /// whose west is greater than its east crosses the antimeridian.
    ///
    /// ```
    /// use rasteret::Filter;
    /// let filter = Filter::cql2("eo:cloud_cover < 10 AND split IN ('train', 'val')")?;
    /// let filter = Filter::cql2("T_AFTER(datetime, DATE('2024-03-01')) AND S_INTERSECTS(geometry, POINT(77.6 13))")?;
    /// assert!(Filter::cql2("eo:cloud_cover < ").unwrap_err().to_string().contains("line 1, column 18"));
    /// # Ok::<(), rasteret::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FilterError`](super::FilterError) if the text is no CQL2, is too complex, or makes no sense.
    /// Whether it fits the columns is seen when it is applied.
    pub fn cql2(text: &str) -> Result<Self> {
        Ok(Filter { conditions: vec![Condition::parse(text)?], ..Filter::new() })
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

    /// Records whose bounding box touches that of one of these areas. To compare with the areas
    /// themselves, use `S_INTERSECTS` in [`Filter::cql2`].
    ///
    /// # Errors
    ///
    /// If there is no area, or one cannot be had in longitude and latitude.
    pub fn geometries(mut self, areas: &Area) -> Result<Self> {
        let geometries = areas.to_crs(&Crs::from_epsg(4326))?;
        self.places.push(geometries.iter().filter_map(bounding_box).collect());
        Ok(self)
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
    pub fn split(self, name: impl AsRef<str>) -> Self {
        self.splits([name])
    }

    /// Records of one of these splits.
    pub fn splits(self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.splits_of(SPLIT, names)
    }

    /// Records that have one of these names in a column.
    pub fn splits_of(
        mut self,
        column: impl Into<String>,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        let column = column.into();
        let names: BTreeSet<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
        match self.splits.iter_mut().find(|split| split.column == column) {
            Some(split) => split.names.retain(|name| names.contains(name)),
            None => self.splits.push(Split { column, names }),
        }
        self
    }

    /// Records with these ids.
    pub fn ids(mut self, ids: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let known = self.ids.take();
        let is_known = |id: &String| known.as_ref().is_none_or(|known| known.contains(id));
        self.ids =
            Some(Arc::new(ids.into_iter().map(|id| id.as_ref().to_owned()).filter(is_known).collect()));
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

    /// Whether it matters where a record lies.
    pub(super) fn has_place(&self) -> bool {
        !self.boxes.is_empty() || !self.places.is_empty()
    }

    /// Whether all boxes touch what this says, and of each choice of places one.
    pub(super) fn touches(&self, is_touched: impl Fn(&BoundingBox) -> bool) -> bool {
        self.boxes.iter().all(&is_touched) && self.places.iter().all(|places| places.iter().any(&is_touched))
    }

    /// First and last time.
    pub(crate) fn span(&self) -> (Option<i64>, Option<i64>) {
        (self.start, self.end)
    }

    /// The conditions of both.
    #[must_use]
    pub fn and(mut self, other: Filter) -> Self {
        self.boxes.extend(other.boxes);
        self.places.extend(other.places);
        self = self.between(other.start, other.end);
        if let Some(percent) = other.cloud_cover_lt {
            self = self.cloud_cover_lt(percent);
        }
        for Split { column, names } in other.splits {
            self = self.splits_of(column, names);
        }
        let new = other.conditions.into_iter().filter(|condition| !self.conditions.contains(condition));
        let new: Vec<Condition> = new.collect();
        self.conditions.extend(new);
        match other.ids {
            Some(ids) if self.ids.is_some() => self.ids(ids.iter()),
            Some(ids) => Filter { ids: Some(ids), ..self },
            None => self,
        }
    }

    /// Which rows of a batch match.
    ///
    /// ```
    /// use arrow_array::{Int32Array, RecordBatch};
    /// use rasteret::Filter;
    /// use std::sync::Arc;
    /// let numbers = Int32Array::from(vec![Some(5), None, Some(30)]);
    /// let batch = RecordBatch::try_from_iter([("eo:cloud_cover", Arc::new(numbers) as _)])?;
    /// let clear = Filter::cql2("eo:cloud_cover < 10")?.matches(&batch)?;
    /// assert_eq!(clear.iter().collect::<Vec<_>>(), [Some(true), Some(false), Some(false)]);
    /// # Ok::<(), rasteret::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the filter needs a column that is not there, or one of another type, or the values do not allow
    /// what it asks for.
    pub fn matches(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        self.bind(batch.schema_ref())?.matches(batch)
    }

    /// The filter on records of these columns.
    ///
    /// # Errors
    ///
    /// If it needs a column that is not there, or one of another type.
    pub(crate) fn bind(&self, schema: &Schema) -> Result<BoundFilter> {
        let conditions = self.conditions.iter().map(|condition| condition.bind(schema));
        BoundFilter::new(self.clone(), schema, conditions.collect::<Result<_, _>>()?)
    }

    /// Which rows of a batch may match once these columns have no nulls any more, if they have.
    ///
    /// # Errors
    ///
    /// As [`Filter::bind`].
    pub(crate) fn may_match_later(&self, batch: &RecordBatch, incomplete: &[&str]) -> Result<BooleanArray> {
        let columns: Vec<_> = incomplete.iter().map(|name| (*name, batch.column_by_name(name))).collect();
        let is_open = |name: &str| {
            columns.iter().any(|(column, values)| {
                let rest = name.strip_prefix(column);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    && values.is_none_or(|values| values.null_count() > 0)
            })
        };
        let (later, now) =
            self.conditions.iter().cloned().partition(|it: &Condition| it.any_column(&is_open));
        let now = Filter { conditions: now, ..self.clone() };
        let later = Filter { conditions: later, ..Filter::new() };
        let matches = now.matches(batch)?;
        // Without one of the columns, nothing is known yet.
        let Ok(later) = later.bind(batch.schema_ref()) else { return Ok(matches) };
        let later = later.matches(batch)?;
        let is_open = |row: usize| columns.iter().any(|(_, values)| values.is_none_or(|it| it.is_null(row)));
        let rows = 0..batch.num_rows();
        Ok(rows.map(|row| Some(matches.value(row) && (later.value(row) || is_open(row)))).collect())
    }
}

/// What it has said since before there were more conditions, and those that are set: builds are known by
/// it.
impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Filter");
        text.field("boxes", &self.boxes)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("cloud_cover_lt", &self.cloud_cover_lt);
        let single = match self.splits.as_slice() {
            [Split { column, names }] if column == SPLIT && names.len() == 1 => names.first(),
            _ => None,
        };
        text.field("split", &single).field("ids", &self.ids.as_ref().map(|ids| Vec::from_iter(ids.iter())));
        if single.is_none() && !self.splits.is_empty() {
            text.field("splits", &self.splits);
        }
        if !self.places.is_empty() {
            text.field("places", &self.places);
        }
        if !self.conditions.is_empty() {
            text.field("conditions", &self.conditions);
        }
        text.finish()
    }
}

/// The bounding box of each record.
pub(crate) fn bounding_boxes(batch: &RecordBatch) -> Result<Vec<Option<BoundingBox>>> {
    let boxes = column(batch, BBOX)?.as_struct_opt().ok_or_else(|| wrong_type(batch, BBOX))?;
    Ok((0..boxes.len()).map(|row| box_of_row(boxes, row)).collect())
}

fn box_of_row(boxes: &StructArray, row: usize) -> Option<BoundingBox> {
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
    use rasteret_schema::record::{self, CLOUD_COVER, ID, Record};
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
