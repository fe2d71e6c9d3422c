//! Columns of dates and times as microseconds since 1970.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, TimestampMicrosecondArray};
use arrow_schema::{DataType, TimeUnit};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The dates or timestamps of a column in microseconds since 1970, without a zone. Null where 64 bits do not hold
/// them (Arrow's casts of dates wrap around there); finer units are rounded down. `None` of a column of another type.
pub fn micros(column: &dyn Array) -> Option<TimestampMicrosecondArray> {
    Some(match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            column.as_primitive::<TimestampSecondType>().unary_opt(|it| it.checked_mul(1_000_000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            column.as_primitive::<TimestampMillisecondType>().unary_opt(|it| it.checked_mul(1000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            column.as_primitive::<TimestampMicrosecondType>().reinterpret_cast()
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            column.as_primitive::<TimestampNanosecondType>().unary(|it| it.div_euclid(1000))
        }
        DataType::Date32 => {
            column.as_primitive::<Date32Type>().unary_opt(|it| i64::from(it).checked_mul(DAY))
        }
        DataType::Date64 => column.as_primitive::<Date64Type>().unary_opt(|it| it.checked_mul(1000)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        Date32Array, Date64Array, Int64Array, TimestampMicrosecondArray, TimestampMillisecondArray,
        TimestampNanosecondArray, TimestampSecondArray,
    };

    #[test]
    fn units() {
        let columns: [&dyn Array; 6] = [
            &Date32Array::from(vec![Some(-1), Some(i32::MAX), None]),
            &Date64Array::from(vec![Some(-86_400_000), Some(i64::MAX), None]),
            &TimestampSecondArray::from(vec![Some(-86_400), Some(i64::MIN), None]).with_timezone("UTC"),
            &TimestampMillisecondArray::from(vec![Some(-86_400_000), Some(i64::MAX), None]),
            &TimestampMicrosecondArray::from(vec![Some(-DAY), None, None]).with_timezone("+05:30"),
            &TimestampNanosecondArray::from(vec![Some(-DAY * 1000 + 999), None, None]),
        ];
        for column in columns {
            let expected = TimestampMicrosecondArray::from(vec![Some(-DAY), None, None]);
            assert_eq!(micros(column), Some(expected), "{}", column.data_type());
        }
        assert_eq!(micros(&Int64Array::from(vec![0])), None);
    }
}
