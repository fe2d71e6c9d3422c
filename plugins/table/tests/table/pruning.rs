//! How little is read of a table for a selection.

use crate::support::{Counting, batches, boxes, scenes, table, write_parquet};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use futures::StreamExt;
use futures::executor::block_on;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{BoundingBox, Selection, SourceAdapter};
use rasteret_table::TableSource;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const DAY: i64 = 86_400_000_000;

fn properties(rows: usize) -> WriterProperties {
    WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build()
}

fn counted(path: &Path) -> (TableSource, Counting) {
    let counting = Counting::default();
    let source = TableSource::new(path.to_str().unwrap(), Arc::new(counting.clone())).href_column("href");
    (source, counting)
}

fn ids(source: &TableSource, selection: &Selection) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for batch in batches(source, selection).unwrap() {
        let columns = RecordColumns::new(&batch.records).unwrap();
        ids.extend((0..columns.len()).map(|row| columns.id(row).to_owned()));
    }
    ids
}

/// The ids of all records that are selected, found by looking at each.
fn by_hand(source: &TableSource, selection: &Selection) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for batch in batches(source, &Selection::default()).unwrap() {
        let columns = RecordColumns::new(&batch.records).unwrap();
        for record in (0..columns.len()).map(|row| columns.record(row)) {
            let in_box = selection.bbox.is_none_or(|wanted| record.bbox.unwrap().intersects(&wanted));
            let in_time = selection.start.is_none_or(|start| start <= record.datetime)
                && selection.end.is_none_or(|end| record.datetime <= end);
            if in_box && in_time {
                ids.insert(record.id);
            }
        }
    }
    ids
}

fn selections() -> [Selection; 4] {
    let all = Selection::default();
    [
        Selection { bbox: Some(BoundingBox::new(10.0, 20.0, 60.0, 20.5)), ..all.clone() },
        Selection { bbox: Some(BoundingBox::new(170.0, -40.0, -150.0, -39.0)), ..all.clone() },
        Selection { start: Some(1000 * DAY), end: Some(1010 * DAY), ..all.clone() },
        Selection {
            start: Some(49_000 * DAY),
            bbox: Some(BoundingBox::new(-180.0, 70.0, 180.0, 90.0)),
            ..all
        },
    ]
}

#[test]
fn a_small_part_of_a_global_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("global.parquet");
    write_parquet(&path, &scenes(50_000), properties(1000));
    let size = std::fs::metadata(&path).unwrap().len();
    let (source, counting) = counted(&path);
    for selection in selections() {
        let expected = by_hand(&source, &selection);
        assert!(!expected.is_empty() && expected.len() < 2000, "{} by {selection:?}", expected.len());
        counting.take();
        assert_eq!(ids(&source, &selection), expected);
        let (requests, bytes) = counting.take();
        println!("{} records: {requests} requests, {bytes} of {size} bytes", expected.len());
        // The footer, and a few row groups of fifty.
        assert!(bytes < size / 5 && requests < 20, "{requests} requests, {bytes} of {size} bytes");
    }
    // Nothing at all: just the footer.
    let nowhere = Selection { start: Some(90_000 * DAY), ..Selection::default() };
    counting.take();
    assert!(ids(&source, &nowhere).is_empty());
    let (requests, _) = counting.take();
    assert!(requests <= 2, "{requests} requests");
}

/// One row group, as large as writers like them: its page index says which of its pages are needed.
#[test]
fn a_small_part_of_a_row_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("global.parquet");
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(100_000))
        .set_data_page_row_count_limit(500)
        .set_write_batch_size(500)
        .set_dictionary_enabled(false)
        .build();
    write_parquet(&path, &scenes(50_000), properties);
    let size = std::fs::metadata(&path).unwrap().len();
    let (source, counting) = counted(&path);
    for selection in selections() {
        let expected = by_hand(&source, &selection);
        counting.take();
        assert_eq!(ids(&source, &selection), expected);
        let (requests, bytes) = counting.take();
        println!("{} records: {requests} requests, {bytes} of {size} bytes", expected.len());
        assert!(batches(&source, &selection).unwrap().len() <= 2, "batches are not torn");
        assert!(bytes < size / 3 && requests < 30, "{requests} requests, {bytes} of {size} bytes");
    }
}

/// Boxes anywhere, of any width, some of them across the antimeridian.
fn any_boxes() -> impl Strategy<Value = Vec<[f64; 4]>> {
    let x = || prop_oneof![-180.0..=180.0_f64, (-6..=6_i8).prop_map(|step| f64::from(step) * 30.0)];
    let bbox = (x(), -90.0..85.0_f64, x(), any::<bool>()).prop_map(
        |(west, south, east, crosses): (f64, f64, f64, bool)| {
            let (west, east) = if crosses { (west, east) } else { (west.min(east), west.max(east)) };
            [west, south, east, south + 5.0]
        },
    );
    // Files have more of what lies side by side.
    let near = (-180.0..170.0_f64, -90.0..85.0_f64).prop_map(|(x, y)| [x, y, x + 10.0, y + 5.0]);
    proptest::collection::vec(prop_oneof![1 => bbox, 8 => near], 1..60).prop_map(|mut boxes| {
        boxes.sort_by(|a, b| a[0].total_cmp(&b[0]));
        boxes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_box_is_found(
        bboxes in any_boxes(), west in -180.0..=180.0, east in -180.0..=180.0, south in -90.0..90.0_f64, group in 1..20_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boxes.parquet");
        let batch = scenes(bboxes.len());
        let at = batch.schema().index_of("bbox").unwrap();
        let mut columns = batch.columns().to_vec();
        columns[at] = boxes(&bboxes);
        write_parquet(&path, &RecordBatch::try_new(batch.schema(), columns).unwrap(), properties(group));
        let (source, _) = counted(&path);
        let wanted = BoundingBox::new(west, south, east, (south + 3.0).min(90.0));
        let selection = Selection { bbox: Some(wanted), ..Selection::default() };
        prop_assert_eq!(ids(&source, &selection), by_hand(&source, &selection));
    }
}

/// One box of thousands goes around the Earth, from 20 degrees east to 11 degrees: by the statistics it cannot be told
/// from narrow ones between these.
#[test]
fn boxes_around_the_earth_are_found_in_pages_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("around.parquet");
    let batch = scenes(50_000);
    let mut bboxes: Vec<[f64; 4]> = (0..50_000)
        .map(|row| [f64::from(row) / 5_000.0 + 10.0, 40.0, f64::from(row) / 5_000.0 + 11.0, 41.0])
        .collect();
    let at = batch.schema().index_of("bbox").unwrap();
    let write = |bboxes: &[[f64; 4]], geo: Option<&str>| {
        let mut columns = batch.columns().to_vec();
        columns[at] = boxes(bboxes);
        let pages = WriterProperties::builder()
            .set_max_row_group_row_count(Some(100_000))
            .set_data_page_row_count_limit(500)
            .set_write_batch_size(500)
            .set_dictionary_enabled(false);
        let geo = geo.map(|geo| vec![KeyValue::new("geo".to_owned(), geo.to_owned())]);
        let properties = pages.set_key_value_metadata(geo).build();
        write_parquet(&path, &RecordBatch::try_new(batch.schema(), columns).unwrap(), properties);
        std::fs::metadata(&path).unwrap().len()
    };
    let size = write(&bboxes, None);
    let (source, counting) = counted(&path);
    let elsewhere =
        Selection { bbox: Some(BoundingBox::new(-100.0, 40.0, -99.0, 41.0)), ..Selection::default() };
    counting.take();
    assert!(ids(&source, &elsewhere).is_empty());
    let (requests, bytes) = counting.take();
    println!("none: {requests} requests, {bytes} of {size} bytes");
    assert!(
        bytes < size / 3 && requests < 6,
        "two columns are looked at: {requests} requests, {bytes} of {size}"
    );

    // The file says that there are none.
    let covering =
        r#"{"xmin":["bbox","xmin"],"ymin":["bbox","ymin"],"xmax":["bbox","xmax"],"ymax":["bbox","ymax"]}"#;
    let geo = format!(
        r#"{{"version":"1.1.0","primary_column":"geometry","columns":{{"geometry":{{"encoding":"WKB","geometry_types":[],
        "bbox":[10,40,21,41],"covering":{{"bbox":{covering}}}}}}}}}"#
    );
    write(&bboxes, Some(&geo));
    counting.take();
    assert!(ids(&source, &elsewhere).is_empty());
    let (requests, _) = counting.take();
    assert!(requests <= 2, "{requests} requests");

    bboxes[30_000] = [20.0, 40.0, 11.0, 41.0];
    write(&bboxes, None);
    assert_eq!(ids(&source, &elsewhere), ["30000.tif".to_owned()].into());
    let within = Selection { bbox: Some(BoundingBox::new(12.0, 40.0, 12.1, 41.0)), ..Selection::default() };
    assert_eq!(ids(&source, &within), by_hand(&source, &within));
}

/// What was read for the footers is not read again for the records, as far as it is kept.
#[test]
fn footers_are_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let batch = scenes(24_000);
    for number in 0..12 {
        // Every other is read whole when it is opened.
        let rows = if number % 2 == 0 { 200 } else { 2_000 };
        let noise =
            (0..rows as u64).map(|i| format!("{:x}", (i + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(60));
        let noise: Vec<String> = noise.collect();
        let slice = batch.slice(number * 2_000, rows);
        let schema = slice.schema();
        let columns = schema.fields().iter().map(|field| field.name().as_str()).zip(slice.columns().to_vec());
        let noise = ("noise", crate::support::text(noise.iter().map(String::as_str)));
        let slice = RecordBatch::try_from_iter(columns.chain([noise])).unwrap();
        write_parquet(&folder.path().join(format!("{number}.parquet")), &slice, properties(500));
    }
    let (source, counting) = counted(folder.path());
    let everything = Selection::default();
    let expected = ids(&source, &everything);
    let (without, _) = counting.take();
    assert_eq!(block_on(source.footers()).unwrap().len(), 12);
    let (footers, _) = counting.take();
    assert_eq!(footers, 12);
    // By a clone that has other options.
    let described = source.clone().without_partitions(Vec::<String>::new());
    assert_eq!(ids(&described, &everything), expected);
    let (with, _) = counting.take();
    println!("{without} requests without footers, {with} with them");
    assert_eq!(with, without - 12);
    // Once: the next to read them sees what there is then.
    write_parquet(&folder.path().join("12.parquet"), &batch.slice(100, 1), properties(500));
    assert_eq!(ids(&source, &everything).len(), expected.len());
    write_parquet(&folder.path().join("12.parquet"), &batch.slice(1_999, 1), properties(500));
    assert_eq!(ids(&source, &everything).len(), expected.len() + 1);
}

/// Rows are numbered as in the file, whatever is skipped.
#[test]
fn failures_name_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let batch = scenes(50_000);
    let hrefs =
        StringArray::from_iter((0..50_000).map(|row| (row % 10_000 != 1005).then(|| format!("{row}.tif"))));
    let schema = batch.schema();
    let columns =
        schema.fields().iter().zip(batch.columns()).map(|(field, column)| match field.name().as_str() {
            "href" => ("href".to_owned(), Arc::new(hrefs.clone()) as ArrayRef),
            name => (name.to_owned(), Arc::clone(column)),
        });
    let batch = RecordBatch::try_from_iter(columns.collect::<Vec<_>>()).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(30_000))
        .set_data_page_row_count_limit(500);
    write_parquet(&path, &batch, properties.set_write_batch_size(100).build());
    let (source, _) = counted(&path);
    for (days, rows) in [
        (1000..1010, vec![1005]),
        (31_000..42_000, vec![31_005, 41_005]),
        (0..50_000, vec![1005, 11_005, 21_005, 31_005, 41_005]),
    ] {
        let selection =
            Selection { start: Some(days.start * DAY), end: Some(days.end * DAY), ..Selection::default() };
        let batches = batches(&source, &selection).unwrap();
        let failures = batches.iter().flat_map(|batch| &batch.failures);
        let messages: Vec<&str> =
            failures.map(|failure| failure.message.split(':').next().unwrap()).collect();
        assert_eq!(messages, rows.iter().map(|row| format!("row {row}")).collect::<Vec<_>>());
    }
}

#[test]
fn without_statistics_all_is_read_and_the_same_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("global.parquet");
    let properties = properties(1000).into_builder().set_statistics_enabled(EnabledStatistics::None).build();
    write_parquet(&path, &scenes(50_000), properties);
    let (source, _) = counted(&path);
    for selection in selections() {
        assert_eq!(ids(&source, &selection), by_hand(&source, &selection));
    }
}

#[test]
fn columns_that_are_not_wanted_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.parquet");
    let batch = scenes(10_000);
    let noise: Vec<String> =
        (0..10_000_u64).map(|i| format!("{:x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(20)).collect();
    let mut columns: Vec<(String, ArrayRef)> = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| (field.name().clone(), Arc::clone(column)))
        .collect();
    columns.insert(3, ("noise".to_owned(), crate::support::text(noise.iter().map(String::as_str))));
    write_parquet(&path, &RecordBatch::try_from_iter(columns).unwrap(), properties(2000));
    let (source, counting) = counted(&path);
    ids(&source, &Selection::default());
    let (_, all) = counting.take();
    let source = source.columns(["eo:cloud_cover"]);
    let selection = Selection::default();
    let batch = block_on(source.records(&selection).next()).unwrap().unwrap();
    assert!(
        batch.records.column_by_name("noise").is_none() && batch.records.column_by_name("href").is_none()
    );
    assert!(batch.records.column_by_name("eo:cloud_cover").is_some_and(|column| column.null_count() > 0));
    counting.take();
    ids(&source, &Selection::default());
    let (_, few) = counting.take();
    assert!(few * 2 < all, "{few} of {all} bytes");
}

#[test]
fn partitions() {
    let folder = tempfile::tempdir().unwrap();
    let batch = scenes(720);
    for (number, year, month) in (0..24).map(|number| (number, 1970 + number / 12, number % 12 + 1)) {
        let path = folder.path().join(format!("year={year}/month={month:02}/part-0.parquet"));
        write_parquet(&path, &batch.slice(number * 30, 30), WriterProperties::default());
    }
    std::fs::write(folder.path().join("_SUCCESS"), "").unwrap();
    std::fs::write(folder.path().join("readme.md"), "What this is.").unwrap();
    let counting = Counting::default();
    let source =
        TableSource::new(folder.path().to_str().unwrap(), Arc::new(counting.clone())).href_column("href");
    assert_eq!(ids(&source, &Selection::default()).len(), 720);
    let (all, _) = counting.take();
    let selection = Selection { start: Some(365 * DAY), end: Some(368 * DAY), ..Selection::default() };
    assert_eq!(
        ids(&source, &selection),
        ["365.tif", "366.tif", "367.tif", "368.tif"].map(str::to_owned).into()
    );
    let (few, _) = counting.take();
    assert!(few * 4 <= all, "{few} of {all} requests");

    let batch = &batches(&table(folder.path()).href_column("href"), &selection).unwrap()[0].records;
    let year = batch.column_by_name("year").unwrap();
    assert_eq!(year.data_type(), &arrow_schema::DataType::Int32);
    assert_eq!(arrow_cast::display::array_value_to_string(year, 0).unwrap(), "1971");
}
