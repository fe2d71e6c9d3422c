//! Zone maps: what the records of a chunk have in common, so that a filter passes over chunks that
//! cannot hold what it looks for.

use super::StoreError;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayAccessor, ArrayRef, make_array};
use arrow_schema::{DataType, SchemaRef};
use rasteret_schema::BoundingBox;
use rkyv::rancor::Error as RkyvError;
use std::cmp::Ordering;

/// The version of a zone map's bytes.
const VERSION: u8 = 1;
/// The most rows that a chunk has.
pub(super) const MAX_ROWS: usize = 1 << 16;
/// Texts are kept up to this many bytes.
const TEXT: usize = 48;

/// A value of a column, of whatever type, as far as its order goes.
#[derive(Debug, Clone, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum Scalar {
    /// A truth value.
    Boolean(bool),
    /// An integer, or the number of a date, time, timestamp or duration in the unit of its column.
    Integer(i64),
    /// An integer of a `uint64` column.
    Unsigned(u64),
    /// A floating point number.
    Float(f64),
    /// A text.
    Text(String),
}

/// The least and the greatest value of a column in a chunk.
///
/// Floating point numbers are in IEEE 754's total order, as Arrow's kernels compare them: NaN lies
/// beyond infinity. Long texts are cut, so that the bounds may not be values of the column.
#[derive(Debug, Clone, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct ScalarRange {
    /// No value is less.
    pub min: Scalar,
    /// No value is greater.
    pub max: Scalar,
}

/// What a zone map says of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnZone<'a> {
    /// Number of nulls.
    pub nulls: u32,
    /// Range of the values that are not null; `None` where there are none, and for columns whose
    /// values have no range.
    pub range: Option<&'a ScalarRange>,
}

/// What the records of a chunk have in common. Deleted records still count.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneMap {
    pub(super) stored: StoredZone,
    pub(super) schema: SchemaRef,
}

/// A zone map as it is stored: one byte of version, then the rkyv archive of this.
#[derive(Debug, Clone, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(super) struct StoredZone {
    pub(super) rows: u32,
    /// West, south, east, north of all boxes that do not cross the antimeridian.
    pub(super) bbox: Option<[f64; 4]>,
    /// The same of those that do: west is greater than east.
    pub(super) crossing: Option<[f64; 4]>,
    /// By ascending number. Columns without values are not stored.
    pub(super) columns: Vec<StoredColumn>,
}

/// What a zone map says of a column, and how the column is stored.
#[derive(Debug, Clone, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(super) struct StoredColumn {
    pub(super) column: u16,
    pub(super) segments: u16,
    pub(super) nulls: u32,
    pub(super) range: Option<ScalarRange>,
}

impl ZoneMap {
    /// Number of records, deleted ones included.
    pub fn rows(&self) -> usize {
        self.stored.rows as usize
    }

    /// The box around the bounding boxes that do not cross the antimeridian, and around those that do.
    pub fn bounds(&self) -> [Option<BoundingBox>; 2] {
        [self.stored.bbox, self.stored.crossing]
            .map(|corners| corners.map(|[xmin, ymin, xmax, ymax]| BoundingBox::new(xmin, ymin, xmax, ymax)))
    }

    /// Whether a record's bounding box may intersect this one; either may cross the antimeridian.
    pub fn intersects(&self, bbox: &BoundingBox) -> bool {
        self.bounds().into_iter().flatten().any(|bounds| bounds.intersects(bbox))
    }

    /// What is known of a column; `None` if the collection has no such column.
    pub fn column(&self, name: &str) -> Option<ColumnZone<'_>> {
        let (index, _) = self.schema.column_with_name(name)?;
        let column = self.stored.column(index);
        Some(ColumnZone {
            nulls: column.map_or(self.stored.rows, |column| column.nulls),
            range: column.and_then(|column| column.range.as_ref()),
        })
    }
}

impl StoredZone {
    pub(super) fn column(&self, index: usize) -> Option<&StoredColumn> {
        let position = self.columns.binary_search_by_key(&index, |column| column.column.into()).ok()?;
        self.columns.get(position)
    }

    /// Says of a column what is known of it now; `None` if it has no values.
    pub(super) fn set_column(&mut self, number: u16, column: Option<StoredColumn>) {
        let place = self.columns.binary_search_by_key(&number, |column| column.column);
        match (place, column) {
            (Ok(place), Some(column)) => self.columns[place] = column,
            (Ok(place), None) => drop(self.columns.remove(place)),
            (Err(place), Some(column)) => self.columns.insert(place, column),
            (Err(_), None) => {}
        }
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        let archive = rkyv::to_bytes::<RkyvError>(self)
            .map_err(|error| StoreError::Invalid(format!("zone map: {error}")))?;
        Ok([&[VERSION], archive.as_slice()].concat())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        match bytes {
            [VERSION, archive @ ..] => {
                rkyv::from_bytes::<Self, RkyvError>(archive).map_err(|error| error.to_string())
            }
            [found, ..] => Err(format!("unknown version {found}")),
            [] => Err("no bytes".to_owned()),
        }
    }
}

/// The box of all boxes that do not cross the antimeridian, and that of all that do.
pub(super) fn bounds(boxes: impl Iterator<Item = BoundingBox>) -> [Option<[f64; 4]>; 2] {
    let mut bounds: [Option<[f64; 4]>; 2] = [None, None];
    for bbox in boxes {
        let corners = [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax];
        // A box with a NaN intersects nothing.
        if corners.iter().any(|corner| corner.is_nan()) {
            continue;
        }
        let [w, s, e, n] = bounds[usize::from(bbox.crosses_antimeridian())].get_or_insert(corners);
        (*w, *s, *e, *n) = (w.min(bbox.xmin), s.min(bbox.ymin), e.max(bbox.xmax), n.max(bbox.ymax));
    }
    // Boxes from both sides that meet go all around; as west < east they would read as a strip.
    if let Some([w, _, e, _]) = &mut bounds[1]
        && *w <= *e
    {
        (*w, *e) = (-180.0, 180.0);
    }
    bounds
}

/// The least and the greatest value of an array, if its values are scalars and not all are null.
pub(super) fn range(array: &ArrayRef) -> Option<ScalarRange> {
    let (min, max) = match array.data_type() {
        DataType::Boolean => {
            let (min, max) = extremes(array.as_boolean_opt()?, |a, b| a.cmp(b))?;
            (Scalar::Boolean(min), Scalar::Boolean(max))
        }
        DataType::Int8 => integers::<Int8Type>(array)?,
        DataType::Int16 => integers::<Int16Type>(array)?,
        DataType::Int32 => integers::<Int32Type>(array)?,
        DataType::Int64 => integers::<Int64Type>(array)?,
        DataType::UInt8 => integers::<UInt8Type>(array)?,
        DataType::UInt16 => integers::<UInt16Type>(array)?,
        DataType::UInt32 => integers::<UInt32Type>(array)?,
        DataType::UInt64 => {
            let (min, max) = extremes(array.as_primitive_opt::<UInt64Type>()?, |a, b| a.cmp(b))?;
            (Scalar::Unsigned(min), Scalar::Unsigned(max))
        }
        DataType::Float16 => floats::<Float16Type>(array, |a, b| a.total_cmp(b))?,
        DataType::Float32 => floats::<Float32Type>(array, |a, b| a.total_cmp(b))?,
        DataType::Float64 => floats::<Float64Type>(array, |a, b| a.total_cmp(b))?,
        DataType::Utf8 => texts(array.as_string_opt::<i32>()?)?,
        DataType::LargeUtf8 => texts(array.as_string_opt::<i64>()?)?,
        DataType::Utf8View => texts(array.as_string_view_opt()?)?,
        // The dictionary may hold more than the rows use: the range is then wider than it could be.
        DataType::Dictionary(_, _) => return range(array.as_any_dictionary_opt()?.values()),
        other if other.is_temporal() => return range(&numbers(array)?),
        _ => return None,
    };
    Some(ScalarRange { min, max })
}

/// The numbers behind dates, times, timestamps and durations.
fn numbers(array: &ArrayRef) -> Option<ArrayRef> {
    let number = match array.data_type() {
        DataType::Interval(_) => return None,
        other if other.primitive_width() == Some(4) => DataType::Int32,
        _ => DataType::Int64,
    };
    array.to_data().into_builder().data_type(number).build().ok().map(make_array)
}

fn extremes<A: ArrayAccessor>(
    array: A,
    compare: impl Fn(&A::Item, &A::Item) -> Ordering,
) -> Option<(A::Item, A::Item)>
where
    A::Item: Copy,
{
    let mut valid = (0..array.len()).filter(|row| array.is_valid(*row)).map(|row| array.value(row));
    let first = valid.next()?;
    Some(valid.fold((first, first), |(min, max), value| {
        (
            if compare(&value, &min).is_lt() { value } else { min },
            if compare(&value, &max).is_gt() { value } else { max },
        )
    }))
}

fn integers<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<(Scalar, Scalar)>
where
    T::Native: Into<i64> + Ord,
{
    let (min, max) = extremes(array.as_primitive_opt::<T>()?, |a, b| a.cmp(b))?;
    Some((Scalar::Integer(min.into()), Scalar::Integer(max.into())))
}

fn floats<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    compare: impl Fn(&T::Native, &T::Native) -> Ordering,
) -> Option<(Scalar, Scalar)>
where
    T::Native: Into<f64>,
{
    let (min, max) = extremes(array.as_primitive_opt::<T>()?, compare)?;
    Some((Scalar::Float(min.into()), Scalar::Float(max.into())))
}

fn texts<'a>(array: impl ArrayAccessor<Item = &'a str>) -> Option<(Scalar, Scalar)> {
    let (min, max) = extremes(array, |a, b| a.cmp(b))?;
    Some((Scalar::Text(cut(min).to_owned()), Scalar::Text(cut_up(max)?)))
}

/// The longest prefix that is kept: no text that begins with it is less.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT)]
}

/// A text that is kept and is not less; `None` if there is none.
fn cut_up(text: &str) -> Option<String> {
    if text.len() <= TEXT {
        return Some(text.to_owned());
    }
    let mut prefix = cut(text).to_owned();
    while let Some(last) = prefix.pop() {
        // The next character; surrogates are skipped.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            prefix.push(next);
            return Some(prefix);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Date32Array, Float64Array, StringArray, TimestampMicrosecondArray, UInt64Array};
    use std::sync::Arc;

    fn range_of(array: impl Array + 'static) -> Option<(Scalar, Scalar)> {
        range(&(Arc::new(array) as ArrayRef)).map(|range| (range.min, range.max))
    }

    #[test]
    fn ranges_of_scalars() {
        assert_eq!(
            range_of(Float64Array::from(vec![Some(3.0), None, Some(-0.0), Some(0.0)])),
            Some((Scalar::Float(-0.0), Scalar::Float(3.0)))
        );
        let Some((_, Scalar::Float(max))) = range_of(Float64Array::from(vec![f64::INFINITY, f64::NAN]))
        else {
            panic!("floats have a range")
        };
        assert!(max.is_nan());
        assert_eq!(
            range_of(UInt64Array::from(vec![u64::MAX, 1])),
            Some((Scalar::Unsigned(1), Scalar::Unsigned(u64::MAX)))
        );
        assert_eq!(
            range_of(TimestampMicrosecondArray::from(vec![Some(5), None, Some(-7)]).with_timezone("UTC")),
            Some((Scalar::Integer(-7), Scalar::Integer(5)))
        );
        assert_eq!(range_of(Date32Array::from(vec![9, 8])), Some((Scalar::Integer(8), Scalar::Integer(9))));
        assert_eq!(range_of(StringArray::from(vec![None::<&str>, None])), None);
    }

    #[test]
    fn long_texts_are_bounded_by_short_ones() {
        let long = "é".repeat(100);
        let Some((Scalar::Text(min), Scalar::Text(max))) = range_of(StringArray::from(vec![long.as_str()]))
        else {
            panic!("texts have a range")
        };
        assert!(min.as_str() <= long.as_str() && long.as_str() <= max.as_str());
        assert!(min.len() <= TEXT && max.len() <= TEXT + 2, "{} {}", min.len(), max.len());
        assert_eq!(cut_up(&char::MAX.to_string().repeat(20)), None);
    }

    #[test]
    fn boxes_across_the_antimeridian_stay_narrow() {
        let boxes = [(177.0, -20.0, -178.0, -15.0), (179.0, -10.0, -179.5, -5.0), (10.0, 40.0, 11.0, 41.0)];
        let [bbox, crossing] = bounds(boxes.into_iter().map(|(w, s, e, n)| BoundingBox::new(w, s, e, n)));
        assert_eq!(bbox, Some([10.0, 40.0, 11.0, 41.0]));
        assert_eq!(crossing, Some([177.0, -20.0, -178.0, -5.0]));
        let [_, around] = bounds(
            [BoundingBox::new(10.0, 0.0, 5.0, 1.0), BoundingBox::new(100.0, 0.0, 50.0, 1.0)].into_iter(),
        );
        assert_eq!(around, Some([-180.0, 0.0, 180.0, 1.0]));
    }
}
