//! Types that hold the values of two types without loss.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait, StructArray,
    new_null_array,
};
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, TimeUnit};
use std::sync::Arc;

/// The field that holds the values of both; `None` if there is none.
pub(super) fn widened_field(a: &Field, b: &Field) -> Option<FieldRef> {
    let data_type = widened(a.data_type(), b.data_type())?;
    let has_nothing = a.data_type().is_null() || b.data_type().is_null();
    let mut metadata = b.metadata().clone();
    metadata.extend(a.metadata().clone());
    let is_nullable = a.is_nullable() || b.is_nullable() || has_nothing;
    let field = a.clone().with_data_type(data_type).with_nullable(is_nullable).with_metadata(metadata);
    Some(Arc::new(field))
}

/// The narrowest type that holds the values of both without loss; `None` if there is none.
///
/// Integers become wider integers, or floats that hold them; floats wider floats; units of time the finer ones;
/// times of any zones UTC; decimals as many digits as both need; texts and bytes of all layouts one layout;
/// dictionaries of unlike keys their values; structs have the fields of both; lists, maps and structs widen what
/// they hold.
fn widened(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{
        Binary, BinaryView, Date32, Date64, Decimal256, Dictionary, Duration, FixedSizeBinary, FixedSizeList,
        LargeBinary, LargeList, LargeUtf8, List, Map, Null, Struct, Time32, Time64, Timestamp, Utf8,
        Utf8View,
    };
    let finer = |a: &TimeUnit, b: &TimeUnit| if rank(*a) > rank(*b) { *a } else { *b };
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (Dictionary(key, a), Dictionary(other, b)) if key == other => {
            Dictionary(key.clone(), Box::new(widened(a, b)?))
        }
        (Dictionary(_, values), other) | (other, Dictionary(_, values)) => widened(values, other)?,
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => {
            if *a == LargeUtf8 || *b == LargeUtf8 {
                LargeUtf8
            } else {
                Utf8
            }
        }
        (
            Binary | LargeBinary | BinaryView | FixedSizeBinary(_),
            Binary | LargeBinary | BinaryView | FixedSizeBinary(_),
        ) => {
            if *a == LargeBinary || *b == LargeBinary {
                LargeBinary
            } else {
                Binary
            }
        }
        (Timestamp(unit, zone), Timestamp(other, other_zone)) => {
            let zone = match (zone, other_zone) {
                (Some(zone), Some(other)) if zone == other => Some(zone.clone()),
                (Some(_), Some(_)) => Some("UTC".into()),
                (None, None) => None,
                _ => return None,
            };
            Timestamp(finer(unit, other), zone)
        }
        (Duration(unit), Duration(other)) => Duration(finer(unit, other)),
        (Time32(unit) | Time64(unit), Time32(other) | Time64(other)) => match finer(unit, other) {
            unit @ (TimeUnit::Second | TimeUnit::Millisecond) => Time32(unit),
            unit => Time64(unit),
        },
        (Date32 | Date64, Date32 | Date64) => Date64,
        (List(a), List(b)) => List(widened_field(a, b)?),
        (LargeList(a), LargeList(b) | List(b)) | (List(a), LargeList(b)) => LargeList(widened_field(a, b)?),
        (FixedSizeList(a, n), FixedSizeList(b, m)) if n == m => FixedSizeList(widened_field(a, b)?, *n),
        (FixedSizeList(a, _), FixedSizeList(b, _) | List(b)) | (List(a), FixedSizeList(b, _)) => {
            List(widened_field(a, b)?)
        }
        (Struct(a), Struct(b)) => Struct(united(a, b)?),
        (Map(a, sorted), Map(b, other_sorted)) => {
            let (Struct(entry), Struct(other)) = (a.data_type(), b.data_type()) else { return None };
            let fields = entry.iter().zip(other).map(|(a, b)| widened_field(a, b));
            let entry = Struct(fields.collect::<Option<_>>()?);
            Map(Arc::new(a.as_ref().clone().with_data_type(entry)), *sorted && *other_sorted)
        }
        (a, b) => match (decimal(a), decimal(b)) {
            (Some((digits, scale)), Some((other_digits, other_scale))) => {
                let whole = (digits - scale).max(other_digits - other_scale);
                let scale = scale.max(other_scale);
                let (digits, scale) = (u8::try_from(whole + scale).ok()?, i8::try_from(scale).ok()?);
                match digits {
                    ..=38 => DataType::Decimal128(digits, scale),
                    39..=76 => Decimal256(digits, scale),
                    _ => return None,
                }
            }
            _ => number(a, b)?,
        },
    })
}

/// Fields of both structs, those of the first before the others.
fn united(a: &Fields, b: &Fields) -> Option<Fields> {
    let nullable = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
    let first = a.iter().map(|field| match b.find(field.name()) {
        Some((_, other)) => widened_field(field, other),
        None => Some(nullable(field)),
    });
    let rest = b.iter().filter(|field| a.find(field.name()).is_none()).map(|field| Some(nullable(field)));
    first.chain(rest).collect()
}

fn rank(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    }
}

/// Digits, and how many of them are decimals.
fn decimal(data_type: &DataType) -> Option<(i16, i16)> {
    match data_type {
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale) => Some((i16::from(*digits), i16::from(*scale))),
        _ => None,
    }
}

/// The number type that holds two of them.
fn number(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Float16, Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
    // Every type holds the types before it that are listed with it.
    let holders: [(DataType, &[DataType]); 11] = [
        (Int8, &[]),
        (UInt8, &[]),
        (Int16, &[Int8, UInt8]),
        (UInt16, &[UInt8]),
        (Int32, &[Int8, UInt8, Int16, UInt16]),
        (UInt32, &[UInt8, UInt16]),
        (Int64, &[Int8, UInt8, Int16, UInt16, Int32, UInt32]),
        (UInt64, &[UInt8, UInt16, UInt32]),
        (Float16, &[Int8, UInt8]),
        (Float32, &[Int8, UInt8, Int16, UInt16, Float16]),
        (Float64, &[Int8, UInt8, Int16, UInt16, Int32, UInt32, Float16, Float32]),
    ];
    let mut holders = holders.into_iter();
    let holds = |holder: &DataType, held: &[DataType], one: &DataType| holder == one || held.contains(one);
    holders.find(|(holder, held)| holds(holder, held, a) && holds(holder, held, b)).map(|(holder, _)| holder)
}

/// Values under a type that [`widened_field`] gave for theirs.
///
/// # Errors
///
/// If a time is beyond what the finer unit can say.
pub(super) fn widen(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let from = array.data_type();
    Ok(match (from, to) {
        (from, to) if from == to => array.clone(),
        (DataType::Null, _) => new_null_array(to, array.len()),
        (DataType::Dictionary(key, _), DataType::Dictionary(other, values)) if key == other => {
            let dictionary = array.as_any_dictionary();
            dictionary.with_values(widen(dictionary.values(), values)?)
        }
        (DataType::Dictionary(_, values), _) => widen(&cast(array, values)?, to)?,
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let structs = array.as_struct();
            let child = |field: &FieldRef| match structs.column_by_name(field.name()) {
                Some(child) => widen(child, field.data_type()),
                None => Ok(new_null_array(field.data_type(), array.len())),
            };
            let children = fields.iter().map(child).collect::<Result<Vec<_>, _>>()?;
            if children.is_empty() {
                return Ok(array.clone());
            }
            Arc::new(StructArray::try_new(fields.clone(), children, array.nulls().cloned())?)
        }
        (DataType::List(_), DataType::List(item)) => list::<i32>(array, item)?,
        (DataType::LargeList(_), DataType::LargeList(item)) => list::<i64>(array, item)?,
        (DataType::FixedSizeList(_, _), DataType::FixedSizeList(item, size)) => {
            let values = widen(array.as_fixed_size_list().values(), item.data_type())?;
            Arc::new(FixedSizeListArray::try_new(item.clone(), *size, values, array.nulls().cloned())?)
        }
        // The other layout first, then the items.
        (DataType::List(item), DataType::LargeList(_)) => {
            widen(&cast(array, &DataType::LargeList(item.clone()))?, to)?
        }
        (DataType::FixedSizeList(item, _), DataType::List(_)) => {
            widen(&cast(array, &DataType::List(item.clone()))?, to)?
        }
        (DataType::Map(_, _), DataType::Map(entries, sorted)) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else { return cast(array, to) };
            let children = map.entries().columns().iter().zip(fields);
            let children = children.map(|(child, field)| widen(child, field.data_type()));
            let rows = StructArray::try_new(fields.clone(), children.collect::<Result<_, _>>()?, None)?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Arc::new(MapArray::try_new(entries.clone(), offsets, rows, nulls, *sorted)?)
        }
        _ => cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })?,
    })
}

fn list<O: OffsetSizeTrait>(array: &ArrayRef, item: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let list = array.as_list::<O>();
    let values = widen(list.values(), item.data_type())?;
    let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
    Ok(Arc::new(GenericListArray::<O>::try_new(item.clone(), offsets, values, nulls)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{
        Float16Array, Float64Array, Int8Array, Int32Array, ListArray, StringArray, UInt32Array,
    };
    use half::f16;

    fn name(a: &DataType, b: &DataType) -> String {
        assert_eq!(widened(a, b).is_some(), widened(b, a).is_some(), "{a} {b}");
        widened(a, b).map_or("–".to_owned(), |wide| wide.to_string())
    }

    #[test]
    fn narrowest_types() {
        use DataType::{
            Boolean, Date32, Date64, Decimal128, Dictionary, Float16, Float32, Float64, Int8, Int16, Int32,
            Int64, LargeUtf8, Null, Time32, Time64, Timestamp, UInt8, UInt32, UInt64, Utf8, Utf8View,
        };
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        let categories = Dictionary(Box::new(Int8), Box::new(Utf8));
        for (a, b, wide) in [
            (Int8, UInt8, "Int16"),
            (Int32, UInt32, "Int64"),
            (Int64, UInt64, "–"),
            (UInt8, Int64, "Int64"),
            (UInt8, Float16, "Float16"),
            (Int16, Float16, "Float32"),
            (Int32, Float32, "Float64"),
            (Int64, Float64, "–"),
            (Float32, Float64, "Float64"),
            (Boolean, Int8, "–"),
            (Utf8, Int8, "–"),
            (Null, Boolean, "Boolean"),
            (Utf8, Utf8View, "Utf8"),
            (Utf8View, LargeUtf8, "LargeUtf8"),
            (categories.clone(), LargeUtf8, "LargeUtf8"),
            (categories, Dictionary(Box::new(Int32), Box::new(Utf8)), "Utf8"),
            (Decimal128(10, 2), Decimal128(8, 4), "Decimal128(12, 4)"),
            (Decimal128(38, 0), Decimal128(38, 38), "Decimal256(76, 38)"),
            (Date32, Date64, "Date64"),
            (Time32(Second), Time64(Nanosecond), "Time64(ns)"),
            (Time32(Second), Time32(Millisecond), "Time32(ms)"),
            (Timestamp(Second, None), Timestamp(Microsecond, None), "Timestamp(µs)"),
            (
                Timestamp(Second, Some("+01:00".into())),
                Timestamp(Second, Some("UTC".into())),
                "Timestamp(s, \"UTC\")",
            ),
            (Timestamp(Second, None), Timestamp(Second, Some("UTC".into())), "–"),
        ] {
            assert_eq!(name(&a, &b), wide, "{a} {b}");
        }
    }

    #[test]
    fn values_are_the_same() {
        let struct_of = |name: &str, child: ArrayRef| {
            let field = Arc::new(Field::new(name, child.data_type().clone(), child.null_count() > 0));
            Arc::new(StructArray::from(vec![(field, child)])) as ArrayRef
        };
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
        let a = struct_of("a", Arc::new(lists.clone()));
        let b = struct_of("b", Arc::new(StringArray::from(vec!["x", "y"])));
        let wide = widened(a.data_type(), b.data_type()).unwrap();
        let (a, b) = (widen(&a, &wide).unwrap(), widen(&b, &wide).unwrap());
        assert_eq!(a.as_struct().column(0).as_list::<i32>(), &lists);
        assert_eq!(a.as_struct().column(1).null_count(), 2);
        assert_eq!(b.as_struct().column(1).as_string::<i32>().value(1), "y");

        let item = Arc::new(Field::new_list_field(DataType::UInt32, true));
        let wide = widened(lists.data_type(), &DataType::LargeList(item)).unwrap();
        let long = widen(&(Arc::new(lists) as ArrayRef), &wide).unwrap();
        assert_eq!(long.as_list::<i64>().value(0).len(), 2);
        assert!(long.is_null(1) && long.as_list::<i64>().value_type() == DataType::Int64);

        for (array, wide) in [
            (Arc::new(Int32Array::from(vec![i32::MIN, i32::MAX])) as ArrayRef, DataType::Float64),
            (Arc::new(UInt32Array::from(vec![u32::MAX])), DataType::Int64),
            (Arc::new(Int8Array::from(vec![i8::MIN, i8::MAX])), DataType::Float16),
            (Arc::new(Float16Array::from(vec![f16::MAX, f16::MIN_POSITIVE])), DataType::Float64),
            (Arc::new(Float64Array::from(vec![f64::NAN])), DataType::Float64),
        ] {
            let back = cast(&widen(&array, &wide).unwrap(), array.data_type()).unwrap();
            assert_eq!(&back, &array);
        }
    }
}
