//! Arithmetic.

use super::error::FilterError;
use super::evaluate::Value;
use super::literal::PRECISION;
use super::plan::Arithmetic;
use arrow_arith::numeric;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::{ArrowError, DataType};
use std::sync::Arc;

/// Computes with values of one kind. Of integers, what is divided by zero is null, and what does not fit
/// is an error; floats are those of IEEE 754.
///
/// # Errors
///
/// [`FilterError::Evaluation`].
pub(super) fn evaluate(operator: Arithmetic, left: &Value, right: &Value) -> Result<ArrayRef, FilterError> {
    let computed = match left.array.data_type() {
        DataType::Float64 => Ok(floats(operator, left, right)),
        DataType::Int64 => integers(operator, left, right),
        _ => decimals(operator, left, right),
    };
    computed.map_err(|error| FilterError::Evaluation(format!("arithmetic: {error}")))
}

fn floats(operator: Arithmetic, left: &Value, right: &Value) -> ArrayRef {
    Arc::new(rows::<Float64Type>(left, right, |a, b| {
        Some(match operator {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a / b,
            Arithmetic::IntegerDivide => (a / b).trunc(),
            Arithmetic::Modulo => a % b,
            Arithmetic::Power => a.powf(b),
        })
    }))
}

fn integers(operator: Arithmetic, left: &Value, right: &Value) -> Result<ArrayRef, ArrowError> {
    match operator {
        Arithmetic::Add => numeric::add(left, right),
        Arithmetic::Subtract => numeric::sub(left, right),
        Arithmetic::Multiply => numeric::mul(left, right),
        Arithmetic::Modulo => Ok(Arc::new(rows::<Int64Type>(left, right, |a, b| match b {
            0 => None,
            b => Some(a.wrapping_rem(b)),
        }))),
        Arithmetic::IntegerDivide => numeric::div(left, &without_zeros::<Int64Type>(right)),
        Arithmetic::Divide | Arithmetic::Power => {
            Err(ArrowError::ComputeError("integers are divided as floats".to_owned()))
        }
    }
}

/// Integers that an `Int64` does not hold.
fn decimals(operator: Arithmetic, left: &Value, right: &Value) -> Result<ArrayRef, ArrowError> {
    let too_large = std::cell::Cell::new(false);
    let computed = rows::<Decimal128Type>(left, right, |a, b| {
        let value = match operator {
            Arithmetic::Add => a.checked_add(b),
            Arithmetic::Subtract => a.checked_sub(b),
            Arithmetic::Multiply => a.checked_mul(b),
            _ if b == 0 => return None,
            Arithmetic::IntegerDivide => a.checked_div(b),
            Arithmetic::Modulo => a.checked_rem(b),
            Arithmetic::Divide | Arithmetic::Power => None,
        };
        too_large.set(too_large.get() || value.is_none());
        value
    });
    if too_large.get() {
        return Err(ArrowError::ArithmeticOverflow("an integer is beyond 38 digits".to_owned()));
    }
    let computed = computed.with_precision_and_scale(PRECISION, 0)?;
    computed.validate_decimal_precision(PRECISION)?;
    Ok(Arc::new(computed))
}

/// A function of each pair; null where one of them is.
fn rows<T: ArrowPrimitiveType>(
    left: &Value,
    right: &Value,
    function: impl Fn(T::Native, T::Native) -> Option<T::Native>,
) -> PrimitiveArray<T> {
    let (a, b) = (left.array.as_primitive::<T>(), right.array.as_primitive::<T>());
    let rows = if left.is_scalar { b.len() } else { a.len() };
    let at = |value: &Value, array: &PrimitiveArray<T>, row: usize| {
        let row = value.row(row);
        array.is_valid(row).then(|| array.value(row))
    };
    (0..rows).map(|row| function(at(left, a, row)?, at(right, b, row)?)).collect()
}

fn without_zeros<T: ArrowPrimitiveType>(value: &Value) -> Value
where
    T::Native: Default,
{
    let array = value.array.as_primitive::<T>();
    let array: PrimitiveArray<T> =
        array.iter().map(|number| number.filter(|number| *number != T::Native::default())).collect();
    Value { array: Arc::new(array), is_scalar: value.is_scalar }
}
