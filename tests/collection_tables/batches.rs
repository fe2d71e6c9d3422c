//! Views as tables.

use crate::support::{Fixture, all, records, texts, with_column};
use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Float64Array, Int32Array, RecordBatch, RecordBatchReader};
use rasteret::query::json_rows;
use rasteret::{Collection, Filter};
use std::sync::Arc;

/// 20,000 records in three chunks, and some more.
fn large() -> Fixture {
    let first = records(0, 20_000, &["B04", "B08"]);
    let clouds = Float64Array::from_iter((0..20_000).map(|number| Some(f64::from(number % 100))));
    let first = with_column(&first, "eo:cloud_cover", Arc::new(clouds));
    Fixture::new().with("c", &[first, records(20_000, 10, &["B11"])])
}

fn batches(view: &Collection, columns: Option<&[&str]>) -> Vec<RecordBatch> {
    view.to_batches(columns).unwrap().map(Result::unwrap).collect()
}

#[test]
fn views_stream_chunk_by_chunk() {
    let fixture = large();
    let db = fixture.open();
    let all = db.collection("c").unwrap();
    let parts = batches(&all, Some(&["id", "eo:cloud_cover"]));
    assert_eq!(parts.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [8192, 8192, 3616, 10]);
    let ids = parts[3].column(0).as_string::<i32>();
    assert_eq!((ids.value(0), parts[3].column(1).null_count()), ("scene-20000", 10));

    let clear = all.subset(Filter::new().cloud_cover_lt(1.0));
    let parts = batches(&clear, Some(&["id"]));
    assert_eq!(parts.iter().map(RecordBatch::num_rows).sum::<usize>(), 200);
    assert_eq!(parts[0].num_columns(), 1, "the filter's column is not among them");
    assert!(batches(&all.subset(Filter::new().ids(["none"])), None).is_empty());

    let names = |schema: &arrow_schema::SchemaRef| -> Vec<String> {
        schema.fields().iter().map(|field| field.name().clone()).collect()
    };
    let whole = all.to_batches(None).unwrap();
    assert_eq!(names(&RecordBatchReader::schema(&whole)), names(&all.schema().unwrap()));
    assert!(names(&all.schema().unwrap()).contains(&"eo:cloud_cover".to_owned()));
    assert!(all.to_batches(Some(&["nothing"])).unwrap_err().to_string().contains("eo:cloud_cover"));
}

#[test]
fn batches_cross_the_c_interface() {
    let fixture = large();
    let all_records = fixture.open().collection("c").unwrap();
    let before = all(all_records.to_batches(None).unwrap());

    let mut stream = all_records.to_batches(None).unwrap().into_c_stream();
    // Across a pointer, as C has it.
    // SAFETY: it points to a stream that is not used after it.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(&raw mut stream) };
    let reader = ArrowArrayStreamReader::try_new(stream).unwrap();
    let schema = reader.schema();
    assert_eq!(schema, all_records.schema().unwrap());
    let batches: Vec<RecordBatch> =
        std::thread::spawn(|| reader.map(Result::unwrap).collect()).join().unwrap();
    assert_eq!(arrow_select::concat::concat_batches(&schema, &batches).unwrap(), before);
}

#[test]
fn the_first_records_come_by_time_then_id() {
    let late = records(100, 50, &["B04"]);
    let early = records(0, 50, &["B04"]);
    let fixture = Fixture::new().with("c", &[late, early]);
    let all = fixture.open().collection("c").unwrap();
    let ids = |view: &Collection, n| -> Vec<String> {
        let head = view.head(n).unwrap();
        let ids = head.column_by_name("id").unwrap().as_string::<i32>();
        ids.iter().flatten().map(str::to_owned).collect()
    };
    assert_eq!(ids(&all, 3), ["scene-00000", "scene-00001", "scene-00002"]);
    assert_eq!(ids(&all, 0), [""; 0]);
    assert_eq!(ids(&all, usize::MAX), all.ids().unwrap());
    let odd = Filter::new().dates("2024-04-12/..").unwrap();
    assert_eq!(ids(&all.subset(odd), 2), ["scene-00102", "scene-00103"]);

    let rows = json_rows(&all.head(1).unwrap()).unwrap();
    assert!(rows[0]["geometry"].as_str().unwrap().starts_with("POLYGON"));
    assert_eq!(rows[0]["assets"].as_object().unwrap().len(), 1);
    assert_eq!(rows[0]["assets"]["B04"]["href"], "https://example.com/0/B04.tif");
}

#[test]
fn views_are_described() {
    let fixture = large();
    let db = fixture.open();
    let all = db.collection("c").unwrap();
    assert_eq!(all.len().unwrap(), 20_010);
    assert_eq!(all.bands().unwrap(), ["B04", "B08", "B11"]);
    assert_eq!(all.bounds().unwrap(), Some([-170.0, 10.0, 170.0, 11.0]));
    assert_eq!(all.epsg().unwrap(), [32643, 32644]);
    assert_eq!(all.crs().unwrap(), ["EPSG:32643", "EPSG:32644"]);
    assert_eq!(all.columns().unwrap().last().unwrap().name, "eo:cloud_cover");

    let one = all.subset(Filter::new().ids(["scene-20004"]));
    assert_eq!((one.len().unwrap(), one.is_empty().unwrap()), (1, false));
    assert_eq!(one.bands().unwrap(), ["B11"]);
    assert_eq!(one.epsg().unwrap(), [32643]);
    assert_eq!(one.bounds().unwrap(), Some([114.0, 10.0, 115.0, 11.0]));
    let text = one.describe().unwrap().to_string();
    for part in ["1 of 20010", "B11", "32643", "114.000000, 10.000000", "eo:cloud_cover: Float64"] {
        assert!(text.contains(part), "{text}");
    }
    let none = all.subset(Filter::new().ids(["none"])).describe().unwrap();
    assert_eq!((none.records, none.bounds, none.date_range), (0, None, None));

    // What zone maps say of records that are deleted does not count.
    drop((all, one, db));
    let store = rasteret::store::Store::open_writable(fixture.path()).unwrap();
    let mut write = store.write().unwrap();
    let gone: Vec<String> = (1..20_010).map(|number| format!("scene-{number:05}")).collect();
    write.delete_records("c", gone.iter().map(String::as_str)).unwrap();
    write.commit().unwrap();
    drop(store);
    let left = fixture.open().collection("c").unwrap().describe().unwrap();
    assert_eq!((left.records, left.epsg, left.bounds), (1, vec![32643], Some([-170.0, 10.0, -169.0, 11.0])));
    assert_eq!(left.date_range.unwrap()[1], "2024-01-01T00:00:00Z");
}

#[test]
fn a_reader_keeps_what_was_there() {
    let fixture = Fixture::new().with("c", &[records(0, 10_000, &["B04"])]);
    let db = fixture.open();
    let all = db.collection("c").unwrap();
    let label = |value: i32| {
        let values = Arc::new(Int32Array::from(vec![value; 10_000])) as arrow_array::ArrayRef;
        let ids = all.to_batches(Some(&["id"])).unwrap();
        crate::support::table(&[("id", crate::support::all(ids).column(0).clone()), ("label", values)])
    };
    all.annotate(label(1), "id").unwrap();
    let mut before = all.to_batches(Some(&["label"])).unwrap();
    let first = before.next().unwrap().unwrap();
    all.annotate(label(2), "id").unwrap();
    let second = before.next().unwrap().unwrap();
    for batch in [first, second] {
        let labels = batch.column(0).as_primitive::<arrow_array::types::Int32Type>();
        assert!(labels.iter().all(|label| label == Some(1)));
    }
    let now = crate::support::column(&all, "label");
    assert!(now.as_primitive::<arrow_array::types::Int32Type>().iter().all(|label| label == Some(2)));
    assert_eq!(texts(&all, "id").len(), 10_000);
}
