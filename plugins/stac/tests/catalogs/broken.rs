//! What is broken in a catalogue is reported, and the rest is read.

use crate::generate::{Layout, Leaves, Links};
use crate::support::{local, read};
use rasteret_schema::Selection;
use rasteret_schema::conformance::OneFile;
use rasteret_stac::StacSource;
use std::fs;
use std::sync::Arc;

fn catalog(leaves: Leaves) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    Layout { depth: 1, children: 3, items: 4, links: Links::Relative, leaves }.write(folder.path(), "");
    folder
}

#[test]
fn broken_and_missing_documents_are_failures() {
    let folder = catalog(Leaves::Files);
    fs::write(folder.path().join("c0/i1.json"), "{\"type\": \"Feature\", ").unwrap();
    fs::remove_file(folder.path().join("c0/i2.json")).unwrap();
    fs::write(folder.path().join("c1/collection.json"), "[1, 2").unwrap();
    fs::write(folder.path().join("c2/i0.json"), r#"{"hello": "world"}"#).unwrap();
    let (records, failures) = read(&local(folder.path()), &Selection::default()).unwrap();
    let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["c0-0", "c0-3", "c2-1", "c2-2", "c2-3"]);
    let found: Vec<(&str, &str)> = failures
        .iter()
        .map(|failure| (failure.href.split_once("/c").unwrap().1, failure.kind.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("0/i1.json", "invalid"),
            ("0/i2.json", "not-found"),
            ("1/collection.json", "invalid"),
            ("2/i0.json", "invalid")
        ]
    );
}

#[test]
fn a_broken_line_is_a_failure_that_says_which() {
    let folder = catalog(Leaves::Lines);
    let path = folder.path().join("c1/all.ndjson");
    let lines = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    fs::write(&path, [lines[0], "", "{broken", "7", lines[2]].join("\r\n")).unwrap();
    let (records, failures) = read(&local(folder.path()), &Selection::default()).unwrap();
    assert_eq!(records.len(), 4 + 2 + 4);
    assert!(failures[0].message.contains("line 3") && failures[1].message.contains("line 4"), "{failures:?}");
    let (records, failures) = read(&local(&path), &Selection::default()).unwrap();
    assert_eq!((records.len(), failures.len()), (2, 2));
}

#[test]
fn tables_are_left_to_their_adapter() {
    let folder = catalog(Leaves::ItemCollection);
    let path = folder.path().join("c1/collection.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("all.json", "all.parquet")).unwrap();
    let (records, failures) = read(&local(folder.path()), &Selection::default()).unwrap();
    assert_eq!(records.len(), 8);
    assert!(failures.len() == 1 && failures[0].message.contains("build-table"), "{failures:?}");
    let error = read(&local(&folder.path().join("x.parquet")), &Selection::default()).unwrap_err();
    assert!(error.to_string().contains("build-table"), "{error}");
}

#[test]
fn a_broken_root_is_an_error() {
    let folder = catalog(Leaves::Files);
    let root = folder.path().join("catalog.json");
    for content in ["", "{", "<html>", "7", r#"{"name": "x"}"#] {
        fs::write(&root, content).unwrap();
        for path in [folder.path(), root.as_path()] {
            let error = read(&local(path), &Selection::default()).unwrap_err().to_string();
            assert!(error.contains("catalog.json") || error.contains("STAC"), "{content}: {error}");
        }
    }
    fs::remove_file(&root).unwrap();
    read(&local(&root), &Selection::default()).unwrap_err();
    read(&local(&folder.path().join("nowhere")), &Selection::default()).unwrap_err();
}

/// A server that has the same catalogue at every URL.
fn everywhere(catalog: &'static str) -> StacSource {
    StacSource::new("https://example.com/catalog.json", Arc::new(OneFile::new(catalog))).static_catalog(true)
}

#[test]
fn a_tree_without_an_end_has_one() {
    let chain = r#"{"type": "Catalog", "id": "c", "links": [{"rel": "child", "href": "a/catalog.json"}]}"#;
    let (records, failures) = read(&everywhere(chain), &Selection::default()).unwrap();
    assert!(records.is_empty());
    assert!(failures.len() == 1 && failures[0].message.contains("within 64"), "{failures:?}");
    let tree = r#"{"type": "Catalog", "id": "c", "links": [
        {"rel": "child", "href": "a/catalog.json"}, {"rel": "child", "href": "b/catalog.json"}]}"#;
    let error = read(&everywhere(tree), &Selection::default()).unwrap_err();
    assert!(error.to_string().contains("does not end"), "{error}");
}
