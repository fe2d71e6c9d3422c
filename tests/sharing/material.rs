//! Rasters of several CRSs, types and layouts, and records of them with columns of every kind.

use crate::peer::ask;
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use rasteret::blocking::Wait;
use rasteret::table::TableSource;
use rasteret::{Collection, Database, Filter};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Columns of the user's.
pub const USER: [&str; 9] =
    ["eo:cloud_cover", "split", "label", "classes", "sensor", "seen", "count", "valid", "collection"];

/// The rasters, and a database with the collection `material` of them.
pub struct Material {
    pub folder: TempDir,
    pub database: Database,
}

impl Material {
    /// `None` where there is no Python; the test is then skipped.
    pub fn new() -> Option<Material> {
        let folder = tempfile::tempdir().unwrap();
        ask("make", json!({"folder": folder.path()}))?;
        let database = Database::open_writable(folder.path().join("material.rasteret")).unwrap();
        let table = folder.path().join("records.parquet");
        let source = TableSource::new(table.to_str().unwrap(), Arc::new(database.sources().clone()))
            .relative_to(folder.path().to_str().unwrap());
        let summary = database.build(source).name("material").run().wait().unwrap();
        assert_eq!((summary.records, summary.failed.len()), (8, 0), "{:?}", summary.failed);
        Some(Material { folder, database })
    }

    pub fn collection(&self) -> Collection {
        self.database.collection("material").unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// All records with their columns.
pub fn records(collection: &Collection) -> Vec<Map<String, Value>> {
    rasteret::query::json_rows(&collection.head(100).unwrap()).unwrap()
}

/// The ids that a filter leaves, in their order.
pub fn ids(collection: &Collection, filter: Filter) -> Vec<String> {
    let mut ids = collection.subset(filter).ids().unwrap();
    ids.sort();
    ids
}

/// Records without rasters, all over the world.
pub fn many(count: usize) -> TableSource {
    let mut random = crate::oracle::Random(7);
    let mut footprint = || square(random.between(-179.0, 178.0), random.between(-80.0, 79.0), 0.5);
    let footprints = BinaryArray::from_iter_values((0..count).map(|_| footprint()));
    let day = |i: usize| 1_704_067_200_000_000 + 60_000_000 * i as i64;
    let times = TimestampMicrosecondArray::from_iter_values((0..count).map(day)).with_timezone("UTC");
    let ids = StringArray::from_iter_values((0..count).map(|i| format!("scene-{i:06}")));
    let hrefs = StringArray::from_iter_values((0..count).map(|i| format!("s3://bucket/{i}.tif")));
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("datetime", Arc::new(times)),
        ("href", Arc::new(hrefs)),
        ("geometry", Arc::new(footprints)),
    ]);
    let batch = batch.unwrap();
    TableSource::from_batches("many", batch.schema(), vec![batch]).href_column("href")
}

/// WKB of a square.
fn square(west: f64, south: f64, size: f64) -> Vec<u8> {
    let corners = [(0.0, 0.0), (size, 0.0), (size, size), (0.0, size), (0.0, 0.0)];
    let numbers = corners.into_iter().flat_map(|(x, y)| [west + x, south + y]).flat_map(f64::to_le_bytes);
    let head =
        [vec![1], 3_u32.to_le_bytes().to_vec(), 1_u32.to_le_bytes().to_vec(), 5_u32.to_le_bytes().to_vec()];
    head.concat().into_iter().chain(numbers).collect()
}
