use super::*;
use arrow_array::*;
use std::sync::Arc;

fn batch() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![Some(1), Some(-2), None, Some(7)]))),
        ("u", Arc::new(UInt64Array::from(vec![Some(u64::MAX), Some(0), None, Some(5)]))),
        ("f", Arc::new(Float32Array::from(vec![Some(0.1), Some(f32::NAN), None, Some(-0.0)]))),
        ("t", Arc::new(StringArray::from(vec![Some("Éa"), Some("b%c"), None, Some("line\nbreak")]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]))),
        (
            "s",
            Arc::new(
                TimestampSecondArray::from(vec![Some(0), Some(86_400), None, Some(-1)])
                    .with_timezone("+02:00"),
            ),
        ),
        ("n", Arc::new(TimestampNanosecondArray::from(vec![Some(1), Some(1_000), None, Some(-1)]))),
        ("m", Arc::new(decimals())),
        ("d", Arc::new(Date32Array::from(vec![Some(0), Some(1), None, Some(-1)]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .unwrap()
}

fn decimals() -> Decimal128Array {
    let values = Decimal128Array::from(vec![Some(10), Some(1_234_567_890_123_456_789), None, Some(-50)]);
    values.with_precision_and_scale(20, 2).unwrap()
}

/// One letter for each record: true, false or unknown.
fn evaluated(text: &str) -> Result<String, FilterError> {
    let batch = batch();
    let condition = Condition::parse(text)?.bind(batch.schema_ref())?.evaluate(&batch)?;
    Ok(condition.iter().map(|it| it.map_or('?', |it| if it { 't' } else { 'f' })).collect())
}

#[test]
fn values_of_all_types() {
    for (text, expected) in [
        ("i = 1", "tf?f"),
        ("NOT i = 1", "ft?t"),
        ("i > 0.5", "tf?t"),
        ("i IS NULL", "fftf"),
        ("i IS NULL OR i > 0", "tftt"),
        ("i BETWEEN -2 AND 1", "tt?f"),
        ("i IN (1, 7)", "tf?t"),
        ("i IN (1, NULL)", "t???"),
        ("i NOT IN (1, 7)", "ft?f"),
        ("u = 18446744073709551615", "tf?f"),
        ("u < i", "ff?t"),
        ("i + 1 = 2", "tf?f"),
        ("i / 2 = 0.5", "tf?f"),
        ("i % 2 = 1", "tf?t"),
        ("i DIV 2 = 3", "ff?t"),
        ("i ^ 2 = 49", "ff?t"),
        ("-i = 2", "ft?f"),
        ("f = 0.1", "tf?f"),
        ("f = 0", "ff?t"),
        ("f > 100", "ft?f"),
        ("t LIKE 'b\\%_'", "ft?f"),
        ("t LIKE 'line%k'", "ff?t"),
        ("'b%c' LIKE t", "ft?f"),
        ("t LIKE t", "tt?t"),
        ("ACCENTI(CASEI(t)) = 'ea'", "tf?f"),
        ("b", "tf?t"),
        ("b = FALSE", "ft?f"),
        ("NOT b", "ft?f"),
        ("s = '1970-01-01'", "tf?f"),
        ("s >= TIMESTAMP('1970-01-01T00:00:00Z')", "tt?f"),
        ("n > '1970-01-01'", "tt?f"),
        ("n < s", "ft?f"),
        ("d = DATE('1970-01-02')", "ft?f"),
        ("T_INTERSECTS(s, INTERVAL('1970-01-01', '1970-01-01'))", "tf?f"),
        ("T_DURING(d, INTERVAL('..', '1970-01-02'))", "tf?t"),
        ("T_AFTER(s, DATE('1969-12-31'))", "tt?f"),
        ("T_DISJOINT(d, DATE('1970-01-01'))", "ft?t"),
        ("m = 0.1", "tf?f"),
        ("m IN (0.10, -0.5)", "tf?t"),
        ("m > 0.0999999999", "tt?f"),
        ("m BETWEEN 12345678901234567 AND 12345678901234568", "ft?f"),
        ("m < i", "tf?t"),
        ("i = NULL", "????"),
        ("1 = 1", "tttt"),
    ] {
        assert_eq!(evaluated(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn only_what_is_named_is_read() {
    let batch = batch();
    let columns = |text: &str| {
        let condition = Condition::parse(text).unwrap().bind(batch.schema_ref()).unwrap();
        condition.columns().join(" ")
    };
    assert_eq!(columns("i > 0 OR (t LIKE 'a%' AND i IS NULL)"), "i t");
    assert_eq!(columns("T_DURING(INTERVAL(s, n), INTERVAL('..', '2024-01-01'))"), "s n");
    assert_eq!(columns("1 = 2"), "");
}

#[test]
fn times_that_microseconds_do_not_hold_are_an_error() {
    let columns: [ArrayRef; 3] = [
        Arc::new(Date32Array::from(vec![0, i32::MAX])),
        Arc::new(Date64Array::from(vec![0, i64::MAX])),
        Arc::new(TimestampSecondArray::from(vec![0, i64::MIN])),
    ];
    let condition = Condition::parse("day > DATE('2024-01-01')").unwrap();
    for column in columns {
        let batch = RecordBatch::try_from_iter([("day", column)]).unwrap();
        let bound = condition.bind(batch.schema_ref()).unwrap();
        assert!(matches!(bound.evaluate(&batch), Err(FilterError::Evaluation(_))));
        assert_eq!(bound.evaluate(&batch.slice(0, 1)).unwrap(), BooleanArray::from(vec![false]));
    }
}
