//! What goes into a store comes out of an export, whatever columns the user has.

use crate::support::{Made, files, mixed, record, rows, with_columns};
use arrow_array::builder::{
    BinaryBuilder, FixedSizeListBuilder, Float32Builder, Int64Builder, ListBuilder, StringBuilder,
    StringDictionaryBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int8Array, LargeStringArray,
    RecordBatch, StringArray, StringViewArray, StructArray, TimestampNanosecondArray, UInt32Array,
    UInt64Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::Field;
use arrow_select::concat::concat;
use arrow_select::take::take;
use proptest::prelude::*;
use rasteret::Database;
use rasteret::blocking::Wait;
use rasteret_schema::record::to_batch;
use std::collections::HashMap;
use std::sync::Arc;

/// A number for each row, or a null now and then.
fn numbers(seed: u64, rows: usize) -> Vec<Option<u64>> {
    (0..rows as u64).map(|row| mixed(seed ^ row << 8)).map(|x| (x % 5 > 0).then_some(x)).collect()
}

/// A column of the kind, of which there are twelve.
fn column(kind: usize, seed: u64, rows: usize) -> ArrayRef {
    let numbers = numbers(seed, rows);
    let text = |x: u64| ["", "ü", "train", "a longer text, which some records have", "\u{0}"][x as usize % 5];
    let texts = || numbers.iter().map(|x| x.map(text));
    match kind {
        0 => Arc::new(numbers.iter().map(|x| x.map(|x| x as i8)).collect::<Int8Array>()),
        1 => Arc::new(numbers.iter().copied().collect::<UInt64Array>()),
        2 => {
            let special = [f64::NAN, f64::NEG_INFINITY, -0.0, 0.1];
            Arc::new(numbers.iter().map(|x| x.map(|x| special[x as usize % 4])).collect::<Float64Array>())
        }
        3 => Arc::new(numbers.iter().map(|x| x.map(|x| x % 2 == 0)).collect::<BooleanArray>()),
        4 => Arc::new(texts().collect::<StringViewArray>()),
        5 => Arc::new(texts().collect::<LargeStringArray>()),
        6 => {
            let mut builder = StringDictionaryBuilder::<Int32Type>::new();
            texts().for_each(|text| builder.append_option(text));
            Arc::new(builder.finish())
        }
        7 => {
            let times = numbers.iter().map(|x| x.map(|x| (x >> 2) as i64));
            Arc::new(times.collect::<TimestampNanosecondArray>().with_timezone("Asia/Kolkata"))
        }
        8 => {
            let values = numbers.iter().map(|x| x.map(|x| i128::from(x) - (1 << 63)));
            Arc::new(values.collect::<Decimal128Array>().with_precision_and_scale(30, 4).unwrap())
        }
        9 => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for x in &numbers {
                let items = x.map(|x| (0..x % 4).map(move |item| (item != 1).then(|| text(x + item))));
                builder.append_option(items);
            }
            Arc::new(builder.finish())
        }
        10 => {
            let days: ArrayRef =
                Arc::new(numbers.iter().map(|x| x.map(|x| x as i32)).collect::<Date32Array>());
            let mut bytes = BinaryBuilder::new();
            let mut vectors = FixedSizeListBuilder::new(Float32Builder::new(), 2);
            for x in &numbers {
                bytes.append_option(x.map(u64::to_le_bytes));
                vectors.values().append_slice(&[1.5, f32::NAN]);
                vectors.append(x.is_some());
            }
            let (bytes, vectors): (ArrayRef, ArrayRef) =
                (Arc::new(bytes.finish()), Arc::new(vectors.finish()));
            let field = |name: &str, column: &ArrayRef| Field::new(name, column.data_type().clone(), true);
            let fields = vec![field("day", &days), field("bytes", &bytes), field("vector", &vectors)];
            let valid: NullBuffer = numbers.iter().map(|x| x.is_none_or(|x| x % 3 > 0)).collect();
            Arc::new(StructArray::new(fields.into(), vec![days, bytes, vectors], Some(valid)))
        }
        _ => {
            let mut builder = ListBuilder::new(ListBuilder::new(Int64Builder::new()));
            for x in &numbers {
                for item in 0..x.unwrap_or_default() % 3 {
                    builder.values().values().append_option((item > 0).then_some(item as i64));
                    builder.values().append(item < 2);
                }
                builder.append(x.is_some());
            }
            Arc::new(builder.finish())
        }
    }
}

/// A column of several batches.
fn all(batches: &[RecordBatch], name: &str) -> ArrayRef {
    concat(&batches.iter().map(|batch| batch[name].as_ref()).collect::<Vec<_>>()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn columns_come_out_as_they_went_in(
        chunks in prop::collection::vec(1usize..60, 1..4),
        kinds in prop::collection::vec(0usize..12, 1..6),
        seed in any::<u64>(),
        is_parted in any::<bool>(),
    ) {
        let names: Vec<String> = kinds.iter().enumerate().map(|(at, kind)| format!("column:{kind}.{at}")).collect();
        let mut first = 0;
        let batches: Vec<RecordBatch> = chunks.iter().enumerate().map(|(chunk, rows)| {
            let records: Vec<_> = (first..first + *rows as u64).map(record).collect();
            first += *rows as u64;
            let columns = names.iter().zip(&kinds).map(|(name, kind)| {
                (name.as_str(), column(*kind, seed ^ mixed((chunk * 100 + kind) as u64), *rows))
            });
            with_columns(&to_batch(&records).unwrap(), columns.collect())
        }).collect();
        let made = Made::of(batches.clone());
        let mut export = made.collection.export(made.dest("out"));
        if !is_parted {
            export = export.partition_by(Vec::<String>::new());
        }
        export.run().wait().unwrap();
        let folder = made.path("out");
        let exported: Vec<RecordBatch> = files(&folder).iter().map(|file| rows(&folder.join(file))).collect();

        let ids = all(&exported, "id");
        let ids: &StringArray = ids.as_string();
        let places: HashMap<&str, u32> = ids.iter().flatten().zip(0..).collect();
        prop_assert_eq!(places.len(), first as usize);
        let order: Vec<u32> =
            all(&batches, "id").as_string::<i32>().iter().map(|id| places[id.unwrap()]).collect();
        let untouched = ["datetime", "end_datetime", "geometry", "bbox", "proj:epsg", "crs", "collection"];
        for name in names.iter().map(String::as_str).chain(untouched) {
            let found = take(&all(&exported, name), &UInt32Array::from(order.clone()), None).unwrap();
            let expected = all(&batches, name);
            prop_assert_eq!(found.data_type(), expected.data_type());
            // To the last bit, NaN included.
            prop_assert!(found.to_data() == expected.to_data() || format!("{found:?}") == format!("{expected:?}"), "{}", name);
        }

        let again = Database::open_writable(made.path("again.rasteret")).unwrap();
        again.import(made.dest("out")).name("again").strict(true).run().wait().unwrap();
        let again = again.collection("again").unwrap();
        let columns: Vec<&str> = ["id", "datetime"].into_iter().chain(names.iter().map(String::as_str)).collect();
        let imported: Vec<RecordBatch> =
            again.to_batches(Some(&columns)).unwrap().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(again.columns().unwrap().len(), made.collection.columns().unwrap().len());
        let ids = all(&imported, "id");
        let places: HashMap<&str, u32> = ids.as_string::<i32>().iter().flatten().zip(0..).collect();
        let order: Vec<u32> =
            all(&batches, "id").as_string::<i32>().iter().map(|id| places[id.unwrap()]).collect();
        for name in columns {
            let found = take(&all(&imported, name), &UInt32Array::from(order.clone()), None).unwrap();
            let expected = all(&batches, name);
            prop_assert!(found.to_data() == expected.to_data() || format!("{found:?}") == format!("{expected:?}"), "{}", name);
        }
    }
}
