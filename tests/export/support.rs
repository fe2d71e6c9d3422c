//! Databases to export from.

use crate::store_support::header;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rasteret::store::{Description, Store};
use rasteret::{Collection, Database};
use rasteret_schema::record::{self, Record};
use rasteret_schema::{Asset, BoundingBox, HeaderArchive, SourceHeader};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use walkdir::WalkDir;

pub const BANDS: [&str; 2] = ["B04", "B08"];

/// One day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// A number that has nothing to do with the one before.
pub fn mixed(number: u64) -> u64 {
    let x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ x >> 31
}

/// A record somewhere on Earth, five days after the one before; no day is later than 25 months after the first.
pub fn record(number: u64) -> Record {
    let (west, south) =
        ((mixed(number) % 3580) as f64 / 10.0 - 180.0, (mixed(!number) % 1780) as f64 / 10.0 - 90.0);
    let (east, north) = (west + 1.0, south + 1.0);
    let id = format!("S2A_{number:07}_L2A");
    let asset = |band: &str| Asset {
        band: band.to_owned(),
        href: format!(
            "https://sentinel-cogs.s3.us-west-2.amazonaws.com/sentinel-s2-l2a-cogs/{id}/{band}.tif"
        ),
        band_index: None,
    };
    Record {
        datetime: 1_704_067_200_000_000 + (number as i64 * 5 % 760) * DAY,
        end_datetime: None,
        geometry: Some(polygon([(east, south), (east, north), (west, north), (west, south), (east, south)])),
        bbox: Some(BoundingBox::new(west, south, east, north)),
        assets: BANDS.map(asset).to_vec(),
        epsg: Some(32643),
        crs: Some("EPSG:32643".to_owned()),
        collection: Some("sentinel-2-l2a".to_owned()),
        id,
    }
}

/// A polygon as WKB.
pub fn polygon(ring: [(f64, f64); 5]) -> Vec<u8> {
    let mut wkb = vec![1, 3, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0];
    for (x, y) in ring {
        wkb.extend(x.to_le_bytes());
        wkb.extend(y.to_le_bytes());
    }
    wkb
}

/// A batch with more columns.
pub fn with_columns(batch: &RecordBatch, columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let schema = batch.schema();
    let old = schema.fields().iter().zip(batch.columns());
    let old = old.map(|(field, column)| (field.name().clone(), column.clone(), field.is_nullable()));
    let new = columns.into_iter().map(|(name, column)| (name.to_owned(), column, true));
    let (fields, columns): (Vec<_>, Vec<_>) = old
        .chain(new)
        .map(|(name, column, nullable)| {
            (arrow_schema::Field::new(name, column.data_type().clone(), nullable), column)
        })
        .unzip();
    RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), columns).unwrap()
}

/// Records from one number to another, with clouds and splits.
pub fn batch(numbers: std::ops::Range<u64>) -> RecordBatch {
    let records: Vec<Record> = numbers.clone().map(record).collect();
    let clouds: Float64Array =
        numbers.clone().map(|number| Some((mixed(number) % 10_000) as f64 / 100.0)).collect();
    let splits: StringArray =
        numbers.map(|number| ["train", "val", "test"].get(number as usize % 4).copied()).collect();
    with_columns(
        &record::to_batch(&records).unwrap(),
        vec![("eo:cloud_cover", Arc::new(clouds)), ("split", Arc::new(splits))],
    )
}

/// Makes a database with a collection `c` of these batches, and headers of so many tiles for all but each seventh
/// record.
pub fn write(path: &Path, batches: impl Iterator<Item = RecordBatch>, tiles: u32) {
    let mut store = Store::create(path).unwrap();
    let mut transaction = store.write().unwrap();
    transaction
        .create_collection("c", Description { data_source: "made".to_owned(), ..Default::default() })
        .unwrap();
    transaction.commit().unwrap();
    let mut number = 0;
    for batch in batches {
        let headers: Vec<SourceHeader> = (0..batch.num_rows())
            .filter(|row| (number + row) % 7 != 0)
            .flat_map(|row| {
                BANDS.iter().enumerate().map(move |(band, name)| {
                    let header = header(((number + row) * BANDS.len() + band) as u64, tiles);
                    let header = Arc::new(HeaderArchive::new(&header).unwrap());
                    SourceHeader { row, band: (*name).to_owned(), header }
                })
            })
            .collect();
        number += batch.num_rows();
        let mut transaction = store.write().unwrap();
        transaction.append("c", &batch, &headers, &[]).unwrap();
        transaction.commit().unwrap();
    }
    let mut transaction = store.write().unwrap();
    transaction.complete("c").unwrap();
    transaction.commit().unwrap();
    store.compact().unwrap();
}

/// A database that goes when it is dropped.
pub struct Made {
    pub folder: TempDir,
    pub collection: Collection,
}

impl Made {
    /// A collection of these batches.
    pub fn of(batches: Vec<RecordBatch>) -> Made {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made.rasteret");
        write(&path, batches.into_iter(), 3);
        let collection = Database::open(&path).unwrap().collection("c").unwrap();
        Made { folder, collection }
    }

    /// A collection of so many records, in chunks of 100.
    pub fn new(records: u64) -> Made {
        Made::of((0..records).step_by(100).map(|start| batch(start..(start + 100).min(records))).collect())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn dest(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

/// The files below a folder, relative to it, sorted.
pub fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    files
}

/// The rows of a file.
pub fn rows(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}
