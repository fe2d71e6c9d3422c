//! A million records to Parquet and back.

use crate::context::{Context, Result};
use crate::protocol::Work;
use crate::records::{self, COLLECTION};
use rasteret::Database;
use rasteret::blocking::Wait;
use serde_json::json;
use std::fs;
use std::path::Path;

/// Makes the database and its export, if there are none.
pub fn prepare(context: &Context) -> Result<Work> {
    records::prepare_million(context)?;
    let exported = context.million_exported();
    if !exported.exists() {
        write(&context.million_database(), &exported)?;
    }
    Ok(Box::new(|| Ok(Box::new(|| Ok(json!({}))))))
}

/// From the database to a folder of year and month.
pub fn export(context: &Context) -> Result<Work> {
    let (database, folder) = (context.million_database(), context.work.join("exported"));
    Ok(Box::new(move || {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let (rows, bytes) = write(&database, &folder)?;
        let folder = folder.clone();
        Ok(Box::new(move || {
            fs::remove_dir_all(folder)?;
            Ok(json!({ "rows": rows, "bytes": bytes }))
        }))
    }))
}

/// From that folder to a new database, headers and all.
pub fn import(context: &Context) -> Result<Work> {
    let (exported, path) = (context.million_exported(), context.work.join("imported.rasteret"));
    Ok(Box::new(move || {
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let database = Database::open_writable(&path)?;
        let summary =
            database.import(exported.display().to_string()).name(COLLECTION).strict(true).run().wait()?;
        // Dropped, it is compacted.
        drop(database);
        let path = path.clone();
        Ok(Box::new(move || {
            let bytes = fs::metadata(&path)?.len();
            fs::remove_file(path)?;
            Ok(json!({ "rows": summary.records, "headers": summary.headers, "bytes": bytes }))
        }))
    }))
}

/// How many records, and their bytes as Parquet.
fn write(database: &Path, folder: &Path) -> Result<(u64, u64)> {
    let collection = Database::open(database)?.collection(COLLECTION)?;
    let summary = collection.export(folder.display().to_string()).run().wait()?;
    Ok((summary.rows, summary.bytes))
}
