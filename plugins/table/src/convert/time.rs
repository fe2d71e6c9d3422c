//! Times as microseconds since 1970, UTC, whatever the column's type.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, TimestampMicrosecondArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use chrono::{DateTime, NaiveDate, NaiveTime};

/// The times of a column; null where a value is not a time. Timestamps without a zone are UTC; integers are
/// years.
pub(super) fn micros(column: &ArrayRef) -> Result<TimestampMicrosecondArray, ArrowError> {
    if let Some(times) = rasteret_schema::time::micros(column) {
        return Ok(times);
    }
    Ok(match column.data_type() {
        integer if integer.is_integer() => {
            cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().unary_opt(year)
        }
        DataType::Null => TimestampMicrosecondArray::new_null(column.len()),
        _ => {
            let texts = cast(column, &DataType::Utf8)?;
            texts.as_string::<i32>().iter().map(|text| text.and_then(parse_time)).collect()
        }
    })
}

/// The start of a year.
pub(crate) fn year(year: i64) -> Option<i64> {
    let year = i32::try_from(year).ok().filter(|year| (1..=9999).contains(year))?;
    midnight(NaiveDate::from_ymd_opt(year, 1, 1)?)
}

/// A time of RFC 3339, or a date.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Some(time.timestamp_micros()),
        Err(_) => midnight(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?),
    }
}

fn midnight(date: NaiveDate) -> Option<i64> {
    Some(date.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

/// Why a value is not a time.
pub(super) fn reason(data_type: &DataType, text: &str) -> String {
    if data_type.is_integer() {
        format!("{text} is not a year; other integers have to be made timestamps")
    } else if data_type.is_temporal() {
        format!("{text} is out of range")
    } else {
        format!(
            "{text:?} is neither a date nor a time with its zone, such as 2024-01-31T10:20:30Z or \
             2024-01-31T10:20:30+05:30"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        Date32Array, Int16Array, StringViewArray, TimestampNanosecondArray, TimestampSecondArray,
    };
    use std::sync::Arc;

    #[test]
    fn types_of_columns() {
        let day = 1_704_067_200_000_000; // 2024-01-01
        let columns: [ArrayRef; 5] = [
            Arc::new(TimestampSecondArray::from(vec![1_704_067_200]).with_timezone("Asia/Kolkata")),
            Arc::new(TimestampNanosecondArray::from(vec![1_704_067_200_000_000_999])),
            Arc::new(Date32Array::from(vec![19_723])),
            Arc::new(Int16Array::from(vec![2024])),
            Arc::new(StringViewArray::from(vec!["2024-01-01T05:30:00+05:30"])),
        ];
        for column in columns {
            assert_eq!(micros(&column).unwrap().value(0), day, "{}", column.data_type());
        }
    }

    #[test]
    fn what_is_not_a_time() {
        assert_eq!(parse_time("2024-02-30"), None);
        assert_eq!(parse_time("2024-01-01T00:00:00"), None);
        assert_eq!(year(20240101), None);
        let late: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX]));
        assert!(micros(&late).unwrap().is_null(0));
    }
}
