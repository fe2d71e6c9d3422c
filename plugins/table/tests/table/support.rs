//! Tables to read, and ways to read them.

use arrow_array::{
    ArrayRef, BinaryArray, Float64Array, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Fields};
use futures::StreamExt;
use futures::executor::block_on;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use rasteret_schema::conformance::{LocalFiles, read_all};
use rasteret_schema::{
    Access, AccessError, Document, DocumentRequest, ListedFile, ObjectVersion, RandomAccess, Record,
    Selection, SourceAdapter, SourceBatch, SourceError,
};
use rasteret_table::TableSource;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A table at a path.
pub fn table(path: &Path) -> TableSource {
    TableSource::new(path.to_str().unwrap(), Arc::new(LocalFiles))
}

/// All batches, up to the first error.
pub fn batches(source: &TableSource, selection: &Selection) -> Result<Vec<SourceBatch>, SourceError> {
    block_on(source.records(selection).collect::<Vec<_>>()).into_iter().collect()
}

/// All records.
pub fn records(source: &TableSource, selection: &Selection) -> Vec<Record> {
    let (records, failures) = block_on(read_all(source, selection)).unwrap();
    assert_eq!(failures, []);
    records
}

/// Why a table cannot be read.
pub fn error(source: &TableSource) -> String {
    batches(source, &Selection::default()).unwrap_err().to_string()
}

/// A column of text.
pub fn text<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A column of boxes.
pub fn boxes(values: &[[f64; 4]]) -> ArrayRef {
    let side = |index: usize| {
        Arc::new(Float64Array::from_iter_values(values.iter().map(|it| it[index]))) as ArrayRef
    };
    let fields: Fields = ["xmin", "ymin", "xmax", "ymax"]
        .map(|name| Field::new(name, DataType::Float64, false))
        .to_vec()
        .into();
    Arc::new(StructArray::new(fields, (0..4).map(side).collect(), None))
}

/// The WKB of a point.
pub fn point(x: f64, y: f64) -> Vec<u8> {
    let mut wkb = vec![1, 1, 0, 0, 0];
    wkb.extend(x.to_le_bytes());
    wkb.extend(y.to_le_bytes());
    wkb
}

/// So many scenes: a day apart in time, one degree wide, along a spiral around the Earth.
pub fn scenes(count: usize) -> RecordBatch {
    let places: Vec<(f64, f64)> = (0..count)
        .map(|i| (i as f64 * 7.0 % 358.0 - 179.0, i as f64 / count as f64 * 160.0 - 80.0))
        .collect();
    let bboxes: Vec<[f64; 4]> = places.iter().map(|(x, y)| [*x, *y, x + 1.0, y + 1.0]).collect();
    let geometry = BinaryArray::from_iter_values(places.iter().map(|(x, y)| point(*x, *y)));
    let times = (0..count as i64).map(|day| day * 86_400_000_000);
    let hrefs: Vec<String> = (0..count).map(|i| format!("https://example.com/{i}.tif")).collect();
    let cloud = Float64Array::from_iter((0..count).map(|i| (i % 3 > 0).then_some(i as f64)));
    RecordBatch::try_from_iter_with_nullable([
        ("id", text(hrefs.iter().map(|href| &href[20..])), false),
        ("datetime", Arc::new(TimestampMicrosecondArray::from_iter_values(times)) as ArrayRef, false),
        ("geometry", Arc::new(geometry), true),
        ("bbox", boxes(&bboxes), false),
        ("href", text(hrefs.iter().map(String::as_str)), false),
        ("eo:cloud_cover", Arc::new(cloud), true),
    ])
    .unwrap()
}

/// Writes Parquet.
pub fn write_parquet(path: &Path, batch: &RecordBatch, properties: WriterProperties) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Local files, with what is read of them counted.
#[derive(Debug, Clone, Default)]
pub struct Counting {
    pub requests: Arc<AtomicU64>,
    pub bytes: Arc<AtomicU64>,
}

impl Counting {
    /// Requests and bytes since the last call.
    pub fn take(&self) -> (u64, u64) {
        (self.requests.swap(0, Ordering::Relaxed), self.bytes.swap(0, Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct CountingFile {
    file: Arc<dyn RandomAccess>,
    counting: Counting,
}

impl Access for Counting {
    fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>> {
        LocalFiles.fetch(request)
    }

    fn open<'a>(&'a self, href: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>> {
        Box::pin(async move {
            let file = LocalFiles.open(href).await?;
            Ok(Arc::new(CountingFile { file, counting: self.clone() }) as Arc<dyn RandomAccess>)
        })
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>> {
        LocalFiles.list(folder)
    }
}

impl RandomAccess for CountingFile {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn version(&self) -> ObjectVersion {
        self.file.version()
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<bytes::Bytes, AccessError>> {
        self.counting.requests.fetch_add(1, Ordering::Relaxed);
        self.counting.bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
        self.file.read(range)
    }
}
