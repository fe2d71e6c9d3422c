//! What a zone map says of a condition: how it may turn out for the records of a chunk.

use super::compare::order;
use super::plan::{Column, Comparison, Kind, Literal, Node, Set, Spatial, box_of_footprints};
use crate::store::{ColumnZone, Scalar, ScalarRange, ZoneMap};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_schema::{DataType, Schema, TimeUnit};
use rasteret_schema::record::BBOX;
use std::cmp::Ordering;

/// The columns that a plan looks at, each once; with the boxes of footprints, where they tell something.
pub(super) fn columns(node: &Node, schema: &Schema, found: &mut Vec<String>) {
    let mut add = |name: &str| {
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    };
    match node {
        Node::Column(column) => column.path.first().into_iter().for_each(|name| add(name)),
        Node::Literal(_) | Node::Region(_) => {}
        Node::Convert(operand, _)
        | Node::Not(operand)
        | Node::IsNull(operand)
        | Node::OneOf(operand, _)
        | Node::Fold(_, operand)
        | Node::EndOfDay(operand) => columns(operand, schema, found),
        Node::All(operands) | Node::Any(operands) => {
            operands.iter().for_each(|operand| columns(operand, schema, found));
        }
        Node::Compare(_, left, right)
        | Node::Like(left, right)
        | Node::Arithmetic(_, left, right)
        | Node::Spatial(_, left, right)
        | Node::Lists(_, left, right) => {
            if matches!(node, Node::Spatial(..))
                && box_of_footprints(left, right).is_some()
                && schema.column_with_name(BBOX).is_some()
            {
                add(BBOX);
            }
            columns(left, schema, found);
            columns(right, schema, found);
        }
    }
}

/// How a condition may turn out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcomes {
    pub(super) is_true: bool,
    pub(super) is_false: bool,
    pub(super) is_unknown: bool,
}

impl Outcomes {
    const ANY: Outcomes = Outcomes { is_true: true, is_false: true, is_unknown: true };
    const UNKNOWN: Outcomes = Outcomes { is_true: false, is_false: false, is_unknown: true };
    const NONE: Outcomes = Outcomes { is_true: false, is_false: false, is_unknown: false };
}

/// How a condition may turn out for the records of a chunk.
pub(super) fn outcomes(node: &Node, zone: &ZoneMap) -> Outcomes {
    match node {
        Node::Literal(Literal { array, kind: Kind::Boolean }) => {
            let value = array.is_valid(0).then(|| array.as_boolean().value(0));
            Outcomes {
                is_true: value == Some(true),
                is_false: value == Some(false),
                is_unknown: value.is_none(),
            }
        }
        Node::Not(operand) => {
            let Outcomes { is_true, is_false, is_unknown } = outcomes(operand, zone);
            Outcomes { is_true: is_false, is_false: is_true, is_unknown }
        }
        Node::All(operands) => {
            let of = operands.iter().map(|operand| outcomes(operand, zone));
            of.reduce(|a, b| Outcomes {
                is_true: a.is_true && b.is_true,
                is_false: a.is_false || b.is_false,
                is_unknown: a.is_unknown && (b.is_unknown || b.is_true) || b.is_unknown && a.is_true,
            })
            .unwrap_or(Outcomes { is_true: true, ..Outcomes::NONE })
        }
        Node::Any(operands) => {
            let of = operands.iter().map(|operand| outcomes(operand, zone));
            of.reduce(|a, b| Outcomes {
                is_true: a.is_true || b.is_true,
                is_false: a.is_false && b.is_false,
                is_unknown: a.is_unknown && (b.is_unknown || b.is_false) || b.is_unknown && a.is_false,
            })
            .unwrap_or(Outcomes { is_false: true, ..Outcomes::NONE })
        }
        Node::Column(column) if column.kind == Kind::Boolean => {
            let is = |value: bool| {
                range_outcomes(column, zone, |range| {
                    let value = Point::Integer(value.into());
                    (range.0 <= value && value <= range.1, true)
                })
            };
            Outcomes { is_false: is(false).is_true, ..is(true) }
        }
        Node::IsNull(operand) => match operand.as_ref() {
            Node::Column(column) => match Known::of(column, zone) {
                Some(known) => {
                    Outcomes { is_true: known.has_nulls, is_false: known.has_values, is_unknown: false }
                }
                None => Outcomes { is_unknown: false, ..Outcomes::ANY },
            },
            _ => Outcomes { is_unknown: false, ..Outcomes::ANY },
        },
        Node::Compare(comparison, left, right) => match (left.as_ref(), right.as_ref()) {
            (left, Node::Literal(literal)) => compared(*comparison, left, literal, zone),
            (Node::Literal(literal), right) => compared(comparison.mirrored(), right, literal, zone),
            _ => Outcomes::ANY,
        },
        Node::OneOf(operand, set) => match operand.as_ref() {
            Node::Column(column) => range_outcomes(column, zone, |(min, max)| {
                let any = match (set, min, max) {
                    (Set::Integers(set), ..) => {
                        // Times are microseconds by now.
                        let unit = if column.kind.is_time() { 1_000 } else { 1 };
                        let mut points = set.iter().map(|value| Point::Integer(i128::from(*value) * unit));
                        points.any(|point| *min <= point && point <= *max)
                    }
                    (Set::Texts(set), Point::Text(min), Point::Text(max)) => {
                        set.iter().any(|text| min <= text && text <= max)
                    }
                    _ => true,
                };
                (any, true)
            }),
            _ => Outcomes::ANY,
        },
        Node::Like(operand, pattern) => match (operand.as_ref(), pattern.as_ref()) {
            (Node::Column(column), Node::Literal(literal)) if literal.array.is_valid(0) => {
                let pattern = literal.array.as_string_view().value(0);
                let prefix = pattern.split(['%', '_', '\\']).next().unwrap_or_default();
                range_outcomes(column, zone, |(min, max)| match (min, max) {
                    (Point::Text(min), Point::Text(max)) => {
                        (max.as_str() >= prefix && (min.as_str() <= prefix || min.starts_with(prefix)), true)
                    }
                    _ => (true, true),
                })
            }
            _ => Outcomes::ANY,
        },
        Node::Spatial(operator, left, right) => match box_of_footprints(left, right) {
            Some(bbox)
                if zone.column(BBOX).is_some_and(|boxes| boxes.nulls == 0) && !zone.intersects(bbox) =>
            {
                let apart = *operator == Spatial::Disjoint;
                Outcomes { is_true: apart, is_false: !apart, is_unknown: true }
            }
            _ => Outcomes::ANY,
        },
        _ => Outcomes::ANY,
    }
}

/// How a comparison with a literal may turn out.
fn compared(comparison: Comparison, node: &Node, literal: &Literal, zone: &ZoneMap) -> Outcomes {
    let column = match node {
        Node::Column(column) => column,
        // Wider numbers and finer times are the same values.
        Node::Convert(node, kind) if *kind != Kind::Float => match node.as_ref() {
            Node::Column(column) => column,
            _ => return Outcomes::ANY,
        },
        _ => return Outcomes::ANY,
    };
    if literal.array.is_null(0) {
        return Outcomes::UNKNOWN;
    }
    let Some(point) = point(literal) else { return Outcomes::ANY };
    range_outcomes(column, zone, |(min, max)| {
        let (Some(low), Some(high)) = (min.partial_cmp(&point), max.partial_cmp(&point)) else {
            return (true, true);
        };
        match comparison {
            Comparison::Equal => (low.is_le() && high.is_ge(), true),
            Comparison::NotEqual => (true, low.is_le() && high.is_ge()),
            Comparison::Less => (low.is_lt(), high.is_ge()),
            Comparison::LessOrEqual => (low.is_le(), high.is_gt()),
            Comparison::Greater => (high.is_gt(), low.is_le()),
            Comparison::GreaterOrEqual => (high.is_ge(), low.is_lt()),
        }
    })
}

/// How a condition on the values of a column may turn out, where `of_range` says whether it may be true
/// and false between the least and the greatest of them.
fn range_outcomes(
    column: &Column,
    zone: &ZoneMap,
    of_range: impl FnOnce(&(Point, Point)) -> (bool, bool),
) -> Outcomes {
    let Some(known) = Known::of(column, zone) else { return Outcomes::ANY };
    if !known.has_values {
        return Outcomes::UNKNOWN;
    }
    let (is_true, is_false) = known.range.as_ref().map_or((true, true), of_range);
    Outcomes { is_true, is_false, is_unknown: known.has_nulls }
}

/// What is known of the values of a column in a chunk.
struct Known {
    has_nulls: bool,
    has_values: bool,
    range: Option<(Point, Point)>,
}

impl Known {
    /// Nothing is known of fields.
    fn of(column: &Column, zone: &ZoneMap) -> Option<Known> {
        let [name] = column.path.as_slice() else { return None };
        let ColumnZone { nulls, range } = zone.column(name)?;
        let nulls = usize::try_from(nulls).ok()?;
        Some(Known {
            // The values of a dictionary may be null as well.
            has_nulls: nulls > 0 || matches!(column.data_type, DataType::Dictionary(..) | DataType::Null),
            has_values: nulls < zone.rows(),
            range: range.and_then(|ScalarRange { min, max }| {
                Some((of_scalar(column, min, true)?, of_scalar(column, max, false)?))
            }),
        })
    }
}

/// A value in the order of its column.
#[derive(Debug, Clone)]
enum Point {
    /// A number, a truth value, or the nanoseconds of a time.
    Integer(i128),
    Float(f64),
    Text(String),
}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Point::Integer(a), Point::Integer(b)) => Some(a.cmp(b)),
            (Point::Integer(a), Point::Float(b)) => Some(order(*a, *b)),
            (Point::Float(a), Point::Integer(b)) => Some(order(*b, *a).reverse()),
            // NaN is the greatest.
            (Point::Float(a), Point::Float(b)) => {
                Some(a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())))
            }
            (Point::Text(a), Point::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

/// An end of a range; `None` if it says nothing.
fn of_scalar(column: &Column, scalar: &Scalar, is_least: bool) -> Option<Point> {
    Some(match scalar {
        Scalar::Boolean(value) => Point::Integer((*value).into()),
        Scalar::Integer(value) => scaled(column, (*value).into()),
        Scalar::Unsigned(value) => Point::Integer((*value).into()),
        // Negative NaNs are the least in the order of zone maps, and the greatest for operators.
        Scalar::Float(value) if is_least && value.is_nan() && value.is_sign_negative() => return None,
        Scalar::Float(value) => Point::Float(*value),
        Scalar::Text(text) => Point::Text(text.clone()),
    })
}

/// The number that stands for a value of a column: nanoseconds for times.
fn scaled(column: &Column, value: i128) -> Point {
    let data_type = match &column.data_type {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    let nanos = match data_type {
        DataType::Date32 => super::instant::DAY,
        DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        DataType::Timestamp(TimeUnit::Millisecond, _) | DataType::Date64 => 1_000_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        _ => 1,
    };
    Point::Integer(value * nanos)
}

fn point(literal: &Literal) -> Option<Point> {
    let array = &literal.array;
    Some(match literal.kind {
        Kind::Boolean => Point::Integer(array.as_boolean().value(0).into()),
        Kind::Integer => Point::Integer(array.as_primitive::<Int64Type>().value(0).into()),
        Kind::Micros => Point::Integer(i128::from(array.as_primitive::<Int64Type>().value(0)) * 1_000),
        Kind::Decimal(0) | Kind::Nanos => Point::Integer(array.as_primitive::<Decimal128Type>().value(0)),
        Kind::Float => Point::Float(array.as_primitive::<Float64Type>().value(0)),
        Kind::Text => Point::Text(array.as_string_view().value(0).to_owned()),
        Kind::Decimal(_) | Kind::Null | Kind::Geometry | Kind::List(_) | Kind::Other => return None,
    })
}
