//! Builds give back what copy-on-write leaves unused, where it is worth it.

use crate::support::{archive, batch, folder, path, source_header};
use futures::StreamExt;
use rasteret::Database;
use rasteret::blocking::Wait;
use rasteret::schema::{RecordStream, Selection, SourceAdapter, SourceBatch};
use rasteret::store::{Depth, verify};
use std::path::Path;

const ROWS: usize = 500;

/// So many batches of records of its own.
#[derive(Debug)]
struct Batches(&'static str, usize);

impl SourceAdapter for Batches {
    fn kind(&self) -> &'static str {
        "batches"
    }

    fn description(&self) -> String {
        format!("{self:?}")
    }

    fn records<'a>(&'a self, _: &'a Selection) -> RecordStream<'a> {
        let batches = (0..self.1).map(|number| {
            let ids: Vec<String> = (0..ROWS).map(|row| format!("{}-{number}-{row}", self.0)).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let header = |row| source_header(row, "B04", &archive((number * ROWS + row) as u64));
            Ok(SourceBatch {
                headers: (0..ROWS).map(header).collect(),
                ..SourceBatch::new(batch(&ids, &["B04"]))
            })
        });
        futures::stream::iter(batches).boxed()
    }
}

fn build(database: &Database, name: &'static str, batches: usize) {
    let summary = database.build(Batches(name, batches)).name(name).run().wait().unwrap();
    assert_eq!(summary.records, (batches * ROWS) as u64);
    assert_eq!(summary.headers, summary.records);
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn a_build_leaves_a_file_without_holes() {
    let folder = folder();
    let path = path(&folder);
    let database = Database::open_writable(&path).unwrap();
    build(&database, "large", 12);
    // The last one to use the file closes it.
    let snapshot = database.collection("large").unwrap();
    drop(database);
    assert_eq!(snapshot.info().unwrap().records, 12 * ROWS as u64);
    drop(snapshot);
    let built = size(&path);
    assert_eq!(verify(&path, Depth::Deep).unwrap(), []);
    Database::open_writable(&path).unwrap().compact().unwrap();
    let compacted = size(&path);
    assert!(built < compacted + compacted / 20, "{built} bytes, {compacted} when compacted");
}

/// A batch's records are a twelfth of what there is: no reason to move the rest.
#[test]
fn a_small_build_does_not_rewrite_a_large_file() {
    let folder = folder();
    let path = path(&folder);
    let open = || Database::open_writable(&path).unwrap();
    build(&open(), "large", 12);
    build(&open(), "gone", 6);
    open().delete("gone").unwrap();
    let holes = size(&path);
    build(&open(), "small", 1);
    assert!(size(&path) > holes - holes / 20, "{holes} bytes, then {}", size(&path));
    build(&open(), "medium", 6);
    let built = size(&path);
    open().compact().unwrap();
    assert!(built < size(&path) + size(&path) / 20, "{built} bytes, {} when compacted", size(&path));
}
