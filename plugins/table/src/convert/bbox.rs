//! Bounding boxes of rows.

use crate::layout::BboxPlace;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use rasteret_schema::BoundingBox;

/// The boxes of the rows; none where a side is missing, or the numbers are not degrees.
pub(super) fn boxes(
    place: Option<&BboxPlace>,
    batch: &RecordBatch,
) -> Result<Vec<Option<BoundingBox>>, ArrowError> {
    let rows = batch.num_rows();
    let Some(place) = place else { return Ok(vec![None; rows]) };
    let missing = || ArrowError::SchemaError(format!("{place:?} is missing"));
    let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
    let corners: Box<dyn Fn(usize) -> Option<[f64; 4]>> = match place {
        BboxPlace::Columns([west, south, east, north]) => {
            let sides = [
                numbers(column(west)?)?,
                numbers(column(south)?)?,
                numbers(column(east)?)?,
                numbers(column(north)?)?,
            ];
            Box::new(move |row| values(&sides, row))
        }
        BboxPlace::Struct { column: name, fields } => {
            let boxes = column(name)?.as_struct_opt().ok_or_else(missing)?;
            let side = |field: &String| numbers(boxes.column_by_name(field).ok_or_else(missing)?);
            let [west, south, east, north] = fields;
            let sides = [side(west)?, side(south)?, side(east)?, side(north)?];
            Box::new(move |row| if boxes.is_valid(row) { values(&sides, row) } else { None })
        }
        BboxPlace::List { column: name } => {
            let lists = as_lists(column(name)?)?;
            Box::new(move |row| {
                let list = lists.get(row)?;
                let at = match list.len() {
                    4 => [0, 1, 2, 3],
                    // Three dimensions.
                    6 => [0, 1, 3, 4],
                    _ => return None,
                };
                (list.null_count() == 0).then(|| at.map(|index| list.value(index)))
            })
        }
    };
    Ok((0..rows).map(|row| corners(row).and_then(degrees)).collect())
}

fn numbers(column: &ArrayRef) -> Result<Float64Array, ArrowError> {
    Ok(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

fn values(sides: &[Float64Array; 4], row: usize) -> Option<[f64; 4]> {
    sides.iter().all(|side| side.is_valid(row)).then(|| sides.each_ref().map(|side| side.value(row)))
}

/// Lists of numbers, by row.
struct Lists {
    values: Float64Array,
    /// Start and length of each, where it is not null.
    ranges: Vec<Option<(usize, usize)>>,
}

impl Lists {
    fn get(&self, row: usize) -> Option<Float64Array> {
        let (start, length) = (*self.ranges.get(row)?)?;
        Some(self.values.slice(start, length))
    }
}

fn as_lists(column: &ArrayRef) -> Result<Lists, ArrowError> {
    let rows = 0..column.len();
    let valid = |row: usize| column.is_valid(row);
    if let Some(lists) = column.as_fixed_size_list_opt() {
        let length = lists.value_length() as usize;
        let start = |row: usize| lists.value_offset(row) as usize;
        let ranges = rows.map(|row| valid(row).then(|| (start(row), length))).collect();
        return Ok(Lists { values: numbers(lists.values())?, ranges });
    }
    let lists = cast(column, &DataType::new_large_list(DataType::Float64, true))?;
    let lists = lists.as_list::<i64>();
    let range = |row: usize| {
        let offsets = lists.value_offsets();
        (offsets[row] as usize, (offsets[row + 1] - offsets[row]) as usize)
    };
    let ranges = rows.map(|row| valid(row).then(|| range(row))).collect();
    Ok(Lists { values: numbers(lists.values())?, ranges })
}

/// A box on Earth: `xmin > xmax` where it crosses the antimeridian.
fn degrees([xmin, ymin, xmax, ymax]: [f64; 4]) -> Option<BoundingBox> {
    let is_longitude = |x: f64| (-180.0..=180.0).contains(&x);
    let is_latitude = |y: f64| (-90.0..=90.0).contains(&y);
    let is_box = is_longitude(xmin) && is_longitude(xmax) && is_latitude(ymin) && is_latitude(ymax);
    (is_box && ymin <= ymax).then(|| BoundingBox::new(xmin, ymin, xmax, ymax))
}
