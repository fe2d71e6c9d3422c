//! A writer that is killed at any moment: what it reported as committed is there, whole.

use crate::locking::{given_path, spawn};
use crate::support::{archive, batch, folder, path, source_header};
use rasteret::store::{Depth, Description, Store, StoreError, verify};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const ROWS: usize = 200;

fn ids(batch: u64) -> Vec<String> {
    (0..ROWS).map(|row| format!("{batch}-{row}")).collect()
}

/// Appends one batch after another. Each replaces some records of the one before; from time to time
/// the file is compacted.
#[test]
#[ignore = "runs as a process of its own, and is killed"]
fn child_appends() {
    let mut store = Store::open_writable(given_path()).unwrap();
    let first =
        store.read().unwrap().collection("c").unwrap().metadata().description.properties["next"].clone();
    for number in first.as_u64().unwrap().. {
        let mut names = ids(number);
        if number > 0 {
            names.extend((0..10).map(|row| format!("{}-{row}", number - 1)));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let headers: Vec<_> =
            (0..ROWS).map(|row| source_header(row, "B04", &archive(number * 1000 + row as u64))).collect();
        let mut transaction = store.write().unwrap();
        transaction.append("c", &batch(&names, &["B04"]), &headers, &[]).unwrap();
        transaction
            .describe("c", |it| drop(it.properties.insert("next".into(), (number + 1).into())))
            .unwrap();
        transaction.commit().unwrap();
        println!("> {number}");
        if number % 5 == 4 {
            store.compact().unwrap();
            println!("> compacted");
        }
    }
}

/// Opens the file as a reader would, and counts the batches in it.
fn check(path: &Path) -> u64 {
    assert_eq!(verify(path, Depth::Deep).unwrap(), []);
    let collection = Store::open(path).unwrap().read().unwrap().collection("c").unwrap();
    let next = collection.metadata().description.properties["next"].as_u64().unwrap();
    assert_eq!(collection.len(), next * ROWS as u64);
    for number in 0..next {
        for (row, id) in ids(number).iter().enumerate() {
            let record = collection.record_number(id).unwrap();
            let header = collection.header(record, 0).unwrap();
            assert_eq!(header.archive(), archive(number * 1000 + row as u64).as_bytes(), "{id}");
        }
    }
    next
}

#[test]
fn what_was_committed_survives_a_kill() {
    let folder = folder();
    let path = path(&folder);
    let store = Store::create(&path).unwrap();
    let mut transaction = store.write().unwrap();
    let mut description = Description::default();
    description.properties.insert("next".into(), 0.into());
    transaction.create_collection("c", description).unwrap();
    transaction.commit().unwrap();
    drop(store);

    let mut outcomes = BTreeMap::<&str, usize>::new();
    for round in 0..24u64 {
        let (mut child, mut output) = spawn("crash::child_appends", &path);
        // From before the first commit to a few commits later, at any point of a commit.
        let lines = round % 7;
        let mut reported = None;
        for _ in 0..lines {
            reported = output.next().and_then(|line| line.parse::<u64>().ok()).or(reported);
        }
        std::thread::sleep(Duration::from_micros(round * 7919 % 40_000));
        child.kill().unwrap();
        reported = output.filter_map(|line| line.parse().ok()).last().or(reported);
        child.wait().unwrap();

        let outcome = match Store::open(&path) {
            Ok(_) => "opened",
            Err(StoreError::NotClosed(_)) => {
                drop(Store::open_writable(&path).unwrap());
                "put in order by a writer"
            }
            Err(error) => panic!("round {round}: {error}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
        let next = check(&path);
        if let Some(reported) = reported {
            assert!(next > reported, "round {round}: batch {reported} is lost, there are {next}");
        }
    }
    assert!(outcomes["opened"] > 10, "{outcomes:?}");
    assert!(check(&path) > 10);
}
