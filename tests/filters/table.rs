//! A collection with a column of each type, in many chunks.

use crate::oracle::Random;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int8Array, Int32Array, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    StructArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt16Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use rasteret::schema::BoundingBox;
use rasteret::schema::record::{self, Record};
use rasteret::store::{Description, Store};
use rasteret::{Collection, Database};
use std::path::Path;
use std::sync::Arc;

/// Records of a chunk.
pub const CHUNK: usize = 50;
pub const CHUNKS: usize = 24;
pub const TEXTS: [&str; 12] =
    ["", "a", "A", "ab", "abc", "b%c", "b_c", "été", "ETE", "Ünï cödé", "line\nbreak", "zebra"];

pub struct Table {
    _folder: tempfile::TempDir,
    pub collection: Collection,
    /// All records, in the order in which they were added.
    pub batch: RecordBatch,
}

impl Table {
    /// The same for the same seed.
    pub fn new(seed: u64) -> Table {
        let mut random = Random(seed);
        let chunks: Vec<RecordBatch> = (0..CHUNKS).map(|chunk| batch(&mut random, chunk)).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("filters.rasteret");
        let collection = stored(&path, &chunks);
        let batch = arrow_select::concat::concat_batches(chunks[0].schema_ref(), &chunks).unwrap();
        Table { _folder: folder, collection, batch }
    }

    /// Writes the records as Parquet, which has no times in seconds.
    pub fn write_parquet(&self, path: &Path) {
        let millis = DataType::Timestamp(TimeUnit::Millisecond, None);
        let (mut fields, mut columns) =
            (self.batch.schema().fields().to_vec(), self.batch.columns().to_vec());
        let (index, field) = self.batch.schema_ref().column_with_name("s").unwrap();
        columns[index] = arrow_cast::cast(&columns[index], &millis).unwrap();
        fields[index] = Arc::new(field.clone().with_data_type(millis));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let file = std::fs::File::create(path).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// The ids that a view has, sorted.
    pub fn ids(view: &Collection) -> Vec<String> {
        let mut ids = view.ids().unwrap();
        ids.sort();
        ids
    }

    /// The ids of the records that a filter keeps, without a store between, sorted.
    pub fn matching(&self, filter: &rasteret::Filter) -> Vec<String> {
        let rows = filter.matches(&self.batch).unwrap();
        let ids = self.batch.column_by_name(record::ID).unwrap();
        let ids = arrow_array::cast::AsArray::as_string::<i32>(ids);
        let kept = rows.values().iter().zip(ids).filter(|(kept, _)| *kept);
        let mut ids: Vec<String> = kept.map(|(_, id)| id.unwrap().to_owned()).collect();
        ids.sort();
        ids
    }
}

/// The records in a new database, each batch in a chunk.
pub fn stored(path: &Path, chunks: &[RecordBatch]) -> Collection {
    let store = Store::create(path).unwrap();
    let mut write = store.write().unwrap();
    write.create_collection("table", Description::default()).unwrap();
    for chunk in chunks {
        write.append("table", chunk, &[], &[]).unwrap();
    }
    write.complete("table").unwrap();
    write.commit().unwrap();
    drop(store);
    Database::open(path).unwrap().collection("table").unwrap()
}

/// The records of a chunk. Values are near those of the same chunk, so that zone maps tell something.
fn batch(random: &mut Random, chunk: usize) -> RecordBatch {
    let base = chunk as i64;
    let records: Vec<Record> = (0..CHUNK)
        .map(|row| {
            let (west, south) = (random.between(-180.0, 178.0), random.between(-80.0, 78.0));
            Record {
                id: format!("{chunk:02}-{row:02}"),
                datetime: (base * 86_400 + random.below(200_000) as i64) * 1_000_000,
                end_datetime: None,
                geometry: Some(square(west, south)),
                bbox: Some(BoundingBox::new(west, south, west + 1.0, south + 1.0)),
                assets: Vec::new(),
                epsg: Some(32_601 + random.below(9) as i32),
                crs: None,
                collection: None,
            }
        })
        .collect();
    let records = record::to_batch(&records).unwrap();
    let mut fields = records.schema().fields().to_vec();
    let mut columns = records.columns().to_vec();
    for (name, column) in user_columns(random, base) {
        fields.push(Arc::new(Field::new(name, column.data_type().clone(), true)));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn user_columns(random: &mut Random, base: i64) -> Vec<(&'static str, ArrayRef)> {
    // In some chunks a column has no values.
    let mut values = |value: &mut dyn FnMut(&mut Random) -> i64| -> Vec<Option<i64>> {
        let nulls = [1, 1, 1, 4, 10][random.below(5)];
        (0..CHUNK)
            .map(|_| {
                let value = value(random);
                (random.below(10) >= nulls).then_some(value)
            })
            .collect()
    };
    let mut near = || values(&mut |random| base - 8 + random.below(12) as i64);
    let narrow = |values: Vec<Option<i64>>| values.into_iter().map(|it| it.map(|it| it as i32));
    let i8 = Int8Array::from_iter(near().into_iter().map(|it| it.map(|it| it as i8)));
    let i32 = Int32Array::from_iter(narrow(near()));
    let i64 = Int64Array::from_iter(near());
    let u16 = UInt16Array::from_iter(near().into_iter().map(|it| it.map(|it| it.unsigned_abs() as u16)));
    let wide = Int64Array::from_iter(near().into_iter().map(|it| it.map(|it| (1 << 53) + it)));
    let u64 = UInt64Array::from_iter(near().into_iter().map(|it| it.map(|it| u64::MAX - it.unsigned_abs())));
    let f32 = Float32Array::from_iter(near().into_iter().map(|it| it.map(|it| float(it) as f32)));
    let f64 = Float64Array::from_iter(near().into_iter().map(|it| it.map(float)));
    let decimal = Decimal128Array::from_iter(near().into_iter().map(|it| it.map(|it| i128::from(it) * 25)));
    let structs = StructArray::from(vec![
        (
            Arc::new(Field::new("a", DataType::Int32, true)),
            Arc::new(Int32Array::from_iter(narrow(near()))) as ArrayRef,
        ),
        (
            Arc::new(Field::new("b", DataType::Float64, true)),
            Arc::new(Float64Array::from_iter(near().into_iter().map(|it| it.map(float)))),
        ),
    ]);
    let nulls = near().iter().map(Option::is_some).collect::<Vec<bool>>();
    let structs = StructArray::new(structs.fields().clone(), structs.columns().to_vec(), Some(nulls.into()));
    let mut text = || -> Vec<Option<&'static str>> {
        let texts = values(&mut |random| base / 4 + random.below(6) as i64);
        texts.into_iter().map(|it| it.map(|it| TEXTS[it as usize % TEXTS.len()])).collect()
    };
    let (t, lt, vt) =
        (StringArray::from(text()), LargeStringArray::from(text()), StringViewArray::from(text()));
    let dict: DictionaryArray<Int32Type> = text().into_iter().collect();
    let b = BooleanArray::from_iter(
        values(&mut |random| random.below(2) as i64).into_iter().map(|it| it.map(|it| it == 1)),
    );
    let mut times = |unit: i64| {
        values(&mut |random| (base - 12) * unit * 86_400 + random.below(8) as i64 * unit * 21_600)
    };
    let (s, ms) =
        (TimestampSecondArray::from_iter(times(1)), TimestampMillisecondArray::from_iter(times(1_000)));
    let (us, ns) = (TimestampMicrosecondArray::from_iter(times(1_000_000)), times(1_000_000_000));
    let ns = TimestampNanosecondArray::from_iter(ns.into_iter().map(|it| it.map(|it| it + it.rem_euclid(3))));
    let days = values(&mut |random| base - 12 + random.below(6) as i64);
    let mut lists = ListBuilder::new(StringBuilder::new());
    for length in values(&mut |random| random.below(4) as i64) {
        match length {
            Some(length) => {
                let items = values(&mut |random| random.below(5) as i64);
                lists.append_value(
                    items.into_iter().take(length as usize).map(|it| it.map(|it| TEXTS[it as usize])),
                );
            }
            None => lists.append_null(),
        }
    }
    vec![
        ("i8", Arc::new(i8)),
        ("i32", Arc::new(i32)),
        ("i64", Arc::new(i64)),
        ("u16", Arc::new(u16)),
        ("wide", Arc::new(wide)),
        ("u64", Arc::new(u64)),
        ("f32", Arc::new(f32)),
        ("f64", Arc::new(f64)),
        ("decimal", Arc::new(decimal.with_precision_and_scale(9, 2).unwrap())),
        ("st", Arc::new(structs)),
        ("t", Arc::new(t)),
        ("lt", Arc::new(lt)),
        ("vt", Arc::new(vt)),
        ("dict", Arc::new(dict)),
        ("b", Arc::new(b)),
        ("s", Arc::new(s)),
        ("ms", Arc::new(ms.with_timezone("UTC"))),
        ("us", Arc::new(us.with_timezone("+05:30"))),
        ("ns", Arc::new(ns)),
        ("day", Arc::new(Date32Array::from_iter(narrow(days)))),
        ("l", Arc::new(lists.finish())),
    ]
}

/// Halves; and what is no number, and both zeros.
fn float(value: i64) -> f64 {
    match value {
        -3 => f64::NAN,
        -4 => -f64::NAN,
        -5 => f64::INFINITY,
        0 => -0.0,
        value => value as f64 / 2.0,
    }
}

/// A square of a degree as well-known binary.
pub fn square(west: f64, south: f64) -> Vec<u8> {
    let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
    polygon(&corners.map(|(x, y)| (west + x, south + y)))
}

/// A polygon as well-known binary.
pub fn polygon(ring: &[(f64, f64)]) -> Vec<u8> {
    let mut bytes = vec![1, 3, 0, 0, 0, 1, 0, 0, 0];
    bytes.extend((ring.len() as u32).to_le_bytes());
    bytes.extend(ring.iter().flat_map(|(x, y)| [x.to_le_bytes(), y.to_le_bytes()].concat()));
    bytes
}
