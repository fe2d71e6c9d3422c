//! Any sequence of changes, against a model that is a map of maps.

use crate::support::{archive, folder, path, record, source_header, with_column};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use proptest::prelude::*;
use rasteret::store::{Depth, Description, Failure, HeaderFailure, Snapshot, Store, StoreError, verify};
use rasteret_schema::record::to_batch;
use std::collections::BTreeMap;
use std::sync::Arc;

const BANDS: [&str; 3] = ["R", "G", "B"];
const COLLECTIONS: [&str; 3] = ["first", "second", "third"];

#[derive(Debug, Clone)]
struct Row {
    id: u8,
    /// Which version of the assets of each band.
    assets: [u8; 3],
    /// `Some(even)` is a header, `Some(odd)` a failure.
    headers: [Option<u8>; 3],
    cloud: Option<u8>,
}

#[derive(Debug, Clone)]
enum Change {
    Create(usize),
    Append {
        collection: usize,
        rows: Vec<Row>,
        with_clouds: bool,
    },
    DeleteRecords {
        collection: usize,
        ids: Vec<u8>,
    },
    PutHeader {
        collection: usize,
        id: u8,
        band: usize,
        header: u8,
    },
    /// Every record's cloud cover, from its id; null in every so many records.
    PutClouds {
        collection: usize,
        clouds: u8,
        null_every: u8,
    },
    Rename {
        from: usize,
        to: usize,
    },
    DeleteCollection(usize),
    Commit,
    Abandon,
    Reopen,
    Compact,
}

#[derive(Debug, Clone, PartialEq)]
struct ModelRecord {
    assets: [u8; 3],
    cloud: Option<u8>,
    headers: BTreeMap<usize, u8>,
}

type Model = BTreeMap<&'static str, BTreeMap<String, ModelRecord>>;

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        0u8..12,
        any::<[bool; 3]>(),
        prop::array::uniform3(prop::option::of(0u8..6)),
        prop::option::of(0u8..100),
    )
        .prop_map(|(id, assets, headers, cloud)| Row {
            id,
            assets: assets.map(u8::from),
            headers,
            cloud,
        });
    prop::collection::vec(row, 0..8)
}

fn change() -> impl Strategy<Value = Change> {
    let collection = 0..COLLECTIONS.len();
    prop_oneof![
        2 => collection.clone().prop_map(Change::Create),
        8 => (collection.clone(), rows(), any::<bool>())
            .prop_map(|(collection, rows, with_clouds)| Change::Append { collection, rows, with_clouds }),
        2 => (collection.clone(), prop::collection::vec(0u8..12, 0..6))
            .prop_map(|(collection, ids)| Change::DeleteRecords { collection, ids }),
        2 => (collection.clone(), 0u8..12, 0..BANDS.len(), 0u8..6)
            .prop_map(|(collection, id, band, header)| Change::PutHeader { collection, id, band, header }),
        2 => (collection.clone(), 0u8..100, 1u8..5).prop_map(|(collection, clouds, null_every)| {
            Change::PutClouds { collection, clouds, null_every }
        }),
        1 => (collection.clone(), collection.clone()).prop_map(|(from, to)| Change::Rename { from, to }),
        1 => collection.prop_map(Change::DeleteCollection),
        4 => Just(Change::Commit),
        1 => Just(Change::Abandon),
        1 => Just(Change::Reopen),
        1 => Just(Change::Compact),
    ]
}

fn name(id: u8) -> String {
    format!("scene-{id}")
}

fn failure(number: u8) -> Failure {
    Failure { kind: "not-found".into(), href: format!("{number}.tif"), message: "404".into() }
}

fn batch(rows: &[Row], with_clouds: bool) -> RecordBatch {
    let records = rows.iter().map(|row| {
        let mut record = record(&name(row.id), &BANDS);
        for (asset, version) in record.assets.iter_mut().zip(row.assets) {
            asset.href = format!("{version}.tif");
        }
        record
    });
    let batch = to_batch(&records.collect::<Vec<_>>()).unwrap();
    if with_clouds {
        with_column(&batch, "eo:cloud_cover", rows.iter().map(|row| row.cloud.map(f64::from)).collect())
    } else {
        batch
    }
}

fn append(model: &mut BTreeMap<String, ModelRecord>, rows: &[Row], with_clouds: bool) -> usize {
    let last: BTreeMap<u8, &Row> = rows.iter().map(|row| (row.id, row)).collect();
    let mut replaced = 0;
    for row in last.into_values() {
        let mut headers: BTreeMap<usize, u8> =
            row.headers.iter().enumerate().filter_map(|(band, header)| Some((band, (*header)?))).collect();
        if let Some(old) = model.get(&name(row.id)) {
            replaced += 1;
            for (band, header) in &old.headers {
                if old.assets[*band] == row.assets[*band] {
                    headers.entry(*band).or_insert(*header);
                }
            }
        }
        let cloud = row.cloud.filter(|_| with_clouds);
        model.insert(name(row.id), ModelRecord { assets: row.assets, cloud, headers });
    }
    replaced
}

/// What the store has, in the form of the model.
fn content(snapshot: &Snapshot) -> Model {
    let mut model = Model::new();
    for collection in snapshot.collections().unwrap() {
        let mut records = BTreeMap::new();
        let has_clouds = collection.schema().column_with_name("eo:cloud_cover").is_some();
        for batch in collection.scan(&collection.all_columns(), |_| true).unwrap() {
            let batch = batch.unwrap();
            let columns = rasteret_schema::record::RecordColumns::new(&batch.batch).unwrap();
            for (row, number) in batch.records.iter().enumerate() {
                let clouds = has_clouds.then(|| {
                    batch.batch.column_by_name("eo:cloud_cover").unwrap().as_primitive::<Float64Type>()
                });
                let cloud =
                    clouds.filter(|clouds| clouds.is_valid(row)).map(|clouds| clouds.value(row) as u8);
                let mut assets = [0; 3];
                for (version, asset) in assets.iter_mut().zip(columns.assets(row)) {
                    *version = asset.href.strip_suffix(".tif").unwrap().parse().unwrap();
                }
                let mut headers = BTreeMap::new();
                for (index, band) in BANDS.iter().enumerate() {
                    let band = collection.band(band).unwrap();
                    if let Some(header) = collection.find_header(*number, band).unwrap() {
                        let size = header.get().unwrap().object.size.as_ref().map(|size| size.to_native());
                        headers.insert(index, size.unwrap() as u8);
                        assert_eq!(collection.failure(*number, band).unwrap(), None);
                    } else if let Some(failure) = collection.failure(*number, band).unwrap() {
                        headers.insert(index, failure.href.strip_suffix(".tif").unwrap().parse().unwrap());
                    }
                }
                let id = columns.id(row).to_owned();
                assert_eq!(collection.record_number(&id).unwrap(), *number);
                assert!(records.insert(id, ModelRecord { assets, cloud, headers }).is_none());
            }
        }
        let of = |failed: bool| -> u64 {
            let is = |header: &&u8| **header % 2 == u8::from(failed);
            records.values().map(|record| record.headers.values().filter(is).count() as u64).sum()
        };
        let metadata = collection.metadata();
        assert_eq!(
            (metadata.records, metadata.headers, metadata.failures),
            (records.len() as u64, of(false), of(true))
        );
        let name = COLLECTIONS.iter().find(|name| **name == collection.name()).unwrap();
        model.insert(name, records);
    }
    model
}

fn run(changes: Vec<Change>) {
    let folder = folder();
    let path = path(&folder);
    let mut store = Store::create(&path).unwrap();
    let mut committed = Model::new();
    let mut changes = std::iter::once(Change::Create(0)).chain(changes).collect::<Vec<_>>().into_iter();
    let mut at_end = false;
    while !at_end {
        let mut model = committed.clone();
        let mut transaction = store.write().unwrap();
        let end = loop {
            match changes.next() {
                None => break Change::Commit,
                Some(end @ (Change::Commit | Change::Abandon | Change::Reopen | Change::Compact)) => {
                    break end;
                }
                Some(Change::Create(collection)) => {
                    let name = COLLECTIONS[collection];
                    match transaction.create_collection(name, Description::default()) {
                        Ok(()) => assert!(model.insert(name, BTreeMap::new()).is_none()),
                        Err(StoreError::CollectionExists(_)) => assert!(model.contains_key(name)),
                        Err(error) => panic!("{error}"),
                    }
                }
                Some(Change::Append { collection, rows, with_clouds }) => {
                    let name = COLLECTIONS[collection];
                    let (mut headers, mut failures) = (Vec::new(), Vec::new());
                    for (index, row) in rows.iter().enumerate() {
                        for (band, header) in BANDS.iter().zip(row.headers) {
                            match header {
                                Some(odd) if odd % 2 == 1 => failures.push(HeaderFailure {
                                    row: index,
                                    band: (*band).to_owned(),
                                    failure: failure(odd),
                                }),
                                Some(even) => headers.push(source_header(index, band, &archive(even.into()))),
                                None => {}
                            }
                        }
                    }
                    match transaction.append(name, &batch(&rows, with_clouds), &headers, &failures) {
                        Ok(appended) => {
                            let replaced = append(model.get_mut(name).unwrap(), &rows, with_clouds);
                            assert_eq!(appended.replaced.len(), replaced);
                        }
                        Err(StoreError::NoSuchCollection { .. }) => assert!(!model.contains_key(name)),
                        Err(error) => panic!("{error}"),
                    }
                }
                Some(Change::DeleteRecords { collection, ids }) => {
                    let (name, ids) =
                        (COLLECTIONS[collection], ids.into_iter().map(name).collect::<Vec<_>>());
                    match transaction.delete_records(name, ids.iter().map(String::as_str)) {
                        Ok(deleted) => {
                            let records = model.get_mut(name).unwrap();
                            assert_eq!(
                                deleted,
                                ids.iter().filter(|id| records.remove(*id).is_some()).count()
                            );
                        }
                        Err(StoreError::NoSuchCollection { .. }) => assert!(!model.contains_key(name)),
                        Err(error) => panic!("{error}"),
                    }
                }
                Some(Change::PutHeader { collection, id, band, header }) => {
                    let (collection, id) = (COLLECTIONS[collection], name(id));
                    let result = if header % 2 == 1 {
                        transaction.put_failure(collection, &id, BANDS[band], failure(header))
                    } else {
                        transaction.put_header(collection, &id, BANDS[band], &archive(header.into()))
                    };
                    let record = model.get_mut(collection).and_then(|records| records.get_mut(&id));
                    match result {
                        Ok(()) => drop(record.unwrap().headers.insert(band, header)),
                        Err(StoreError::NoSuchCollection { .. } | StoreError::NoSuchRecord { .. }) => {
                            assert!(record.is_none());
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                Some(Change::PutClouds { collection, clouds, null_every }) => {
                    let name = COLLECTIONS[collection];
                    let cloud = |id: &str| {
                        let number: u8 = id.strip_prefix("scene-").unwrap().parse().unwrap();
                        (!number.is_multiple_of(null_every)).then_some(clouds + number)
                    };
                    let field = Field::new("eo:cloud_cover", DataType::Float64, true);
                    let put = transaction.put_columns(name, &[field], &["id"], |rows| {
                        let ids = rows.batch.column(0).as_string::<i32>();
                        assert_eq!(ids.len(), rows.records.len());
                        let values = ids.iter().map(|id| cloud(id.unwrap()).map(f64::from));
                        Ok::<_, StoreError>(vec![Arc::new(values.collect::<Float64Array>()) as ArrayRef])
                    });
                    match put {
                        Ok(()) => {
                            for (id, record) in model.get_mut(name).unwrap() {
                                record.cloud = cloud(id);
                            }
                        }
                        Err(StoreError::NoSuchCollection { .. }) => assert!(!model.contains_key(name)),
                        Err(error) => panic!("{error}"),
                    }
                }
                Some(Change::Rename { from, to }) => {
                    let (from, to) = (COLLECTIONS[from], COLLECTIONS[to]);
                    match transaction.rename_collection(from, to) {
                        Ok(()) => {
                            let records = model.remove(from).unwrap();
                            assert!(model.insert(to, records).is_none());
                        }
                        Err(StoreError::NoSuchCollection { .. }) => assert!(!model.contains_key(from)),
                        Err(StoreError::CollectionExists(_)) => assert!(model.contains_key(to)),
                        Err(error) => panic!("{error}"),
                    }
                }
                Some(Change::DeleteCollection(collection)) => {
                    match transaction.delete_collection(COLLECTIONS[collection]) {
                        Ok(()) => assert!(model.remove(COLLECTIONS[collection]).is_some()),
                        Err(StoreError::NoSuchCollection { .. }) => {
                            assert!(!model.contains_key(COLLECTIONS[collection]));
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        };
        at_end = changes.len() == 0;
        if matches!(end, Change::Abandon) {
            drop(transaction);
        } else {
            transaction.commit().unwrap();
            committed = model;
        }
        if matches!(end, Change::Compact) {
            store.compact().unwrap();
        }
        assert_eq!(content(&store.read().unwrap()), committed);
        if matches!(end, Change::Reopen) || at_end {
            drop(store);
            assert_eq!(verify(&path, Depth::Deep).unwrap(), []);
            assert_eq!(content(&Store::open(&path).unwrap().read().unwrap()), committed);
            store = Store::open_writable(&path).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_changes(changes in prop::collection::vec(change(), 1..30)) {
        run(changes);
    }
}
