//! A collection whose build was interrupted is not passed on as if it were whole.

use crate::killed::run;
use crate::support::{Files, listed};
use arrow_array::{RecordBatchIterator, record_batch};
use rasteret::blocking::Wait;
use rasteret::share::{SplitBy, Splits};
use rasteret::{Database, Error};
use std::time::Duration;

// As many as the process that is killed builds.
const RECORDS: usize = 120;

#[test]
fn what_was_interrupted_is_not_passed_on_as_whole() {
    let files = Files::new(RECORDS, Duration::from_millis(10));
    let url = files.server.base_url();
    let path = files.path("unfinished.rasteret");
    let mut patience = Duration::from_millis(100);
    let (database, some) = loop {
        assert!(!run(&path, &url, patience), "the build came to its end");
        let database = Database::open_writable(&path).unwrap();
        match database.collection("x").and_then(|collection| collection.ids()) {
            Ok(ids) if !ids.is_empty() => break (database, ids.len()),
            _ => patience += patience / 4,
        }
    };
    assert!(some < RECORDS);
    let mut whole = listed(&url, 2, 2);
    whole.records.iter_mut().for_each(|record| record.id.push('\''));
    database.build(whole).name("whole").run().wait().unwrap();

    let labels = || record_batch!(("id", Utf8, ["scene-0"]), ("label", Int32, [3])).unwrap();
    let join = |name: &str| {
        let (labels, collection) = (labels(), database.collection(name).unwrap());
        let schema = labels.schema();
        collection.annotate(RecordBatchIterator::new([Ok(labels)], schema), "id").map(drop)
    };
    let folder = files.path("exported");
    let dest = folder.to_str().unwrap();
    let collection = database.collection("x").unwrap();
    let merge = || {
        database.merge("both", ["x", "whole"].map(|name| database.collection(name).unwrap())).run().map(drop)
    };
    let split = || collection.assign_splits(&Splits::default().by(SplitBy::Id)).map(drop);
    let export = || collection.export(dest).run().wait().map(drop);
    let all: [(&str, &dyn Fn() -> rasteret::Result<()>); 4] =
        [("merge", &merge), ("split", &split), ("annotate", &|| join("x")), ("export", &export)];
    for (what, act) in all {
        let error = act().expect_err(what);
        let message = error.to_string();
        assert!(
            matches!(error, Error::Unfinished { records, .. } if records == some as u64),
            "{what}: {message}"
        );
        assert_eq!(error.kind(), "unfinished");
        assert!(message.contains("\"x\"") && message.contains("run the build again"), "{what}: {message}");
    }
    assert!(database.collection("both").is_err() && !folder.exists());
    assert!(
        collection
            .columns()
            .unwrap()
            .iter()
            .all(|column| !["label", "split"].contains(&column.name.as_str()))
    );

    // Who says so gets what there is.
    let summary = collection.export(dest).allow_unfinished(true).run().wait().unwrap();
    assert_eq!(summary.rows, some as u64);
    let imported = database.import(dest).name("part").run().wait().unwrap();
    assert_eq!(imported.records, some as u64);
    database.collection("part").unwrap().assign_splits(&Splits::default().by(SplitBy::Id)).unwrap();

    // The remedy that the error names.
    database.build(listed(&url, RECORDS, 10)).name("x").max_concurrent(8).run().wait().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    for (what, act) in all {
        act().unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    assert_eq!(database.collection("both").unwrap().ids().unwrap().len(), RECORDS + 2);
}
