//! Random tables: into the store, out as batches, into a collection again, and out.

use crate::support::{Fixture, all, records};
use arrow_array::builder::{Int16Builder, ListBuilder, StringBuilder};
use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray, StructArray,
    TimestampMillisecondArray, UInt8Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{Field, Schema};
use proptest::prelude::*;
use rasteret::blocking::Wait;
use std::sync::Arc;

type Values = Vec<Option<i64>>;

/// Values of a column, from numbers.
fn array(kind: usize, values: &[Option<i64>]) -> ArrayRef {
    let text = |value: &Option<i64>| value.map(|value| "x".repeat((value.unsigned_abs() % 40) as usize));
    match kind {
        0 => Arc::new(values.iter().copied().collect::<Int64Array>()),
        1 => Arc::new(values.iter().map(|value| value.map(|value| value as u8)).collect::<UInt8Array>()),
        2 => Arc::new(
            values.iter().map(|value| value.map(|value| value as f64 / 7.0)).collect::<Float64Array>(),
        ),
        3 => Arc::new(values.iter().map(|value| value.map(|value| value as f32)).collect::<Float32Array>()),
        4 => Arc::new(values.iter().map(|value| value.map(|value| value % 2 == 0)).collect::<BooleanArray>()),
        5 => Arc::new(values.iter().map(text).collect::<StringArray>()),
        6 => Arc::new(values.iter().map(text).collect::<LargeStringArray>()),
        7 => Arc::new(values.iter().map(text).collect::<StringViewArray>()),
        8 => Arc::new(values.iter().map(|value| value.map(|value| value as i32)).collect::<Date32Array>()),
        9 => {
            let times = values.iter().map(|value| value.map(|value| value % 4_000_000_000_000));
            Arc::new(times.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
        }
        10 => {
            let decimals = values.iter().map(|value| value.map(i128::from)).collect::<Decimal128Array>();
            Arc::new(decimals.with_precision_and_scale(38, 5).unwrap())
        }
        11 => {
            let texts: Vec<Option<String>> =
                values.iter().map(|value| value.map(|value| (value % 5).to_string())).collect();
            let texts = texts.iter().map(Option::as_deref);
            Arc::new(texts.collect::<DictionaryArray<Int8Type>>())
        }
        12 => {
            let mut lists = ListBuilder::new(Int16Builder::new());
            for value in values {
                match value {
                    None => lists.append_null(),
                    Some(value) => lists.append_value(
                        (0..value.unsigned_abs() % 4).map(|item| (item != 1).then_some(*value as i16)),
                    ),
                }
            }
            Arc::new(lists.finish())
        }
        13 => {
            let mut lists = ListBuilder::new(ListBuilder::new(StringBuilder::new()));
            for value in values {
                for item in 0..value.unwrap_or_default().unsigned_abs() % 3 {
                    lists.values().append_value((0..item).map(|item| Some(item.to_string())));
                }
                lists.append(value.is_some());
            }
            Arc::new(lists.finish())
        }
        _ => {
            let nulls: NullBuffer =
                values.iter().map(|value| value.is_none_or(|value| value % 3 != 0)).collect();
            let children: Vec<ArrayRef> = vec![array(5, values), array(12, values), array(2, values)];
            let fields = children.iter().zip(["text", "list", "number"]);
            let fields = fields.map(|(child, name)| Field::new(name, child.data_type().clone(), true));
            Arc::new(StructArray::try_new(fields.collect(), children, Some(nulls)).unwrap())
        }
    }
}

fn table() -> impl Strategy<Value = Vec<RecordBatch>> {
    let shape = (1usize..40, prop::collection::vec(0usize..15, 0..6), 1usize..4);
    shape.prop_flat_map(|(rows, kinds, parts)| {
        let value = prop_oneof![
            3 => (-1000i64..1000).prop_map(Some),
            1 => any::<i64>().prop_map(Some),
            1 => Just(None),
        ];
        let columns: Vec<_> =
            kinds.iter().map(|_| prop::collection::vec(value.clone(), rows)).collect::<Vec<_>>();
        (columns, Just(rows), Just(kinds), Just(parts)).prop_map(|(columns, rows, kinds, parts)| {
            let base = records(0, rows, &["B04", "B08"]);
            let mut fields = base.schema().fields().to_vec();
            let mut arrays = base.columns().to_vec();
            for (place, (kind, values)) in kinds.into_iter().zip::<Vec<Values>>(columns).enumerate() {
                let array = array(kind, &values);
                fields.push(Arc::new(Field::new(format!("column {place}"), array.data_type().clone(), true)));
                arrays.push(array);
            }
            let whole = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
            let size = rows.div_ceil(parts);
            (0..rows).step_by(size).map(|row| whole.slice(row, size.min(rows - row))).collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn tables_round_trip(batches in table()) {
        let fixture = Fixture::new().with("in", &batches);
        let db = fixture.open();
        let collection = db.collection("in").unwrap();
        let stored = all(collection.to_batches(None).unwrap());
        let given = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).unwrap();
        for field in given.schema().fields().iter().filter(|field| field.name().starts_with("column")) {
            let (given, stored) = (given.column_by_name(field.name()), stored.column_by_name(field.name()));
            prop_assert_eq!(given, stored);
        }

        let import = db.collection_from("out", collection.to_batches(None).unwrap()).unwrap();
        let summary = import.run().wait().unwrap();
        prop_assert_eq!(summary.records, stored.num_rows() as u64);
        let again = all(db.collection("out").unwrap().to_batches(None).unwrap());
        for (field, column) in stored.schema().fields().iter().zip(stored.columns()) {
            let (known, found) = (again.schema(), again.column_by_name(field.name()));
            let known = known.field_with_name(field.name()).unwrap().clone();
            prop_assert_eq!(known.data_type(), field.data_type(), "{}", field.name());
            prop_assert_eq!(found, Some(column), "{}", field.name());
        }
    }
}
