//! Databases to import into, and tables to import.

use rasteret::Database;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A database in a folder of its own.
pub struct Store {
    pub folder: TempDir,
    pub database: Database,
}

impl Store {
    pub fn new() -> Store {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_writable(folder.path().join("imports.rasteret")).unwrap();
        Store { folder, database }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
