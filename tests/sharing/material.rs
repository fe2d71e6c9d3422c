//! Rasters of several CRSs, types and layouts, and records of them with columns of every kind.

use crate::peer::ask;
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
