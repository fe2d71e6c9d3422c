//! Comparisons.

use super::error::FilterError;
use super::evaluate::{Value, one_zero};
use super::plan::Comparison;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_ord::cmp;
use arrow_schema::DataType;
use std::cmp::Ordering;

/// Compares values of one kind, or integers with floats; null where one of them is.
///
/// # Errors
///
/// [`FilterError::Evaluation`].
pub(super) fn compare(
    comparison: Comparison,
    left: &Value,
    right: &Value,
) -> Result<BooleanArray, FilterError> {
    let is_float = |value: &Value| *value.array.data_type() == DataType::Float64;
    match (is_float(left), is_float(right)) {
        (false, true) => Ok(integers_with_floats(comparison, left, right)),
        (true, false) => Ok(integers_with_floats(comparison.mirrored(), right, left)),
        (true, true) => {
            let normal = |value: &Value| Value { array: one_zero(&value.array), is_scalar: value.is_scalar };
            Ok(kernel(comparison, &normal(left), &normal(right))?)
        }
        (false, false) => Ok(kernel(comparison, left, right)?),
    }
}

fn kernel(
    comparison: Comparison,
    left: &Value,
    right: &Value,
) -> Result<BooleanArray, arrow_schema::ArrowError> {
    match comparison {
        Comparison::Equal => cmp::eq(left, right),
        Comparison::NotEqual => cmp::neq(left, right),
        Comparison::Less => cmp::lt(left, right),
        Comparison::LessOrEqual => cmp::lt_eq(left, right),
        Comparison::Greater => cmp::gt(left, right),
        Comparison::GreaterOrEqual => cmp::gt_eq(left, right),
    }
}

/// No kernel compares them exactly.
fn integers_with_floats(comparison: Comparison, integers: &Value, floats: &Value) -> BooleanArray {
    let integer = integer_at(&integers.array);
    let doubles = floats.array.as_primitive::<Float64Type>();
    let rows = if integers.is_scalar { floats.array.len() } else { integers.array.len() };
    (0..rows)
        .map(|row| {
            let float = floats.row(row);
            let integer = integer(integers.row(row))?;
            doubles.is_valid(float).then(|| comparison.holds(order(integer, doubles.value(float))))
        })
        .collect()
}

/// The integers of an array of them, or of decimals without decimals.
fn integer_at(array: &ArrayRef) -> Box<dyn Fn(usize) -> Option<i128> + '_> {
    match array.as_primitive_opt::<Int64Type>() {
        Some(array) => Box::new(|row| array.is_valid(row).then(|| array.value(row).into())),
        None => {
            let array = array.as_primitive_opt::<Decimal128Type>();
            Box::new(move |row| array.filter(|array| array.is_valid(row)).map(|array| array.value(row)))
        }
    }
}

/// The order of an integer and a float; NaN is the greatest.
pub(super) fn order(integer: i128, float: f64) -> Ordering {
    if float.is_nan() {
        return Ordering::Less;
    }
    // Beyond the range of integers, the cast saturates; integers here have less than 38 digits.
    let whole = float.trunc() as i128;
    let fraction = if float.is_finite() { float.fract() } else { 0.0 };
    integer.cmp(&whole).then(0.0.partial_cmp(&fraction).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floats_compare_exactly() {
        let wide = 9_007_199_254_740_993_i128;
        for (integer, float, expected) in [
            (wide, 9_007_199_254_740_992.0, Ordering::Greater),
            (wide, 9_007_199_254_740_994.0, Ordering::Less),
            (-1, -1.5, Ordering::Greater),
            (-2, -1.5, Ordering::Less),
            (0, -0.0, Ordering::Equal),
            (0, 1e-300, Ordering::Less),
            (i64::MAX.into(), f64::INFINITY, Ordering::Less),
            (i64::MIN.into(), f64::NEG_INFINITY, Ordering::Greater),
            (i64::MIN.into(), -9_223_372_036_854_775_808.0, Ordering::Equal),
            (5, f64::NAN, Ordering::Less),
        ] {
            assert_eq!(order(integer, float), expected, "{integer} {float}");
        }
    }
}
