//! The same records come of the same items, however they are laid out and wherever they are.

use crate::generate::{Layout, Leaves, Links};
use crate::support::{Published, ids, local, read};
use futures::executor::block_on;
use rasteret_schema::conformance::{Expectations, source_adapter};
use rasteret_schema::{BoundingBox, Selection, SourceAdapter};
use rasteret_stac::StacSource;
use std::fs;

const BASE: &str = "https://example.com/stac";

#[test]
fn depths_and_links_make_no_difference() {
    for (depth, children, items) in [(0, 1, 5), (1, 3, 40), (2, 4, 7), (4, 2, 3)] {
        let mut expected = None;
        for leaves in [Leaves::Files, Leaves::ItemCollection, Leaves::Lines] {
            for links in [Links::Relative, Links::Absolute] {
                let layout = Layout { depth, children, items, links, leaves };
                let folder = tempfile::tempdir().unwrap();
                layout.write(folder.path(), BASE);
                let name = if depth == 0 { "collection.json" } else { "catalog.json" };
                let published = Published::new(BASE, folder.path());
                let remote = StacSource::new(format!("{BASE}/{name}"), published.clone());
                let (records, failures) = read(&remote, &Selection::default()).unwrap();
                assert_eq!(failures, [], "{layout:?}");
                assert_eq!(records.len(), layout.total(), "{layout:?}");
                assert!(records.iter().all(|record| record.collection.is_some()));
                let mut asked = published.asked.lock().unwrap().clone();
                asked.sort();
                let number = asked.len();
                asked.dedup();
                assert_eq!(asked.len(), number, "each document is read once");
                if links == Links::Relative {
                    for path in [folder.path().join(name), folder.path().to_owned()] {
                        assert_eq!(read(&local(&path), &Selection::default()).unwrap().0, records);
                    }
                }
                assert_eq!(*expected.get_or_insert_with(|| records.clone()), records, "{layout:?}");
            }
        }
    }
}

#[test]
fn the_contract_is_kept() {
    for leaves in [Leaves::Files, Leaves::ItemCollection, Leaves::Lines] {
        let layout = Layout { depth: 2, children: 3, items: 120, links: Links::Relative, leaves };
        let folder = tempfile::tempdir().unwrap();
        layout.write(folder.path(), BASE);
        let source = local(folder.path()).header("x-api-key", "HUSHHUSH");
        let expectations = Expectations {
            records: Some(layout.total()),
            failures: Some(0),
            batch_records: 1000,
            secrets: vec!["HUSHHUSH".to_owned()],
        };
        let report = block_on(source_adapter(&source, &expectations));
        report.violations.assert_none();
        assert!(!format!("{source:?}").contains("HUSHHUSH"));
    }
}

#[test]
fn collections_that_cannot_have_anything_are_not_read() {
    let layout = Layout { depth: 1, children: 8, items: 10, links: Links::Relative, leaves: Leaves::Files };
    let folder = tempfile::tempdir().unwrap();
    layout.write(folder.path(), BASE);
    let published = Published::new(BASE, folder.path());
    let source = StacSource::new(format!("{BASE}/catalog.json"), published.clone());
    let selection = Selection { bbox: Some(BoundingBox::new(3.1, 1.1, 3.2, 1.2)), ..Selection::default() };
    assert_eq!(ids(&source, &selection), ["c3-2"]);
    // The root, eight collections, ten items.
    assert_eq!(std::mem::take(&mut *published.asked.lock().unwrap()).len(), 19);
    let june = 1_117_584_000_000_000; // 2005-06-01
    let selection = Selection { start: Some(june), end: Some(june), ..Selection::default() };
    assert_eq!(ids(&source, &selection), ["c5-5"]);
    assert_eq!(std::mem::take(&mut *published.asked.lock().unwrap()).len(), 19);
    assert_eq!(ids(&source.clone().collection("c7"), &Selection::default()).len(), 10);
    assert_eq!(published.asked.lock().unwrap().len(), 19);
}

#[test]
fn what_is_wanted_is_taken() {
    let layout = Layout { depth: 2, children: 2, items: 30, links: Links::Relative, leaves: Leaves::Lines };
    let folder = tempfile::tempdir().unwrap();
    layout.write(folder.path(), BASE);
    let (source, all) = (local(folder.path()), Selection::default());
    assert_eq!(ids(&source.clone().ids(["c0-c1-7", "c1-c0-3", "none"]), &all), ["c0-c1-7", "c1-c0-3"]);
    assert_eq!(ids(&source.clone().collection("c0-c1").max_items(7), &all).len(), 7);
    assert_eq!(ids(&source.clone().collections(["c0-c1", "c1-c1"]), &all).len(), 60);
    let query = serde_json::json!({"eo:cloud_cover": {"lt": 20}}).as_object().cloned().unwrap();
    assert_eq!(ids(&source.clone().query(query), &all).len(), 4 * 6);
    let error = read(&source.clone().collection("c9"), &all).unwrap_err().to_string();
    assert!(error.contains("\"c9\"") && error.contains("c0-c0, c0-c1, c1-c0, c1-c1"), "{error}");
    let error = read(&source.clone().filter("a < 5"), &all).unwrap_err().to_string();
    assert!(error.contains("API"), "{error}");
}

#[test]
fn folders_without_a_root() {
    let layout = Layout { depth: 0, children: 1, items: 4, links: Links::Relative, leaves: Leaves::Files };
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        layout.write(&folder.path().join("deep").join(name), BASE);
    }
    fs::write(folder.path().join("package.json"), r#"{"name": "not STAC"}"#).unwrap();
    fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
    // Both folders have the same items: they are taken once.
    assert_eq!(
        ids(&local(folder.path()), &Selection::default()),
        ["single-0", "single-1", "single-2", "single-3"]
    );
}

#[test]
fn a_local_change_changes_the_fingerprint() {
    let layout = Layout { depth: 1, children: 1, items: 1, links: Links::Relative, leaves: Leaves::Files };
    let folder = tempfile::tempdir().unwrap();
    layout.write(folder.path(), BASE);
    let source = local(folder.path());
    let before = source.fingerprint().unwrap();
    assert_eq!(source.fingerprint().unwrap(), before);
    assert_ne!(source.clone().only_bands(["red"]).fingerprint().unwrap(), before);
    assert_ne!(source.clone().max_items(5).fingerprint().unwrap(), before);
    assert_eq!(source.clone().page_size(5).header("a", "b").fingerprint().unwrap(), before);
    fs::write(folder.path().join("c0/i0.json"), "{}").unwrap();
    assert_ne!(source.fingerprint().unwrap(), before);
}
