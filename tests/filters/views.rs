//! A filter means the same wherever there is one.

use crate::table::Table;
use arrow_array::RecordBatch;
use futures::executor::block_on_stream;
use rasteret::blocking::Wait;
use rasteret::geometry::Points;
use rasteret::{Area, Collection, Database, Filter};
use rasteret_synth::ArchiveOptions;

/// Scenes of a small archive, and where one of them is.
fn scenes() -> (tempfile::TempDir, Collection) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = ArchiveOptions::demo();
    options.scenes.iter_mut().for_each(|scene| scene.size = (64, 64));
    options.write(folder.path().join("scenes")).unwrap();
    let database = Database::open_writable(folder.path().join("scenes.rasteret")).unwrap();
    let source =
        rasteret::local::LocalSource::new([folder.path().join("scenes")], database.readers().all().to_vec());
    database.build(source).name("scenes").run().wait().unwrap();
    let collection = database.collection("scenes").unwrap();
    (folder, collection)
}

#[test]
fn reads_and_samples_see_what_is_left() {
    let (_folder, collection) = scenes();
    let ids = collection.ids().unwrap();
    assert!(ids.len() > 1);
    let one = collection.r#where(&format!("id = '{}'", ids[1])).unwrap();
    assert_eq!(one.ids().unwrap(), [ids[1].clone()]);
    let [west, south, east, north] = one.bounds().unwrap().unwrap();
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    let area = Area::bbox([x - 0.001, y - 0.001, x + 0.001, y + 0.001]);
    let by_id = collection.subset(Filter::new().ids([&ids[1]]));
    let read = |view: &Collection| view.read(area.clone()).bands(["B04"]).array().wait().unwrap();
    let (array, expected) = (read(&one), read(&by_id));
    assert_eq!(array.pixels.shape()[0], 1);
    assert_eq!(array.pixels, expected.pixels);
    let points = || Points::new(vec![x], vec![y]);
    let sample = |view: &Collection| -> Vec<RecordBatch> {
        let batches = view.sample(points()).bands(["B04"]).stream().unwrap();
        block_on_stream(batches).map(Result::unwrap).collect()
    };
    assert_eq!(sample(&one), sample(&by_id));
    assert_eq!(sample(&one).iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
    let nothing = collection.r#where("id = 'nobody'").unwrap();
    assert_eq!(nothing.len().unwrap(), 0);
    assert_eq!(nothing.read(area).bands(["B04"]).array().wait().unwrap_err().kind(), "nothing-selected");
}

#[test]
fn views_of_views_and_of_filters_are_the_same() {
    let table = Table::new(5);
    let all = &table.collection;
    let (a, b) = ("i64 > 5", "t IS NOT NULL OR b");
    let views = [
        all.r#where(a).unwrap().r#where(b).unwrap(),
        all.r#where(&format!("({a}) AND ({b})")).unwrap(),
        all.subset(Filter::cql2(a).unwrap().and(Filter::cql2(b).unwrap())),
        all.subset(Filter::cql2(b).unwrap()).subset(Filter::cql2(a).unwrap()).r#where(a).unwrap(),
    ];
    let ids = Table::ids(&views[0]);
    assert!(!ids.is_empty() && ids.len() < table.batch.num_rows());
    for view in &views {
        assert_eq!(Table::ids(view), ids);
        assert_eq!(view.len().unwrap(), ids.len() as u64);
        let batches = view.to_batches(Some(&["id"])).unwrap();
        assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), ids.len());
        assert_eq!(view.head(3).unwrap().num_rows(), 3);
    }
    // Other filters are the same conditions in other words.
    for (filter, text) in [
        (
            Filter::new().bbox([-20.0, -20.0, 30.0, 30.0]),
            "bbox.xmin <= 30 AND bbox.xmax >= -20 AND bbox.ymin <= 30 AND bbox.ymax >= -20",
        ),
        (Filter::new().bbox([-20.0, -20.0, 30.0, 30.0]), "S_INTERSECTS(geometry, BBOX(-20, -20, 30, 30))"),
        (
            Filter::new().dates("1970-01-05/1970-01-07").unwrap(),
            "T_INTERSECTS(datetime, INTERVAL('1970-01-05', '1970-01-07'))",
        ),
        (Filter::new().splits_of("t", ["a", "été"]), "t IN ('a', 'été')"),
        (Filter::new().splits_of("i8", ["5"]), "i8 = 5"),
        (
            Filter::new().splits_of("t", ["a", "b"]).splits_of("t", ["b", "a"]).splits_of("t", ["a"]),
            "t = 'a'",
        ),
        (Filter::new().splits_of("t", ["a"]).and(Filter::new().splits_of("t", ["A"])), "FALSE"),
        (Filter::new().ids(["03-07", "11-00", "none"]), "id IN ('03-07', '11-00')"),
        (Filter::new().ids(["03-07"]).and(Filter::new().ids(["03-08"])), "1 = 2"),
    ] {
        assert_eq!(
            Table::ids(&all.subset(filter.clone())),
            Table::ids(&all.r#where(text).unwrap()),
            "{text}"
        );
        assert_eq!(Table::ids(&all.subset(filter.clone())), table.matching(&filter), "{text}");
    }
}

/// Builds know by it whether they are the same.
#[test]
fn filters_say_what_they_are() {
    let known = "Filter { boxes: [], start: None, end: None, cloud_cover_lt: None, split: None, ids: None }";
    assert_eq!(format!("{:?}", Filter::new()), known);
    let split = format!("{:?}", Filter::new().split("train"));
    assert_eq!(split, known.replace("split: None", "split: Some(\"train\")"));
    let text = "a = 'x' -- no comment".split(" --").next().unwrap();
    let condition = format!("{:?}", Filter::cql2(text).unwrap().ids(["b", "a"]));
    let expected = known.replace("ids: None }", "ids: Some([\"a\", \"b\"]), conditions: [\"a = 'x'\"] }");
    assert_eq!(condition, expected);
    assert_ne!(
        format!("{:?}", Filter::new().splits(["a", "b"])),
        format!("{:?}", Filter::new().splits(["a"]))
    );
}
