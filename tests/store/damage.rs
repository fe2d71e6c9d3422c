//! Damaged files: nothing panics, and what cannot be trusted is found.

use crate::support::{archive, batch, folder, path, source_header, with_column};
use arrow_array::RecordBatch;
use rasteret::store::{Depth, Description, Failure, HeaderFailure, Store, StoreError, verify};
use std::path::Path;

/// A small store that has something in every table.
fn build(path: &Path) {
    let mut store = Store::create(path).unwrap();
    let mut transaction = store.write().unwrap();
    for name in ["first", "second"] {
        transaction.create_collection(name, Description::default()).unwrap();
        for start in [0, 300] {
            let ids: Vec<String> = (start..start + 300).map(|i| format!("{name}-{i}")).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let clouds = (0..300).map(|i| (i % 7 > 0).then_some(f64::from(i))).collect();
            let records = with_column(&batch(&ids, &["B04", "B08"]), "eo:cloud_cover", clouds);
            let headers: Vec<_> = (0..40)
                .flat_map(|row| {
                    let header = archive(row / 2);
                    ["B04", "B08"].map(|band| source_header(row as usize, band, &header))
                })
                .collect();
            let failure =
                Failure { kind: "not-found".into(), href: "a.tif".into(), message: "404 Not Found".into() };
            let failures = [HeaderFailure { row: 50, band: "B04".into(), failure }];
            transaction.append(name, &records, &headers, &failures).unwrap();
        }
        transaction.delete_records(name, [format!("{name}-7").as_str()]).unwrap();
    }
    transaction.commit().unwrap();
    store.compact().unwrap();
}

/// Everything that can be read.
#[derive(Debug, PartialEq)]
struct Content {
    batches: Vec<RecordBatch>,
    headers: Vec<(u64, u16, Vec<u8>)>,
    failures: Vec<(u64, u16, Failure)>,
    ids: Vec<Option<u64>>,
}

fn read(path: &Path) -> Result<Vec<Content>, StoreError> {
    let snapshot = Store::open(path)?.read()?;
    let mut contents = Vec::new();
    for collection in snapshot.collections()? {
        let mut content = Content { batches: vec![], headers: vec![], failures: vec![], ids: vec![] };
        for batch in collection.scan(&collection.all_columns(), |_| true)? {
            let batch = batch?;
            for record in batch.records {
                for band in collection.header_bands(record)? {
                    let header = collection.header(record, band)?;
                    header.get()?;
                    content.headers.push((record, band, header.archive().to_vec()));
                }
            }
            content.batches.push(batch.batch);
        }
        content.failures = collection.failures()?.collect::<Result<_, _>>()?;
        for i in 0..600 {
            content.ids.push(collection.find(&format!("{}-{i}", collection.name()))?);
        }
        contents.push(content);
    }
    Ok(contents)
}

/// Changes something in every table.
fn write(path: &Path) -> Result<(), StoreError> {
    let store = Store::open_writable(path)?;
    let mut transaction = store.write()?;
    let records = batch(&["first-1", "first-2", "first-299", "first-700"], &["B04", "B08"]);
    transaction.append("first", &records, &[source_header(0, "B04", &archive(9))], &[])?;
    transaction.delete_records("first", ["first-3", "first-50"])?;
    transaction.put_header("first", "first-4", "B08", &archive(10))?;
    transaction.delete_collection("second")?;
    transaction.rename_collection("first", "third")?;
    transaction.commit()
}

fn noise(seed: u64) -> u64 {
    let x = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ x >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 7
}

/// Damages a copy of the store in many ways, one at a time.
fn damage_each_way(ways: u64, damage: impl Fn(u64, &mut Vec<u8>)) {
    let folder = folder();
    let path = path(&folder);
    build(&path);
    assert_eq!(verify(&path, Depth::Deep).unwrap(), []);
    let sound = read(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();

    let mut found = 0;
    for way in 0..ways {
        let mut damaged = bytes.clone();
        damage(way, &mut damaged);
        std::fs::write(&path, &damaged).unwrap();
        let content = read(&path);
        match verify(&path, Depth::Deep) {
            // The byte does not matter: nothing may have changed.
            Ok(damages) if damages.is_empty() => assert_eq!(content.unwrap(), sound, "way {way}"),
            Ok(_) => found += 1,
            Err(error) => {
                let expected = matches!(
                    error,
                    StoreError::NotADatabase { .. }
                        | StoreError::NotClosed(_)
                        | StoreError::NewerVersion { .. }
                );
                assert!(expected, "way {way}: {error:?}");
                found += 1;
            }
        }
        assert_eq!(std::fs::read(&path).unwrap(), damaged, "verifying does not write");
        // Whether it works is not the question.
        let _ = write(&path);
    }
    assert!(found > ways / 4, "only {found} of {ways} damages were found");
}

#[test]
fn flipped_bytes() {
    damage_each_way(250, |way, bytes| {
        let at = noise(way) as usize % bytes.len();
        bytes[at] ^= 1 << (way % 8);
    });
}

#[test]
fn flipped_header_bytes() {
    damage_each_way(160, |way, bytes| bytes[2 * way as usize] ^= 0x41);
}

#[test]
fn overwritten_blocks() {
    damage_each_way(100, |way, bytes| {
        let at = noise(way) as usize % bytes.len();
        let end = bytes.len().min(at + 700);
        for (i, byte) in bytes[at..end].iter_mut().enumerate() {
            *byte = if way % 2 == 0 { 0 } else { noise(i as u64) as u8 };
        }
    });
}

#[test]
fn cut_files() {
    damage_each_way(40, |way, bytes| bytes.truncate(noise(way) as usize % bytes.len()));
}
