//! Keys by which tables are joined.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use std::fmt;

/// A value of a key column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Integers, truth values; dates and times in the unit of [`KeyKind`].
    Integer(i128),
    /// Texts.
    Text(Box<str>),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Integer(number) => write!(f, "{number}"),
            Key::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// As what the key columns of both sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Text,
    Integer,
    Boolean,
    Date,
    /// Nanoseconds since 1970; with a time zone or without.
    Timestamp {
        zoned: bool,
    },
}

impl KeyKind {
    /// As what two columns are compared. Integers compare with texts as they are written.
    ///
    /// # Errors
    ///
    /// Says why they cannot be.
    pub fn common(records: &DataType, table: &DataType) -> Result<KeyKind, String> {
        let kind = |data_type: &DataType, whose: &str| {
            KeyKind::of(data_type).ok_or_else(|| {
                format!(
                    "that of the {whose} is of {data_type}; texts, integers, truth values, dates and times can be keys"
                )
            })
        };
        match (kind(records, "collection")?, kind(table, "table")?) {
            (a, b) if a == b => Ok(a),
            (KeyKind::Text, KeyKind::Integer) | (KeyKind::Integer, KeyKind::Text) => Ok(KeyKind::Text),
            _ => Err(format!("that of the collection is of {records}, that of the table of {table}")),
        }
    }

    fn of(data_type: &DataType) -> Option<KeyKind> {
        Some(match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => KeyKind::Text,
            DataType::Dictionary(_, values) => return KeyKind::of(values),
            DataType::Boolean => KeyKind::Boolean,
            DataType::Date32 | DataType::Date64 => KeyKind::Date,
            DataType::Timestamp(_, zone) => KeyKind::Timestamp { zoned: zone.is_some() },
            other if other.is_integer() => KeyKind::Integer,
            _ => return None,
        })
    }

    /// The keys in a column; `None` where it is null.
    ///
    /// # Errors
    ///
    /// If a value is beyond what a key can be.
    pub fn keys(self, column: &ArrayRef) -> Result<Vec<Option<Key>>, ArrowError> {
        let column = match column.data_type() {
            DataType::Dictionary(_, values) => cast(column, values)?,
            _ => column.clone(),
        };
        let integers = |column: &ArrayRef| -> Result<Vec<Option<Key>>, ArrowError> {
            let numbers = cast(column, &DataType::Int64)?;
            let numbers = numbers.as_primitive::<Int64Type>();
            Ok(numbers.iter().map(|number| Some(Key::Integer(number?.into()))).collect())
        };
        match self {
            KeyKind::Text => {
                let texts = cast(&column, &DataType::LargeUtf8)?;
                Ok(texts.as_string::<i64>().iter().map(|text| Some(Key::Text(text?.into()))).collect())
            }
            KeyKind::Integer => {
                let numbers = cast(&column, &DataType::Decimal128(20, 0))?;
                let numbers = numbers.as_primitive::<Decimal128Type>();
                Ok(numbers.iter().map(|number| Some(Key::Integer(number?))).collect())
            }
            KeyKind::Boolean => integers(&column),
            KeyKind::Date => integers(&cast(&column, &DataType::Date32)?),
            KeyKind::Timestamp { .. } => {
                let DataType::Timestamp(unit, _) = column.data_type() else { return Ok(Vec::new()) };
                let factor: i128 = match unit {
                    TimeUnit::Second => 1_000_000_000,
                    TimeUnit::Millisecond => 1_000_000,
                    TimeUnit::Microsecond => 1_000,
                    TimeUnit::Nanosecond => 1,
                };
                let numbers = cast(&column, &DataType::Int64)?;
                let numbers = numbers.as_primitive::<Int64Type>();
                Ok(numbers.iter().map(|number| Some(Key::Integer(i128::from(number?) * factor))).collect())
            }
        }
    }
}
