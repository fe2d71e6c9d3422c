//! Builds keep the records that match, also where only the headers tell.

use rasteret::blocking::Wait;
use rasteret::{Collection, Database, Filter};
use rasteret_synth::ArchiveOptions;

#[test]
fn builds_keep_what_a_filter_leaves_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = ArchiveOptions::demo();
    options.scenes.iter_mut().for_each(|scene| scene.size = (64, 64));
    options.write(folder.path().join("scenes")).unwrap();
    let database = Database::open_writable(folder.path().join("scenes.rasteret")).unwrap();
    let build = |name: &str, filter: Filter| -> Collection {
        let source = rasteret::local::LocalSource::new(
            [folder.path().join("scenes")],
            database.readers().all().to_vec(),
        );
        let summary = database.build(source).name(name).filter(filter).run().wait().unwrap();
        assert_eq!(summary.failed, []);
        database.collection(name).unwrap()
    };
    let all = build("all", Filter::new());
    let ids = all.ids().unwrap();
    let first = all.subset(Filter::new().ids([&ids[0]]));
    let [west, south, east, north] = first.bounds().unwrap().unwrap();
    let epsg = first.epsg().unwrap()[0];
    // Footprints and systems are in the headers of local files.
    for (number, text) in [
        format!("id = '{}'", ids[0]),
        format!("\"proj:epsg\" = {epsg}"),
        format!("\"proj:epsg\" <> {epsg}"),
        format!(
            "S_WITHIN(geometry, BBOX({}, {}, {}, {}))",
            west - 0.01,
            south - 0.01,
            east + 0.01,
            north + 0.01
        ),
        format!("bbox.xmin > {west} OR id = '{}'", ids[0]),
        "crs IS NULL".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let some = build(&number.to_string(), Filter::cql2(text).unwrap());
        assert_eq!(some.ids().unwrap(), all.r#where(text).unwrap().ids().unwrap(), "{text}");
    }
    let source =
        rasteret::local::LocalSource::new([folder.path().join("scenes")], database.readers().all().to_vec());
    let refused =
        database.build(source).name("none").filter(Filter::cql2("clouds < 10").unwrap()).run().wait();
    assert_eq!(refused.unwrap_err().kind(), "no-such-column");
}
