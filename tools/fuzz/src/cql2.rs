//! Filters of any text are refused or evaluated on records of all types.

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Int64Array, RecordBatch,
    StringArray, TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array,
};
use rasteret::Filter;
use std::sync::{Arc, LazyLock};

static RECORDS: LazyLock<RecordBatch> = LazyLock::new(|| {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a"), None]);
    lists.append_null();
    lists.append_value([] as [Option<&str>; 0]);
    // The triangle (0 0, 9 0, 9 9); nothing; what is no geometry would be an error for all.
    let triangle: Vec<u8> = [&[1, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0][..]]
        .into_iter()
        .map(<[u8]>::to_vec)
        .chain([0.0, 0.0, 9.0, 0.0, 9.0, 9.0, 0.0, 0.0].map(|it: f64| it.to_le_bytes().to_vec()))
        .flatten()
        .collect();
    let columns: [(&str, ArrayRef); 12] = [
        ("i", Arc::new(Int64Array::from(vec![Some(1), None, Some(i64::MIN)]))),
        ("u", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)]))),
        ("f", Arc::new(Float32Array::from(vec![Some(-0.0), None, Some(f32::NAN)]))),
        ("d", Arc::new(Decimal128Array::from(vec![Some(i128::MAX / 4), None, Some(1)]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("t", Arc::new(StringArray::from(vec![Some("aé%"), None, Some("")]))),
        ("day", Arc::new(Date32Array::from(vec![Some(0), None, Some(i32::MIN)]))),
        ("datetime", Arc::new(TimestampMillisecondArray::from(vec![Some(0), None, Some(1)]).with_timezone("UTC"))),
        ("n", Arc::new(TimestampNanosecondArray::from(vec![Some(i64::MAX), None, Some(i64::MIN)]))),
        ("geometry", Arc::new(BinaryArray::from(vec![Some(triangle.as_slice()), None, Some(&triangle)]))),
        ("l", Arc::new(lists.finish())),
        ("id", Arc::new(StringArray::from(vec!["x", "y", "z"]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .expect("columns of one length")
});

/// Parses a filter and evaluates it.
pub fn check(text: &str) {
    let Ok(filter) = Filter::cql2(text) else { return };
    if let Ok(rows) = filter.matches(&RECORDS) {
        assert_eq!((rows.len(), rows.null_count()), (RECORDS.num_rows(), 0));
    }
    assert_eq!(format!("{filter:?}"), format!("{:?}", filter.clone()));
}
