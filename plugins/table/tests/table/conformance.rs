//! The suite of source adapters, over tables of many kinds.

use crate::oracle::data;
use crate::support::{scenes, table, text, write_parquet};
use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use futures::executor::block_on;
use parquet::file::properties::WriterProperties;
use rasteret_schema::conformance::{Expectations, source_adapter};
use rasteret_table::TableSource;
use std::sync::Arc;

fn check(source: &TableSource, records: usize, failures: usize) {
    let expectations =
        Expectations { records: Some(records), failures: Some(failures), ..Expectations::default() };
    let report = block_on(source_adapter(source, &expectations));
    report.violations.assert_none();
}

#[test]
fn stac_geoparquet() {
    let Some(tables) = data("tables") else { return };
    check(&table(&tables.join("1000-sentinel-2-items.parquet")), 1000, 0);
    check(&table(&tables.join("100-landsat-items.parquet")), 100, 0);
    check(&table(&tables), 1100, 0);
}

#[test]
fn exports_of_rasteret() {
    let Some(collections) = data("rasteret-collections") else { return };
    for (name, records, bands) in [("scene", 1, 2), ("landsat", 1, 3), ("mosaic", 2, 6)] {
        let source = table(&collections.join(name));
        check(&source, records, 0);
        let report = block_on(source_adapter(&source, &Expectations::default()));
        assert_eq!(report.headers, bands, "{name}");
    }
}

#[test]
fn many_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenes.parquet");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(500)).build();
    write_parquet(&path, &scenes(20_000), properties);
    check(&table(&path).href_column("href"), 20_000, 0);
}

#[test]
fn rows_that_are_no_records() {
    let batch = RecordBatch::try_from_iter([
        (
            "id",
            Arc::new(StringArray::from(vec![Some("a"), None, Some("c"), Some("d"), Some("e"), Some("")]))
                as ArrayRef,
        ),
        (
            "datetime",
            text(["2024-01-03", "2024-01-03", "soon", "2024-01-08T05:22:31Z", "2024-01-03", "2024-01-03"]),
        ),
        (
            "href",
            Arc::new(StringArray::from(vec![Some("a"), Some("b"), Some("c"), Some("d"), None, Some("f")])),
        ),
        ("year", Arc::new(Int32Array::from(vec![1, 2, 3, 4, 5, 6]))),
    ])
    .unwrap();
    let source = TableSource::from_batches("rows", batch.schema(), vec![batch]).href_column("href");
    check(&source, 2, 4);
    let report = block_on(source_adapter(&source, &Expectations::default()));
    let messages: Vec<&str> = report.failures.iter().map(|failure| failure.message.as_str()).collect();
    assert!(messages[0].starts_with("row 1: ") && messages[1].contains("\"soon\""), "{messages:?}");
    assert!(messages[2].contains("column \"href\""), "{messages:?}");
    let kinds: Vec<&str> = report.failures.iter().map(|failure| failure.kind.as_str()).collect();
    assert_eq!(kinds, ["missing-id", "invalid-datetime", "missing-asset", "missing-id"]);
}
