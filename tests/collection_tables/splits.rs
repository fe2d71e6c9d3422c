//! Splits, against those of Python.

use crate::oracle;
use crate::support::{Fixture, column, records, texts};
use arrow_array::cast::AsArray;
use rasteret::share::{SplitBy, Splits};
use rasteret::{Error, Filter};
use serde_json::json;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn splits_are_those_of_python() {
    let fixture = Fixture::new().with("c", &[records(0, 2000, &["B04"]), records(2000, 7, &["B04"])]);
    let all = fixture.open().collection("c").unwrap();
    let geometries = column(&all, "geometry");
    let geometries: Vec<String> = geometries.as_binary::<i32>().iter().flatten().map(hex).collect();
    let ids: Vec<String> = all.ids().unwrap().iter().map(|id| hex(id.as_bytes())).collect();
    let cases = [
        (Splits::default(), json!({"salt": "", "values": geometries})),
        (Splits::default().by(SplitBy::Id).column("by_id"), json!({"salt": "", "values": ids})),
        (
            Splits::default().seed(42).by(SplitBy::Id).column("seeded"),
            json!({"salt": "2a00000000000000", "values": ids}),
        ),
    ];
    let request =
        json!({"train": 0.7, "val": 0.15, "cases": cases.iter().map(|(_, case)| case).collect::<Vec<_>>()});
    let Some(answers) = oracle::ask("split_oracle.py", &request) else { return };
    for ((splits, _), (name, answer)) in
        cases.iter().zip(["split", "by_id", "seeded"].into_iter().zip(answers.as_array().unwrap()))
    {
        let summary = all.assign_splits(splits).unwrap();
        let expected: Vec<&str> = answer.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let found: Vec<String> = texts(&all, name).into_iter().map(Option::unwrap).collect();
        assert_eq!(found, expected, "{name}");
        for (split, count) in summary.records {
            assert_eq!(count, expected.iter().filter(|it| **it == split).count() as u64);
        }
    }
    assert_ne!(texts(&all, "by_id"), texts(&all, "seeded"));
}

#[test]
fn the_same_scene_is_in_the_same_split_everywhere() {
    let fixture = Fixture::new()
        .with("a", &[records(0, 100, &["B04"])])
        .with("b", &[records(50, 50, &["B4"]), records(0, 50, &["B4"])]);
    let db = fixture.open();
    let (a, b) = (db.collection("a").unwrap(), db.collection("b").unwrap());
    let summary = a.assign_splits(&Splits::default()).unwrap();
    assert_eq!(summary.records.iter().map(|(_, count)| count).sum::<u64>(), 100);
    b.assign_splits(&Splits::default()).unwrap();
    let (mut a, b) = (texts(&a, "split"), texts(&b, "split"));
    a.rotate_left(50);
    assert_eq!(a, b);
}

#[test]
fn filters_choose_which_records_are_assigned() {
    let mut nowhere =
        rasteret_schema::record::RecordColumns::new(&records(2, 1, &["B04"])).unwrap().record(0);
    nowhere.geometry = None;
    let nowhere = rasteret_schema::record::to_batch(&[nowhere]).unwrap();
    let fixture = Fixture::new().with("c", &[records(0, 2, &["B04"]), nowhere]);
    let all = fixture.open().collection("c").unwrap();
    let error = all.assign_splits(&Splits::default()).unwrap_err();
    assert!(matches!(&error, Error::Table(_)) && error.to_string().contains("scene-00002"), "{error}");
    let one = all.subset(Filter::new().ids(["scene-00001"]));
    one.assign_splits(&Splits::new([("mine", 1.0)], "none")).unwrap();
    assert_eq!(texts(&all, "split"), [None, Some("mine".to_owned()), None]);
    assert_eq!(all.subset(Filter::new().split("mine")).ids().unwrap(), ["scene-00001"]);
    all.assign_splits(&Splits::new([("a", 0.5)], "b").by(SplitBy::Id)).unwrap();
    assert!(texts(&all, "split").iter().all(|split| matches!(split.as_deref(), Some("a" | "b"))));
}
