//! Lists as sets (OGC 21-065r2, clause 7.9). Nulls in them are passed over.

use super::compare::order;
use super::error::FilterError;
use super::evaluate::{Value, canonical, convert, one_zero, stored};
use super::plan::{Kind, Lists, Node};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_ord::ord::{DynComparator, make_comparator};
use arrow_schema::{DataType, SortOptions};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

type Result<T> = std::result::Result<T, FilterError>;

/// One operand: the items of all lists, and where those of each are.
struct Side {
    items: ArrayRef,
    kind: Kind,
    /// The list of each record; none where it is null. A single one is that of all.
    places: Vec<Option<Range<usize>>>,
    is_scalar: bool,
}

impl Side {
    fn new(node: &Node, batch: &RecordBatch) -> Result<Side> {
        let not_lists = || FilterError::Evaluation("what is no list".to_owned());
        let Kind::List(kind) = node.kind() else { return Err(not_lists()) };
        if let Node::Literal(literal) = node {
            let places = vec![Some(0..literal.array.len())];
            return Ok(Side { items: literal.array.clone(), kind: *kind, places, is_scalar: true });
        }
        let Node::Column(column) = node else { return Err(not_lists()) };
        let lists = stored(column, batch)?;
        let (items, places): (&ArrayRef, Vec<Range<usize>>) = match lists.data_type() {
            DataType::List(_) => {
                let lists = lists.as_list::<i32>();
                let ends = lists.value_offsets().windows(2);
                (lists.values(), ends.map(|ends| ends[0] as usize..ends[1] as usize).collect())
            }
            DataType::LargeList(_) => {
                let lists = lists.as_list::<i64>();
                let ends = lists.value_offsets().windows(2);
                (lists.values(), ends.map(|ends| ends[0] as usize..ends[1] as usize).collect())
            }
            DataType::FixedSizeList(_, _) => {
                let lists = lists.as_fixed_size_list();
                let length = lists.value_length() as usize;
                (lists.values(), (0..lists.len()).map(|row| row * length..(row + 1) * length).collect())
            }
            _ => return Err(not_lists()),
        };
        let places = places.into_iter().enumerate();
        let places = places.map(|(row, place)| lists.is_valid(row).then_some(place)).collect();
        let items = canonical(items, &kind)?;
        Ok(Side { items, kind: *kind, places, is_scalar: false })
    }

    fn place(&self, record: usize) -> Option<Range<usize>> {
        let row = if self.is_scalar { 0 } else { record };
        self.places.get(row).cloned().flatten()
    }

    /// The items of a list that are there.
    fn items(&self, place: &Range<usize>) -> impl Iterator<Item = usize> {
        place.clone().filter(|item| self.items.is_valid(*item))
    }
}

/// Evaluates an operator for each record; null where one of the lists is.
///
/// # Errors
///
/// [`FilterError::Evaluation`].
pub(super) fn evaluate(operator: Lists, left: &Node, right: &Node, batch: &RecordBatch) -> Result<Value> {
    let (a, b) = (Side::new(left, batch)?, Side::new(right, batch)?);
    let compare = comparator(&a, &b)?;
    // Whether all items of the one list are in the other.
    let all = |x: &Side, x_place: &Range<usize>, y: &Side, y_place: &Range<usize>, same: &Same<'_>| {
        x.items(x_place).all(|i| y.items(y_place).any(|j| same(i, j)))
    };
    let same: &Same<'_> = &|i, j| compare(i, j).is_eq();
    let mirrored: &Same<'_> = &|j, i| compare(i, j).is_eq();
    let is_scalar = a.is_scalar && b.is_scalar;
    let rows = if a.is_scalar { b.places.len() } else { a.places.len() };
    let array: BooleanArray = (0..rows)
        .map(|row| {
            let (p, q) = (a.place(row)?, b.place(row)?);
            Some(match operator {
                Lists::Contains => all(&b, &q, &a, &p, mirrored),
                Lists::ContainedBy => all(&a, &p, &b, &q, same),
                Lists::Equals => all(&a, &p, &b, &q, same) && all(&b, &q, &a, &p, mirrored),
                Lists::Overlaps => a.items(&p).any(|i| b.items(&q).any(|j| same(i, j))),
            })
        })
        .collect();
    Ok(Value { array: Arc::new(array), is_scalar })
}

type Same<'a> = dyn Fn(usize, usize) -> bool + 'a;

/// The order of an item of the one and an item of the other, neither of them null.
fn comparator(a: &Side, b: &Side) -> Result<DynComparator> {
    match (&a.kind, &b.kind) {
        (Kind::Integer, Kind::Float) => {
            let (a, b) =
                (a.items.as_primitive::<Int64Type>().clone(), b.items.as_primitive::<Float64Type>().clone());
            Ok(Box::new(move |i, j| order(a.value(i).into(), b.value(j))))
        }
        (Kind::Float, Kind::Integer) => {
            let compare = comparator(b, a)?;
            Ok(Box::new(move |i, j| compare(j, i).reverse()))
        }
        (Kind::Null, _) | (_, Kind::Null) => Ok(Box::new(|_, _| Ordering::Less)),
        (x, y) => {
            let kind = match (x, y) {
                (x, y) if x == y => x.clone(),
                (Kind::Decimal(x), Kind::Decimal(y)) => Kind::Decimal(*x.max(y)),
                (Kind::Decimal(scale), Kind::Integer) | (Kind::Integer, Kind::Decimal(scale)) => {
                    Kind::Decimal(*scale)
                }
                _ => Kind::Float,
            };
            let normal = |side: &Side| {
                let items = convert(&side.items, &side.kind, &kind)?;
                Ok::<_, FilterError>(if kind == Kind::Float { one_zero(&items) } else { items })
            };
            Ok(make_comparator(&normal(a)?, &normal(b)?, SortOptions::default())?)
        }
    }
}
