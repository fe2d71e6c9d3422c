//! Databases with collections that no raster belongs to.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use rasteret::share::{RecordBatches, TableError};
use rasteret::store::{BuildState, Description, Store};
use rasteret::{Database, Error};
use rasteret_schema::record::{self, Record};
use rasteret_schema::{Asset, BoundingBox};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// The error of a table, and what it says.
pub fn error(result: rasteret::Result<impl std::fmt::Debug>) -> (TableError, String) {
    match result.unwrap_err() {
        Error::Table(error) => {
            let text = error.to_string();
            (error, text)
        }
        other => panic!("{other}"),
    }
}

/// A database in a folder of its own.
pub struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        let fixture = Fixture { folder: tempfile::tempdir().unwrap() };
        drop(Store::create(fixture.path()).unwrap());
        fixture
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("test.rasteret")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds a collection of these batches.
    pub fn with(self, name: &str, batches: &[RecordBatch]) -> Fixture {
        let store = Store::open_writable(self.path()).unwrap();
        let mut write = store.write().unwrap();
        write.create_collection(name, finished()).unwrap();
        for batch in batches {
            write.append(name, batch, &[], &[]).unwrap();
        }
        write.commit().unwrap();
        drop(store);
        self
    }

    pub fn open(&self) -> Database {
        Database::open_writable(self.path()).unwrap()
    }
}

/// What is said of a collection that is whole.
pub fn finished() -> Description {
    Description { state: BuildState::Complete, ..Description::default() }
}

/// Records `scene-FIRST` and so on, a day apart, each a degree further east.
pub fn records(first: usize, count: usize, bands: &[&str]) -> RecordBatch {
    let record = |number: usize| {
        let west = (number % 340) as f64 - 170.0;
        let bbox = BoundingBox::new(west, 10.0, west + 1.0, 11.0);
        Record {
            id: format!("scene-{number:05}"),
            datetime: 1_704_067_200_000_000 + number as i64 * 86_400_000_000,
            end_datetime: None,
            geometry: Some(polygon(&bbox)),
            bbox: Some(bbox),
            assets: bands
                .iter()
                .map(|band| Asset {
                    band: (*band).to_owned(),
                    href: format!("https://example.com/{number}/{band}.tif"),
                    band_index: None,
                })
                .collect(),
            epsg: Some(32643 + (number % 2) as i32),
            crs: Some(format!("EPSG:{}", 32643 + number % 2)),
            collection: Some("test".to_owned()),
        }
    };
    record::to_batch(&(first..first + count).map(record).collect::<Vec<_>>()).unwrap()
}

/// A box as WKB.
fn polygon(bbox: &BoundingBox) -> Vec<u8> {
    let (w, s, e, n) = (bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax);
    let mut bytes = vec![1];
    for number in [3u32, 1, 5] {
        bytes.extend(number.to_le_bytes());
    }
    for (x, y) in [(w, s), (e, s), (e, n), (w, n), (w, s)] {
        bytes.extend(f64::to_le_bytes(x));
        bytes.extend(f64::to_le_bytes(y));
    }
    bytes
}

/// The batch with one more column.
pub fn with_column(batch: &RecordBatch, name: &str, values: ArrayRef) -> RecordBatch {
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(name, values.data_type().clone(), true)));
    let mut columns = batch.columns().to_vec();
    columns.push(values);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// A table of these columns.
pub fn table(columns: &[(&str, ArrayRef)]) -> impl RecordBatchReader + use<> {
    let columns = columns.iter().map(|(name, column)| ((*name).to_owned(), column.clone(), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    RecordBatchIterator::new([Ok::<_, ArrowError>(batch.clone())], batch.schema())
}

/// All batches as one.
pub fn all(batches: RecordBatches) -> RecordBatch {
    let schema = batches.schema();
    let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

/// A column of a view.
pub fn column(view: &rasteret::Collection, name: &str) -> ArrayRef {
    all(view.to_batches(Some(&[name])).unwrap()).column(0).clone()
}

/// A column of texts of a view.
pub fn texts(view: &rasteret::Collection, name: &str) -> Vec<Option<String>> {
    let column = column(view, name);
    assert_eq!(column.data_type(), &DataType::Utf8);
    column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}
