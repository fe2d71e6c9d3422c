//! What this library exports comes back, whatever its layout; and not if a part of it is missing.

use crate::bucket;
use crate::support::{BANDS, Scenes, Store, failures, pixels, text, with_column, write};
use arrow_array::{ArrayRef, Int16Array, RecordBatchIterator, StringArray};
use futures::future::{Either, select};
use rasteret::blocking::Wait;
use rasteret::query::json_rows;
use rasteret::{Collection, Filter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn rows(collection: &Collection) -> Vec<serde_json::Map<String, serde_json::Value>> {
    json_rows(&collection.head(usize::MAX).unwrap()).unwrap()
}

/// Records, headers and pixels are the same, but for what a table cannot carry.
fn same(ours: &Collection, theirs: &Collection) {
    assert_eq!(rows(ours), rows(theirs));
    let columns = |collection: &Collection| {
        let mut columns = collection.columns().unwrap();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        columns
    };
    assert_eq!(columns(ours), columns(theirs));
    for id in ours.ids().unwrap() {
        for band in BANDS {
            let mut header = ours.header(&id, band).unwrap();
            (header.size, header.etag, header.last_modified) = (None, None, None);
            header.overviews.clear();
            let imported = theirs.header(&id, band).unwrap();
            assert_eq!(
                (header.image, header.transform, header.crs),
                (imported.image, imported.transform, imported.crs)
            );
            assert_eq!((header.nodata, header.dtype), (imported.nodata, imported.dtype));
        }
        let (ours, theirs) = (pixels(ours, &id).unwrap(), pixels(theirs, &id).unwrap());
        assert_eq!((ours.pixels, ours.valid), (theirs.pixels, theirs.valid));
    }
}

#[test]
fn partitions_and_files() {
    let scenes = Scenes::new(4);
    let kinds: ArrayRef = Arc::new(Int16Array::from(vec![Some(1), Some(2), None, Some(1)]));
    let table = scenes.table();
    let batch = {
        let mut fields = table.schema().fields().to_vec();
        fields.push(Arc::new(arrow_schema::Field::new("kind", arrow_schema::DataType::Int16, true)));
        let mut columns = table.columns().to_vec();
        columns.push(kinds);
        arrow_array::RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), columns).unwrap()
    };
    let batches = RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
    let summary = scenes.store.database.collection_from("kinds", batches).unwrap().run().wait().unwrap();
    assert_eq!((summary.records, summary.headers, summary.failed.len()), (4, 8, 0));
    let kinds = scenes.store.collection("kinds");
    for (name, partitions) in [
        ("default", None),
        ("one", Some(vec![])),
        ("kind", Some(vec!["kind"])),
        ("both", Some(vec!["year", "kind"])),
    ] {
        let folder = scenes.store.path(name);
        let mut export = kinds.export(text(&folder));
        if let Some(columns) = &partitions {
            export = export.partition_by(columns.iter().copied());
        }
        let exported = export.run().wait().unwrap();
        let store = Store::new();
        let import = || store.import(&folder, name).base_dir(text(&scenes.folder()));
        let summary = import().run().wait().unwrap();
        assert_eq!((summary.records, summary.headers, failures(&summary)), (4, 8, vec![]), "{name}");
        assert_eq!((summary.records, exported.rows), (exported.rows, 4));
        assert!(import().run().wait().unwrap().cached);
        same(&kinds, &store.collection(name));
        // A part of it.
        let wanted = kinds.ids().unwrap().remove(2);
        let part = store.import(&folder, "part").base_dir(text(&scenes.folder()));
        part.filter(Filter::new().ids([&wanted])).run().wait().unwrap();
        assert_eq!(store.collection("part").ids().unwrap(), [wanted]);
    }
}

#[test]
fn what_the_collection_is_called_and_about() {
    let scenes = Scenes::new(1);
    let table = scenes.table();
    let (path, store) = (scenes.store.path("t/some table.parquet"), Store::new());
    let import = |metadata: &[(&str, &str)]| {
        write(&path, &table, metadata);
        let import = store.database.import(text(&path)).base_dir(text(&scenes.folder())).force(true);
        import.run().wait().map(|summary| summary.name)
    };
    assert_eq!(import(&[]).unwrap(), "some table");
    let info = store.collection("some table").info().unwrap();
    assert!(info.data_source.starts_with("import: /"), "{}", info.data_source);
    assert_eq!(
        import(&[("name", "bangalore"), ("data_source", "ours\u{1b}"), ("created", "2020-02-29T12:00:00")])
            .unwrap(),
        "bangalore"
    );
    let info = store.collection("bangalore").info().unwrap();
    assert_eq!((info.data_source.as_str(), info.created.as_str()), ("ours", "2020-02-29T12:00:00Z"));
    let error = import(&[("name", "a/b")]).unwrap_err().to_string();
    assert!(error.contains("is not a name"), "{error}");
}

fn parquet_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(parquet_files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn a_part_of_an_export_is_refused() {
    let scenes = Scenes::new(4);
    let folder = scenes.store.path("export");
    let summary = scenes.built.export(text(&folder)).run().wait().unwrap();
    let files = parquet_files(&folder);
    assert_eq!((files.len() as u64, files.len() > 1), (summary.files, true));
    let store = Store::new();
    let error = || {
        let import = store.import(&folder, "x").base_dir(text(&scenes.folder()));
        let error = import.run().wait().unwrap_err();
        assert_eq!(error.kind(), "incomplete-export", "{error}");
        assert!(store.database.collections().unwrap().is_empty(), "nothing is stored");
        error.to_string()
    };
    // One is missing.
    let aside = scenes.store.path("aside");
    std::fs::rename(&files[0], &aside).unwrap();
    let message = error();
    assert!(message.contains(&format!("it has {} files with 4 rows", files.len())), "{message}");
    // One of another export is in its place.
    let other = scenes.store.path("other");
    scenes.built.export(text(&other)).run().wait().unwrap();
    std::fs::copy(other.join(files[0].strip_prefix(&folder).unwrap()), &files[0]).unwrap();
    assert!(error().contains("not of one export"));
    // One that is of none lies beside them.
    std::fs::rename(&aside, &files[0]).unwrap();
    write(&folder.join("more.parquet"), &scenes.table(), &[]);
    assert!(error().contains("more.parquet"));
    std::fs::remove_file(folder.join("more.parquet")).unwrap();
    // One was not written to its end.
    let whole = std::fs::read(&files[1]).unwrap();
    std::fs::write(&files[1], &whole[..whole.len() / 2]).unwrap();
    let import = store.import(&folder, "x").base_dir(text(&scenes.folder()));
    let message = import.run().wait().unwrap_err().to_string();
    assert!(message.contains(&text(&files[1])) && message.contains("copy it again"), "{message}");
    assert!(store.database.collections().unwrap().is_empty());
    std::fs::write(&files[1], whole).unwrap();
    store.import(&folder, "x").base_dir(text(&scenes.folder())).run().wait().unwrap();
}

#[test]
fn an_import_that_was_stopped_goes_on() {
    let scenes = Scenes::new(1);
    let count = 10_000;
    let ids: Vec<String> = (0..count).map(|row| format!("scene-{row:05}")).collect();
    let hrefs: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "https://h/a.tif")).collect();
    let path = scenes.store.path("many/many.parquet");
    write(&path, &scenes.forged(&hrefs), &[]);

    let whole = Store::new();
    whole.import(&path, "x").run().wait().unwrap();
    let expected = whole.collection("x").info().unwrap();
    assert_eq!((expected.records, expected.headers), (count, 2 * count));

    let store = Store::new();
    let (stop, stopped) = futures::channel::oneshot::channel();
    let mut stop = Some(stop);
    let run = store.import(&path, "x").on_progress(move |_| {
        if let Some(stop) = stop.take() {
            stop.send(()).unwrap();
        }
    });
    let run = run.run();
    match futures::executor::block_on(select(Box::pin(run), stopped)) {
        Either::Left(_) => panic!("it was not stopped"),
        Either::Right((_, run)) => drop(run),
    }
    let before = store.collection("x").info().unwrap().records;
    assert!((1..count).contains(&before), "{before}");
    let mut first = None;
    let found = Arc::new(std::sync::Mutex::new(0));
    let seen = Arc::clone(&found);
    let again = store.import(&path, "x").on_progress(move |progress| {
        first.get_or_insert(progress.records);
        *seen.lock().unwrap() = progress.records;
    });
    let summary = again.run().wait().unwrap();
    assert_eq!((summary.records, summary.headers, *found.lock().unwrap()), (count, 2 * count, count));
    let info = store.collection("x").info().unwrap();
    // Nothing was stored twice.
    assert_eq!((info.records, info.headers), (expected.records, expected.headers));
    assert!(info.size_bytes < expected.size_bytes * 11 / 10, "{} {}", info.size_bytes, expected.size_bytes);
    assert!(store.import(&path, "x").run().wait().unwrap().cached);
}

#[test]
fn batches_of_the_users_own() {
    let scenes = Scenes::new(2);
    let file = text(&scenes.files("B04")[0]);
    let batch = scenes.forged(&[("a", &file), ("b", "none.tif")]);
    let batch = with_column(&batch, "crs", Arc::new(StringArray::from(vec!["EPSG:32643"; 2])));
    let store = Store::new();
    let from = |name: &str| {
        let batches = RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
        store.database.collection_from(name, batches).unwrap()
    };
    let summary = from("own").run().wait().unwrap();
    assert_eq!((summary.records, summary.headers, failures(&summary)), (2, 4, vec![]));
    let own = store.collection("own");
    pixels(&own, "a").unwrap();
    assert_eq!(own.header("b", "B04").unwrap().href, "none.tif");
    assert!(from("own").run().wait().unwrap().cached);
    from("based").base_dir(text(&scenes.folder())).run().wait().unwrap();
    let href = store.collection("based").header("b", "B04").unwrap().href;
    assert_eq!(href, format!("{}/none.tif", text(&scenes.folder().canonicalize().unwrap())));
}

#[test]
fn a_bucket() {
    let scenes = Scenes::new(1);
    let buckets = scenes.store.path("buckets");
    // The server cannot give the end of a file that is shorter than what is asked for.
    let padding = "x".repeat(100_000);
    let part = "field/year=2024/month=1/part-0.parquet";
    write(&buckets.join("shared/collections").join(part), &scenes.table(), &[("padding", &padding)]);
    let (sources, _runtime) = bucket::buckets(&buckets, |_| {});
    let store = Store::new();
    let database = store.database.clone().with_sources(sources);
    // The hrefs are local here, and must be allowed.
    for (name, path) in [("prefix", "field/"), ("file", part)] {
        let import = || {
            let import = database.import(format!("s3://shared/collections/{path}")).name(name);
            import.allow_local(scenes.folder())
        };
        let summary = import().run().wait().unwrap();
        assert_eq!((summary.records, summary.headers, failures(&summary)), (1, 2, vec![]), "{path}");
        assert!(import().run().wait().unwrap().cached);
        same(&scenes.built, &store.collection(name));
    }
    let error = database.import("s3://shared/collections/nothing/").name("c").run().wait().unwrap_err();
    assert_eq!(error.kind(), "not-found", "{error}");
    let summary = database.import("s3://shared/collections/field/").run().wait().unwrap();
    assert_eq!((summary.name.as_str(), summary.records, summary.failed.len()), ("field", 0, 1));
}
