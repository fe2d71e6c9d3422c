//! Columns that are joined.

use crate::support::{Fixture, column, error, records, table, texts, with_column};
use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    StructArray, TimestampSecondArray,
};
use arrow_schema::{DataType, Field};
use rasteret::blocking::Wait;
use rasteret::share::{TableError, open_table};
use rasteret::{Collection, Filter};
use std::sync::Arc;

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn ids(numbers: &[usize]) -> ArrayRef {
    Arc::new(numbers.iter().map(|number| Some(format!("scene-{number:05}"))).collect::<StringArray>())
}

#[test]
fn columns_are_added_and_replaced() {
    let fixture = Fixture::new().with("c", &[records(0, 3, &["B04"]), records(3, 2, &["B04"])]);
    let all = fixture.open().collection("c").unwrap();
    let label = |view: &Collection, rows: &[usize], values: &[Option<&str>]| {
        let summary = view.annotate(table(&[("id", ids(rows)), ("label", strings(values))]), "id").unwrap();
        (summary.updated, summary.unmatched)
    };
    assert_eq!(label(&all, &[4, 0, 9], &[Some("e"), Some("a"), Some("none")]), (2, 1));
    let labels = || texts(&all, "label").into_iter().map(|it| it.unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(labels(), ["a", "", "", "", "e"]);
    // Without a row the value stays; a null is a value.
    assert_eq!(label(&all, &[1, 0], &[Some("b"), None]), (2, 0));
    assert_eq!(labels(), ["", "b", "", "", "e"]);
    // Records that the view leaves out stay as they are, and their rows match nothing.
    let some = all.subset(Filter::new().ids(["scene-00001", "scene-00002"]));
    assert_eq!(label(&some, &[1, 2, 4], &[Some("x"), Some("y"), Some("z")]), (2, 1));
    assert_eq!(labels(), ["", "x", "y", "", "e"]);
    assert_eq!(all.len().unwrap(), 5);
}

#[test]
fn any_type_survives() {
    let fixture = Fixture::new().with("c", &[records(0, 4, &["B04"])]);
    let all = fixture.open().collection("c").unwrap();
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None]);
    lists.append_null();
    lists.append_value([]);
    let lists = Arc::new(lists.finish()) as ArrayRef;
    let name = Arc::new(Field::new("name", DataType::Utf8, false));
    let place = Arc::new(Field::new("place", lists.data_type().clone(), true));
    let nested =
        StructArray::from(vec![(name, strings(&[Some("a"), Some("b"), Some("c")])), (place, lists.clone())]);
    let categories: DictionaryArray<Int8Type> = vec![Some("x"), None, Some("y")].into_iter().collect();
    let times = TimestampSecondArray::from(vec![Some(5), None, Some(-7)]).with_timezone("+05:30");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("lists", lists),
        ("nested", Arc::new(nested)),
        ("categories", Arc::new(categories)),
        ("times", Arc::new(times)),
    ];
    let mut with_key = columns.clone();
    with_key.push(("id", ids(&[0, 1, 2])));
    let summary = all.annotate(table(&with_key), "id").unwrap();
    assert_eq!((summary.updated, summary.unmatched), (3, 0));
    for (name, values) in columns {
        let stored = column(&all, name);
        assert_eq!(stored.data_type(), values.data_type());
        assert_eq!(&stored.slice(0, 3), &values, "{name}");
        assert_eq!(stored.logical_null_count(), values.logical_null_count() + 1);
    }
}

#[test]
fn a_new_type_needs_the_old_values_to_fit() {
    let clouds = |values: Vec<f64>| {
        with_column(&records(0, 3, &["B04"]), "cloud", Arc::new(Float64Array::from(values)) as ArrayRef)
    };
    let numbers = || table(&[("id", ids(&[1])), ("cloud", Arc::new(Int32Array::from(vec![7])) as ArrayRef)]);
    let fixture = Fixture::new()
        .with("fits", &[clouds(vec![1.0, 2.5, 3.0])])
        .with("does not", &[clouds(vec![1.5, 2.0, 3.0])]);
    let db = fixture.open();
    let fits = db.collection("fits").unwrap();
    // 2.5 does not fit, but is replaced.
    fits.annotate(numbers(), "id").unwrap();
    assert_eq!(column(&fits, "cloud").as_primitive::<Int32Type>(), &Int32Array::from(vec![1, 7, 3]));
    let does_not = db.collection("does not").unwrap();
    let (error, text) = error(does_not.annotate(numbers(), "id"));
    assert!(matches!(error, TableError::Type { .. }));
    for part in ["does not", "cloud", "Float64", "Int32"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(column(&does_not, "cloud").data_type(), &DataType::Float64, "nothing has changed");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let fixture = Fixture::new().with("c", &[records(0, 3, &["B04"])]);
    let all = fixture.open().collection("c").unwrap();
    let ones = || Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef;
    let of = |columns: &[(&str, ArrayRef)]| error(all.annotate(table(columns), "id"));

    let (found, text) = of(&[("id", ids(&[0, 1, 1])), ("x", ones())]);
    assert!(matches!(found, TableError::DuplicateKeys { count: 1, .. }) && text.contains("scene-00001"));
    for name in ["assets", "geometry", "proj:epsg", "datetime", "B04_metadata"] {
        let (found, text) = of(&[("id", ids(&[0, 1, 2])), (name, ones())]);
        assert!(matches!(found, TableError::Reserved { .. }) && text.contains(name), "{text}");
    }
    let (found, text) = of(&[("scene", ids(&[0, 1, 2])), ("x", ones())]);
    assert!(matches!(found, TableError::Key { .. }) && text.contains("scene, x"), "{text}");
    let (found, text) = of(&[("id", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]))), ("x", ones())]);
    assert!(matches!(found, TableError::Key { .. }) && text.contains("Float64"), "{text}");
    assert!(matches!(of(&[("id", ids(&[0, 1, 2]))]).0, TableError::NothingToAdd { .. }));
    let error = all.annotate(table(&[("nothing", ids(&[0])), ("x", ids(&[0]))]), "nothing").unwrap_err();
    assert_eq!(error.kind(), "no-such-column");
    assert!(all.columns().unwrap().iter().all(|column| column.name != "x"));
}

#[test]
fn other_columns_can_be_keys() {
    let orbits = |values: Vec<Option<i32>>| Arc::new(Int32Array::from(values)) as ArrayRef;
    let batch = with_column(&records(0, 4, &["B04"]), "orbit", orbits(vec![Some(7), Some(8), Some(7), None]));
    let fixture = Fixture::new().with("c", &[batch]);
    let all = fixture.open().collection("c").unwrap();
    let join = |keys: ArrayRef| {
        let names = strings(&[Some("seven"), Some("eight"), Some("nine")]);
        all.annotate(table(&[("orbit", keys), ("name", names)]), "orbit").unwrap()
    };
    for keys in [
        Arc::new(Int64Array::from(vec![Some(7), Some(8), None])) as ArrayRef,
        Arc::new(arrow_array::UInt8Array::from(vec![7, 8, 9])),
        strings(&[Some("7"), Some("8"), Some("9")]),
    ] {
        let summary = join(keys);
        assert_eq!((summary.updated, summary.unmatched), (3, 1));
        let seven = Some("seven".to_owned());
        assert_eq!(texts(&all, "name"), [seven.clone(), Some("eight".to_owned()), seven, None]);
    }

    // Times of other units and zones.
    let times = TimestampSecondArray::from(vec![1_704_067_200 + 86_400]).with_timezone("Asia/Kolkata");
    let days = table(&[("datetime", Arc::new(times) as ArrayRef), ("day", strings(&[Some("second")]))]);
    assert_eq!(all.annotate(days, "datetime").unwrap().updated, 1);
    assert_eq!(texts(&all, "day")[1].as_deref(), Some("second"));
}

#[test]
fn tables_come_from_files() {
    let fixture = Fixture::new().with("c", &[records(0, 3, &["B04"])]);
    let csv = fixture.file("labels.CSV");
    std::fs::write(&csv, "id,label,weight,lon\nscene-00002,water,3,\nscene-00000,,5,far\n").unwrap();
    let batch = RecordBatch::try_from_iter([
        ("id", ids(&[0, 2])),
        ("label", strings(&[None, Some("water")])),
        ("weight", Arc::new(Int64Array::from(vec![5, 3])) as ArrayRef),
    ])
    .unwrap();
    let parquet = fixture.file("labels");
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(std::fs::File::create(&parquet).unwrap(), batch.schema(), None)
            .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let arrow = fixture.file("labels.arrow");
    let mut writer =
        arrow_ipc::writer::FileWriter::try_new(std::fs::File::create(&arrow).unwrap(), &batch.schema())
            .unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();

    let db = fixture.open();
    let all = db.collection("c").unwrap();
    let columns = || Some(["id", "label", "weight"].map(str::to_owned).to_vec());
    for file in [csv, parquet, arrow] {
        let rows = open_table(file.to_str().unwrap(), db.sources(), columns()).wait().unwrap();
        let summary = all.annotate(rows, "id").unwrap();
        assert_eq!((summary.updated, summary.unmatched), (2, 0));
        assert_eq!(texts(&all, "label"), [None, None, Some("water".to_owned())]);
        let weights = column(&all, "weight");
        assert_eq!(weights.as_primitive::<Int64Type>().value(2), 3);
        let none = vec![vec!["nothing".to_owned()]];
        for columns in none {
            assert!(open_table(file.to_str().unwrap(), db.sources(), Some(columns)).wait().is_err());
        }
    }
    assert!(open_table("missing.parquet", db.sources(), None).wait().is_err());
}
