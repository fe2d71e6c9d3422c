//! Tables that point where they may not, and tables that make no sense.

use crate::support::{BANDS, Scenes, Store, pixels, text, with_column, with_header_field, write};
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Float64Array, Int32Array, ListArray, StringArray};
use rasteret::blocking::Wait;
use rasteret::build::BuildSummary;
use rasteret::schema::CloudConfig;
use rasteret_serve::{Options, Server};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Records that came in, and those that point outside of the base directory.
fn outcome(store: &Store, summary: &BuildSummary) -> (Vec<String>, BTreeSet<String>) {
    let outside = summary.failed.iter().map(|failure| {
        assert_eq!(failure.kind, "outside-base-dir", "{failure:?}");
        assert!(failure.error.contains("--allow-local"), "{failure:?}");
        failure.error.split('"').nth(1).unwrap().to_owned()
    });
    (store.collection(&summary.name).ids().unwrap(), outside.collect())
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_base_directory_is_read() {
    use std::os::unix::fs::symlink;
    let scenes = Scenes::new(1);
    let outside = text(&scenes.files("B04")[0]);
    let base = scenes.store.path("base");
    std::fs::create_dir_all(base.join("sub")).unwrap();
    for name in ["in.tif", "sub/in.tif", "a b.tif", "S2A:1.tif", "s3:b.tif"] {
        std::fs::copy(&outside, base.join(name)).unwrap();
    }
    let real = text(&base.canonicalize().unwrap());
    symlink(&outside, base.join("link.tif")).unwrap();
    symlink(scenes.folder(), base.join("folder")).unwrap();
    symlink("in.tif", base.join("within.tif")).unwrap();
    symlink("/etc/passwd", base.join("passwd")).unwrap();
    let (inside_url, parent) = (format!("file://{real}/a%20b.tif"), format!("{real}/../scenes/a.tif"));
    let file_url = format!("file://{outside}");
    let deep = "../".repeat(40) + "etc/passwd";
    let inside = [
        ("plain", "in.tif"),
        ("dots", "sub/../in.tif"),
        ("dot", "./in.tif"),
        ("below", "sub/in.tif"),
        ("link within", "within.tif"),
        ("url", inside_url.as_str()),
        ("colon", "S2A:1.tif"),
        ("like a scheme", "s3:b.tif"),
    ];
    let hostile = [
        ("passwd", "/etc/passwd"),
        ("parent", "../scenes/a.tif"),
        ("parents", &deep),
        ("parent of base", &parent),
        ("parent of below", "sub/../../scenes/a.tif"),
        ("missing, then parents", "missing/../../../etc/passwd"),
        ("file", &outside),
        ("file url", &file_url),
        ("localhost", "file://localhost/etc/passwd"),
        ("one slash", "file:/etc/passwd"),
        ("case", "FILE:///etc/passwd"),
        ("encoded", "file:///%65tc/passwd"),
        ("encoded slash", "file:///etc%2Fpasswd"),
        ("encoded dots", "file:///tmp/%2e%2e/etc/passwd"),
        ("two slashes", "//etc/passwd"),
        ("host", "//server/share/a.tif"),
        ("host in url", "file://server/etc/passwd"),
        ("vsi", "/vsicurl/http://127.0.0.1/a.tif"),
        ("vsizip", "/vsizip//etc/passwd"),
        ("proc", "/proc/self/environ"),
        ("device", "/dev/zero"),
        ("nul", "in.tif\0/../../etc/passwd"),
        ("encoded nul", "file:///etc/passwd%00.tif"),
        ("link", "link.tif"),
        ("link to folder", "folder/a.tif"),
        ("link to passwd", "passwd"),
        ("rewritten", "https://catalog/etc/passwd"),
    ];
    let all: Vec<(&str, &str)> = inside.into_iter().chain(hostile).collect();
    let path = base.join("table.parquet");
    write(&path, &scenes.forged(&all), &[]);
    let store = Store::new();
    let patterns = [("https://catalog/".to_owned(), "/".to_owned())];
    let cloud = CloudConfig { url_patterns: patterns.into(), ..CloudConfig::default() };
    let summary = store.import(&path, "x").cloud(cloud).run().wait().unwrap();
    let (came, refused) = outcome(&store, &summary);
    let names = |rows: &[(&str, &str)]| rows.iter().map(|(id, _)| (*id).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(came.into_iter().collect::<BTreeSet<_>>(), names(&inside));
    assert_eq!(refused, names(&hostile));
    let collection = store.collection("x");
    for (id, _) in inside {
        pixels(&collection, id).unwrap_or_else(|error| panic!("{id}: {error}"));
    }
    let error = store.import(&path, "y").strict(true).run().wait().unwrap_err();
    assert_eq!(error.kind(), "build-failures", "{error}");

    // What was a file is a link later; then the folder itself is.
    let denied = |id: &str| {
        let error = pixels(&store.collection("x"), id).unwrap_err();
        assert_eq!(error.kind(), "outside-base-dir", "{error}");
    };
    std::fs::remove_file(base.join("in.tif")).unwrap();
    symlink(&outside, base.join("in.tif")).unwrap();
    denied("plain");
    let refreshed = store.collection("x").refresh().run().wait().unwrap();
    assert!(refreshed.failed.iter().all(|failure| failure.kind == "outside-base-dir"), "{refreshed:?}");
    assert_eq!(refreshed.failed.len(), 2 * 4, "plain, dots, dot, link within: {refreshed:?}");
    std::fs::rename(&base, scenes.store.path("aside")).unwrap();
    symlink(scenes.folder(), &base).unwrap();
    std::fs::copy(&outside, scenes.folder().join("a b.tif")).unwrap();
    denied("url");

    // And after it was opened anew, and renamed.
    let file = store.folder.path().join("imports.rasteret");
    store.database.rename("x", "z").unwrap();
    drop((collection, store.database));
    let again = rasteret::Database::open(file).unwrap().collection("z").unwrap();
    assert_eq!(pixels(&again, "url").unwrap_err().kind(), "outside-base-dir");
}

#[cfg(unix)]
#[test]
fn links_to_base_directories() {
    use std::os::unix::fs::symlink;
    let scenes = Scenes::new(1);
    let outside = &scenes.files("B04")[0];
    for version in ["v1", "v2"] {
        std::fs::create_dir(scenes.store.path(version)).unwrap();
        std::fs::copy(outside, scenes.store.path(version).join("in.tif")).unwrap();
    }
    let current = scenes.store.path("current");
    symlink(scenes.store.path("v1"), &current).unwrap();
    let absolute = text(&current.join("in.tif"));
    let path = scenes.store.path("t/table.parquet");
    write(&path, &scenes.forged(&[("relative", "in.tif"), ("absolute", &absolute)]), &[]);
    let store = Store::new();
    let summary = store.import(&path, "x").base_dir(text(&current)).run().wait().unwrap();
    assert_eq!((summary.records, summary.failed.len()), (2, 0));
    // The link leads elsewhere now; what was imported does not.
    std::fs::remove_file(&current).unwrap();
    symlink(scenes.store.path("v2"), &current).unwrap();
    let collection = store.collection("x");
    pixels(&collection, "relative").unwrap();
    assert_eq!(pixels(&collection, "absolute").unwrap_err().kind(), "outside-base-dir");
}

#[test]
fn what_the_user_allows() {
    let scenes = Scenes::new(2);
    let (first, more) = (text(&scenes.files("B04")[0]), scenes.store.path("more"));
    std::fs::create_dir(&more).unwrap();
    std::fs::copy(&first, more.join("second.tif")).unwrap();
    let second = text(&more.join("second.tif"));
    let path = scenes.store.path("t/table.parquet");
    write(&path, &scenes.forged(&[("a", &first), ("b", &second), ("c", "/etc/passwd")]), &[]);
    let store = Store::new();
    let refused =
        |summary: BuildSummary| outcome(&store, &summary).1.into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(refused(store.import(&path, "none").run().wait().unwrap()), "a b c");
    let one = store.import(&path, "one").allow_local(&first);
    assert_eq!(refused(one.run().wait().unwrap()), "b c");
    let all = store.import(&path, "all").allow_local(&first).allow_local(&more);
    assert_eq!(refused(all.run().wait().unwrap()), "c");
    pixels(&store.collection("all"), "b").unwrap();
    // Another selection is another import.
    let error = store.import(&path, "all").allow_local(scenes.store.path("none")).run().wait().unwrap_err();
    assert_eq!(error.kind(), "not-found", "{error}");

    // A merge allows no more.
    let merged = store.database.merge("both", [&store.collection("one"), &scenes.built]).run().unwrap();
    assert_eq!(merged.records, 3);
    let both = store.collection("both");
    pixels(&both, "a").unwrap();
    pixels(&both, &scenes.built.ids().unwrap()[1]).unwrap();
}

#[test]
fn a_remote_table_reads_no_local_file() {
    let scenes = Scenes::new(1);
    let outside = text(&scenes.files("B04")[0]);
    let name = Path::new(&outside).strip_prefix(scenes.folder()).unwrap().to_str().unwrap().to_owned();
    let file_url = format!("file://{outside}");
    let rows =
        [("relative", name.as_str()), ("local", &outside), ("url", &file_url), ("passwd", "/etc/passwd")];
    write(&scenes.folder().join("table.parquet"), &scenes.forged(&rows), &[]);
    let server = Server::start(scenes.folder(), Options::default()).unwrap();
    let store = Store::new();
    let import = |name: &str| store.database.import(server.url("table.parquet")).name(name);
    let summary = import("x").run().wait().unwrap();
    let (came, refused) = outcome(&store, &summary);
    assert_eq!(came, ["relative"]);
    assert_eq!(refused.len(), 3);
    server.reset_stats();
    pixels(&store.collection("x"), "relative").unwrap();
    assert!(server.stats().requests > 0);
    // With a local base directory it is one.
    let summary = import("based").base_dir(text(&scenes.folder())).run().wait().unwrap();
    assert_eq!(outcome(&store, &summary).1, ["passwd".to_owned()].into());
}

#[test]
fn settings_in_a_table_send_credentials_nowhere() {
    let scenes = Scenes::new(1);
    let outside = text(&scenes.files("B04")[0]);
    let name = Path::new(&outside).strip_prefix(scenes.folder()).unwrap().to_str().unwrap();
    let server = Server::start(scenes.folder(), Options::default()).unwrap();
    let href = format!("s3://bucket/{name}");
    let evil = server.base_url();
    let tag = serde_json::json!({"version": 1, "bands": BANDS, "properties": {
        "cloud": {"provider": "aws", "endpoint": evil, "s3_credentials_url": evil, "requester_pays": true,
                  "url_patterns": {"https://catalog/": "/etc/"}},
        "local_roots": ["/"], "imported_from": "elsewhere",
    }});
    let path = scenes.store.path("t/table.parquet");
    let rows = [("a", href.as_str()), ("passwd", "https://catalog/passwd")];
    write(&path, &scenes.forged(&rows), &[("rasteret:collection", &tag.to_string())]);
    let store = Store::new();
    let summary = store.import(&path, "x").run().wait().unwrap();
    assert_eq!(outcome(&store, &summary), (vec!["a".to_owned()], ["passwd".to_owned()].into()));
    let cloud = store.collection("x").cloud().unwrap().cloud;
    assert_eq!((cloud.endpoint, cloud.s3_credentials_url, cloud.requester_pays), (None, None, false));
    assert_eq!(server.stats().requests, 0);
    // What the user says counts, and is kept.
    let cloud = CloudConfig { requester_pays: true, ..CloudConfig::default() };
    let again = store.import(&path, "x").cloud(cloud).run().wait().unwrap();
    assert!(again.cached && store.collection("x").cloud().unwrap().cloud.requester_pays);
}

fn numbers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some(values.to_vec())]))
}

#[test]
fn headers_without_sense_are_named() {
    let scenes = Scenes::new(1);
    let href = text(&scenes.files("B04")[0]);
    let whole = scenes.forged(&[("a", &href)]);
    let tile = |list: &str, values: &[Option<i64>]| {
        // The item's field has another name than Arrow's default.
        let column = whole.column_by_name("B04_metadata").unwrap();
        let column = arrow_array::cast::AsArray::as_struct(column).column_by_name(list).unwrap();
        arrow_cast::cast(&numbers(values), column.data_type()).unwrap()
    };
    let int = |value: i32| Arc::new(Int32Array::from(vec![value])) as ArrayRef;
    let cases: Vec<(&str, ArrayRef)> = vec![
        ("image_width", int(-1)),
        ("image_height", int(0)),
        ("tile_width", int(i32::MAX)),
        ("tile_height", int(i32::MIN)),
        ("samples_per_pixel", int(70_000)),
        ("compression", int(-3)),
        ("dtype", Arc::new(StringArray::from(vec!["complex1024"]))),
        ("tile_offsets", tile("tile_offsets", &[Some(1)])),
        ("tile_offsets", tile("tile_offsets", &[Some(-1); 16])),
        ("tile_byte_counts", tile("tile_byte_counts", &[Some(i64::MAX); 17])),
        ("tile_byte_counts", tile("tile_byte_counts", &[None; 16])),
        ("nodata", Arc::new(Float64Array::from(vec![f64::NAN]))),
    ];
    let store = Store::new();
    let path = scenes.store.path("t/table.parquet");
    for (field, value) in cases {
        write(&path, &with_header_field(&whole, "B04", field, value), &[]);
        let import = || store.import(&path, "x").allow_local(scenes.folder()).force(true);
        let summary = import().run().wait().unwrap();
        assert_eq!(summary.records, 1);
        if field == "nodata" {
            assert_eq!((summary.headers, summary.failed.len()), (2, 0), "any number can be nodata");
            continue;
        }
        assert_eq!((summary.headers, summary.failed.len()), (1, 1), "{field}");
        let failure = &summary.failed[0];
        assert_eq!(
            (failure.id.as_deref(), failure.band.as_deref(), failure.kind.as_str(), &failure.href),
            (Some("a"), Some("B04"), "unusable-header", &href)
        );
        for part in ["table.parquet", "row 0", "B04_metadata"] {
            assert!(failure.error.contains(part), "{}", failure.error);
        }
        assert_eq!(import().strict(true).run().wait().unwrap_err().kind(), "build-failures");
        // The file itself is as it was.
        let refreshed = store.collection("x").refresh().stale_only(true).run().wait().unwrap();
        assert_eq!((refreshed.headers, refreshed.failed.len()), (2, 0), "{field}: {refreshed:?}");
        pixels(&store.collection("x"), "a").unwrap();
    }
}

#[test]
fn tables_that_are_none() {
    let scenes = Scenes::new(1);
    let store = Store::new();
    let folder = scenes.store.path("t");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("table.parquet");
    let error = |name: &str| {
        let error = store.database.import(text(&folder.join(name))).name("x").run().wait().unwrap_err();
        assert!(store.database.collections().unwrap().is_empty());
        error
    };
    assert_eq!(error("nothing.parquet").kind(), "not-found");
    std::fs::write(&path, b"").unwrap();
    assert!(error("table.parquet").to_string().contains("table.parquet"));
    std::fs::write(&path, b"PAR1 and then nothing that could be read PAR1").unwrap();
    assert_eq!(error("table.parquet").kind(), "source");
    let batch = scenes.table();
    let without = batch.project(&[0, 1]).unwrap();
    write(&path, &without, &[]);
    assert!(error("table.parquet").to_string().contains("assets"));
    // A record without an id is named, the others come.
    let batch = with_column(&batch, "id", Arc::new(StringArray::from(vec![""])));
    write(&path, &batch, &[]);
    let summary = store.import(&path, "x").run().wait().unwrap();
    assert_eq!((summary.records, summary.failed[0].kind.as_str()), (0, "missing-id"));
    assert!(summary.failed[0].error.contains("row 0"), "{:?}", summary.failed);
}
