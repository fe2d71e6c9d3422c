//! Records, columns and headers.

use crate::support::{archive, batch, folder, path, record, source_header, with_column};
use arrow_array::builder::{Int64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int16Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Int32Array, NullArray, RecordBatch,
    StringArray, StringViewArray, StructArray, UInt64Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema};
use rasteret::store::{
    BuildState, Collection, Depth, Description, Failure, HeaderFailure, Scalar, Store, StoreError, verify,
};
use rasteret_schema::BoundingBox;
use rasteret_schema::record::{RecordColumns, to_batch};
use std::sync::Arc;

fn ids(collection: &Collection) -> Vec<String> {
    let projection = collection.projection(&["id"]).unwrap();
    let mut ids = Vec::new();
    for batch in collection.scan(&projection, |_| true).unwrap() {
        let batch = batch.unwrap();
        for (row, record) in batch.records.iter().enumerate() {
            let id = batch.batch.column(0).as_string::<i32>().value(row).to_owned();
            assert_eq!(collection.find(&id).unwrap(), Some(*record));
            ids.push(id);
        }
    }
    ids
}

/// A store with one collection `c`, filled by `fill`, opened for reading.
fn store_with(fill: impl FnOnce(&mut rasteret::store::Transaction<'_>)) -> (tempfile::TempDir, Store) {
    let folder = folder();
    let store = Store::create(path(&folder)).unwrap();
    let mut transaction = store.write().unwrap();
    transaction.create_collection("c", Description::default()).unwrap();
    fill(&mut transaction);
    transaction.commit().unwrap();
    drop(store);
    assert_eq!(verify(path(&folder), Depth::Deep).unwrap(), []);
    let store = Store::open(path(&folder)).unwrap();
    (folder, store)
}

#[test]
fn what_goes_in_comes_out() {
    let records = batch(&["b", "a", "c"], &["B04", "B08"]);
    let (red, nir) = (archive(1), archive(2));
    let (_folder, store) = store_with(|transaction| {
        let headers = [source_header(0, "B04", &red), source_header(2, "B08", &nir)];
        let missing = [HeaderFailure {
            row: 0,
            band: "B08".into(),
            failure: Failure { kind: "not-found".into(), href: "b.tif".into(), message: "404".into() },
        }];
        let appended = transaction.append("c", &records, &headers, &missing).unwrap();
        assert_eq!(appended.records, [Some(0), Some(1), Some(2)]);
        assert_eq!(appended.replaced, [0; 0]);
        transaction.complete("c").unwrap();
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    assert_eq!(collection.metadata().description.state, BuildState::Complete);
    assert_eq!((collection.len(), collection.metadata().headers, collection.metadata().failures), (3, 2, 1));
    let all: Vec<_> = collection.scan(&collection.all_columns(), |_| true).unwrap().collect();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].as_ref().unwrap().batch, records);

    let record = collection.record_number("b").unwrap();
    let header = collection.header(record, collection.band("B04").unwrap()).unwrap();
    assert_eq!(header.archive(), red.as_bytes());
    assert_eq!(header.get().unwrap().to_header().unwrap(), crate::support::header(1, 3));
    assert_eq!(collection.record_id(record).unwrap(), "b");

    let failures: Vec<_> = collection.failures().unwrap().map(Result::unwrap).collect();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].0, failures[0].1), (record, collection.band("B08").unwrap()));
    assert_eq!(failures[0].2.message, "404");
}

#[test]
fn errors_say_what_there_is() {
    let (_folder, store) = store_with(|transaction| {
        let headers = [source_header(0, "B04", &archive(1))];
        transaction.append("c", &batch(&["a", "b"], &["B04", "B08"]), &headers, &[]).unwrap();
    });
    let snapshot = store.read().unwrap();
    let text = |error: StoreError| error.to_string();
    assert_eq!(text(snapshot.collection("d").unwrap_err()), "there is no collection \"d\"; there is c");
    let collection = snapshot.collection("c").unwrap();
    assert_eq!(text(collection.record_number("z").unwrap_err()), "collection \"c\" has no record \"z\"");
    assert_eq!(
        text(collection.band("B05").unwrap_err()),
        "collection \"c\" has no band \"B05\"; it has B04, B08"
    );
    assert_eq!(
        text(collection.header(0, 1).unwrap_err()),
        "record \"a\" of collection \"c\" has no header for band \"B08\": it was never parsed; \
         it has headers for B04"
    );
    assert!(
        matches!(collection.header(7, 0).unwrap_err(), StoreError::NoSuchRecord { record, .. } if record == "#7")
    );
    let error = text(collection.projection(&["cloud"]).unwrap_err());
    assert!(error.contains("\"cloud\"") && error.contains("datetime, end_datetime"), "{error}");
    assert!(matches!(store.write().unwrap_err(), StoreError::ReadOnly(_)));
}

#[test]
fn bands_of_one_file_share_its_header() {
    let shared = archive(1);
    // Equal bytes are enough: they need not be the same allocation.
    let equal = archive(1);
    let (_folder, store) = store_with(|transaction| {
        let headers = [
            source_header(0, "R", &shared),
            source_header(0, "G", &shared),
            source_header(0, "B", &equal),
            source_header(0, "N", &archive(2)),
        ];
        transaction.append("c", &batch(&["a"], &["R", "G", "B", "N"]), &headers, &[]).unwrap();
    });
    let stats = store.stats().unwrap();
    let table = stats.tables.iter().find(|table| table.name == "headers").unwrap();
    let archives = 2 * shared.as_bytes().len() as u64;
    assert!(table.stored_bytes < archives + 100, "{} > {archives}", table.stored_bytes);
    assert_eq!(stats.headers, 4);
    let collection = store.read().unwrap().collection("c").unwrap();
    for band in ["R", "G", "B"] {
        let header = collection.header(0, collection.band(band).unwrap()).unwrap();
        assert_eq!(header.archive(), shared.as_bytes());
    }
}

#[test]
fn a_shared_header_survives_the_band_that_held_it() {
    let (_folder, store) = store_with(|transaction| {
        let shared = archive(1);
        let headers = [source_header(0, "R", &shared), source_header(0, "G", &shared)];
        transaction.append("c", &batch(&["a"], &["R", "G"]), &headers, &[]).unwrap();
        transaction.put_header("c", "a", "R", &archive(2)).unwrap();
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    assert_eq!(collection.header(0, 0).unwrap().archive(), archive(2).as_bytes());
    assert_eq!(collection.header(0, 1).unwrap().archive(), archive(1).as_bytes());
    assert_eq!(collection.metadata().headers, 2);
}

#[test]
fn a_record_of_the_same_id_takes_the_place_of_the_old_one() {
    let (_folder, store) = store_with(|transaction| {
        let headers = [
            source_header(0, "B04", &archive(1)),
            source_header(0, "B08", &archive(2)),
            source_header(1, "B04", &archive(3)),
            source_header(1, "B08", &archive(4)),
        ];
        transaction.append("c", &batch(&["a", "b", "c"], &["B04", "B08"]), &headers, &[]).unwrap();
        // The asset of B04 is another one now; that of B08 is the same.
        let mut changed = record("a", &["B04", "B08"]);
        changed.assets[0].href = "elsewhere.tif".into();
        let again = record("b", &["B04", "B08"]);
        let records = to_batch(&[changed, again.clone(), again]).unwrap();
        let headers = [source_header(1, "B04", &archive(5)), source_header(2, "B04", &archive(6))];
        let appended = transaction.append("c", &records, &headers, &[]).unwrap();
        assert_eq!(appended.records, [Some(3), None, Some(4)]);
        assert_eq!(appended.replaced.len(), 2);
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    assert_eq!(ids(&collection), ["c", "a", "b"]);
    let header = |id: &str, band| {
        let record = collection.record_number(id).unwrap();
        collection.find_header(record, band).unwrap().map(|header| header.archive().to_vec())
    };
    assert_eq!(header("a", 0), None, "its asset has changed");
    assert_eq!(header("a", 1).as_deref(), Some(archive(2).as_bytes()), "its asset is the same");
    assert_eq!(header("b", 0).as_deref(), Some(archive(6).as_bytes()), "the last of a batch wins");
    assert_eq!(header("b", 1).as_deref(), Some(archive(4).as_bytes()));
    assert!(collection.find_header(0, 1).unwrap().is_none());
    assert!(matches!(collection.rows(&[0], &collection.all_columns()), Err(StoreError::NoSuchRecord { .. })));
}

#[test]
fn deleted_records_are_gone() {
    let (_folder, store) = store_with(|transaction| {
        let headers = [source_header(1, "B04", &archive(1))];
        transaction.append("c", &batch(&["a", "b", "c"], &["B04"]), &headers, &[]).unwrap();
        transaction.append("c", &batch(&["d", "e"], &["B04"]), &[], &[]).unwrap();
        assert_eq!(transaction.delete_records("c", ["b", "x", "d", "e"]).unwrap(), 3);
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    assert_eq!(ids(&collection), ["a", "c"]);
    assert_eq!((collection.len(), collection.metadata().headers), (2, 0));
    assert_eq!(collection.chunks().unwrap().len(), 1, "a chunk without records is removed");
    assert_eq!(store.stats().unwrap().headers, 0);
}

#[test]
fn collections_are_renamed_and_deleted() {
    let (_folder, store) = store_with(|transaction| {
        transaction
            .append("c", &batch(&["a"], &["B04"]), &[source_header(0, "B04", &archive(1))], &[])
            .unwrap();
        transaction.create_collection("d", Description::default()).unwrap();
        transaction.append("d", &batch(&["a", "b"], &["B04"]), &[], &[]).unwrap();
        assert!(matches!(transaction.rename_collection("c", "d"), Err(StoreError::CollectionExists(_))));
        assert!(matches!(
            transaction.create_collection("d", Description::default()),
            Err(StoreError::CollectionExists(_))
        ));
        transaction.rename_collection("c", "e").unwrap();
        transaction.append("e", &batch(&["z"], &["B04"]), &[], &[]).unwrap();
        transaction.delete_collection("d").unwrap();
    });
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.names().unwrap(), ["e"]);
    assert_eq!(ids(&snapshot.collection("e").unwrap()), ["a", "z"]);
    let stats = store.stats().unwrap();
    let entries = |name| stats.tables.iter().find(|table| table.name == name).unwrap().entries;
    assert_eq!((entries("ids"), entries("headers"), entries("chunks"), entries("schemas")), (2, 1, 2, 1));
}

#[test]
fn a_failed_transaction_changes_nothing() {
    let folder = folder();
    let store = Store::create(path(&folder)).unwrap();
    let mut transaction = store.write().unwrap();
    transaction.create_collection("c", Description::default()).unwrap();
    transaction.append("c", &batch(&["a"], &["B04"]), &[], &[]).unwrap();
    transaction.commit().unwrap();

    let mut transaction = store.write().unwrap();
    transaction.append("c", &batch(&["b"], &["B04"]), &[], &[]).unwrap();
    drop(transaction);
    let collection = store.read().unwrap().collection("c").unwrap();
    assert_eq!(ids(&collection), ["a"]);

    // What is refused before anything is written does not spoil the transaction.
    let mut transaction = store.write().unwrap();
    let header = [source_header(5, "B04", &archive(1))];
    assert!(matches!(
        transaction.append("c", &batch(&["b"], &["B04"]), &header, &[]),
        Err(StoreError::Invalid(_))
    ));
    assert!(matches!(
        transaction.append("c", &batch(&[""], &["B04"]), &[], &[]),
        Err(StoreError::Invalid(_))
    ));
    transaction.append("c", &batch(&["c"], &["B04"]), &[], &[]).unwrap();
    transaction.commit().unwrap();
    assert_eq!(ids(&store.read().unwrap().collection("c").unwrap()), ["a", "c"]);
    assert_eq!(ids(&collection), ["a"], "a snapshot stays as it is");
}

/// A batch with user columns of many types, nulls and nesting.
fn rich_batch() -> RecordBatch {
    let base = batch(&["a", "b", "c"], &["B04"]);
    let mut list = ListBuilder::new(Int64Builder::new());
    list.append_value([Some(1), None, Some(3)]);
    list.append_null();
    list.append_value([]);
    let structs = StructArray::try_new(
        vec![
            Field::new("text", DataType::Utf8, true),
            Field::new("numbers", DataType::List(Arc::new(Field::new("item", DataType::Int64, true))), true),
        ]
        .into(),
        vec![Arc::new(StringArray::from(vec![Some("x"), None, Some("")])), Arc::new(list.finish())],
        Some(NullBuffer::from(vec![true, false, true])),
    )
    .unwrap();
    let dictionary: DictionaryArray<Int16Type> =
        vec![Some("train"), None, Some("train")].into_iter().collect();
    let decimals = Decimal128Array::from(vec![Some(12_345), None, Some(-1)]).with_precision_and_scale(20, 2);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("eo:cloud_cover", Arc::new(arrow_array::Float64Array::from(vec![Some(3.5), None, Some(f64::NAN)]))),
        ("split", Arc::new(dictionary)),
        ("nested", Arc::new(structs)),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        (
            "view",
            Arc::new(StringViewArray::from(vec![Some("short"), Some("longer than twelve bytes"), None])),
        ),
        ("price", Arc::new(decimals.unwrap())),
        ("big", Arc::new(UInt64Array::from(vec![u64::MAX, 0, 1]))),
        ("nothing", Arc::new(NullArray::new(3))),
        ("none", Arc::new(Int32Array::from(vec![None, None, None]))),
    ];
    let mut fields = base.schema().fields().to_vec();
    let mut arrays = base.columns().to_vec();
    for (name, array) in columns {
        let field = Field::new(name, array.data_type().clone(), true);
        fields.push(Arc::new(field.with_metadata([("unit".to_owned(), name.to_owned())].into())));
        arrays.push(array);
    }
    let metadata = [("geo".to_owned(), "{}".to_owned())].into();
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, metadata)), arrays).unwrap()
}

#[test]
fn user_columns_of_any_type_survive() {
    let records = rich_batch();
    let (_folder, store) = store_with(|transaction| {
        transaction.append("c", &records, &[], &[]).unwrap();
        transaction.append("c", &records.slice(1, 1), &[], &[]).unwrap();
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    assert_eq!(collection.schema(), records.schema_ref());
    let numbers: Vec<u64> = ["a", "b", "c"].map(|id| collection.record_number(id).unwrap()).to_vec();
    assert_eq!(collection.rows(&numbers, &collection.all_columns()).unwrap(), records);
    let zone = collection.chunks().unwrap()[0].zone();
    let cloud = zone.column("eo:cloud_cover").unwrap();
    assert_eq!(cloud.nulls, 1);
    assert_eq!(cloud.range.unwrap().min, Scalar::Float(3.5));
    assert_eq!(zone.column("split").unwrap().range.unwrap().max, Scalar::Text("train".into()));
    assert_eq!(zone.column("big").unwrap().range.unwrap().max, Scalar::Unsigned(u64::MAX));
    assert_eq!(zone.column("none").unwrap().nulls, 3);
    assert_eq!(zone.column("unknown"), None);
}

#[test]
fn schemas_grow() {
    let first = batch(&["a"], &["B04"]);
    let second = with_column(&batch(&["b"], &["B04"]), "eo:cloud_cover", vec![Some(5.0)]);
    let nulls = RecordBatch::try_from_iter_with_nullable(
        first
            .schema()
            .fields()
            .iter()
            .zip(first.columns())
            .map(|(field, column)| (field.name().as_str(), column.clone(), field.is_nullable()))
            .chain([("label", Arc::new(NullArray::new(1)) as ArrayRef, true)]),
    )
    .unwrap();
    let (_folder, store) = store_with(|transaction| {
        transaction.append("c", &nulls, &[], &[]).unwrap();
        transaction.append("c", &second, &[], &[]).unwrap();
        let label = with_column(&batch(&["c"], &["B04"]), "label", vec![Some(1.0)]);
        transaction.append("c", &label, &[], &[]).unwrap();
        let conflict = RecordBatch::try_from_iter(
            batch(&["d"], &[])
                .columns()
                .iter()
                .zip(batch(&["d"], &[]).schema().fields())
                .map(|(column, field)| (field.name().clone(), column.clone()))
                .chain([("eo:cloud_cover".to_owned(), Arc::new(StringArray::from(vec!["low"])) as ArrayRef)]),
        )
        .unwrap();
        assert_eq!(
            transaction.append("c", &conflict, &[], &[]).unwrap_err().to_string(),
            "column \"eo:cloud_cover\" is of type Utf8, but collection \"c\" has it as Float64"
        );
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    let projection = collection.projection(&["label", "eo:cloud_cover"]).unwrap();
    let rows = collection.rows(&[2, 0, 1], &projection).unwrap();
    let column = |index: usize| rows.column(index).as_primitive::<Float64Type>().iter().collect::<Vec<_>>();
    assert_eq!(column(0), [Some(1.0), None, None]);
    assert_eq!(column(1), [None, None, Some(5.0)]);
}

#[test]
fn nested_nullability_may_differ_between_batches() {
    let nested = |id: &str, nullable: bool, value: Option<i32>| {
        let values = StructArray::try_new(
            vec![Field::new("n", DataType::Int32, nullable)].into(),
            vec![Arc::new(Int32Array::from(vec![value]))],
            None,
        )
        .unwrap();
        let base = batch(&[id], &["B04"]);
        let mut fields = base.schema().fields().to_vec();
        fields.push(Arc::new(Field::new("s", values.data_type().clone(), false)));
        let mut columns = base.columns().to_vec();
        columns.push(Arc::new(values));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    };
    let (_folder, store) = store_with(|transaction| {
        transaction.append("c", &nested("a", false, Some(1)), &[], &[]).unwrap();
        transaction.append("c", &nested("b", true, None), &[], &[]).unwrap();
        transaction.append("c", &batch(&["c"], &["B04"]), &[], &[]).unwrap();
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    let rows = collection.rows(&[0, 1, 2], &collection.projection(&["s"]).unwrap()).unwrap();
    let values = rows.column(0).as_struct();
    assert!(values.is_valid(1) && values.is_null(2));
    assert_eq!(values.column(0).as_primitive::<arrow_array::types::Int32Type>().value(0), 1);
    assert!(values.column(0).is_null(1));
}

#[test]
fn zone_maps_pass_over_chunks() {
    let place = |id: &str, bbox: Option<(f64, f64)>| {
        let mut record = record(id, &["B04"]);
        record.bbox = bbox.map(|(west, east)| BoundingBox::new(west, -10.0, east, 10.0));
        to_batch(&[record]).unwrap()
    };
    let (_folder, store) = store_with(|transaction| {
        transaction.append("c", &place("india", Some((77.0, 78.0))), &[], &[]).unwrap();
        transaction.append("c", &place("fiji", Some((177.0, -178.0))), &[], &[]).unwrap();
        transaction.append("c", &place("nowhere", None), &[], &[]).unwrap();
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    let found = |west, east| {
        let bbox = BoundingBox::new(west, 0.0, east, 1.0);
        let scan = collection.scan(&collection.projection(&["id"]).unwrap(), |zone| zone.intersects(&bbox));
        scan.unwrap().flat_map(|batch| batch.unwrap().records).collect::<Vec<_>>()
    };
    assert_eq!(found(77.5, 77.6), [0]);
    assert_eq!(found(-179.0, -178.5), [1]);
    assert_eq!(found(178.0, 179.0), [1]);
    assert_eq!(found(179.9, -179.9), [1]);
    assert_eq!(found(-170.0, 170.0), [0]);
    assert_eq!(found(0.0, 1.0), [0; 0]);
}

#[test]
fn many_records_are_cut_into_chunks() {
    let names: Vec<String> = (0..20_000).map(|i| format!("scene-{:05}", i * 7919 % 20_000)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let records = batch(&names, &["B04"]);
    let (_folder, store) = store_with(|transaction| {
        transaction.append("c", &records, &[], &[]).unwrap();
    });
    let collection = store.read().unwrap().collection("c").unwrap();
    assert_eq!(collection.chunks().unwrap().len(), 3);
    assert_eq!(ids(&collection), names);
    let chosen: Vec<u64> = vec![19_999, 0, 8192, 8191, 5, 5];
    let rows = collection.rows(&chosen, &collection.all_columns()).unwrap();
    let columns = RecordColumns::new(&rows).unwrap();
    let all = RecordColumns::new(&records).unwrap();
    for (row, number) in chosen.iter().enumerate() {
        assert_eq!(columns.record(row), all.record(*number as usize));
    }
    assert_eq!(collection.rows(&[], &collection.all_columns()).unwrap().num_rows(), 0);
}

/// The column `name` from the records' ids.
fn put(
    transaction: &mut rasteret::store::Transaction<'_>,
    name: &str,
    data_type: DataType,
    value: impl Fn(&[&str]) -> ArrayRef,
) -> Result<(), StoreError> {
    let field = Field::new(name, data_type, true);
    transaction.put_columns("c", &[field], &["id"], |rows| {
        let ids = rows.batch.column(0).as_string::<i32>();
        Ok(vec![value(&ids.iter().map(Option::unwrap).collect::<Vec<_>>())])
    })
}

#[test]
fn columns_are_replaced_and_added() {
    let names: Vec<String> = (0..20_000).map(|i| format!("scene-{i:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let clouds = names.iter().enumerate().map(|(row, _)| (row % 2 == 0).then_some(row as f64)).collect();
    let records = with_column(&batch(&names, &["B04"]), "eo:cloud_cover", clouds);
    let number = |id: &&str| id[6..].parse::<u64>().unwrap();
    let (folder, store) = store_with(|transaction| {
        let header = source_header(7, "B04", &archive(1));
        transaction.append("c", &records, &[header], &[]).unwrap();
        transaction.delete_records("c", ["scene-00000", "scene-08193"]).unwrap();
    });
    drop(store);
    let store = Store::open_writable(path(&folder)).unwrap();
    let before = store.read().unwrap().collection("c").unwrap();

    let mut transaction = store.write().unwrap();
    put(&mut transaction, "eo:cloud_cover", DataType::UInt64, |ids| {
        Arc::new(ids.iter().map(|id| Some(number(id) + 1_000_000)).collect::<UInt64Array>())
    })
    .unwrap();
    put(&mut transaction, "split", DataType::Utf8, |ids| {
        Arc::new(ids.iter().map(|id| (number(id) >= 10_000).then_some("train")).collect::<StringArray>())
    })
    .unwrap();
    put(&mut transaction, "nothing", DataType::Utf8, |ids| Arc::new(StringArray::new_null(ids.len())))
        .unwrap();
    transaction.commit().unwrap();

    let after = store.read().unwrap().collection("c").unwrap();
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(after.len(), 19_998);
    assert!(after.find_header(7, after.band("B04").unwrap()).unwrap().is_some());
    let columns = ["id", "eo:cloud_cover", "split", "nothing"];
    for batch in after.scan(&after.projection(&columns).unwrap(), |_| true).unwrap() {
        let batch = batch.unwrap().batch;
        let ids = batch.column(0).as_string::<i32>();
        let clouds = batch.column(1).as_primitive::<arrow_array::types::UInt64Type>();
        for row in 0..batch.num_rows() {
            let number = number(&ids.value(row));
            assert_eq!(clouds.value(row), number + 1_000_000);
            assert_eq!(batch.column(2).is_valid(row), number >= 10_000);
        }
        assert_eq!(batch.column(3).null_count(), batch.num_rows());
    }
    let zones: Vec<_> = after.chunks().unwrap().iter().map(|chunk| chunk.zone()).collect();
    let range = |column: &str, chunk: usize| zones[chunk].column(column).unwrap().range.cloned();
    let clouds = range("eo:cloud_cover", 1).unwrap();
    assert_eq!((clouds.min, clouds.max), (Scalar::Unsigned(1_008_192), Scalar::Unsigned(1_016_383)));
    assert_eq!(range("split", 0), None);
    assert_eq!(range("split", 2).unwrap().min, Scalar::Text("train".into()));

    // Whoever read before still sees what was there.
    assert!(before.projection(&["split"]).is_err());
    let clouds = before.rows(&[2, 3], &before.projection(&["eo:cloud_cover"]).unwrap()).unwrap();
    let clouds = clouds.column(0).as_primitive::<Float64Type>();
    assert_eq!((clouds.value(0), clouds.is_null(1)), (2.0, true));

    drop((before, after));
    let size = |store: &Store| store.read().unwrap().collection("c").unwrap().metadata().bytes;
    let bytes = size(&store);
    let mut transaction = store.write().unwrap();
    put(&mut transaction, "split", DataType::Utf8, |ids| Arc::new(StringArray::new_null(ids.len()))).unwrap();
    transaction.commit().unwrap();
    assert!(size(&store) < bytes);
    drop(store);
    assert_eq!(verify(path(&folder), Depth::Deep).unwrap(), []);
}

#[test]
fn columns_that_cannot_be_replaced() {
    let (folder, store) = store_with(|transaction| {
        transaction.append("c", &batch(&["a", "b"], &["B04"]), &[], &[]).unwrap();
    });
    drop(store);
    let store = Store::open_writable(path(&folder)).unwrap();
    let texts = |ids: &[&str]| Arc::new(StringArray::from(vec!["x"; ids.len()])) as ArrayRef;
    for name in ["id", "datetime", "geometry", "bbox", "assets"] {
        let mut transaction = store.write().unwrap();
        let error = put(&mut transaction, name, DataType::Utf8, texts).unwrap_err();
        assert!(matches!(&error, StoreError::Invalid(what) if what.contains(name)), "{error}");
        // Nothing was changed yet.
        transaction.commit().unwrap();
    }
    let wrong: [fn(&[&str]) -> ArrayRef; 2] =
        [|_| Arc::new(StringArray::from(vec!["x"])), |ids| Arc::new(Int32Array::from(vec![1; ids.len()]))];
    for values in wrong {
        let mut transaction = store.write().unwrap();
        assert!(matches!(put(&mut transaction, "x", DataType::Utf8, values), Err(StoreError::Invalid(_))));
        assert!(matches!(transaction.commit(), Err(StoreError::TransactionFailed)));
    }
    let mut transaction = store.write().unwrap();
    let field = Field::new("x", DataType::Utf8, true);
    let error = transaction.put_columns("c", &[field], &["y"], |_| Ok::<_, StoreError>(Vec::new()));
    assert!(matches!(error, Err(StoreError::NoSuchColumn { .. })));
}
