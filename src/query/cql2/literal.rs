//! Values that are written in filters.

use super::error::FilterError;
use super::instant::Instant;
use super::plan::{Kind, Literal, Node};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, NullArray, StringViewArray,
};
use arrow_schema::DataType;
use arrow_select::concat::concat;
use std::sync::Arc;

type Result<T> = std::result::Result<T, FilterError>;

/// The digits of the widest decimals.
pub(super) const PRECISION: u8 = 38;

pub(super) fn null() -> Literal {
    Literal { array: Arc::new(NullArray::new(1)), kind: Kind::Null }
}

pub(super) fn boolean(value: Option<bool>) -> Literal {
    Literal { array: Arc::new(BooleanArray::from(vec![value])), kind: Kind::Boolean }
}

pub(super) fn float(value: f64) -> Literal {
    Literal { array: Arc::new(Float64Array::from(vec![value])), kind: Kind::Float }
}

pub(super) fn text(value: &str) -> Literal {
    Literal { array: Arc::new(StringViewArray::from(vec![value])), kind: Kind::Text }
}

pub(super) fn integer(value: i128) -> Result<Literal> {
    Ok(match i64::try_from(value) {
        Ok(value) => Literal { array: Arc::new(Int64Array::from(vec![value])), kind: Kind::Integer },
        Err(_) => Literal { array: decimal(value)?, kind: Kind::Decimal(0) },
    })
}

pub(super) fn time(instant: Instant) -> Result<Literal> {
    let is_micros = instant.nanos % 1_000 == 0;
    Ok(match i64::try_from(instant.nanos / 1_000) {
        Ok(micros) if is_micros => micros_since_1970(micros),
        _ => Literal { array: decimal(instant.nanos)?, kind: Kind::Nanos },
    })
}

pub(super) fn micros_since_1970(micros: i64) -> Literal {
    Literal { array: Arc::new(Int64Array::from(vec![micros])), kind: Kind::Micros }
}

fn decimal(value: i128) -> Result<ArrayRef> {
    decimal_of(value, 0)
}

fn decimal_of(value: i128, scale: i8) -> Result<ArrayRef> {
    Ok(Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(PRECISION, scale)?))
}

/// The decimal that was written, as far as a double tells; `None` if it has too many digits.
fn decimal_as_written(value: f64) -> Option<Literal> {
    let text = value.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let scale = i8::try_from(decimals.len()).ok()?;
    let digits = format!("{whole}{decimals}");
    let fits = digits.trim_start_matches(['-', '0']).len().max(decimals.len()) <= usize::from(PRECISION);
    let value = digits.parse().ok().filter(|_| fits)?;
    Some(Literal { array: decimal_of(value, scale).ok()?, kind: Kind::Decimal(scale) })
}

/// A literal as what it is compared with has it: a text beside times is a time, and a number beside
/// those of single precision is rounded as they are, one beside decimals is a decimal.
///
/// # Errors
///
/// [`FilterError::Invalid`] for a text beside times that is none.
pub(super) fn read_as(node: Node, other: &Node) -> Result<Node> {
    let Node::Literal(literal) = &node else { return Ok(node) };
    if !literal.array.is_valid(0) {
        return Ok(node);
    }
    match (&literal.kind, other) {
        (Kind::Text, other) if other.kind().is_time() => {
            Ok(Node::Literal(time(Instant::parse(literal.array.as_string_view().value(0))?)?))
        }
        (Kind::Float, other) if matches!(other.kind(), Kind::Decimal(scale) if scale > 0) => {
            let value = literal.array.as_primitive::<Float64Type>().value(0);
            Ok(decimal_as_written(value).map_or(node, Node::Literal))
        }
        (Kind::Float, Node::Column(column)) => {
            let value = literal.array.as_primitive::<Float64Type>().value(0);
            Ok(Node::Literal(float(match column.data_type {
                DataType::Float16 => half::f16::from_f64(value).to_f64(),
                DataType::Float32 => f64::from(value as f32),
                _ => value,
            })))
        }
        _ => Ok(node),
    }
}

/// The list of these items; `None` if they are of unlike kinds.
pub(super) fn list(items: Vec<Literal>) -> Option<Literal> {
    let kinds: Vec<&Kind> = items.iter().map(|item| &item.kind).filter(|kind| **kind != Kind::Null).collect();
    let kind = match kinds.split_first() {
        None => Kind::Null,
        Some((first, rest)) if rest.iter().all(|kind| kind == first) => (*first).clone(),
        Some(_) if kinds.iter().all(|kind| kind.is_number()) => Kind::Float,
        Some(_) if kinds.iter().all(|kind| kind.is_time()) => Kind::Nanos,
        Some(_) => return None,
    };
    if matches!(kind, Kind::List(_)) {
        return None;
    }
    let items = items.iter().map(|item| super::evaluate::convert(&item.array, &item.kind, &kind));
    let items = items.collect::<Result<Vec<_>>>().ok()?;
    let items: Vec<&dyn Array> = items.iter().map(AsRef::as_ref).collect();
    Some(Literal { array: concat(&items).ok()?, kind: Kind::List(Box::new(kind)) })
}

/// A list of literals as that which it is compared with has its items: texts as times, times as finer
/// ones. Any other is left as it is.
///
/// # Errors
///
/// [`FilterError::Invalid`] for texts beside times that are none.
pub(super) fn read_list_as(literal: Literal, kind: &Kind, other: &Kind) -> Result<Node> {
    let times = match kind {
        Kind::Text if other.is_time() => {
            let texts = literal.array.as_string_view().iter();
            let times = texts.map(|text| match text {
                Some(text) => time(Instant::parse(text)?),
                None => Ok(null()),
            });
            list(times.collect::<Result<Vec<_>>>()?)
        }
        _ => None,
    };
    let literal = times.unwrap_or(literal);
    let Kind::List(kind) = &literal.kind else { return Ok(Node::Literal(literal)) };
    if matches!((&**kind, other), (Kind::Micros, Kind::Nanos) | (Kind::Null, _)) {
        let array = super::evaluate::convert(&literal.array, kind, other)?;
        return Ok(Node::Literal(Literal { array, kind: Kind::List(Box::new(other.clone())) }));
    }
    Ok(Node::Literal(literal))
}

/// A literal as users would write it.
pub(super) fn to_text(literal: &Literal) -> String {
    let text = arrow_cast::display::array_value_to_string(&literal.array, 0).unwrap_or_default();
    match literal.kind {
        Kind::Text => format!("'{text}'"),
        Kind::List(_) => "a list".to_owned(),
        Kind::Micros | Kind::Nanos => "a time".to_owned(),
        Kind::Null => "NULL".to_owned(),
        _ => text,
    }
}
