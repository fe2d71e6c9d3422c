//! Properties of items as columns of the user's.
//!
//! The type of a column must not depend on what one batch happens to hold. It is what the STAC specification or an
//! extension says, where one does ([`specified`]); else what the first value is that the stream has:
//!
//! | value | column |
//! | --- | --- |
//! | number | float64 |
//! | string | utf8 |
//! | boolean | boolean |
//! | list of strings, list of numbers | list of utf8, list of float64 |
//! | object, any other list | utf8: its JSON |
//!
//! A column of text holds any value, as JSON where it is no string. Any other value that does not fit its column is
//! null there, and a warning says so, once for each column.

use super::time;
use arrow_array::builder::{ListBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, TimeUnit};
use indexmap::IndexMap;
use rasteret_schema::record;
use serde_json::{Map, Value};
use std::sync::Arc;

use super::raster::RASTER_BANDS;
use super::specified::specified;

/// Columns at most: real collections have fewer than a hundred.
const MAX_COLUMNS: usize = 1000;

/// Bytes of a column's name at most.
const MAX_NAME: usize = 256;

/// Properties that the columns of a record hold already.
const HELD: [&str; 6] =
    [record::DATETIME, record::END_DATETIME, record::EPSG, "proj:code", "proj:wkt2", "proj:projjson"];

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Boolean,
    Integer,
    Number,
    Text,
    Time,
    Integers,
    Numbers,
    Texts,
}

#[derive(Debug)]
struct Column {
    column_type: ColumnType,
    has_warned: bool,
}

/// The columns that a stream has had so far.
#[derive(Debug, Default)]
pub(super) struct PropertyColumns {
    /// By the name of the property.
    columns: IndexMap<String, Column>,
    has_warned: bool,
}

impl PropertyColumns {
    /// The columns of some items: of each property that one of them has.
    pub(super) fn build(&mut self, items: &[&Map<String, Value>]) -> Vec<(Field, ArrayRef)> {
        let mut values: Vec<Vec<(usize, &Value)>> = Vec::new();
        for (row, properties) in items.iter().enumerate() {
            for (name, value) in *properties {
                let Some(number) = self.number(name, value) else { continue };
                if values.len() <= number {
                    values.resize_with(number + 1, Vec::new);
                }
                if let Some(values) = values.get_mut(number) {
                    values.push((row, value));
                }
            }
        }
        let columns = self.columns.iter_mut().zip(values).filter(|(_, values)| !values.is_empty());
        columns
            .map(|((name, column), values)| {
                let (array, misfits) = array(column.column_type, &values, items.len());
                if misfits > 0 && !column.has_warned {
                    column.has_warned = true;
                    let expected = column.column_type.data_type();
                    tracing::warn!(
                        "{misfits} values of property {name:?} are not of its type, {expected}, and are null"
                    );
                }
                (Field::new(column_name(name), column.column_type.data_type(), true), array)
            })
            .collect()
    }

    /// The column of a property; `None` where it has none, or this value does not make one.
    fn number(&mut self, name: &str, value: &Value) -> Option<usize> {
        if value.is_null() || HELD.contains(&name) {
            return None;
        }
        if let Some(number) = self.columns.get_index_of(name) {
            return Some(number);
        }
        let column_type = specified(name).or_else(|| ColumnType::of(value))?;
        if self.columns.len() >= MAX_COLUMNS || name.is_empty() || name.len() > MAX_NAME {
            if !self.has_warned {
                self.has_warned = true;
                tracing::warn!(
                    "properties beyond {MAX_COLUMNS}, or with names beyond {MAX_NAME} bytes, are left out"
                );
            }
            return None;
        }
        Some(self.columns.insert_full(name.to_owned(), Column { column_type, has_warned: false }).0)
    }
}

/// The name of a property's column: its own, unless a column of a record has that.
fn column_name(property: &str) -> String {
    let is_taken = record::COLUMNS.contains(&property) || property == RASTER_BANDS;
    if is_taken { format!("properties:{property}") } else { property.to_owned() }
}

impl ColumnType {
    /// `None` where the value says nothing.
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => ColumnType::Boolean,
            Value::Number(_) => ColumnType::Number,
            Value::Array(list) if list.is_empty() => return None,
            Value::Array(list) if list.iter().all(Value::is_string) => ColumnType::Texts,
            Value::Array(list) if list.iter().all(Value::is_number) => ColumnType::Numbers,
            Value::String(_) | Value::Array(_) | Value::Object(_) => ColumnType::Text,
        })
    }

    fn data_type(self) -> DataType {
        let list = |item| DataType::List(Arc::new(Field::new_list_field(item, true)));
        match self {
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::Integer => DataType::Int64,
            ColumnType::Number => DataType::Float64,
            ColumnType::Text => DataType::Utf8,
            ColumnType::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ColumnType::Integers => list(DataType::Int64),
            ColumnType::Numbers => list(DataType::Float64),
            ColumnType::Texts => list(DataType::Utf8),
        }
    }
}

/// The column of these values, each with its row, in their order; and how many of them do not fit.
fn array(column_type: ColumnType, values: &[(usize, &Value)], rows: usize) -> (ArrayRef, usize) {
    fn column<T>(
        values: &[(usize, &Value)],
        rows: usize,
        read: impl Fn(&Value) -> Option<T>,
    ) -> (Vec<Option<T>>, usize) {
        let mut column: Vec<Option<T>> = std::iter::repeat_with(|| None).take(rows).collect();
        let mut misfits = 0;
        for (row, value) in values {
            let value = read(value);
            misfits += usize::from(value.is_none());
            if let Some(cell) = column.get_mut(*row) {
                *cell = value;
            }
        }
        (column, misfits)
    }
    fn made<T, A: arrow_array::Array + 'static>(
        (column, misfits): (Vec<Option<T>>, usize),
        make: impl FnOnce(Vec<Option<T>>) -> A,
    ) -> (ArrayRef, usize) {
        (Arc::new(make(column)), misfits)
    }
    match column_type {
        ColumnType::Boolean => made(column(values, rows, Value::as_bool), BooleanArray::from),
        ColumnType::Integer => made(column(values, rows, integer), Int64Array::from),
        ColumnType::Number => made(column(values, rows, number), Float64Array::from),
        ColumnType::Text => made(column(values, rows, |value| Some(text(value))), StringArray::from),
        ColumnType::Time => made(column(values, rows, |value| time::parse(value.as_str()?)), |column| {
            TimestampMicrosecondArray::from(column).with_timezone("UTC")
        }),
        ColumnType::Integers => {
            made(column(values, rows, |value| list(value, integer)), primitive_lists::<Int64Type>)
        }
        ColumnType::Numbers => {
            made(column(values, rows, |value| list(value, number)), primitive_lists::<Float64Type>)
        }
        ColumnType::Texts => made(column(values, rows, texts), text_lists),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        value => value.as_f64(),
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        // Some write 13.0; beyond 2⁵³ there is more than one integer to a number.
        value => value.as_i64().or_else(|| {
            let number = value.as_f64()?;
            (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
        }),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(value: &Value) -> Option<Vec<Option<String>>> {
    match value {
        // A list of one, to some.
        Value::String(text) => Some(vec![Some(text.clone())]),
        Value::Array(list) => Some(list.iter().map(|item| (!item.is_null()).then(|| text(item))).collect()),
        _ => None,
    }
}

/// A list of which each item is read, or null.
fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<Option<T>>> {
    let item = |item: &Value| if item.is_null() { Some(None) } else { read(item).map(Some) };
    value.as_array()?.iter().map(item).collect()
}

fn primitive_lists<T: ArrowPrimitiveType>(rows: Vec<Option<Vec<Option<T::Native>>>>) -> ListArray {
    let mut builder = ListBuilder::new(PrimitiveBuilder::<T>::new());
    rows.into_iter().for_each(|row| builder.append_option(row));
    builder.finish()
}

fn text_lists(rows: Vec<Option<Vec<Option<String>>>>) -> ListArray {
    let mut builder = ListBuilder::new(StringBuilder::new());
    rows.into_iter().for_each(|row| builder.append_option(row));
    builder.finish()
}

/// About as many bytes of text as the columns of these properties have.
pub(super) fn bytes(properties: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len() + 8,
            Value::Array(list) => list.iter().map(of).sum::<usize>() + 8,
            Value::Object(object) => object.iter().map(|(name, value)| name.len() + 8 + of(value)).sum(),
            _ => 8,
        }
    }
    properties.values().map(of).sum()
}
