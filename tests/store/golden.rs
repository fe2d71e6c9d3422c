//! Files of released format versions can be opened forever. `RASTERET_UPDATE_GOLDEN=1` writes that of
//! the present version, which is for a version that has not been released.

use crate::support::{archive, batch, folder, source_header, with_column};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use rasteret::store::{BuildState, Depth, Description, Failure, HeaderFailure, Store, verify};
use std::path::PathBuf;

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/golden/store-v1.redb")
}

fn write(path: &std::path::Path) {
    let mut store = Store::create(path).unwrap();
    let mut transaction = store.write().unwrap();
    let description = Description {
        created: 1_704_067_200_000_000,
        data_source: "local: /data".to_owned(),
        description: "Two scenes".to_owned(),
        state: BuildState::Complete,
        fingerprint: Some("2 files".to_owned()),
        properties: serde_json::Map::new(),
    };
    transaction.create_collection("bangalore", description).unwrap();
    let records = with_column(
        &batch(&["a", "b", "c"], &["B04", "B08"]),
        "eo:cloud_cover",
        vec![Some(4.5), None, Some(9.0)],
    );
    let shared = archive(1);
    let headers = [
        source_header(0, "B04", &shared),
        source_header(0, "B08", &shared),
        source_header(1, "B04", &archive(2)),
    ];
    let failure =
        Failure { kind: "not-found".into(), href: "b/B08.tif".into(), message: "404 Not Found".into() };
    transaction
        .append("bangalore", &records, &headers, &[HeaderFailure { row: 1, band: "B08".into(), failure }])
        .unwrap();
    transaction.delete_records("bangalore", ["c"]).unwrap();
    transaction.commit().unwrap();
    store.compact().unwrap();
}

#[test]
fn version_1() {
    if std::env::var_os("RASTERET_UPDATE_GOLDEN").is_some() {
        let _ = std::fs::remove_file(golden());
        write(&golden());
    }
    // Opened as a copy: the file is part of the sources.
    let folder = folder();
    let path = folder.path().join("store-v1.redb");
    std::fs::copy(golden(), &path).unwrap();

    assert_eq!(verify(&path, Depth::Deep).unwrap(), []);
    let snapshot = Store::open(&path).unwrap().read().unwrap();
    let collection = snapshot.collection("bangalore").unwrap();
    let metadata = collection.metadata();
    assert_eq!((metadata.records, metadata.headers, metadata.failures), (2, 3, 1));
    assert_eq!(metadata.bands, ["B04", "B08"]);
    assert_eq!(metadata.description.data_source, "local: /data");
    assert_eq!(metadata.description.state, BuildState::Complete);

    let scanned: Vec<_> =
        collection.scan(&collection.all_columns(), |_| true).unwrap().map(Result::unwrap).collect();
    assert_eq!(scanned.len(), 1);
    assert_eq!(scanned[0].records, [0, 1]);
    let expected = with_column(&batch(&["a", "b"], &["B04", "B08"]), "eo:cloud_cover", vec![Some(4.5), None]);
    assert_eq!(scanned[0].batch.columns(), expected.columns());
    let clouds = scanned[0].batch.column_by_name("eo:cloud_cover").unwrap().as_primitive::<Float64Type>();
    assert_eq!(clouds.iter().collect::<Vec<_>>(), [Some(4.5), None]);

    let band = |name: &str| collection.band(name).unwrap();
    for (record, name, seed) in [(0, "B04", 1), (0, "B08", 1), (1, "B04", 2)] {
        let stored = collection.header(record, band(name)).unwrap();
        assert_eq!(stored.archive(), archive(seed).as_bytes());
    }
    let error = collection.header(1, band("B08")).unwrap_err().to_string();
    assert!(error.contains("404 Not Found"), "{error}");
    assert_eq!(collection.record_number("b").unwrap(), 1);
    assert!(collection.record_number("c").is_err());
}
