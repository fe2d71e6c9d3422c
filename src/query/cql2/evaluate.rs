//! The values of plans for the records of a batch, a column at a time.

use super::error::FilterError;
use super::literal::PRECISION;
use super::plan::{Column, Kind, Node, Set};
use super::{arithmetic, compare, lists, spatial, texts};
use arrow_arith::boolean::{and_kleene, is_null, not, or_kleene};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Datum, Int64Array, RecordBatch, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;
use std::sync::Arc;

type Result<T> = std::result::Result<T, FilterError>;

/// The values of a node: one for each record, or one for all.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) array: ArrayRef,
    pub(super) is_scalar: bool,
}

impl Datum for Value {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.is_scalar)
    }
}

impl Value {
    /// The value of a function of these values, which is one for all if they are.
    pub(super) fn of(array: ArrayRef, operands: &[&Value]) -> Value {
        Value { array, is_scalar: operands.iter().all(|operand| operand.is_scalar) }
    }

    /// The row of this value that belongs to a record.
    pub(super) fn row(&self, record: usize) -> usize {
        if self.is_scalar { 0 } else { record }
    }
}

/// Which records of a batch a condition is true for; null where that is unknown.
///
/// # Errors
///
/// [`FilterError::Evaluation`].
pub(super) fn condition(node: &Node, batch: &RecordBatch) -> Result<BooleanArray> {
    let value = value(node, batch)?;
    let array = value.array.as_boolean();
    if !value.is_scalar {
        return Ok(array.clone());
    }
    let one = array.is_valid(0).then(|| array.value(0));
    Ok(std::iter::repeat_n(one, batch.num_rows()).collect())
}

/// The values of a node.
pub(super) fn value(node: &Node, batch: &RecordBatch) -> Result<Value> {
    let unary = |operand: &Node, function: &dyn Fn(&ArrayRef) -> Result<ArrayRef>| {
        let value = value(operand, batch)?;
        Ok(Value { array: function(&value.array)?, is_scalar: value.is_scalar })
    };
    match node {
        Node::Column(column) => Ok(Value { array: read(column, batch)?, is_scalar: false }),
        Node::Literal(literal) => Ok(Value { array: literal.array.clone(), is_scalar: true }),
        Node::Region(_) => Err(FilterError::Invalid("a geometry is for the S_ operators".to_owned())),
        Node::Convert(operand, kind) => unary(operand, &|array| convert(array, &operand.kind(), kind)),
        Node::Not(operand) => unary(operand, &|array| Ok(Arc::new(not(array.as_boolean())?))),
        Node::All(operands) => chain(operands, batch, true),
        Node::Any(operands) => chain(operands, batch, false),
        Node::IsNull(operand) => match operand.as_ref() {
            Node::Column(column) => {
                Ok(Value { array: Arc::new(is_null(&stored(column, batch)?)?), is_scalar: false })
            }
            Node::Region(_) => {
                Ok(Value { array: super::literal::boolean(Some(false)).array, is_scalar: true })
            }
            operand => unary(operand, &|array| Ok(Arc::new(is_null(array)?))),
        },
        Node::Compare(comparison, left, right) => {
            let (left, right) = (value(left, batch)?, value(right, batch)?);
            Ok(Value::of(Arc::new(compare::compare(*comparison, &left, &right)?), &[&left, &right]))
        }
        Node::OneOf(operand, Set::Integers(set)) => unary(operand, &|array| {
            let array = array.as_primitive::<Int64Type>();
            Ok(Arc::new(BooleanArray::from_unary(array, |value| set.contains(&value))))
        }),
        Node::OneOf(operand, Set::Texts(set)) => unary(operand, &|array| {
            Ok(Arc::new(BooleanArray::from_unary(array.as_string_view(), |value| set.contains(value))))
        }),
        Node::Like(left, right) => {
            let (left, right) = (value(left, batch)?, value(right, batch)?);
            Ok(Value::of(Arc::new(arrow_string::like::like(&left, &right)?), &[&left, &right]))
        }
        Node::Arithmetic(operator, left, right) => {
            let (left, right) = (value(left, batch)?, value(right, batch)?);
            Ok(Value::of(arithmetic::evaluate(*operator, &left, &right)?, &[&left, &right]))
        }
        Node::Fold(fold, operand) => unary(operand, &|array| Ok(texts::fold(*fold, array))),
        Node::EndOfDay(operand) => unary(operand, &|array| {
            let end = |start: i64| start.saturating_add(86_400_000_000 - 1);
            Ok(Arc::new(array.as_primitive::<Int64Type>().unary::<_, Int64Type>(end)))
        }),
        Node::Spatial(operator, left, right) => spatial::evaluate(*operator, left, right, batch),
        Node::Lists(operator, left, right) => lists::evaluate(*operator, left, right, batch),
    }
}

/// The conjunction or the disjunction of conditions.
fn chain(operands: &[Node], batch: &RecordBatch, is_all: bool) -> Result<Value> {
    let mut result: Option<BooleanArray> = None;
    for operand in operands {
        let next = condition(operand, batch)?;
        result = Some(match result {
            None => next,
            Some(result) if is_all => and_kleene(&result, &next)?,
            Some(result) => or_kleene(&result, &next)?,
        });
    }
    let result = result.unwrap_or_else(|| std::iter::repeat_n(Some(is_all), batch.num_rows()).collect());
    Ok(Value { array: Arc::new(result), is_scalar: false })
}

/// The values of a column as they are stored.
pub(super) fn stored(column: &Column, batch: &RecordBatch) -> Result<ArrayRef> {
    let missing = || FilterError::Evaluation(format!("column {:?} was not read", column.path.join(".")));
    let (name, fields) = column.path.split_first().ok_or_else(missing)?;
    let mut array = batch.column_by_name(name).ok_or_else(missing)?.clone();
    for field in fields {
        let parent = array.as_struct_opt().ok_or_else(missing)?;
        let child = parent.column_by_name(field).ok_or_else(missing)?;
        // What is in a null is null.
        array = match parent.nulls() {
            Some(_) => arrow_select::nullif::nullif(child, &is_null(parent)?)?,
            None => child.clone(),
        };
    }
    Ok(array)
}

/// The values of a column as its kind holds them.
fn read(column: &Column, batch: &RecordBatch) -> Result<ArrayRef> {
    canonical(&stored(column, batch)?, &column.kind)
}

/// An array as its kind holds it.
pub(super) fn canonical(array: &ArrayRef, kind: &Kind) -> Result<ArrayRef> {
    // As if each value was there.
    let array = match array.data_type() {
        DataType::Dictionary(_, values) => &cast(array, values)?,
        _ => array,
    };
    match kind {
        Kind::Null | Kind::Boolean | Kind::Other | Kind::List(_) => Ok(array.clone()),
        Kind::Integer => cast(array, &DataType::Int64),
        Kind::Decimal(scale) => cast(array, &DataType::Decimal128(PRECISION, *scale)),
        Kind::Float => cast(array, &DataType::Float64),
        Kind::Text => cast(array, &DataType::Utf8View),
        Kind::Geometry => cast(array, &DataType::BinaryView),
        Kind::Micros => {
            let beyond =
                || FilterError::Evaluation("a time is beyond what 64 bits of microseconds hold".into());
            let micros = rasteret_schema::time::micros(array).ok_or_else(beyond)?;
            match micros.null_count() == array.null_count() {
                true => Ok(Arc::new(micros.reinterpret_cast::<Int64Type>())),
                false => Err(beyond()),
            }
        }
        Kind::Nanos => cast(&cast(array, &DataType::Int64)?, &DataType::Decimal128(PRECISION, 0)),
    }
}

/// An array of one kind as one of another.
pub(super) fn convert(array: &ArrayRef, from: &Kind, to: &Kind) -> Result<ArrayRef> {
    match (from, to) {
        (from, to) if from == to => Ok(array.clone()),
        (Kind::Micros, Kind::Nanos) => {
            let micros: &Int64Array = array.as_primitive::<Int64Type>();
            let nanos = micros.unary::<_, Decimal128Type>(|micros| i128::from(micros) * 1_000);
            Ok(Arc::new(nanos.with_precision_and_scale(PRECISION, 0)?))
        }
        (Kind::Null, kind) => Ok(new_null_array(&data_type(kind), array.len())),
        (_, kind) => cast(array, &data_type(kind)),
    }
}

/// The type that holds a kind.
fn data_type(kind: &Kind) -> DataType {
    match kind {
        Kind::Null | Kind::List(_) | Kind::Other => DataType::Null,
        Kind::Boolean => DataType::Boolean,
        Kind::Integer | Kind::Micros => DataType::Int64,
        Kind::Decimal(scale) => DataType::Decimal128(PRECISION, *scale),
        Kind::Nanos => DataType::Decimal128(PRECISION, 0),
        Kind::Float => DataType::Float64,
        Kind::Text => DataType::Utf8View,
        Kind::Geometry => DataType::BinaryView,
    }
}

/// A cast; what does not fit is an error.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    Ok(cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })?)
}

/// A float as operators have it: there is one zero and one NaN.
pub(super) fn one_zero(array: &ArrayRef) -> ArrayRef {
    let same = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
    Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(same))
}
